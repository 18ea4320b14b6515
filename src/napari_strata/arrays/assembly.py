"""How a level is put together from stored arrays: from one, or stacked along a new first axis.

An assembly maps a region of the level to portions of its arrays. Mosaics have a module of
their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from napari_strata.arrays import cache, stores
from napari_strata.arrays.part import Part
from napari_strata.arrays.portions import WHOLE, Portion
from napari_strata.arrays.selection import Index
from napari_strata.model import ArrayLocation, StackLocation


class Assembly(Protocol):
    """Stored arrays that make up one level."""

    @property
    def where(self) -> str:
        """A metadata file, for messages about the whole level."""

    @property
    def count(self) -> int:
        """How many stored arrays there are."""

    @property
    def grid(self) -> tuple[int, ...]:
        """Shape of the boxes that reading is counted in; at most a chunk, one array or a few."""

    def portions(self, index: Index) -> list[Portion]:
        """Return what is to be read for a region; where two overlap, the later counts.

        ``index`` is ascending. What no portion fills is 0.
        """

    def view(self, index: Index) -> Any:
        """Return a region as a tensorstore of the axes that ``index`` leaves.

        Raises
        ------
        CodecError : an array of it cannot be decoded.
        """


class Single:
    """One stored array."""

    count = 1

    def __init__(
        self,
        location: ArrayLocation,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        chunks: tuple[int, ...],
        contexts: Callable[[], cache.Contexts] = cache.contexts,
    ) -> None:
        self.grid = chunks
        self.where = location.where
        self._part = Part(location, shape, dtype, contexts)

    def portions(self, index: Index) -> list[Portion]:
        """Return the region itself."""
        return [Portion(self._part, index, WHOLE)]

    def view(self, index: Index) -> Any:
        """Return the region."""
        return self._part.store()[index]


class Stack:
    """Arrays along a new first axis; one that is missing there is 0."""

    def __init__(
        self,
        location: StackLocation,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        chunks: tuple[int, ...],
        contexts: Callable[[], cache.Contexts] = cache.contexts,
    ) -> None:
        if shape[:1] != (len(location.parts),):
            raise ValueError(f"{len(location.parts)} stacked arrays do not have shape {shape}")
        self.grid = chunks
        self._shape = shape[1:]
        self._dtype = dtype
        self._parts = [
            None if part is None else Part(part, shape[1:], dtype, contexts)
            for part in location.parts
        ]
        present = [part for part in location.parts if part is not None]
        self.count = len(present)
        self.where = present[0].where if present else "an empty stack"

    def portions(self, index: Index) -> list[Portion]:
        """Return the same region of each array that is looked at."""
        first, rest = index[0], index[1:]
        if isinstance(first, int):
            part = self._parts[first]
            return [] if part is None else [Portion(part, rest, WHOLE)]
        return [
            Portion(part, rest, (position, ...))
            for position, part in enumerate(self._parts[first])
            if part is not None
        ]

    def view(self, index: Index) -> Any:
        """Return the regions, stacked; opens every array that is looked at."""
        import tensorstore as ts

        first, rest = index[0], index[1:]
        if isinstance(first, int):
            return self._store(self._parts[first])[rest]
        chosen = self._parts[first]
        if not chosen:
            return ts.stack([stores.zeros(self._shape, self._dtype)[rest]])[0:0]
        return ts.stack([self._store(part)[rest] for part in chosen])

    def _store(self, part: Part | None) -> Any:
        return stores.zeros(self._shape, self._dtype) if part is None else part.store()
