"""Contrast limits from a small sample of the coarsest level, never from level 0 of a pyramid."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

BUDGET_BYTES = 8 * 2**20
_LOW, _HIGH = 0.5, 99.8  # percentiles


def estimate(level: Any) -> tuple[float, float] | None:
    """Estimate limits from blocks spread over a level; None if it shows nothing to go by.

    Reads about `BUDGET_BYTES` in chunks, but at least one chunk.

    Raises
    ------
    OSError
        If the level cannot be read.
    """
    values = [np.asarray(level[block]).ravel() for block in _blocks(level)]
    sample = np.concatenate(values) if values else np.empty(0)
    if sample.dtype.kind == "f":
        sample = sample[np.isfinite(sample)]
    if sample.size == 0:
        return None
    low, high = np.percentile(sample, (_LOW, _HIGH))
    if low == high:
        low, high = sample.min(), sample.max()
    if low == high:
        low, high = (low, low + 1) if low >= 0 else (low, 0)
    return float(low), float(high)


def _chunk(chunk: int | tuple[int, ...], size: int) -> int:
    """Take one size for chunks that may differ along an axis."""
    return min(chunk if isinstance(chunk, int) else max(chunk), size)


def _blocks(level: Any) -> Iterator[tuple[slice, ...]]:
    """Choose chunks spread evenly over the level, up to the budget, the middle one first."""
    chunks = [_chunk(c, s) for c, s in zip(level.chunks, level.shape, strict=True)]
    grid = [math.ceil(s / c) for s, c in zip(level.shape, chunks, strict=True)]
    size = math.prod(chunks) * level.dtype.itemsize
    count = max(1, BUDGET_BYTES // max(size, 1))
    if math.prod(grid) <= count:
        yield tuple(slice(0, s) for s in level.shape)
        return
    picks = [_spread(n) for n in grid]
    for index, position in enumerate(product(*picks)):
        if index >= count:
            return
        yield tuple(
            slice(p * c, min((p + 1) * c, s))
            for p, c, s in zip(position, chunks, level.shape, strict=True)
        )


def _spread(count: int) -> list[int]:
    """Pick the middle of ``count`` places and the quarters beside it, each once."""
    return list(dict.fromkeys((count // 2, count // 4, (3 * count) // 4)))
