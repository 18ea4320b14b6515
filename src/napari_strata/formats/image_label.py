"""OME-NGFF's ``image-label`` block: colours and properties of label values.

Rules: https://ngff.openmicroscopy.org, "labels". ``version`` and ``source`` are read elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from napari_strata.model import Color, Display, Problem
from napari_strata.store.values import JsonPlace, quote

_KEY = "label-value"
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1  # of all integer types
_OPAQUE = 255

Entry = tuple[int, Mapping[str, Any], JsonPlace]


def read_image_label(value: object, place: JsonPlace, problems: list[Problem]) -> Display:
    """Read what can be read; one bad entry never costs the others.

    Missing and null mean "not declared". Of entries for the same label value the last counts.
    """
    if not isinstance(value, dict):
        if value is not None:
            problems.append(_distrusted("bad-image-label", place, value, "an object {…}"))
        return Display()
    colors: dict[int, Color] = {}
    for label, entry, at in _entries(value.get("colors"), place.child("colors"), problems):
        color = _color(entry.get("rgba"), at.child("rgba"), problems)
        if color is not None:
            colors[label] = color
    properties = {
        label: {key: item for key, item in entry.items() if key != _KEY}
        for label, entry, _ in _entries(
            value.get("properties"), place.child("properties"), problems
        )
    }
    return Display(label_colors=colors, label_properties=properties)


def _entries(value: object, place: JsonPlace, problems: list[Problem]) -> Iterator[Entry]:
    """Go through the entries whose label value is sound; tell of the others, and of repetition."""
    if value is None:
        return
    if not isinstance(value, list):
        problems.append(_distrusted("bad-image-label", place, value, "a list"))
        return
    seen: set[int] = set()
    for index, entry in enumerate(value):
        at = place.item(index)
        if not isinstance(entry, dict):
            problems.append(_distrusted("bad-image-label", at, entry, "an object {…}"))
            continue
        label = _whole(entry.get(_KEY))
        if label is None or not _SMALLEST <= label <= _LARGEST:
            expected = "a whole number from -2^63 to 2^64 - 1"
            problems.append(
                _distrusted("bad-label-value", at.child(_KEY), entry.get(_KEY), expected)
            )
            continue
        if label in seen:
            message = f"found {label} again; this entry is used, not the ones before it"
            problems.append(at.child(_KEY).problem("repeated-label-value", "info", message))
        seen.add(label)
        yield label, entry, at


def _color(value: object, at: JsonPlace, problems: list[Problem]) -> Color | None:
    """Return red, green, blue and opacity, each 0 to 1."""
    if value is None:
        return None
    numbers = [_whole(item) for item in value] if isinstance(value, list) else []
    sound = [n for n in numbers if n is not None and 0 <= n <= 255]
    if len(sound) != len(numbers) or len(sound) not in (3, 4):
        expected = "four whole numbers from 0 to 255: red, green, blue, opacity"
        problems.append(_distrusted("bad-label-color", at, value, expected))
        return None
    if len(sound) == 3:
        message = f"found {quote(value)}, three numbers, expected four; taken as opaque"
        problems.append(at.problem("label-color-without-opacity", "info", message))
        sound.append(_OPAQUE)
    red, green, blue, opacity = (n / 255 for n in sound)
    return red, green, blue, opacity


def _whole(value: object) -> int | None:
    """Return a whole number; 3.0 is one in JSON, true is none."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _distrusted(code: str, at: JsonPlace, value: object, expected: str) -> Problem:
    return at.problem(code, "warning", f"found {quote(value)}, expected {expected}; not used")
