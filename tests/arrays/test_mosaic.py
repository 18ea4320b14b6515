"""Arrays laid beside each other in one level, against the same put together in numpy."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pytest

from napari_strata.arrays import (
    ChunkError,
    CodecError,
    LevelArray,
    cache,
    mosaic,
    open_level,
    portions,
)
from napari_strata.arrays.mosaic import Mosaic
from napari_strata.arrays.part import Part
from napari_strata.model import ArrayLocation, MosaicLocation, Tile

from .conftest import FolderServer
from .helpers import gzipped, locate, n5_header, put, values, write_n5, write_zarr2

SHAPE = (3, 20, 24)
CHUNKS = (1, 4, 5)
# shape and offset of each tile; between them gaps, along the borders none
PLACES = [
    ((3, 6, 8), (0, 0, 0)),
    ((3, 6, 9), (0, 0, 8)),
    ((2, 5, 7), (1, 8, 3)),
    ((1, 9, 6), (2, 11, 18)),
    ((3, 1, 1), (0, 19, 0)),
    ((3, 0, 4), (0, 10, 10)),
]
WRITERS = [
    lambda folder, data: write_n5(folder, data, CHUNKS, {"type": "gzip"}),
    lambda folder, data: write_zarr2(folder, data, (2, 3, 3), order="F"),
    lambda folder, data: write_zarr2(folder, data, (3, 64, 64)),
    lambda folder, data: write_zarr2(folder, data, CHUNKS, compressors=numcodecs.LZ4()),
    lambda folder, data: write_zarr2(folder, data, (1, 1, 1)),
    lambda folder, data: write_zarr2(folder, data, (1, 1, 1)),
]
ENCODINGS = ["n5", "zarr2", "zarr2", "zarr2", "zarr2", "zarr2"]


def put_together(tiles: list[tuple[tuple[int, ...], tuple[int, ...], Any]]) -> Any:
    whole = np.zeros(SHAPE, "uint16")
    for shape, offset, data in tiles:
        whole[tuple(slice(o, o + n) for o, n in zip(offset, shape, strict=True))] = data
    return whole


def write_tiles(folder: Path, kvstore: Any = None) -> tuple[MosaicLocation, Any]:
    tiles, parts = [], []
    for index, (shape, offset) in enumerate(PLACES):
        data = values(shape, "uint16") + np.uint16(index)
        WRITERS[index](folder / str(index), data)
        store = None if kvstore is None else {**kvstore, "path": f"/{index}/"}
        location = locate(folder / str(index), ENCODINGS[index], kvstore=store)
        tiles.append(Tile(location, shape, offset))
        parts.append((shape, offset, data))
    return MosaicLocation(tuple(tiles)), put_together(parts)


def open_mosaic(location: MosaicLocation, **kwargs: Any) -> LevelArray:
    return open_level(location, **{"shape": SHAPE, "dtype": "uint16", "chunks": CHUNKS, **kwargs})


def random_keys(count: int) -> Iterator[tuple[Any, ...]]:
    rng = np.random.default_rng(3)
    for _ in range(count):
        key: list[Any] = []
        for size in SHAPE:
            low, high = sorted(rng.integers(0, size + 1, 2).tolist())
            step = int(rng.integers(1, 5))
            choices = [
                int(rng.integers(-size, size)),
                slice(low, high, step),
                slice(high - 1 if high else None, None, -step),
                slice(None),
                slice(None, None, -1),
            ]
            key.append(choices[rng.integers(len(choices))])
        yield tuple(key)


def test_random_views(tmp_path: Path):
    location, expected = write_tiles(tmp_path)
    level = open_mosaic(location)
    tolerant = open_mosaic(location, on_error=lambda error: pytest.fail(str(error)))
    rng = np.random.default_rng(5)
    for key in random_keys(150):
        view, shown = level[key], expected[key]
        axes = tuple(rng.permutation(view.ndim).tolist())
        assert view.shape == shown.shape
        np.testing.assert_array_equal(np.asarray(view), shown, str(key))
        np.testing.assert_array_equal(np.asarray(tolerant[key]), shown, str(key))
        np.testing.assert_array_equal(
            np.asarray(view.transpose(axes)), shown.transpose(axes), str((key, axes))
        )


def test_a_view_as_tensorstore_dask_and_pickle(tmp_path: Path):
    location, expected = write_tiles(tmp_path)
    level = open_mosaic(location)
    for key in random_keys(12):
        view, shown = level[key], expected[key]
        store = view.tensorstore()
        assert store.shape == shown.shape
        assert store.domain.origin == (0,) * shown.ndim
        np.testing.assert_array_equal(store.read().result(), shown)
        np.testing.assert_array_equal(view.T.tensorstore().read().result(), shown.T)
        np.testing.assert_array_equal(view.to_dask().compute(), shown)
        np.testing.assert_array_equal(np.asarray(pickle.loads(pickle.dumps(view))), shown)
    assert level.chunks == CHUNKS
    assert level.to_dask().chunks[1] == (4,) * 5


@pytest.mark.parametrize("chunks", [(1, 1, 1), (3, 20, 24), (3, 512, 512), (2, 7, 5)], ids=repr)
def test_the_levels_chunks_need_not_be_the_tiles(tmp_path: Path, chunks: tuple[int, ...]):
    location, expected = write_tiles(tmp_path)
    for on_error in (None, lambda error: pytest.fail(str(error))):
        level = open_mosaic(location, chunks=chunks, on_error=on_error)
        np.testing.assert_array_equal(np.asarray(level), expected)
        np.testing.assert_array_equal(np.asarray(level[1, ::-3]), expected[1, ::-3])
    np.testing.assert_array_equal(level.tensorstore().read().result(), expected)


def test_a_tile_may_have_axes(tmp_path: Path):
    data = values((6, 4), "uint16")
    write_zarr2(tmp_path, data, (4, 4))
    turned = replace(locate(tmp_path, "zarr2"), axes=(None, 1, 0))
    location = MosaicLocation((Tile(turned, (2, 4, 6), (1, 5, 7)),))
    level = open_mosaic(location)
    expected = np.zeros(SHAPE, "uint16")
    expected[1:3, 5:9, 7:13] = data.T
    np.testing.assert_array_equal(np.asarray(level), expected)
    np.testing.assert_array_equal(np.asarray(level[::-1, 6, ::2]), expected[::-1, 6, ::2])


def test_missing_chunks_of_a_tile_have_its_fill_value(tmp_path: Path):
    write_zarr2(tmp_path, np.full((1, 8, 8), 5, "uint16"), (1, 4, 4), fill_value=9)
    (tmp_path / "0.1.0").unlink()
    level = open_mosaic(MosaicLocation((Tile(locate(tmp_path, "zarr2"), (1, 8, 8), (0, 2, 2)),)))
    expected = np.zeros(SHAPE, "uint16")
    expected[0, 2:10, 2:10] = 5
    expected[0, 6:10, 2:6] = 9
    np.testing.assert_array_equal(np.asarray(level), expected)


def test_only_tiles_that_a_view_meets_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    location, expected = write_tiles(tmp_path)
    opened: list[str] = []
    open_part = Part._open

    def spy(part: Part, contexts: Any) -> Any:
        opened.append(Path(part.location.where).parent.name)
        return open_part(part, contexts)

    monkeypatch.setattr(Part, "_open", spy)
    level = open_mosaic(location)
    view = level[:, 2, 7:9]
    store = level[0].tensorstore()
    assert opened == []
    np.testing.assert_array_equal(np.asarray(view), expected[:, 2, 7:9])
    np.testing.assert_array_equal(np.asarray(view), expected[:, 2, 7:9])
    assert opened == ["0", "1"]
    np.testing.assert_array_equal(store[19:].read().result(), expected[0, 19:])
    assert opened == ["0", "1", "4"]
    # every second row, beginning behind tile 4
    np.testing.assert_array_equal(np.asarray(level[0, 12::2]), expected[0, 12::2])
    assert opened == ["0", "1", "4"]


def test_tiles_are_asked_for_before_the_first_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    location, expected = write_tiles(tmp_path)
    log: list[str] = []

    def spy(name: str, real: Any) -> Any:
        return lambda part, *args: log.append(name) or real(part, *args)

    for name in ("start", "finish"):
        monkeypatch.setattr(Part, name, spy(name, getattr(Part, name)))
    np.testing.assert_array_equal(np.asarray(open_mosaic(location)[2]), expected[2])
    assert log == ["start"] * 5 + ["finish"] * 5
    monkeypatch.setattr(portions, "MOST_AT_ONCE", 2)
    log.clear()
    np.testing.assert_array_equal(np.asarray(open_mosaic(location)[2]), expected[2])
    assert log == (["start"] * 2 + ["finish"] * 2) * 2 + ["start", "finish"]


def test_ten_thousand_tiles_are_not_made_before_they_are_read(monkeypatch: pytest.MonkeyPatch):
    made: list[str] = []
    monkeypatch.setattr(
        mosaic, "Part", lambda location, *rest: made.append(location.where) or Part(location, *rest)
    )
    metadata = {
        "shape": [64, 64],
        "chunks": [64, 64],
        "dtype": "<u2",
        "compressor": None,
        "dimension_separator": "/",
    }
    tiles = tuple(
        Tile(
            ArrayLocation({"driver": "memory", "path": f"{i}/"}, "zarr2", metadata, f"{i}/.zarray"),
            (64, 64),
            (64 * (i // 100), 64 * (i % 100)),
        )
        for i in range(10_000)
    )
    level = open_level(MosaicLocation(tiles), shape=(6400, 6400), dtype="uint16", chunks=(64, 64))
    assert made == []
    assert not np.asarray(level[130:260:128, 66]).any()
    assert made == ["201/.zarray", "401/.zarray"]  # rows 130 and 258, nothing of 192 to 255


@pytest.mark.parametrize("reverse", [False, True])
def test_the_later_of_two_that_overlap_counts(tmp_path: Path, reverse: bool):
    tiles = []
    for index in range(2):
        write_zarr2(tmp_path / str(index), np.full((1, 4, 4), index + 1, "uint16"), (1, 2, 2))
        location = locate(tmp_path / str(index), "zarr2")
        tiles.append(Tile(location, (1, 4, 4), (0, 2 * index, 2 * index)))
    expected = np.zeros((1, 6, 6), "uint16")
    for index in (1, 0) if reverse else (0, 1):
        expected[0, 2 * index : 2 * index + 4, 2 * index : 2 * index + 4] = index + 1
    mosaic_of_two = MosaicLocation(tuple(tiles[::-1] if reverse else tiles))
    for on_error in (None, lambda error: pytest.fail(str(error))):
        level = open_mosaic(mosaic_of_two, shape=(1, 6, 6), on_error=on_error)
        np.testing.assert_array_equal(np.asarray(level), expected)


def test_a_mosaic_without_axes(tmp_path: Path):
    write_zarr2(tmp_path, np.array(7, "uint16"), ())
    location = MosaicLocation((Tile(locate(tmp_path, "zarr2"), (), ()),))
    level = open_mosaic(location, shape=(), chunks=())
    assert int(level) == 7
    assert level.tensorstore().read().result() == 7


@pytest.mark.parametrize("tiles", [(), None], ids=["none", "empty"])
def test_a_mosaic_of_nothing(tiles: Any):
    if tiles is None:
        nothing = ArrayLocation({"driver": "memory"}, "zarr2", {}, "x")
        tiles = (Tile(nothing, (3, 0, 5), (0, 7, 3)),)
    level = open_mosaic(MosaicLocation(tiles))
    assert not np.asarray(level).any()
    assert np.asarray(level[0, 3, 4]).shape == ()
    assert not level.tensorstore().read().result().any()
    assert level[:, 2:2].tensorstore().read().result().shape == (3, 0, 24)
    huge = open_mosaic(MosaicLocation(()), shape=(3, 10**9, 10**9))
    with pytest.raises(MemoryError, match="an empty mosaic: 6,000,000,000,000,000,000 bytes"):
        np.asarray(huge)


BAD_TILES = {
    "behind": ((1, 4, 4), (0, 17, 0), "sticks out of its mosaic"),
    "before": ((1, 4, 4), (0, -1, 0), "sticks out of its mosaic"),
    "too long": ((4, 4, 4), (0, 0, 0), "sticks out of its mosaic"),
    "negative": ((1, -4, 4), (0, 0, 0), "sticks out of its mosaic"),
    "shape of two": ((4, 4), (0, 0, 0), "is not of the 3 axes of its mosaic"),
    "offset of two": ((1, 4, 4), (0, 0), "is not of the 3 axes of its mosaic"),
    "absurd": ((1, 4, 4), (0, 10**30, 0), "larger than any array"),
    "about to overflow": ((1, 4, 4), (0, 2**63 - 1, 0), "sticks out of its mosaic"),
}


@pytest.mark.parametrize(("shape", "offset", "message"), BAD_TILES.values(), ids=BAD_TILES)
def test_tiles_that_do_not_fit(shape: Any, offset: Any, message: str):
    location = ArrayLocation({"driver": "memory"}, "zarr2", {}, "B/3/0/.zarray")
    good = Tile(location, (1, 4, 4), (0, 0, 0))
    with pytest.raises(ValueError, match=message):
        open_mosaic(MosaicLocation((good, Tile(location, shape, offset))))


def test_axes_of_a_tile_that_do_not_fit():
    location = ArrayLocation({"driver": "memory"}, "zarr2", {}, "x", axes=(0, 1))
    with pytest.raises(ValueError, match="axes"):
        open_mosaic(MosaicLocation((Tile(location, (1, 4, 4), (0, 0, 0)),)))


def spy_on_start(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that the tiles' names are added to as their reads begin."""
    started: list[str] = []
    start = Part.start

    def spy(part: Part, index: Any) -> Any:
        started.append(Path(part.location.where).parent.name)
        return start(part, index)

    monkeypatch.setattr(Part, "start", spy)
    return started


