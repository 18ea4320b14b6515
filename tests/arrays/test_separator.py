"""Zarr v2 arrays that do not say what is between the numbers of their chunks' names."""

from __future__ import annotations

import json
import os
import threading
import zipfile
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pytest
import tensorstore as ts

from napari_strata.arrays import ChunkError, LevelArray, cache, check_codec, open_level, separator
from napari_strata.model import ArrayLocation, MosaicLocation, Tile

from .conftest import FolderServer
from .helpers import locate, opened, put, values, write_zarr2

DATA = values((2, 6, 8), "uint16")
CHUNKS = (1, 4, 5)

COMPRESSORS = {"native": numcodecs.Zlib(1), "numcodecs": numcodecs.LZ4()}
each_compressor = pytest.mark.parametrize("compressor", COMPRESSORS.values(), ids=COMPRESSORS)
each_separator = pytest.mark.parametrize("between", [".", "/"])


def write(
    folder: Path, between: str, compressor: Any = None, data: Any = DATA, chunks: Any = CHUNKS
) -> None:
    """Write an array and take the key out of its metadata."""
    names = {"name": "v2", "separator": between}
    write_zarr2(folder, data, chunks, compressors=compressor, chunk_key_encoding=names)
    metadata = json.loads((folder / ".zarray").read_text())
    assert metadata.pop("dimension_separator") == between
    put(folder, ".zarray", json.dumps(metadata).encode())


def serve(server: FolderServer, folder: str = "a", **kwargs: Any) -> LevelArray:
    kvstore = {"driver": "http", "base_url": server.url, "path": f"/{folder}/"}
    return opened(locate(server.folder / folder, "zarr2", kvstore=kvstore), **kwargs)


@each_compressor
@each_separator
def test_local(tmp_path: Path, compressor: Any, between: str):
    write(tmp_path, between, compressor)
    location = locate(tmp_path, "zarr2")
    assert check_codec(location) is None
    np.testing.assert_array_equal(np.asarray(opened(location)), DATA)
    np.testing.assert_array_equal(opened(location).tensorstore().read().result(), DATA)


@each_compressor
@each_separator
def test_remote(server: FolderServer, compressor: Any, between: str):
    write(server.folder / "a", between, compressor)
    level = serve(server)
    assert check_codec(level.location) is None
    assert server.log == []
    np.testing.assert_array_equal(np.asarray(level[1]), DATA[1])
    both = {"/a/0.0.0", "/a/0/0/0"}
    read = {"/a/" + between.join("1" + yx) for yx in ("00", "01", "10", "11")}
    assert set(server.paths) == both | read
    assert len(server.paths) == 6
    cache.set_cache_limit(10**8)  # opens it anew
    np.testing.assert_array_equal(np.asarray(level[1]), DATA[1])
    assert len(server.paths) == 10


@each_separator
@pytest.mark.parametrize("lists", [True, False])
def test_the_first_chunk_is_missing(server: FolderServer, between: str, lists: bool):
    folder = server.folder / "a"
    write(folder, between)
    for chunk in ("000", "001", "010"):
        (folder / between.join(chunk)).unlink()
    expected = DATA.copy()
    expected[0, :4] = 0
    expected[0, :, :5] = 0
    np.testing.assert_array_equal(np.asarray(opened(locate(folder, "zarr2"))), expected)
    server.lists = lists
    np.testing.assert_array_equal(np.asarray(serve(server)), expected)
    assert server.paths.count("/a/") == 1


def test_a_listing_spares_asking_for_many_names(server: FolderServer):
    write(server.folder / "a", "/")
    (server.folder / "a" / "0" / "0" / "0").unlink()
    server.lists = True
    np.testing.assert_array_equal(np.asarray(serve(server)[1, :4, :5]), DATA[1, :4, :5])
    assert server.paths[2:] == ["/a/", "/a/1/0/0"]


def test_many_chunks_of_which_few_are_there(server: FolderServer):
    """Only the last chunk of 20 x 30 exists, and nothing can be listed."""
    data = np.zeros((40, 60), "uint8")
    data[39, 59] = 1
    write(server.folder / "a", "/", data=data, chunks=(2, 2))
    for file in (server.folder / "a").glob("*/*"):
        if file.parent.name != "19" or file.name != "29":
            file.unlink()
    np.testing.assert_array_equal(np.asarray(serve(server)[30:, 50:]), data[30:, 50:])


