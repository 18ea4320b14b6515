"""The geometry a layer was made of, opened again from the layer's record."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np
from napari.layers import Layer

from napari_strata import dataset, report
from napari_strata.dataset import Geometry
from napari_strata.geometry import Box
from napari_strata.layers.notes import KEY

_KINDS = ("points", "lines", "graph", "mesh")
_sources: weakref.WeakKeyDictionary[Layer, tuple[str, Geometry]] = weakref.WeakKeyDictionary()


def geometry_note(layer: Layer) -> Mapping[str, Any]:
    """Return the record of a layer of a geometry of ours.

    Raises
    ------
    ValueError
        If the layer is none.
    """
    note = layer.metadata.get(KEY)
    if not isinstance(note, Mapping) or note.get("kind") not in _KINDS or "path" not in note:
        raise ValueError(f"the layer '{layer.name}' was not opened from points, lines or a mesh")
    return note


def source(layer: Layer) -> Geometry:
    """Return the geometry of a layer; opened once, and kept as long as the layer is.

    Its vertices are decided by evidence, whatever the layer shows; see ``with_vertices``.

    Raises
    ------
    OpenError
        If it cannot be opened any more.
    ValueError
        If the layer is none of ours, or the path holds another geometry by now.
    """
    note = geometry_note(layer)
    path = str(note["path"])
    known = _sources.get(layer)
    if known is not None and known[0] == path:
        return known[1]
    found = _find(note, path)
    _check_unchanged(note, found, path)
    _sources[layer] = path, found
    return found


def whole(layer: Layer) -> Box | None:
    """Return the box of all vertices of the level a layer shows, in the geometry's units."""
    note = geometry_note(layer)
    bounds = note["levels"][note["level"]]["bounds"]
    return None if bounds is None else np.array(bounds, dtype=np.float64)


def _find(note: Mapping[str, Any], path: str) -> Geometry:
    here = [g for g in dataset.open(path).geometries if g.format == note.get("format")]
    same = [g for g in here if not g.path] or [g for g in here if g.name == note.get("name")]
    if not same:
        raise ValueError(f"{path} holds no {note['kind']} by the name {note.get('name')} any more")
    segment = note.get("segment")
    return same[0] if segment is None else same[0].segment(int(segment))


def _check_unchanged(note: Mapping[str, Any], found: Geometry, path: str) -> None:
    """Refuse another geometry, and the same one at another place."""
    now = {
        "axes": report.axes_as_json(found),
        "levels": [_declared(report.geometry_level_as_json(x)) for x in found.levels],
    }
    was = {
        "axes": note.get("axes"),
        "levels": [_declared(level) for level in note.get("levels", [])],
    }
    for key, values in now.items():
        if values != was[key]:
            raise ValueError(f"{path} has other {key} than when the layer was opened; open it anew")


def _declared(level: Mapping[str, Any]) -> list[Any]:
    keys = ("vertex_count", "declared_scale", "declared_translate")
    return [level.get(key) for key in keys]