def test_a_view_as_tensorstore_keeps_no_second_copy():
    pool = cache.contexts().laying["cache_pool"].to_json()
    assert pool.get("total_bytes_limit", 0) == 0
    assert cache.contexts().direct["cache_pool"].to_json() == {"total_bytes_limit": 100_000_000}


# Damage: one chunk of tile 0 (gzip, rows 4 and 5, columns 5 to 7, plane 1), and tile 3 as a whole.


def damaged(folder: Path) -> tuple[MosaicLocation, Any, Any]:
    """Return a mosaic, what it shows with one bad chunk, and with a bad tile besides."""
    location, whole = write_tiles(folder)
    put(folder, "0/1/1/1", b"")
    whole[1, 4:6, 5:8] = 0
    tiles = list(location.tiles)
    metadata = {**tiles[3].location.metadata, "compressor": {"id": "foo"}}
    tiles[3] = replace(tiles[3], location=replace(tiles[3].location, metadata=metadata))
    less = whole.copy()
    less[2:, 11:20, 18:] = 0
    return MosaicLocation(tuple(tiles)), whole, less


def test_one_bad_chunk_and_one_bad_tile_cost_no_others(tmp_path: Path):
    location, _, expected = damaged(tmp_path)
    for chunks in (CHUNKS, (3, 64, 64)):
        errors: list[ChunkError] = []
        level = open_mosaic(location, on_error=errors.append, chunks=chunks)
        np.testing.assert_array_equal(np.asarray(level), expected)
        np.testing.assert_array_equal(np.asarray(level[::-1, ::-2]), expected[::-1, ::-2])
        np.testing.assert_array_equal(np.asarray(level.T[3:]), expected.T[3:])
        assert len(errors) == 1
        assert errors[0].where == str(tmp_path / "0" / "attributes.json")
        assert not isinstance(errors[0], CodecError)


