"""Which segments a folder of meshes has, by the names of the files in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from napari_strata.formats.precomputed_mesh_info import LEGACY
from napari_strata.model import OpenError, Problem
from napari_strata.store.tree import Node

MOST_SEGMENTS = 100_000
"""How many are listed at most."""

_LARGEST = 2**64
# cloud-volume packs files on a disk, and says so by the ending.
_MANIFEST = re.compile(r"([0-9]{1,20}):0(?:\.gz)?")
_INDEX = re.compile(r"([0-9]{1,20})\.index(?:\.gz)?")


def list_segments(
    node: Node, kind: str, metadata: Mapping[str, Any], problems: list[Problem]
) -> tuple[int, ...] | None:
    """List the segments there are meshes of, in order; None where they cannot be listed."""
    if metadata.get("sharding") is not None:
        problems.append(_unlisted(node, "the meshes are in shards, which do not list"))
        return None
    try:
        listing = node.listing()
    except OpenError as error:
        problems.append(error.problem)
        return None
    if listing is None:
        problems.append(_unlisted(node, "this server does not list"))
        return None
    pattern = _MANIFEST if kind == LEGACY else _INDEX
    matches = (pattern.fullmatch(name) for name in listing.files)
    numbers = {int(match[1]) for match in matches if match is not None}
    segments = sorted(number for number in numbers if number < _LARGEST)
    if len(segments) > MOST_SEGMENTS:
        message = f"found {len(segments)} segments; the first {MOST_SEGMENTS} are listed"
        problems.append(Problem("many-segments", "info", node.shown_path, message))
    return tuple(segments[:MOST_SEGMENTS])


def _unlisted(node: Node, why: str) -> Problem:
    message = f"{why} the segments; choose one by its number"
    return Problem("segments-not-listed", "info", node.shown_path, message)
