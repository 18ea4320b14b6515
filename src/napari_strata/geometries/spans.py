"""Rows of many runs at once, without a loop over the runs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


def rows_of(starts: Indices, counts: Indices) -> Indices:
    """List the rows of runs, one run after the other: ``starts[i] … starts[i] + counts[i] - 1``."""
    total = int(counts.sum())
    first = np.cumsum(counts) - counts
    return np.repeat(starts - first, counts) + np.arange(total, dtype=np.int64)


def offsets_of(counts: Indices) -> Indices:
    """Give where each run starts when they lie one after the other, and where the last ends."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])
