"""Where each field of view stands in a grid.

A plate declares in which row and column a well is, not where it lies on the stage. Fields stand
in cells of one size. Every cell begins at a whole voxel of every level: the size of a cell is a
multiple of what the levels' scales have in common, so that no level drifts against another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from napari_strata.formats.axis_assignment import unit_factors
from napari_strata.model import Image, Level, Problem
from napari_strata.store.values import JsonPlace

_LARGEST_DENOMINATOR = 1000
_RATIO_TOLERANCE = 1e-7  # over 10⁵ voxels of a plate, a hundredth of a voxel
_GAP = 16  # between wells, one part in so many of a cell

Pair = tuple[int, int]


@dataclass(frozen=True)
class Field:
    """A field of view, and its labels by their path in it.

    ``well`` is the well's row and column; ``number`` counts the fields of an acquisition in it.
    """

    image: Image
    well: Pair
    number: int
    acquisition: int | None = None
    labels: Mapping[str, Image] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """A grid, worked out from the fields' images; labels stand in the same one.

    Attributes
    ----------
    plane : names of the axes of the grid, y and x.
    step : size of a voxel of level 0 along them, in world units.
    pitch, gap : of cells, and between wells, in voxels of level 0.
    rows, columns : cells of a well.
    base : world place of the grid's first voxel, by name of the axis.
    """

    plane: tuple[str, str]
    step: tuple[float, float]
    pitch: Pair
    gap: Pair
    rows: int
    columns: int
    base: Mapping[str, float]

    def corner(self, one: Field) -> Pair:
        """Give the first voxel of a field's cell, in voxels of level 0."""
        row, column = divmod(one.number, self.columns)
        y = one.well[0] * (self.rows * self.pitch[0] + self.gap[0]) + row * self.pitch[0]
        x = one.well[1] * (self.columns * self.pitch[1] + self.gap[1]) + column * self.pitch[1]
        return y, x


def layout_of(
    fields: Sequence[Field], beside: Sequence[Field], place: JsonPlace, problems: list[Problem]
) -> tuple[Layout, list[int]]:
    """Lay out fields that are alike, the first with all levels; also which levels can be shown.

    The grid begins where all fields say they begin, and at 0 on an axis where they differ.
    It has room for the wells of the grids ``beside`` it, so that wells of several acquisitions
    lie over each other.

    Raises
    ------
    OpenError
        If the fields have no two axes of space, or are turned or sheared.
    """
    reference = fields[0].image
    axes = _plane(reference, place)
    levels = _alignable(reference, axes, problems)
    most = max(f.number for f in (*fields, *beside)) + 1
    columns = math.ceil(math.sqrt(most))
    several = len({f.well for f in (*fields, *beside)}) > 1
    pitch, gap = [], []
    for side, axis in enumerate(axes):
        labels = _label_steps(fields, axis)
        common = math.lcm(*(factors[side].numerator for _, factors in levels), *labels)
        size = max(_reach(f.image, axis) for f in _alike(fields[0], (*fields, *beside)))
        pitch.append(_round_up(size, common))
        gap.append(_round_up(size / _GAP, common) if several else 0)
    step = reference.levels[0].scale
    assert step is not None  # _plane looked
    layout = Layout(
        plane=(reference.axes[axes[0]].name, reference.axes[axes[1]].name),
        step=(float(step[axes[0]]), float(step[axes[1]])),
        pitch=(pitch[0], pitch[1]),
        gap=(gap[0], gap[1]),
        rows=math.ceil(most / columns),
        columns=columns,
        base=_base(fields),
    )
    return layout, [number for number, _ in levels]


def _label_steps(fields: Sequence[Field], axis: int) -> set[int]:
    """List the sizes of the labels' voxels, so that they too begin with every cell."""
    steps = set()
    for one in fields:
        name, base = one.image.axes[axis].name, one.image.levels[0]
        own = unit_factors(one.image.axes)[axis] * base.affine[axis, axis]
        for label in one.labels.values():
            names = [a.name for a in label.axes]
            if name not in names:
                continue
            there = names.index(name)
            unit = unit_factors(label.axes)[there]
            for level in label.levels:
                with np.errstate(all="ignore"):
                    step = _fraction(float(unit * level.affine[there, there] / own))
                if step is not None and step.numerator <= base.shape[axis]:
                    steps.add(step.numerator)
    return steps


