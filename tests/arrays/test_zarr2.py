"""Zarr v2 arrays as zarr-python writes them, those included that only numcodecs decodes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pytest
import zarr

from napari_strata.arrays import ChunkError, check_codec
from napari_strata.arrays.decoding import Decoded, Native
from napari_strata.arrays.plan import plan

from .helpers import locate, opened, put, values


def write(folder: Path, data: np.ndarray[Any, Any], **kwargs: Any) -> None:
    given = {"chunks": (4, 5), "fill_value": 0, **kwargs}
    array = zarr.create_array(folder, shape=data.shape, dtype=data.dtype, zarr_format=2, **given)
    array[...] = data


NATIVE: dict[str, dict[str, Any]] = {
    "none": {"compressors": None},
    "zlib": {"compressors": numcodecs.Zlib(1)},
    "gzip": {"compressors": numcodecs.GZip(1)},
    "bz2": {"compressors": numcodecs.BZ2(1)},
    "zstd with checksum": {"compressors": numcodecs.Zstd(0, checksum=True)},
    "blosc": {"compressors": numcodecs.Blosc("zstd", clevel=9, shuffle=2)},
    "nested": {"chunk_key_encoding": {"name": "v2", "separator": "/"}},
    "order F": {"order": "F"},
}


@pytest.mark.parametrize("options", NATIVE.values(), ids=NATIVE)
@pytest.mark.parametrize("dtype", ["<u2", ">u2"])
def test_what_tensorstore_decodes(tmp_path: Path, options: dict[str, Any], dtype: str):
    data = values((9, 11), "uint16").astype(dtype)
    write(tmp_path, data, **options)
    location = locate(tmp_path, "zarr2")
    assert isinstance(plan(location), Native)
    read = np.asarray(opened(location))
    assert read.dtype == np.dtype("uint16")
    assert read.dtype.isnative
    np.testing.assert_array_equal(read, data)


NUMCODECS: dict[str, dict[str, Any]] = {
    "lz4": {"compressors": numcodecs.LZ4()},
    "lzma": {"compressors": numcodecs.LZMA()},
    "delta": {"filters": [numcodecs.Delta("<u2")]},
    "delta, no compressor": {"filters": [numcodecs.Delta("<u2")], "compressors": None},
    "delta widened": {"filters": [numcodecs.Delta("<u2", astype="<i8")]},
    "shuffle and lz4": {"filters": [numcodecs.Shuffle(2)], "compressors": numcodecs.LZ4()},
    "two filters": {"filters": [numcodecs.Delta("<u2"), numcodecs.Shuffle(2)]},
    "checksum": {"filters": [numcodecs.CRC32()]},
    "blosc behind a filter": {
        "filters": [numcodecs.Delta("<u2")],
        "compressors": numcodecs.Blosc(),
    },
    "lz4 nested": {
        "compressors": numcodecs.LZ4(),
        "chunk_key_encoding": {"name": "v2", "separator": "/"},
    },
    "lz4 order F": {"compressors": numcodecs.LZ4(), "order": "F"},
}


@pytest.mark.parametrize("options", NUMCODECS.values(), ids=NUMCODECS)
def test_what_only_numcodecs_decodes(tmp_path: Path, options: dict[str, Any]):
    data = values((9, 11), "uint16")
    write(tmp_path, data, **options)
    location = locate(tmp_path, "zarr2")
    assert isinstance(plan(location), Decoded)
    level = opened(location)
    np.testing.assert_array_equal(np.asarray(level), data)
    np.testing.assert_array_equal(np.asarray(level[::-2, 3:10:4]), data[::-2, 3:10:4])


@pytest.mark.parametrize(
    "dtype",
    ["|b1", "|i1", "|u1", "<i2", ">i4", "<u8", ">u8", "<f2", ">f4", "<f8", "<c8", ">c16"],
)
@pytest.mark.parametrize("compressor", [numcodecs.Zstd(), numcodecs.LZ4()], ids=["zstd", "lz4"])
def test_every_dtype(tmp_path: Path, dtype: str, compressor: Any):
    data = values((5, 6), np.dtype(dtype).newbyteorder("=")).astype(dtype)
    write(tmp_path, data, compressors=compressor)
    level = opened(locate(tmp_path, "zarr2"))
    assert level.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(np.asarray(level), data)


@pytest.mark.parametrize("compressor", [numcodecs.Zstd(), numcodecs.LZ4()], ids=["zstd", "lz4"])
@pytest.mark.parametrize(
    ("dtype", "declared", "expected"),
    [
        ("<u2", 7, 7),
        ("<u2", "7", 7),
        ("<u2", 7.0, 7),
        ("<u2", None, 0),
        ("<i4", -1, -1),
        ("|b1", 1, True),
        ("|b1", False, False),
        ("<f4", None, 0.0),
        ("<f4", "-Infinity", -np.inf),
        ("<f4", "1.5", 1.5),
        ("<c8", 2, 2 + 0j),
        ("<c8", [1.0, "Infinity"], complex(1, np.inf)),
    ],
)
def test_fill_values(tmp_path: Path, compressor: Any, dtype: str, declared: Any, expected: Any):
    write(tmp_path, np.zeros((4, 5), dtype), compressors=compressor)
    metadata = json.loads((tmp_path / ".zarray").read_text())
    (tmp_path / "0.0").unlink(missing_ok=True)
    level = opened(locate(tmp_path, "zarr2", {**metadata, "fill_value": declared}))
    assert np.asarray(level).tolist() == [[expected] * 5] * 4


@pytest.mark.parametrize("compressor", [None, {"id": "lz4"}], ids=["raw", "lz4"])
@pytest.mark.parametrize("declared", ["NaN", float("nan")], ids=["text", "bare"])
def test_nan_fill(tmp_path: Path, compressor: Any, declared: Any):
    metadata = {
        "zarr_format": 2, "shape": [2], "chunks": [2], "dtype": "<f8", "compressor": compressor,
        "fill_value": declared, "filters": None, "order": "C",
    }  # fmt: skip
    assert np.isnan(np.asarray(opened(locate(tmp_path, "zarr2", metadata)))).all()


def test_members_that_may_be_missing_or_unknown(tmp_path: Path):
    put(tmp_path, "0.0", bytes(range(20)))
    metadata = {
        "shape": [4, 5], "chunks": [4, 5], "dtype": "|u1", "dimension_separator": None,
        "attributes": {"a": 1}, "node_type": "array", "filters": [],
    }  # fmt: skip
    level = opened(locate(tmp_path, "zarr2", metadata))
    assert np.asarray(level[3]).tolist() == [15, 16, 17, 18, 19]


@pytest.mark.parametrize("compressor", [None, {"id": "lz4"}], ids=["raw", "lz4"])
def test_no_axes(tmp_path: Path, compressor: Any):
    data = np.array([258], "<u2").tobytes()
    put(tmp_path, "0", data if compressor is None else numcodecs.LZ4().encode(data))
    metadata = {"shape": [], "chunks": [], "dtype": "<u2", "compressor": compressor}
    level = opened(locate(tmp_path, "zarr2", metadata))
    assert level.shape == ()
    assert int(level) == 258


def lying_lz4(size: int) -> bytes:
    return size.to_bytes(4, "little") + b"\x00" * 30


def lying_zstd(size: int) -> bytes:
    return b"\x28\xb5\x2f\xfd\xe0" + size.to_bytes(8, "little") + b"\x01\x00\x00"


DELTA = [numcodecs.Delta("<u2").get_config()]
BAD_CHUNKS: dict[str, tuple[dict[str, Any], bytes, str]] = {
    "lz4 lies": ({"compressor": {"id": "lz4"}}, lying_lz4(2**31 - 1), "claims to hold"),
    "lz4 junk": ({"compressor": {"id": "lz4"}}, lying_lz4(40), "lz4: .*error"),
    "lz4 nothing": ({"compressor": {"id": "lz4"}}, b"", "lz4: "),
    "lz4 too small": (
        {"compressor": {"id": "lz4"}},
        numcodecs.LZ4().encode(bytes(38)),
        "decodes to 38 bytes, expected 40",
    ),
    "blosc lies": (
        {"compressor": {"id": "blosc"}, "filters": DELTA},
        b"\x02\x01\x21\x02" + (2**31 - 100).to_bytes(4, "little") + bytes(20),
        "blosc: the chunk claims to hold 2,147,483,548 bytes",
    ),
    "zstd lies": (
        {"compressor": {"id": "zstd"}, "filters": DELTA},
        lying_zstd(2**50),
        "zstd: the chunk claims to hold",
    ),
    "lzma cut": (
        {"compressor": {"id": "lzma"}},
        numcodecs.LZMA().encode(bytes(40))[:-9],
        "lzma: ",
    ),
    "gzip cut before a filter": (
        {"compressor": {"id": "gzip"}, "filters": DELTA},
        numcodecs.GZip().encode(bytes(40))[:-9],
        "gzip: ",
    ),
    "checksum wrong": (
        {"compressor": None, "filters": [{"id": "crc32"}]},
        b"\x01\x02\x03\x04" + bytes(40),
        "crc32: ",
    ),
    "raw cut": ({"compressor": None}, bytes(39), "Not enough data"),
    "raw too long": ({"compressor": None}, bytes(41), "End of data expected"),
    "native gzip cut": (
        {"compressor": {"id": "gzip"}},
        numcodecs.GZip().encode(values((4, 5), "uint16"))[:-20],
        "Not enough data",
    ),
    "native blosc junk": ({"compressor": {"id": "blosc"}}, bytes(range(60)), "blosc"),
}


@pytest.mark.parametrize(("codecs", "chunk", "message"), BAD_CHUNKS.values(), ids=BAD_CHUNKS)
def test_damaged_chunk(tmp_path: Path, codecs: dict[str, Any], chunk: bytes, message: str):
    metadata = {"shape": [4, 5], "chunks": [4, 5], "dtype": "<u2", **codecs}
    put(tmp_path, "0.0", chunk)
    location = locate(tmp_path, "zarr2", metadata)
    assert check_codec(location) is None
    with pytest.raises(ChunkError, match=message) as caught:
        np.asarray(opened(location))
    assert str(caught.value).startswith(f"{tmp_path}/.zarray: ")
    assert "\n" not in str(caught.value)
