"""A layer's settings as plain JSON, exactly, and back.

An array is an object ``{"$array": dtype, "shape": […], "zlib": base64}``; a float that JSON has no
word for is ``{"$float": "nan"}``. Everything else is itself.
"""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from collections.abc import Mapping
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

ARRAY = "$array"
FLOAT = "$float"
_DEEPEST = 8
_DTYPE_KINDS = "biuf"
_DTYPES = ("|b1", "|u1", "|i1", *(f"<{k}{n}" for k in "iuf" for n in (2, 4, 8)))
_MOST_DIMENSIONS = 4


class Unreadable(ValueError):
    """A value in the JSON is not what was written; ``str()`` says which."""


def encode(value: Any, what: str) -> Any:
    """Turn a setting into JSON.

    Raises
    ------
    ValueError
        If it has no exact form there; ``what`` names it.
    """
    if isinstance(value, Enum):
        return encode(value.value, what)
    if isinstance(value, np.generic):
        return encode(value.item(), what)
    if isinstance(value, float):
        return value if math.isfinite(value) else {FLOAT: repr(value)}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, np.ndarray):
        return _encode_array(value, what)
    if isinstance(value, list | tuple):
        return [encode(item, what) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: encode(item, f"{what}.{key}") for key, item in value.items()}
    dump = getattr(value, "model_dump", None)  # a colormap, a text setting: napari's own models
    if callable(dump):
        return encode(dump(), what)
    raise ValueError(f"the layer's '{what}' is a {type(value).__name__}, which cannot be stored")


def _encode_array(value: npt.NDArray[Any], what: str) -> Any:
    if value.dtype.kind in "OUS":
        return [encode(item, what) for item in value.tolist()] if value.ndim else value.item()
    return encode_array(value, what)


def encode_array(value: npt.NDArray[Any], what: str) -> dict[str, Any]:
    """Turn an array of numbers into JSON; see `encode`."""
    if value.dtype.kind not in _DTYPE_KINDS or value.dtype.itemsize > 8:
        raise ValueError(f"the layer's '{what}' holds {value.dtype}, which cannot be stored")
    little = np.ascontiguousarray(value).astype(value.dtype.newbyteorder("<"), copy=False)
    packed = base64.b64encode(zlib.compress(little.tobytes())).decode("ascii")
    return {ARRAY: little.dtype.str, "shape": list(value.shape), "zlib": packed}


def decode(value: Any, most_items: int, *, depth: int = 0) -> Any:
    """Turn JSON back into a setting.

    Parameters
    ----------
    most_items : no array may have more items: what a few bytes unpack to is bounded.

    Raises
    ------
    Unreadable
        If it was not written by `encode`.
    """
    if depth > _DEEPEST:
        raise Unreadable("settings are nested too deep")
    if isinstance(value, list):
        return [decode(item, most_items, depth=depth + 1) for item in value]
    if not isinstance(value, Mapping):
        return value
    if ARRAY in value:
        return decode_array(value, most_items)
    if FLOAT in value:
        if value[FLOAT] not in ("nan", "inf", "-inf"):
            raise Unreadable(f"{value[FLOAT]!r} is no float")
        return float(value[FLOAT])
    return {str(k): decode(v, most_items, depth=depth + 1) for k, v in value.items()}


def decode_array(value: Any, most_items: int) -> npt.NDArray[Any]:
    """Turn JSON back into an array of numbers; see `decode`."""
    if not isinstance(value, Mapping):
        raise Unreadable("an array is expected")
    dtype = _dtype(value.get(ARRAY))
    shape = _shape(value.get("shape"), most_items)
    expected = math.prod(shape) * dtype.itemsize
    text = value.get("zlib")
    if not isinstance(text, str):
        raise Unreadable("an array has no 'zlib' text")
    try:
        unpacker = zlib.decompressobj()
        raw = unpacker.decompress(base64.b64decode(text, validate=True), expected + 1)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise Unreadable(f"an array cannot be unpacked: {error}") from None
    if len(raw) != expected:
        raise Unreadable(f"an array has {len(raw)} bytes or more, expected {expected}")
    return np.frombuffer(raw, dtype=dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _dtype(name: Any) -> np.dtype[Any]:
    if name not in _DTYPES:
        raise Unreadable(f"{str(name)[:40]!r} is no type of number")
    dtype: np.dtype[Any] = np.dtype(name)
    return dtype


def _shape(shape: Any, most_items: int) -> tuple[int, ...]:
    whole = isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)
    if not whole or len(shape) > _MOST_DIMENSIONS or math.prod(shape) > most_items:
        raise Unreadable(f"an array has the shape {str(shape)[:40]}")
    return tuple(shape)
