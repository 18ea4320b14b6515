"""A part of a layer: from a box in the world or a range of voxels to slices of every level."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from napari_strata import affine
from napari_strata.affine import Matrix
from napari_strata.export.errors import ExportError
from napari_strata.export.planning.layer_image import LayerImage, LayerLevel
from napari_strata.export.planning.options import Options
from napari_strata.model import Display, Problem

_ROUNDING = 1e-6  # of a voxel

Range = tuple[int, int]


@dataclass(frozen=True)
class Cropped:
    """The part of a layer that is written; None where the layer has no voxel in it."""

    image: LayerImage | None
    problems: tuple[Problem, ...] = ()


def cropped(image: LayerImage, options: Options) -> Cropped:
    """Take the part of a layer that is asked for, on all of its levels; reads nothing.

    Level 0 becomes the level that is to be the first. A coarser level is kept while the part
    begins and ends between voxels of it; the others are left to be computed.

    Raises
    ------
    ExportError : a range is none.
    """
    first = min(options.first_level, len(image.levels) - 1)
    problems: list[Problem] = []
    if first < options.first_level:
        message = f"it has {len(image.levels)} levels, level {first} is written as the first"
        problems.append(Problem("fewer-levels", "warning", image.name, message))
    base = image.levels[first]
    ranges = _ranges(image, base, options)
    if ranges is None:
        message = "has no voxel in the part that is written; left out"
        problems.append(Problem("outside-part", "warning", image.name, message))
        return Cropped(None, tuple(problems))
    levels = [_cut(base, ranges)]
    for level in image.levels[first + 1 :]:
        same = _same_part(level, base, ranges)
        if same is None:
            break
        levels.append(_cut(level, same))
    display = _display(image, base, ranges)
    return Cropped(replace(image, levels=tuple(levels), display=display), tuple(problems))


def _cut(level: LayerLevel, ranges: Sequence[Range]) -> LayerLevel:
    whole = [(0, int(n)) for n in level.pixels.shape]
    if list(ranges) == whole:
        return level
    n = len(ranges)
    matrix = np.array(level.affine)
    shift = level.affine[:n, :n] @ np.array([start for start, _ in ranges], dtype=np.float64)
    matrix[:n, n] += shift
    pixels = level.pixels[tuple(slice(start, stop) for start, stop in ranges)]
    return LayerLevel(pixels, affine.frozen(matrix))


# ------------------------------------------------------------------------- the part of the base


def _ranges(image: LayerImage, base: LayerLevel, options: Options) -> list[Range] | None:
    """Return voxels of the level along each axis; None where there are none."""
    names = [axis.name for axis in image.axes]
    ranges: list[Range] = [(0, int(n)) for n in base.pixels.shape]
    wishes = {name: _checked(name, ends) for name, ends in options.voxels.items()}
    for axis in image.axes:
        if axis.type == "time" and options.times is not None:
            wishes[axis.name] = _checked(axis.name, options.times)
    finest = image.levels[0]
    steps = None if base is finest else affine.relative(base.affine, finest.affine)
    for index, name in enumerate(names):
        if name in wishes:
            n = int(finest.pixels.shape[index])
            start, stop, _ = slice(*wishes[name]).indices(n)
            if steps is not None:
                scale, shift = steps[index, index], steps[index, -1]
                start, stop = _between((start - 0.5 - shift) / scale, (stop - 0.5 - shift) / scale)
            ranges[index] = _overlap(ranges[index], (start, stop))
    inside = _in_box(image, base, options.box)
    ranges = [_overlap(a, b) for a, b in zip(ranges, inside, strict=True)]
    return None if any(stop <= start for start, stop in ranges) else ranges


def _checked(name: str, ends: Any) -> tuple[int | None, int | None]:
    if isinstance(ends, slice):
        if ends.step not in (None, 1):
            raise ExportError(f"voxels along {name}: found a step of {ends.step}, expected 1")
        ends = (ends.start, ends.stop)
    if len(ends) != 2 or not all(n is None or isinstance(n, int | np.integer) for n in ends):
        raise ExportError(f"voxels along {name}: found {ends}, expected (start, stop)")
    return ends[0], ends[1]


def _overlap(one: Range, other: Range) -> Range:
    return max(one[0], other[0]), min(one[1], other[1])


def _between(low: float, high: float) -> Range:
    """Return the voxels whose centres are from ``low`` to below ``high``."""
    return math.ceil(low - _ROUNDING), math.ceil(high - _ROUNDING)


def _in_box(
    image: LayerImage, base: LayerLevel, box: Mapping[str, tuple[float, float]]
) -> list[Range]:
    """Return the voxels whose centres are in a box, at least one along each axis it cuts.

    Of an image that is turned against the box, all that the box needs: its bounding box in voxels.
    """
    shape = [int(n) for n in base.pixels.shape]
    names = [axis.name for axis in image.axes]
    asked = [name for name in box if name in names]
    if not asked:
        return [(0, n) for n in shape]
    n = len(shape)
    low, high = _extent(base.affine, shape)
    factors = image.factors or (1.0,) * n
    for name in asked:
        index = names.index(name)
        low[index], high[index] = (float(end) * factors[index] for end in box[name])
    back = affine.invert(base.affine)
    ends = np.stack([back[:n, :n] * low, back[:n, :n] * high])
    first = ends.min(axis=0).sum(axis=1) + back[:n, n]
    last = ends.max(axis=0).sum(axis=1) + back[:n, n]
    return [_centres(a, b, size) for a, b, size in zip(first, last, shape, strict=True)]


def _extent(matrix: Matrix, shape: Sequence[int]) -> tuple[list[float], list[float]]:
    """Return the outermost places of voxel centres, by axis of the world."""
    n = len(shape)
    ends = np.stack([np.zeros((n, n)), matrix[:n, :n] * (np.array(shape) - 1)])
    low = ends.min(axis=0).sum(axis=1) + matrix[:n, n]
    high = ends.max(axis=0).sum(axis=1) + matrix[:n, n]
    return low.tolist(), high.tolist()


def _centres(first: float, last: float, size: int) -> Range:
    start, stop = math.ceil(first - _ROUNDING), math.floor(last + _ROUNDING) + 1
    if start >= stop:  # thinner than a voxel: the one it lies in
        start = round((first + last) / 2)
        stop = start + 1
    return max(start, 0), min(stop, size)


# --------------------------------------------------------------------------- the coarser levels


def _same_part(level: LayerLevel, base: LayerLevel, ranges: Sequence[Range]) -> list[Range] | None:
    """Return the voxels of a coarser level that make up the same part, if there are such."""
    between = affine.relative(level.affine, base.affine)
    result = []
    for axis, (start, stop) in enumerate(ranges):
        size, coarse = int(base.pixels.shape[axis]), int(level.pixels.shape[axis])
        if (start, stop) == (0, size):
            result.append((0, coarse))
            continue
        found = _windows(between[axis, axis], between[axis, -1], (start, stop), size, coarse)
        if found is None:
            return None
        result.append(found)
    return result


def _windows(scale: float, shift: float, part: Range, size: int, coarse: int) -> Range | None:
    """Return whole windows of ``scale`` voxels, whether all of them count or only the first one.

    A window of which all voxels count must not be cut. One stands for its first voxel if the
    level begins with the finest one's first voxel; else that cannot be told, and it does not.
    """
    start, stop = part
    kinds = [(shift - (scale - 1) / 2, True)]
    if abs(shift) <= _ROUNDING:
        kinds.append((0.0, False))
    for begin, centred in kinds:
        first, last = (start - begin) / scale, (stop - begin) / scale
        if start == 0 and -1 < first <= 0:
            first = 0.0
        if stop == size:
            last = float(coarse)
        elif not centred:
            last = math.ceil(last - _ROUNDING)
        whole = [round(first), round(last)]
        if max(abs(first - whole[0]), abs(last - whole[1])) > _ROUNDING:
            continue
        if 0 <= whole[0] < whole[1] <= coarse:
            return whole[0], whole[1]
    return None


def _display(image: LayerImage, base: LayerLevel, ranges: Sequence[Range]) -> Display:
    """Count the first position from the part's first voxel, and leave out other channels."""
    names = [axis.name for axis in image.axes]
    finest = image.levels[0]
    position = {}
    for name, index in image.display.first_position.items():
        if name not in names:
            continue
        axis = names.index(name)
        if base is not finest:
            step = affine.relative(base.affine, finest.affine)
            index = round((index - step[axis, -1]) / step[axis, axis])
        start, stop = ranges[axis]
        position[name] = min(max(index - start, 0), stop - start - 1)
    channels = image.display.channels
    for one, (start, stop) in zip(image.axes, ranges, strict=True):
        if one.type == "channel":
            channels = channels[start:stop]
    return replace(image.display, first_position=position, channels=channels)