def test_errors_name_the_tile(tmp_path: Path):
    location, whole, _ = damaged(tmp_path)
    level = open_mosaic(location)
    np.testing.assert_array_equal(np.asarray(level[0]), whole[0])
    where = str(tmp_path / "0" / "attributes.json")
    for read in (np.asarray, lambda view: view.to_dask().compute()):
        with pytest.raises(ChunkError, match="0/1/1/1") as caught:
            read(level[1])
        assert caught.value.where == where
        with pytest.raises(ChunkError, match=r"chunk \(1, 1, 1\)") as caught:
            read(level[1, 4:6, 5:12])
        with pytest.raises(CodecError, match='"foo"') as caught:
            read(level[2, 12:])
        assert caught.value.where == str(tmp_path / "3" / ".zarray")
    with pytest.raises(ChunkError, match="chunk") as caught:
        level[1].tensorstore().read().result()
    assert caught.value.where == where


def test_a_bad_tile_is_tried_once_a_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    location, _, expected = damaged(tmp_path)
    tries = spy_on_start(monkeypatch)
    monkeypatch.setattr("napari_strata.arrays.source.MOST_AT_ONCE", 2)  # many windows
    level = open_mosaic(location, on_error=lambda error: None)
    np.testing.assert_array_equal(np.asarray(level[2]), expected[2])
    assert tries.count("3") == 1
    assert tries.count("2") > 1


