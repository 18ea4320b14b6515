"""What is asked to change about an image's place, and where that puts every level.

One level's numbers are given; all levels move by the same change in world, so that each stays
where it is relative to the others. An image's labels move by that change too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from napari_strata import affine, units
from napari_strata.export.errors import ExportError
from napari_strata.model import Axis, Image

_DIGITS = 15  # that a double always holds: computed numbers are written without the last, noisy one


@dataclass(frozen=True)
class Wanted:
    """What is to be declared, by the names of the axes; what is not listed stays as it is.

    Attributes
    ----------
    scale, translate : of ``level``, 0 the finest, in the units of the axes.
    units : the numbers stay, only what they are in changes; None is no unit.
    names : new names of all axes, array order.
    """

    scale: Mapping[str, float] = field(default_factory=dict)
    translate: Mapping[str, float] = field(default_factory=dict)
    units: Mapping[str, str | None] = field(default_factory=dict)
    names: tuple[str, ...] | None = None
    level: int = 0

    def __bool__(self) -> bool:
        return bool(self.scale or self.translate or self.units or self.names)


@dataclass(frozen=True)
class AxisMove:
    """What happens to one axis of the world: ``old`` goes to ``new``, ``spacing`` is level 0's.

    Attributes
    ----------
    old_spacing, new_spacing, old_origin, new_origin : of the finest level, before and after.
    """

    old_spacing: float
    new_spacing: float
    old_origin: float
    new_origin: float

    def place(self, scale: float, translate: float) -> tuple[float, float]:
        """Return where a level with this scale and translation comes to lie."""
        moved_scale = self.new_spacing * (scale / self.old_spacing)
        steps = (translate - self.old_origin) / self.old_spacing
        return tidy(moved_scale), tidy(self.new_origin + steps * self.new_spacing)


@dataclass(frozen=True)
class Moved:
    """An image at its new place.

    Attributes
    ----------
    image : as it is declared now.
    axes : as they are to be; array order, as everything here.
    levels : scale and translation of each level; those of axes that do not move are as before.
    axes_moved : indices of axes whose scales or translations change.
    moves : by the axis' present name.
    """

    image: Image
    axes: tuple[Axis, ...]
    levels: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]
    axes_moved: tuple[int, ...]
    moves: Mapping[str, AxisMove]

    @property
    def is_renamed(self) -> bool:
        """Whether an axis gets another name."""
        return [a.name for a in self.axes] != [a.name for a in self.image.axes]

    @property
    def is_changed(self) -> bool:
        """Whether anything at all is to change."""
        return bool(self.axes_moved) or self.axes != self.image.axes

    def as_image(self) -> Image:
        """Describe the image as it is to be."""
        levels = [
            replace(level, affine=self.affine_of(i)) for i, level in enumerate(self.image.levels)
        ]
        return replace(self.image, axes=self.axes, levels=tuple(levels))

    def affine_of(self, level: int) -> affine.Matrix:
        """Voxel centre → world of a level at its new place."""
        return affine.from_scale_translate(*self.levels[level])


def tidy(value: float) -> float:
    """Drop the noise of computing from a number's last digit."""
    return float(f"{value:.{_DIGITS}g}")


def moved(image: Image, wanted: Wanted, *, world_stays: bool = False) -> Moved:
    """Compute the place of every level.

    Parameters
    ----------
    world_stays : where only a scale is given, world 0 stays where it is; else the centre of the
        finest level's voxel 0 does.

    Raises
    ------
    ExportError
        If an axis or level is not there, a number cannot be used, or the image has more than a
        scale and a translation.
    """
    _check(image, wanted)
    old = plain_levels(image)
    moves = {
        axis.name: _move(wanted, axis.name, [(s[i], t[i]) for s, t in old], world_stays)
        for i, axis in enumerate(image.axes)
        if axis.name in wanted.scale or axis.name in wanted.translate
    }
    names = wanted.names or tuple(a.name for a in image.axes)
    axes = tuple(
        replace(a, name=name, unit=wanted.units.get(a.name, a.unit))
        for a, name in zip(image.axes, names, strict=True)
    )
    return _placed(image, axes, moves)


