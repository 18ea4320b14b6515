"""Where a segment's data is in shards: Neuroglancer's "uint64 sharded" files.

Rules: Neuroglancer's description of sharded storage. tensorstore reads these too, but does not
tell where in the file a value is, which the fragments of a mesh are found by.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_strata.geometries.mesh_bytes import MeshFiles, Span, unpacked

_MASK = 0xFFFFFFFF
_ENTRY = 16  # bytes a minishard takes in the index of a shard
_MOST_INDEX = 2**30


def find(files: MeshFiles, sharding: Mapping[str, Any], segment: int) -> tuple[str, Span] | None:
    """Find the file and the bytes of a segment's value; None if it has none.

    Raises
    ------
    OpenError
        If the shard cannot be read, or its index is damaged.
    """
    name, minishard = _shard(sharding, segment)
    entry = files.read(name, (minishard * _ENTRY, (minishard + 1) * _ENTRY))
    if entry is None:
        return None
    start, stop = (int(value) for value in np.frombuffer(entry, "<u8"))
    if start == stop:
        return None
    base = _ENTRY << sharding["minishard_bits"]
    if not start < stop <= 2**62 or stop - start > _MOST_INDEX:
        message = f"found an index of a minishard from byte {start} to {stop}"
        raise files.failure(name, "bad-shard", message)
    data = files.read(name, (base + start, base + stop)) or b""
    return _lookup(files, name, _decoded(files, name, data, sharding), base, segment)


def value(files: MeshFiles, sharding: Mapping[str, Any], place: tuple[str, Span]) -> bytes:
    """Read a value that was found.

    Raises
    ------
    OpenError
        If it cannot be read or unpacked.
    """
    name, span = place
    data = files.read(name, span) or b""
    if sharding["data_encoding"] != "gzip":
        return data
    try:
        return unpacked(data)
    except ValueError as error:
        raise files.failure(name, "bad-shard", f"a value cannot be unpacked: {error}") from None


def _shard(sharding: Mapping[str, Any], segment: int) -> tuple[str, int]:
    """Return the shard's file and the number of the minishard in it."""
    shifted = segment >> sharding["preshift_bits"]
    hashed = shifted if sharding["hash"] == "identity" else murmur(shifted)
    minishard_bits, shard_bits = sharding["minishard_bits"], sharding["shard_bits"]
    minishard = hashed & ((1 << minishard_bits) - 1)
    shard = hashed >> minishard_bits & ((1 << shard_bits) - 1)
    digits = -(-shard_bits // 4)
    return f"{shard:0{digits}x}.shard", minishard


def _decoded(files: MeshFiles, name: str, data: bytes, sharding: Mapping[str, Any]) -> bytes:
    if sharding["minishard_index_encoding"] == "gzip":
        try:
            data = unpacked(data)
        except ValueError as error:
            message = f"the index of a minishard cannot be unpacked: {error}"
            raise files.failure(name, "bad-shard", message) from None
    if len(data) % 24:
        message = f"found an index of a minishard of {len(data)} bytes, expected a multiple of 24"
        raise files.failure(name, "bad-shard", message)
    return data


def _lookup(
    files: MeshFiles, name: str, index: bytes, base: int, segment: int
) -> tuple[str, Span] | None:
    """Find a segment among ids, starts and sizes; the first two are written as differences."""
    ids, gaps, sizes = np.frombuffer(index, "<u8").reshape(3, -1)
    (at,) = np.nonzero(np.cumsum(ids, dtype=np.uint64) == np.uint64(segment))
    if not len(at):
        return None
    row = int(at[0])
    start = base + sum(gaps[: row + 1].tolist()) + sum(sizes[:row].tolist())
    stop = start + int(sizes[row])
    if stop > 2**62:
        raise files.failure(name, "bad-shard", f"found a value from byte {start} to {stop}")
    return name, (start, stop)


def murmur(number: int) -> int:
    """Hash a 64-bit number: the low 8 bytes of MurmurHash3_x86_128 of its 8 bytes, seed 0.

    Of so short a text only two of the four running values take any of it.
    """
    low, high = number & _MASK, number >> 32 & _MASK
    h1 = _turned(low * 0x239B961B & _MASK, 15) * 0xAB0E9789 & _MASK
    h2 = _turned(high * 0xAB0E9789 & _MASK, 16) * 0x38B34AE5 & _MASK
    values = [h1 ^ 8, h2 ^ 8, 8, 8]
    values = [_mixed(value) for value in _stirred(values)]
    h1, h2, _, _ = _stirred(values)
    return h2 << 32 | h1


def _turned(value: int, bits: int) -> int:
    return (value << bits | value >> (32 - bits)) & _MASK


def _stirred(values: list[int]) -> list[int]:
    first = sum(values) & _MASK
    return [first, *((value + first) & _MASK for value in values[1:])]


def _mixed(value: int) -> int:
    value = (value ^ value >> 16) * 0x85EBCA6B & _MASK
    value = (value ^ value >> 13) * 0xC2B2AE35 & _MASK
    return value ^ value >> 16
