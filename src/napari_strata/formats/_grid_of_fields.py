"""Many fields of view as one image: a grid, exact at every level.

A plate declares in which row and column a well is, not where it lies on the stage. Fields stand
in cells of one size. Every cell begins at a whole voxel of every level: the size of a cell is a
multiple of what the levels' scales have in common, so that no level drifts against another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from napari_strata import affine
from napari_strata.formats._alike_fields import Cell, most_alike
from napari_strata.model import (
    ArrayLocation,
    Contribution,
    Image,
    Level,
    MosaicLocation,
    OpenError,
    Problem,
    Tile,
)
from napari_strata.store.values import JsonPlace

_LARGEST_DENOMINATOR = 1000
_RATIO_TOLERANCE = 1e-7  # over 10⁵ voxels of a plate, a hundredth of a voxel
_GAP = 16  # between wells, one part in so many of a cell

Factors = tuple[Fraction, Fraction]
"""Size of a level's voxels on y and x, in voxels of level 0."""


@dataclass(frozen=True)
class Field:
    """A field of view: its image, its well's row and column, and its number in the well."""

    image: Image
    well: tuple[int, int]
    number: int
    acquisition: int | None = None


def grids(
    fields: Sequence[Field],
    *,
    name: str,
    path: str,
    place: JsonPlace,
    acquisitions: Mapping[int, str],
    problems: list[Problem],
) -> list[Image]:
    """Lay fields out, a grid an acquisition; ``acquisitions`` names those that have a name."""
    found = sorted({f.acquisition for f in fields}, key=lambda a: (a is not None, a))
    result = []
    for acquisition in found:
        own = [f for f in fields if f.acquisition == acquisition]
        label, where = name, path
        if len(found) > 1:
            called = f"acquisition {acquisition}" if acquisition is not None else "no acquisition"
            given = acquisitions.get(acquisition) if acquisition is not None else None
            label = f"{name} {given or called}"
            where = f"{path}#{called.replace(' ', '-')}"
        try:
            image, more = _grid(own, name=label, path=where, place=place)
        except OpenError as error:
            problems.append(error.problem)
            continue
        result.append(image)
        problems += more
    return result


def _cells(fields: Sequence[Field]) -> tuple[list[Cell], tuple[int, int]]:
    """Lay each well's fields out row by row, as square as possible; also rows, columns a well."""
    most = max(f.number for f in fields) + 1
    columns = math.ceil(math.sqrt(most))
    cells = [
        Cell(f.image, f.well, divmod(f.number, columns), dict(enumerate(f.image.levels)))
        for f in fields
    ]
    return cells, (math.ceil(most / columns), columns)


def _grid(
    fields: Sequence[Field], *, name: str, path: str, place: JsonPlace
) -> tuple[Image, list[Problem]]:
    """Lay fields out in one grid.

    Fields that differ in more than their size from most others are left out, with a problem.
    The grid begins where all fields say they begin, and at 0 on an axis where they differ.

    Raises
    ------
    OpenError
        If the fields have no two axes that can be laid out.
    """
    problems: list[Problem] = []
    cells, field_shape = _cells(fields)
    fitting = most_alike(cells, problems)
    reference = fitting[0].image
    plane = _plane(reference, place)
    levels = _alignable(reference, plane, problems)
    layout = _Layout.of(fitting, plane, [f for _, f in levels], field_shape)
    base, moved = _base(fitting)
    problems += _positions(fitting, moved, path, place)
    built = tuple(_level(fitting, number, f, layout, base, place) for number, f in levels)
    image = replace(
        reference,
        name=name,
        path=path,
        levels=built,
        problems=(),
        evidence=f"{len(fitting)} fields, as {place} lists them",
    )
    return image, problems


def _plane(image: Image, place: JsonPlace) -> tuple[int, int]:
    """Choose the axes of the grid: y and x, else the last two of space."""
    space = [i for i, axis in enumerate(image.axes) if axis.type == "space"]
    names = {image.axes[i].name.lower(): i for i in space}
    if "y" in names and "x" in names:
        return names["y"], names["x"]
    if len(space) < 2 or any(level.scale is None for level in image.levels):
        raise place.refuse("no-grid", "found fields without two axes of space, expected y and x")
    return space[-2], space[-1]


