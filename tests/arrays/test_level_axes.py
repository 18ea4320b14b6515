"""A level whose axes are stored ones in another order, repeated ones, or fewer."""

from __future__ import annotations

import pickle
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pytest
import zarr

from napari_strata.arrays import ChunkError, CodecError, LevelArray, check_codec, open_level
from napari_strata.arrays.level_axes import LevelAxes
from napari_strata.model import StackLocation

from .conftest import FolderServer
from .helpers import locate, put, values, write_n5, write_zarr2

DATA = values((1, 6, 8), "uint16")
CHUNKS = (1, 4, 5)


def write_zarr3(folder: Path, codec: str | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from zarr.registry import get_codec_class

        extra = {} if codec is None else {"compressors": get_codec_class(codec)(level=1)}
        array = zarr.create_array(
            folder, shape=DATA.shape, dtype=DATA.dtype, chunks=CHUNKS, fill_value=0, **extra
        )
        array[...] = DATA


WRITERS: dict[str, tuple[Any, Any]] = {
    "n5": ("n5", lambda f: write_n5(f, DATA, CHUNKS, {"type": "gzip"})),
    "zarr2": ("zarr2", lambda f: write_zarr2(f, DATA, CHUNKS)),
    "zarr2, numcodecs": (
        "zarr2",
        lambda f: write_zarr2(f, DATA, CHUNKS, compressors=numcodecs.LZ4()),
    ),
    "zarr3": ("zarr3", lambda f: write_zarr3(f, None)),
    "zarr3, zarr-python": ("zarr3", lambda f: write_zarr3(f, "numcodecs.zlib")),
}
each_writer = pytest.mark.parametrize(("encoding", "write"), WRITERS.values(), ids=WRITERS)

# What the level shows, by numpy alone.
AXES: dict[str, tuple[tuple[int | None, ...], tuple[int, ...], Any]] = {
    "as stored": ((0, 1, 2), (1, 4, 5), DATA),
    "reordered": ((2, 0, 1), (5, 1, 4), DATA.transpose(2, 0, 1)),
    "left out": ((2, 1), (5, 4), DATA[0].T),
    "added": ((None, 1, None, 2), (1, 4, 1, 5), DATA[0][None, :, None, :]),
    "repeated": (
        (2, None, 1),
        (5, 3, 4),
        np.stack([DATA[0].T, DATA[0].T, DATA[0].T], axis=1),
    ),
}
each_axes = pytest.mark.parametrize(("axes", "chunks", "expected"), AXES.values(), ids=AXES)


@each_writer
@each_axes
def test_axes(tmp_path: Path, encoding: Any, write: Any, axes: Any, chunks: Any, expected: Any):
    write(tmp_path)
    location = replace(locate(tmp_path, encoding), axes=axes)
    assert check_codec(location) is None
    level = open_level(location, shape=expected.shape, dtype="uint16", chunks=chunks)
    assert level.shape == expected.shape
    assert level.chunks == chunks
    np.testing.assert_array_equal(np.asarray(level), expected)
    np.testing.assert_array_equal(np.asarray(level[..., ::-2, 1:3].T), expected[..., ::-2, 1:3].T)
    np.testing.assert_array_equal(np.asarray(level[0]), expected[0])
    np.testing.assert_array_equal(level.tensorstore().read().result(), expected)
    np.testing.assert_array_equal(
        level[..., ::-1].tensorstore().read().result(), expected[..., ::-1]
    )
    np.testing.assert_array_equal(level.to_dask().compute(), expected)
    np.testing.assert_array_equal(np.asarray(pickle.loads(pickle.dumps(level))), expected)


@pytest.mark.parametrize("repeated", [1, 3])
def test_chunks_of_a_repeated_axis_do_not_matter(tmp_path: Path, repeated: int):
    write_zarr2(tmp_path, DATA, CHUNKS)
    location = replace(locate(tmp_path, "zarr2"), axes=(None, 1, 2))
    level = open_level(location, shape=(3, 6, 8), dtype="uint16", chunks=(repeated, 4, 5))
    np.testing.assert_array_equal(np.asarray(level), np.repeat(DATA, 3, axis=0))


def test_a_part_of_a_stack_may_have_axes(tmp_path: Path):
    write_zarr2(tmp_path, DATA, CHUNKS)
    location = replace(locate(tmp_path, "zarr2"), axes=(2, 1))
    level = open_level(
        StackLocation((None, location)), shape=(2, 8, 6), dtype="uint16", chunks=(1, 5, 4)
    )
    np.testing.assert_array_equal(np.asarray(level[1]), DATA[0].T)
    np.testing.assert_array_equal(np.asarray(level[::-1]), [DATA[0].T, 0 * DATA[0].T])


def test_a_chunk_is_named_as_it_is_stored(tmp_path: Path):
    write_zarr2(tmp_path, DATA, CHUNKS)
    put(tmp_path, "0.1.0", b"junk")  # rows 4 and 5, columns 0 to 4
    location = replace(locate(tmp_path, "zarr2"), axes=(2, None, 1))
    whole: dict[str, Any] = {"shape": (8, 2, 6), "dtype": "uint16", "chunks": (5, 2, 4)}
    strict = open_level(location, **whole)
    with pytest.raises(ChunkError, match=r"chunk \(0, 1, 0\): .*0\.1\.0") as caught:
        np.asarray(strict[2:4, :, 4:])
    assert caught.value.chunk == (0, 1, 0)
    errors: list[ChunkError] = []
    tolerant = open_level(location, **whole, on_error=errors.append)
    expected = np.stack([DATA[0].T] * 2, axis=1)
    expected[:5, :, 4:] = 0
    np.testing.assert_array_equal(np.asarray(tolerant), expected)
    np.testing.assert_array_equal(np.asarray(tolerant[::-1, 1, 3:]), expected[::-1, 1, 3:])
    assert len(errors) == 1


def test_a_refused_chunk_is_missing(server: FolderServer):
    folder = server.folder / "a"
    write_zarr2(folder, DATA, CHUNKS, fill_value=9)
    (folder / "0.1.0").unlink()
    server.refuse = lambda path: None if (server.folder / path.lstrip("/")).is_file() else 403
    kvstore = {"driver": "http", "base_url": server.url, "path": "/a/"}
    location = replace(locate(folder, "zarr2", kvstore=kvstore), axes=(2, None, 1))
    level = open_level(location, shape=(8, 2, 6), dtype="uint16", chunks=(5, 2, 4))
    expected = np.stack([DATA[0].T] * 2, axis=1)
    expected[:5, :, 4:] = 9
    np.testing.assert_array_equal(np.asarray(level), expected)
    np.testing.assert_array_equal(np.asarray(level[::-1, 0]), expected[::-1, 0])
    np.testing.assert_array_equal(level.tensorstore().read().result(), expected)


@pytest.mark.parametrize(
    ("axes", "shape"),
    [
        ((0, 1), (6, 8)),  # leaves out an axis of 8
        ((2, 1), (6, 8)),
        ((1, 3), (6, 8)),  # there is no fourth
        ((None, 2), (6, 8)),  # leaves out an axis of 6
    ],
)
def test_axes_the_array_does_not_have(tmp_path: Path, axes: Any, shape: Any):
    write_zarr2(tmp_path, DATA, CHUNKS)
    location = replace(locate(tmp_path, "zarr2"), axes=axes)
    level: LevelArray = open_level(location, shape=shape, dtype="uint16", chunks=(4, 4))
    with pytest.raises(CodecError, match=r"\(1, 6, 8\), its level says uint16 \(6, 8\) from axes"):
        np.asarray(level)


@pytest.mark.parametrize("axes", [(1,), (1, 2, 0), (1, 1), (-1, 1)], ids=repr)
def test_axes_that_make_no_level(tmp_path: Path, axes: Any):
    write_zarr2(tmp_path, DATA, CHUNKS)
    location = replace(locate(tmp_path, "zarr2"), axes=axes)
    with pytest.raises(ValueError, match=r"axes .* do not make a shape \(6, 8\)"):
        open_level(location, shape=(6, 8), dtype="uint16", chunks=(4, 4))


def test_the_own_grid():
    assert LevelAxes((8, 3, 6), (2, None, 1)).grid((1, 4, 5)) == (5, 3, 4)
    assert LevelAxes((8, 0, 6), (2, None, 1)).grid((1, 4, 5)) == (5, 1, 4)
    assert LevelAxes((6, 8), None).grid((4, 5)) == (4, 5)
