"""Which raw images and channels of a VISoR sample are recommended: a slice may be imaged often.

``selected.json`` lists them from 2024.11.3 on, before that ``.visor``. Rules: formats.md 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_strata.formats.visor_keys import name_of, not_used
from napari_strata.model import OpenError, Problem
from napari_strata.store.tree import Node
from napari_strata.store.values import JsonPlace, mapping, sequence

SELECTED_FILE = "selected.json"
VISOR_FILE = ".visor"

_SUFFIX = ".zarr"
_OLD_KEYS = ("featured_slices", "selected_images")  # 2024.11.1, 2024.11.2


@dataclass
class Selected:
    """A selected image.

    Attributes
    ----------
    node : its folder.
    place : where it is listed.
    channels : wavelengths, each with its place; None for all.
    """

    node: Node
    place: JsonPlace
    channels: list[tuple[str, JsonPlace]] | None


def read_selection(folder: Node, problems: list[Problem]) -> list[Selected] | None:
    """Read what is selected of a folder of images; None if nothing says so.

    An image that is listed twice is selected with the channels of both entries.
    """
    try:
        entries = _entries(folder)
    except OpenError as error:
        problems.append(not_used(error))
        return None
    if entries is None:
        return None
    found: dict[str, Selected] = {}
    for value, place in entries:
        try:
            selected = _selected(folder, value, place, problems)
        except OpenError as error:
            problems.append(error.problem)
            continue
        known = found.setdefault(selected.node.path, selected)
        if known is selected:
            continue
        if known.channels is None or selected.channels is None:
            known.channels = None
        else:
            known.channels += selected.channels
    return list(found.values())


def _entries(folder: Node) -> list[tuple[object, JsonPlace]] | None:
    """List the entries of the first file that has any; visor-py makes one with a comment alone."""
    place = folder.place(SELECTED_FILE)
    value = folder.json_value(SELECTED_FILE)
    if isinstance(value, dict) and value.keys() <= {"_comment"}:
        value = None
    if value is not None:
        return [(v, place.item(i)) for i, v in enumerate(sequence(value, place))]
    old = folder.json(VISOR_FILE) or {}
    for key in _OLD_KEYS:
        if key in old:
            at = folder.place(VISOR_FILE, key)
            return [(v, at.item(i)) for i, v in enumerate(sequence(old[key], at))]
    return None


def _selected(folder: Node, value: object, place: JsonPlace, problems: list[Problem]) -> Selected:
    """Read an entry: ``name``, or in older versions ``path``, and its channels."""
    fields = mapping(value, place)
    key = "name" if "name" in fields else "path"
    at = place.child(key)
    path = fields.get(key)
    if isinstance(path, str):
        path = path.removeprefix(f"{folder.name}/")  # 2024.11.2: relative to the sample
        if path and not path.endswith(_SUFFIX):
            path += _SUFFIX
    return Selected(folder.descend(path, at), at, _channels(fields, place, problems))


def _channels(
    fields: Mapping[str, Any], place: JsonPlace, problems: list[Problem]
) -> list[tuple[str, JsonPlace]] | None:
    if "channels" not in fields:
        return None
    at = place.child("channels")
    found = []
    try:
        for i, item in enumerate(sequence(fields["channels"], at)):
            found.append((name_of(item, at.item(i)), at.item(i)))
        if not found:
            raise at.unexpected(found, "at least one channel")
    except OpenError as error:
        message = f"{error.problem.message}; all channels are shown"
        problems.append(Problem("bad-selection", "warning", error.problem.where, message))
        return None
    return found
