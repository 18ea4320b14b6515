"""A level as people meet it: lazy, numpy-like, computing through dask."""

from __future__ import annotations

import copy
import pickle
import tracemalloc
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest

from napari_strata.arrays import LevelArray, open_level
from napari_strata.model import ArrayLocation

from .helpers import locate, opened, values, write_n5

DATA = values((9, 11, 13), "uint16")


@pytest.fixture
def level(tmp_path: Path) -> LevelArray:
    write_n5(tmp_path, DATA, (4, 5, 6), {"type": "gzip"})
    return opened(locate(tmp_path, "n5"))


def test_what_it_says_of_itself(level: LevelArray):
    assert (level.shape, level.ndim, level.size, level.nbytes) == ((9, 11, 13), 3, 1287, 2574)
    assert level.dtype == np.dtype("uint16")
    assert level.chunks == (4, 5, 6)
    assert len(level) == 9
    assert repr(level) == "LevelArray(shape=(9, 11, 13), dtype=uint16, chunks=(4, 5, 6))"
    assert level.location.where.endswith("attributes.json")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "key",
    [
        3,
        (..., 2),
        (slice(None), ..., slice(3, None)),
        (slice(None, None, -2), 5),
        (-1, slice(4, 1, -1), slice(None, None, 4)),
        (np.int64(3), slice(np.int64(1), 100)),
        (1, 2, 3),
        (slice(4, 4),),
        (),
        ...,
    ],
    ids=repr,
)
def test_indexing_gives_views(level: LevelArray, key: Any):
    view = level[key]
    assert isinstance(view, LevelArray)
    expected = np.asarray(DATA[key])
    for read in (np.asarray(view), view.tensorstore().read().result(), view.to_dask().compute()):
        assert read.shape == expected.shape
        np.testing.assert_array_equal(read, expected)
    np.testing.assert_array_equal(np.asarray(view.T), expected.T)
    np.testing.assert_array_equal(view.T.tensorstore().read().result(), expected.T)


@pytest.mark.parametrize(
    "key",
    [
        [1, 3],
        (slice(None), [0, 2, 10]),
        np.array([True, False] * 4 + [True]),
        (None, 2),
        (slice(None), np.array([2, 1])),
    ],
    ids=repr,
)
def test_fancy_indexing_goes_through_dask(level: LevelArray, key: Any):
    picked = level[key]
    assert isinstance(picked, da.Array)
    np.testing.assert_array_equal(picked.compute(), DATA[key])


def test_bad_indices(level: LevelArray):
    with pytest.raises(IndexError, match="index 9 is out of bounds for axis 0 with size 9"):
        level[9]
    with pytest.raises(IndexError, match="single ellipsis"):
        level[..., ...]
    with pytest.raises(TypeError, match="without axes"):
        len(level[0, 0, 0])


def test_views_of_views(level: LevelArray):
    view = level[::2][1:, ::-1].transpose(2, 0, 1)[3:9:2, ..., 4]
    expected = DATA[::2][1:, ::-1].transpose(2, 0, 1)[3:9:2, ..., 4]
    np.testing.assert_array_equal(np.asarray(view), expected)
    np.testing.assert_array_equal(view.tensorstore().read().result(), expected)
    np.testing.assert_array_equal(np.transpose(level, (1, 0, 2))[3], DATA.transpose(1, 0, 2)[3])


def test_reading_converts_and_copies(level: LevelArray):
    assert np.asarray(level, dtype="float32").dtype == np.float32
    np.testing.assert_array_equal(np.array(level, copy=True), DATA)
    with pytest.raises(ValueError, match="without copying"):
        level.__array__(copy=False)
    assert level.astype("uint16") is level
    np.testing.assert_array_equal(level.astype(float).compute(), DATA.astype(float))


def test_numbers(level: LevelArray):
    voxel = level[1, 2, 3]
    expected = int(DATA[1, 2, 3])
    assert (int(voxel), float(voxel), complex(voxel), bool(voxel)) == (expected,) * 3 + (True,)
    assert voxel.item() == expected
    with pytest.raises(ValueError, match="one voxel"):
        float(level)
    with pytest.raises(ValueError, match="one voxel"):
        bool(level)
    assert [int(plane[0, 0]) for plane in level] == DATA[:, 0, 0].tolist()


COMPUTED: dict[str, Any] = {
    "comparison": lambda a: a > 300,
    "equality": lambda a: a == 300,
    "from the right": lambda a: 2 + a,
    "negative": lambda a: -a,
    "two levels": lambda a: a[1:] + a[:-1],
    "a level and an array": lambda a: a * DATA,
    "an array and a level": lambda a: DATA * a,
    "ufunc": lambda a: np.add(a, 1),
    "unary ufunc": lambda a: np.sqrt(a),
    "mean": lambda a: np.mean(a),
    "max over an axis": lambda a: np.max(a, axis=1),
    "method": lambda a: a.max(),
    "method over an axis": lambda a: a.sum(axis=(0, 2)),
    "stack": lambda a: np.stack([a, a]),
    "concatenate": lambda a: np.concatenate([a[1:], a[:1]], axis=0),
    "where": lambda a: np.where(a > 300, a, 0),
    "clip": lambda a: np.clip(a, 5, 700),
}


