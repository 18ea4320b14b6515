"""Which fields of view can stand in one grid: those that are alike in all but their size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_strata.model import Image, Level, Problem


@dataclass(frozen=True)
class Cell:
    """An image and where it stands: the well's row and column, and those inside the well.

    ``levels`` are those of the image, by the number of the grid's level.
    """

    image: Image
    well: tuple[int, int]
    field: tuple[int, int]
    levels: Mapping[int, Level]


@dataclass(frozen=True)
class _Fit:
    """What fields must have in common to stand in one grid."""

    axes: tuple[tuple[str, str, str | None], ...]
    dtype: str
    steps: tuple[tuple[float, ...], ...]  # scale and relative translation, level by level

    def is_part_of(self, other: _Fit) -> bool:
        """Tell whether the levels are some of the other's, the finest among them."""
        same = (self.axes, self.dtype, self.steps[0]) == (other.axes, other.dtype, other.steps[0])
        return same and set(self.steps) <= set(other.steps)


def most_alike(cells: Sequence[Cell], problems: list[Problem]) -> list[Cell]:
    """Keep the fields that have the most frequent axes, dtype and levels, or some of these.

    The first one that is returned has all levels.
    """
    fits = [_fit(cell.image) for cell in cells]
    (usual, _), *_ = Counter(fits).most_common(1)
    whole, partial = [], []
    for cell, fit in zip(cells, fits, strict=True):
        if fit == usual:
            whole.append(cell)
        elif fit.is_part_of(usual):
            numbers = [usual.steps.index(step) for step in fit.steps]
            levels = dict(zip(numbers, cell.image.levels, strict=True))
            partial.append(replace(cell, levels=levels))
            missing = len(usual.steps) - len(numbers)
            message = (
                f"lacks {missing} of the levels that most fields have; blank in the grid there"
            )
            problems.append(Problem("field-lacks-level", "warning", cell.image.path, message))
        else:
            message = f"has {_difference(fit, usual)} than most fields; left out of the grid"
            problems.append(Problem("field-differs", "error", cell.image.path, message))
    return [*whole, *partial]


def _fit(image: Image) -> _Fit:
    steps = []
    first = image.levels[0]
    for level in image.levels:
        if level.scale is None or level.translate is None or first.translate is None:
            steps.append(tuple(np.round(level.affine, 9).ravel().tolist()))
            continue
        shift = (level.translate - first.translate) / level.scale
        steps.append((*(float(f"{s:.9g}") for s in level.scale), *np.round(shift, 6).tolist()))
    axes = tuple((a.name, a.type, a.unit) for a in image.axes)
    return _Fit(axes, str(first.dtype), tuple(steps))


def _difference(found: _Fit, usual: _Fit) -> str:
    if found.axes != usual.axes:
        return "other axes or units"
    if found.dtype != usual.dtype:
        return f"another data type ({found.dtype})"
    return "other voxel sizes"
