"""Zarr v3 arrays as zarr-python writes them, sharded ones and foreign codecs included."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
import zarr.codecs
from zarr.codecs import BloscCodec, Crc32cCodec, GzipCodec, TransposeCodec, ZstdCodec

from napari_strata.arrays import ChunkError, check_codec
from napari_strata.arrays.decoding import Native, ZarrPython
from napari_strata.arrays.plan import plan

from .helpers import locate, opened, put, values


def write(folder: Path, data: np.ndarray[Any, Any], **kwargs: Any) -> None:
    given = {"chunks": (4, 6), "fill_value": 0, **kwargs}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numcodecs' codecs are outside the specification
        array = zarr.create_array(
            folder, shape=data.shape, dtype=data.dtype, zarr_format=3, **given
        )
        array[...] = data


def foreign(name: str, **configuration: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from zarr.registry import get_codec_class

        return get_codec_class(f"numcodecs.{name}")(**configuration)


NATIVE: dict[str, dict[str, Any]] = {
    "default": {},
    "none": {"compressors": None},
    "gzip": {"compressors": GzipCodec(level=1)},
    "zstd": {"compressors": ZstdCodec(level=3, checksum=True)},
    "blosc": {"compressors": BloscCodec(cname="lz4", clevel=5, shuffle="bitshuffle")},
    "crc32c": {"compressors": [GzipCodec(level=1), Crc32cCodec()]},
    "big-endian": {"serializer": zarr.codecs.BytesCodec(endian="big")},
    "transposed": {"filters": TransposeCodec(order=(1, 0))},
    "v2 keys": {"chunk_key_encoding": {"name": "v2", "separator": "."}},
    "named axes": {"dimension_names": ["y", "y"], "attributes": {"units": 1}},
    "sharded": {"shards": (8, 12)},
    "sharded, index first": {"shards": {"shape": (8, 12), "index_location": "start"}},
    "sharded and transposed": {"shards": (8, 12), "filters": TransposeCodec(order=(1, 0))},
}


@pytest.mark.parametrize("options", NATIVE.values(), ids=NATIVE)
def test_what_tensorstore_decodes(tmp_path: Path, options: dict[str, Any]):
    data = values((9, 14), "int32")
    write(tmp_path, data, **options)
    location = locate(tmp_path, "zarr3")
    assert isinstance(plan(location), Native)
    level = opened(location)
    assert level.chunks == (4, 6)
    np.testing.assert_array_equal(np.asarray(level), data)


FOREIGN: dict[str, dict[str, Any]] = {
    "zlib": {"compressors": ("zlib", {"level": 1})},
    "lz4": {"compressors": ("lz4", {"acceleration": 1})},
    "bz2 in shards": {"compressors": ("bz2", {"level": 1}), "shards": (8, 12)},
    "delta": {"filters": ("delta", {"dtype": "<i4"})},
    "gzip around shards": {
        "serializer": zarr.codecs.ShardingCodec(chunk_shape=(2, 3)),
        "compressors": GzipCodec(level=1),
    },
}


@pytest.mark.parametrize("options", FOREIGN.values(), ids=FOREIGN)
def test_what_only_zarr_python_decodes(tmp_path: Path, options: dict[str, Any]):
    options = dict(options)
    for member in ("compressors", "filters"):
        if isinstance(options.get(member), tuple):
            name, configuration = options[member]
            options[member] = foreign(name, **configuration)
    data = values((9, 14), "int32")
    write(tmp_path, data, fill_value=7, **options)
    location = locate(tmp_path, "zarr3")
    assert isinstance(plan(location), ZarrPython)
    assert check_codec(location) is None
    level = opened(location)
    np.testing.assert_array_equal(np.asarray(level), data)
    np.testing.assert_array_equal(np.asarray(level[::-3, 5]), data[::-3, 5])
    for chunk in (tmp_path / "c").rglob("*"):
        if chunk.is_file():
            chunk.unlink()
    assert np.asarray(opened(location)).tolist() == [[7] * 14] * 9


@pytest.mark.parametrize(
    "dtype",
    ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
     "float16", "float32", "float64", "complex64"],
)  # fmt: skip
def test_every_dtype(tmp_path: Path, dtype: str):
    data = values((5, 7), dtype)
    write(tmp_path, data)
    level = opened(locate(tmp_path, "zarr3"))
    assert level.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(np.asarray(level), data)


B = {"name": "bytes", "configuration": {"endian": "little"}}
PLAIN: dict[str, Any] = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [2, 2],
    "data_type": "float32",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 2]}},
    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
    "fill_value": 0,
    "codecs": [B],
}
SPELLINGS: dict[str, dict[str, Any]] = {
    "consolidated": {"consolidated_metadata": None},
    "no transformers": {"storage_transformers": []},
    "null names": {"dimension_names": None},
    "too few names": {"dimension_names": ["y"]},
    "ignorable extension": {"proj:code": {"must_understand": False}},
    "null fill": {"fill_value": None},
    "text fill": {"fill_value": "0"},
    "bare codec name": {"codecs": [B, "crc32c"]},
    "draft name of bytes": {"codecs": [{**B, "name": "endian"}]},
    "bare key encoding": {"chunk_key_encoding": "default"},
    "no key encoding": {"chunk_key_encoding": None},
    "data type as object": {"data_type": {"name": "float32"}},
    "shard without index codecs": {
        "codecs": [
            {"name": "sharding_indexed", "configuration": {"chunk_shape": [2, 2], "codecs": [B]}}
        ]
    },
}


@pytest.mark.parametrize("change", SPELLINGS.values(), ids=SPELLINGS)
def test_spellings_of_metadata(tmp_path: Path, change: dict[str, Any]):
    location = locate(tmp_path, "zarr3", {**PLAIN, **change})
    assert check_codec(location) is None
    level = opened(location, dtype="float32")
    assert np.asarray(level).tolist() == [[0, 0], [0, 0]]


def test_bits_of_a_fill_value(tmp_path: Path):
    level = opened(locate(tmp_path, "zarr3", {**PLAIN, "fill_value": "0x3fc00000"}))
    assert np.asarray(level).tolist() == [[1.5, 1.5], [1.5, 1.5]]


@pytest.mark.parametrize("data", [b"", bytes(15), bytes(17)], ids=["empty", "short", "long"])
@pytest.mark.parametrize(
    "codecs", [[B], [B, {"name": "numcodecs.zlib"}]], ids=["native", "zarr-python"]
)
def test_damaged_chunk(tmp_path: Path, codecs: list[Any], data: bytes):
    put(tmp_path, "c/0/0", data)
    level = opened(locate(tmp_path, "zarr3", {**PLAIN, "codecs": codecs}))
    with pytest.raises(ChunkError, match=r"zarr\.json: ") as caught:
        np.asarray(level)
    assert "\n" not in str(caught.value)


def test_truncated_shard(tmp_path: Path):
    data = values((9, 14), "int32")
    write(tmp_path, data, shards=(8, 12))
    shard = tmp_path / "c" / "0" / "0"
    shard.write_bytes(shard.read_bytes()[:-30])
    level = opened(locate(tmp_path, "zarr3"))
    with pytest.raises(ChunkError, match="c/0/0"):
        np.asarray(level)
    np.testing.assert_array_equal(np.asarray(level[8:]), data[8:])
