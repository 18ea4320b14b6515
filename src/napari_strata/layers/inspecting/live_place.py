"""Where a layer of ours is now, against where it was opened: in micrometres and seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from napari.layers import Layer

from napari_strata import affine, units
from napari_strata.affine import Matrix, Vector
from napari_strata.layers.common_origin import OFFSET
from napari_strata.layers.inspecting.known_levels import KnownLevels
from napari_strata.layers.live_world import live_world
from napari_strata.layers.placement import TOLERANCE

_ROUNDING = 2.0**-48  # of a coordinate: a layer's transforms are put together anew


def unit_factors(layer: Layer) -> Vector:
    """Give for each axis how many micrometres or seconds its unit is; 1 for what is neither."""
    found = [units.parse(str(unit)) for unit in layer.units]
    return np.array([1.0 if unit is None else unit.factor for unit in found])


def world_in_micrometres(layer: Layer) -> Matrix:
    """Return ``(n + 1, n + 1)``, level 0's voxel centre → world, as it is now."""
    return affine.compose(affine.from_scale_translate(unit_factors(layer)), live_world(layer))


def common_origin(known: KnownLevels) -> Matrix | None:
    """Return what "Move layers to a common origin" did to the layer; None if nothing."""
    offset = known.note.get(OFFSET)
    n = len(known.order)
    if not isinstance(offset, Sequence) or len(offset) != n or not np.any(offset):
        return None
    return affine.from_scale_translate([1.0] * n, [-float(value) for value in offset])


def opened_world(known: KnownLevels, level: int = 0) -> Matrix:
    """Return a level's place as opened, the common origin's offset subtracted."""
    shift, world = common_origin(known), known.worlds[level]
    return world if shift is None else affine.compose(shift, world)


def moved(layer: Layer, known: KnownLevels) -> Matrix | None:
    """Return by which map of the world the user moved the layer since it was opened.

    None where every voxel of level 0 is within 10⁻⁶ of a voxel of where it was, or where
    rounding puts it.
    """
    opened, now = opened_world(known), world_in_micrometres(layer)
    if np.array_equal(opened, now):
        return None
    shape = layer.level_shapes[0]
    apart = farthest(affine.relative(now, opened) - np.eye(layer.ndim + 1), shape)
    pitch = np.linalg.norm(opened[:-1, :-1], axis=0).min()
    if apart <= TOLERANCE + _ROUNDING * farthest(opened, shape) / pitch:
        return None
    return affine.compose(now, affine.invert(opened))


def farthest(matrix: Matrix, shape: npt.ArrayLike) -> float:
    """Return how far from 0 the centre of any voxel is mapped, along one axis.

    Of the difference of two places: how far they are apart at most. All corners count: where two
    axes are swapped, the first voxel and the last may stay.
    """
    last = np.asarray(shape, dtype=np.float64) - 1
    return float(np.abs(affine.mapped_box(matrix, np.array([np.zeros_like(last), last]))).max())
