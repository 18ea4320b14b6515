"""Locations of fixtures, and N5 blocks put together by hand."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import tensorstore as ts
import zarr

from napari_strata.arrays import LevelArray, open_level
from napari_strata.model import ArrayLocation

FILES = {"n5": "attributes.json", "zarr2": ".zarray", "zarr3": "zarr.json"}


def local(folder: Path) -> dict[str, Any]:
    return {"driver": "file", "path": f"{folder}/"}


def locate(
    folder: Path,
    encoding: Any,
    metadata: dict[str, Any] | None = None,
    kvstore: dict[str, Any] | None = None,
) -> ArrayLocation:
    """Locate an array; its metadata is what its writer left, unless given."""
    file = folder / FILES[encoding]
    found = json.loads(file.read_text()) if metadata is None else metadata
    return ArrayLocation(kvstore or local(folder), encoding, found, str(file))


def opened(location: ArrayLocation, **kwargs: Any) -> LevelArray:
    """Open a level whose shape, dtype and chunks are those of the metadata."""
    metadata = location.metadata
    if location.encoding == "n5":
        shape, chunks = metadata["dimensions"][::-1], metadata["blockSize"][::-1]
        dtype = metadata["dataType"]
    elif location.encoding == "zarr2":
        shape, chunks, dtype = metadata["shape"], metadata["chunks"], metadata["dtype"]
    else:
        shape, dtype = metadata["shape"], metadata["data_type"]
        chunks = metadata["chunk_grid"]["configuration"]["chunk_shape"]
        first = metadata["codecs"][0]
        if first["name"] == "sharding_indexed":
            chunks = first["configuration"]["chunk_shape"]
    given = {"shape": tuple(shape), "dtype": dtype, "chunks": tuple(chunks), **kwargs}
    return open_level(location, **given)


def values(shape: tuple[int, ...], dtype: Any) -> np.ndarray[Any, Any]:
    """Numbers that use a dtype's whole range and differ everywhere they can."""
    rng = np.random.default_rng(7)
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True)
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype.kind == "c":
        return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(dtype)
    return rng.normal(size=shape).astype(dtype)


def write_n5(
    folder: Path, data: np.ndarray[Any, Any], block: tuple[int, ...], compression: dict[str, Any]
) -> dict[str, Any]:
    """Write an N5 array with tensorstore; ``block`` in array order. Return its metadata."""
    metadata = {
        "dimensions": list(data.shape[::-1]),
        "blockSize": list(block[::-1]),
        "dataType": data.dtype.name,
        "compression": compression,
    }
    spec = {"driver": "n5", "kvstore": local(folder), "metadata": metadata}
    ts.open(spec, create=True).result().T.write(data).result()
    return metadata


def write_zarr2(
    folder: Path, data: np.ndarray[Any, Any], chunks: tuple[int, ...], **kwargs: Any
) -> None:
    """Write a Zarr v2 array with zarr-python."""
    given = {"fill_value": 0, **kwargs}
    array = zarr.create_array(
        folder, shape=data.shape, dtype=data.dtype, chunks=chunks, zarr_format=2, **given
    )
    array[...] = data


def n5_header(size: tuple[int, ...], mode: int = 0) -> bytes:
    """Header of a block; ``size`` is x first, as in the file."""
    return struct.pack(">HH", mode, len(size)) + b"".join(struct.pack(">I", n) for n in size)


def put(folder: Path, key: str, data: bytes) -> None:
    file = folder / key
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)
