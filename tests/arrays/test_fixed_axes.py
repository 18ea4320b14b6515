"""A level that shows a stored array at one index of some of its axes."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_strata.arrays import ChunkError, CodecError, open_level
from napari_strata.model import StackLocation

from .helpers import locate, put, values, write_n5, write_zarr2

DATA = values((3, 2, 6, 8), "uint16")
CHUNKS = (2, 1, 4, 5)
WRITERS: dict[str, Any] = {
    "n5": lambda folder: write_n5(folder, DATA, CHUNKS, {"type": "gzip"}),
    "zarr2": lambda folder: write_zarr2(folder, DATA, CHUNKS),
}

# Axes, what is fixed, chunks, and what the level shows, by numpy alone.
FIXED: dict[str, tuple[Any, Any, Any, Any]] = {
    "one axis": ((1, 2, 3), ((0, 2),), (1, 4, 5), DATA[2]),
    "another axis": ((0, 2, 3), ((1, 1),), (2, 4, 5), DATA[:, 1]),
    "two axes": ((2, 3), ((1, 1), (0, 2)), (4, 5), DATA[2, 1]),
    "reordered": ((3, 1, 2), ((0, 1),), (5, 1, 4), DATA[1].transpose(2, 0, 1)),
    "repeated": ((None, 2, 3), ((0, 1), (1, 1)), (2, 4, 5), np.stack([DATA[1, 1]] * 2)),
}


@pytest.mark.parametrize("encoding", WRITERS)
@pytest.mark.parametrize(("axes", "fixed", "chunks", "expected"), FIXED.values(), ids=FIXED)
def test_at_one_index(
    encoding: Any, axes: Any, fixed: Any, chunks: Any, expected: Any, tmp_path: Path
):
    WRITERS[encoding](tmp_path)
    location = replace(locate(tmp_path, encoding), axes=axes, fixed=fixed)
    level = open_level(location, shape=expected.shape, dtype="uint16", chunks=chunks)
    np.testing.assert_array_equal(np.asarray(level), expected)
    np.testing.assert_array_equal(np.asarray(level[..., ::-2, 1:3]), expected[..., ::-2, 1:3])
    np.testing.assert_array_equal(level.tensorstore().read().result(), expected)
    np.testing.assert_array_equal(level.to_dask().compute(), expected)
    np.testing.assert_array_equal(np.asarray(pickle.loads(pickle.dumps(level))), expected)


def test_parts_of_a_stack_may_be_of_one_array(tmp_path: Path):
    write_zarr2(tmp_path, DATA, CHUNKS)
    parts = [replace(locate(tmp_path, "zarr2"), axes=(1, 2, 3), fixed=((0, i),)) for i in (2, 0)]
    location = StackLocation(tuple(parts))
    level = open_level(location, shape=(2, 2, 6, 8), dtype="uint16", chunks=(1, 1, 4, 5))
    np.testing.assert_array_equal(np.asarray(level), DATA[[2, 0]])
    np.testing.assert_array_equal(np.asarray(level[1, :, 3]), DATA[0, :, 3])


def test_a_chunk_is_named_as_it_is_stored(tmp_path: Path):
    write_zarr2(tmp_path, DATA, CHUNKS)
    put(tmp_path, "1.0.0.1", b"junk")  # index 2 of the first axis, columns 5 to 7
    location = replace(locate(tmp_path, "zarr2"), axes=(1, 2, 3), fixed=((0, 2),))
    level = open_level(location, shape=(2, 6, 8), dtype="uint16", chunks=(1, 4, 5))
    with pytest.raises(ChunkError) as caught:
        np.asarray(level[0, :2, 6:])
    assert caught.value.chunk == (1, 0, 0, 1)
    np.testing.assert_array_equal(np.asarray(level[1]), DATA[2, 1])


@pytest.mark.parametrize("fixed", [((0, 3),), ((0, 9),), ((4, 0),), ()], ids=repr)
def test_an_index_the_array_does_not_have(fixed: Any, tmp_path: Path):
    write_zarr2(tmp_path, DATA, CHUNKS)
    location = replace(locate(tmp_path, "zarr2"), axes=(1, 2, 3), fixed=fixed)
    level = open_level(location, shape=(2, 6, 8), dtype="uint16", chunks=(1, 4, 5))
    with pytest.raises(CodecError, match="its level says"):
        np.asarray(level)


@pytest.mark.parametrize(
    ("axes", "fixed"),
    [(None, ((0, 1),)), ((1, 2, 3), ((1, 0),)), ((1, 2, 3), ((0, -1),))],
    ids=["no-axes", "shown-too", "negative"],
)
def test_what_cannot_be_fixed(axes: Any, fixed: Any, tmp_path: Path):
    write_zarr2(tmp_path, DATA, CHUNKS)
    location = replace(locate(tmp_path, "zarr2"), axes=axes, fixed=fixed)
    with pytest.raises(ValueError, match="cannot be at"):
        open_level(location, shape=(2, 6, 8), dtype="uint16", chunks=(1, 4, 5))
