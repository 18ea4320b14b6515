"""Many fields of view as one image, exact at every level, and their labels as others over it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from napari_strata import affine
from napari_strata.formats._alike_fields import Levels, alike
from napari_strata.formats._field_layout import (
    Field,
    Layout,
    differing_places,
    layout_of,
    places,
)
from napari_strata.formats.axis_assignment import unit_factors
from napari_strata.model import (
    ArrayLocation,
    Axis,
    Contribution,
    Image,
    Level,
    MosaicLocation,
    OpenError,
    Problem,
    Tile,
)
from napari_strata.store.values import JsonPlace

_WHOLE = 0.01  # of a voxel: what sloppy scales add up to over a plate
_LARGEST = 2**62  # tensorstore's index limit


def grids(
    fields: Sequence[Field],
    *,
    name: str,
    path: str,
    place: JsonPlace,
    acquisitions: Mapping[int, str],
    problems: list[Problem],
) -> list[Image]:
    """Lay fields out, a grid an acquisition; ``acquisitions`` names those that have a name.

    Each grid is followed by those of the labels.
    """
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
            result += _Grid(label, where, place, problems).images(own, fields)
        except OpenError as error:
            problems.append(error.problem)
    return result


@dataclass
class _Grid:
    """One grid while it is laid out."""

    name: str
    path: str
    place: JsonPlace
    problems: list[Problem]

    def images(self, fields: Sequence[Field], beside: Sequence[Field]) -> list[Image]:
        """Lay out the fields' images and labels; raises OpenError if the fields cannot be."""
        chosen = alike([f.image for f in fields], self.problems)
        entries = [(fields[index], levels) for index, levels in chosen]
        own = [f for f, _ in entries]
        layout, numbers = layout_of(own, beside, self.place, self.problems)
        self.problems += self._positions(own)
        image = self._image(entries, own[0].image, layout, numbers)
        result = [replace(image, name=self.name, path=self.path)]
        for inner in dict.fromkeys(inner for f in own for inner in f.labels):
            labels = self._labels([f for f in own if inner in f.labels], inner, layout)
            result += [
                replace(label, path=f"{self.path}/*/{inner}".lstrip("/")) for label in labels
            ]
        return result

    def _labels(self, fields: Sequence[Field], inner: str, layout: Layout) -> list[Image]:
        """Lay out the labels of one name, in the cells of their fields."""
        chosen = alike([f.labels[inner] for f in fields], self.problems)
        entries = [(fields[index], levels) for index, levels in chosen]
        reference = entries[0][0].labels[inner]
        if any(level.scale is None for level in reference.levels):
            message = "is turned or sheared, so it cannot stand in the grid of fields"
            self.problems.append(Problem("no-grid", "error", reference.path, message))
            return []
        try:
            return [self._image(entries, reference, layout, range(len(reference.levels)))]
        except OpenError as error:
            self.problems.append(error.problem)
            return []

    def _image(
        self,
        entries: Sequence[tuple[Field, Levels]],
        reference: Image,
        layout: Layout,
        numbers: Sequence[int],
    ) -> Image:
        levels = []
        for number in numbers:
            laid = [(f, own[number]) for f, own in entries if number in own]
            level = self._level(laid, reference.axes, layout)
            if level is not None:
                levels.append(replace(level, path=_inner_path(reference, level)))
        if not levels:
            message = "has no level that can stand in the grid of fields"
            raise OpenError(Problem("no-grid", "error", reference.path, message))
        return replace(
            reference,
            levels=tuple(levels),
            problems=(),
            evidence=f"{len(entries)} fields, as {self.place} lists them",
            systems=(),  # a grid is in no space of a field
            system=None,
            intrinsic=None,
        )

    def _level(
        self, laid: Sequence[tuple[Field, Level]], axes: Sequence[Axis], layout: Layout
    ) -> Level | None:
        """Lay out one level; what does not fall on whole voxels, or into its cell, is left out."""
        reference = laid[0][1]
        scale = np.diagonal(reference.affine)[:-1]
        with np.errstate(all="ignore"):
            starts = np.array([_start(f, level, axes, layout) for f, level in laid])
            steps = (starts - starts[0]) / scale
            offsets = np.rint(steps)
            fits = np.all(np.abs(steps - offsets) <= _WHOLE, axis=1)
        fits &= _inside(laid, axes, layout)
        for (_, level), sound in zip(laid, fits, strict=True):
            if not sound:
                message = "does not fall on whole voxels of its cell; left out of the grid"
                self.problems.append(Problem("not-in-grid", "error", level.path, message))
        if not fits.any():
            return None
        first = offsets[fits].min(axis=0, initial=0)
        tiles = [
            Tile(_array(level), level.shape, tuple(int(o) for o in offset - first))
            for (_, level), offset, sound in zip(laid, offsets, fits, strict=True)
            if sound
        ]
        ends = [max(t.offset[a] + t.shape[a] for t in tiles) for a in range(len(scale))]
        if max(ends) >= _LARGEST:
            message = f"found fields that make a grid of {max(ends)} voxels, expected below 2^62"
            raise self.place.refuse("no-grid", message)
        origin = starts[0] + first * scale + _base(laid[0][0], axes, layout)
        move = affine.from_scale_translate([1.0] * len(scale), origin - reference.affine[:-1, -1])
        return replace(
            reference,
            shape=tuple(ends),
            location=MosaicLocation(tuple(tiles)),
            affine=affine.compose(move, reference.affine),
            origin=(Contribution("grid of fields", str(self.place), move), *reference.origin),
        )

    def _positions(self, fields: Sequence[Field]) -> list[Problem]:
        if differing_places(fields):
            message = (
                "the fields declare places of their own, which a grid of wells cannot show; "
                "open a well or a field to see it there"
            )
            return [self.place.problem("field-positions-not-shown", "warning", message)]
        if len(fields) == 1:
            return []
        message = f"{len(fields)} fields stand in a grid; where they lay is not declared"
        return [Problem("grid-layout", "info", self.path or str(self.place), message)]


