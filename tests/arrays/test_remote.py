"""Which requests reading makes, over loopback HTTP."""

from __future__ import annotations

import socket
import time
import warnings
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pytest
import zarr

from napari_strata.arrays import ChunkError, LevelArray, open_level, part
from napari_strata.model import ArrayLocation, StackLocation

from .conftest import FolderServer
from .helpers import locate, opened, values, write_n5

DATA = values((8, 10, 12), "uint16")
CHUNKS = (4, 5, 6)
METADATA_FILES = ("attributes.json", ".zarray", "zarr.json")


def write_zarr(folder: Path, **kwargs: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        array = zarr.create_array(
            folder, shape=DATA.shape, dtype=DATA.dtype, chunks=CHUNKS, fill_value=0, **kwargs
        )
        array[...] = DATA


def numcodecs_zlib() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from zarr.registry import get_codec_class

        return get_codec_class("numcodecs.zlib")(level=1)


WRITERS: dict[str, tuple[Any, Any, Any]] = {
    "n5": ("n5", lambda f: write_n5(f, DATA, CHUNKS, {"type": "gzip"}), lambda z, y, x: (x, y, z)),
    "zarr2": ("zarr2", lambda f: write_zarr(f, zarr_format=2), lambda *zyx: zyx),
    "zarr2, numcodecs": (
        "zarr2",
        lambda f: write_zarr(f, zarr_format=2, compressors=numcodecs.LZ4()),
        lambda *zyx: zyx,
    ),
    "zarr3": ("zarr3", lambda f: write_zarr(f, zarr_format=3), lambda *zyx: ("c", *zyx)),
    "zarr3, zarr-python": (
        "zarr3",
        lambda f: write_zarr(f, zarr_format=3, compressors=numcodecs_zlib()),
        lambda *zyx: ("c", *zyx),
    ),
}
each_writer = pytest.mark.parametrize(("encoding", "write", "key"), WRITERS.values(), ids=WRITERS)


def serve(server: FolderServer, encoding: Any, write: Any, **kwargs: Any) -> LevelArray:
    folder = server.folder / "a"
    write(folder)
    kvstore = {"driver": "http", "base_url": server.url, "path": "/a/"}
    return opened(locate(folder, encoding, kvstore=kvstore), **kwargs)


def chunk_urls(encoding: Any, key: Any, chunks: list[tuple[int, ...]]) -> list[str]:
    separator = "." if encoding == "zarr2" else "/"
    return sorted("/a/" + separator.join(map(str, key(*chunk))) for chunk in chunks)


@each_writer
def test_a_plane_requests_its_chunks_alone(
    server: FolderServer, encoding: Any, write: Any, key: Any
):
    level = serve(server, encoding, write)
    view = level[5]
    assert server.log == []
    np.testing.assert_array_equal(np.asarray(view), DATA[5])
    chunks = [(1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 1, 1)]
    assert sorted(server.log) == [("GET", url) for url in chunk_urls(encoding, key, chunks)]


@each_writer
def test_scrolling_there_and_back_reads_once(
    server: FolderServer, encoding: Any, write: Any, key: Any
):
    level = serve(server, encoding, write)
    for z in [*range(8), *reversed(range(8))]:
        np.testing.assert_array_equal(np.asarray(level[:, :5, :6][z]), DATA[z, :5, :6])
    assert sorted(server.paths) == chunk_urls(encoding, key, [(0, 0, 0), (1, 0, 0)])


def test_a_shard_is_read_in_parts(server: FolderServer):
    level = serve(server, "zarr3", lambda f: write_zarr(f, zarr_format=3, shards=(8, 10, 12)))
    np.testing.assert_array_equal(np.asarray(level[0, 0, :]), DATA[0, 0])
    assert set(server.paths) == {"/a/c/0/0/0"}
    assert 2 <= len(server.paths) <= 3  # its index, then two chunks, perhaps at once


def test_a_missing_chunk_is_zero(server: FolderServer):
    level = serve(server, "n5", WRITERS["n5"][1])
    (server.folder / "a" / "0" / "0" / "1").unlink()
    expected = DATA.copy()
    expected[4:, :5, :6] = 0
    np.testing.assert_array_equal(np.asarray(level), expected)


def refuse_missing(server: FolderServer, metadata: int | None = None) -> None:
    """Answer 403 for what is not there, as S3 does without permission to list."""

    def status(path: str) -> int | None:
        if path.endswith(METADATA_FILES):
            return metadata
        return None if (server.folder / path.lstrip("/")).is_file() else 403

    server.refuse = status


@each_writer
@pytest.mark.parametrize("tolerant", [False, True], ids=["raising", "tolerant"])
def test_a_refused_chunk_is_missing_while_the_metadata_reads(
    server: FolderServer, encoding: Any, write: Any, key: Any, tolerant: bool
):
    errors: list[ChunkError] = []
    level = serve(server, encoding, write, on_error=errors.append if tolerant else None)
    (missing,) = chunk_urls(encoding, key, [(1, 0, 0)])
    (server.folder / missing.lstrip("/")).unlink()
    refuse_missing(server)
    expected = DATA.copy()
    expected[4:, :5, :6] = 0
    np.testing.assert_array_equal(np.asarray(level), expected)
    assert sum(path.endswith(METADATA_FILES) for path in server.paths) == 1
    before = len(server.log)
    np.testing.assert_array_equal(np.asarray(level[:, ::-1]), expected[:, ::-1])
    np.testing.assert_array_equal(level.tensorstore().read().result(), expected)
    assert len(server.log) == before
    assert errors == []


def test_a_refused_chunk_has_the_fill_value(server: FolderServer):
    level = serve(
        server, "zarr2", lambda f: write_zarr(f, zarr_format=2, compressors=numcodecs.LZ4())
    )
    filled = ArrayLocation(
        level.location.kvstore,  # type: ignore[union-attr]
        "zarr2",
        {**level.location.metadata, "fill_value": 9},  # type: ignore[union-attr]
        "a/.zarray",
    )
    (server.folder / "a" / "1.0.0").unlink()
    refuse_missing(server)
    assert np.asarray(opened(filled)[4, 0, :7]).tolist() == [9] * 6 + [DATA[4, 0, 6]]


@pytest.mark.parametrize("metadata", [403, 404, 500])
def test_a_refused_chunk_is_an_error_without_the_metadata(server: FolderServer, metadata: int):
    level = serve(server, "n5", WRITERS["n5"][1])
    (server.folder / "a" / "0" / "0" / "1").unlink()
    refuse_missing(server, metadata)
    with pytest.raises(ChunkError, match="a/0/0/1: Forbidden"):
        np.asarray(level[4:])
    np.testing.assert_array_equal(np.asarray(level[:4]), DATA[:4])


def test_access_that_ends_later_is_noticed(server: FolderServer, monkeypatch: Any):
    level = serve(server, "n5", WRITERS["n5"][1])
    now = [1000.0]
    monkeypatch.setattr(part.time, "monotonic", lambda: now[0])
    (server.folder / "a" / "0" / "0" / "1").unlink()
    refuse_missing(server)
    assert not np.asarray(level[4:, :5, :6]).any()
    server.refuse = lambda path: 403
    now[0] += 61
    with pytest.raises(ChunkError, match="Forbidden"):
        np.asarray(level[:4])


def test_a_local_file_that_may_not_be_read_is_no_missing_chunk(server: FolderServer):
    # The same array as a stack of one: a refusal is looked into per part.
    location = serve(server, "n5", WRITERS["n5"][1]).location
    assert isinstance(location, ArrayLocation)
    level = open_level(
        StackLocation((None, location)),
        shape=(2, 8, 10, 12),
        dtype="uint16",
        chunks=(1, *CHUNKS),
    )
    (server.folder / "a" / "0" / "0" / "1").unlink()
    refuse_missing(server)
    expected = DATA.copy()
    expected[4:, :5, :6] = 0
    read = np.asarray(level)
    assert not read[0].any()
    np.testing.assert_array_equal(read[1], expected)


@pytest.mark.parametrize(("status", "words"), [(401, "Unauthorized"), (500, "All 2 retry")])
def test_other_answers_are_errors(server: FolderServer, status: int, words: str):
    level = serve(server, "n5", WRITERS["n5"][1])
    server.refuse = lambda path: status
    with pytest.raises(ChunkError, match=f"attributes.json: .*{words}"):
        np.asarray(level[0])


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("compression", ["gzip", "lz4"])
@pytest.mark.parametrize("driver", ["http", "s3"])
def test_a_refused_connection_fails_soon(driver: str, compression: str):
    url = f"http://127.0.0.1:{closed_port()}"
    kvstores: dict[str, dict[str, Any]] = {
        "http": {"driver": "http", "base_url": url, "path": "/a/"},
        "s3": {
            "driver": "s3",
            "bucket": "bucket",
            "endpoint": url,
            "aws_region": "us-east-1",
            "aws_credentials": {"type": "anonymous"},
            "path": "a/",
        },
    }
    metadata = {
        "dimensions": [6400, 6400],
        "blockSize": [64, 64],
        "dataType": "uint8",
        "compression": {"type": compression},
    }
    location = ArrayLocation(kvstores[driver], "n5", metadata, "a/attributes.json")
    start = time.monotonic()
    with pytest.raises(ChunkError, match=r"a/attributes\.json: .*connect") as caught:
        np.asarray(opened(location))
    assert caught.value.unreachable
    assert "curl_code" not in str(caught.value)
    errors: list[ChunkError] = []
    assert not np.asarray(opened(location, on_error=errors.append)).any()
    assert len(errors) == 1
    assert time.monotonic() - start < 10