def test_missing_chunks_may_be_refused(server: FolderServer):
    write(server.folder / "a", "/")
    (server.folder / "a" / "0" / "0" / "0").unlink()
    server.refuse = lambda path: None if (server.folder / path.lstrip("/")).is_file() else 403
    expected = DATA.copy()
    expected[0, :4, :5] = 0
    np.testing.assert_array_equal(np.asarray(serve(server)), expected)


@pytest.mark.parametrize("between", [".", "/"])
def test_the_key_wins(tmp_path: Path, between: str):
    """Chunks of both kinds lie in the folder."""
    write(tmp_path, ".")
    write_zarr2(
        tmp_path / "other",
        DATA + 1,
        CHUNKS,
        compressors=None,
        chunk_key_encoding={"name": "v2", "separator": "/"},
    )
    for first in "01":
        os.replace(tmp_path / "other" / first, tmp_path / first)
    metadata = json.loads((tmp_path / ".zarray").read_text())
    location = locate(tmp_path, "zarr2", {**metadata, "dimension_separator": between})
    expected = DATA if between == "." else DATA + 1
    np.testing.assert_array_equal(np.asarray(opened(location)), expected)


def test_an_empty_chunk_tells_too(server: FolderServer):
    write(server.folder / "a", "/")
    put(server.folder / "a", "0/0/0", b"")
    np.testing.assert_array_equal(np.asarray(serve(server)[1]), DATA[1])
    assert len(server.paths) == 6  # the two names of one chunk, and four chunks


@pytest.mark.parametrize("shape", [(3,), ()], ids=repr)
def test_one_number_needs_no_separator(server: FolderServer, shape: tuple[int, ...]):
    data = np.ones(shape, "uint8")
    write_zarr2(server.folder / "a", data, shape)
    metadata = json.loads((server.folder / "a" / ".zarray").read_text())
    metadata.pop("dimension_separator")
    put(server.folder / "a", ".zarray", json.dumps(metadata).encode())
    assert (np.asarray(serve(server)) == data).all()
    assert server.paths == ["/a/0"]


def test_no_chunk_at_all(tmp_path: Path):
    write(tmp_path / "a", ".")
    for file in (tmp_path / "a").glob("[0-9]*"):
        file.unlink()
    assert not np.asarray(opened(locate(tmp_path / "a", "zarr2"))).any()
    metadata = json.loads((tmp_path / "a" / ".zarray").read_text())
    nowhere = {"driver": "file", "path": f"{tmp_path}/nowhere"}
    location = ArrayLocation(nowhere, "zarr2", metadata, "nowhere/.zarray")
    assert not np.asarray(opened(location)).any()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything may be listed")
def test_a_local_folder_that_may_not_be_listed(tmp_path: Path):
    write(tmp_path / "a", "/")
    location = locate(tmp_path / "a", "zarr2")
    os.chmod(tmp_path / "a", 0o300)
    try:
        np.testing.assert_array_equal(np.asarray(opened(location)), DATA)
    finally:
        os.chmod(tmp_path / "a", 0o700)


def test_a_local_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(path: str) -> Any:
        raise PermissionError(path)

    write(tmp_path, "/")
    monkeypatch.setattr(separator.os, "scandir", refuse)
    np.testing.assert_array_equal(np.asarray(opened(locate(tmp_path, "zarr2"))), DATA)


def test_a_server_that_does_not_answer_decides_nothing(server: FolderServer):
    write(server.folder / "a", "/")
    errors: list[ChunkError] = []
    level = serve(server)
    tolerant = serve(server, on_error=errors.append)
    server.refuse = lambda path: 500
    with pytest.raises(ChunkError, match=r"\.zarray: ") as caught:
        np.asarray(level)
    assert caught.value.unreachable
    assert not np.asarray(tolerant).any()
    assert len(errors) == 1
    server.refuse = lambda path: None
    np.testing.assert_array_equal(np.asarray(level), DATA)
    np.testing.assert_array_equal(np.asarray(tolerant), DATA)


def test_a_mosaic_asks_for_all_tiles_before_it_waits(server: FolderServer):
    tiles = []
    for index in range(6):
        write(server.folder / str(index), "/."[index % 2], data=DATA + index)
        kvstore = {"driver": "http", "base_url": server.url, "path": f"/{index}/"}
        location = locate(server.folder / str(index), "zarr2", kvstore=kvstore)
        tiles.append(Tile(location, DATA.shape, (0, 0, 8 * index)))
    mosaic = MosaicLocation(tuple(tiles))
    level = open_level(mosaic, shape=(2, 6, 48), dtype="uint16", chunks=CHUNKS)
    expected = np.concatenate([DATA + index for index in range(6)], axis=2)
    all_asked = threading.Barrier(6, timeout=60)
    seen: set[str] = set()

    def wait(path: str) -> None:
        if path.endswith("/0.0.0") and path not in seen:
            seen.add(path)
            all_asked.wait()  # raises, and so ends the connection, if others never ask

    server.refuse = wait
    np.testing.assert_array_equal(np.asarray(level[0]), expected[0])
    assert len(seen) == 6
    assert not all_asked.broken
    server.refuse = lambda path: None
    np.testing.assert_array_equal(np.asarray(level), expected)


