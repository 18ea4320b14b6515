"""What an export reads from: a stored level, past the viewing cache, or any array."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from napari_strata.arrays.cache import apart
from napari_strata.arrays.level_array import LevelArray
from napari_strata.arrays.selection import Selection
from napari_strata.arrays.source import Source as Stored
from napari_strata.export.pixels.blocks import Slices
from napari_strata.model import Location, stored_arrays

Array = npt.NDArray[Any]


class Source(Protocol):
    """Voxels of level 0; all in array order."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels along each axis."""

    @property
    def chunks(self) -> tuple[int, ...]:
        """What is read at once, however little is asked for."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of one voxel, native byte order."""

    @property
    def identity(self) -> str:
        """The same text for the same voxels, so that an export can be resumed."""

    @property
    def portable(self) -> bool:
        """Whether another process can read it: it can be pickled, and is small then."""

    def read(self, region: Slices) -> Array:
        """Return the voxels of a region; any thread may call it.

        Raises
        ------
        Exception : whatever the storage raises; the block it happened in is named above.
        """


@runtime_checkable
class Cacheable(Source, Protocol):
    """A source that can keep decoded chunks, where blocks do not hold whole ones."""

    def with_cache(self, cache: int) -> Source:
        """Return the same voxels, read with a cache of so many bytes."""


class LevelSource:
    """A stored level, or part of one, read by tensorstore past the viewing cache.

    Parameters
    ----------
    level : with any selection of its voxels; opened anew.
    cache : bytes of decoded chunks that are kept, where blocks do not hold whole chunks.
    """

    portable = True

    def __init__(self, level: LevelArray, cache: int = 0) -> None:
        self._parts = _parts_of(level)
        self._open(cache)

    def _open(self, cache: int) -> None:
        location, shape, dtype, chunks, selection = self._parts
        self._cache = cache
        self._array = LevelArray(
            Stored(location, shape, dtype, chunks, apart(cache)), selection, None
        )
        self.shape = self._array.shape
        self.dtype = self._array.dtype
        self.chunks = tuple(
            c if isinstance(c, int) else max(c, default=1) for c in self._array.chunks
        )

    @property
    def identity(self) -> str:
        """Where it is, what its metadata says, and which voxels are taken."""
        location, shape, dtype, _, selection = self._parts
        told = [
            [dict(array.kvstore), array.encoding, dict(array.metadata), array.axes, array.fixed]
            for array in stored_arrays(location)
        ]
        text = json.dumps([told, shape, dtype.str, repr(selection)], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def with_cache(self, cache: int) -> LevelSource:
        """Return the same voxels, read with a cache of its own of so many bytes."""
        result = object.__new__(LevelSource)
        result._parts = self._parts
        result._open(cache)
        return result

    def read(self, region: Slices) -> Array:
        """Return the voxels of a region.

        Raises
        ------
        ChunkError : a chunk cannot be read; it is named.
        """
        return np.asarray(self._array[region])

    def __reduce__(self) -> tuple[Any, ...]:
        return _level_source, (*self._parts, self._cache)


class ArraySource:
    """An array that gives voxels by slicing: numpy, or dask computed one block at a time.

    Parameters
    ----------
    identity : names its voxels where an export of them may be resumed; without it, it may not.
    """

    portable = False

    def __init__(self, array: Any, identity: str | None = None) -> None:
        self._array = array
        self.shape = tuple(int(n) for n in array.shape)
        self.dtype = np.dtype(array.dtype).newbyteorder("=")
        self.chunks = _chunks_of(array, self.shape)
        self.identity = uuid.uuid4().hex if identity is None else identity

    def read(self, region: Slices) -> Array:
        """Return the voxels of a region."""
        part = self._array[region]
        if hasattr(part, "compute"):
            # Blocks are worked on side by side already.
            part = part.compute(scheduler="synchronous")
        return np.asarray(part)


def _level_source(
    location: Location,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    chunks: tuple[int, ...],
    selection: Selection,
    cache: int,
) -> LevelSource:
    return LevelSource(LevelArray(Stored(location, shape, dtype, chunks), selection, None), cache)


def _parts_of(
    level: LevelArray,
) -> tuple[Location, tuple[int, ...], np.dtype[Any], tuple[int, ...], Selection]:
    _, parts = level.__reduce__()
    return parts  # type: ignore[no-any-return]  # what a level is pickled by


def _chunks_of(array: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the largest chunks of an array, or single voxels where there are none."""
    chunks = getattr(array, "chunksize", None) or getattr(array, "chunks", None) or ()
    are_sizes = len(chunks) == len(shape) and all(isinstance(c, int) and c > 0 for c in chunks)
    return tuple(chunks) if are_sizes else (1,) * len(shape)
