"""Which levels an export has: their shapes, chunks and places, decided before a byte is read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata import affine
from napari_strata.affine import Matrix
from napari_strata.export.errors import ExportError
from napari_strata.export.pixels.chunking import default_chunks, default_shards
from napari_strata.export.pixels.reduce import CENTRED, METHODS, Method
from napari_strata.export.pixels.windows import reduced_shape
from napari_strata.model import AxisType

_MOST_LEVELS = 32

Factors = tuple[int, ...]


@dataclass(frozen=True)
class LevelPlan:
    """One level that is to be written; array order.

    Attributes
    ----------
    factors : window size against the level above, all 1 for level 0.
    chunks : what is compressed as one.
    shards : what is one file, whole chunks; None if that is a chunk.
    affine : ``(n + 1, n + 1)``, voxel centre → world.
    """

    shape: tuple[int, ...]
    factors: Factors
    chunks: tuple[int, ...]
    shards: tuple[int, ...] | None
    dtype: np.dtype[Any]
    affine: Matrix = field(compare=False)

    @property
    def nbytes(self) -> int:
        """Size of its voxels, uncompressed."""
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def unit(self) -> tuple[int, ...]:
        """What only one may write: a shard, or a chunk where there are none."""
        return self.chunks if self.shards is None else self.shards


@dataclass(frozen=True)
class Pyramid:
    """All levels, finest first, and how each is made of the one above."""

    levels: tuple[LevelPlan, ...]
    method: Method

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of all levels."""
        return self.levels[0].dtype

    @property
    def nbytes(self) -> int:
        """Size of all voxels, uncompressed."""
        return sum(level.nbytes for level in self.levels)


def plan_pyramid(
    shape: Sequence[int],
    matrix: Matrix,
    axis_types: Sequence[AxisType],
    dtype: np.dtype[Any],
    method: Method,
    *,
    factors: Sequence[int] | Sequence[Sequence[int]] | None = None,
    levels: int | None = None,
    chunks: Sequence[int] | None = None,
    shards: Sequence[int] | bool = False,
    unit_sizes: Sequence[float] | None = None,
) -> Pyramid:
    """Plan the levels of an image.

    Parameters
    ----------
    shape, axis_types : of level 0, array order.
    matrix : ``(n + 1, n + 1)``, centre of a voxel of level 0 → world.
    dtype : booleans are written as ``uint8``.
    factors : window sizes, once for all levels or one list a level (as many as there are levels
        below level 0). By default those spatial axes are halved whose spacing is less than
        twice the smallest, so that voxels become as long as wide; never time or channels.
    levels : how many, with level 0. By default as many as it takes until the longest spatial
        axis fits into one chunk.
    chunks : default about 128³ voxels, flat images up to 1024², 1 along time and channels.
    shards : whole chunks; True for as many as make up to 32 MB.
    unit_sizes : how long the unit of each axis of the world is, where they differ.

    Returns
    -------
    The levels. Each has ``ceil(n / f)`` voxels along an axis; its affine is that of the level
    above after a scale of f and a translation of (f − 1)/2 voxels, the centre of a full window,
    or of 0 for ``nearest``, the centre of its first voxel.

    Raises
    ------
    ExportError : the wishes do not fit the image or each other.
    """
    shape = tuple(int(n) for n in shape)
    written = _check_image(shape, matrix, axis_types, dtype, method)
    to_length = np.ones(len(shape)) if unit_sizes is None else np.array(unit_sizes, float)
    wanted = _check_factors(factors, levels, len(shape))
    steps = _Steps(wanted, levels, _spatial(axis_types), to_length)
    if chunks is None:
        base = default_chunks(shape, steps.spatial, steps.grain(len(shape)))
    else:
        base = _sizes("chunks", chunks, len(shape))
    given = None if isinstance(shards, bool) else _sizes("shards", shards, len(shape))

    def level(shape: tuple[int, ...], step: Factors, matrix: Matrix) -> LevelPlan:
        fitting = tuple(min(c, n) for c, n in zip(base, shape, strict=True))
        files = given
        if shards is True:
            files = default_shards(shape, fitting, steps.spatial, written.itemsize)
        if files is not None:
            files = _fitting_shards(files, fitting, shape, base)
        return LevelPlan(shape, step, fitting, files, written, matrix)

    result = [level(shape, (1,) * len(shape), affine.frozen(matrix))]
    while (step := steps.after(result, base)) is not None:
        above = result[-1]
        place = affine.compose(above.affine, window_affine(step, method))
        result.append(level(reduced_shape(above.shape, step), step, place))
    return Pyramid(tuple(result), method)


def window_affine(factors: Factors, method: Method) -> Matrix:
    """Return the map from voxels of a level to voxels of the level above it.

    The centre of a window of f voxels is (f − 1)/2 voxels behind the centre of its first one.
    """
    shift = [(f - 1) / 2 if method in CENTRED else 0.0 for f in factors]
    return affine.from_scale_translate([float(f) for f in factors], shift)


