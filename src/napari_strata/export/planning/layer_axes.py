"""The axes of an Image or Labels layer: their names, types and units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from napari_strata import affine, units
from napari_strata.affine import Matrix
from napari_strata.formats._grid import axis_type
from napari_strata.model import Axis, AxisType

_DEFAULT_NAMES = ("t", "z", "y", "x")


def axes_of(layer: Any, record: Mapping[str, Any] | None) -> tuple[Axis, ...]:
    """Return the layer's axes; those it was opened with keep their type and declared unit."""
    names, names_of_units = _names(layer), unit_names(layer)
    declared = {a["name"]: a for a in record["axes"]} if record is not None else {}
    axes = []
    for index, (name, unit) in enumerate(zip(names, names_of_units, strict=True)):
        known = declared.get(name)
        if known is not None and record is not None and unit == record["layer_units"][index]:
            axes.append(Axis(name, known["type"], known["unit"]))
        else:
            parsed = units.parse(unit)
            kind = _type(name, parsed) if known is None else known["type"]
            axes.append(Axis(name, kind, None if kind == "channel" else _unit(unit, parsed)))
    return _at_most_three_spatial(axes)


def _unit(text: str, parsed: units.Unit | None) -> str | None:
    if parsed is not None:
        return parsed.name
    return None if units.is_unitless(text) else text


def _type(name: str, unit: units.Unit | None) -> AxisType:
    """Tell what an axis is that nobody has declared: by its unit, else by its name."""
    by_name = axis_type(name)
    if by_name == "channel":
        return by_name
    in_time = by_name == "time" or (unit is not None and unit.dimension == "time")
    return "time" if in_time else "space"


def _at_most_three_spatial(axes: Sequence[Axis]) -> tuple[Axis, ...]:
    """Call a first axis beyond three of space time, as every viewer of such an array does."""
    spatial = [index for index, axis in enumerate(axes) if axis.type == "space"]
    result = list(axes)
    for index in spatial[:-3]:
        kind: AxisType = "other" if any(axis.type == "time" for axis in result) else "time"
        result[index] = Axis(result[index].name, kind, result[index].unit)
    return tuple(result)


def _names(layer: Any) -> list[str]:
    """Return names for the axes; napari's own (``-3``, ``-2`` …) stand for t, z, y, x."""
    labels = [str(label) for label in layer.axis_labels]
    usual = [f"dim_{i}" for i in range(len(labels) - 4)] + list(_DEFAULT_NAMES)
    usual = usual[len(usual) - len(labels) :]
    if len(set(labels)) < len(labels):
        return usual
    return [
        u if label.lstrip("-").isdigit() else label for label, u in zip(labels, usual, strict=True)
    ]


def unit_names(layer: Any) -> list[str]:
    """Return the layer's units as napari spells them."""
    return [str(unit) for unit in layer.units]


def unit_factors(layer: Any, axes: Sequence[Axis]) -> list[float]:
    """Return what turns the layer's units into those of the axes."""
    factors = []
    for axis, name in zip(axes, unit_names(layer), strict=True):
        of_layer, of_axis = units.parse(name), units.parse(axis.unit or "")
        same = of_layer is None or of_axis is None or of_layer.dimension != of_axis.dimension
        factors.append(1.0 if same else of_layer.factor / of_axis.factor)  # type: ignore[union-attr]
    return factors


def in_units(factors: Sequence[float], worlds: Sequence[Matrix]) -> list[Matrix]:
    """Turn worlds from the layer's units into those of the axes."""
    if all(factor == 1 for factor in factors):
        return list(worlds)
    to_axes = affine.from_scale_translate(factors)
    return [affine.compose(to_axes, world) for world in worlds]
