"""The windows a reduction takes its values from: full ones, and those cut off at an edge.

A block is split into pieces whose windows are all full or all cut in the same way, and large
pieces into slabs that stay in a processor's cache while they are worked on.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

_SLAB_BYTES = 1 << 19

Array = npt.NDArray[Any]
Slices = tuple[slice, ...]


def reduced_shape(shape: tuple[int, ...], factors: tuple[int, ...]) -> tuple[int, ...]:
    """Return how many windows there are along each axis, the cut ones too: no voxel is lost."""
    return tuple(-(-n // f) for n, f in zip(shape, factors, strict=True))


def slabs(
    block: Array, factors: tuple[int, ...], out: Array
) -> Iterator[tuple[Array, tuple[int, ...], Array]]:
    """Give parts of a block, the shape of all windows of each, and where its values go.

    ``out`` has `reduced_shape`; the parts of it that are given are views.
    """
    per_axis = [list(_runs(n, f)) for n, f in zip(block.shape, factors, strict=True)]
    for runs in itertools.product(*per_axis):
        piece = block[tuple(source for source, _, _ in runs)]
        window = tuple(size for _, size, _ in runs)
        target = out[tuple(place for _, _, place in runs)]
        for source, place in _slabs(target.shape, window, block.dtype.itemsize):
            yield piece[source], window, target[place]


def members(part: Array, window: tuple[int, ...]) -> list[Array]:
    """Give one view for each place in a window: what all windows have there."""
    starts = itertools.product(*(range(size) for size in window))
    return [
        part[tuple(slice(s, None, w) for s, w in zip(at, window, strict=True))] for at in starts
    ]


def _runs(length: int, factor: int) -> Iterator[tuple[slice, int, slice]]:
    """Give the voxels of full windows along an axis, then those of a cut one."""
    full = length // factor
    if full:
        yield slice(0, full * factor), factor, slice(0, full)
    if length % factor:
        yield slice(full * factor, length), length % factor, slice(full, full + 1)


def _slabs(
    count: tuple[int, ...], window: tuple[int, ...], itemsize: int
) -> Iterator[tuple[Slices, Slices]]:
    """Cut ``count`` windows into runs along the first axes, so that a run is small."""
    whole = tuple(slice(0, n) for n in count)
    size = math.prod(count) * math.prod(window) * itemsize
    axis = next((a for a, n in enumerate(count[:-1]) if n > 1), None)
    if size <= _SLAB_BYTES or axis is None:
        yield tuple(slice(0, n * w) for n, w in zip(count, window, strict=True)), whole
        return
    step = max(1, _SLAB_BYTES * count[axis] // size)
    for start in range(0, count[axis], step):
        stop = min(start + step, count[axis])
        inner = (*count[:axis], stop - start, *count[axis + 1 :])
        for source, place in _slabs(inner, window, itemsize):
            yield _shifted(source, axis, start * window[axis]), _shifted(place, axis, start)


def _shifted(slices: Slices, axis: int, by: int) -> Slices:
    moved = slice(slices[axis].start + by, slices[axis].stop + by)
    return (*slices[:axis], moved, *slices[axis + 1 :])


def along(axis: int, start: int, step: int) -> tuple[slice, ...]:
    """Return an index that takes every ``step``-th voxel of one axis."""
    return (*[slice(None)] * axis, slice(start, None, step))


def contiguous(part: Array) -> Array:
    """Return the part with its last axis unbroken in memory and its values aligned."""
    if part.strides[-1] == part.itemsize and part.flags.aligned:
        return part
    return np.ascontiguousarray(part)
