"""Which fragments each object is made of, in order: ZVF's object manifests."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_strata.geometries.spans import Indices, offsets_of
from napari_strata.geometries.zvf_damage import ATTRIBUTE_LEFT_OUT
from napari_strata.geometries.zvf_level import Level
from napari_strata.geometries.zvf_tables import stored_rows

_LAYOUTS = ("vlen_manifests_v1", "vlen_manifests_v2")
_MOST_OBJECTS = 50_000_000
_SINGLE = 0  # the mode of a block that names one fragment


@dataclass(frozen=True)
class Manifests:
    """The objects of a level.

    Attributes
    ----------
    ids : ``(O,)``.
    first : ``(O + 1,)`` where each object's entries start.
    chunks : ``(E, m)`` the chunk of each entry.
    fragments : ``(E,)`` the number of its fragment in that chunk.
    named : whether the ids are the store's; else they only tell the objects apart.
    """

    ids: Indices
    first: Indices
    chunks: Indices
    fragments: Indices
    named: bool = True

    @classmethod
    def empty(cls, rank: int) -> Manifests:
        """Give those of no objects."""
        none = np.empty(0, np.int64)
        return cls(none, np.zeros(1, np.int64), np.empty((0, rank), np.int64), none)

    @property
    def owners(self) -> Indices:
        """``(E,)``: the row in ``ids`` each entry belongs to."""
        return np.repeat(np.arange(len(self.ids), dtype=np.int64), np.diff(self.first))


def read_manifests(level: Level) -> Manifests | None:
    """Read all objects of a level; None if the store tracks none.

    Raises
    ------
    ValueError and what else `damage` lists
        If they are damaged: then it is not known which vertices belong together.
    """
    from zarr_vectors import building

    array = f"{building.OBJECT_INDEX}/manifests"
    count = stored_rows(level.store, f"{level.key}/{array}", _MOST_OBJECTS)
    if count is None:
        return None
    metadata = dict(level.group.read_array_meta(building.OBJECT_INDEX))
    if metadata.get("layout") not in _LAYOUTS:
        raise ValueError(f"the objects have the layout {metadata.get('layout')!r}")
    rank = metadata.get("sid_ndim")
    if type(rank) is not int or rank != len(level.chunks[0] if level.chunks else level.columns):
        raise ValueError(f"sid_ndim is {rank!r}, which is not the rank of the chunks")
    ids, named = _ids(level, count)
    blobs = level.group.read_vlen_array(array) if count else []
    first, chunks, fragments = decode(blobs, rank)
    return Manifests(ids, first, chunks, fragments, named)


def _ids(level: Level, count: int) -> tuple[Indices, bool]:
    """Read the ids of the objects, and tell whether they are those of the store."""
    table = "object_index/object_ids"
    shape = level.shape(table)
    if shape is None:
        return np.arange(count, dtype=np.int64), True
    if shape != (count,):
        raise ValueError(f"there are {count} objects, but {list(shape)} ids")
    ids = np.asarray(level.group.read_array(table))
    if ids.dtype.kind not in "iu" or len(np.unique(ids)) != count:
        raise ValueError("the ids of the objects are no different whole numbers")
    if count and int(ids.max()) > np.iinfo(np.int64).max:
        message = (
            f"the ids of objects are left out, with their attributes and groups: found {ids.max()}"
            ", expected numbers up to 2^63 - 1"
        )
        level.report(ATTRIBUTE_LEFT_OUT, level.where(table), message)
        return np.arange(count, dtype=np.int64), False
    return ids.astype(np.int64), True


def decode(blobs: Sequence[bytes], rank: int) -> tuple[Indices, Indices, Indices]:
    """Decode manifests into ``first``, ``chunks`` and ``fragments``.

    A manifest is a number of blocks (uint32) and the blocks: the chunk (int64 an axis), a mode
    (one byte) and, in the usual one, the number of a fragment (int64).

    Raises
    ------
    ValueError and what else `damage` lists
        If one is damaged.
    """
    usual = _all_single(blobs, rank)
    if usual is not None:
        return usual
    from zarr_vectors import building

    counts, chunks, fragments = [], [np.empty((0, rank), np.int64)], [np.empty(0, np.int64)]
    for blob in blobs:
        total = 0
        for chunk, which in building.decode_object_manifest_blocks(blob, rank) if blob else ():
            numbers = _numbers(which)
            chunks.append(np.tile(np.array(chunk, np.int64), (len(numbers), 1)))
            fragments.append(numbers)
            total += len(numbers)
        counts.append(total)
    first = offsets_of(np.array(counts, dtype=np.int64))
    return first, np.concatenate(chunks), np.concatenate(fragments)


def _numbers(which: Any) -> Indices:
    if not isinstance(which, tuple):
        return np.atleast_1d(np.asarray(which, dtype=np.int64))
    start, count = which
    if not 0 <= count <= _MOST_OBJECTS:
        raise ValueError(f"a manifest names {count} fragments of one chunk")
    return np.arange(start, start + count, dtype=np.int64)


def _all_single(blobs: Sequence[bytes], rank: int) -> tuple[Indices, Indices, Indices] | None:
    """Decode at once what bulk writers write, blocks of the usual mode alone; None if it is not."""
    block = np.dtype([("chunk", "<i8", (rank,)), ("mode", "u1"), ("fragment", "<i8")])
    head = struct.calcsize("<I")
    counts = np.array([(len(blob) - head) / block.itemsize if blob else 0 for blob in blobs])
    if (counts < 0).any() or (counts % 1).any():
        return None
    whole = b"".join(blob[head:] for blob in blobs)
    declared = np.frombuffer(b"".join(blob[:head] for blob in blobs if blob), "<u4")
    stored = counts[[bool(blob) for blob in blobs]] if len(blobs) else counts
    if not np.array_equal(declared, stored):
        return None
    blocks = np.frombuffer(whole, block)
    if (blocks["mode"] != _SINGLE).any():
        return None
    first = offsets_of(counts.astype(np.int64))
    chunks = blocks["chunk"].reshape(-1, rank).astype(np.int64)
    return first, chunks, blocks["fragment"].astype(np.int64)
