"""Properties of the segments of a precomputed volume, as Neuroglancer keeps them beside it.

Rules: Neuroglancer's description of segment properties; only inline ones exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from napari_strata.model import Display, OpenError, Problem
from napari_strata.store.hierarchy import Group
from napari_strata.store.precomputed import INFO_FILE
from napari_strata.store.values import JsonPlace, mapping, quote, sequence, text, texts

_KEY = "segment_properties"
_TYPE = "neuroglancer_segment_properties"
_LARGEST = 2**64
_UNNAMED = ("label", "description", "tags")  # one each; shown without the name they are given


def read_properties(group: Group, problems: list[Problem]) -> Display:
    """Read the properties a volume names; whatever is wrong with one costs only it."""
    path = group.attributes.get(_KEY)
    if path is None:
        return Display()
    at = group.place(_KEY)
    try:
        node = group.node.descend(path, at)
        info = node.json(INFO_FILE)
        if info is None:
            message = f'found no info file at "{node.inner_path}", expected one; not used'
            problems.append(at.problem("bad-segment-properties", "warning", message))
            return Display()
        found = _inline(info, node.place(INFO_FILE), problems)
    except OpenError as error:
        problems.append(_distrusted(error))
        return Display()
    return Display(label_properties=found)


def _distrusted(error: OpenError) -> Problem:
    message = f"{error.problem.message}; not used"
    return Problem("bad-segment-properties", "warning", error.problem.where, message)


def _inline(
    info: Mapping[str, Any], place: JsonPlace, problems: list[Problem]
) -> dict[int, dict[str, Any]]:
    if info.get("@type", _TYPE) != _TYPE:
        raise place.child("@type").unexpected(info["@type"], f'"{_TYPE}"')
    if info.get("inline") is None:
        return {}
    place = place.child("inline")
    inline = mapping(info["inline"], place)
    ids = _ids(inline.get("ids"), place.child("ids"))
    result: dict[int, dict[str, Any]] = {label: {} for label in ids}
    at = place.child("properties")
    for index, value in enumerate(sequence(inline.get("properties"), at)):
        try:
            name, values = _property(value, at.item(index), len(ids))
        except OpenError as error:
            problems.append(_distrusted(error))
            continue
        for label, item in zip(ids, values, strict=True):
            result[label][name] = item
    return result


def _ids(value: object, at: JsonPlace) -> list[int]:
    result = []
    for index, item in enumerate(texts(value, at)):
        digits = item.isascii() and item.isdecimal() and len(item) <= 20
        if not digits or int(item) >= _LARGEST:
            raise at.item(index).unexpected(item, "a segment's number as a text")
        result.append(int(item))
    return result


def _property(value: object, at: JsonPlace, count: int) -> tuple[str, list[Any]]:
    """Return a property's name and one value a segment."""
    declared = mapping(value, at)
    kind = text(declared.get("type"), at.child("type"))
    name = kind if kind in _UNNAMED else text(declared.get("id"), at.child("id"))
    place = at.child("values")
    values = sequence(declared.get("values"), place)
    if len(values) != count:
        found = f"found {len(values)} values, expected {count}, one a segment"
        raise place.refuse("wrong-length", found)
    if kind == "tags":
        names = texts(declared.get("tags"), at.child("tags"))
        return name, [_tags(v, place.item(i), names) for i, v in enumerate(values)]
    expected = int | float if kind == "number" else str
    for index, item in enumerate(values):
        if isinstance(item, bool) or not isinstance(item, expected):
            raise place.item(index).unexpected(item, "a number" if kind == "number" else "a text")
    return name, values


def _tags(value: object, at: JsonPlace, names: list[str]) -> str:
    """Write the tags of a segment as one text."""
    numbers = sequence(value, at)
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(names):
            raise at.unexpected(value, f"numbers of tags from 0 to {quote(len(names) - 1)}")
    return ", ".join(names[number] for number in numbers)