@each_separator
def test_in_a_zip_file(tmp_path: Path, between: str):
    write(tmp_path / "a", between)
    for chunk in ("000", "001", "010", "011", "110", "111"):
        (tmp_path / "a" / between.join(chunk)).unlink()
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for file in (tmp_path / "a").rglob("*"):
            if file.is_file():
                archive.write(file, file.relative_to(tmp_path))
    base = {"driver": "file", "path": f"{tmp_path}/x.zip"}
    location = locate(
        tmp_path / "a", "zarr2", kvstore={"driver": "zip", "base": base, "path": "a/"}
    )
    expected = DATA.copy()
    expected[0] = 0
    expected[1, 4:] = 0
    np.testing.assert_array_equal(np.asarray(opened(location)), expected)
    listed = set(separator._list_zip(location, cache.contexts()).files)
    flat = {"1.0.0", "1.0.1"}
    assert listed - {".zarray", ".zattrs"} == (flat if between == "." else {"1"})


NAMES: list[tuple[list[str], int, str | None]] = [
    ([".zarray", "0.0"], 2, "."),
    ([".zarray", ".zattrs", "12"], 2, "/"),
    (["0.0.0"], 2, None),
    (["0.0.0"], 3, "."),
    (["0.0~", ".0.0", "0.", "x0.0", "01.tif"], 2, None),
    ([], 5, None),
]


@pytest.mark.parametrize(("names", "rank", "expected"), NAMES)
def test_what_names_tell(names: list[str], rank: int, expected: str | None):
    assert separator._told_by(names, rank) == expected


def test_metadata_that_makes_no_array_is_left_to_the_plan():
    for shape in (None, "ab", [3, -1], [3, "x"]):
        metadata = {"shape": shape, "chunks": [2, 2], "dtype": "|u1"}
        location = ArrayLocation({"driver": "file", "path": "/x/"}, "zarr2", metadata, "x")
        assert "shape is" in (check_codec(location) or "")
        level = open_level(location, shape=(3, 3), dtype="u1", chunks=(2, 2))
        with pytest.raises(ChunkError, match="shape is"):
            np.asarray(level)


S3 = """<?xml version="1.0"?><ListBucketResult><Contents><Key>a/.zarray</Key></Contents>
<CommonPrefixes><Prefix>a/3/</Prefix></CommonPrefixes></ListBucketResult>"""
GCS = '{"prefixes": ["a/3/"], "items": [{"name": "a/.zarray"}]}'


@pytest.mark.parametrize(
    ("kvstore", "answer", "url"),
    [
        (
            {"driver": "s3", "bucket": "b", "endpoint": "http://h", "aws_region": "r"},
            S3,
            "http://h/b?list-type=2&delimiter=%2F&prefix=a%2F",
        ),
        ({"driver": "gcs", "bucket": "b"}, GCS, "https://storage.googleapis.com/storage/v1/b/b/o"),
        (
            {"driver": "http", "base_url": "http://u:p@h:1?q=2"},
            '<a href=".zarray">x</a><a href="3/">3</a>',
            "http://h:1/a/?q=2",
        ),
    ],
    ids=["s3", "gcs", "http"],
)
def test_each_storage_is_listed_once(
    monkeypatch: pytest.MonkeyPatch, kvstore: Any, answer: str, url: str
):
    asked: list[tuple[str, str]] = []

    def get(url: str, user: str = "") -> bytes:
        asked.append((url, user))
        return answer.encode()

    monkeypatch.setattr(separator.listing, "_get", get)
    listing = separator._list({**kvstore, "path": "a/"})
    assert listing is not None
    assert listing.folders == ("3",)
    assert listing.files == (".zarray",)
    assert len(asked) == 1
    assert asked[0][0].startswith(url)
    assert asked[0][1] == ("u:p" if kvstore["driver"] == "http" else "")


def test_a_storage_of_another_kind_is_asked_by_name():
    assert separator._list({"driver": "memory", "path": "a/"}) is None
    kvstore = ts.KvStore.open("memory://").result()
    assert separator._exists(ArrayLocation({}, "zarr2", {}, "x"), kvstore.read("nothing")) is False
