"""One level's stored arrays, shared by all views of the level, and reading a view of them."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.arrays.assembly import Assembly, Single, Stack
from napari_strata.arrays.cache import Contexts, contexts, physical_memory
from napari_strata.arrays.errors import ChunkError
from napari_strata.arrays.mosaic import Mosaic
from napari_strata.arrays.portions import MOST_AT_ONCE, WHOLE, Place, begin, fill
from napari_strata.arrays.rescue import Rescue
from napari_strata.arrays.selection import Selection
from napari_strata.model import ArrayLocation, Location, StackLocation


class Source:
    """A level's arrays, put together.

    Attributes
    ----------
    shape, chunks : array order.
    dtype : native byte order.
    token : names this opened level, for dask.

    ``in_force`` gives the tensorstore contexts it is read in: the viewing ones, or others apart.

    Raises
    ------
    ValueError : the shape and the location do not fit together.
    """

    def __init__(
        self,
        location: Location,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        chunks: tuple[int, ...],
        in_force: Callable[[], Contexts] = contexts,
    ) -> None:
        self.location = location
        self.shape = shape
        self.dtype = dtype
        self.chunks = chunks
        self.token = uuid.uuid4().hex
        self._assembly = _assemble(location, shape, dtype, chunks, in_force)

    def read(self, selection: Selection) -> npt.NDArray[Any]:
        """Read a view.

        Raises
        ------
        ChunkError : a chunk of it cannot be read.
        MemoryError : the view is larger than the machine's memory.
        """
        self._check_fits(selection)
        result: npt.NDArray[Any] | None = None
        for place, window in selection.windows(self._assembly.grid, MOST_AT_ONCE):
            portions = self._assembly.portions(window.ascending())
            if window.shape == selection.shape and [p.place for p in portions] == [WHOLE]:
                return selection.arrange(begin(portions)[0].finish())  # spares a copy
            if result is None:
                result = np.zeros(selection.shape, self.dtype)
            fill(portions, window.as_ascending(_part_of(result, place)))
        return np.zeros(selection.shape, self.dtype) if result is None else result

    def read_sound(
        self, selection: Selection, report: Callable[[ChunkError], None]
    ) -> npt.NDArray[Any]:
        """Read a view; where a chunk cannot be read, leave zeros and report it.

        Raises
        ------
        MemoryError : the view is larger than the machine's memory.
        """
        self._check_fits(selection)
        result = np.zeros(selection.shape, self.dtype)
        rescue = Rescue(report, self._assembly.count)
        for place, window in selection.windows(self._assembly.grid, MOST_AT_ONCE):
            portions = self._assembly.portions(window.ascending())
            if not rescue.fill(portions, window.as_ascending(_part_of(result, place))):
                break
        return result

    def view(self, selection: Selection) -> Any:
        """Return the view as a tensorstore, its origin at 0."""
        import tensorstore as ts

        store = self._assembly.view(selection.ascending())
        picks = [pick for pick in selection.picks if isinstance(pick, range)]
        for axis, pick in enumerate(picks):
            step = -1 if pick.step < 0 else 1
            store = store[ts.d[axis][::step]][ts.d[axis].translate_to[0]]
        kept = [axis for axis, pick in enumerate(selection.picks) if isinstance(pick, range)]
        return store.transpose([kept.index(axis) for axis in selection.order])

    def _check_fits(self, selection: Selection) -> None:
        size = math.prod(selection.shape) * self.dtype.itemsize
        memory = physical_memory()
        if size > memory:  # tensorstore would end the whole process
            raise MemoryError(
                f"{self._assembly.where}: {size:,} bytes were asked for at once, "
                f"the machine has {memory:,}; crop first"
            )


def _part_of(result: npt.NDArray[Any], place: tuple[slice, ...]) -> npt.NDArray[Any]:
    inside: Place = (*place, ...)  # a view even of a result without axes
    return result[inside]


def _assemble(
    location: Location,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    chunks: tuple[int, ...],
    in_force: Callable[[], Contexts],
) -> Assembly:
    if isinstance(location, ArrayLocation):
        return Single(location, shape, dtype, chunks, in_force)
    if isinstance(location, StackLocation):
        return Stack(location, shape, dtype, chunks, in_force)
    return Mosaic(location, shape, dtype, chunks, in_force)
