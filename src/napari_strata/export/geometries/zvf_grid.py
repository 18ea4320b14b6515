"""How a ZVF store is cut into chunks and bins, and how many coarser levels it gets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

VERTICES_A_CHUNK = 32_768
COARSEN_ABOVE = 50_000
"""A level of more vertices gets a coarser one."""

_MOST_LEVELS = 6
_FINEST_INDEX = 2.0**-40  # of the largest coordinate: indices of bins stay far below 2**53
_COARSE_STEP = 2.0**-24  # coarser levels are float32, whatever level 0 is
_COARSE_SHARE = 0.01  # of the spacing, that vertices may be off by

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Grid:
    """Edges of a chunk and of a bin, per column; a chunk is a whole number of bins.

    ``spacing`` is about how far a vertex is from the next.
    """

    chunk: tuple[float, ...]
    bin: tuple[float, ...]
    spacing: tuple[float, ...]


def choose_grid(vertices: npt.NDArray[np.float64], finer: int = 1) -> Grid:
    """Choose bins that hold about a vertex each, and chunks of about `VERTICES_A_CHUNK`.

    Parameters
    ----------
    vertices : ``(N, n)``, finite.
    finer : how many bins there are to be instead of one, on each axis.
    """
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    extent, reach = high / 2 - low / 2, np.maximum(np.abs(low), np.abs(high))
    extent = extent * 2 if np.all(np.isfinite(extent * 2)) else extent
    spread = max(int(np.count_nonzero(extent)), 1)
    bins = max(round(len(vertices) ** (1 / spread)), 1)
    a_chunk = max(round(min(VERTICES_A_CHUNK, len(vertices)) ** (1 / spread)), 1)
    edge = np.maximum(extent / bins, np.maximum(reach * _FINEST_INDEX, 1e-290))
    edge = np.where(extent == 0, np.maximum(reach, 1.0), edge)
    return Grid(
        tuple((edge * a_chunk).tolist()), tuple((edge / finer).tolist()), tuple(edge.tolist())
    )


def is_coarse_exact(vertices: npt.NDArray[np.float64], grid: Grid) -> bool:
    """Tell whether float32, as coarser levels are, is much finer than the vertices' spacing."""
    reach = np.abs(vertices).max(axis=0)
    most = np.finfo(np.float32).max / 2
    return bool(
        np.all(reach * _COARSE_STEP <= np.array(grid.spacing) * _COARSE_SHARE)
        and np.all(reach < most)
    )


def coarser_levels(count: int, ndim: int) -> int:
    """Tell how many coarser levels there are to be, each of about ``2**ndim`` fewer vertices."""
    levels = 0
    while count > COARSEN_ABOVE and levels < _MOST_LEVELS:
        count, levels = max(count >> ndim, 1), levels + 1
    return levels
