"""One level's stored arrays, shared by all views of the level, and reading a view of them."""

from __future__ import annotations

import itertools
import math
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.arrays.cache import physical_memory
from napari_strata.arrays.errors import ChunkError, CodecError
from napari_strata.arrays.part import Index, Part
from napari_strata.arrays.selection import Selection
from napari_strata.model import ArrayLocation, StackLocation

# Chunks asked for at once: when a server stops answering, so many requests are still under way
# and hold up all that come after.
_WINDOW = 256
_BATCH = 64  # the same, when they are re-read one by one


class Source:
    """A stored array, or several stacked along a new first axis.

    Attributes
    ----------
    shape, chunks : array order.
    dtype : native byte order.
    token : names this opened level, for dask.
    """

    def __init__(
        self,
        location: ArrayLocation | StackLocation,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        chunks: tuple[int, ...],
    ) -> None:
        self.location = location
        self.shape = shape
        self.dtype = dtype
        self.chunks = chunks
        self.token = uuid.uuid4().hex
        self._stacked = isinstance(location, StackLocation)
        if isinstance(location, StackLocation):
            self._parts = [Part(part, shape[1:], dtype) for part in location.parts]
        else:
            self._parts = [Part(location, shape, dtype)]

    def read(self, selection: Selection, chunk: tuple[int, ...] | None = None) -> npt.NDArray[Any]:
        """Read a view.

        Raises
        ------
        ChunkError : a chunk of it cannot be read; ``chunk``, if given, is the one it lies in.
        MemoryError : the view is larger than the machine's memory.
        """
        self._check_fits(selection)
        result: npt.NDArray[Any] | None = None
        for place, window in selection.windows(self.chunks, _WINDOW):
            values = self._finish(window, self._start(window), chunk)
            if values.shape == selection.shape:
                return values
            if result is None:
                result = np.empty(selection.shape, self.dtype)
            result[place] = values
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
        for place, window in selection.windows(self.chunks, _WINDOW):
            try:
                result[place] = self._finish(window, self._start(window))
            except ChunkError as error:
                report(error)
                if self._is_hopeless(error, window):
                    break
                inside: tuple[Any, ...] = (*place, ...)  # a view even of a result without axes
                if not self._read_chunks(window, result[inside], report):
                    break
        return result

    def view(self, selection: Selection) -> Any:
        """Return the view as a tensorstore, its origin at 0."""
        import tensorstore as ts

        index = selection.ascending()
        if not self._stacked:
            store = self._parts[0].store()[index]
        elif isinstance(index[0], int):
            store = self._parts[index[0]].store()[index[1:]]
        else:
            chosen = self._parts[index[0]] or self._parts[:1]
            stack = ts.stack([part.store()[index[1:]] for part in chosen])
            store = stack if self._parts[index[0]] else stack[0:0]
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
                f"{self._where()}: {size:,} bytes were asked for at once, "
                f"the machine has {memory:,}; crop first"
            )

    def _where(self) -> str:
        return next((part.where for part in self._parts if part.where), "an empty stack")

    def _targets(self, selection: Selection) -> list[tuple[Part, Index]]:
        index = selection.ascending()
        if not self._stacked:
            return [(self._parts[0], index)]
        first, rest = index[0], index[1:]
        chosen = [self._parts[first]] if isinstance(first, int) else self._parts[first]
        return [(part, rest) for part in chosen]

    def _start(self, selection: Selection) -> list[tuple[Part, Index, Any]]:
        return [(part, index, part.start(index)) for part, index in self._targets(selection)]

    def _finish(
        self,
        selection: Selection,
        started: list[tuple[Part, Index, Any]],
        chunk: tuple[int, ...] | None = None,
    ) -> npt.NDArray[Any]:
        arrays = [part.finish(future, index, chunk) for part, index, future in started]
        whole = self._stacked and isinstance(selection.picks[0], range)
        return selection.arrange(np.stack(arrays) if whole else arrays[0])

    def _is_hopeless(self, error: ChunkError, window: Selection) -> bool:
        """Tell whether every further read would fail the same way, or wait in vain."""
        if isinstance(error, CodecError):
            return not self._stacked
        return error.unreachable and not any(part.answers() for part, _ in self._targets(window))

    def _read_chunks(
        self,
        window: Selection,
        result: npt.NDArray[Any],
        report: Callable[[ChunkError], None],
    ) -> bool:
        """Fill in the chunks that can be read; False if the store stopped answering."""
        pieces = window.pieces(self.chunks)
        while batch := list(itertools.islice(pieces, _BATCH)):
            errors = self._read_batch(batch, result)
            for error in errors:
                report(error)
            if len(errors) == len(batch) and all(error.unreachable for error in errors):
                return False
        return True

    def _read_batch(
        self,
        batch: list[tuple[tuple[slice, ...], tuple[int, ...], Selection]],
        result: npt.NDArray[Any],
    ) -> list[ChunkError]:
        started = []
        errors = []
        for place, chunk, piece in batch:
            try:
                started.append((place, chunk, piece, self._start(piece)))
            except ChunkError as error:
                errors.append(error)
        for place, chunk, piece, futures in started:
            try:
                result[place] = self._finish(piece, futures, chunk)
            except ChunkError as error:
                errors.append(error)
        return errors
