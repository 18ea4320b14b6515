"""The outlines of a layer's levels in the axes that a viewer displays; numpy alone.

An outline goes around the outer edges of a level's voxels: half a voxel of that level beyond the
centres of its first and last one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from napari_strata.affine import Matrix

Array = npt.NDArray[np.float64]

_DECIMALS = 6  # of a voxel, as where a plane is chosen


@dataclass(frozen=True)
class Outline:
    """One level's.

    Attributes
    ----------
    corners : ``(2**d, d)``, world, ``d`` displayed axes in the order they are displayed. The first
        is the outer corner of the level's first voxel, the second is one side along the last axis
        away from it.
    reached : whether the plane that is shown lies in the level; a level it misses draws nothing.
    """

    corners: Array
    reached: bool

    @property
    def edges(self) -> Array:
        """Its sides: ``(4 or 12, 2, d)``, from corner to corner."""
        count = len(self.corners)
        pairs = [(a, b) for a, b in combinations(range(count), 2) if (a ^ b).bit_count() == 1]
        edges: Array = self.corners[np.array(pairs)]
        return edges


def outline(
    world: Matrix, shape: Sequence[int], displayed: Sequence[int], point: npt.ArrayLike
) -> Outline:
    """Return the outline of one level as a viewer draws it.

    Axes that are not displayed are left out of the transform, as napari leaves them out: a plane
    is cut along the level's own axes.

    Parameters
    ----------
    world : ``(n + 1, n + 1)``, voxel centre → world.
    shape : of the level, n sizes.
    displayed : which of its axes are displayed, in their order.
    point : where the others stand, n numbers in world; those of displayed axes do not matter.
    """
    axes = list(displayed)
    ends = [(-0.5, shape[axis] - 0.5) for axis in axes]
    linear, offset = world[:-1, :-1], world[:-1, -1]
    corners = np.array(list(product(*ends))) @ linear[np.ix_(axes, axes)].T + offset[axes]
    return Outline(corners, _reaches(world, shape, axes, np.asarray(point, dtype=np.float64)))


def _reaches(world: Matrix, shape: Sequence[int], displayed: list[int], point: Array) -> bool:
    hidden = [axis for axis in range(len(shape)) if axis not in displayed]
    if not hidden:
        return True
    inverse = np.linalg.inv(world)
    index = inverse[np.ix_(hidden, hidden)] @ point[hidden] + inverse[hidden, -1]
    index = np.round(index, _DECIMALS)
    sizes = np.array([shape[axis] for axis in hidden])
    return bool(np.all((index >= -0.5) & (index <= sizes - 0.5)))


def displayed_axes(order: Sequence[int], ndisplay: int, ndim: int) -> tuple[int, ...]:
    """Say which axes of a layer a viewer displays, in their order.

    Parameters
    ----------
    order, ndisplay : of the viewer's axes; a layer with fewer has the last ones.
    ndim : number of the layer's axes.
    """
    lead = len(order) - ndim
    own = [axis - lead for axis in order if axis >= lead]
    return tuple(own[-ndisplay:])
