"""Chunks of a precomputed volume in files that are compressed as a whole (``….gz``).

Servers tell such a compression beside the file, and it is undone before it comes here. On a disk
cloud-volume tells it by the file's name, which tensorstore does not look for: every chunk would
seem to be missing, and the volume would be empty. So the names on a disk, and in a zip file, are
looked at before the first chunk is read.
"""

from __future__ import annotations

import gzip
import itertools
import os
import re
import zlib
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from napari_strata.arrays import stores
from napari_strata.arrays.cache import Contexts
from napari_strata.arrays.decoding import Packed
from napari_strata.arrays.errors import READ_ERRORS, CodecError, chunk_error
from napari_strata.model import ArrayLocation

_CHUNK = re.compile(r"-?\d+-{1,2}\d+_-?\d+-{1,2}\d+_-?\d+-{1,2}\d+(?:\.(\w+))?")
_GZIP = "gz"
_MOST_LOOKED_AT = 10_000  # names in a folder of chunks


def settled(location: ArrayLocation, contexts: Contexts) -> ArrayLocation:
    """Look at the names of chunks; return the location, marked if they are packed.

    Raises
    ------
    CodecError : they are packed in a way that is not known here.
    ChunkError : the zip file they are in cannot be read.
    """
    metadata = location.metadata
    if location.encoding != "precomputed" or metadata.get("sharding") is not None:
        return location
    look = _LOOKS.get(location.kvstore.get("driver", ""))
    matches = [_CHUNK.fullmatch(name) for name in look(location, contexts)] if look else []
    packings = {match[1] for match in matches if match is not None and match[1]}
    unknown = packings - {_GZIP}
    if unknown:
        raise CodecError(
            location.where,
            f"the chunks are files that end in .{min(unknown)}, expected no ending or .{_GZIP}",
        )
    return replace(location, metadata={**metadata, "packed": True}) if packings else location


def _names_on_disk(location: ArrayLocation, _: Contexts) -> list[str]:
    folder = os.path.join(stores.folder(location)["path"], location.metadata["key"])
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in itertools.islice(entries, _MOST_LOOKED_AT)]
    except OSError:  # reading the chunks tells what is wrong, if anything is
        return []


def _names_in_zip(location: ArrayLocation, contexts: Contexts) -> list[str]:
    try:
        keys = stores.open_kvstore(location, contexts.direct).list().result()
    except READ_ERRORS as error:
        raise chunk_error(location.where, error) from error
    folder = f"{location.metadata['key']}/"
    names = [key.decode("utf-8", "replace") for key in keys]
    return [name.removeprefix(folder) for name in names if name.startswith(folder)]


_LOOKS = {"file": _names_on_disk, "zip": _names_in_zip}


class PackedChunks:
    """Reads the chunk a region lies in: unpacks its file and lets tensorstore decode it."""

    def __init__(self, how: Packed, kvstore: Any) -> None:
        self._how = how
        self._kvstore = kvstore

    def read(self, domain: Any) -> npt.NDArray[Any]:
        """Return the region's values; what is missing is 0.

        Raises
        ------
        ValueError : the file cannot be unpacked or decoded.
        """
        import tensorstore as ts

        name = self._name(domain.origin)
        memory = {"driver": "memory"}
        context = ts.Context()
        data = self._data(name)
        if data is not None:
            ts.KvStore.open(memory, context=context).result().write(name, data).result()
        values: npt.NDArray[Any] = (
            stores.open_native(self._how.native, memory, context)[domain].read().result()
        )
        return values

    def _name(self, origin: tuple[int, ...]) -> str:
        """Return the key of the chunk that holds a voxel (array order, channels first)."""
        scale = self._how.native.metadata
        spans = []
        for position, offset, size, chunk in zip(
            reversed(origin[1:]),
            scale["voxel_offset"],
            scale["size"],
            scale["chunk_size"],
            strict=True,
        ):
            start = position // chunk * chunk
            spans.append(f"{offset + start}-{offset + min(start + chunk, size)}")
        return f"{scale['key']}/{'_'.join(spans)}"

    def _data(self, name: str) -> bytes | None:
        """Read a chunk's file, packed or not; None if it is missing."""
        found = self._kvstore.read(f"{name}.{_GZIP}").result()
        if found.state == "missing":
            plain = self._kvstore.read(name).result()
            return None if plain.state == "missing" else plain.value
        try:
            return gzip.decompress(found.value)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"the file {name}.{_GZIP} cannot be unpacked: {error}") from error
