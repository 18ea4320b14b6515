"""Watch a viewer, so that no layer is drawn misplaced without saying so.

"Duplicate layer", "Convert to Labels" and their like make napari's own classes, with the metadata
kept. A layer that arrives with a placement in ``metadata["strata"]`` and is not an exact one is
turned into one, or marked.
"""

from __future__ import annotations

from typing import Any

from napari.layers import Image, Labels, Layer

from napari_strata.layers.drawing.lineage import current_placement, extracted_level, move_to_level
from napari_strata.layers.drawing.placed import exact_drawing, promote
from napari_strata.layers.notes import forget_placement, mark_misplaced, remembered
from napari_strata.layers.placement import Placement, differs, misplacement


def guard(viewer: Any) -> None:
    """Keep every layer of a viewer exact or marked, from now on and those it has already.

    Calling it again changes nothing. Nothing here refers to the viewer, which may be closed and
    collected at any time.
    """
    inserted = viewer.layers.events.inserted
    # First: before the viewer slices the layer by the shapes of its levels.
    inserted.connect(_make_exact, position="first")
    # Last: a name is kept unique only once the list listens to the new layer.
    inserted.connect(_mark, position="last")
    for layer in list(viewer.layers):
        _settle(layer)
        _mark_if_misplaced(layer)


def _make_exact(event: Any) -> None:
    _settle(event.value)


def _mark(event: Any) -> None:
    _mark_if_misplaced(event.value)


def _is_exact(layer: Layer) -> bool:
    # Not by class: the classes are not there where exact drawing is not.
    return isinstance(getattr(layer, "placement", None), Placement)


def _settle(layer: Layer) -> None:
    """Make a layer exact, or right without it, where that can be done."""
    if not isinstance(layer, Image | Labels) or _is_exact(layer):
        return
    note = remembered(layer.metadata)
    if note is None:
        return
    extracted = extracted_level(layer)
    if extracted is not None:
        move_to_level(layer, *extracted)
        layer.metadata = forget_placement(layer.metadata)
        return
    placement = current_placement(layer, *note)
    if placement == "not needed":
        layer.metadata = forget_placement(layer.metadata)
    elif (
        isinstance(placement, Placement)
        and differs(placement, layer.level_shapes)
        and exact_drawing() is None
        and type(layer) in (Image, Labels)
    ):
        promote(layer, placement)


def _mark_if_misplaced(layer: Layer) -> None:
    if not isinstance(layer, Image | Labels) or _is_exact(layer):
        return
    note = remembered(layer.metadata)
    if note is None:
        return
    placement = current_placement(layer, *note)
    if placement == "unknown":
        reason = "its levels are not those that the dataset declares the places of."
        mark_misplaced(layer, None, reason)
    elif isinstance(placement, Placement) and differs(placement, layer.level_shapes):
        reason = exact_drawing() or f"a {type(layer).__name__} layer cannot be placed exactly."
        mark_misplaced(layer, misplacement(placement, layer.level_shapes), reason)
