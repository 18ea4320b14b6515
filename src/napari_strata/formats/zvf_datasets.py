"""Which levels ``multiscales[0].datasets`` of a ZVF store lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_strata.formats._assemble import without_level
from napari_strata.formats.zvf_keys import LEVEL_NAME
from napari_strata.model import OpenError, Problem
from napari_strata.store.hierarchy import Group
from napari_strata.store.tree import Node
from napari_strata.store.values import JsonPlace, mapping, sequence


@dataclass(frozen=True)
class Listed:
    """A level as ``datasets`` lists it."""

    node: Node
    number: int
    entry: Mapping[str, Any]
    place: JsonPlace


def listed_levels(
    store: Group, datasets: object, place: JsonPlace, problems: list[Problem]
) -> list[Listed]:
    """List the levels, each once; a path that is no level's is left out, with an error.

    Raises
    ------
    OpenError
        If there is no list.
    """
    found: dict[str, Listed] = {}
    for index, item in enumerate(sequence(datasets, place)):
        at = place.item(index)
        try:
            level = _listed(store.node, item, at)
        except OpenError as error:
            problems.append(without_level(error))
            continue
        if level.node.path in found:
            message = "the level is listed twice; it is used once"
            problems.append(at.child("path").problem("duplicate-path", "warning", message))
        found.setdefault(level.node.path, level)
    return list(found.values())


def _listed(store: Node, item: object, at: JsonPlace) -> Listed:
    entry = mapping(item, at)
    node = store.descend(entry.get("path"), at.child("path"))
    name = node.relative_to(store.path)
    if not LEVEL_NAME.fullmatch(name):
        message = "a whole number: zarr-vectors reads levels by their number"
        raise at.child("path").unexpected(entry["path"], message)
    return Listed(node, int(name), entry, at)