def test_a_tile_that_is_not_what_the_mosaic_says(tmp_path: Path):
    write_n5(tmp_path, values((1, 4, 4), "uint8"), (1, 4, 4), {"type": "gzip"})
    location = locate(tmp_path, "n5")
    with pytest.raises(CodecError, match=r"is uint8.*its level says uint16"):
        np.asarray(open_mosaic(MosaicLocation((Tile(location, (1, 4, 4), (0, 0, 0)),))))


def served(server: FolderServer, **kwargs: Any) -> tuple[LevelArray, Any]:
    kvstore = {"driver": "http", "base_url": server.url}
    location, expected = write_tiles(server.folder, kvstore)
    return open_mosaic(location, **kwargs), expected


def test_chunks_are_read_once_and_shared(server: FolderServer):
    level, expected = served(server)
    np.testing.assert_array_equal(np.asarray(level), expected)
    paths = list(server.paths)
    assert len(set(paths)) == len(paths)
    np.testing.assert_array_equal(np.asarray(level[::-1].T), expected[::-1].T)
    np.testing.assert_array_equal(level.tensorstore().read().result(), expected)
    np.testing.assert_array_equal(level.to_dask().compute(), expected)
    assert server.paths == paths
    cache.set_cache_limit(10**8)
    np.testing.assert_array_equal(np.asarray(level), expected)
    assert sorted(server.paths) == sorted(paths * 2)