def follow(image: Image, leader: Moved) -> Moved:
    """Move an image, such as labels, as another one moves; axes are matched by their names."""
    new = {a.name: b for a, b in zip(leader.image.axes, leader.axes, strict=True)}
    axes = tuple(
        replace(a, name=new[a.name].name, unit=_unit(a, new[a.name], leader))
        if a.name in new
        else a
        for a in image.axes
    )
    own = {a.name for a in image.axes}
    return _placed(image, axes, {n: m for n, m in leader.moves.items() if n in own})


def plain_levels(image: Image) -> list[tuple[affine.Vector, affine.Vector]]:
    """Return scale and translation of each level; raises ExportError where there is more."""
    found = []
    for level in image.levels:
        split = affine.scale_translate(level.affine)
        if split is None:
            raise ExportError(
                f"{image.name}: level {level.path or '.'} is turned or sheared; it cannot be "
                "put in place by a scale and a translation"
            )
        found.append(split)
    return found


def _unit(axis: Axis, new: Axis, leader: Moved) -> str | None:
    """Give a label's axis its image's new unit, if that changed."""
    before = {a.name: a.unit for a in leader.image.axes}[axis.name]
    return axis.unit if new.unit == before else new.unit


def _placed(image: Image, axes: tuple[Axis, ...], moves: Mapping[str, AxisMove]) -> Moved:
    levels = []
    for scale, translate in plain_levels(image):
        pairs = [
            moves[axis.name].place(s, t) if axis.name in moves else (float(s), float(t))
            for axis, s, t in zip(image.axes, scale, translate, strict=True)
        ]
        levels.append((tuple(s for s, _ in pairs), tuple(t for _, t in pairs)))
    changed = tuple(
        i
        for i, axis in enumerate(image.axes)
        if axis.name in moves and moves[axis.name] != _still(moves[axis.name])
    )
    return Moved(image, axes, tuple(levels), changed, moves)


def _still(move: AxisMove) -> AxisMove:
    return replace(move, new_spacing=move.old_spacing, new_origin=move.old_origin)


def _move(
    wanted: Wanted, name: str, levels: Sequence[tuple[float, float]], world_stays: bool
) -> AxisMove:
    """Turn what is given for one level into what happens to the finest."""
    (spacing, origin), (scale, translate) = levels[0], levels[wanted.level]
    new_spacing = spacing
    if name in wanted.scale:
        new_spacing = tidy(wanted.scale[name] * (spacing / scale))
    new_origin = tidy(origin / spacing * new_spacing) if world_stays else float(origin)
    if name in wanted.translate:
        steps = (translate - origin) / spacing
        new_origin = tidy(wanted.translate[name] - steps * new_spacing)
    return AxisMove(float(spacing), float(new_spacing), float(origin), new_origin)


def _check(image: Image, wanted: Wanted) -> None:
    names = [a.name for a in image.axes]
    for given in (wanted.scale, wanted.translate, wanted.units):
        for name in given:
            if name not in names:
                raise ExportError(f"{image.name}: found no axis {name}; there are {names}")
    if not 0 <= wanted.level < len(image.levels):
        raise ExportError(
            f"{image.name}: found no level {wanted.level}; there are 0 to {len(image.levels) - 1}"
        )
    for name, value in wanted.scale.items():
        if not math.isfinite(value) or value == 0:
            raise ExportError(f"scale of {name}: found {value}, expected a number other than 0")
    for name, value in wanted.translate.items():
        if not math.isfinite(value):
            raise ExportError(f"translation of {name}: found {value}, expected a finite number")
    for name, unit in wanted.units.items():
        if unit is not None and units.parse(unit) is None:
            raise ExportError(
                f"unit of {name}: found {unit!r}, expected a unit of length or time such as nm"
            )
    if wanted.names is not None:
        new = wanted.names
        if len(new) != len(names) or len(set(new)) != len(new) or not all(new):
            raise ExportError(
                f"{image.name}: found axes {list(new)}, expected {len(names)} different names, "
                f"one for each of {names}"
            )


def is_same_place(one: affine.Matrix, other: affine.Matrix, voxel: affine.Matrix) -> bool:
    """Tell whether two places agree to a billionth of a voxel of ``voxel``'s level."""
    if one.shape != other.shape:
        return False
    spacing = np.linalg.norm(voxel[:-1, :-1], axis=0).min()
    size = np.maximum(np.abs(one), np.abs(other))
    return bool(np.all(np.abs(one - other) <= 1e-9 * spacing + 1e-12 * size))
