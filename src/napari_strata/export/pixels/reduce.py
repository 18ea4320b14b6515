"""From a block of one level to the same block of the next: exact, and fast where it counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from napari_strata.export.pixels.means import mean
from napari_strata.export.pixels.ranks import median, mode
from napari_strata.export.pixels.windows import along, reduced_shape, slabs

Method = Literal["mean", "median", "mode", "nearest", "min", "max"]
METHODS: tuple[Method, ...] = get_args(Method)
CENTRED: tuple[Method, ...] = ("mean", "median", "mode", "min", "max")
"""Methods whose voxel stands for its whole window, and so is at the window's centre."""

Array = npt.NDArray[Any]


def reduce_block(block: Array, factors: tuple[int, ...], method: Method) -> Array:
    """Reduce each window of ``factors`` voxels to one.

    Parameters
    ----------
    block : array order; begins at a window's first voxel along every axis. Numbers of up to
        64 bits, whole or floating-point.
    factors : window size along each axis, from 1 up.
    method : ``mean`` (of integers exact, rounded half to even), ``median`` (of an even number
        the mean of the middle two, rounded likewise), ``mode`` (the exact majority, of several
        the smallest), ``nearest`` (the window's first voxel), ``min``, ``max``.

    Returns
    -------
    An array of the same dtype, ``ceil(n / f)`` along each axis: windows that the block's end
    cuts off use the voxels there are.
    """
    if method == "nearest":
        return np.ascontiguousarray(block[tuple(slice(None, None, f) for f in factors)])
    out = np.empty(reduced_shape(block.shape, factors), block.dtype)
    work = _WORK[method]
    for part, window, target in slabs(block, factors, out):
        work(part, window, target)
    return out


def _least(part: Array, window: tuple[int, ...], out: Array) -> None:
    out[...] = _extreme(np.minimum, part, window)


def _greatest(part: Array, window: tuple[int, ...], out: Array) -> None:
    out[...] = _extreme(np.maximum, part, window)


def _extreme(which: np.ufunc, part: Array, window: tuple[int, ...]) -> Array:
    for axis, size in enumerate(window):
        if size > 1:
            result = which(part[along(axis, 0, size)], part[along(axis, 1, size)])
            for start in range(2, size):
                which(result, part[along(axis, start, size)], out=result)
            part = result
    return part


_WORK: dict[Method, Callable[[Array, tuple[int, ...], Array], None]] = {
    "mean": mean,
    "median": median,
    "mode": mode,
    "min": _least,
    "max": _greatest,
}
