"""By how much each level of a layer is drawn beside its declared place.

Everything is drawn minus declared, in voxels of level 0 along its axes: 0 is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from napari.layers import Image, Labels, Layer

from napari_strata import affine
from napari_strata.affine import Matrix, Vector
from napari_strata.layers.inspecting.known_levels import KnownLevels, known_levels
from napari_strata.layers.inspecting.live_place import farthest, moved, opened_world
from napari_strata.layers.live_world import live_world
from napari_strata.layers.placement import Placement

Offset = tuple[float, ...]


@dataclass(frozen=True)
class Moved:
    """Where the user's moving the layer put the first and the last voxel of a level.

    ``largest`` is the longest way of any voxel along one axis.
    """

    first: Offset
    last: Offset
    largest: float


@dataclass(frozen=True)
class LevelAlignment:
    """One level; every offset has one number an axis of the layer, in level-0 voxels.

    Attributes
    ----------
    level : 0 is the finest.
    first, last : the offsets of the level's first and last voxel on axes that are displayed.
    sliced_first, sliced_last : the same on axes that are sliced, where napari by itself leaves
        out half a voxel; 0 on an axis of one voxel, which is shown wherever it is.
    largest : the largest offset of any of its voxels: of these, unless axes are swapped or turned.
    moved : what the user moved the layer by, which is no part of the offsets; None where it
        was not moved, and where declared places were given.
    """

    level: int
    first: Offset
    last: Offset
    sliced_first: Offset
    sliced_last: Offset
    largest: float
    moved: Moved | None = None


def alignment(
    layer: Layer, declared: Sequence[Matrix] | None = None
) -> tuple[LevelAlignment, ...] | None:
    """Compare where a layer draws its levels with where they are declared to be.

    Parameters
    ----------
    layer : any.
    declared : voxel centre → world of every level, ``(n + 1, n + 1)``, in the layer's axes and
        units, as the file of a layer that is not ours has them. Level 0 is then compared too.
        By default, what the record of a layer of ours says; then the levels are compared with
        level 0, which is where the record says unless the user moved it.

    Returns
    -------
    None where no declared place is known.

    Raises
    ------
    ValueError
        If ``declared`` is for another number of levels or axes.
    """
    known = None if declared is not None else known_levels(layer)
    if not isinstance(layer, Image | Labels) or (declared is None and known is None):
        return None
    if known is not None:
        places, base, move = known.worlds, np.eye(layer.ndim + 1), _move(layer, known)
    else:
        assert declared is not None
        _check(layer, declared)
        places, base, move = tuple(declared), affine.relative(live_world(layer), declared[0]), None
    found = []
    for index, shape in enumerate(layer.level_shapes):
        expected = affine.relative(places[index], places[0])
        shown, cut = _apart(layer, index, base, expected)
        first, last = _ends(shown, shape)
        sliced_first, sliced_last = _ends(cut, shape)
        largest = max(farthest(shown, shape), farthest(cut, shape))
        by = None if move is None else _moved(move, expected, shape)
        found.append(
            LevelAlignment(index, first, last, sliced_first, sliced_last, largest, by),
        )
    return tuple(found)


def drawn_placement(layer: Layer) -> Placement:
    """Return where an Image or Labels layer draws the displayed axes of its levels."""
    own = getattr(layer, "placement", None)
    if isinstance(own, Placement):
        return own
    return Placement.implied_by_napari(layer.level_shapes.tolist())


def draws_exactly(layer: Layer) -> bool:
    """Tell whether a layer has a placement of its own, for sliced axes too."""
    return isinstance(getattr(layer, "placement", None), Placement)


def _check(layer: Layer, declared: Sequence[Matrix]) -> None:
    count, size = len(layer.level_shapes), layer.ndim + 1
    shapes = [np.shape(matrix) for matrix in declared]
    if shapes != [(size, size)] * count:
        raise ValueError(
            f"the layer '{layer.name}' has {count} levels of {layer.ndim} axes, "
            f"found declared places for {len(declared)} levels, matrices of shapes {shapes}"
        )


def _apart(layer: Layer, level: int, base: Matrix, expected: Matrix) -> tuple[Matrix, Matrix]:
    """Return drawn minus expected, on displayed axes and on sliced ones: voxel → level-0 voxels.

    ``base`` is where level 0 is drawn.
    """
    own = drawn_placement(layer)
    scale, translate = own.scale[level], own.translate[level]
    shown = affine.compose(base, affine.from_scale_translate(scale, translate)) - expected
    if layer.ndim < 3 or draws_exactly(layer):
        return shown, shown
    # By itself napari takes the plane round(position / scale); of one plane, always that.
    cut = affine.compose(base, affine.from_scale_translate(scale)) - expected
    return shown, cut * np.append(layer.level_shapes[level] > 1, True)[:, None]


def _move(layer: Layer, known: KnownLevels) -> Matrix | None:
    """Return what the user moved the layer by, as a map of level 0's voxels; None if nothing."""
    move, opened = moved(layer, known), opened_world(known)
    return None if move is None else affine.compose(affine.invert(opened), move, opened)


def _moved(move: Matrix, expected: Matrix, shape: Vector) -> Moved:
    apart = affine.compose(move, expected) - expected
    return Moved(*_ends(apart, shape), farthest(apart, shape))


def _ends(apart: Matrix, shape: Vector) -> tuple[Offset, Offset]:
    """Say where the difference of two places puts the first and the last voxel."""
    last = apart[:-1, :-1] @ (shape - 1) + apart[:-1, -1]
    return tuple(float(v) for v in apart[:-1, -1]), tuple(float(v) for v in last)
