"""Vertices and their attributes, chunk by chunk: every row where it belongs, or left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.geometries.spans import Indices, offsets_of, rows_of
from napari_strata.geometries.zvf_attributes import Column, columns_of, joined
from napari_strata.geometries.zvf_damage import (
    ATTRIBUTE_LEFT_OUT,
    LEFT_OUT,
    OUTSIDE,
    damage,
    reason,
    refusal,
)
from napari_strata.geometries.zvf_level import Chunk, Level, chunk_name


@dataclass(frozen=True)
class Rows:
    """The vertices of several chunks, one chunk after the other, as they are stored.

    Attributes
    ----------
    vertices : ``(R, n)``, columns in the order of the geometry's axes, stored coordinates.
    chunks : those that were read, by their number in the arrays below.
    first : where each chunk's rows start; one entry more than there are chunks.
    fragment_first : the same of its fragments. A fragment is what one object has in a chunk.
    fragments : ``(G, 2)``: first entry in ``order``, and number of entries, of each fragment.
    order : rows, in the order of the fragments; None if entry i is row i.
    attributes : by name, ``(R, …)``.
    """

    vertices: npt.NDArray[Any]
    chunks: dict[Chunk, int]
    first: Indices
    fragment_first: Indices
    fragments: Indices
    order: Indices | None
    attributes: Mapping[str, npt.NDArray[Any]]

    def of_fragments(self, fragments: Indices) -> tuple[Indices, Indices]:
        """List the rows of fragments, one after the other; and how many each has."""
        starts, counts = self.fragments[fragments].T
        entries = rows_of(starts, counts)
        return (entries if self.order is None else self.order[entries]), counts

    def in_use(self) -> npt.NDArray[np.bool_] | None:
        """Tell which rows belong to a fragment; None if all do. The others were deleted."""
        if self.order is None and int(self.fragments[:, 1].sum()) == len(self.vertices):
            return None
        used = np.zeros(len(self.vertices), dtype=bool)
        used[self.of_fragments(np.arange(len(self.fragments)))[0]] = True
        return None if used.all() else used


@dataclass(frozen=True)
class _Chunk:
    """One chunk: its rows, ``(start, count)`` of its fragments, and their order if it is odd."""

    vertices: npt.NDArray[Any]
    fragments: Indices
    order: Indices | None
    attributes: Mapping[str, npt.NDArray[Any] | None]


def read_rows(level: Level, chunks: Sequence[Chunk], attributes: Iterable[str] = ()) -> Rows:
    """Read chunks, leaving out those that are damaged; the level's problems name each of them."""
    from zarr_vectors import building

    columns = columns_of(level, attributes)
    arrays = [building.VERTICES, building.VERTEX_FRAGMENTS, *(c.array for c in columns)]
    found: dict[Chunk, _Chunk] = {}
    for batch in level.batches(chunks, len(arrays)):
        with level.read_ahead(arrays, [chunk_name(chunk) for chunk in batch]):
            for chunk in batch:
                one = _chunk(level, chunk, columns)
                if one is not None:
                    found[chunk] = one
    return _together(level, found, columns)


def _chunk(level: Level, chunk: Chunk, columns: Sequence[Column]) -> _Chunk | None:
    from zarr_vectors import building

    name, lost = chunk_name(chunk), "its vertices are left out"
    where = level.where(building.VERTICES, chunk)
    try:
        raw = level.group.read_bytes(building.VERTICES, name)
    except damage() as error:
        level.report(LEFT_OUT, where, f"the chunk cannot be read, {lost}: {reason(error)}")
        return None
    if not raw:
        level.report(LEFT_OUT, where, f"the chunk is listed, but missing: {lost}")
        return None
    width = level.dtype.itemsize * level.ndim
    if len(raw) % width:
        message = f"the chunk has {len(raw)} bytes, expected a multiple of {width}: {lost}"
        level.report(LEFT_OUT, where, message)
        return None
    vertices = np.frombuffer(raw, level.dtype).reshape(-1, level.ndim)[:, level.columns]
    cut = _fragments(level, chunk, len(vertices))
    if cut is None:
        return None
    _check_place(level, chunk, vertices)
    rows = {column.name: column.rows(level, chunk, len(vertices)) for column in columns}
    return _Chunk(vertices, *cut, rows)


def _check_place(level: Level, chunk: Chunk, vertices: npt.NDArray[Any]) -> None:
    """Tell of vertices outside their chunk: of another type than declared, or of other axes."""
    if not len(vertices):
        return
    low, high = (corner[0, list(level.columns)] for corner in level.cells([chunk]))
    if not bool((vertices.min(axis=0) >= low).all() and (vertices.max(axis=0) <= high).all()):
        message = (
            "some vertices lie outside the chunk they are kept in: their type, their axes or "
            "chunk_shape may be declared wrongly, and a box may miss them"
        )
        level.report(OUTSIDE, level.where("vertices", chunk), message)


