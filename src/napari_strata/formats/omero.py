"""OME-NGFF's ``omero`` block: how channels are to look, and which plane is shown first.

The keys are those of OMERO's rendering settings (https://ngff.openmicroscopy.org, "omero").
Missing and null mean "not declared". A value that is not what it should be is not used, and a
problem says so: it never costs the rest of its channel, nor another channel.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from napari_strata.formats import omero_curves
from napari_strata.model import ChannelDisplay, Display, Problem, Severity
from napari_strata.store.values import JsonPlace, quote

_COLOR = re.compile(r"#?(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})")
_WHITE = "FFFFFF"
_FIRST_POSITION = {"defaultT": "t", "defaultZ": "z"}
# Contrast limits go to the graphics card as float32, and so does their inverse difference.
_LARGEST = 1e38
_NARROWEST = 1e-36


def omero_name(value: object) -> str | None:
    """Return the image's name as OMERO shows it, if there is one."""
    name = value.get("name") if isinstance(value, dict) else None
    return name if isinstance(name, str) and name.strip() else None


def read_omero(
    value: object,
    place: JsonPlace,
    problems: list[Problem],
    *,
    channel_count: int | None = None,
    lengths: Mapping[str, int] | None = None,
) -> Display:
    """Read what can be read; one bad entry never costs the others.

    Parameters
    ----------
    value : the block; None where there is none.
    place : of the block.
    problems : is added to.
    channel_count : length of the channel axis, 1 where there is none. Entries beyond it are not
        looked at. If it is None, the list is taken to be as long as it should be.
    lengths : of the axes by name; only these can have a first position.
    """
    block = _Found(value, place, problems).members()
    channels = _channels(block.get("channels"), channel_count)
    definition = block.get("rdefs").members()
    if _is_greyscale(definition.get("model")):
        channels = _greyscale(channels, channel_count)
    return Display(channels, first_position=_first_position(definition, lengths or {}))


@dataclass(frozen=True)
class _Found:
    """A value of the block, and where problems with it go."""

    value: object
    place: JsonPlace
    problems: list[Problem]

    def get(self, key: str) -> _Found:
        """Return a member, null where it is missing; only for what `members` returned."""
        members: Mapping[str, object] = self.value  # type: ignore[assignment]
        return _Found(members.get(key), self.place.child(key), self.problems)

    def item(self, index: int) -> _Found:
        """Return an element of a list."""
        items: list[object] = self.value  # type: ignore[assignment]
        return _Found(items[index], self.place.item(index), self.problems)

    def members(self) -> _Found:
        """Return an object, empty where there is none."""
        if isinstance(self.value, dict):
            return self
        if self.value is not None:
            self.distrust("bad-omero", "an object {…}")
        return _Found({}, self.place, self.problems)

    def distrust(self, code: str, expected: str, instead: str = "not used") -> None:
        """Tell that the value is not what it should be."""
        self.tell(code, "warning", f"found {quote(self.value)}, expected {expected}; {instead}")

    def tell(self, code: str, severity: Severity, message: str) -> None:
        self.problems.append(self.place.problem(code, severity, message))


# -------------------------------------------------------------------------------- channels


def _channels(found: _Found, count: int | None) -> tuple[ChannelDisplay, ...]:
    if found.value is None:
        return ()
    if not isinstance(found.value, list):
        found.distrust("bad-omero", "a list")
        return ()
    length = len(found.value)
    if count is not None and length < count:
        message = f"found {length} channels, the image has {count}; the others look as usual"
        found.tell("channels-shorter-than-axis", "info", message)
    if count is not None and length > count:
        message = f"found {length} channels, the image has {count}; the surplus is not used"
        found.tell("channels-longer-than-axis", "info", message)
        length = count
    return tuple(_channel(found.item(index).members()) for index in range(length))


def _channel(found: _Found) -> ChannelDisplay:
    window, slider = _window(found.get("window"))
    gamma, curve = _family(found.get("family"), found.get("coefficient"))
    return ChannelDisplay(
        label=_label(found.get("label")),
        color=_color(found.get("color")),
        window=window,
        range=slider,
        visible=_flag(found.get("active"), default=True),
        gamma=gamma,
        curve=curve,
        inverted=_flag(found.get("inverted"), default=False),
    )


def _label(found: _Found) -> str | None:
    if found.value is not None and not isinstance(found.value, str):
        found.distrust("bad-omero", "a text")
        return None
    return found.value if found.value and found.value.strip() else None


