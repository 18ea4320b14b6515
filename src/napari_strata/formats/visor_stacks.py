"""The places of VISoR's stacks, by their index on the stack axis.

Rules: formats.md 4. A position is [x, y] on the stage, in millimetres; it moves a stack after
all scales. In 2024.11.0 the places are among the datasets, see `visor_placements`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_strata import affine, units
from napari_strata.formats._assemble import contribution
from napari_strata.formats._survey import Sourced
from napari_strata.formats.visor_keys import axis_index, name_of, not_used, objects
from napari_strata.model import Axis, Contribution, OpenError, Problem
from napari_strata.store.values import JsonPlace, quote, sequence, vector

_MICROMETRES = 1000.0  # in a millimetre


@dataclass(frozen=True)
class Stack:
    """One stack.

    Attributes
    ----------
    index : on the stack axis.
    placing : a translation of all the image's axes, that of the stacks included.
    channels : indices of the channels that have this place; None for all.
    """

    index: int
    label: str
    placing: Contribution
    channels: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Frame:
    """What is known of the image: its axes, array order, and how many stacks it has."""

    axes: Sequence[Axis]
    count: int


def read_stacks(declared: Sourced, frame: Frame, problems: list[Problem]) -> list[Stack]:
    """Read ``visor_stacks``: the stacks that have one place on the axis, in its order.

    An index that is listed twice has a place only if both entries agree.
    """
    found: dict[int, list[Stack | None]] = {}
    for fields, place in objects(declared, problems):
        label = _label(fields, place, problems)
        placing = None
        if "position" in fields:
            at = place.child("position")
            placing = _position(fields["position"], at, label or "a stack", frame, problems)
        index = _index(fields, place, frame, problems)
        if index is None:
            continue
        if index in found:
            message = f"found {index} a second time, expected a different index for each stack"
            at = place.child("index")
            problems.append(at.problem("duplicate-stack-index", "warning", message))
        label = label or f"stack_at_{index}"
        stack = None if placing is None else Stack(index, label, placing)
        found.setdefault(index, []).append(stack)
    agreed = (_agreed(found[index]) for index in sorted(found))
    return [stack for stack in agreed if stack is not None]


def _agreed(stacks: Sequence[Stack | None]) -> Stack | None:
    """Return the stack that all entries of one index describe, if they give it one place."""
    first = stacks[0]
    same = first is not None and all(
        s is not None and np.array_equal(s.placing.matrix, first.placing.matrix) for s in stacks
    )
    return first if same else None


def _label(fields: Mapping[str, Any], place: JsonPlace, problems: list[Problem]) -> str | None:
    try:
        return name_of(fields.get("label"), place.child("label"))
    except OpenError as error:
        problems.append(not_used(error))
        return None


def _index(
    fields: Mapping[str, Any], place: JsonPlace, frame: Frame, problems: list[Problem]
) -> int | None:
    at = place.child("index")
    try:
        index = axis_index(fields.get("index"), at)
    except OpenError as error:
        problems.append(not_used(error))
        return None
    if index < frame.count:
        return index
    message = f"found {index}, expected an index below {frame.count}, the number of stacks"
    problems.append(at.problem("stack-index-out-of-range", "warning", message))
    return None


def _position(
    value: object, place: JsonPlace, label: str, frame: Frame, problems: list[Problem]
) -> Contribution | None:
    try:
        return contribution("stack position", place, _translation(value, place, frame))
    except OpenError as error:
        message = f"{error.problem.message}; the place of {label} is not known"
        problems.append(Problem("bad-position", "warning", error.problem.where, message))
        return None


def _translation(value: object, place: JsonPlace, frame: Frame) -> affine.Matrix:
    if isinstance(value, list) and len(value) != 2:
        raise place.unexpected(value, "2 numbers, x and y in millimetres", "wrong-length")
    x, y = vector(value, place, 2)
    translation = [0.0] * len(frame.axes)
    for name, millimetres in (("x", x), ("y", y)):
        index = axis_of(frame.axes, name)
        unit = None if index is None else units.parse(frame.axes[index].unit or "")
        if index is None or unit is None or unit.dimension != "length":
            message = f"found {quote(value)} in millimetres, but no axis {name} in a unit of length"
            raise place.refuse("unknown-axis", message)
        translation[index] = _MICROMETRES * millimetres / unit.factor
    return affine.from_scale_translate([1.0] * len(translation), translation)


def axis_of(axes: Sequence[Axis], name: str) -> int | None:
    """Find the axis of space of a name; None if there is not exactly one."""
    found = [i for i, a in enumerate(axes) if a.type == "space" and a.name.lower() == name]
    return found[0] if len(found) == 1 else None


def read_channel_positions(
    channels: Sourced, frame: Frame, count: int, problems: list[Problem]
) -> list[Stack] | None:
    """Read 2024.11.1's ``stack_positions``, a list for each of ``count`` channels.

    The lists are in the order of the stack axis. Channels that were imaged at different places
    give several entries of one stack. None if no channel has a list.
    """
    lists: list[list[Contribution | None]] = []
    for position, (fields, place) in enumerate(objects(channels, problems)):
        if "stack_positions" in fields and position < count:
            at = place.child("stack_positions")
            lists.append(_positions(fields["stack_positions"], at, frame, problems))
    if not lists:
        return None
    stacks = []
    for index in range(frame.count):
        placings = [places[index] if index < len(places) else None for places in lists]
        stacks += _by_place(index, placings, count)
    return stacks


def _positions(
    value: object, place: JsonPlace, frame: Frame, problems: list[Problem]
) -> list[Contribution | None]:
    try:
        items = sequence(value, place)
    except OpenError as error:
        problems.append(not_used(error))
        return []
    if len(items) > frame.count:
        message = f"found {len(items)} positions, expected {frame.count}, the number of stacks"
        at = place.item(frame.count)
        problems.append(at.problem("stack-index-out-of-range", "warning", message))
    return [
        _position(item, place.item(i), f"stack_{i + 1}", frame, problems)
        for i, item in enumerate(items[: frame.count])
    ]


def _by_place(index: int, placings: Sequence[Contribution | None], count: int) -> list[Stack]:
    """Make a stack of each place that channels have; none where one of them has no place.

    One place holds for all channels, listed or not.
    """
    groups: dict[tuple[float, ...], tuple[Contribution, list[int]]] = {}
    for channel, placing in enumerate(placings):
        if placing is None:
            return []
        key = tuple(placing.matrix[:-1, -1].tolist())
        groups.setdefault(key, (placing, []))[1].append(channel)
    if len(groups) > 1 and len(placings) < count:
        return []
    return [
        Stack(index, f"stack_{index + 1}", placing, tuple(c) if len(groups) > 1 else None)
        for placing, c in groups.values()
    ]
