"""OME-NGFF axes: names, types and units, from what versions 0.3 to 0.5 write."""

from __future__ import annotations

from napari_strata.formats._grid import axis_type, check_unit, default_names
from napari_strata.model import Axis, AxisType, Problem
from napari_strata.store.values import JsonPlace, quote, sequence

_TYPES: dict[str, AxisType] = {"space": "space", "time": "time", "channel": "channel"}


def read_axes(
    value: object, place: JsonPlace, rank: int, problems: list[Problem]
) -> tuple[Axis, ...]:
    """Read the axes, in the order of the file; ``rank`` is that of the arrays.

    A missing type is told by the name; a custom or null one is a slider.

    Raises
    ------
    OpenError
        If there are axes but not one for each of the array's.
    """
    if value is None:
        names = default_names(rank) if rank != 5 else ["t", "c", "z", "y", "x"]
        message = f"found no axes, expected {rank}; taken as {', '.join(names)}"
        problems.append(place.problem("missing-axes", "warning", message))
        return tuple(Axis(n, axis_type(n)) for n in names)
    items = sequence(value, place)
    if len(items) != rank:
        message = f"{rank} axes, as the arrays have, not {len(items)}"
        raise place.unexpected(value, message, "wrong-length")
    axes = tuple(_axis(item, place.item(i), i, problems) for i, item in enumerate(items))
    names = [a.name for a in axes]
    if len(set(names)) != len(names):
        message = f"found {quote(names)}, expected a different name for each axis"
        problems.append(place.problem("repeated-axis", "warning", message))
    return axes


def _axis(item: object, place: JsonPlace, index: int, problems: list[Problem]) -> Axis:
    if isinstance(item, str):
        return Axis(item, axis_type(item))
    if not isinstance(item, dict):
        raise place.unexpected(item, "an object {…} with a name")
    name = item.get("name")
    if not isinstance(name, str) or not name:
        message = f"found {quote(name)}, expected a text; the axis is called dim_{index}"
        problems.append(place.child("name").problem("missing-name", "warning", message))
        name = f"dim_{index}"
    kind = axis_type(name)
    if "type" in item:
        declared = item["type"]
        kind = _TYPES.get(declared, "other") if isinstance(declared, str) else "other"
        if declared is not None and not isinstance(declared, str):
            message = f"found {quote(declared)}, expected a text; the axis becomes a slider"
            problems.append(place.child("type").problem("invalid-value", "warning", message))
    unit = item.get("unit")
    if unit is not None and not isinstance(unit, str):
        message = f"found {quote(unit)}, expected a text; taken as pixel"
        problems.append(place.child("unit").problem("unknown-unit", "warning", message))
        unit = None
    if unit is not None:
        unit = check_unit(unit, place.child("unit"), problems)
    return Axis(name, kind, unit)