def _alignable(
    image: Image, plane: tuple[int, int], problems: list[Problem]
) -> list[tuple[int, Factors]]:
    """List the levels that can be laid out exactly, with their voxels' size on y and x."""
    base = image.levels[0].scale
    assert base is not None  # _plane looked
    result = []
    largest = [image.levels[0].shape[a] for a in plane]
    for number, level in enumerate(image.levels):
        assert level.scale is not None
        y, x = (_fraction(float(level.scale[a] / base[a])) for a in plane)
        if y is None or x is None or y.numerator > largest[0] or x.numerator > largest[1]:
            message = "its voxels are no simple multiple of the finest ones; not in the grid"
            problems.append(Problem("level-not-in-grid", "warning", level.path, message))
            continue
        result.append((number, (y, x)))
    return result


def _fraction(ratio: float) -> Fraction | None:
    fraction = Fraction(ratio).limit_denominator(_LARGEST_DENOMINATOR)
    return fraction if abs(float(fraction) - ratio) <= _RATIO_TOLERANCE * ratio else None


@dataclass(frozen=True)
class _Layout:
    """Where cells begin, in voxels of level 0; pairs are y, x."""

    plane: tuple[int, int]
    pitch: tuple[int, int]
    gap: tuple[int, int]
    field_shape: tuple[int, int]

    @classmethod
    def of(
        cls,
        cells: Sequence[Cell],
        plane: tuple[int, int],
        factors: Sequence[Factors],
        field_shape: tuple[int, int],
    ) -> _Layout:
        pitch, gap = [], []
        several = len({cell.well for cell in cells}) > 1
        for side, axis in enumerate(plane):
            common = math.lcm(*(f[side].numerator for f in factors))
            size = max(cell.image.levels[0].shape[axis] for cell in cells)
            pitch.append(_round_up(size, common))
            gap.append(_round_up(size / _GAP, common) if several else 0)
        return cls(plane, (pitch[0], pitch[1]), (gap[0], gap[1]), field_shape)

    def corner(self, cell: Cell) -> tuple[int, int]:
        """Give a cell's first voxel."""
        y, x = (
            cell.well[side] * (self.field_shape[side] * self.pitch[side] + self.gap[side])
            + cell.field[side] * self.pitch[side]
            for side in (0, 1)
        )
        return y, x


def _round_up(size: float, multiple: int) -> int:
    return math.ceil(size / multiple) * multiple


def _base(cells: Sequence[Cell]) -> tuple[affine.Vector, bool]:
    """Return the world position of the grid's first voxel, and whether fields' own differ."""
    places = np.array([cell.image.levels[0].translate for cell in cells], dtype=np.float64)
    same = np.all(np.isclose(places, places[0], rtol=1e-9, atol=0.0), axis=0)
    return np.where(same, places[0], 0.0), not bool(np.all(same))


def _positions(cells: Sequence[Cell], moved: bool, path: str, place: JsonPlace) -> list[Problem]:
    if moved:
        message = (
            "the fields declare places of their own, which a grid of wells cannot show; "
            "open a well or a field to see it there"
        )
        return [place.problem("field-positions-not-shown", "warning", message)]
    message = f"{len(cells)} fields stand in a grid; where they lay is not declared"
    return [Problem("grid-layout", "info", path or str(place), message)] if len(cells) > 1 else []


def _level(
    cells: Sequence[Cell],
    number: int,
    factors: Factors,
    layout: _Layout,
    base: affine.Vector,
    place: JsonPlace,
) -> Level:
    reference = cells[0].image.levels[number]
    finest = cells[0].image.levels[0]
    tiles = []
    for cell in cells:
        if number not in cell.levels:
            continue
        level = cell.levels[number]
        offset = [0] * len(level.shape)
        for side, axis in enumerate(layout.plane):
            offset[axis] = int(layout.corner(cell)[side] / factors[side])
        assert isinstance(level.location, ArrayLocation)  # OME-NGFF has no other
        tiles.append(Tile(level.location, level.shape, tuple(offset)))
    ends = np.array([np.add(tile.offset, tile.shape) for tile in tiles])
    assert finest.translate is not None
    move = affine.from_scale_translate([1.0] * len(base), base - finest.translate)
    return replace(
        reference,
        path=_inner_path(cells[0].image, reference),
        shape=tuple(int(n) for n in ends.max(axis=0)),
        location=MosaicLocation(tuple(tiles)),
        affine=affine.compose(move, reference.affine),
        origin=(Contribution("grid of fields", str(place), move), *reference.origin),
    )


def _inner_path(image: Image, level: Level) -> str:
    """Name a level as the same one of every field: ``*/0``."""
    return f"*/{level.path.removeprefix(image.path).strip('/')}"
