"""One pass: the source is read once, and every level is written as soon as a block is complete."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from napari_strata.export.pixels.blocks import Block
from napari_strata.export.pixels.job import Workplace

Array = npt.NDArray[Any]


@dataclass
class _Pending:
    """A block of which parts are still missing."""

    values: Array
    missing: int


class OnePass:
    """Blocks of the coarser levels that wait for their parts, shared by all threads.

    Blocks are begun in the order of a walk through the tree of blocks (Morton order where all
    factors are 2), so few wait at a time: one a level and those that threads work on.

    A block is handed on only once the storage has it. So whoever has a block has all it was made
    of, and a pass that was broken off goes on from what is stored.
    """

    def __init__(self, place: Workplace, is_finished: Callable[[Block], bool]) -> None:
        self._place = place
        self._is_finished = is_finished
        self._lock = threading.Lock()
        self._pending: dict[Block, _Pending] = {}

    def blocks(self) -> Iterator[Block]:
        """Give what is to be done: blocks of level 0, and finished ones whose next is not."""
        for root in self._place.grid.roots():
            if not self._is_finished(root):
                yield from self._below(root)

    def write(self, block: Block) -> list[Block]:
        """Write a block and all that it completes; return what was finished.

        Raises
        ------
        BlockError : a block cannot be read or written.
        """
        place = self._place
        finished: list[Block] = []
        is_stored = self._is_finished(block)
        values = place.stored(block) if is_stored else place.source(block)
        while True:
            writing = None if is_stored else place.begin(block, values)
            is_last = block.level == place.grid.coarsest
            reduced = None if is_last else place.reduced(values, block.level + 1)
            if writing is not None:
                place.finish(block, writing)
                finished.append(block)
            del values, writing
            if reduced is None:
                return finished
            complete = self._add(block, reduced)
            if complete is None:
                return finished
            block, values, is_stored = place.grid.parent(block), complete, False

    def _add(self, block: Block, reduced: Array) -> Array | None:
        """Put a part into its place; return the whole where it was the last one missing."""
        grid = self._place.grid
        parent = grid.parent(block)
        with self._lock:
            pending = self._pending.get(parent)
            if pending is None:
                pending = _Pending(self._place.empty(parent), len(grid.children(parent)))
                self._pending[parent] = pending
        pending.values[grid.place(block, parent)] = reduced
        with self._lock:
            pending.missing -= 1
            if pending.missing:
                return None
            del self._pending[parent]
            return pending.values

    def _below(self, block: Block) -> Iterator[Block]:
        if block.level == 0:
            yield block
            return
        for child in self._place.grid.children(block):
            if self._is_finished(child):
                yield child
            else:
                yield from self._below(child)
