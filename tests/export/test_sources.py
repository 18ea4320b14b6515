"""Sources give the voxels they stand for, and know what they are."""

import pickle

import dask.array as da
import numpy as np
import pytest
import zarr
from tests.export.exporting import (
    ArraySource,
    bytes_below,
    export,
    file_reads,
    level_source,
    specimen,
    stored_specimen,
)

import napari_strata as strata
from napari_strata.export.pixels import blocks, engine
from napari_strata.export.pixels.sources import LevelSource
from napari_strata.export.planning.unread import Unread

REGION = (slice(3, 21), slice(0, 9), slice(20, 29))


@pytest.fixture
def stored(tmp_path):
    return stored_specimen(tmp_path / "source.zarr", specimen())


def test_a_level(stored):
    source = level_source(stored)
    assert (source.shape, source.chunks, source.dtype) == ((37, 45, 29), (8, 8, 8), "u2")
    np.testing.assert_array_equal(source.read(REGION), specimen()[REGION])


def test_part_of_a_level(stored):
    data = strata.open(stored).images[0].levels[0].data
    source = LevelSource(data[5:, ::2, 3].T)
    assert source.shape == (23, 32)
    np.testing.assert_array_equal(
        source.read((slice(1, 4), slice(0, 9))), specimen()[5:, ::2, 3].T[1:4, :9]
    )


def test_a_level_in_another_process(stored):
    source = level_source(stored)
    again = pickle.loads(pickle.dumps(source))
    np.testing.assert_array_equal(again.read(REGION), specimen()[REGION])
    assert again.identity == source.identity
    assert source.portable


def test_what_a_level_is(stored, tmp_path):
    data = strata.open(stored).images[0].levels[0].data
    other = stored_specimen(tmp_path / "other.zarr", specimen())
    identities = {
        level_source(stored).identity,
        level_source(other).identity,
        LevelSource(data[1:]).identity,
        LevelSource(data.T).identity,
    }
    assert len(identities) == 4
    assert level_source(stored).identity in identities


def in_zarr(values, chunks):
    array = zarr.create_array({}, shape=values.shape, chunks=chunks, dtype=values.dtype)
    array[...] = values
    return array


@pytest.mark.parametrize(
    ("array", "chunks"),
    [
        pytest.param(specimen(), (1, 1, 1), id="numpy"),
        pytest.param(specimen(dtype=">i4"), (1, 1, 1), id="big-endian"),
        pytest.param(da.from_array(specimen(), chunks=(10, 45, 7)), (10, 45, 7), id="dask"),
        pytest.param(in_zarr(specimen(), (10, 9, 8)), (10, 9, 8), id="Zarr"),
        pytest.param(
            Unread(in_zarr(specimen().T, (8, 9, 10))).transpose((2, 1, 0)),
            (10, 9, 8),
            id="Zarr with x first",
        ),
    ],
)
def test_an_array(array, chunks):
    source = ArraySource(array)
    assert source.chunks == chunks
    assert source.dtype.isnative
    assert not source.portable
    np.testing.assert_array_equal(source.read(REGION), specimen()[REGION])


def test_an_array_is_itself_only_if_somebody_says_so():
    assert ArraySource(specimen()).identity != ArraySource(specimen()).identity
    assert ArraySource(specimen(), "mine").identity == ArraySource(specimen(), "mine").identity


def test_blocks_of_a_computed_array_are_computed_alone():
    computed = []

    def note(block, block_info):
        computed.append(block_info[0]["chunk-location"])
        return block

    array = da.from_array(specimen(), chunks=(10, 15, 29)).map_blocks(note, dtype="u2")
    ArraySource(array).read((slice(10, 20), slice(15, 40), slice(0, 29)))
    assert sorted(computed) == [(1, 1, 0), (1, 2, 0)]


def test_chunks_that_blocks_cut_through_are_kept_for_a_while(tmp_path, monkeypatch):
    """Source chunks of 10 lie in blocks of 8: without a cache each is read up to 8 times."""
    stored = stored_specimen(tmp_path / "source.zarr", specimen(), chunks=(10, 10, 10))
    monkeypatch.setattr(blocks, "_MOST_BYTES", 1024)
    counts = {}
    for name, cache in (("with", engine._MOST_CACHE), ("without", 0)):
        monkeypatch.setattr(engine, "_MOST_CACHE", cache)
        before = file_reads()
        export(level_source(stored), tmp_path / name, wishes={"levels": 1}, workers=1)
        counts[name] = file_reads() - before
    assert bytes_below(tmp_path / "with") == bytes_below(tmp_path / "without")
    assert counts["with"] < counts["without"]
