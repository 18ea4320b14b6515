"""A part of one level as an ordinary layer in memory: it can be painted, and exported.

napari cannot paint multiscale labels, nor what lies in a store.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer

from napari_strata import affine
from napari_strata.affine import Matrix
from napari_strata.layers.changing.level_layer import level_world
from napari_strata.layers.changing.level_lock import chunk_sizes
from napari_strata.layers.changing.look import take_look
from napari_strata.layers.changing.opened_image import common_origin_alone, levels_of
from napari_strata.layers.live_world import set_world, unread

Box = Mapping[str, tuple[float, float]]
"""Lowest and highest position in the world, by the name of an axis; in the layer's units
(micrometres, seconds, or pixels where it has none). Axes that are not named are not limited."""

_ROUNDING = 1e-6  # of a voxel
_BLOCK_BYTES = 32 * 2**20  # read at once, between two questions whether to go on


class Cancelled(ValueError):
    """Reading was given up on request."""


@dataclass(frozen=True)
class Copy:
    """Pixels of a part of a level, and all that its layer needs.

    Attributes
    ----------
    values : in the axes of the layer it is of.
    world : ``(n + 1, n + 1)``, centre of a voxel of ``values`` → world, in the layer's units.
    first : index of the first voxel in the level.
    """

    values: npt.NDArray[Any]
    world: Matrix
    first: tuple[int, ...]
    level: int
    of: Layer

    def layer(self) -> Layer:
        """Make an Image or Labels layer of it, which looks as the layer it is of."""
        source: Any = self.of
        arguments: dict[str, Any] = {
            "name": f"{source.name} (copy of level {self.level})",
            "axis_labels": source.axis_labels,
            "visible": False,
            "units": tuple(str(unit) for unit in source.units),
            "metadata": common_origin_alone(source),
        }
        made: Layer
        if isinstance(source, Labels):
            made = Labels(self.values, multiscale=False, **arguments)
        else:
            limits = None if source.rgb else tuple(source.contrast_limits)
            arguments |= {"rgb": source.rgb, "contrast_limits": limits}
            made = Image(self.values, multiscale=False, **arguments)
        with unread(made):
            set_world(made, self.world)
            take_look(made, source)
        return made


def copy_cost(
    layer: Layer, level: int, box: Box | None = None, affines: Sequence[Matrix] | None = None
) -> int:
    """Return how many bytes a copy takes in memory; reads nothing.

    Raises
    ------
    ValueError
        As `read_copy` does, except that a box without a voxel costs 0.
    """
    array = levels_of(layer)[level]
    ranges = _ranges(layer, level, box, affines)
    voxel: int = math.prod(array.shape[layer.ndim :]) * np.dtype(array.dtype).itemsize
    return math.prod(b - a for a, b in ranges) * voxel


def read_copy(
    layer: Layer,
    level: int,
    box: Box | None = None,
    cancel: Callable[[], bool] | None = None,
    affines: Sequence[Matrix] | None = None,
) -> Copy:
    """Read the voxels of a level whose centres are in a box; in any thread.

    Of a layer that is rotated or sheared it is all voxels between the first and the last along
    each of its axes, so that nothing in the box is missing.

    Parameters
    ----------
    box : None: all of the level.
    cancel : asked now and then whether to give up.
    affines : of a layer that is not ours, see `level_world`.

    Raises
    ------
    ValueError
        If the layer has no such level, nobody has said where it belongs, the box names an axis
        that the layer has not, or no voxel is in it.
    Cancelled
        If it was given up.
    OSError
        If a chunk cannot be read.
    MemoryError
        If there is not enough memory.
    """
    if not isinstance(layer, Image | Labels):
        raise ValueError(f"the layer '{layer.name}' has no voxels")
    world = level_world(layer, level, affines)
    ranges = _ranges(layer, level, box, affines)
    if any(a >= b for a, b in ranges):
        raise ValueError(f"the layer '{layer.name}' has no voxel of level {level} in the box")
    first = tuple(a for a, _ in ranges)
    array = levels_of(layer)[level][tuple(slice(a, b) for a, b in ranges)]
    values = np.empty(array.shape, dtype=np.dtype(array.dtype).newbyteorder("="))
    for block in _blocks(array):
        if cancel is not None and cancel():
            raise Cancelled(f"copying the layer '{layer.name}' was cancelled")
        values[block] = np.asarray(array[block])
    step = affine.from_scale_translate([1.0] * len(first), [float(a) for a in first])
    return Copy(values, affine.compose(world, step), first, level, layer)


def _ranges(
    layer: Layer, level: int, box: Box | None, affines: Sequence[Matrix] | None
) -> list[tuple[int, int]]:
    """Return first and last voxel + 1 along each axis; empty ranges where none is in the box."""
    world = level_world(layer, level, affines)
    names = [str(label) for label in layer.axis_labels]
    unknown = [name for name in box or () if name not in names]
    if unknown:
        raise ValueError(
            f"the layer '{layer.name}' has no axis {unknown[0]}, its axes are {', '.join(names)}"
        )
    ends = [(box or {}).get(name, (-np.inf, np.inf)) for name in names]
    corners = affine.mapped_box(affine.invert(world), np.array(ends, dtype=np.float64).T)
    result = []
    shape = levels_of(layer)[level].shape[: layer.ndim]
    for low, high, size in zip(*corners, shape, strict=True):
        if np.isnan(low) or np.isnan(high):
            low, high = -np.inf, np.inf
        first = np.clip(np.ceil(low - _ROUNDING), 0, size)
        last = np.clip(np.floor(high + _ROUNDING), -1, size - 1)
        result.append((int(first), max(int(last) + 1, int(first))))
    return result


def _blocks(array: Any) -> Iterator[tuple[slice, ...]]:
    """Cut an array into boxes of whole chunks, each of about what is read at once."""
    sides = [int(n) for n in array.shape]
    chunks = [min(c, n) for c, n in zip(chunk_sizes(array), sides, strict=False)]
    chunks += sides[len(chunks) :]
    size = np.dtype(array.dtype).itemsize
    while math.prod(sides) * size > _BLOCK_BYTES:
        longest = max(range(len(sides)), key=lambda axis: sides[axis] / chunks[axis])
        if sides[longest] <= chunks[longest]:
            break
        half = math.ceil(sides[longest] / chunks[longest] / 2)
        sides[longest] = half * chunks[longest]
    starts = [range(0, int(n), side) for n, side in zip(array.shape, sides, strict=True)]
    for corner in product(*starts):
        yield tuple(slice(a, a + side) for a, side in zip(corner, sides, strict=True))
