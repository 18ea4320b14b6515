"""Zarr array and group metadata, versions 2 and 3 (the Zarr specifications)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_strata.store.values import JsonPlace, extents, mapping, text

_V2_DTYPE = re.compile(r"[<>|=]?[biufc][0-9]{1,2}")
_V3_DTYPES = frozenset(
    {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"}
    | {"float16", "float32", "float64", "complex64", "complex128"}
)


def parse_v2(
    metadata: Mapping[str, Any], place: JsonPlace
) -> tuple[tuple[int, ...], np.dtype[Any], tuple[int, ...]]:
    """Return shape, dtype (in native byte order) and chunks of a ``.zarray``.

    Raises
    ------
    OpenError
        If a key is missing or not what the specification says, or the dtype is not numeric.
    """
    _require(metadata, place, "zarr_format", "shape", "chunks", "dtype")
    if metadata["zarr_format"] != 2:
        raise place.child("zarr_format").unexpected(metadata["zarr_format"], "2")
    shape = extents(metadata["shape"], place.child("shape"))
    chunks = extents(metadata["chunks"], place.child("chunks"), len(shape))
    at = place.child("dtype")
    dtype = _v2_dtype(text(metadata["dtype"], at))
    if dtype is None:
        raise at.unexpected(metadata["dtype"], "a numeric type such as <u2", "unknown-dtype")
    return shape, dtype.newbyteorder("="), chunks


def _v2_dtype(name: str) -> np.dtype[Any] | None:
    """Return a numeric dtype; None for all else (numpy itself would read more than Zarr has)."""
    if not _V2_DTYPE.fullmatch(name):
        return None
    try:
        return np.dtype(name)
    except TypeError:
        return None


def parse_v3(
    metadata: Mapping[str, Any], place: JsonPlace
) -> tuple[tuple[int, ...], np.dtype[Any], tuple[int, ...], tuple[str | None, ...] | None]:
    """Return shape, dtype, chunks and dimension names of an array's ``zarr.json``.

    Chunks are the inner ones where the array is sharded.

    Raises
    ------
    OpenError
        If a key is missing or not what the specification says, or the dtype is not numeric.
    """
    _require(metadata, place, "zarr_format", "shape", "data_type", "chunk_grid", "codecs")
    if metadata["zarr_format"] != 3:
        raise place.child("zarr_format").unexpected(metadata["zarr_format"], "3")
    shape = extents(metadata["shape"], place.child("shape"))
    name = metadata["data_type"]
    if not isinstance(name, str) or name not in _V3_DTYPES:
        raise place.child("data_type").unexpected(
            name, "a numeric type such as uint16", "unknown-dtype"
        )
    return shape, np.dtype(name), _v3_chunks(metadata, place, len(shape)), _names(metadata, place)


def _v3_chunks(metadata: Mapping[str, Any], place: JsonPlace, ndim: int) -> tuple[int, ...]:
    at = place.child("chunk_grid")
    grid = mapping(metadata["chunk_grid"], at)
    if grid.get("name") != "regular":
        raise at.child("name").unexpected(grid.get("name"), '"regular"')
    at = at.child("configuration")
    configuration = mapping(grid.get("configuration"), at)
    chunks = extents(configuration.get("chunk_shape"), at.child("chunk_shape"), ndim)
    codecs = metadata["codecs"]
    if not isinstance(codecs, list):
        raise place.child("codecs").unexpected(codecs, "a list")
    for index, codec in enumerate(codecs):
        if isinstance(codec, dict) and codec.get("name") == "sharding_indexed":
            inner = place.child("codecs").item(index).child("configuration")
            settings = mapping(codec.get("configuration"), inner)
            chunks = extents(settings.get("chunk_shape"), inner.child("chunk_shape"), ndim)
    return chunks


def _names(metadata: Mapping[str, Any], place: JsonPlace) -> tuple[str | None, ...] | None:
    names = metadata.get("dimension_names")
    if names is None:
        return None
    at = place.child("dimension_names")
    if not isinstance(names, list) or not all(n is None or isinstance(n, str) for n in names):
        raise at.unexpected(names, "a list of names")
    if len(names) != len(metadata["shape"]):
        raise at.unexpected(names, f"{len(metadata['shape'])} names, one per axis", "wrong-length")
    return tuple(names)


def v3_attributes(metadata: Mapping[str, Any], place: JsonPlace) -> dict[str, Any]:
    """Return the attributes of a ``zarr.json``; an empty object if there are none."""
    attributes = metadata.get("attributes")
    if attributes is None:
        return {}
    return dict(mapping(attributes, place.child("attributes")))


def _require(metadata: Mapping[str, Any], place: JsonPlace, *keys: str) -> None:
    for key in keys:
        if key not in metadata:
            raise place.child(key).refuse("missing-key", f"found no {key}, expected one")
