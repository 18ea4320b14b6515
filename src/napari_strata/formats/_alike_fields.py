"""Which fields of view can stand in one grid: those that are alike in all but their size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_strata.model import Image, Level, Problem

Levels = dict[int, Level]
"""Levels of a field, by the number of the grid's level."""


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


def alike(images: Sequence[Image], problems: list[Problem]) -> list[tuple[int, Levels]]:
    """Choose the images with the most frequent axes, dtype and levels, or some of these.

    Returns
    -------
    list
        Index among ``images``, and the levels; the first has all levels.
    """
    fits = [_fit(image) for image in images]
    (usual, _), *_ = Counter(fits).most_common(1)
    whole, partial = [], []
    fitting = [i for i, f in zip(images, fits, strict=True) if f == usual or f.is_part_of(usual)]
    channels = Counter(names for image in fitting if (names := _channels(image))).most_common(1)
    for index, (image, fit) in enumerate(zip(images, fits, strict=True)):
        other = channels and _channels(image) not in ((), channels[0][0])
        if other and (fit == usual or fit.is_part_of(usual)):
            message = "has other channels than most fields; left out of the grid"
            problems.append(Problem("field-differs", "error", image.path, message))
        elif fit == usual:
            whole.append((index, dict(enumerate(image.levels))))
        elif fit.is_part_of(usual):
            numbers = [usual.steps.index(step) for step in fit.steps]
            partial.append((index, dict(zip(numbers, image.levels, strict=True))))
            missing = len(usual.steps) - len(numbers)
            message = (
                f"lacks {missing} of the levels that most fields have; blank in the grid there"
            )
            problems.append(Problem("field-lacks-level", "warning", image.path, message))
        else:
            message = f"has {_difference(fit, usual)} than most fields; left out of the grid"
            problems.append(Problem("field-differs", "error", image.path, message))
    return [*whole, *partial]


def _channels(image: Image) -> tuple[str | None, ...]:
    """Name an image's channels; empty where it names none."""
    names = tuple(channel.label for channel in image.display.channels)
    return names if any(names) else ()


def _fit(image: Image) -> _Fit:
    steps = []
    first = image.levels[0]
    for level in image.levels:
        if level.scale is None or level.translate is None or first.translate is None:
            steps.append(tuple(np.round(level.affine, 9).ravel().tolist()))
            continue
        with np.errstate(all="ignore"):  # what overflows is refused where it is laid out
            shift = np.round((level.translate - first.translate) / level.scale, 6)
        steps.append((*(float(f"{s:.9g}") for s in level.scale), *shift.tolist()))
    axes = tuple((a.name, a.type, a.unit) for a in image.axes)
    return _Fit(axes, str(first.dtype), tuple(steps))


def _difference(found: _Fit, usual: _Fit) -> str:
    if found.axes != usual.axes:
        return "other axes or units"
    if found.dtype != usual.dtype:
        return f"another data type ({found.dtype})"
    return "other voxel sizes"
