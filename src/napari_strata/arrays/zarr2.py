"""How a Zarr v2 array is decoded, from its ``.zarray``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_strata.arrays.decoding import (
    Decoded,
    Native,
    Plan,
    check_chunk_size,
    extents,
    fill_number,
    fill_value,
)
from napari_strata.arrays.errors import CodecError
from napari_strata.arrays.numcodecs_chunk import NumcodecsChunks, find_codec
from napari_strata.model import ArrayLocation

_NATIVE_DTYPE = re.compile(r"^(\|b1|[<>|][iu]1|[<>][iu][248]|[<>]f[248]|[<>]c(8|16))$")
# A decoder reads levels and shuffles from the chunk itself; tensorstore refuses what it does not
# know (zstd's checksum, blosc's typesize), so nothing but the name is handed on.
_NATIVE_COMPRESSORS = ("zlib", "gzip", "bz2", "zstd", "blosc")


def plan(location: ArrayLocation) -> Plan:
    """Decide how a Zarr v2 array is decoded.

    Raises
    ------
    CodecError : see `napari_strata.arrays.plan.plan`.
    """
    metadata = location.metadata
    shape = extents(location, "shape", metadata.get("shape"), least=0)
    chunks = extents(location, "chunks", metadata.get("chunks"), least=1, rank=len(shape))
    dtype = _dtype(location, metadata.get("dtype"))
    check_chunk_size(location, chunks, dtype.itemsize)
    order = _one_of(location, "order", metadata.get("order") or "C", ("C", "F"))
    separator = _one_of(
        location, "dimension_separator", metadata.get("dimension_separator") or ".", (".", "/")
    )
    fill = fill_value(location, metadata.get("fill_value"), dtype)
    compressor = _codec_config(location, "compressor", metadata.get("compressor"))
    filters = _filters(location)
    native_codec = compressor is None or compressor["id"] in _NATIVE_COMPRESSORS
    if native_codec and not filters and _NATIVE_DTYPE.match(metadata["dtype"]):
        native = {
            "zarr_format": 2,
            "shape": list(shape),
            "chunks": list(chunks),
            "dtype": metadata["dtype"],
            "compressor": None if compressor is None else {"id": compressor["id"]},
            "filters": None,
            "fill_value": fill,
            "order": order,
            "dimension_separator": separator,
        }
        return Native("zarr", native)
    codecs = [find_codec(location, f"filters[{i}]", config) for i, config in enumerate(filters)]
    if compressor is not None:
        codecs.append(find_codec(location, "compressor", compressor))
    decoder = NumcodecsChunks(chunks, dtype, order, separator, tuple(codecs))
    native_dtype = dtype.newbyteorder("=")
    return Decoded(shape, chunks, native_dtype, fill_number(fill, native_dtype), decoder)


def _dtype(location: ArrayLocation, text: Any) -> np.dtype[Any]:
    try:
        dtype = np.dtype(text) if isinstance(text, str) else None
    except TypeError:
        dtype = None
    if dtype is None or dtype.kind not in "biufc" or dtype.name in ("float128", "complex256"):
        raise CodecError(
            location.where, f"dtype is {text!r}, expected one number per voxel such as '<u2'"
        )
    return dtype


def _one_of(location: ArrayLocation, key: str, value: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        expected = " or ".join(map(repr, allowed))
        raise CodecError(location.where, f"{key} is {value!r}, expected {expected}")
    return str(value)


def _filters(location: ArrayLocation) -> list[Mapping[str, Any]]:
    filters = location.metadata.get("filters")
    if filters is None:
        return []
    if not isinstance(filters, list | tuple):
        raise CodecError(location.where, f"filters is {filters!r}, expected a list or null")
    configs = [
        _codec_config(location, f"filters[{index}]", config) for index, config in enumerate(filters)
    ]
    return [config for config in configs if config is not None]


def _codec_config(location: ArrayLocation, key: str, value: Any) -> Mapping[str, Any] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or not isinstance(value.get("id"), str):
        raise CodecError(
            location.where, f"{key} is {value!r}, expected an object with a codec's id"
        )
    return value
