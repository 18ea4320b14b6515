"""Changing where a layer is, in the units its file declares; the layer moves at once.

The layer stays in micrometres and seconds, whatever unit is chosen. The chosen one is kept in the
record (``edited_units``). Nothing on disk changes: `napari_strata.export.metadata` writes back
what is different from how the layer was opened.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Layer

from napari_strata import affine, units
from napari_strata.layers.changing.opened_image import common_shift, image_note, opened_worlds
from napari_strata.layers.live_world import live_world, set_world
from napari_strata.layers.notes import KEY
from napari_strata.layers.record import EDITED_UNITS

_PIXEL = "pixel"
_LAYER_UNITS = {"length": "micrometer", "time": "second"}
_DIGITS = 15


@dataclass(frozen=True)
class Place:
    """Where level 0 of a layer is: one value an axis, in the layer's order.

    Attributes
    ----------
    names : of the axes.
    scale, translate : size of a voxel and centre of voxel 0, in ``units``.
    units : as they are or will be declared; None for voxels.
    """

    names: tuple[str, ...]
    scale: tuple[float, ...]
    translate: tuple[float, ...]
    units: tuple[str | None, ...]


def place_of(layer: Layer) -> Place:
    """Say where a layer is now, in the units its file declares (or that were chosen since).

    What was not moved has the numbers of the file. A common origin that layers were moved to
    does not count.

    Raises
    ------
    ValueError
        If the layer is rotated or sheared, so that two numbers an axis cannot say it.
    """
    split = affine.scale_translate(_without_common_shift(layer))
    if split is None:
        raise ValueError(
            f"the layer '{layer.name}' is rotated or sheared: its place is more than a scale and "
            "a translation along each axis"
        )
    note = _note(layer)
    declared = _units(layer, note)
    numbers: list[list[float]] = [[], []]
    for axis, unit in enumerate(declared):
        factor = _factor(str(layer.units[axis]), unit)
        for part in (0, 1):
            found = float(split[part][axis])
            known = _declared_number(note, layer, axis, unit, part, found)
            numbers[part].append(_tidy(found * factor) if known is None else known)
    names = tuple(str(label) for label in layer.axis_labels)
    return Place(names, tuple(numbers[0]), tuple(numbers[1]), declared)


def apply(layer: Layer, place: Place) -> None:
    """Move a layer to a place, and name its axes; axes that are the same keep their numbers.

    Raises
    ------
    ValueError
        If the place is none: another number of axes, a scale that is 0, numbers that are not
        finite, axes of one name, a unit that is no length or time. The layer is as it was then.
    """
    now = place_of(layer)
    _check(layer, now, place)
    live = np.array(live_world(layer))
    shift = common_shift(layer)
    n = layer.ndim
    new_units = [str(unit) for unit in layer.units]
    for axis, unit in enumerate(place.units):
        other_unit = unit != now.units[axis]
        factor = _factor(unit, new_units[axis])
        if other_unit:
            new_units[axis], factor = _layer_unit(unit)
        if other_unit or place.scale[axis] != now.scale[axis]:
            live[axis, axis] = _tidy(place.scale[axis] * factor)
        if other_unit or place.translate[axis] != now.translate[axis]:
            live[axis, n] = _tidy(place.translate[axis] * factor) + shift[axis, n]
    _remember(layer, place)
    set_world(layer, affine.frozen(live), units=new_units, labels=place.names)


def revert(layer: Layer) -> None:
    """Put a layer back where it was opened, with the names and units it had.

    Raises
    ------
    ValueError
        If it was not opened by napari-strata, or its data has been replaced since.
    """
    note = image_note(layer)
    kept = {key: value for key, value in note.items() if key != EDITED_UNITS}
    layer.metadata = {**layer.metadata, KEY: kept}
    opened = opened_worlds(note)[0]
    shift = common_shift(layer)
    world = opened if not shift[:-1, -1].any() else affine.compose(shift, opened)
    set_world(layer, world, units=note["layer_units"], labels=note["layer_axes"])


# ------------------------------------------------------------------------- units and numbers


def _note(layer: Layer) -> Mapping[str, Any] | None:
    try:
        return image_note(layer)
    except ValueError:
        return None


def _without_common_shift(layer: Layer) -> affine.Matrix:
    live, shift = live_world(layer), common_shift(layer)
    if not shift[:-1, -1].any():
        return live
    back = np.array(affine.compose(affine.invert(shift), live))
    n = layer.ndim
    back[:n, n] = [_tidy(value) for value in back[:n, n]]
    return affine.frozen(back)


def _units(layer: Layer, note: Mapping[str, Any] | None) -> tuple[str | None, ...]:
    """Return the unit of each axis: chosen, else declared, else the layer's."""
    chosen = {} if note is None else note.get(EDITED_UNITS, {})
    result: list[str | None] = []
    for axis, (name, unit) in enumerate(zip(layer.axis_labels, layer.units, strict=True)):
        own = None if units.parse(str(unit)) is None else str(unit)
        declared = _declared_axis(note, axis)
        if name in chosen:
            result.append(chosen[name])
        elif declared is not None and note is not None and str(unit) == note["layer_units"][axis]:
            text = declared["unit"]
            result.append(text if text and units.parse(text) is not None else None)
        else:
            result.append(own)
    return tuple(result)