def _alike(one: Field, fields: Sequence[Field]) -> list[Field]:
    """Choose the fields whose voxels are those of one of them, and on the same axes."""
    axes, finest = one.image.axes, one.image.levels[0]
    return [
        f
        for f in fields
        if f.image.axes == axes
        and all(v.scale is not None for v in f.image.levels)
        and np.array_equal(np.diagonal(f.image.levels[0].affine), np.diagonal(finest.affine))
    ]


def places(image: Image) -> dict[str, float]:
    """Give the world place of an image's first voxel, by name of the axis."""
    start = image.levels[0].translate
    assert start is not None  # turned fields were refused
    return {axis.name: float(t) for axis, t in zip(image.axes, start, strict=True)}


def differing_places(fields: Sequence[Field]) -> bool:
    """Tell whether fields declare different places for their first voxels."""
    return any(_differs(fields).values())


def _differs(fields: Sequence[Field]) -> dict[str, bool]:
    found = [places(f.image) for f in fields]
    first = found[0]
    return {
        name: not all(math.isclose(p[name], first[name], rel_tol=1e-9) for p in found)
        for name in first
    }


def _base(fields: Sequence[Field]) -> dict[str, float]:
    start, differs = places(fields[0].image), _differs(fields)
    return {name: 0.0 if differs[name] else at for name, at in start.items()}


def _plane(image: Image, place: JsonPlace) -> Pair:
    """Choose the axes of the grid: y and x, else the last two of space."""
    if any(level.scale is None for level in image.levels):
        message = "found fields that are turned or sheared, which cannot stand in a grid"
        raise place.refuse("no-grid", message)
    space = [i for i, axis in enumerate(image.axes) if axis.type == "space"]
    names = {image.axes[i].name.lower(): i for i in space}
    if "y" in names and "x" in names:
        return names["y"], names["x"]
    if len(space) < 2:
        raise place.refuse("no-grid", "found fields without two axes of space, expected y and x")
    return space[-2], space[-1]


def _alignable(
    image: Image, axes: Pair, problems: list[Problem]
) -> list[tuple[int, tuple[Fraction, Fraction]]]:
    """List the levels that can be laid out exactly, with their voxels' size on y and x."""
    base = image.levels[0]
    result = []
    for number, level in enumerate(image.levels):
        y, x = (_fraction(_ratio(level, base, axis)) for axis in axes)
        sizes = [base.shape[axis] for axis in axes]
        if y is None or x is None or y.numerator > sizes[0] or x.numerator > sizes[1]:
            message = "its voxels are no simple multiple of the finest ones; not in the grid"
            problems.append(Problem("level-not-in-grid", "warning", level.path, message))
            continue
        result.append((number, (y, x)))
    return result


def _ratio(level: Level, base: Level, axis: int) -> float:
    assert level.scale is not None  # _plane looked
    assert base.scale is not None
    with np.errstate(all="ignore"):
        return float(level.scale[axis] / base.scale[axis])


def _fraction(ratio: float) -> Fraction | None:
    if not math.isfinite(ratio) or ratio <= 0:
        return None
    fraction = Fraction(ratio).limit_denominator(_LARGEST_DENOMINATOR)
    return fraction if abs(float(fraction) - ratio) <= _RATIO_TOLERANCE * ratio else None


def _reach(image: Image, axis: int) -> int:
    """Tell how far the longest of an image's levels reaches, in voxels of level 0."""
    base = image.levels[0]
    reaches = [level.shape[axis] * _ratio(level, base, axis) for level in image.levels]
    return max(math.ceil(reach - 1e-6) for reach in reaches if math.isfinite(reach))


def _round_up(size: float, multiple: int) -> int:
    return math.ceil(size / multiple) * multiple
