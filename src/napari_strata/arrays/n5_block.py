"""The header and payload of one N5 block.

A block starts, big-endian, with a 16-bit mode, the 16-bit number of dimensions and a 32-bit size
for each, x first; the compressed values follow, big-endian, x fastest. Blocks at the end of an
array may be smaller than the block size.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

_MODES = {1: "of varying length", 2: "a serialised Java object"}


def decode(
    data: bytes,
    chunks: tuple[int, ...],
    dtype: np.dtype[Any],
    decompress: Callable[[memoryview, int], bytes],
) -> npt.NDArray[Any]:
    """Return a block's values, in array order, as large as its header says.

    Parameters
    ----------
    data : the whole block.
    chunks : block size of the array, array order.
    dtype : native byte order.
    decompress : given the payload and the size it must have, returns exactly so many bytes.

    Raises
    ------
    ValueError : the header disagrees with the array, or the payload with the header.
    """
    shape, payload = _header(memoryview(data), chunks)
    size = math.prod(shape) * dtype.itemsize
    values = np.frombuffer(decompress(payload, size), dtype=dtype.newbyteorder(">"))
    return values.astype(dtype, copy=False).reshape(shape)


def _header(data: memoryview, chunks: tuple[int, ...]) -> tuple[tuple[int, ...], memoryview]:
    rank = len(chunks)
    length = 4 + 4 * rank
    if len(data) < 4:
        raise ValueError(f"the block has {len(data)} bytes, its header alone needs {length}")
    mode, found = struct.unpack_from(">HH", data)
    if mode != 0:
        what = _MODES.get(mode, "unknown")
        raise ValueError(f"the block's mode is {mode} ({what}), only mode 0 holds pixels")
    if found != rank:
        raise ValueError(f"the block's header has {found} dimensions, the array {rank}")
    if len(data) < length:
        raise ValueError(f"the block has {len(data)} bytes, its header alone needs {length}")
    shape = tuple(reversed(struct.unpack_from(f">{rank}I", data, 4)))
    if any(n > limit for n, limit in zip(shape, chunks, strict=True)):
        raise ValueError(f"the block says it is {shape}, larger than the block size {chunks}")
    return shape, data[length:]
