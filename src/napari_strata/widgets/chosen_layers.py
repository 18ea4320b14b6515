"""Which layers of a viewer are meant."""

from __future__ import annotations

from typing import Any

from napari.layers import Labels, Layer, Points, Shapes, Surface, Vectors

from napari_strata.layers.notes import KEY

KINDS = ("points", "lines", "graph", "mesh")
_HELD_BY = (Points, Shapes, Surface, Vectors)
_NEEDED = {"axes", "format", "level", "levels", "space", "vertices_shown"}


def is_geometry(layer: Layer | None) -> bool:
    """Tell whether a layer shows a geometry that was opened by us."""
    if not isinstance(layer, _HELD_BY):
        return False
    note = layer.metadata.get(KEY)
    return isinstance(note, dict) and note.get("kind") in KINDS and note.keys() >= _NEEDED


def selected_shapes(viewer: Any) -> Shapes:
    """Give the selected Shapes layer; the only one there is, where none is selected.

    Raises
    ------
    ValueError
        If there is none, or several to choose from.
    """
    return _one_of(viewer, Shapes, "Shapes layer with a shape around what you want")


def selected_labels(viewer: Any) -> Any:
    """Give the selected Labels layer; the only one there is, where none is selected.

    Raises
    ------
    ValueError
        If there is none, or several to choose from.
    """
    return _one_of(viewer, Labels, "Labels layer and pick a label in it")


def _one_of(viewer: Any, kind: type[Layer], wanted: str) -> Any:
    found = [x for x in viewer.layers if isinstance(x, kind) and not is_geometry(x)]
    selected = [layer for layer in found if layer in viewer.layers.selection]
    candidates = selected or found
    if len(candidates) != 1:
        raise ValueError(f"Select one {wanted}; {len(candidates) or 'none'} found.")
    return candidates[0]


def known_folders(viewer: Any) -> list[str]:
    """List the paths of a viewer's layers where there may be folders of meshes."""
    paths = []
    for layer in viewer.layers:
        note = layer.metadata.get(KEY)
        if not isinstance(note, dict) or note.get("format") != "precomputed":
            continue
        if note.get("kind") in ("labels", "mesh") and note.get("path"):
            paths.append(str(note["path"]))
    return list(dict.fromkeys(paths))
