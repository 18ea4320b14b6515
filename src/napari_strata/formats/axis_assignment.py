"""Which axis of an image lies along which axis of the coordinate system it is shown in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from napari_strata import affine, units
from napari_strata.formats.level_axes import rearranged
from napari_strata.model import Axis, Contribution, Image, Level, StackLocation

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
    cost = (1.0 - share + _TIE * distance / max(rows, 1)).T
    from scipy.optimize import linear_sum_assignment

    return [int(axis) for axis in linear_sum_assignment(cost)[1]]


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


def arranged(image: Image) -> Image:
    """Reorder the voxels' axes so that each lies, as nearly as can be, along the axis of its name.

    A viewer slices a layer along its own axes; without this a plane of an image whose transform
    exchanges axes would be cut the wrong way. A stack of arrays is left as it is.
    """
    filled = assign(image.levels[0].affine[:-1, :-1], image.axes)
    if filled == sorted(filled) or any(
        isinstance(level.location, StackLocation) for level in image.levels
    ):
        return image
    source = [filled.index(axis) for axis in range(len(filled))]
    exchange = np.eye(len(source) + 1)[:, [*source, len(source)]]
    return replace(image, levels=tuple(_reordered(v, source, exchange) for v in image.levels))


def _reordered(level: Level, source: list[int], exchange: affine.Matrix) -> Level:
    order = Contribution("order of axes", level.origin[-1].where, affine.frozen(exchange))
    return replace(
        level,
        shape=tuple(level.shape[a] for a in source),
        chunks=tuple(level.chunks[a] for a in source),
        affine=affine.compose(level.affine, exchange),
        location=rearranged(level.location, source),
        origin=(*level.origin, order),
    )
