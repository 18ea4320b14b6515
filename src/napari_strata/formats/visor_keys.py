"""VISoR's own keys: under ``visor`` (in 2024.11.1, and from 2025.5 on), else beside OME's.

Rules: formats.md 4, after the schema at https://visor-tech.github.io/visor-data-schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_strata.formats._survey import Sourced
from napari_strata.model import OpenError, Problem
from napari_strata.store.hierarchy import Group
from napari_strata.store.values import JsonPlace, mapping, sequence, text

OWN_KEY = "visor"
STACKS = "visor_stacks"
CHANNELS = "channels"


def own_key(group: Group, key: str) -> Sourced | None:
    """Look up one of VISoR's keys, wherever it is."""
    inner = group.attributes.get(OWN_KEY)
    if isinstance(inner, dict) and key in inner:
        return Sourced(inner[key], group.place(OWN_KEY).child(key))
    if key in group.attributes:
        return Sourced(group.attributes[key], group.place(key))
    return None


def not_used(error: OpenError) -> Problem:
    """Turn the refusal of something VISoR's own into a warning: the image opens without it."""
    found = error.problem
    return Problem("bad-visor", "warning", found.where, f"{found.message}; not used")


def objects(found: Sourced, problems: list[Problem]) -> list[tuple[Mapping[str, Any], JsonPlace]]:
    """Return the objects in a list, each with its place; what is none is a problem."""
    result: list[tuple[Mapping[str, Any], JsonPlace]] = []
    try:
        items = sequence(found.value, found.place)
    except OpenError as error:
        problems.append(not_used(error))
        return []
    for position, item in enumerate(items):
        place = found.place.item(position)
        try:
            result.append((mapping(item, place), place))
        except OpenError as error:
            problems.append(not_used(error))
    return result


def axis_index(value: object, place: JsonPlace) -> int:
    """Return the ``index`` of an entry: a whole number from 0.

    Raises
    ------
    OpenError
        If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise place.unexpected(value, "a whole number from 0")
    return value


def name_of(value: object, place: JsonPlace) -> str:
    """Return a label or wavelength; a whole number stands for its digits.

    Raises
    ------
    OpenError
        If it is neither, or an empty text.
    """
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9:
        return str(value)
    shown = text(value, place).strip()
    if not shown:
        raise place.unexpected(value, "a text that is not empty")
    return shown
