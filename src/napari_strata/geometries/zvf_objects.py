"""Objects of a level: whose vertices are whose, their attributes and their groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.geometries.spans import Indices
from napari_strata.geometries.zvf_attributes import (
    categories_of,
    checked_row,
    decoded,
    plain,
)
from napari_strata.geometries.zvf_chunks import Rows
from napari_strata.geometries.zvf_damage import ATTRIBUTE_LEFT_OUT, LEFT_OUT, damage, reason
from napari_strata.geometries.zvf_level import Level
from napari_strata.geometries.zvf_manifests import Manifests
from napari_strata.geometries.zvf_tables import stored_rows

_MOST_BYTES = 2 * 2**30
_MOST_GROUPS = 10_000  # or four an object
_MOST_TIMES = 16  # a fragment may be of several objects, but not of all


def different(chunks: Indices) -> tuple[tuple[int, ...], ...]:
    """List the different chunks of many, ``(E, m)``, in order."""
    if not len(chunks):
        return ()
    low = chunks.min(axis=0)
    steps = _steps(low, chunks.max(axis=0))
    if steps is None:
        return tuple(map(tuple, np.unique(chunks, axis=0).tolist()))
    first = np.unique((chunks - low) @ steps, return_index=True)[1]
    return tuple(map(tuple, chunks[first].tolist()))


def _steps(low: Indices, high: Indices) -> Indices | None:
    """Give what turns chunks between two corners into single numbers; None if they are too far."""
    edges = [int(h) - int(l) + 1 for l, h in zip(low, high, strict=True)]  # noqa: E741
    if math.prod(edges) >= 2**62:
        return None
    return np.array([math.prod(edges[i + 1 :]) for i in range(len(edges))], dtype=np.int64)


def places_of(chunks: Indices, numbers: dict[tuple[int, ...], int]) -> Indices:
    """Look up chunks, ``(E, m)``, by their number; −1 for those that are not there."""
    if not len(chunks) or not numbers:
        return np.full(len(chunks), -1, dtype=np.int64)
    known = np.array(list(numbers), dtype=np.int64)
    low, high = known.min(axis=0), known.max(axis=0)
    steps = _steps(low, high)
    if steps is None:
        return np.array([numbers.get(tuple(c), -1) for c in chunks.tolist()], dtype=np.int64)
    within = np.flatnonzero(np.all((chunks >= low) & (chunks <= high), axis=1))
    packed, wanted = (known - low) @ steps, (chunks[within] - low) @ steps
    order = np.argsort(packed)
    at = order[np.minimum(np.searchsorted(packed[order], wanted), len(order) - 1)]
    values = np.fromiter(numbers.values(), dtype=np.int64)
    places = np.full(len(chunks), -1, dtype=np.int64)
    places[within] = np.where(packed[at] == wanted, values[at], -1)
    return places


def fragments_of(level: Level, objects: Manifests, rows: Rows, wanted: Any = None) -> Indices:
    """Give the fragment of each entry of the manifests; −1 for those that were not read.

    ``wanted`` tells for which entries that is to be told as a problem; all if it is None.
    """
    places = places_of(objects.chunks, rows.chunks)
    counts = np.append(np.diff(rows.fragment_first), 0)  # of the last for what is not there
    there = (objects.fragments >= 0) & (objects.fragments < counts[places])
    missing = int(np.count_nonzero(~there if wanted is None else ~there & wanted))
    if missing:
        message = f"{missing} parts of objects are left out: the chunks they are in have no such"
        level.report(LEFT_OUT, level.where("object_index"), message)
    return np.where(there, rows.fragment_first[places] + objects.fragments, -1)


def check_amount(stored: int, counts: Indices) -> None:
    """Refuse manifests that name the same vertices over and over.

    Raises
    ------
    ValueError
        If they do.
    """
    if int(counts.sum()) > _MOST_TIMES * (stored + len(counts)):
        raise ValueError(f"the objects name {counts.sum()} vertices, of {stored} that are stored")


def owners_of(level: Level, objects: Manifests, rows: Rows) -> Indices | None:
    """Give the id of the object of each row; None where a vertex is of none, or of several."""
    fragments = fragments_of(level, objects, rows, np.zeros(len(objects.fragments), bool))
    there = fragments >= 0
    which, counts = rows.of_fragments(fragments[there])
    check_amount(len(rows.vertices), counts)
    owners = np.repeat(objects.owners[there], counts)
    found = np.full(len(rows.vertices), -1, dtype=np.int64)
    found[which] = owners
    if not np.array_equal(found[which], owners):
        message = "the ids of objects are left out: some vertices belong to several of them"
        level.report(ATTRIBUTE_LEFT_OUT, level.where("object_index"), message, "info")
        return None
    used = rows.in_use()
    if bool((found[slice(None) if used is None else used] < 0).any()):
        message = "the ids of objects are left out: some vertices belong to none of them"
        level.report(ATTRIBUTE_LEFT_OUT, level.where("object_index"), message)
        return None
    return objects.ids[found] if len(objects.ids) else found


def object_attributes(level: Level, count: int) -> dict[str, npt.NDArray[Any]]:
    """Read the attributes of objects; those that have not one row an object are told."""
    from zarr_vectors import building

    found: dict[str, npt.NDArray[Any]] = {}
    for name in level.names(building.OBJECT_ATTRIBUTES, "the attributes of objects are"):
        array = f"{building.OBJECT_ATTRIBUTES}/{name}"
        try:
            shape = level.shape(array)
            if shape is None:
                continue
            if shape[:1] != (count,):
                raise ValueError(f"it has {shape[0] if shape else 0} rows for {count} objects")
            row = checked_row(shape[1:])
            if count * int(np.prod(row)) * 8 > _MOST_BYTES:
                raise ValueError("it takes more than 2 GiB")
            values = np.asarray(building.read_object_attributes(level.group, name))
            plain(values.dtype)
            categories = categories_of(level.group.read_array_meta(array))
        except damage() as error:
            text = f"the attribute {name!r} of objects is left out: {reason(error)}"
            level.report(ATTRIBUTE_LEFT_OUT, level.where(array), text)
            continue
        found[name] = decoded(level, name, level.where(array), values, categories)
    return found


def groups(level: Level, ids: Indices) -> dict[str, tuple[int, ...]]:
    """Read which objects are in which group, by the group's name."""
    from zarr_vectors import building

    where = level.where(building.GROUPS)
    try:
        most = max(_MOST_GROUPS, 4 * len(ids))
        if stored_rows(level.store, f"{level.key}/{building.GROUPS}", most) is None:
            return {}
        members = building.read_all_groupings(level.group)
        names = level.group.read_array_meta(building.GROUPS).get("group_names")
        return {_name(names, i): _members(m, ids) for i, m in enumerate(members)}
    except damage() as error:
        level.report(ATTRIBUTE_LEFT_OUT, where, f"the groups are left out: {reason(error)}")
        return {}


def _name(names: Any, index: int) -> str:
    if isinstance(names, list) and index < len(names) and names[index]:
        return str(names[index])
    return f"group_{index}"


def _members(members: Sequence[int], ids: Indices) -> tuple[int, ...]:
    if isinstance(members, range):  # written as its ends alone: only the objects there are
        within = (ids >= members.start) & (ids < members.stop)
        return tuple(int(i) for i in ids[within])
    return tuple(int(i) for i in members)
