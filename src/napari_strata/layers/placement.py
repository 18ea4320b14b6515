"""Where the voxels of every level are, in voxels of level 0; numpy alone.

The rule for one axis of level k: the centre of voxel i is at ``scale * i + translate``, where the
centre of level 0's first voxel is 0. All vectors are in array order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata import affine as _affine

Rows = tuple[tuple[float, ...], ...]

#: Two positions closer than this, in voxels, are the same one: transforms come with rounding.
TOLERANCE = 1e-6
_DECIMALS = 6


class PlacementError(ValueError):
    """A level cannot be placed along the axes of level 0."""


def _rows(values: npt.ArrayLike) -> Rows:
    return tuple(tuple(float(v) for v in row) for row in np.asarray(values, dtype=np.float64))


@dataclass(frozen=True)
class Placement:
    """Scale and translation of every level relative to level 0, in level-0 voxels.

    Attributes
    ----------
    scale, translate : one row a level, one number an axis (array order). Row 0 is 1 and 0.

    Raises
    ------
    PlacementError
        If the two differ in shape, are empty, not finite, or a scale is not positive.
    """

    scale: Rows
    translate: Rows

    def __post_init__(self) -> None:
        shapes = [[len(row) for row in rows] for rows in (self.scale, self.translate)]
        if not shapes[0] or shapes[0] != shapes[1] or len(set(shapes[0])) != 1:
            raise PlacementError(
                f"scale and translate must have one number per axis for the same levels, "
                f"found rows of length {shapes[0]} and {shapes[1]}"
            )
        for level, (scale, translate) in enumerate(zip(self.scale, self.translate, strict=True)):
            if not np.all(np.isfinite([*scale, *translate])):
                raise PlacementError(f"level {level} has a scale or translation that is not finite")
            if min(scale) <= 0:
                raise PlacementError(
                    f"level {level} has the scale {list(scale)} relative to level 0, "
                    "expected positive numbers"
                )

    @classmethod
    def from_affines(cls, level_affines: Sequence[_affine.Matrix]) -> Placement:
        """Compare every level with the first.

        Parameters
        ----------
        level_affines : one ``(n + 1, n + 1)`` matrix a level, voxel centre → world.

        Raises
        ------
        PlacementError
            If a level is rotated or sheared against level 0 (beyond a relative 1e-9 of
            rounding), or mirrored, or level 0 cannot be inverted; the message names the level.
        """
        scale, translate = [], []
        for level, matrix in enumerate(level_affines):
            try:
                between = _affine.relative(matrix, level_affines[0])
            except np.linalg.LinAlgError as error:
                raise PlacementError(f"the transform of level 0 has no inverse: {error}") from error
            n = between.shape[0] - 1
            linear = between[:n, :n]
            diagonal = np.diagonal(linear)
            if np.any(np.abs(linear - np.diag(diagonal)) > 1e-9 * np.abs(diagonal).max()):
                raise PlacementError(
                    f"level {level} is rotated or sheared against level 0: expected the same axes, "
                    f"found the relative matrix {linear.tolist()}"
                )
            scale.append(diagonal)
            translate.append(between[:n, n])
        return cls(_rows(scale), _rows(translate))

    @classmethod
    def implied_by_napari(cls, shapes: Sequence[Sequence[int]]) -> Placement:
        """Return where napari draws the displayed axes of levels with these ``shapes``.

        (On sliced axes it takes the same scale without the translation.)
        """
        sizes = np.asarray(shapes, dtype=np.float64)
        scale = sizes[0] / sizes
        return cls(_rows(scale), _rows((scale - 1) / 2))

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Placement:
        """Read what `to_json` wrote.

        Raises
        ------
        PlacementError
            If it is not that.
        """
        try:
            return cls(_rows(value["scale"]), _rows(value["translate"]))
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, PlacementError):
                raise
            raise PlacementError(
                f"a placement needs rows of numbers under 'scale' and 'translate', found {value!r}"
            ) from error

    def to_json(self) -> dict[str, list[list[float]]]:
        """Return plain lists, for ``layer.metadata``."""
        return {
            "scale": [list(row) for row in self.scale],
            "translate": [list(row) for row in self.translate],
        }

    def __len__(self) -> int:
        """Number of levels."""
        return len(self.scale)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.scale[0])

    def without_axis(self, axis: int) -> Placement:
        """Drop one axis (0-based, array order)."""
        return Placement(
            _rows(np.delete(self.scale, axis, axis=1)),
            _rows(np.delete(self.translate, axis, axis=1)),
        )

    def with_leading_axis(self) -> Placement:
        """Put an axis in front that is the same at every level."""
        return Placement(
            _rows(np.insert(self.scale, 0, 1.0, axis=1)),
            _rows(np.insert(self.translate, 0, 0.0, axis=1)),
        )

    def plane(self, level: int, axis: int, position: float, size: int) -> int | None:
        """Return the plane of a level that lies at a level-0 ``position``.

        ``size`` is the number of planes. The nearest one is taken; None is a position more than
        half a voxel of this level outside it.
        """
        planes = self.planes(level, axis, position, position, size)
        return None if planes is None else planes.start

    def planes(self, level: int, axis: int, low: float, high: float, size: int) -> slice | None:
        """Return the planes whose centres lie within level-0 positions ``low`` to ``high``.

        Where there is none, the one nearest to the middle; None where the range ends more than
        half a voxel of this level outside it.
        """
        scale, translate = self.scale[level][axis], self.translate[level][axis]
        # Rounding first makes a position half-way between two planes go the same way each time.
        first = round((low - translate) / scale, _DECIMALS)
        last = round((high - translate) / scale, _DECIMALS)
        if last < -0.5 or first > size - 0.5:
            return None
        start, stop = max(int(np.ceil(first)), 0), min(int(np.floor(last)), size - 1) + 1
        if start >= stop:
            start = int(np.clip(np.round((first + last) / 2), 0, size - 1))
            stop = start + 1
        return slice(start, stop)


def _misplacement(declared: Placement, shapes: Sequence[Sequence[int]], margin: float) -> float:
    """Compare with napari from ``margin`` voxels before the first voxel to as many after the last.

    The largest distance along one axis, in level-0 voxels.
    """
    implied = Placement.implied_by_napari(shapes)
    ratio = np.asarray(declared.scale) - np.asarray(implied.scale)
    sizes = np.asarray(shapes, dtype=np.float64)
    ends = [np.full_like(sizes, -margin), sizes - 1 + margin]
    shift = np.asarray(declared.translate) - np.asarray(implied.translate)
    distances = [np.abs(ratio * end + shift) for end in ends]
    if declared.ndim > 2:
        # A sliced axis lacks napari's half voxel; a single plane is shown wherever it is.
        several = sizes > 1
        shift = np.asarray(declared.translate)
        distances += [np.abs(ratio * end + shift) * several for end in ends]
    return float(max(d.max() for d in distances))


def misplacement(declared: Placement, shapes: Sequence[Sequence[int]]) -> float:
    """Return how far napari puts a voxel centre from where it is declared, at most.

    The distance is along one axis, in level-0 voxels, over all levels, the first and last voxels,
    displayed and sliced axes. ``shapes`` are the levels' shapes (without a colour axis).
    """
    return _misplacement(declared, shapes, margin=0.0)


def differs(
    declared: Placement, shapes: Sequence[Sequence[int]], tolerance: float = TOLERANCE
) -> bool:
    """Tell whether napari by itself would draw any voxel elsewhere than declared.

    Edges of voxels count too, so a wrong voxel size is noticed on an axis of one voxel.
    ``tolerance`` is in level-0 voxels.
    """
    return _misplacement(declared, shapes, margin=0.5) > tolerance