def _declared_axis(note: Mapping[str, Any] | None, axis: int) -> Mapping[str, Any] | None:
    if note is None:
        return None
    found = [a for a in note["axes"] if a["name"] == note["layer_axes"][axis]]
    return found[0] if len(found) == 1 else None


def _declared_number(
    note: Mapping[str, Any] | None,
    layer: Layer,
    axis: int,
    unit: str | None,
    part: int,
    found: float,
) -> float | None:
    """Return the number in the file if the layer still has it: scale is part 0, translate 1."""
    declared = _declared_axis(note, axis)
    if note is None or declared is None or declared["unit"] != unit:
        return None
    opened = opened_worlds(note)[0]
    if found != opened[axis, axis if part == 0 else layer.ndim]:
        return None
    row = note["levels"][0]["scale" if part == 0 else "translate"]
    index = [a["name"] for a in note["axes"]].index(declared["name"])
    return None if row is None else float(row[index])


def _factor(unit: str | None, into: str | None) -> float:
    one, other = units.parse(unit or ""), units.parse(into or "")
    if one is None or other is None or one.dimension != other.dimension:
        return 1.0
    return one.factor / other.factor


def _layer_unit(unit: str | None) -> tuple[str, float]:
    parsed = None if unit is None else units.parse(unit)
    return (_PIXEL, 1.0) if parsed is None else (_LAYER_UNITS[parsed.dimension], parsed.factor)


def _tidy(value: float) -> float:
    """Drop the noise of computing from a number's last digit."""
    return float(f"{value:.{_DIGITS}g}")


def _remember(layer: Layer, place: Place) -> None:
    """Note the units that are not those of the file."""
    note = _note(layer)
    if note is None:
        return
    chosen = {}
    for axis, (name, unit) in enumerate(zip(place.names, place.units, strict=True)):
        declared = _declared_axis(note, axis)
        text = None if declared is None else declared["unit"]
        if unit != (text if text and units.parse(text) is not None else None):
            chosen[name] = unit
    kept = {key: value for key, value in note.items() if key != EDITED_UNITS}
    layer.metadata = {
        **layer.metadata,
        KEY: {**kept, **({EDITED_UNITS: chosen} if chosen else {})},
    }


def _check(layer: Layer, now: Place, place: Place) -> None:
    parts = (place.names, place.scale, place.translate, place.units)
    if any(len(part) != layer.ndim for part in parts):
        raise ValueError(f"the layer '{layer.name}' has {layer.ndim} axes, found another number")
    if len(set(place.names)) != len(place.names) or not all(n.strip() for n in place.names):
        raise ValueError("each axis needs a name of its own")
    for name, scale, translate in zip(place.names, place.scale, place.translate, strict=True):
        if not (math.isfinite(scale) and math.isfinite(translate) and scale != 0):
            raise ValueError(
                f"axis {name}: found the scale {scale:g} and the translation {translate:g}, "
                "expected finite numbers and a scale other than 0"
            )
    note = _note(layer)
    for axis, (name, unit) in enumerate(zip(place.names, place.units, strict=True)):
        if unit is None or unit == now.units[axis]:
            continue
        parsed = units.parse(unit)
        declared = _declared_axis(note, axis)
        kind = None if declared is None else declared["type"]
        expected = {"space": "length", "time": "time"}.get(str(kind))
        if parsed is None:
            raise ValueError(f"axis {name}: '{unit}' is no unit of length or time")
        if expected is not None and parsed.dimension != expected:
            raise ValueError(f"axis {name}: '{unit}' is no unit of {expected}")