def isotropic_factors(
    shape: tuple[int, ...], linear: npt.NDArray[np.float64], spatial: tuple[int, ...]
) -> Factors:
    """Halve the spatial axes whose voxels are less than twice as long as the shortest side.

    Axes of one voxel stay as they are. ``linear``, ``(n, n)``, leads from voxels to lengths.
    """
    lengths = np.linalg.norm(linear, axis=0)
    long = [axis for axis in spatial if shape[axis] > 1]
    shortest = min((lengths[axis] for axis in long), default=0.0)
    halved = [axis for axis in long if lengths[axis] < 2 * shortest * (1 - 1e-6)]
    return tuple(2 if axis in halved else 1 for axis in range(len(shape)))


@dataclass(frozen=True)
class _Steps:
    """Window sizes from level to level, and when there are enough of them."""

    wanted: tuple[Factors, ...]
    levels: int | None
    spatial: tuple[int, ...]
    to_length: npt.NDArray[np.float64]

    def grain(self, rank: int) -> tuple[int, ...]:
        """Return a multiple of each axis's window sizes."""
        return tuple(math.lcm(*(f[axis] for f in self.wanted)) for axis in range(rank))

    def after(self, plans: Sequence[LevelPlan], chunks: tuple[int, ...]) -> Factors | None:
        """Return the next window size; None if the last level is the coarsest."""
        above, done = plans[-1], len(plans) - 1
        if self.levels is not None or len(self.wanted) > 1:
            if done + 1 >= (self.levels or len(self.wanted) + 1):
                return None
        elif all(above.shape[axis] <= chunks[axis] for axis in self.spatial):
            return None
        if not self.wanted:
            linear = self.to_length[:, np.newaxis] * above.affine[:-1, :-1]
            step = isotropic_factors(above.shape, linear, self.spatial)
        else:
            one = self.wanted[min(done, len(self.wanted) - 1)]
            # A window is no longer than its axis: its centre is where the voxel is.
            step = tuple(min(f, n) for f, n in zip(one, above.shape, strict=True))
        return step if max(step, default=1) > 1 else None


def _spatial(types: Sequence[AxisType]) -> tuple[int, ...]:
    """Return the axes that are resolved coarser; those of no known type if none is spatial."""
    space = tuple(axis for axis, kind in enumerate(types) if kind == "space")
    return space or tuple(axis for axis, kind in enumerate(types) if kind == "other")


def _fitting_shards(
    shards: tuple[int, ...], chunks: tuple[int, ...], shape: tuple[int, ...], base: tuple[int, ...]
) -> tuple[int, ...]:
    """Return shards of whole chunks that are not larger than a level needs."""
    for axis, (s, c) in enumerate(zip(shards, base, strict=True)):
        if s % c and s % chunks[axis]:
            raise ExportError(f"shards: found {s} along axis {axis}, expected a multiple of {c}")
    return tuple(
        min(max(1, s // c), -(-n // c)) * c for s, c, n in zip(shards, chunks, shape, strict=True)
    )


def _check_image(
    shape: tuple[int, ...],
    matrix: Matrix,
    types: Sequence[AxisType],
    dtype: np.dtype[Any],
    method: Method,
) -> np.dtype[Any]:
    """Return the dtype that is written."""
    rank = len(shape)
    if rank == 0 or min(shape) < 1:
        raise ExportError(f"an image of shape {shape} has no voxels to write")
    if len(types) != rank or matrix.shape != (rank + 1, rank + 1):
        raise ExportError(
            f"an image of {rank} axes has {len(types)} axis types and a transform of "
            f"{'×'.join(map(str, matrix.shape))}"
        )
    if not np.isfinite(matrix).all():
        raise ExportError("the transform has numbers that are not finite")
    if method not in METHODS:
        raise ExportError(f"method: found {method!r}, expected one of {', '.join(METHODS)}")
    dtype = np.dtype(dtype).newbyteorder("=")
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise ExportError(f"voxels of type {dtype} cannot be written, only whole or real numbers")
    return dtype


def _check_factors(
    factors: Sequence[int] | Sequence[Sequence[int]] | None, levels: int | None, rank: int
) -> tuple[Factors, ...]:
    """Return one tuple for all levels, one a level, or none at all."""
    if levels is not None and not 1 <= levels <= _MOST_LEVELS:
        raise ExportError(f"levels: found {levels}, expected 1 to {_MOST_LEVELS}")
    if factors is None:
        return ()
    once = all(isinstance(f, int | np.integer) for f in factors)
    rows: Sequence[Any] = [factors] if once else factors
    result = tuple(_sizes("factors", row, rank) for row in rows)
    if not result or any(max(row) == 1 for row in result):
        raise ExportError("factors: found only 1, expected a number above 1 for every level")
    if not once and levels not in (None, len(result) + 1):
        raise ExportError(f"factors: found {len(result)} lists, expected one a level below level 0")
    return result


def _sizes(name: str, sizes: Sequence[int], rank: int) -> tuple[int, ...]:
    result = tuple(int(n) for n in sizes)
    if len(result) != rank or min(result, default=0) < 1:
        raise ExportError(f"{name}: found {list(sizes)}, expected {rank} numbers from 1 up")
    return result
