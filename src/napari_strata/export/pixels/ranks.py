"""Modes and medians of windows: what takes sorting.

Most windows of a segmentation hold one value only. Those are found first, and only the others
are sorted, all at once by a network of minima and maxima.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.export.pixels.means import mean
from napari_strata.export.pixels.windows import contiguous, members

Array = npt.NDArray[Any]

_COLUMNS = 1 << 13  # sorted at once: a few of them fit into a processor's cache
_LARGEST_NETWORK = 64


def mode(part: Array, window: tuple[int, ...], out: Array) -> None:
    """Write the most frequent value of each window to ``out``; the smallest of several."""
    _by_sorting(part, window, out, _most_frequent)


def median(part: Array, window: tuple[int, ...], out: Array) -> None:
    """Write the median of each window to ``out``.

    Of an even number of values it is the mean of the two in the middle, which for integers is
    rounded half to even. It is NaN where a value is.
    """
    _by_sorting(part, window, out, _middle)


def _by_sorting(
    part: Array, window: tuple[int, ...], out: Array, choose: Callable[[Array], Array]
) -> None:
    part = contiguous(part)
    out[...] = part[tuple(slice(None, None, w) for w in window)]
    if math.prod(window) == 1:
        return
    mixed = np.flatnonzero(_mixed(part, window))
    for start in range(0, mixed.size, _COLUMNS):
        at = np.unravel_index(mixed[start : start + _COLUMNS], out.shape)
        out[at] = choose(_sorted(_gathered(part, window, at)))


def _mixed(part: Array, window: tuple[int, ...]) -> Array:
    """Tell for each window whether its values differ, bit by bit."""
    bits = part.view(f"u{part.dtype.itemsize}")
    if window[-1] == 2 and part.dtype.itemsize <= 4:
        return _mixed_pairs(bits, window)
    first, *others = members(bits, window)
    differs = first ^ others[0]
    for other in others[1:]:
        differs |= first ^ other
    return differs.astype(np.bool_)


def _mixed_pairs(bits: Array, window: tuple[int, ...]) -> Array:
    """Do the same with both neighbours along the last axis in one number."""
    size = bits.dtype.itemsize
    pairs = bits.view(f"u{2 * size}")
    number = pairs.dtype.type
    first, *others = members(pairs, (*window[:-1], 1))
    differs = first >> number(8 * size)
    differs ^= first
    differs &= number((1 << 8 * size) - 1)
    for other in others:
        differs |= first ^ other
    result: Array = differs.astype(np.bool_)
    return result


def _gathered(part: Array, window: tuple[int, ...], at: tuple[Array, ...]) -> Array:
    """Return the values of some windows, ``(values, windows)``."""
    corner = [index * size for index, size in zip(at, window, strict=True)]
    if not part.flags.c_contiguous:
        places = [
            tuple(c + o for c, o in zip(corner, offset, strict=True))
            for offset in np.ndindex(*window)
        ]
        return np.stack([part[place] for place in places])
    flat = part.reshape(-1)
    base = np.ravel_multi_index(corner, part.shape)
    offsets = [int(np.ravel_multi_index(o, part.shape)) for o in np.ndindex(*window)]
    values = np.empty((len(offsets), base.size), part.dtype)
    for row, offset in zip(values, offsets, strict=True):
        np.take(flat[offset:], base, out=row, mode="clip")
    return values


def _sorted(values: Array) -> Array:
    """Sort each column; NaN goes last."""
    if values.dtype.kind == "f" or len(values) > _LARGEST_NETWORK:
        return np.sort(values, axis=0)
    rows = list(values)
    spare = np.empty_like(rows[0])
    for low, high in _network(len(rows)):
        np.minimum(rows[low], rows[high], out=spare)
        np.maximum(rows[low], rows[high], out=rows[high])
        rows[low], spare = spare, rows[low]
    return np.stack(rows)


@functools.cache
def _network(count: int) -> tuple[tuple[int, int], ...]:
    """Return Batcher's odd-even merge sort: pairs of rows to put in order, one after the other."""
    pairs = []
    span = 1
    while span < count:
        step = span
        while step:
            for start in range(step % span, count - step, 2 * step):
                pairs += [
                    (low, low + step)
                    for low in range(start, min(start + step, count - step))
                    if low // (2 * span) == (low + step) // (2 * span)
                ]
            step //= 2
        span *= 2
    return tuple(pairs)


def _most_frequent(values: Array) -> Array:
    """Return the value of the longest run in each sorted column, the first of several.

    All NaN are one value, behind all others.
    """
    best: Array = values[0].copy()
    run = np.ones(best.shape, np.int32)
    longest = run.copy()
    for before, value in itertools.pairwise(values):
        same = value == before
        if value.dtype.kind == "f":
            same |= np.isnan(before)
        run *= same
        run += 1
        longer = run > longest
        np.copyto(best, value, where=longer)
        np.maximum(longest, run, out=longest)
    return best


def _middle(values: Array) -> Array:
    count = len(values)
    result: Array = values[count // 2].copy()
    if count % 2 == 0:
        mean(values[count // 2 - 1 : count // 2 + 1], (2, 1), result[np.newaxis])
    if values.dtype.kind == "f":
        np.copyto(result, values[-1], where=np.isnan(values[-1]))
    return result
