"""Reading, reducing and writing one block: what both ways of writing are made of."""

from __future__ import annotations

import functools
import pickle
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from napari_strata.arrays.errors import READ_ERRORS, reason_of
from napari_strata.export.errors import BlockError, ExportError
from napari_strata.export.pixels.blocks import Block, BlockGrid
from napari_strata.export.pixels.pyramid import Pyramid
from napari_strata.export.pixels.reduce import reduce_block
from napari_strata.export.pixels.sources import Source
from napari_strata.export.pixels.targets import OpenTarget, Target, open_target

Array = npt.NDArray[Any]
_T = TypeVar("_T")

_AHEAD = 1  # blocks that are still being written while the next one is read


@dataclass(frozen=True)
class Job:
    """Everything a worker needs, wherever it is."""

    source: Source
    pyramid: Pyramid
    targets: tuple[Target, ...]
    grid: BlockGrid


class Workplace:
    """A job with its arrays open; any number of threads may share it."""

    def __init__(self, job: Job) -> None:
        self.grid = job.grid
        self._job = job
        self._targets: dict[int, OpenTarget] = {}
        self._lock = threading.Lock()

    def create(self, *, anew: bool) -> None:
        """Create all arrays, or open those of an export that is resumed.

        Raises
        ------
        ExportError : a container cannot hold a level, or an array is missing or another one.
        """
        for level in range(len(self._job.targets)):
            self._open(level, create=anew)

    def source(self, block: Block) -> Array:
        """Read a block of level 0 from the source, as the dtype that is written."""
        region = self.grid.region(block)

        def read() -> Array:
            values = self._job.source.read(region)
            if values.shape != self.grid.shape(block):
                raise ValueError(f"the source gave {values.shape}, not {self.grid.shape(block)}")
            if values.dtype.newbyteorder("=") != self._job.source.dtype:
                # A computed array whose author declared another type: a cast would wrap around.
                raise ValueError(f"the source gave {values.dtype}, not {self._job.source.dtype}")
            return np.ascontiguousarray(values, dtype=self._job.pyramid.dtype)

        return self._named(block, read, "cannot be read")

    def stored(self, block: Block) -> Array:
        """Read a block that was written before."""
        target = self._open(block.level)
        return self._named(
            block, lambda: target.read(self.grid.region(block)), "cannot be read again"
        )

    def begin(self, block: Block, values: Array) -> Any:
        """Begin to write a block; `finish` waits until the storage has it."""
        target = self._open(block.level)
        return self._named(
            block, lambda: target.begin(self.grid.region(block), values), "cannot be written"
        )

    def finish(self, block: Block, writing: Any) -> None:
        """Wait until the storage has a block."""
        self._named(block, writing.result, "cannot be written")

    def reduced(self, values: Array, level: int) -> Array:
        """Reduce a block to what it is in ``level``."""
        pyramid = self._job.pyramid
        return reduce_block(values, pyramid.levels[level].factors, pyramid.method)

    def empty(self, block: Block) -> Array:
        """Return room for a block, to be filled completely."""
        return np.empty(self.grid.shape(block), self._job.pyramid.dtype)

    def _open(self, level: int, *, create: bool = False) -> OpenTarget:
        with self._lock:
            if level not in self._targets:
                target, plan = self._job.targets[level], self._job.pyramid.levels[level]
                try:
                    self._targets[level] = open_target(target, plan, create=create)
                except READ_ERRORS as error:
                    if isinstance(error, ExportError):
                        raise
                    verb = "created" if create else "opened"
                    raise ExportError(
                        f"the array of level {level} cannot be {verb}: {reason_of(error)}"
                    ) from error
            return self._targets[level]

    def _named(self, block: Block, work: Callable[[], _T], what: str) -> _T:
        """Name the block in whatever goes wrong; a source may raise anything."""
        try:
            return work()
        except Exception as error:  # dask and codecs raise what they like
            region = tuple((s.start, s.stop) for s in self.grid.region(block))
            raise BlockError(block.level, region, f"{what}: {reason_of(error)}") from error


def write_family(place: Workplace, block: Block) -> list[Block]:
    """Write a block from the level above it, and return what was finished.

    The children of a block of level 1 are read from the source, and written too; all others
    are stored already. A block of level 0 has none and is only copied.
    """
    if block.level == 0:
        place.finish(block, place.begin(block, place.source(block)))
        return [block]
    values = place.empty(block)
    written: list[tuple[Block, Any]] = []
    family = []
    for child in place.grid.children(block):
        if child.level == 0:
            part = place.source(child)
            family.append(child)
            written.append((child, place.begin(child, part)))
        else:
            part = place.stored(child)
        values[place.grid.place(child, block)] = place.reduced(part, block.level)
        del part
        while len(written) > _AHEAD:
            place.finish(*written.pop(0))
    written.append((block, place.begin(block, values)))
    for one in written:
        place.finish(*one)
    return [*family, block]


def write_family_there(packed: bytes, block: Block) -> list[Block]:
    """Do the same in another process, from a pickled job."""
    return write_family(_unpacked(packed), block)


@functools.lru_cache(maxsize=2)
def _unpacked(packed: bytes) -> Workplace:
    return Workplace(pickle.loads(packed))
