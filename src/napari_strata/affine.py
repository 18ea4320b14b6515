"""Affine transforms as square float64 matrices in array (C, numpy) axis order.

A matrix of shape ``(n + 1, n + 1)`` maps the homogeneous index of a voxel's CENTRE,
``(i_0, …, i_{n-1}, 1)``, to world. Nothing here knows of files or viewers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
Vector = npt.NDArray[np.float64]


def frozen(matrix: npt.ArrayLike) -> Matrix:
    """Return a read-only float64 copy."""
    result = np.array(matrix, dtype=np.float64)
    result.flags.writeable = False
    return result


def from_scale_translate(
    scale: Sequence[float] | Vector, translate: Sequence[float] | Vector | None = None
) -> Matrix:
    """Build ``world = scale * i + translate``; both of length n, array order.

    Raises
    ------
    ValueError
        If the two lengths differ.
    """
    n = len(scale)
    if translate is not None and len(translate) != n:
        raise ValueError(f"scale has {n} values, translate {len(translate)}")
    matrix = np.eye(n + 1)
    matrix[range(n), range(n)] = scale
    if translate is not None:
        matrix[:n, n] = translate
    return frozen(matrix)


def compose(outer: Matrix, *inner: Matrix) -> Matrix:
    """Apply the last argument first: ``compose(a, b)`` maps x to a(b(x))."""
    result: Matrix = outer
    for matrix in inner:
        result = result @ matrix
    return frozen(result)


def log_volume(matrix: Matrix) -> float:
    """Return the logarithm of a voxel's volume, which the volume itself may overflow.

    Minus infinity if the matrix cannot be inverted.
    """
    return float(np.linalg.slogdet(matrix[:-1, :-1])[1])


def invert(matrix: Matrix) -> Matrix:
    """Return the inverse map; raises ``numpy.linalg.LinAlgError`` where there is none."""
    n = matrix.shape[0] - 1
    linear = np.linalg.inv(matrix[:n, :n])
    result = np.eye(n + 1)
    result[:n, :n] = linear
    result[:n, n] = -linear @ matrix[:n, n]
    return frozen(result)


def mapped_box(matrix: Matrix, box: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the box around a box that is mapped, ``(2, n)``, lowest and highest corner.

    Ends may be infinite: an axis without limit leaves those without that depend on it, no other.
    """
    linear, offset = matrix[:-1, :-1], matrix[:-1, -1]
    with np.errstate(over="ignore", invalid="ignore"):
        ends = linear[:, None, :] * box[None]  # output axis, end, input axis
        # no limit times 0 is none of it
        ends[np.broadcast_to((linear == 0)[:, None], ends.shape)] = 0.0
        low, high = ends.min(axis=1).sum(axis=1), ends.max(axis=1).sum(axis=1)
        return np.array([low + offset, high + offset])


def relative(level: Matrix, base: Matrix) -> Matrix:
    """Map voxel centres of ``level`` to voxel coordinates of ``base`` (both voxel → world)."""
    return compose(invert(base), level)


def reversed_axes(matrix: Matrix) -> Matrix:
    """Turn an x-first matrix into array order, or back: both rows and columns are reversed."""
    n = matrix.shape[0] - 1
    order = [*range(n - 1, -1, -1), n]
    return frozen(matrix[np.ix_(order, order)])


def take_axes(matrix: Matrix, axes: Sequence[int]) -> Matrix:
    """Keep (and reorder to) ``axes``, the same ones for voxels and world.

    Raises
    ------
    ValueError
        If a kept axis depends on a dropped one or the other way round: dropping it would
        move the picture.
    """
    n = matrix.shape[0] - 1
    kept = list(axes)
    dropped = [a for a in range(n) if a not in kept]
    if np.any(matrix[np.ix_(kept, dropped)]) or np.any(matrix[np.ix_(dropped, kept)]):
        raise ValueError(f"axes {kept} are not independent of axes {dropped}")
    order = [*kept, n]
    return frozen(matrix[np.ix_(order, order)])


def prepend_axes(matrix: Matrix, count: int) -> Matrix:
    """Add ``count`` leading axes that the transform leaves alone."""
    size = matrix.shape[0] + count
    result = np.eye(size)
    result[count:, count:] = matrix
    return frozen(result)


def insert_axis(matrix: Matrix, index: int, scale: float, translate: float) -> Matrix:
    """Add an axis at ``index``, for voxels and world, that no other axis depends on."""
    n = matrix.shape[0] - 1
    result = np.eye(n + 2)
    kept = [i for i in range(n + 2) if i != index]
    result[np.ix_(kept, kept)] = matrix
    result[index, index] = scale
    result[index, n + 1] = translate
    return frozen(result)


def scale_translate(matrix: Matrix) -> tuple[Vector, Vector] | None:
    """Split into per-axis scale and translation, each of length n, or None if there is more."""
    n = matrix.shape[0] - 1
    linear = matrix[:n, :n]
    diagonal = np.diagonal(linear)
    if np.any(linear - np.diag(diagonal)):
        return None
    return diagonal.copy(), matrix[:n, n].copy()
