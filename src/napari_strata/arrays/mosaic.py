"""A level of many arrays laid beside each other, as the fields of a plate."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.arrays import cache, stores
from napari_strata.arrays.errors import ChunkError
from napari_strata.arrays.level_axes import LevelAxes
from napari_strata.arrays.part import Part
from napari_strata.arrays.portions import Portion, fill
from napari_strata.arrays.selection import Index
from napari_strata.model import MosaicLocation


class Mosaic:
    """Arrays, each with the place of its first voxel; 0 where there is none.

    An array is opened when a region that it is part of is first read.
    """

    def __init__(
        self,
        location: MosaicLocation,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        chunks: tuple[int, ...],
        contexts: Callable[[], cache.Contexts] = cache.contexts,
    ) -> None:
        self._tiles = location.tiles
        self._contexts = contexts
        self._shape = shape
        self._dtype = dtype
        self._chunks = chunks
        self._starts, self._stops = _bounds(location, shape)
        self._sorted = _SortedTiles(self._starts, self._stops)
        self._parts: dict[int, Part] = {}
        self._lock = threading.Lock()
        self.count = len(self._tiles)
        self.where = self._tiles[0].location.where if self._tiles else "an empty mosaic"
        sizes = (self._stops - self._starts).max(axis=0, initial=1)
        self.grid = tuple(min(c, int(n)) for c, n in zip(chunks, sizes, strict=True))

    def portions(self, index: Index) -> list[Portion]:
        """Return the part of each tile that the region meets, in the order of the tiles."""
        picks = [slice(i, i + 1, 1) if isinstance(i, int) else i for i in index]
        low = np.array([pick.start for pick in picks], np.int64)
        step = np.array([pick.step for pick in picks], np.int64)
        count = np.array([len(range(p.start, p.stop, p.step)) for p in picks], np.int64)
        near = self._sorted.near(low, low + (count - 1) * step)
        # Positions in the region: the first one at or behind a tile's border.
        first = np.maximum(-((low - self._starts[near]) // step), 0)
        stop = np.minimum(-((low - self._stops[near]) // step), count)
        met = (first < stop).all(axis=1)
        return [
            self._portion(tile, index, picks, run)
            for tile, *run in zip(
                near[met].tolist(), first[met].tolist(), stop[met].tolist(), strict=True
            )
        ]

    def _portion(
        self, tile: int, index: Index, picks: list[slice], run: list[list[int]]
    ) -> Portion:
        """Take the positions from ``run[0]`` to ``run[1]`` of the region out of a tile."""
        inside: list[int | slice] = []
        place: list[Any] = []
        for item, pick, first, stop, offset in zip(
            index, picks, *run, self._tiles[tile].offset, strict=True
        ):
            start = pick.start - offset + first * pick.step
            if isinstance(item, int):
                inside.append(start)
                continue
            last = pick.start - offset + (stop - 1) * pick.step
            inside.append(slice(start, last + 1, pick.step))
            place.append(slice(first, stop))
        return Portion(self._part(tile), tuple(inside), (*place, ...))

    def _part(self, tile: int) -> Part:
        with self._lock:
            if tile not in self._parts:
                found = self._tiles[tile]
                self._parts[tile] = Part(found.location, found.shape, self._dtype, self._contexts)
            return self._parts[tile]

    def view(self, index: Index) -> Any:
        """Return the region of a virtual tensorstore that reads the tiles it meets.

        It keeps no chunks itself, those of the tiles are in the shared cache. Nothing is opened
        before it is read, so an array that cannot be decoded is an error of reading.
        """

        def attempt(domain: Any, array: npt.NDArray[Any]) -> ChunkError | None:
            array[...] = 0
            region = zip(domain.inclusive_min, domain.exclusive_max, strict=True)
            try:
                fill(self.portions(tuple(slice(a, b, 1) for a, b in region)), array)
            except ChunkError as error:
                return error
            return None

        def read(domain: Any, array: npt.NDArray[Any], _: Any) -> None:
            failure = attempt(domain, array)
            if failure is not None:
                # With nothing chained to it: tensorstore pickles what a reader raises.
                raise failure.with_traceback(None) from None

        context = self._contexts().laying
        return stores.virtual(read, self._shape, self._chunks, self._dtype, context)[index]


class _SortedTiles:
    """Tiles in the order of the axis along which they begin at most places."""

    def __init__(self, starts: npt.NDArray[np.int64], stops: npt.NDArray[np.int64]) -> None:
        places = [len(np.unique(column)) for column in starts.T]
        self._axis = places.index(max(places)) if places else None
        if self._axis is None:
            self._order = np.arange(len(starts))
            return
        begins = starts[:, self._axis]
        self._order = np.argsort(begins, kind="stable")
        self._begins = begins[self._order]
        self._longest = (stops[:, self._axis] - begins).max(initial=0)

    def near(self, low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
        """Return the few tiles among which are all that a box meets, in their own order.

        ``low`` and ``high`` are its first and last voxel.
        """
        if self._axis is None:
            return self._order
        first = np.searchsorted(self._begins, low[self._axis] - self._longest, side="right")
        stop = np.searchsorted(self._begins, high[self._axis], side="right")
        return np.sort(self._order[first:stop])


def _bounds(
    location: MosaicLocation, shape: tuple[int, ...]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return where each tile begins and ends, ``(tiles, axes)`` each.

    Raises
    ------
    ValueError : a tile has another rank or sticks out of the shape, or its axes make no level's.
    """
    for tile in location.tiles:
        if not len(tile.shape) == len(tile.offset) == len(shape):
            raise ValueError(
                f"{tile.location.where}: a tile of shape {tile.shape} at {tile.offset} is not of "
                f"the {len(shape)} axes of its mosaic"
            )
        if tile.location.axes is not None:
            LevelAxes.of(tile.location, tile.shape)
    extent = (len(location.tiles), len(shape))
    try:
        starts = np.array([tile.offset for tile in location.tiles], np.int64).reshape(extent)
        sizes = np.array([tile.shape for tile in location.tiles], np.int64).reshape(extent)
        room = np.array(shape, np.int64)
    except OverflowError:
        raise ValueError(f"a mosaic of shape {shape} is larger than any array can be") from None
    outside = ((starts < 0) | (sizes < 0) | (starts > room - sizes)).any(axis=1)
    if outside.any():
        tile = location.tiles[int(outside.argmax())]
        raise ValueError(
            f"{tile.location.where}: a tile of shape {tile.shape} at {tile.offset} sticks out of "
            f"its mosaic of shape {shape}"
        )
    return starts, starts + sizes
