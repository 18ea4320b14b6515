"""How a scale of a precomputed volume is decoded (lists are x-first there).

A location's metadata has, of the volume, ``data_type`` and ``num_channels``, and of the scale
``key`` (a plain path from the volume's folder), ``size``, ``voxel_offset``, ``chunk_size`` (the
one of ``chunk_sizes`` that is read), ``resolution``, ``encoding``, and as they were read
``sharding`` and ``compressed_segmentation_block_size``. ``packed`` is true where chunk files are
compressed as a whole (see `napari_strata.arrays.packed_chunks`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_strata.arrays.decoding import NativeScale, Packed, Plan, check_chunk_size, extents
from napari_strata.arrays.errors import CodecError
from napari_strata.model import ArrayLocation

DRIVER = "neuroglancer_precomputed"
DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "float32")

# What each encoding can hold: types of values, and numbers of channels.
_ENCODINGS: dict[str, tuple[tuple[str, ...], tuple[int, ...] | None]] = {
    "raw": (DTYPES, None),
    "compressed_segmentation": (("uint32", "uint64"), None),
    "jpeg": (("uint8",), (1, 3)),
    "png": (("uint8", "uint16"), (1, 2, 3, 4)),
}
_SHARDED = "neuroglancer_uint64_sharded_v1"
_HASHES = ("identity", "murmurhash3_x86_128")
_PACKINGS = ("raw", "gzip")


def plan(location: ArrayLocation) -> Plan:
    """Decide how a scale is decoded.

    Raises
    ------
    CodecError : see `napari_strata.arrays.plan.plan`.
    """
    metadata = location.metadata
    size = extents(location, "size", metadata.get("size"), least=1, rank=3)
    chunk = extents(location, "chunk_sizes", metadata.get("chunk_size"), least=1, rank=3)
    channels = int(metadata["num_channels"])
    dtype = _dtype(location)
    check_chunk_size(location, (channels, *chunk), dtype.itemsize)
    scale = {
        "key": metadata["key"],
        "size": list(size),
        "voxel_offset": list(metadata["voxel_offset"]),
        "chunk_size": list(chunk),
        "resolution": list(metadata["resolution"]),
        "encoding": _encoding(location, dtype.name, channels),
    }
    if scale["encoding"] == "compressed_segmentation":
        key = "compressed_segmentation_block_size"
        scale[key] = list(extents(location, key, metadata.get(key), least=1, rank=3))
    if metadata.get("sharding") is not None:
        scale["sharding"] = _sharding(location, size, chunk)
    volume = {"data_type": dtype.name, "num_channels": channels, "type": "image"}
    native = NativeScale(DRIVER, scale, reversed=True, volume=volume)
    if not metadata.get("packed"):
        return native
    shape, chunks = (channels, *size[::-1]), (channels, *chunk[::-1])
    return Packed(shape, chunks, dtype, dtype.type(0), native)


def _dtype(location: ArrayLocation) -> np.dtype[Any]:
    name = location.metadata.get("data_type")
    if name not in DTYPES:
        raise CodecError(
            location.where, f"data_type is {name!r}, expected one of {', '.join(DTYPES)}"
        )
    return np.dtype(str(name))


def _encoding(location: ArrayLocation, dtype: str, channels: int) -> str:
    name = location.metadata.get("encoding")
    if not isinstance(name, str) or name not in _ENCODINGS:
        expected = ", ".join(_ENCODINGS)
        raise CodecError(location.where, f"encoding is {name!r}, expected one of {expected}")
    dtypes, numbers = _ENCODINGS[name]
    if dtype not in dtypes:
        expected = " or ".join(dtypes)
        raise CodecError(location.where, f"encoding {name} holds {expected}, not {dtype}")
    if numbers is not None and channels not in numbers:
        expected = ", ".join(map(str, numbers))
        raise CodecError(
            location.where, f"encoding {name} holds {expected} channels, not {channels}"
        )
    return name


def _sharding(
    location: ArrayLocation, size: tuple[int, ...], chunk: tuple[int, ...]
) -> dict[str, Any]:
    """Return the sharding with what decoding needs, and nothing else."""
    value = location.metadata["sharding"]
    if not isinstance(value, Mapping):
        raise CodecError(location.where, f"sharding is {value!r}, expected an object")
    result: dict[str, Any] = {
        "@type": _one_of(location, value, "@type", (_SHARDED,), None),
        "hash": _one_of(location, value, "hash", _HASHES, None),
        "minishard_index_encoding": _one_of(
            location, value, "minishard_index_encoding", _PACKINGS, "raw"
        ),
        "data_encoding": _one_of(location, value, "data_encoding", _PACKINGS, "raw"),
    }
    for key, most in (("preshift_bits", 64), ("minishard_bits", 32), ("shard_bits", 64)):
        bits = value.get(key)
        if isinstance(bits, bool) or not isinstance(bits, int) or not 0 <= bits <= most:
            raise CodecError(
                location.where,
                f"sharding.{key} is {bits!r}, expected a whole number from 0 to {most}",
            )
        result[key] = bits
    if result["minishard_bits"] + result["shard_bits"] > 64:
        raise CodecError(location.where, "sharding has more than 64 bits of shards and minishards")
    numbers = [math.ceil(s / c) for s, c in zip(size, chunk, strict=True)]
    if sum((n - 1).bit_length() for n in numbers) > 64:
        raise CodecError(location.where, "sharding has more chunks than 64 bits can number")
    return result


def _one_of(
    location: ArrayLocation,
    value: Mapping[str, Any],
    key: str,
    choices: tuple[str, ...],
    default: str | None,
) -> str:
    found = value.get(key, default)
    if found not in choices:
        expected = " or ".join(choices)
        raise CodecError(location.where, f"sharding.{key} is {found!r}, expected {expected}")
    return str(found)
