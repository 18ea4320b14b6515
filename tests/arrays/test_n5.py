"""N5 arrays as tensorstore, Java and older libraries write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_strata.arrays import check_codec, open_level

from .helpers import gzipped, locate, n5_header, opened, put, values, write_n5

# What tensorstore wrote, and what other writers' attributes.json says of the same bytes.
COMPRESSIONS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("raw", {"type": "raw"}, {"type": "raw"}),
    ("gzip", {"type": "gzip"}, {"type": "gzip", "level": -1, "useZlib": False}),
    ("gzip_plain", {"type": "gzip"}, {"type": "gzip"}),
    ("gzip_odd_level", {"type": "gzip"}, {"type": "gzip", "level": 12}),
    ("zlib", {"type": "gzip", "useZlib": True}, {"type": "gzip", "level": -1, "useZlib": True}),
    ("bzip2", {"type": "bzip2"}, {"type": "bzip2", "blockSize": 9}),
    ("xz", {"type": "xz"}, {"type": "xz", "preset": 6, "format": 1}),
    ("zstd", {"type": "zstd"}, {"type": "zstd", "level": 3, "nbWorkers": 0, "checksum": False}),
    (
        "blosc_java",
        {"type": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1},
        {
            "type": "blosc", "cname": "lz4", "clevel": 6, "shuffle": 1, "blocksize": 0,
            "typesize": 4, "nthreads": 1,
        },
    ),
    (
        "blosc_zarr",
        {"type": "blosc", "cname": "zstd", "clevel": 5, "shuffle": 2},
        {"type": "blosc", "cname": "zstd", "clevel": 5, "shuffle": -1},
    ),
    (
        "blosc_bare",
        {"type": "blosc", "cname": "zlib", "clevel": 5, "shuffle": 0},
        {"type": "blosc"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "declared"),
    [case[1:] for case in COMPRESSIONS],
    ids=[case[0] for case in COMPRESSIONS],
)
def test_every_compressor(tmp_path: Path, written: dict[str, Any], declared: dict[str, Any]):
    data = values((9, 11, 13), "uint16")
    metadata = write_n5(tmp_path, data, (4, 5, 6), written)
    location = locate(tmp_path, "n5", {**metadata, "compression": declared})
    assert check_codec(location) is None
    np.testing.assert_array_equal(np.asarray(opened(location)), data)


@pytest.mark.parametrize(
    "dtype",
    [
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "int8",
        "int16",
        "int32",
        "int64",
        "float32",
        "float64",
    ],
)
def test_every_dtype(tmp_path: Path, dtype: str):
    data = values((7, 10), dtype)
    write_n5(tmp_path, data, (4, 4), {"type": "gzip"})
    level = opened(locate(tmp_path, "n5"))
    assert level.dtype == np.dtype(dtype)
    assert np.asarray(level).dtype == np.dtype(dtype)
    np.testing.assert_array_equal(np.asarray(level), data)


@pytest.mark.parametrize(
    ("old", "compress"), [("raw", bytes), ("gzip", gzipped)], ids=["raw", "gzip"]
)
def test_old_compression_type(tmp_path: Path, old: str, compress: Any):
    metadata = {"dimensions": [3, 2], "blockSize": [3, 2], "dataType": "int16"}
    payload = np.array([[1, -2, 3], [4, 5, 600]], ">i2").tobytes()
    put(tmp_path, "0/0", n5_header((3, 2)) + compress(payload))
    level = opened(locate(tmp_path, "n5", {**metadata, "compressionType": old}))
    assert np.asarray(level).tolist() == [[1, -2, 3], [4, 5, 600]]


def test_truncated_edge_blocks(tmp_path: Path):
    # 5 × 3 voxels in blocks of 4 × 2 (x first); the edge blocks hold only what is inside.
    metadata = {"dimensions": [5, 3], "blockSize": [4, 2], "dataType": "uint8"}
    put(tmp_path, "0/0", n5_header((4, 2)) + bytes([1, 2, 3, 4, 11, 12, 13, 14]))
    put(tmp_path, "1/0", n5_header((1, 2)) + bytes([5, 15]))
    put(tmp_path, "0/1", n5_header((4, 1)) + bytes([21, 22, 23, 24]))
    put(tmp_path, "1/1", n5_header((1, 1)) + bytes([25]))
    level = opened(locate(tmp_path, "n5", metadata))
    assert np.asarray(level).tolist() == [
        [1, 2, 3, 4, 5],
        [11, 12, 13, 14, 15],
        [21, 22, 23, 24, 25],
    ]


def test_missing_block_is_zero(tmp_path: Path):
    data = values((8, 8), "uint8")
    write_n5(tmp_path, data, (4, 4), {"type": "gzip"})
    (tmp_path / "1" / "0").unlink()  # x block 1, y block 0
    data[0:4, 4:8] = 0
    np.testing.assert_array_equal(np.asarray(opened(locate(tmp_path, "n5"))), data)


def test_other_attributes_do_not_matter(tmp_path: Path):
    data = values((4, 5), "uint8")
    metadata = write_n5(tmp_path, data, (4, 4), {"type": "raw"})
    hostile = {"axes": ["x"], "units": 3, "resolution": "abc", "n5": "4.0.0", "transform": {}}
    location = locate(tmp_path, "n5", {**metadata, **hostile})
    np.testing.assert_array_equal(np.asarray(opened(location)), data)


def test_a_level_that_lies_about_its_array(tmp_path: Path):
    from napari_strata.arrays import CodecError

    write_n5(tmp_path, values((4, 5), "uint8"), (4, 4), {"type": "raw"})
    location = locate(tmp_path, "n5")
    level = open_level(location, shape=(5, 4), dtype="uint8", chunks=(4, 4))
    with pytest.raises(CodecError, match=r"attributes.json: the array is uint8 \(4, 5\).*\(5, 4\)"):
        np.asarray(level)


def test_nothing_is_written(tmp_path: Path):
    metadata = {"dimensions": [5, 3], "blockSize": [4, 2], "dataType": "uint8"}
    level = opened(locate(tmp_path, "n5", metadata))
    assert np.asarray(level).sum() == 0
    assert not level.tensorstore().writable
    assert list(tmp_path.iterdir()) == []
