"""One stored array: its handle, opened at the first read, and the reads themselves."""

from __future__ import annotations

import threading
import time
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from napari_strata.arrays import cache, stores
from napari_strata.arrays.errors import (
    READ_ERRORS,
    CodecError,
    chunk_error,
    is_permission_denied,
    is_unreachable,
)
from napari_strata.model import ArrayLocation
from napari_strata.store.hierarchy import ARRAY_FILE

_REMOTE = ("http", "s3", "gcs")
_TRUSTED_SECONDS = 60.0  # how long a readable metadata file vouches for refused chunks

Index = tuple[int | slice, ...]
_Answer = Literal["readable", "refused", "silence"]


class Part:
    """An array at one location, or zeros where a stack has none.

    Stores that may not list answer 403 for a chunk that does not exist. A refused chunk counts as
    missing from then on, as long as the metadata file still reads.
    """

    def __init__(
        self, location: ArrayLocation | None, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        self.location = location
        self._shape = shape
        self._dtype = dtype
        self._lock = threading.Lock()
        self._contexts: cache.Contexts | None = None
        self._store: Any = None
        self._refused_is_missing = False
        self._vouched = float("-inf")

    @property
    def where(self) -> str:
        """The metadata file, for messages."""
        return "" if self.location is None else self.location.where

    def store(self) -> Any:
        """Return the open tensorstore in array order; opened once for each cache in force.

        Raises
        ------
        CodecError : the array cannot be decoded, or is not what its level says.
        """
        contexts = cache.contexts()
        with self._lock:
            if self._contexts is not contexts:
                self._store = self._open(contexts)
                self._contexts = contexts
            return self._store

    def start(self, index: Index) -> Any:
        """Begin to read a region; hand the result to `finish`."""
        return self.store()[index].read()

    def finish(
        self, future: Any, index: Index, chunk: tuple[int, ...] | None = None
    ) -> npt.NDArray[Any]:
        """Wait for a region and return its values.

        Raises
        ------
        ChunkError : a chunk of it cannot be read; ``chunk`` is named where it is known.
        """
        try:
            try:
                values: npt.NDArray[Any] = future.result()
            except READ_ERRORS as error:
                if not (is_permission_denied(error) and self._accept_refusals()):
                    raise
                values = self.start(index).result()
        except READ_ERRORS as error:
            raise chunk_error(self.where, error, chunk) from error
        return np.asarray(values)

    def answers(self) -> bool:
        """Tell whether the store still answers at all: asks for the metadata file once."""
        return self.location is None or self._ask_for_metadata(cache.contexts()) != "silence"

    def _open(self, contexts: cache.Contexts) -> Any:
        if self.location is None:
            return stores.zeros(self._shape, self._dtype)
        store = stores.open_store(self.location, contexts)
        if tuple(store.shape) != self._shape or store.dtype.numpy_dtype != self._dtype:
            raise CodecError(
                self.where,
                f"the array is {store.dtype.name} {tuple(store.shape)}, "
                f"its level says {self._dtype.name} {self._shape}",
            )
        return self._masked(store, contexts) if self._refused_is_missing else store

    def _accept_refusals(self) -> bool:
        """Take refused chunks for missing ones from here on, if the metadata still reads."""
        if self.location is None or self.location.kvstore.get("driver") not in _REMOTE:
            return False
        with self._lock:
            if self._refused_is_missing:
                return True
            contexts = self._contexts
            if contexts is None or self._ask_for_metadata(contexts) != "readable":
                return False
            self._refused_is_missing = True
            # The handle below stays, and with it every chunk it has in the cache.
            self._store = self._masked(self._store, contexts)
            return True

    def _ask_for_metadata(self, contexts: cache.Contexts) -> _Answer:
        assert self.location is not None
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
        assert self.location is not None
        fill = stores.fill_number_of(self.location, self._dtype)
        chunks = store.chunk_layout.read_chunk.shape or ()

        def read(domain: Any, array: npt.NDArray[Any], _: Any) -> None:
            try:
                array[...] = store[domain].read().result()
            except READ_ERRORS as error:
                if not is_permission_denied(error) or not self._still_vouched(contexts):
                    raise
                array[...] = fill

        return stores.virtual(read, self._shape, chunks, self._dtype, contexts.masking)

    def _still_vouched(self, contexts: cache.Contexts) -> bool:
        fresh = time.monotonic() - self._vouched < _TRUSTED_SECONDS
        return fresh or self._ask_for_metadata(contexts) == "readable"