def _fragments(level: Level, chunk: Chunk, rows: int) -> tuple[Indices, Indices | None] | None:
    """Read which rows belong together; None if that does not fit the rows there are."""
    from zarr_vectors import building

    where = level.where(building.VERTEX_FRAGMENTS, chunk)
    lost = "the chunk's vertices are left out"
    try:
        index = building.read_vertex_fragment_index(level.group, chunk)
        table, order = index.ranges(), None
        if table is None:
            lists = [index.indices(i) for i in range(index.num_fragments)]
            order = np.concatenate(lists)
            counts = np.array([len(rows_) for rows_ in lists], dtype=np.int64)
            table = np.stack([offsets_of(counts)[:-1], counts], axis=1)
    except damage() as error:
        message = f"which vertices belong together cannot be read, {lost}: {reason(error)}"
        level.report(LEFT_OUT, where, message)
        return None
    starts, counts = table.T
    limit = rows if order is None else len(order)
    low = int(min(table.min(initial=0), 0 if order is None else order.min(initial=0)))
    if low < 0 or bool((starts > limit).any() or (counts > limit - starts).any()):
        high = limit + 1
    else:
        high = 0 if order is None else int(order.max(initial=-1)) + 1
    if low < 0 or high > rows:
        message = f"it names vertices beyond the {rows} that are stored: {lost}"
        level.report(LEFT_OUT, where, message)
        return None
    if not len(table) and rows:
        level.report(LEFT_OUT, where, f"it is empty, the chunk has {rows} vertices: {lost}")
        return None
    return table, order


def _together(level: Level, found: Mapping[Chunk, _Chunk], columns: Sequence[Column]) -> Rows:
    parts = list(found.values())
    first = offsets_of(np.array([len(p.vertices) for p in parts], dtype=np.int64))
    vertices = np.concatenate([p.vertices for p in parts] or [_nothing(level)])
    order, base = None, first[:-1]
    if any(p.order is not None for p in parts):
        orders = [np.arange(len(p.vertices)) if p.order is None else p.order for p in parts]
        base = offsets_of(np.array([len(o) for o in orders], dtype=np.int64))[:-1]
        order = np.concatenate([o + f for o, f in zip(orders, first[:-1], strict=True)])
    fragments = np.concatenate(
        [p.fragments + np.array([b, 0]) for p, b in zip(parts, base, strict=True)]
        or [np.empty((0, 2), np.int64)]
    )
    fragment_first = offsets_of(np.array([len(p.fragments) for p in parts], dtype=np.int64))
    attributes = {}
    for column in columns:
        whole = joined(level, column, [p.attributes[column.name] for p in parts], first)
        if whole is not None:
            attributes[column.name] = whole
    if level.bins is not None:
        attributes.update(_by_bin(level, list(found), np.diff(first)))
    numbers = {chunk: i for i, chunk in enumerate(found)}
    return Rows(vertices, numbers, first, fragment_first, fragments, order, attributes)


def _by_bin(level: Level, chunks: Sequence[Chunk], counts: Indices) -> dict[str, npt.NDArray[Any]]:
    """Give the attribute the chunks are cut by: it is kept nowhere but in their names."""
    assert level.bins is not None
    name, values = level.bins
    bins = np.array([chunk[0] for chunk in chunks], dtype=np.int64)
    plain = [v for v in values if type(v) in (bool, int, float, str)]
    if len(plain) < len(values) or bool(((bins < 0) | (bins >= len(values))).any()):
        text = f"the attribute {name!r} is left out: it has no values for some chunks"
        level.report(ATTRIBUTE_LEFT_OUT, level.where(), text)
        return {}
    return {name: np.repeat(np.array(plain)[bins], counts)} if len(bins) else {}


def _nothing(level: Level) -> npt.NDArray[Any]:
    return np.empty((0, level.ndim), level.dtype)


def check_read(level: Level, wanted: Sequence[Chunk], rows: Rows) -> None:
    """Refuse a level of which every chunk that was wanted is damaged.

    Raises
    ------
    OpenError
        Naming the first of them.
    """
    if wanted and not rows.chunks:
        first = next((p for p in level.problems if p.code == LEFT_OUT), None)
        told = f"; the first: {first}" if first is not None else ""
        message = f"none of its {len(wanted)} chunks with vertices can be read{told}"
        raise refusal(level.where("vertices"), message)
