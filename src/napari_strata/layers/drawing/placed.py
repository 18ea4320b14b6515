"""The layer for levels with declared places: exact where napari allows it, else marked.

Exact drawing builds on private parts of napari. They are looked at before they are relied upon,
and this module imports whether they are there or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Literal

import napari
from napari.layers import Image, Labels, Layer
from napari.layers.utils import layer_utils

from napari_strata.layers.notes import mark_misplaced, remember_placement
from napari_strata.layers.placement import Placement, differs, misplacement

try:
    from napari_strata.layers.drawing import slicing
    from napari_strata.layers.drawing.exact import PlacedImage, PlacedLabels, promote
except (ImportError, AttributeError) as error:
    _MISSING: str | None = f"napari {napari.__version__} lacks what exact placement needs: {error}"
else:
    _MISSING = None

__all__ = ["PlacedImage", "PlacedLabels", "exact_drawing", "place", "promote"]

# What is overridden or called. A method that was renamed would otherwise simply not be called.
_LAYER_PARTS = (
    "_display_bounding_box",
    "_display_bounding_box_at_level",
    "_display_bounding_box_augmented",
    "_display_bounding_box_augmented_data_level",
    "_get_layer_slicing_state",
    "_get_value",
    "_get_value_ray",
    "_update_draw",
    "_update_level_and_corners",
    "_update_thumbnail",
    "downsample_factors",
    "level_shapes",
)
_STATE_PARTS = (
    "_make_slice_request",
    "_make_slice_request_internal",
    "_update_slice_response",
    "set_slice_input_from_dims",
)
_REQUEST_PARTS = ("__call__", "_get_order", "_project_slice")
_REQUEST_FIELDS = (
    "corner_pixels",
    "data_at_data_level",
    "data_at_thumbnail_level",
    "data_level",
    "data_slice",
    "dask_indexer",
    "dtype",
    "id",
    "projection_mode",
    "rgb",
    "slice_input",
    "thumbnail_level",
)


def exact_drawing() -> str | None:
    """Return None if this napari lets levels be placed exactly, else why not, in one sentence."""
    if _MISSING is not None:
        return _MISSING
    wanted = [
        *((cls, name) for cls in (Image, Labels) for name in _LAYER_PARTS),
        *((slicing.ScalarFieldSlicingState, name) for name in _STATE_PARTS),
        *((slicing._ScalarFieldSliceRequest, name) for name in _REQUEST_PARTS),
        (slicing._ScalarFieldSliceResponse, "make_empty"),
        (layer_utils, "compute_multiscale_level"),
    ]
    missing = [f"{owner.__name__}.{name}" for owner, name in wanted if not hasattr(owner, name)]
    known = {field.name for field in fields(slicing._ScalarFieldSliceRequest)}
    missing += [f"_ScalarFieldSliceRequest.{name}" for name in _REQUEST_FIELDS if name not in known]
    if not missing:
        return None
    return f"napari {napari.__version__} lacks what exact placement needs: {', '.join(missing)}"


def place(
    kind: Literal["image", "labels"], data: Sequence[Any], placement: Placement, **kwargs: Any
) -> Layer:
    """Return a layer whose levels are drawn where ``placement`` puts them.

    Where this napari does not allow that, a plain layer is returned, and if that draws anything
    elsewhere, its name, its problems and a notification say so.

    Parameters
    ----------
    kind : which class of layer.
    data : the levels, finest first.
    placement : relative to level 0; ``kwargs`` say where level 0 is.
    **kwargs : what the class of napari takes.
    """
    reason = exact_drawing()
    if reason is None:
        return (PlacedImage if kind == "image" else PlacedLabels)(
            data, placement=placement, **kwargs
        )
    plain = Image if kind == "image" else Labels
    shapes = [tuple(level.shape[: placement.ndim]) for level in data]
    kwargs = {"name": plain.__name__, **kwargs, "multiscale": True}
    kwargs["metadata"] = remember_placement(kwargs.get("metadata"), placement, shapes)
    layer = plain(data, **kwargs)
    if differs(placement, shapes):
        mark_misplaced(layer, misplacement(placement, shapes), reason)
    return layer
