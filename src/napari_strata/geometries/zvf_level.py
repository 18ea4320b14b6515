"""One level of a ZVF store, opened: its handle, where its chunks are and how they are encoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.geometries.zvf_damage import UNREADABLE, damage, reason, refusal, refusing
from napari_strata.geometries.zvf_store import KvStore, shape_of, store_of
from napari_strata.geometry import Box, Geometry
from napari_strata.model import Problem
from napari_strata.store.warned import silenced

Coordinates = npt.NDArray[np.float64]
Chunk = tuple[int, ...]
"""Grid coordinates of a chunk, in the store's column order; its last ``n`` are spatial."""

# Vertices are put into chunks before they are rounded to the type they are stored in.
_ROUNDING = 1e-6
_MOST_TOLD = 20
_AT_ONCE = 2048
"""Chunk files asked for together: what is in flight is bounded."""


@dataclass
class Level:
    """A level's handles.

    Attributes
    ----------
    store : the whole store, and ``group`` zarr-vectors' handle of the level's group.
    key : the level's folder in the store; ``path`` the same relative to what was opened.
    columns : for each axis of the geometry, the store's column.
    dtype : of the vertices as stored.
    chunk_shape : ``(n,)`` edges of a chunk, in the store's column order.
    chunks : those that have vertices, by the store's own list.
    root : zarr-vectors' root metadata.
    bins : of a level whose chunks are cut by an attribute too, its name and the value of each
        bin: the first coordinate of a chunk is the number of its bin.
    problems : found so far, the first of each code; ``more`` counts the others.
    """

    store: KvStore
    group: Any
    key: str
    path: str
    columns: tuple[int, ...]
    dtype: np.dtype[Any]
    chunk_shape: npt.NDArray[np.float64]
    chunks: tuple[Chunk, ...]
    root: Any
    bins: tuple[str, tuple[Any, ...]] | None = None
    problems: list[Problem] = field(default_factory=list)
    more: dict[str, int] = field(default_factory=dict)

    @property
    def ndim(self) -> int:
        """Number of coordinates of a vertex."""
        return len(self.columns)

    def where(self, array: str = "", chunk: Chunk | str | None = None) -> str:
        """Name a file of the level, relative to what was opened."""
        parts = [self.path, array] if array else [self.path]
        if chunk is None:
            return "/".join([*parts, "zarr.json"])
        name = chunk if isinstance(chunk, str) else chunk_name(chunk)
        return f"{'/'.join(parts)} (chunk {name})"

    def report(self, code: str, where: str, message: str, severity: Any = "warning") -> None:
        """Add a problem; of very many of one code all but the first are only counted."""
        if sum(p.code == code for p in self.problems) >= _MOST_TOLD:
            self.more[code] = self.more.get(code, 0) + 1
            return
        self.problems.append(Problem(code, severity, where, message))

    def told(self) -> tuple[Problem, ...]:
        """Give all problems, with how many more there are of each code."""
        more = (
            Problem(code, "warning", self.where(), f"{count} more problems like those named")
            for code, count in self.more.items()
        )
        return (*self.problems, *more)

    def names(self, folder: str, what: str) -> tuple[str, ...]:
        """List the arrays in a folder of the level; tells where that cannot be done."""
        try:
            if self.store.document(f"{self.key}/{folder}/zarr.json") is None:
                return ()  # no group, nothing to list
            found = self.store.names(f"{self.key}/{folder}")
        except damage() as error:
            self.report(UNREADABLE, f"{self.path}/{folder}", f"{what} left out: {reason(error)}")
            return ()
        if found is None:
            message = f"{what} left out: this storage does not list folders, so none is found"
            self.report(UNREADABLE, f"{self.path}/{folder}", message)
            return ()
        return tuple(name for name in found if not name.startswith(".") and name != "zarr.json")

    def shape(self, array: str) -> tuple[int, ...] | None:
        """Read an array's shape; None if there is no such array.

        Raises
        ------
        ValueError
            If its metadata is damaged.
        """
        return shape_of(self.store.document(f"{self.key}/{array}/zarr.json"))

    @contextmanager
    def read_ahead(self, arrays: Sequence[str], chunks: Sequence[str]) -> Iterator[None]:
        """Fetch chunks of several arrays at once; a damaged one is met when it is read."""
        plan = [(array, list(chunks)) for array in arrays]
        try:
            ahead = self.group.batched_reads(plan)
            ahead.__enter__()
        except damage():
            yield  # one of them cannot be decoded: each is read by itself, which tells which
            return
        try:
            yield
        finally:
            ahead.__exit__(None, None, None)

    def batches(self, chunks: Sequence[Any], arrays: int) -> Iterator[Sequence[Any]]:
        """Cut a list of chunks so that a bounded number of files is in flight."""
        step = max(_AT_ONCE // max(arrays, 1), 1)
        for start in range(0, len(chunks), step):
            yield chunks[start : start + step]

    def cells(self, chunks: Sequence[Chunk]) -> tuple[Coordinates, Coordinates]:
        """Give the lowest and highest corners of chunks, ``(C, n)``, with room for rounding.

        Stored coordinates, the store's column order.
        """
        low = np.array(chunks, dtype=np.float64)[:, -self.ndim :] * self.chunk_shape
        margin = _ROUNDING * (self.chunk_shape + np.abs(low))
        return low - margin, low + self.chunk_shape + margin

    def touching(self, box: Box, known: tuple[Chunk, ...]) -> tuple[Chunk, ...]:
        """Choose those of the chunks a box touches.

        Parameters
        ----------
        box : ``(2, n)`` in stored coordinates, the store's column order.
        """
        if not known:
            return ()
        low, high = self.cells(known)
        hit = np.all((low <= box[1]) & (high >= box[0]), axis=1)
        return tuple(known[i] for i in np.flatnonzero(hit))


def chunk_name(chunk: Chunk) -> str:
    """Write a chunk's coordinates as the store does."""
    return ".".join(map(str, chunk))


def open_level(geometry: Geometry, index: int) -> Level:
    """Open a level by its index in the geometry.

    Raises
    ------
    OpenError
        If it is missing, or its vertices cannot be understood.
    """
    level = geometry.levels[index]
    where = f"{level.path}/zarr.json"
    number = int(level.location.metadata["level"])
    with silenced():  # the import installs a filter of its own
        from zarr_vectors import building
    with refusing(level.location.where, "zarr-vectors cannot open the store"):
        store = store_of(geometry, level.location.kvstore)
        root_group = building.open_store(store)
        root = building.read_root_metadata(root_group)
    with refusing(where, "the level is missing, or cannot be read"):
        group = building.get_resolution_level(root_group, number)
        metadata = building.read_level_metadata(root_group, number)
        chunk_shape = building.get_level_chunk_shape(root, metadata)
    array = f"{level.path}/vertices/zarr.json"
    with refusing(array, "the level has no vertices that can be read"):
        declared = dict(group.read_array_meta(building.VERTICES))
        chunks = tuple(building.list_chunk_keys(group))
    opened = Level(
        store,
        group,
        str(number),
        level.path,
        geometry.columns,
        _dtype(declared, array),
        _chunk_shape(chunk_shape, geometry.ndim, where),
        chunks,
        root,
        _bins(metadata),
    )
    _check_rank(opened, array)
    return opened


def _bins(metadata: Any) -> tuple[str, tuple[Any, ...]] | None:
    name = getattr(metadata, "chunk_attribute_name", None)
    values = getattr(metadata, "chunk_attribute_values", None)
    return (name, tuple(values or ())) if isinstance(name, str) and name else None


def _dtype(declared: dict[str, Any], where: str) -> np.dtype[Any]:
    encoding = declared.get("encoding", "raw")
    if encoding != "raw":
        message = f"the vertices are encoded as {encoding!r}, only 'raw' is read"
        raise refusal(where, message)
    name = declared.get("dtype", "float32")
    try:
        dtype: np.dtype[Any] = np.dtype(name if isinstance(name, str) else object)
    except (TypeError, ValueError):
        dtype = np.dtype(object)
    if dtype.kind not in "fiu":
        raise refusal(where, f"the vertices have the type {name!r}, expected numbers")
    return dtype


def _chunk_shape(found: Any, ndim: int, where: str) -> npt.NDArray[np.float64]:
    try:
        edges = np.array(found, dtype=np.float64)
    except (TypeError, ValueError):
        edges = np.empty(0)
    if edges.shape != (ndim,) or not (np.isfinite(edges).all() and (edges > 0).all()):
        message = f"chunk_shape is {found!r}, expected {ndim} positive numbers, one an axis"
        raise refusal(where, message)
    return edges


def _check_rank(level: Level, where: str) -> None:
    """Compare the rank of the chunk grid with the axes: else coordinates would be garbage."""
    with refusing(where, "the metadata of the vertices cannot be read"):
        shape = level.shape("vertices")
    if shape is None:
        raise refusal(where, "the array of the level's vertices is missing")
    expected = level.ndim + (level.bins is not None)
    ranks = {len(chunk) for chunk in level.chunks} | {len(shape)}
    if ranks - {expected}:
        found = ", ".join(map(str, sorted(ranks)))
        message = (
            f"the chunks of the vertices have {found} dimensions, but there are "
            f"{level.ndim} axes: which coordinate is which is not known"
        )
        raise refusal(where, message)
