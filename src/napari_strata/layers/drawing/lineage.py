"""What became of a layer with a placement that napari, or a user, made another layer of.

napari hands ``metadata`` on, so such a layer brings the placement of the levels it was made from.
Whether that still describes its own levels is read off their shapes:

- duplicated, converted, merged to RGB: the same shapes, the placement holds;
- projected along an axis, split along one: the shapes lack that axis, and so does the placement;
- merged to a stack: the shapes have a new first axis, of the same size at every level;
- one level extracted: napari says which layer it came from, and the level's own place is known;
- single-scale with the shape of level 0 (or of level 0 without an axis): level 0 is where the
  layer's own transform puts it, no placement is needed;
- anything else (cropped, resampled): where it belongs cannot be known.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from napari.layers import Layer

from napari_strata.layers.notes import Shapes
from napari_strata.layers.placement import Placement

Outcome = Placement | Literal["not needed", "unknown"]


def current_placement(layer: Layer, placement: Placement, shapes: Shapes | None) -> Outcome:
    """Return the placement of a layer's levels as they are now.

    Parameters
    ----------
    layer : an Image or Labels layer.
    placement, shapes : what its metadata says; ``shapes`` are those of the levels meant, None
        where they are not noted (then only their number is compared).
    """
    found: Shapes = [tuple(shape) for shape in layer.level_shapes.tolist()]
    if not layer.multiscale:
        return _single_scale(found[0], shapes)
    if len(found) != len(placement):
        return "unknown"
    if shapes is None:
        return placement if len(found[0]) == placement.ndim else "unknown"
    if found == shapes:
        return placement
    if len({shape[0] for shape in found}) == 1 and [shape[1:] for shape in found] == shapes:
        return placement.with_leading_axis()
    # Where several axes could be the missing one, they must agree.
    candidates = {
        placement.without_axis(axis)
        for axis in range(placement.ndim)
        if found == [_without(shape, axis) for shape in shapes]
    }
    return candidates.pop() if len(candidates) == 1 else "unknown"


def _single_scale(found: tuple[int, ...], shapes: Shapes | None) -> Outcome:
    if shapes is None:
        return "unknown"
    base = shapes[0]
    like_base = [base, *(_without(base, axis) for axis in range(len(base)))]
    return "not needed" if found in like_base else "unknown"


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    return shape[:axis] + shape[axis + 1 :]


def extracted_level(layer: Layer) -> tuple[Placement, int] | None:
    """Return which level of which placement a single-scale layer was extracted as, if it was.

    napari names the layer it came from; the array is that layer's, the very object.
    """
    parent = layer.source.parent
    parent = parent() if callable(parent) else parent
    placement = getattr(parent, "placement", None)
    if layer.multiscale or not isinstance(placement, Placement):
        return None
    for level, data in enumerate(parent.data):
        if data is layer.data:
            return placement, level
    return None


def move_to_level(layer: Layer, placement: Placement, level: int) -> None:
    """Put an extracted level where it belongs.

    napari gave it the level's scale and, as translation, half a voxel for a centred pyramid, both
    along the axes of the world even where the layer is rotated or sheared.
    """
    ratio = np.array(placement.scale[level])
    declared = np.array(placement.translate[level])
    base_scale = np.asarray(layer.scale) / ratio
    base_translate = np.asarray(layer.translate) - (ratio - 1) / 2 * base_scale
    # The layer's own linear part, without ``layer.affine``: rotation, shear and scale.
    to_world = np.linalg.inv(layer.affine.linear_matrix) @ layer._data_to_world.linear_matrix
    layer.translate = base_translate + to_world @ (declared / ratio)
