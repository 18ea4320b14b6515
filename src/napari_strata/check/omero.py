"""Rules about ``omero``, from 0.4; what is before is described nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

from napari_strata.check.element import Element, Fault
from napari_strata.check.rules import Rules

_COLOR = re.compile(r"[0-9A-Fa-f]{6}")
_WINDOW = ("min", "max", "start", "end")


def _block(root: Element) -> Iterator[Element]:
    if "omero" in root:
        yield root["omero"]


def _channels(root: Element) -> Iterator[Element]:
    yield from root["omero"]["channels"].objects()


BLOCK = Rules("omero", _block)
RULES = Rules("omero", _channels)


@BLOCK.must("bad-omero", "omero is an object with a list of channels", since="0.4")
def _has_channels(omero: Element) -> Iterator[Fault]:
    channels = omero["channels"]
    if not omero.is_object:
        yield omero.expected("an object {…}")
    elif "channels" not in omero:
        yield channels.place, "found no channels, expected a list"
    elif not isinstance(channels.value, list):
        yield channels.expected("a list")
    for item in channels.items():
        if not item.is_object:
            yield item.expected("an object {…}")


@RULES.must("bad-color", "color is six hexadecimal digits", since="0.4")
def _color(channel: Element) -> Iterator[Fault]:
    color = channel["color"]
    if not isinstance(color.value, str) or not _COLOR.fullmatch(color.value):
        yield color.expected("a color of six hexadecimal digits")


@RULES.must("bad-window", "window is an object with min, max, start and end", since="0.4")
def _window(channel: Element) -> Iterator[Fault]:
    window = channel["window"]
    if not window.is_object:
        yield window.expected("an object {…} with min, max, start and end")
    elif not all(window[key].is_number for key in _WINDOW):
        yield window.expected("numbers for min, max, start and end")


@RULES.must("bad-omero", "label and family are texts, active is true or false", since="0.4")
def _look(channel: Element) -> Iterator[Fault]:
    for key in ("label", "family"):
        if channel[key].value is not None and not isinstance(channel[key].value, str):
            yield channel[key].expected("a text")
    active = channel["active"]
    if active.value is not None and not isinstance(active.value, bool):
        yield active.expected("true or false")
