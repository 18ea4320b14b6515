"""Precomputed volumes as tensorstore and, by hand, cloud-volume write them, read voxel by voxel."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorstore as ts

from napari_strata.arrays import ChunkError, LevelArray, check_codec, open_level
from napari_strata.model import ArrayLocation

from .conftest import FolderServer
from .helpers import local, values

SHAPE = (9, 11, 13)  # z, y, x; no multiple of the chunks
SHARDS = {
    "@type": "neuroglancer_uint64_sharded_v1",
    "preshift_bits": 1,
    "hash": "identity",
    "minishard_bits": 1,
    "shard_bits": 1,
}
SEGMENTS = {"compressed_segmentation_block_size": [4, 2, 3]}


def scale(encoding: str = "raw", **keys: Any) -> dict[str, Any]:
    """What tensorstore is given of a scale; lists are x-first."""
    fixed = {
        "key": "here/4_5_6",
        "size": list(SHAPE[::-1]),
        "chunk_size": [5, 4, 3],
        "voxel_offset": [7, -2, 100],
        "resolution": [4, 5, 6],
    }
    return {**fixed, "encoding": encoding, **keys}


def write(folder: Path, data: Any, described: dict[str, Any]) -> None:
    """Write a volume; ``data`` is z, y, x or channel, z, y, x."""
    data = np.asarray(data)
    four = data if data.ndim == 4 else data[None]
    spec = {
        "driver": "neuroglancer_precomputed",
        "kvstore": local(folder),
        "multiscale_metadata": {
            "type": "image",
            "data_type": data.dtype.name,
            "num_channels": len(four),
        },
        "scale_metadata": described,
    }
    store = ts.open(spec, create=True).result()
    with ts.Transaction() as transaction:
        store.with_transaction(transaction)[...] = four.T


def locate(
    folder: Path,
    dtype: str,
    described: dict[str, Any],
    channels: int = 1,
    kvstore: dict[str, Any] | None = None,
) -> ArrayLocation:
    metadata = {"data_type": dtype, "num_channels": channels, **described}
    axes = (1, 2, 3) if channels == 1 else None
    where = f"{folder}/info: scales[0]"
    return ArrayLocation(kvstore or local(folder), "precomputed", metadata, where, axes)


def opened(location: ArrayLocation, **options: Any) -> LevelArray:
    metadata = location.metadata
    channels = () if location.axes else (metadata["num_channels"],)
    shape = (*channels, *metadata["size"][::-1])
    chunks = (*channels, *metadata["chunk_size"][::-1])
    return open_level(location, shape=shape, dtype=metadata["data_type"], chunks=chunks, **options)


CASES = [
    *[
        pytest.param(dtype, 1, scale(), id=dtype)
        for dtype in (
            "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "float32",
        )
    ],
    pytest.param("uint16", 3, scale(), id="channels"),
    pytest.param("uint16", 1, scale("png"), id="png-16"),
    pytest.param("uint8", 4, scale("png"), id="png-channels"),
    pytest.param("uint32", 1, scale("compressed_segmentation", **SEGMENTS), id="segments-32"),
    pytest.param("uint64", 1, scale("compressed_segmentation", **SEGMENTS), id="segments-64"),
    pytest.param("uint64", 2, scale("compressed_segmentation", **SEGMENTS), id="segments-channels"),
    pytest.param("uint16", 1, scale(sharding=SHARDS), id="sharded"),
    pytest.param(
        "uint64", 1,
        scale("compressed_segmentation", **SEGMENTS, sharding={
            **SHARDS, "hash": "murmurhash3_x86_128", "minishard_index_encoding": "gzip",
            "data_encoding": "gzip",
        }),
        id="sharded-gzip-hashed",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("dtype", "channels", "described"), CASES)
def test_every_voxel(tmp_path: Path, dtype: str, channels: int, described: dict[str, Any]):
    data = values(SHAPE if channels == 1 else (channels, *SHAPE), dtype)
    write(tmp_path, data, described)
    (tmp_path / "info").rename(tmp_path / "not read")
    level = opened(locate(tmp_path, dtype, described, channels))
    np.testing.assert_array_equal(np.asarray(level), data)
    np.testing.assert_array_equal(np.asarray(level[..., 4, 10, 2:12:3]), data[..., 4, 10, 2:12:3])


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg(tmp_path: Path, channels: int):
    shape = (8, 16, 16) if channels == 1 else (3, 8, 16, 16)
    data = np.broadcast_to(np.arange(16, dtype="uint8") * 15, shape)
    described = scale("jpeg", size=[16, 16, 8], chunk_size=[16, 16, 8], jpeg_quality=100)
    write(tmp_path, data, described)
    level = opened(locate(tmp_path, "uint8", described, channels))
    np.testing.assert_allclose(np.asarray(level).astype(int), data, atol=3)


def test_a_missing_chunk_is_zero(tmp_path: Path):
    data = values(SHAPE, "uint16") | 1
    write(tmp_path, data, scale())
    (tmp_path / "here/4_5_6/12-17_-2-2_100-103").unlink()
    expected = data.copy()
    expected[0:3, 0:4, 5:10] = 0  # that chunk: x 5 to 9, y 0 to 3, z 0 to 2
    np.testing.assert_array_equal(np.asarray(opened(locate(tmp_path, "uint16", scale()))), expected)


def test_a_damaged_chunk_is_named_and_the_others_are_read(tmp_path: Path):
    data = values(SHAPE, "uint16") | 1
    write(tmp_path, data, scale())
    (tmp_path / "here/4_5_6/12-17_-2-2_100-103").write_bytes(b"short")
    location = locate(tmp_path, "uint16", scale())
    with pytest.raises(ChunkError, match=r"info: scales\[0\]: .*12-17_-2-2_100-103"):
        np.asarray(opened(location))
    told: list[Exception] = []
    found = np.asarray(opened(location, on_error=told.append))
    expected = data.copy()
    expected[0:3, 0:4, 5:10] = 0
    np.testing.assert_array_equal(found, expected)
    assert len(told) == 1


# ----------------------------------------------------- files that are compressed as a whole


def pack(folder: Path, ending: str = "gz") -> None:
    """Do to the chunks what cloud-volume does on a disk."""
    for file in list(folder.iterdir()):
        file.with_name(f"{file.name}.{ending}").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()


@pytest.mark.parametrize(
    ("dtype", "channels", "described"),
    [
        pytest.param("uint16", 1, scale(), id="raw"),
        pytest.param("uint16", 2, scale(), id="channels"),
        pytest.param("uint64", 1, scale("compressed_segmentation", **SEGMENTS), id="segments"),
    ],
)
def test_files_packed_by_gzip(tmp_path: Path, dtype: str, channels: int, described: dict[str, Any]):
    data = values(SHAPE if channels == 1 else (channels, *SHAPE), dtype)
    write(tmp_path, data, described)
    pack(tmp_path / "here/4_5_6")
    level = opened(locate(tmp_path, dtype, described, channels))
    np.testing.assert_array_equal(np.asarray(level), data)
    np.testing.assert_array_equal(np.asarray(level[..., 4, 10, 2:12:3]), data[..., 4, 10, 2:12:3])


def test_some_files_packed_some_not_some_missing(tmp_path: Path):
    data = values(SHAPE, "uint16") | 1
    write(tmp_path, data, scale())
    folder = tmp_path / "here/4_5_6"
    plain = (folder / "7-12_-2-2_100-103").read_bytes()
    pack(folder)
    (folder / "7-12_-2-2_100-103.gz").unlink()
    (folder / "7-12_-2-2_100-103").write_bytes(plain)
    (folder / "12-17_-2-2_100-103.gz").unlink()
    expected = data.copy()
    expected[0:3, 0:4, 5:10] = 0
    np.testing.assert_array_equal(np.asarray(opened(locate(tmp_path, "uint16", scale()))), expected)


def test_a_damaged_packed_file_is_named(tmp_path: Path):
    write(tmp_path, values(SHAPE, "uint16"), scale())
    folder = tmp_path / "here/4_5_6"
    pack(folder)
    file = folder / "12-17_-2-2_100-103.gz"
    for damage in (b"", b"no gzip", file.read_bytes()[:-10], gzip.compress(b"short")):
        file.write_bytes(damage)
        with pytest.raises(ChunkError, match="12-17_-2-2_100-103"):
            np.asarray(opened(locate(tmp_path, "uint16", scale())))


def test_files_packed_by_something_else_are_refused(tmp_path: Path):
    write(tmp_path, values(SHAPE, "uint16"), scale())
    pack(tmp_path / "here/4_5_6", "br")
    with pytest.raises(ChunkError, match=r"files that end in \.br, expected no ending or \.gz"):
        np.asarray(opened(locate(tmp_path, "uint16", scale())))


# ------------------------------------------------------------------------------ what is refused


def sharded(**keys: Any) -> dict[str, Any]:
    return scale(sharding={**SHARDS, **keys})


REFUSED = {
    "unknown encoding": ("uint8", 1, scale("compresso"), "encoding is 'compresso', expected one"),
    "encoding no text": ("uint8", 1, scale(["raw"]), "encoding is"),  # type: ignore[arg-type]
    "jpeg of uint16": ("uint16", 1, scale("jpeg"), "encoding jpeg holds uint8, not uint16"),
    "jpeg, 2 channels": ("uint8", 2, scale("jpeg"), "encoding jpeg holds 1, 3 channels, not 2"),
    "png of uint32": ("uint32", 1, scale("png"), "encoding png holds uint8 or uint16"),
    "segments of uint16": ("uint16", 1, scale("compressed_segmentation", **SEGMENTS), "holds"),
    "no block size": ("uint32", 1, scale("compressed_segmentation"), "block_size is None"),
    "block size of 0": (
        "uint32", 1,
        scale("compressed_segmentation", compressed_segmentation_block_size=[0, 8, 8]),
        "block_size is",
    ),
    "huge chunk": ("uint64", 1, scale(chunk_size=[2**20] * 3), "at most 2 GiB"),
    "sharding no object": ("uint8", 1, scale(sharding=7), "sharding is 7, expected an object"),
    "other sharding": ("uint8", 1, sharded(**{"@type": "x"}), "sharding.@type is 'x'"),
    "other hash": ("uint8", 1, sharded(hash="md5"), "sharding.hash is 'md5'"),
    "other packing": ("uint8", 1, sharded(data_encoding="zstd"), "sharding.data_encoding is"),
    "bits below 0": ("uint8", 1, sharded(shard_bits=-1), "sharding.shard_bits is -1"),
    "bits true": ("uint8", 1, sharded(shard_bits=True), "sharding.shard_bits is True"),
    "too many bits": ("uint8", 1, sharded(minishard_bits=32, shard_bits=33), "more than 64 bits"),
    "too many chunks": ("uint8", 1, {**sharded(), "size": [2**50] * 3}, "more chunks than 64 bits"),
}  # fmt: skip


@pytest.mark.parametrize(("dtype", "channels", "described", "text"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(
    tmp_path: Path, dtype: str, channels: int, described: dict[str, Any], text: str
):
    reason = check_codec(locate(tmp_path, dtype, described, channels))
    assert reason is not None
    assert text in reason


LARGEST = [sharded(shard_bits=63), sharded(preshift_bits=64), sharded(minishard_bits=32)]


@pytest.mark.parametrize("described", LARGEST)
def test_what_the_plan_lets_through_can_be_opened(tmp_path: Path, described: dict[str, Any]):
    location = locate(tmp_path, "uint8", described)
    assert check_codec(location) is None
    assert not np.asarray(opened(location)[0, 0, 0]).any()


def test_members_unknown_to_tensorstore_do_not_matter(tmp_path: Path):
    data = values(SHAPE, "uint16")
    write(tmp_path, data, scale(sharding=SHARDS))
    described = scale(sharding={**SHARDS, "note": 1}, hidden=False)
    np.testing.assert_array_equal(np.asarray(opened(locate(tmp_path, "uint16", described))), data)


# -------------------------------------------------------------------------------------- remote


def test_a_plane_requests_its_chunks_alone(server: FolderServer):
    data = values(SHAPE, "uint16")
    write(server.folder / "v", data, scale())
    kvstore = {"driver": "http", "base_url": server.url, "path": "/v/"}
    level = opened(locate(server.folder / "v", "uint16", scale(), kvstore=kvstore))
    assert server.log == []
    np.testing.assert_array_equal(np.asarray(level[4]), data[4])
    xs, ys = ("7-12", "12-17", "17-20"), ("-2-2", "2-6", "6-9")
    wanted = [f"/v/here/4_5_6/{x}_{y}_103-106" for x in xs for y in ys]
    assert sorted(server.paths) == sorted(wanted)


def test_refused_chunks_are_missing_while_info_still_reads(server: FolderServer):
    data = values(SHAPE, "uint16") | 1
    write(server.folder / "v", data, scale())
    gone = "/v/here/4_5_6/12-17_-2-2_100-103"
    server.refuse = lambda path: 403 if path == gone else None
    kvstore = {"driver": "http", "base_url": server.url, "path": "/v/"}
    level = opened(locate(server.folder / "v", "uint16", scale(), kvstore=kvstore))
    expected = data.copy()
    expected[0:3, 0:4, 5:10] = 0
    np.testing.assert_array_equal(np.asarray(level), expected)
    assert server.paths.count("/v/info") == 1
    assert json.loads((server.folder / "v/info").read_text())["data_type"] == "uint16"