def _start(one: Field, level: Level, axes: Sequence[Axis], layout: Layout) -> affine.Vector:
    """Tell how far a level's first voxel is from the grid's, in the units of ``axes``.

    It is as far from its field's first voxel as it declares, and that one is in its cell.
    """
    cell = dict(zip(layout.plane, np.multiply(layout.corner(one), layout.step), strict=True))
    shift = np.array([cell.get(axis.name, 0.0) for axis in axes])
    return _behind(one, level, axes) + shift * _factors(one, axes)


def _base(one: Field, axes: Sequence[Axis], layout: Layout) -> affine.Vector:
    """Give the world place of the grid's first voxel, in the units of ``axes``.

    It is added last: far from 0, what is less than its rounding would be lost.
    """
    return np.array([layout.base.get(a.name, 0.0) for a in axes]) * _factors(one, axes)


def _behind(one: Field, level: Level, axes: Sequence[Axis]) -> affine.Vector:
    """Tell how far a level's first voxel is from its field's, in the units of ``axes``."""
    own = places(one.image)
    start = np.array([own.get(axis.name, 0.0) for axis in axes])
    return np.asarray(level.affine[:-1, -1] - start * _factors(one, axes), dtype=np.float64)


def _factors(one: Field, axes: Sequence[Axis]) -> affine.Vector:
    """Return what turns numbers of a field's axes into those of axes of the same names."""
    units = dict(zip((a.name for a in one.image.axes), unit_factors(one.image.axes), strict=True))
    own = unit_factors(axes)
    return np.array([units.get(a.name, f) / f for a, f in zip(axes, own, strict=True)])


def _inside(
    laid: Sequence[tuple[Field, Level]], axes: Sequence[Axis], layout: Layout
) -> npt.NDArray[np.bool_]:
    """Tell of each level whether it lies in its cell, so that none lies over another."""
    names = [axis.name for axis in axes]
    fits = np.ones(len(laid), dtype=bool)
    for name, step, pitch in zip(layout.plane, layout.step, layout.pitch, strict=True):
        if name not in names:
            return ~fits
        axis = names.index(name)
        size = abs(float(laid[0][1].affine[axis, axis]))
        counts = np.array([level.shape[axis] for _, level in laid])
        with np.errstate(all="ignore"):  # what is not finite does not fit
            room = pitch * abs(step) * _factors(laid[0][0], axes)[axis] / size
            begins = np.array([_behind(f, level, axes)[axis] for f, level in laid]) / size
            lowest = float(begins.min())
            edge = lowest if abs(lowest) < 1 else 0.0  # a mean begins between the finest voxels
            fits &= (begins >= edge - _WHOLE) & (begins + counts <= edge + room + _WHOLE)
    return fits


def _array(level: Level) -> ArrayLocation:
    assert isinstance(level.location, ArrayLocation)  # OME-NGFF has no other
    return level.location


def _inner_path(image: Image, level: Level) -> str:
    """Name a level as the same one of every field: ``*/0``."""
    return f"*/{level.path.removeprefix(image.path).strip('/')}"
