"""Which layers of a viewer are meant."""

from __future__ import annotations

from typing import Any

from napari.layers import Labels, Layer, Points, Shapes, Surface, Vectors

from napari_strata.dataset import Choices
from napari_strata.layers.geometry.address import Address
from napari_strata.layers.geometry.record import is_geometry_record
from napari_strata.layers.notes import KEY

_HELD_BY = (Points, Shapes, Surface, Vectors)


def is_geometry(layer: Layer | None) -> bool:
    """Tell whether a layer shows a geometry that was opened by us."""
    return isinstance(layer, _HELD_BY) and is_geometry_record(layer.metadata.get(KEY))


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


def known_folders(viewer: Any) -> list[Address]:
    """List where the layers of a viewer come from that may have folders of meshes."""
    found: dict[tuple[str, Choices], Address] = {}
    for layer in viewer.layers:
        note = layer.metadata.get(KEY)
        if not isinstance(note, dict) or note.get("format") != "precomputed":
            continue
        if is_geometry_record(note):
            address = Address.recorded(note)
        elif note.get("kind") == "labels" and note.get("path"):
            address = Address(str(note["path"]), choices=Choices.from_json(note.get("choices", {})))
        else:
            continue
        found.setdefault((address.dataset, address.choices), address)
    return list(found.values())