@pytest.mark.parametrize("compute", COMPUTED.values(), ids=COMPUTED)
def test_arithmetic_is_lazy_and_right(level: LevelArray, compute: Any):
    result = compute(level)
    assert isinstance(result, da.Array)
    np.testing.assert_allclose(result.compute(), compute(DATA), rtol=1e-12)


def test_masks_and_mixed_dask(level: LevelArray):
    np.testing.assert_array_equal(level[level > 60000].compute(), DATA[DATA > 60000])
    lazy = da.from_array(DATA, chunks=5)
    np.testing.assert_array_equal((lazy + level).compute(), DATA + DATA)
    np.testing.assert_array_equal((level + lazy).compute(), DATA + DATA)
    np.testing.assert_array_equal(da.asarray(level).compute(), DATA)


def test_a_level_is_not_written_to(level: LevelArray):
    with pytest.raises(TypeError, match="only be read"):
        np.add(level, 1, out=level)
    with pytest.raises(TypeError, match="item assignment"):
        level[0] = 1  # type: ignore[index]
    with pytest.raises(AttributeError, match="no attribute 'compute'"):
        level.compute()
    with pytest.raises(TypeError, match="unhashable"):
        hash(level)


def test_to_dask_has_a_block_for_each_chunk(level: LevelArray):
    assert level.to_dask().chunks == ((4, 4, 1), (5, 5, 1), (6, 6, 1))
    assert level[3:, 0].to_dask().chunks == ((1, 4, 1), (6, 6, 1))
    assert level.to_dask().name == level.to_dask().name
    assert level.to_dask().name != level[1:].to_dask().name


def test_copies(level: LevelArray):
    view = level[2:, ::-1]
    assert copy.deepcopy(view) is view
    assert copy.copy(view) is view
    again = pickle.loads(pickle.dumps(view))
    np.testing.assert_array_equal(np.asarray(again), DATA[2:, ::-1])
    lazy = pickle.loads(pickle.dumps(view.to_dask()))
    np.testing.assert_array_equal(lazy.compute(), DATA[2:, ::-1])


def huge() -> LevelArray:
    metadata = {
        "dimensions": [10**6, 10**6, 1000],
        "blockSize": [16, 16, 16],
        "dataType": "uint8",
        "compression": {"type": "raw"},
    }
    location = ArrayLocation({"driver": "memory"}, "n5", metadata, "attributes.json")
    return open_level(location, shape=(1000, 10**6, 10**6), dtype="uint8", chunks=(16, 16, 16))


def test_a_huge_level_builds_nothing_per_chunk():
    np.asarray(huge()[0, :2, :2])  # imports, contexts
    tracemalloc.start()
    level = huge()
    view = level[500][::-1, 5:].T[::2]
    assert view.shape == (500_000 - 2, 10**6)
    assert np.asarray(view[1000:1010, 7:9]).sum() == 0
    assert level.tensorstore().shape == level.shape
    assert (np.shape(level), np.ndim(level), np.size(level)) == ((1000, 10**6, 10**6), 3, 10**15)
    assert np.result_type(level, np.float32) == np.float32
    assert np.transpose(level).shape == (10**6, 10**6, 1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000


@pytest.mark.parametrize(
    "compute",
    [LevelArray.to_dask, lambda a: a + 1, lambda a: a > 3, np.mean, lambda a: a[[1, 2]]],
    ids=["to_dask", "sum", "comparison", "mean", "fancy"],
)
def test_too_many_chunks_for_dask(compute: Any):
    with pytest.raises(ValueError, match=r"246,093,750,000 chunks, .*crop it first"):
        compute(huge())


def test_a_million_blocks_are_fine():
    assert huge()[:160, :16_000, :1_600].to_dask().npartitions == 10 * 1000 * 100
    with pytest.raises(ValueError, match="1,010,000 chunks"):
        huge()[:160, :16_000, :1_601].transpose().to_dask()


def test_more_than_memory_is_refused_before_it_is_asked_for():
    with pytest.raises(MemoryError, match=r"attributes.json: 1,000,000,000,000,000 bytes"):
        np.asarray(huge())


@pytest.mark.parametrize(
    ("shape", "chunks"), [((3, 4), (2,)), ((3,), (0,)), ((-1,), (1,))], ids=repr
)
def test_shapes_that_make_no_sense(shape: tuple[int, ...], chunks: tuple[int, ...]):
    location = ArrayLocation({"driver": "memory"}, "n5", {}, "attributes.json")
    with pytest.raises(ValueError, match="do not fit"):
        open_level(location, shape=shape, dtype="uint8", chunks=chunks)
