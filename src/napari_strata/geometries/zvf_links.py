"""Edges and faces: ZVF's links between the vertices of a level, chunk by chunk.

A link is kept with its first chunk, in an array named by where its other chunks lie from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import factorial
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.geometries.spans import Indices
from napari_strata.geometries.zvf_attributes import checked_row, declared_dtype, values_in
from napari_strata.geometries.zvf_damage import ATTRIBUTE_LEFT_OUT, LEFT_OUT, damage, reason
from napari_strata.geometries.zvf_level import Chunk, Level, chunk_name

_WIDEST = 8  # corners of a face


@dataclass(frozen=True)
class Links:
    """Links of a level.

    Attributes
    ----------
    chunks : those that ends are in.
    places : ``(M, L)`` the chunk of each end, as an index of ``chunks``.
    rows : ``(M, L)`` the row of each end in its chunk.
    attributes : by name, ``(M, …)``.
    lost : chunks with vertices whose links could not be read.
    """

    chunks: tuple[Chunk, ...]
    places: npt.NDArray[np.int32]
    rows: Indices
    attributes: Mapping[str, npt.NDArray[Any]]
    lost: frozenset[Chunk] = frozenset()

    def taken(self, kept: npt.NDArray[Any]) -> Links:
        """Keep some of the links, by a mask or by their numbers."""
        attributes = {name: values[kept] for name, values in self.attributes.items()}
        return Links(self.chunks, self.places[kept], self.rows[kept], attributes, self.lost)


@dataclass(frozen=True)
class _Family:
    width: int
    rank: int
    directed: bool
    store: str


@dataclass(frozen=True)
class _Array:
    """The links whose other chunks lie equally: its name, the offsets, how a row is written."""

    name: str
    offsets: tuple[Chunk, ...]
    dtype: np.dtype[Any]
    permuted: bool
    flat: bool
    chunks: tuple[Chunk, ...]


def read_links(level: Level, wanted: frozenset[Chunk] | None = None) -> Links | None:
    """Read the links with an end in one of the chunks, or all; None if the level has none."""
    family = _family(level)
    if family is None:
        return None
    names = level.names("link_attributes", "the attributes of edges are")
    attributes = {name: _Attribute(name) for name in names}
    numbers: dict[Chunk, int] = {}
    lost: set[Chunk] = set()
    places: list[npt.NDArray[np.int32]] = [np.empty((0, family.width), np.int32)]
    rows: list[Indices] = [np.empty((0, family.width), np.int64)]
    for array in _arrays(level, family, lost):
        for ends, found, values in _cells(level, family, array, attributes, wanted, lost):
            known = [numbers.setdefault(chunk, len(numbers)) for chunk in ends]
            placed, found = _in_order(np.array(known, np.int32), found, array.permuted)
            places.append(placed)
            rows.append(found)
            for name, column in values.items():
                attributes[name].parts.append(column)
    count = sum(map(len, rows))
    joined = {n: a.joined(level, count) for n, a in attributes.items()}
    found_ = {name: column for name, column in joined.items() if column is not None}
    ends_, rows_ = np.concatenate(places), np.concatenate(rows)
    links = Links(tuple(numbers), ends_, rows_, found_, frozenset(lost))
    return _without_copies(links) if family.store == "duplicate" else links


def _family(level: Level) -> _Family | None:
    from zarr_vectors import building

    where = level.where("links/0")
    try:
        policy = building.link_family_policy(level.group, 0)
    except damage() as error:
        level.report(LEFT_OUT, where, f"edges and faces are left out: {reason(error)}")
        return None
    if policy is None:
        return None
    width, rank, directed, store = policy
    expected = len(level.chunks[0]) if level.chunks else level.ndim
    if not 2 <= width <= _WIDEST or rank != expected:
        message = f"a link has {width} ends in chunks of {rank} dimensions: all are left out"
        level.report(LEFT_OUT, where, message)
        return None
    return _Family(width, rank, directed, store)


def _arrays(level: Level, family: _Family, lost: set[Chunk]) -> Iterator[_Array]:
    from zarr_vectors import building

    for segment in level.names("links/0", "edges and faces are"):
        name = f"{building.links_group_path(0)}/{segment}"
        try:
            offsets = building.parse_offsets(segment, sid_ndim=family.rank, link_width=family.width)
            metadata = dict(level.group.read_array_meta(name))
            policy = {"delta": 0, "directed": family.directed, "store": family.store}
            permuted = metadata.get("has_perm", building.links_has_perm(offsets, **policy))
            dtype = np.dtype(metadata.get("dtype", "int64"))
            chunks = tuple(building.list_chunk_keys(level.group, name))
            if dtype.kind not in "iu" or not all(len(c) == family.rank for c in chunks):
                raise ValueError("its type or its chunks are not those of links")
        except damage() as error:
            message = f"edges and faces in it are left out: {reason(error)}"
            level.report(LEFT_OUT, level.where(name), message)
            lost.update(level.chunks)
            continue
        flat = bool(building.is_intra(offsets))
        yield _Array(name, offsets, dtype, bool(permuted), flat, chunks)


def _cells(
    level: Level,
    family: _Family,
    array: _Array,
    attributes: Mapping[str, _Attribute],
    wanted: frozenset[Chunk] | None,
    lost: set[Chunk],
) -> Iterator[tuple[tuple[Chunk, ...], Indices, dict[str, npt.NDArray[Any]]]]:
    """Read an array's chunks, leaving out and naming those that are damaged.

    ``lost`` gets the chunks of vertices whose links were in them.
    """
    segment = array.name.rpartition("/")[2]
    ends = {c: _ends(c, array.offsets) for c in array.chunks}
    chunks = [c for c in array.chunks if wanted is None or not wanted.isdisjoint(ends[c])]
    columns = {n: a.layout(level, segment) for n, a in attributes.items()} if chunks else {}
    arrays = [array.name, *(c.array for c in columns.values() if c is not None)]
    for batch in level.batches(chunks, len(arrays)):
        with level.read_ahead(arrays, [chunk_name(c) for c in batch]):
            for chunk in batch:
                raw = _raw(level, array.name, chunk)
                rows = None if raw is None else _rows(level, family, array, chunk, raw)
                if rows is None:
                    lost.update(ends[chunk])
                    continue
                values = {
                    name: attributes[name].rows(level, layout, chunk, len(rows))
                    for name, layout in columns.items()
                    if layout is not None
                }
                known = {name: v for name, v in values.items() if v is not None}
                yield ends[chunk], rows, known


def _ends(chunk: Chunk, offsets: Sequence[Chunk]) -> tuple[Chunk, ...]:
    return (chunk, *(tuple(a + b for a, b in zip(chunk, o, strict=True)) for o in offsets))


def _raw(level: Level, array: str, chunk: Chunk) -> bytes | None:
    where = level.where(array, chunk)
    try:
        raw = bytes(level.group.read_bytes(array, chunk_name(chunk)))
    except damage() as error:
        message = f"the chunk cannot be read, its edges or faces are left out: {reason(error)}"
        level.report(LEFT_OUT, where, message)
        return None
    if not raw:
        message = "the chunk is listed, but missing: its edges or faces are left out"
        level.report(LEFT_OUT, where, message)
        return None
    return raw


def _rows(level: Level, family: _Family, array: _Array, chunk: Chunk, raw: bytes) -> Indices | None:
    """Decode a chunk's links: plain rows within a chunk, else rows after a table of lengths."""
    data = raw
    if not array.flat:
        count = int(np.frombuffer(raw[:8].ljust(8, b"\0"), "<i8")[0])
        data = raw[8 * (1 + count) :] if 0 <= count < len(raw) // 8 else b"\0"
    width = (family.width + array.permuted) * array.dtype.itemsize
    if len(data) % width:
        message = f"the chunk is cut short ({len(raw)} bytes): its edges or faces are left out"
        level.report(LEFT_OUT, level.where(array.name, chunk), message)
        return None
    rows = np.frombuffer(data, array.dtype).reshape(-1, width // array.dtype.itemsize)
    if array.permuted and len(rows):
        orders = _orders(family.width)
        if int(rows[:, 0].min()) < 0 or int(rows[:, 0].max()) >= len(orders):
            message = "the chunk names an order of ends that there is not: its links are left out"
            level.report(LEFT_OUT, level.where(array.name, chunk), message)
            return None
    return rows.astype(np.int64, copy=False)


@lru_cache
def _orders(width: int) -> Indices:
    """List how the ends of a link were sorted, by the number it is kept with."""
    from zarr_vectors import building

    ends = list(range(width))
    return np.array(
        [building.apply_perm_inverse(ends, i, width) for i in range(factorial(width))], np.int64
    )


def _in_order(
    placed: npt.NDArray[np.int32], rows: Indices, permuted: bool
) -> tuple[npt.NDArray[np.int32], Indices]:
    """Give the chunks and rows of the ends in the order they were written in."""
    if not permuted:
        return np.broadcast_to(placed, (len(rows), len(placed))), rows
    order = _orders(len(placed))[rows[:, 0]]
    return placed[order], np.take_along_axis(rows[:, 1:], order, axis=1)


def _without_copies(links: Links) -> Links:
    """Keep one of each link where it is stored with every one of its chunks."""
    whole = np.concatenate([links.places, links.rows], axis=1)
    return links.taken(np.sort(np.unique(whole, axis=0, return_index=True)[1]))


@dataclass(frozen=True)
class _Layout:
    array: str
    dtype: np.dtype[Any]
    row: tuple[int, ...]


class _Attribute:
    """An attribute of edges: its rows are in the order of the links, array by array."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._damaged = False
        self.parts: list[npt.NDArray[Any]] = []

    def layout(self, level: Level, segment: str) -> _Layout | None:
        array = f"link_attributes/{self._name}/0/{segment}"
        try:
            if level.shape(array) is None:
                self._drop(level, level.where(array), "it has no values for some of the edges")
                return None
            metadata = dict(level.group.read_array_meta(array))
            return _Layout(
                array, declared_dtype(metadata), checked_row(metadata.get("row_shape", ()))
            )
        except damage() as error:
            self._drop(level, level.where(array), reason(error))
            return None

    def rows(
        self, level: Level, layout: _Layout, chunk: Chunk, count: int
    ) -> npt.NDArray[Any] | None:
        where = level.where(layout.array, chunk)
        try:
            found = values_in(level, layout.array, chunk, layout.dtype, (count, *layout.row))
        except damage() as error:
            self._drop(level, where, f"a chunk cannot be read: {reason(error)}")
            return None
        if found is None:
            self._drop(level, where, f"a chunk is missing, expected values of {count} edges")
        return found

    def _drop(self, level: Level, where: str, message: str) -> None:
        if not self._damaged:
            text = f"the attribute {self._name!r} of edges is left out: {message}"
            level.report(ATTRIBUTE_LEFT_OUT, where, text)
        self._damaged = True

    def joined(self, level: Level, count: int) -> npt.NDArray[Any] | None:
        if self._damaged or not self.parts:
            return None
        rows = {part.shape[1:] for part in self.parts}
        if len(rows) > 1 or sum(map(len, self.parts)) != count:
            self._drop(level, level.where(f"link_attributes/{self._name}/0"), "rows do not match")
            return None
        return np.concatenate(self.parts)


def triangles(faces: Indices) -> Indices:
    """Cut faces of more than three corners into triangles that all have the first corner."""
    fans = [faces[:, [0, i, i + 1]] for i in range(1, faces.shape[1] - 1)]
    return np.stack(fans, axis=1).reshape(-1, 3)
