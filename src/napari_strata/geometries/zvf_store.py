"""A ZVF store as zarr-vectors is given it: read-only, over tensorstore's key-value store.

It remembers what it read, up to a bound, for as long as the geometry it was opened for lives:
deciding on the space of the vertices and then showing them reads each file once.
"""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import AsyncIterator, Mapping
from typing import Any

import tensorstore as ts
from zarr.abc.store import ByteRequest
from zarr.core.buffer import Buffer, BufferPrototype

from napari_strata.geometries.zvf_items import check_count, codec_names
from napari_strata.geometries.zvf_listing import names_in
from napari_strata.geometry import Geometry
from napari_strata.store.backend import LARGEST_METADATA_FILE, ReadError
from napari_strata.zarr_store import ReadOnlyStore, as_slice

MOST_REMEMBERED = 128 * 2**20
"""Bytes of files a store remembers, metadata not counted."""


class KvStore(ReadOnlyStore):
    """A store that remembers, and lists one folder at a time, as zarr-vectors does."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = dict(spec)
        super().__init__(ts.KvStore.open(self._spec).result())
        self._remembered: dict[str, bytes | None] = {}
        self._names: dict[str, tuple[str, ...] | None] = {}
        self._codecs: dict[str, tuple[str, ...]] = {}
        self._size = 0
        self._lock = threading.Lock()

    def names(self, folder: str) -> tuple[str, ...] | None:
        """List what is directly below a folder; None where the storage does not list.

        Raises
        ------
        ReadError
            If listing fails.
        """
        if folder not in self._names:
            self._names[folder] = names_in(self._spec, self.kvstore, folder)
        return self._names[folder]

    def document(self, key: str) -> dict[str, Any] | None:
        """Read a JSON object; None if there is no such file.

        Raises
        ------
        ValueError
            If it is no JSON object.
        """
        if key not in self._remembered:
            result = self.kvstore.read(key).result()
            self._remember(key, None if result.state == "missing" else bytes(result.value))
        data = self._remembered.get(key)
        if data is None:
            return None
        found = json.loads(data)
        if not isinstance(found, dict):
            raise ValueError(f"{key} holds no JSON object")
        return found

    def has(self, key: str) -> bool:
        """Tell whether there is a file."""
        if key not in self._remembered:
            return bool(self.kvstore.read(key, byte_range=slice(0, 1)).result().state == "value")
        return self._remembered[key] is not None

    def _remember(self, key: str, data: bytes | None) -> None:
        is_metadata = data is None or key.endswith("zarr.json")
        with self._lock:
            if not is_metadata:
                assert data is not None
                if self._size + len(data) > MOST_REMEMBERED:
                    return
                self._size += len(data)
            self._remembered[key] = data

    def _check_items(self, key: str, data: bytes) -> None:
        """Refuse a chunk of byte strings that counts more of them than it can hold.

        The decoder makes room for as many as are counted, before it looks for them.
        """
        names = self._codecs_of(key)
        if names[:1] == ("vlen-bytes",):
            check_count(key, data, names[1:])

    def _codecs_of(self, key: str) -> tuple[str, ...]:
        """Name the codecs of the array a chunk belongs to, as far as its metadata was read."""
        folder = key.rpartition("/")[0] if not key.endswith("zarr.json") else ""
        while folder:
            if self._remembered.get(f"{folder}/zarr.json") is not None:
                if folder not in self._codecs:
                    self._codecs[folder] = codec_names(self.document(f"{folder}/zarr.json"))
                return self._codecs[folder]
            folder = folder.rpartition("/")[0]
        return ()

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Return a value or part of it, None where the key is missing."""
        if key in self._remembered:
            data = self._remembered[key]
            if data is not None and byte_range is not None:
                data = data[as_slice(byte_range)]
            return None if data is None else prototype.buffer.from_bytes(data)
        part = {} if byte_range is None else {"byte_range": as_slice(byte_range)}
        result = await self.kvstore.read(key, **part)
        if result.state == "missing":
            self._remember(key, None)
            return None
        data = bytes(result.value)
        if byte_range is None:
            self._check_items(key, data)
        if key.endswith("zarr.json") and len(data) > LARGEST_METADATA_FILE:
            raise ReadError(f"{key} is larger than 64 MiB, which no metadata file is")
        if byte_range is None:
            self._remember(key, data)
        return prototype.buffer.from_bytes(data)

    async def exists(self, key: str) -> bool:
        """Tell whether a key has a value."""
        if key in self._remembered:
            return self._remembered[key] is not None
        return await super().exists(key)

    @property
    def supports_listing(self) -> bool:
        """One folder at a time."""
        return True

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """List one folder.

        Raises
        ------
        ReadError
            If the storage cannot list.
        """
        found = self.names(prefix.strip("/"))
        if found is None:
            raise ReadError(f"{prefix}: the storage does not list folders")
        for name in found:
            yield name


def shape_of(document: Mapping[str, Any] | None) -> tuple[int, ...] | None:
    """Give the shape of an array by its metadata; None if there is none, or it is no array.

    Raises
    ------
    ValueError
        If it is no shape.
    """
    if document is None or document.get("node_type") != "array":
        return None
    found = document.get("shape")
    if not isinstance(found, list) or not all(type(n) is int and n >= 0 for n in found):
        raise ValueError(f"the shape is {found!r}, expected whole numbers")
    return tuple(found)


_STORES: dict[int, KvStore] = {}


def store_of(geometry: Geometry, spec: Mapping[str, Any]) -> KvStore:
    """Open the store of a geometry, once for as long as the geometry lives."""
    key = id(geometry)
    found = _STORES.get(key)
    if found is None:
        found = KvStore(spec)
        _STORES[key] = found
        weakref.finalize(geometry, _STORES.pop, key, None).atexit = False
    return found
