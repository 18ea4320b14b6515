"""Zarr v2 chunks whose compressor or filters only numcodecs (or a plugin of it) knows."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.arrays.errors import CodecError, reason_of
from napari_strata.model import ArrayLocation

# A filter may widen a number at most from one byte to a complex128.
_WIDEST = 16


def find_codec(location: ArrayLocation, key: str, config: Mapping[str, Any]) -> Any:
    """Return the numcodecs codec a Zarr v2 configuration, found at ``key``, names.

    Raises
    ------
    CodecError : numcodecs has no such codec, or refuses the configuration.
    """
    import numcodecs

    name = config["id"]
    try:
        return numcodecs.get_codec(dict(config))
    except Exception as error:
        message = f'{key}.id: found "{name}", expected a codec numcodecs has ({reason_of(error)})'
        raise CodecError(location.where, message) from error


@dataclass(frozen=True)
class NumcodecsChunks:
    """Chunks of a Zarr v2 array.

    Attributes
    ----------
    chunks : array order.
    dtype : as stored, either byte order.
    order : ``"C"`` or ``"F"``, how a chunk's values are laid out.
    separator : between the numbers of a chunk's key.
    codecs : in the order they encode, the compressor last.
    """

    chunks: tuple[int, ...]
    dtype: np.dtype[Any]
    order: str
    separator: str
    codecs: tuple[Any, ...]

    def key(self, grid: tuple[int, ...]) -> str:
        """Return the chunk's key; an array without axes has one chunk, ``0``."""
        return self.separator.join(map(str, grid)) or "0"

    def decode(self, data: bytes) -> npt.NDArray[Any]:
        """Return the chunk in array order, in native byte order.

        Raises
        ------
        ValueError : a codec fails, or the chunk is not of the size it must be.
        """
        size = math.prod(self.chunks) * self.dtype.itemsize
        chunk: Any = data
        for codec in reversed(self.codecs):
            _check_claim(codec.codec_id, chunk, size * _WIDEST)
            try:
                chunk = codec.decode(chunk)
            except Exception as error:
                raise ValueError(f"{codec.codec_id}: {reason_of(error)}") from error
        flat = _as_bytes(chunk)
        if flat.size != size:
            raise ValueError(f"the chunk decodes to {flat.size} bytes, expected {size}")
        shaped = flat.view(self.dtype).reshape(self.chunks, order="F" if self.order == "F" else "C")
        return shaped.astype(self.dtype.newbyteorder("="), copy=False)


def _as_bytes(chunk: Any) -> npt.NDArray[np.uint8]:
    array = chunk if isinstance(chunk, np.ndarray) else np.frombuffer(chunk, dtype=np.uint8)
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _check_claim(codec: str, data: Any, limit: int) -> None:
    """Refuse a compressed buffer that claims far more than a chunk holds.

    Numcodecs allocates what the buffer's header claims before it looks at the rest.
    """
    if codec not in _CLAIMS:
        return
    claimed = _CLAIMS[codec](bytes(memoryview(data).cast("B")[:18]))
    if claimed > limit:
        raise ValueError(f"{codec}: the chunk claims to hold {claimed:,} bytes, at most {limit:,}")


def _lz4_claim(head: bytes) -> int:
    return int(struct.unpack_from("<I", head)[0]) if len(head) >= 4 else 0


def _blosc_claim(head: bytes) -> int:
    return int(struct.unpack_from("<I", head, 4)[0]) if len(head) >= 8 else 0


def _zstd_claim(head: bytes) -> int:
    """Return the frame content size, 0 where the frame does not state it (RFC 8878, 3.1.1)."""
    if len(head) < 5:
        return 0
    flags = head[4]
    single_segment = flags >> 5 & 1
    width = (single_segment, 2, 4, 8)[flags >> 6]
    start = 5 + (1 - single_segment) + (0, 1, 2, 4)[flags & 3]
    value = int.from_bytes(head[start : start + width], "little")
    return value + 256 if width == 2 else value


_CLAIMS = {"lz4": _lz4_claim, "blosc": _blosc_claim, "zstd": _zstd_claim}