@pytest.mark.parametrize("tolerant", [False, True], ids=["raising", "tolerant"])
def test_a_refused_chunk_is_missing(server: FolderServer, tolerant: bool):
    errors: list[ChunkError] = []
    level, expected = served(server, on_error=errors.append if tolerant else None)
    (server.folder / "0" / "0" / "0" / "1").unlink()
    expected[1, :4, :5] = 0
    server.refuse = lambda path: None if (server.folder / path.lstrip("/")).is_file() else 403
    np.testing.assert_array_equal(np.asarray(level), expected)
    np.testing.assert_array_equal(level.tensorstore().read().result(), expected)
    assert errors == []
    assert sum(path.endswith("attributes.json") for path in server.paths) == 1


def test_one_tile_that_the_server_does_not_give(server: FolderServer):
    errors: list[ChunkError] = []
    level, expected = served(server, on_error=errors.append)
    server.refuse = lambda path: 401 if path.startswith("/2/") else None
    expected[1:3, 8:13, 3:10] = 0
    np.testing.assert_array_equal(np.asarray(level), expected)
    assert [error.where for error in errors] == [str(server.folder / "2" / ".zarray")]


def test_a_server_that_falls_silent_is_not_asked_chunk_by_chunk(
    server: FolderServer, monkeypatch: pytest.MonkeyPatch
):
    errors: list[ChunkError] = []
    level, _ = served(server, on_error=errors.append)
    started = spy_on_start(monkeypatch)
    server.close()
    assert not np.asarray(level).any()
    assert started == ["0", "1", "2", "3", "4"]
    assert len(errors) == 1
    assert errors[0].unreachable


def test_where_nothing_is_known_of_a_chunk_it_is_not_named(tmp_path: Path):
    """A region of several chunks, one of them bad, is named by the file alone."""
    data = values((1, 8, 10), "uint16")
    write_n5(tmp_path, data, (1, 4, 5), {"type": "gzip"})
    put(tmp_path, "1/1/0", n5_header((5, 4, 1)) + gzipped(b"junk"))
    location = MosaicLocation((Tile(locate(tmp_path, "n5"), (1, 8, 10), (0, 0, 0)),))
    with pytest.raises(ChunkError, match="1/1/0") as caught:
        np.asarray(open_mosaic(location))
    assert caught.value.chunk is None


def test_the_grid_is_no_larger_than_tiles(tmp_path: Path):
    location, _ = write_tiles(tmp_path)
    whole = Mosaic(location, SHAPE, np.dtype("uint16"), (1, 512, 512))
    assert whole.grid == (1, 9, 9)
    assert whole.count == 6
