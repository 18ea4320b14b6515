"""The datasets of a VISoR image: which are levels, which place stacks, and what is odd about them.

Rules: formats.md 4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from napari_strata.formats._ome import Multiscale, key_place, keys
from napari_strata.formats._survey import Candidate, Survey, dataset_entries, first_object
from napari_strata.formats.visor_keys import STACKS, own_key
from napari_strata.formats.visor_placements import Entry, Placement, placement, plain
from napari_strata.model import OpenError, Problem
from napari_strata.store.hierarchy import Array, Group
from napari_strata.store.tree import Node
from napari_strata.store.values import JsonPlace, quote

TRANSFORMS = "coordinateTransformations"


@dataclass(frozen=True)
class Datasets:
    """The datasets of a multiscale: levels, each with its index in the list, and placements."""

    multiscale: Multiscale
    levels: tuple[tuple[int, Candidate], ...]
    placements: tuple[Placement, ...]


def read_datasets(multiscale: Multiscale) -> Datasets:
    """Read the arrays of the levels.

    Raises
    ------
    OpenError
        If there is no array at all.
    """
    entries = dataset_entries(
        multiscale.value.get("datasets"), multiscale.place.child("datasets"), TRANSFORMS
    )
    levels, placements = _split(entries)
    found = multiscale.survey.declared_candidates(
        [entries[index] for index in levels], attributes=False
    )
    readable = [_with_chunks_in_place(c, by_index=_by_index(multiscale.survey)) for c in found]
    if all(c.array is None for c in readable):
        first = next((c.error for c in readable if c.error is not None), None)
        at = multiscale.place.child("datasets")
        raise first or at.refuse("no-levels", "found no level, expected one")
    return Datasets(multiscale, tuple(zip(levels, readable, strict=True)), tuple(placements))


def _split(entries: Sequence[Entry]) -> tuple[list[int], list[Placement]]:
    """Tell levels, by their index, from placements of stacks."""
    paths = frozenset(plain(p.value) for p, _ in entries if isinstance(p.value, str))
    levels, placements = [], []
    for index, entry in enumerate(entries):
        found = placement(entry, paths)
        if found is None:
            levels.append(index)
        else:
            placements.append(found)
    return levels, placements


def level_nodes(group: Group) -> list[Node]:
    """List the folders of an image's arrays, for reading those of many images at once."""
    place = key_place(group, "multiscales")
    first = first_object(keys(group).get("multiscales")) or {}
    nodes = []
    with suppress(OpenError):
        entries = dataset_entries(first.get("datasets"), place, TRANSFORMS)
        for index in _split(entries)[0]:
            with suppress(OpenError):
                nodes.append(group.node.descend(entries[index][0].value, place))
    return nodes


def _by_index(survey: Survey) -> bool:
    """Tell whether the image is of a version (from 2024.11.2) whose chunks lie as Zarr's do."""
    return own_key(survey.group, STACKS) is not None


def _with_chunks_in_place(candidate: Candidate, *, by_index: bool) -> Candidate:
    """Refuse an array whose chunks are only in folders called after stacks and channels.

    So the pages of 2024.11.0 and 2024.11.1 draw them. Zarr would show the fill value.
    """
    array = candidate.array
    if array is None or by_index or array.encoding != "zarr2":
        return candidate
    folder = _strange_folder(array)
    if folder is None:
        return candidate
    message = (
        f'found chunks only in folders such as "{folder}", expected them under their numbers; '
        "no Zarr software reads these"
    )
    return replace(candidate, array=None, error=array.stored().refuse("chunks-in-folders", message))


def _strange_folder(array: Array) -> str | None:
    listing = None
    with suppress(OpenError):
        listing = array.node.listing()
    if listing is None:
        return None
    names = [name for name in listing.folders if not name.startswith(".")]
    if any(re.fullmatch(r"[0-9.]+", name) for name in (*names, *listing.files)):
        return None
    return min(names, default=None)


def without_surplus(value: object, place: JsonPlace, rank: int, problems: list[Problem]) -> object:
    """Drop leading ones of scales that are longer than the axes, as published examples have."""
    if not isinstance(value, list):
        return value
    return [
        _trimmed(item, place.item(i), rank, problems) if isinstance(item, dict) else item
        for i, item in enumerate(value)
    ]


def _trimmed(
    transform: Mapping[str, Any], place: JsonPlace, rank: int, problems: list[Problem]
) -> Mapping[str, Any]:
    scale = transform.get("scale")
    if not isinstance(scale, list) or len(scale) <= rank:
        return transform
    surplus = scale[: len(scale) - rank]
    if any(isinstance(n, bool) or n != 1 for n in surplus):
        return transform
    message = f"found {quote(scale)}, expected {rank} numbers; the surplus 1 in front is not used"
    problems.append(place.child("scale").problem("surplus-scale", "warning", message))
    return {**transform, "scale": scale[len(surplus) :]}
