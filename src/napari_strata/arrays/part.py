"""One stored array: its handle, opened at the first read, and the reads themselves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from napari_strata.arrays import cache, packed_chunks, separator, stores
from napari_strata.arrays.errors import (
    READ_ERRORS,
    CodecError,
    chunk_error,
    is_permission_denied,
    is_unreachable,
)
from napari_strata.arrays.level_axes import LevelAxes
from napari_strata.arrays.selection import Index
from napari_strata.model import ArrayLocation
from napari_strata.store.hierarchy import ARRAY_FILE

_REMOTE = ("http", "s3", "gcs")
_TRUSTED_SECONDS = 60.0  # how long a readable metadata file vouches for refused chunks

_Answer = Literal["readable", "refused", "silence"]


class Part:
    """An array at one location, with the axes of its level.

    Stores that may not list answer 403 for a chunk that does not exist. A refused chunk counts as
    missing from then on, as long as the metadata file still reads.
    """

    def __init__(
        self,
        location: ArrayLocation,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        contexts: Callable[[], cache.Contexts] = cache.contexts,
    ) -> None:
        self.location = location
        self._in_force = contexts
        self._axes = LevelAxes.of(location, shape)
        self._dtype = dtype
        self._lock = threading.Lock()
        self._contexts: cache.Contexts | None = None
        self._stored: Any = None  # with the stored axes
        self._shown: Any = None  # with the level's axes
        self._refused_is_missing = False
        self._vouched = float("-inf")

    def store(self) -> Any:
        """Return the open tensorstore in the level's axes; opened once for each cache in force.

        Raises
        ------
        CodecError : the array cannot be decoded, or is not what its level says.
        ChunkError : the names of its chunks could not be found out.
        """
        contexts = self._in_force()
        with self._lock:
            if self._contexts is not contexts:
                self._show(self._open(contexts))
                self._contexts = contexts
            return self._shown

    def asks_to_open(self) -> bool:
        """Tell whether opening waits for a server's answer."""
        driver = self.location.kvstore.get("driver")
        return self._contexts is None and driver != "file" and separator.is_unknown(self.location)

    def start(self, index: Index) -> Any:
        """Begin to read a region; hand the result to `finish`.

        Raises
        ------
        ChunkError : the array cannot be opened.
        """
        return self.store()[index].read()

    def finish(self, future: Any, index: Index) -> npt.NDArray[Any]:
        """Wait for a region and return its values.

        Raises
        ------
        ChunkError : a chunk of it cannot be read; it is named where the region lies in one.
        """
        try:
            try:
                values: npt.NDArray[Any] = future.result()
            except READ_ERRORS as error:
                if not (is_permission_denied(error) and self._accept_refusals()):
                    raise
                values = self.start(index).result()
        except READ_ERRORS as error:
            chunk = self._axes.chunk_at(index, self._stored_chunks())
            raise chunk_error(self.location.where, error, chunk) from error
        return np.asarray(values)

    def grid(self) -> tuple[int, ...]:
        """Return the shape of the array's own chunks, in the level's axes; opens it."""
        self.store()
        return self._axes.grid(self._stored_chunks())

    def answers(self) -> bool:
        """Tell whether the store still answers at all: asks for the metadata file once."""
        return self._ask_for_metadata(self._in_force()) != "silence"

    def _stored_chunks(self) -> tuple[int, ...]:
        return tuple(self._stored.chunk_layout.read_chunk.shape or ())

    def _open(self, contexts: cache.Contexts) -> Any:
        self.location = packed_chunks.settled(separator.settled(self.location, contexts), contexts)
        store = stores.open_store(self.location, contexts)
        if store.dtype.numpy_dtype != self._dtype or not self._axes.fit(tuple(store.shape)):
            raise CodecError(
                self.location.where,
                f"the array is {store.dtype.name} {tuple(store.shape)}, "
                f"its level says {self._dtype.name} {self._axes}",
            )
        return self._masked(store, contexts) if self._refused_is_missing else store

    def _show(self, stored: Any) -> None:
        self._stored = stored
        self._shown = self._axes.arrange(stored)

    def _accept_refusals(self) -> bool:
        """Take refused chunks for missing ones from here on, if the metadata still reads."""
        if self.location.kvstore.get("driver") not in _REMOTE:
            return False
        with self._lock:
            if self._refused_is_missing:
                return True
            contexts = self._contexts
            if contexts is None or self._ask_for_metadata(contexts) != "readable":
                return False
            self._refused_is_missing = True
            # The handle below stays, and with it every chunk it has in the cache.
            self._show(self._masked(self._stored, contexts))
            return True

    def _ask_for_metadata(self, contexts: cache.Contexts) -> _Answer:
        name = ARRAY_FILE[self.location.encoding]
        try:
            found = stores.open_kvstore(self.location, contexts.asking).read(name).result()
        except READ_ERRORS as error:
            return "silence" if is_unreachable(error) else "refused"
        if found.state != "value":
            return "refused"
        self._vouched = time.monotonic()
        return "readable"

    def _masked(self, store: Any, contexts: cache.Contexts) -> Any:
        """Return the same array with the fill value where a chunk is refused."""
        fill = stores.fill_number_of(self.location, self._dtype)
        chunks = store.chunk_layout.read_chunk.shape or ()

        def read(domain: Any, array: npt.NDArray[Any], _: Any) -> None:
            try:
                array[...] = store[domain].read().result()
            except READ_ERRORS as error:
                if not is_permission_denied(error) or not self._still_vouched(contexts):
                    raise
                array[...] = fill

        return stores.virtual(read, tuple(store.shape), chunks, self._dtype, contexts.masking)

    def _still_vouched(self, contexts: cache.Contexts) -> bool:
        fresh = time.monotonic() - self._vouched < _TRUSTED_SECONDS
        return fresh or self._ask_for_metadata(contexts) == "readable"
