"""OME-NGFF's ``omero`` block: how channels are to look."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from napari_strata.model import ChannelDisplay, Display, Problem
from napari_strata.store.values import JsonPlace, quote

_COLOR = re.compile(r"#?(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})")


def read_omero(value: object, place: JsonPlace, problems: list[Problem]) -> Display:
    """Read what can be read; one bad entry never costs the others.

    Missing and null mean "not declared"; ``active`` is then true.
    """
    if not isinstance(value, dict):
        return Display()
    channels = value.get("channels")
    if not isinstance(channels, list):
        return Display()
    at = place.child("channels")
    return Display(
        tuple(
            _channel(channel, at.item(index), problems) if isinstance(channel, dict)
            else _not_an_object(channel, at.item(index), problems)
            for index, channel in enumerate(channels)
        )
    )  # fmt: skip


def _not_an_object(value: object, at: JsonPlace, problems: list[Problem]) -> ChannelDisplay:
    problems.append(_ignored(at, value, "an object {…}"))
    return ChannelDisplay()


def _ignored(at: JsonPlace, value: object, expected: str) -> Problem:
    message = f"found {quote(value)}, expected {expected}; not used"
    return at.problem("bad-omero", "warning", message)


def _channel(channel: Mapping[str, Any], at: JsonPlace, problems: list[Problem]) -> ChannelDisplay:
    label = channel.get("label")
    if label is not None and not isinstance(label, str):
        problems.append(_ignored(at.child("label"), label, "a text"))
        label = None
    active = channel.get("active")
    if active is not None and not isinstance(active, bool):
        problems.append(_ignored(at.child("active"), active, "true or false"))
        active = None
    window = channel.get("window")
    return ChannelDisplay(
        label=label or None,
        color=_color(channel.get("color"), at.child("color"), problems),
        window=_pair(window, "start", "end", at.child("window"), problems),
        range=_pair(window, "min", "max", at.child("window"), problems),
        visible=active is not False,
    )


def _color(value: object, at: JsonPlace, problems: list[Problem]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _COLOR.fullmatch(value):
        problems.append(_ignored(at, value, "six hexadecimal digits"))
        return None
    digits = value.lstrip("#")
    return (digits if len(digits) == 6 else "".join(d * 2 for d in digits)).upper()


def _pair(
    window: object, low: str, high: str, at: JsonPlace, problems: list[Problem]
) -> tuple[float, float] | None:
    if window is None:
        return None
    if not isinstance(window, dict):
        if low == "start":
            problems.append(_ignored(at, window, "an object {…}"))
        return None
    start, end = window.get(low), window.get(high)
    if start is None and end is None:
        return None
    first, last = _finite(start), _finite(end)
    if first is not None and last is not None and first < last:
        return first, last
    problems.append(_ignored(at, [start, end], f"numbers with {low} < {high}"))
    return None


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
