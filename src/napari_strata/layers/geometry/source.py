"""The geometry a layer was made of, opened again from the layer's record."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np
from napari.layers import Layer

from napari_strata import report
from napari_strata.dataset import Geometry
from napari_strata.geometry import Box
from napari_strata.layers.geometry.address import Address
from napari_strata.layers.geometry.record import declared_as_json, is_geometry_record
from napari_strata.layers.notes import KEY

_sources: weakref.WeakKeyDictionary[Layer, tuple[Address, Geometry]] = weakref.WeakKeyDictionary()


def geometry_note(layer: Layer) -> Mapping[str, Any]:
    """Return the record of a layer of a geometry of ours.

    Raises
    ------
    ValueError
        If the layer is none.
    """
    note: Any = layer.metadata.get(KEY)
    if not is_geometry_record(note):
        raise ValueError(f"the layer '{layer.name}' was not opened from points, lines or a mesh")
    found: Mapping[str, Any] = note
    return found


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
    address = Address.recorded(note)
    known = _sources.get(layer)
    if known is not None and known[0] == address:
        return known[1]
    found = _find(note, address)
    _check_unchanged(note, found, address.path)
    _sources[layer] = address, found
    return found


def whole(layer: Layer) -> Box | None:
    """Return the box of the level a layer shows, in the geometry's units; None if not known.

    It is that of all its vertices where they were read, else what the metadata declares.
    """
    note = geometry_note(layer)
    bounds = note["levels"][note["level"]]["bounds"]
    return None if bounds is None else np.array(bounds, dtype=np.float64)


def _find(note: Mapping[str, Any], address: Address) -> Geometry:
    """Find it by its path; of several at one path, by its name."""
    found = [
        each
        for each in address.open().geometries
        if (each.format, each.path) == (note["format"], address.geometry)
    ]
    same = found if len(found) == 1 else [g for g in found if g.name == note.get("name")]
    if not same:
        name = note.get("name")
        raise ValueError(f"{address.path} holds no {note['kind']} by the name {name} any more")
    segment = note.get("segment")
    return same[0] if segment is None else same[0].segment(int(segment))


def _check_unchanged(note: Mapping[str, Any], found: Geometry, path: str) -> None:
    """Refuse another geometry, and the same one at another place."""
    now = {
        "axes": report.axes_as_json(found),
        "levels": [(x.vertex_count, declared_as_json(x)) for x in found.levels],
    }
    was = {
        "axes": note["axes"],
        "levels": [(x.get("vertex_count"), x.get("declared")) for x in note["levels"]],
    }
    for key, values in now.items():
        if values != was[key]:
            raise ValueError(f"{path} has other {key} than when the layer was opened; open it anew")
