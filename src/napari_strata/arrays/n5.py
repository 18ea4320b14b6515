"""How an N5 array is decoded, from its ``attributes.json`` (dimensions are x-first there)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.arrays import lz4_framing, n5_block
from napari_strata.arrays.decoding import Decoded, Native, Plan, check_chunk_size, extents
from napari_strata.arrays.errors import CodecError
from napari_strata.model import ArrayLocation

DTYPES = (
    "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float32", "float64",
)  # fmt: skip

# Levels, thread counts and block sizes matter to a writer only, and tensorstore refuses those it
# does not know: each compressor is named afresh with what decoding needs.
_NATIVE: dict[str, dict[str, Any]] = {
    "raw": {},
    "gzip": {},
    "bzip2": {},
    "xz": {},
    "zstd": {},
    "blosc": {"cname": "lz4", "clevel": 5, "shuffle": 0},
}


@dataclass(frozen=True)
class Lz4Blocks:
    """N5 blocks compressed with lz4; ``chunks`` in array order."""

    chunks: tuple[int, ...]
    dtype: np.dtype[Any]

    def key(self, grid: tuple[int, ...]) -> str:
        """Return the block's path, x first."""
        return "/".join(str(index) for index in reversed(grid))

    def decode(self, data: bytes) -> npt.NDArray[Any]:
        """Return the block in array order, at most the block size.

        Raises
        ------
        ValueError : the block disagrees with the array or does not decompress to its size.
        """
        return n5_block.decode(data, self.chunks, self.dtype, lz4_framing.decompress)


def plan(location: ArrayLocation) -> Plan:
    """Decide how an N5 array is decoded.

    Raises
    ------
    CodecError : see `napari_strata.arrays.plan.plan`.
    """
    metadata = location.metadata
    dimensions = extents(location, "dimensions", metadata.get("dimensions"), least=0)
    block = extents(location, "blockSize", metadata.get("blockSize"), least=1, rank=len(dimensions))
    data_type = metadata.get("dataType")
    if data_type not in DTYPES:
        raise CodecError(
            location.where, f"dataType is {data_type!r}, expected one of {', '.join(DTYPES)}"
        )
    dtype = np.dtype(data_type)
    check_chunk_size(location, block, dtype.itemsize)
    compression = _compression(location)
    kind = compression["type"]
    if kind == "lz4":
        chunks = block[::-1]
        return Decoded(dimensions[::-1], chunks, dtype, dtype.type(0), Lz4Blocks(chunks, dtype))
    sanitised = {"type": kind, **_NATIVE[kind]}
    if kind == "gzip":
        sanitised["useZlib"] = compression.get("useZlib") is True
    native = {
        "dimensions": list(dimensions),
        "blockSize": list(block),
        "dataType": data_type,
        "compression": sanitised,
    }
    return Native("n5", native, reversed=True)


def _compression(location: ArrayLocation) -> Mapping[str, Any]:
    """Return the compression object; an old file names only its type in ``compressionType``."""
    metadata = location.metadata
    key = "compression"
    value = metadata.get(key)
    if value is None:
        key = "compressionType"
        value = metadata.get(key)
    if value is None:
        return {"type": "raw"}
    compression = {"type": value} if isinstance(value, str) else value
    kind = compression.get("type") if isinstance(compression, Mapping) else None
    if not isinstance(kind, str) or (kind != "lz4" and kind not in _NATIVE):
        found = f"{key}.type is {kind!r}" if kind is not None else f"{key} is {value!r}"
        raise CodecError(location.where, f"{found}, expected one of {', '.join([*_NATIVE, 'lz4'])}")
    return compression