def _flag(found: _Found, *, default: bool) -> bool:
    if isinstance(found.value, bool):
        return found.value
    if found.value is not None:
        found.distrust("bad-omero", "true or false")
    return default


def _color(found: _Found) -> str | None:
    value = found.value
    if value is None:
        return None
    if not isinstance(value, str) or not _COLOR.fullmatch(value):
        found.distrust("bad-color", "six hexadecimal digits")
        return None
    digits = value.lstrip("#")
    return (digits if len(digits) == 6 else "".join(d * 2 for d in digits)).upper()


def _family(family: _Found, coefficient: _Found) -> tuple[float | None, tuple[float, ...] | None]:
    """Return gamma, or else the curve, from the window's values to brightness."""
    name = family.value.lower() if isinstance(family.value, str) else family.value
    if name is None or name == "linear":
        return None if name is None else 1.0, None
    if name == "polynomial":
        return _coefficient(coefficient), None
    if name == "exponential":
        family.tell("curve-exponential", "info", _BAKED)
        return None, omero_curves.exponential(_coefficient(coefficient))
    if name == "logarithmic":  # its coefficient has no effect in OMERO
        family.tell("curve-logarithmic", "info", _BAKED)
        return None, omero_curves.logarithmic()
    known = '"linear", "polynomial", "exponential" or "logarithmic"'
    family.distrust("bad-family", known, "taken as linear")
    return 1.0, None


_BAKED = "napari has no such curve; it is part of the layer's colormap"


def _coefficient(found: _Found) -> float:
    if found.value is None:
        return 1.0
    number = _finite(found.value)
    if number is None or number <= 0:
        found.distrust("bad-coefficient", "a number greater than 0", "taken as 1")
        return 1.0
    return number


Pair = tuple[float, float]


def _window(found: _Found) -> tuple[Pair | None, Pair | None]:
    """Return the contrast limits and the range of their slider.

    Where the limits are declared wrongly the range stands in, if that is right.
    """
    if not isinstance(found.value, dict):
        if found.value is not None:
            found.distrust("bad-window", "an object {…}")
        return None, None
    limits, limits_right = _pair(found.value, "start", "end")
    slider, slider_right = _pair(found.value, "min", "max")
    if not (limits_right and slider_right):
        expected = "numbers with start < end and min < max"
        found.distrust("bad-window", expected, _instead(limits_right, slider))
    return (limits if limits_right else slider), slider


def _instead(limits_right: bool, slider: Pair | None) -> str:
    if limits_right:
        return "min and max are not used"
    return "not used" if slider is None else "min and max are the contrast limits"


def _pair(window: Mapping[str, Any], low: str, high: str) -> tuple[Pair | None, bool]:
    """Return the two numbers, None where they are not usable, and whether that is as it may be."""
    if window.get(low) is None and window.get(high) is None:
        return None, True
    first, last = _finite(window.get(low)), _finite(window.get(high))
    if first is None or last is None or max(-first, last) > _LARGEST:
        return None, False
    return ((first, last), True) if last - first >= _NARROWEST else (None, False)


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


# ------------------------------------------------------------------------ rendering definition


def _is_greyscale(found: _Found) -> bool:
    if found.value not in (None, "color", "greyscale"):
        found.distrust("unknown-model", '"color" or "greyscale"', 'taken as "color"')
    return found.value == "greyscale"


def _greyscale(
    channels: tuple[ChannelDisplay, ...], count: int | None
) -> tuple[ChannelDisplay, ...]:
    """Show the first active channel alone, in grey, as OMERO does; the others are grey, hidden."""
    missing = max((count or 0) - len(channels), 0)
    every = channels + (ChannelDisplay(),) * missing
    shown = next((index for index, channel in enumerate(every) if channel.visible), None)
    return tuple(
        replace(channel, color=_WHITE, visible=index == shown)
        for index, channel in enumerate(every)
    )


def _first_position(found: _Found, lengths: Mapping[str, int]) -> dict[str, int]:
    position: dict[str, int] = {}
    for key, letter in _FIRST_POSITION.items():
        axis = next((name for name in lengths if name.lower() == letter), None)
        index = found.get(key)
        if index.value is None:
            continue
        if isinstance(index.value, bool) or not isinstance(index.value, int):
            index.distrust("bad-omero", "a whole number")
        elif axis is not None:
            last = lengths[axis] - 1
            position[axis] = min(max(index.value, 0), last)
            if position[axis] != index.value:
                message = (
                    f"found {quote(index.value)}, expected 0 to {last}; {position[axis]} is used"
                )
                index.tell("default-out-of-range", "info", message)
    return position
