"""Which axis of an image becomes which axis of a coordinate system it is shown in; numpy alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_strata import affine, units
from napari_strata.model import Axis

_FLAT = 1e-12  # what rounding leaves of a number that is zero, as a share of its terms
_TIE = 1e-6


def unit_factors(axes: Sequence[Axis]) -> affine.Vector:
    """Return what turns each axis' unit into micrometres or seconds; 1 without a unit."""
    parsed = [None if a.unit is None else units.parse(a.unit) for a in axes]
    return np.array([1.0 if unit is None else unit.factor for unit in parsed])


def is_flat(values: affine.Matrix, terms: affine.Matrix) -> bool:
    """Tell whether numbers are zero but for rounding; ``terms`` is the size of what was added."""
    return bool(np.all(np.abs(values) <= _FLAT * terms.max(initial=0.0)))


def assign(linear: affine.Matrix, axes: Sequence[Axis]) -> list[int]:
    """Choose a system's axis for every image axis so that the matrix is nearest to diagonal.

    Parameters
    ----------
    linear : ``(m, n)`` with n ≤ m, from voxels along the image's axes to the system's ``axes``.

    Returns
    -------
    list of int
        For each of the n image axes the index of its axis in the system; all different.
    """
    rows, columns = linear.shape
    scaled = linear * unit_factors(axes)[:, None]
    share = np.nan_to_num((scaled / np.abs(scaled).max(axis=0, initial=0.0)) ** 2)
    share = np.nan_to_num(share / share.sum(axis=0))
    # Of equally good choices (45°) the one that keeps the order is taken.
    distance = np.abs(
        np.arange(rows)[:, None] - np.linspace(0, rows - 1, max(columns, 1))[:columns]
    )
    return _cheapest((1.0 - share + _TIE * distance / max(rows, 1)).T)


def _cheapest(cost: affine.Matrix) -> list[int]:
    """Assign every row its own column at the least total cost (Hungarian method)."""
    count, wide = cost.shape
    row_price, column_price = np.zeros(count + 1), np.zeros(wide + 1)
    owner = np.zeros(wide + 1, dtype=int)  # 1-based row that has the column; 0 is nobody
    for row in range(1, count + 1):
        owner[0] = row
        best = np.full(wide + 1, np.inf)
        came_from = np.zeros(wide + 1, dtype=int)
        done = np.zeros(wide + 1, dtype=bool)
        column = 0
        while owner[column] != 0:
            done[column] = True
            current = owner[column]
            reduced = cost[current - 1] - row_price[current] - column_price[1:]
            better = ~done[1:] & (reduced < best[1:])
            best[1:][better] = reduced[better]
            came_from[1:][better] = column
            nearest = int(np.argmin(np.where(done, np.inf, best)))
            step = best[nearest]
            row_price[owner[done]] += step
            column_price[done] -= step
            best[~done] -= step
            column = nearest
        while column:
            owner[column] = owner[came_from[column]]
            column = came_from[column]
    result = [0] * count
    for column in range(1, wide + 1):
        if owner[column]:
            result[owner[column] - 1] = column - 1
    return result


def across(
    linear: affine.Matrix, axes: Sequence[Axis], filled: Sequence[int], missing: Sequence[int]
) -> affine.Matrix:
    """Return directions for the axes of a system that the image does not fill.

    Parameters
    ----------
    linear : ``(m, n)``, the directions that the image's axes have in the system.
    filled : for each of the n, the axis of the system it was assigned to.
    missing : the system's axes that got none.

    Returns
    -------
    numpy.ndarray
        ``(m, len(missing))``: of length 1 in µm; in space at right angles to the image and to
        each other, otherwise along the system's own axis.
    """
    factors = unit_factors(axes)
    result = np.zeros((len(axes), len(missing)))
    result[missing, range(len(missing))] = 1.0 / factors[list(missing)]
    space = [i for i, a in enumerate(axes) if a.type == "space"]
    added = [k for k, i in enumerate(missing) if i in space]
    plane = linear[:, [j for j, i in enumerate(filled) if i in space]]
    if not np.any(plane[[missing[k] for k in added]]):
        return result  # the image lies along the system's axes
    columns = plane[space] * factors[space, None]
    columns = np.nan_to_num(columns / np.abs(columns).max(axis=0))  # one may lead out of space
    columns = np.nan_to_num(columns / np.linalg.norm(columns, axis=0))
    normal = np.linalg.svd(columns, full_matrices=True)[0][:, columns.shape[1] :]
    # The orthonormal basis of the remaining directions that is nearest to the axes themselves.
    wanted = np.equal.outer(space, [missing[k] for k in added]).astype(np.float64)
    left, _, right = np.linalg.svd(normal.T @ wanted)
    result[:, added] = 0.0
    result[np.ix_(space, added)] = normal @ (left @ right) / factors[space, None]
    return result
