"""Regions of stored arrays, where their values go, and reading many of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from napari_strata.arrays.errors import ChunkError
from napari_strata.arrays.part import Part
from napari_strata.arrays.selection import Index

# Regions asked for at once: when a server stops answering, so many requests are still under way
# and hold up all that come after.
MOST_AT_ONCE = 256
_MOST_THREADS = 32

Place = tuple[Any, ...]
WHOLE: Place = (...,)


@dataclass(frozen=True)
class Portion:
    """A region of one stored array.

    Attributes
    ----------
    index : the region, ascending, along the level's axes.
    place : where it goes in what is read; ends in an ellipsis, so that it always is a view.
    """

    part: Part
    index: Index
    place: Place


@dataclass(frozen=True)
class Begun:
    """A portion that is being read, or the reason why its array cannot be opened."""

    portion: Portion
    future: Any
    refusal: ChunkError | None

    def finish(self) -> npt.NDArray[Any]:
        """Wait for the values.

        Raises
        ------
        ChunkError : they cannot be read.
        """
        if self.refusal is not None:
            raise self.refusal
        return self.portion.part.finish(self.future, self.portion.index)


def batches(portions: Sequence[Portion]) -> Iterator[list[Begun]]:
    """Begin to read portions, as many at once as the limit allows."""
    for first in range(0, len(portions), MOST_AT_ONCE):
        yield begin(portions[first : first + MOST_AT_ONCE])


def begin(portions: Sequence[Portion]) -> list[Begun]:
    """Begin to read all of them; arrays that ask a server before they open ask at once."""
    asking = sum(portion.part.asks_to_open() for portion in portions)
    if asking < 2:
        return [_begin(portion) for portion in portions]
    with ThreadPoolExecutor(min(asking, _MOST_THREADS)) as pool:
        return list(pool.map(_begin, portions))


def _begin(portion: Portion) -> Begun:
    try:
        return Begun(portion, portion.part.start(portion.index), None)
    except ChunkError as error:
        return Begun(portion, None, error)


def fill(portions: Sequence[Portion], target: npt.NDArray[Any]) -> None:
    """Read portions into an array.

    Raises
    ------
    ChunkError : one of them cannot be read.
    """
    for batch in batches(portions):
        for begun in batch:
            target[begun.portion.place] = begun.finish()
