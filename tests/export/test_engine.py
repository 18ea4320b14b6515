"""Every way of writing gives the same bytes: those of an independent reduction."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import dask.array as da
import numpy as np
import pytest
import tensorstore as ts
import zarr
from tests.export.exporting import (
    ArraySource,
    bytes_below,
    export,
    file_reads,
    level_source,
    specimen,
    stored_specimen,
    targets_below,
)
from tests.export.slow_reduction import slow_reduce

import napari_strata as strata
from napari_strata.export.errors import BlockError, ExportCancelled, ExportError, JournalError
from napari_strata.export.pixels.blocks import Block
from napari_strata.export.pixels.engine import write_pyramid
from napari_strata.export.pixels.pyramid import plan_pyramid
from napari_strata.export.pixels.running import run_all

WAYS = ["one-pass", "by-level"]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return stored_specimen(tmp_path_factory.mktemp("stored") / "source.zarr", specimen())


@pytest.fixture(scope="module")
def expected(stored, tmp_path_factory):
    """What an export that nothing interrupts writes."""
    folder = tmp_path_factory.mktemp("expected")
    export(level_source(stored), folder)
    return bytes_below(folder)


def level_values(folder, level, container):
    if container != "n5":
        return zarr.open_array(folder / str(level), mode="r")[...]
    spec = {"driver": "n5", "kvstore": {"driver": "file", "path": f"{folder / str(level)}"}}
    return ts.open(spec).result().T.read().result()


def assert_levels(folder, values, pyramid, container="zarr3"):
    for level, plan in enumerate(pyramid.levels):
        if level:
            values = slow_reduce(values, plan.factors, pyramid.method)
        found = level_values(folder, level, container)
        assert found.dtype == plan.dtype
        np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", "i2", "i8", "f4", "f8", ">u2", ">f4"])
@pytest.mark.parametrize("method", ["mean", "mode"])
def test_all_types(tmp_path, way, dtype, method):
    values = specimen((19, 21, 30), dtype)
    pyramid = export(ArraySource(values), tmp_path, method=method, way=way)
    assert_levels(tmp_path, values, pyramid)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("shape", "wishes"),
    [
        pytest.param((45, 37), {}, id="2-D"),
        pytest.param((37, 45, 29), {}, id="3-D"),
        pytest.param((3, 17, 30, 19), {"factors": (1, 2, 2, 2), "chunks": (1, 8, 8, 8)}, id="4-D"),
        pytest.param(
            (2, 3, 9, 20, 21), {"factors": (1, 1, 1, 2, 2), "chunks": (1, 1, 4, 8, 8)}, id="5-D"
        ),
        pytest.param((40, 41, 42), {"factors": (3, 2, 4), "levels": 3}, id="odd factors"),
        pytest.param((37, 45, 29), {"levels": 1}, id="one level"),
        pytest.param((37, 45, 29), {"chunks": (4, 8, 8), "shards": (8, 16, 16)}, id="sharded"),
        pytest.param((45, 37), {"chunks": (8, 8), "shards": (16, 16)}, id="sharded 2-D"),
        pytest.param((5, 6, 7), {"chunks": (8, 8, 8)}, id="one chunk"),
    ],
)
@pytest.mark.parametrize("method", ["mean", "nearest"])
def test_all_shapes(tmp_path, way, shape, wishes, method):
    values = specimen(shape)
    pyramid = export(ArraySource(values), tmp_path, method=method, way=way, wishes=wishes)
    assert_levels(tmp_path, values, pyramid)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("container", ["zarr3", "zarr2", "n5"])
def test_all_containers(tmp_path, stored, way, container):
    pyramid = export(level_source(stored), tmp_path, way=way, container=container)
    assert_levels(tmp_path, specimen(), pyramid, container)


@pytest.mark.parametrize("method", ["median", "min", "max"])
def test_all_methods(tmp_path, stored, method):
    pyramid = export(level_source(stored), tmp_path, method=method)
    assert_levels(tmp_path, specimen(), pyramid)


def test_booleans_become_numbers(tmp_path):
    values = specimen() > 2
    pyramid = export(ArraySource(values), tmp_path)
    assert_levels(tmp_path, values.astype(np.uint8), pyramid)


def test_a_computed_layer(tmp_path):
    values = specimen()
    computed = da.from_array(values, chunks=(10, 45, 7)) * 2 + 1
    pyramid = export(ArraySource(computed), tmp_path)
    assert_levels(tmp_path, values * 2 + 1, pyramid)


@pytest.mark.parametrize(
    ("computed", "message"),
    [
        pytest.param(
            da.from_array(specimen(), chunks=16).map_blocks(lambda a: a * 1e9, dtype="u2"),
            "gave float64, not uint16",
            id="type",
        ),
        pytest.param(
            da.from_array(specimen(), chunks=16).map_blocks(lambda a: a[:1], dtype="u2"),
            "the source gave",
            id="shape",
        ),
    ],
)
def test_a_computed_layer_that_is_not_what_it_says(tmp_path, computed, message):
    with pytest.raises(BlockError, match=message):
        export(ArraySource(computed), tmp_path)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_part_of_a_stored_level_in_another_order_of_axes(tmp_path, zarr_format):
    values = specimen(dtype=">u2")
    folder = stored_specimen(tmp_path / "source.zarr", values, zarr_format=zarr_format)
    level = level_source(folder)._array
    source = type(level_source(folder))(level[3:30, 5, ::2].T)
    pyramid = export(source, tmp_path / "out")
    assert_levels(tmp_path / "out", values[3:30, 5, ::2].T.astype("u2"), pyramid)


@pytest.mark.parametrize("way", WAYS)
def test_the_ways_write_the_same_bytes(tmp_path, stored, expected, way):
    export(level_source(stored), tmp_path, way=way, workers=3)
    assert bytes_below(tmp_path) == expected


def test_processes_write_the_same_bytes(tmp_path, stored, expected):
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        export(level_source(stored), tmp_path, executor=pool)
    assert bytes_below(tmp_path) == expected


def test_a_pool_of_threads_that_is_given(tmp_path, stored, expected):
    with ThreadPoolExecutor(2) as pool:
        export(level_source(stored), tmp_path, executor=pool)
    assert bytes_below(tmp_path) == expected


def test_chunks_of_nothing_are_not_stored(tmp_path):
    values = np.zeros((16, 16, 16), np.uint8)
    values[12:, 12:, 12:] = 7
    export(ArraySource(values), tmp_path, wishes={"levels": 2})
    chunks = {name for name in bytes_below(tmp_path) if "/c/" in name}
    assert chunks == {"0/c/1/1/1", "1/c/0/0/0"}


class Watched:
    """A source that counts how often each voxel is read, and can fail."""

    def __init__(self, source, fails=None):
        self._source = source
        self.read_count = np.zeros(source.shape, np.uint8)
        self._lock = threading.Lock()
        self._fails = fails

    def __getattr__(self, name):
        return getattr(self._source, name)

    def read(self, region):
        with self._lock:
            self.read_count[region] += 1
        if self._fails is not None and region == self._fails:
            raise OSError("the disk is broken here")
        return self._source.read(region)


@pytest.mark.parametrize("way", WAYS)
def test_the_source_is_read_once(tmp_path, stored, way):
    source = Watched(level_source(stored))
    export(source, tmp_path, way=way)
    assert (source.read_count == 1).all()


def test_what_is_exported_is_not_in_the_viewing_cache(tmp_path, stored):
    viewed = strata.open(stored).images[0].levels[0].data
    np.asarray(viewed[0, 0, 0])  # opens it, so that what is read from now on is new enough for it
    export(level_source(stored), tmp_path)
    before = file_reads()
    np.asarray(viewed)
    assert file_reads() > before
    before = file_reads()
    np.asarray(viewed)
    assert file_reads() == before


@pytest.mark.parametrize("way", WAYS)
def test_a_block_that_fails_is_named_and_the_rest_can_be_resumed(tmp_path, stored, expected, way):
    region = (slice(16, 24), slice(8, 16), slice(8, 16))
    options = {"way": way, "journal": tmp_path / "journal", "workers": 1}
    source = Watched(level_source(stored), fails=region)
    message = r"level 0, voxels \[16:24, 8:16, 8:16\]: cannot be read: the disk is broken here"
    with pytest.raises(BlockError, match=message) as caught:
        export(source, tmp_path / "out", **options)
    assert caught.value.region == ((16, 24), (8, 16), (8, 16))
    again = Watched(level_source(stored))
    export(again, tmp_path / "out", **options)
    assert bytes_below(tmp_path / "out") == expected
    assert again.read_count[0, 0, 0] == 0
    assert again.read_count[16, 8, 8] == 1


def test_a_damaged_chunk_names_itself(tmp_path):
    folder = stored_specimen(tmp_path / "source.zarr", specimen())
    (folder / "c/1/2/3").write_bytes(b"no chunk")
    message = r"level 0, voxels \[8:16, 16:24, 24:29\]: cannot be read: .*chunk \(1, 2, 3\)"
    with pytest.raises(BlockError, match=message):
        export(level_source(folder), tmp_path / "out")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("other_way", WAYS)
def test_cancelled_and_resumed(tmp_path, stored, expected, way, other_way):
    cancel = threading.Event()
    calls = []

    def progress(done, total):
        calls.append(done)
        if done > total // 3:
            cancel.set()

    journal = tmp_path / "journal"
    with pytest.raises(ExportCancelled):
        export(
            level_source(stored),
            tmp_path / "out",
            way=way,
            journal=journal,
            progress=progress,
            cancel=cancel,
        )
    assert bytes_below(tmp_path / "out") != expected
    rest = []
    export(
        level_source(stored),
        tmp_path / "out",
        way=other_way,
        journal=journal,
        progress=lambda done, total: rest.append((done, total)),
    )
    assert bytes_below(tmp_path / "out") == expected
    assert rest[0][0] >= calls[-1]
    assert rest[-1][0] == rest[-1][1]


def test_progress_reaches_the_size_of_all_levels(tmp_path, stored):
    told = []
    pyramid = export(
        level_source(stored), tmp_path, progress=lambda done, total: told.append((done, total))
    )
    sizes = [37 * 45 * 29, 19 * 23 * 15, 10 * 12 * 8]
    assert pyramid.nbytes == 2 * sum(sizes)
    assert told[0] == (0, pyramid.nbytes)
    assert told[-1] == (pyramid.nbytes, pyramid.nbytes)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("reads", [1, 40, 100])
def test_killed_and_resumed(tmp_path, stored, expected, way, reads):
    """120 blocks are read; the process dies at one of them, its threads at their work."""
    journal = tmp_path / "journal"
    script = Path(__file__).with_name("killed_export.py")
    arguments = [str(stored), str(tmp_path / "out"), str(journal), way, str(reads)]
    ended = subprocess.run(
        [sys.executable, str(script), *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    export(level_source(stored), tmp_path / "out", journal=journal)
    assert bytes_below(tmp_path / "out") == expected


def test_a_journal_of_another_export(tmp_path, stored):
    export(level_source(stored), tmp_path / "a", journal=tmp_path / "journal")
    with pytest.raises(JournalError, match="another export"):
        export(level_source(stored), tmp_path / "a", journal=tmp_path / "journal", method="mean")


def test_levels_that_went_away_are_not_resumed(tmp_path, stored):
    export(level_source(stored), tmp_path / "a", journal=tmp_path / "journal")
    (tmp_path / "a" / "1" / "zarr.json").unlink()
    with pytest.raises(ExportError, match="level 1 cannot be opened"):
        export(level_source(stored), tmp_path / "a", journal=tmp_path / "journal")


def test_another_array_in_the_target_is_refused(tmp_path, stored):
    zarr.create_array(tmp_path / "0", shape=(3, 3), dtype="u1")
    with pytest.raises(ExportError, match="level 0 cannot be created"):
        export(level_source(stored), tmp_path)


def refused_pool(method):
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method))


@pytest.mark.skipif(sys.platform == "win32", reason="nothing forks there")
def test_forked_processes_are_refused(tmp_path, stored):
    with refused_pool("fork") as pool, pytest.raises(ExportError, match="spawn"):
        export(level_source(stored), tmp_path, executor=pool)


def test_other_processes_cannot_read_this_one_s_memory(tmp_path):
    with refused_pool("spawn") as pool, pytest.raises(ExportError, match="memory of this process"):
        export(ArraySource(specimen()), tmp_path, executor=pool)


def test_one_pass_is_for_threads(tmp_path, stored):
    with refused_pool("spawn") as pool, pytest.raises(ExportError, match="needs threads"):
        export(level_source(stored), tmp_path, executor=pool, way="one-pass")


@pytest.mark.parametrize("container", ["zarr2", "n5"])
def test_only_zarr3_has_shards(tmp_path, container):
    wishes = {"shards": (16, 16, 16)}
    with pytest.raises(ExportError, match="no shards"):
        export(ArraySource(specimen()), tmp_path, container=container, wishes=wishes)


def test_however_many_blocks_there_are_few_are_under_way():
    under_way = most = 0
    held = []

    def submit(block):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        future = Future()
        held.append((future, block))
        if len(held) == 3:
            for other, what in held:
                other.set_result([what])
            held.clear()
        return future

    def note(blocks):
        nonlocal under_way
        under_way -= len(blocks)

    run_all((Block(0, (i,)) for i in range(99_999)), submit, note, most=3)
    assert most == 3
    assert under_way == 0


@pytest.mark.parametrize("way", WAYS)
def test_a_finished_block_stands_for_all_it_was_made_of(tmp_path, stored, expected, way):
    """A thread may note a block before another has noted one that the block was made of."""
    export(level_source(stored), tmp_path / "out", journal=tmp_path / "journal")
    lines = (tmp_path / "journal").read_text().splitlines(keepends=True)
    kept = [line for line in lines[1:] if line.split()[1] == "2"]
    assert len(kept) == 4
    (tmp_path / "journal").write_text("".join([lines[0], *kept]))
    source, told = Watched(level_source(stored)), []
    export(
        source,
        tmp_path / "out",
        way=way,
        journal=tmp_path / "journal",
        progress=lambda done, total: told.append((done, total)),
    )
    assert source.read_count.sum() == 0
    assert told[0][0] == told[0][1]
    assert bytes_below(tmp_path / "out") == expected


@pytest.mark.parametrize("container", ["zarr2", "zarr3", "n5"])
@pytest.mark.parametrize("rank", [4, 5])
def test_chunks_that_are_long_along_many_axes_are_stored(tmp_path: Path, container, rank):
    # Tensorstore loses them where it may refer to the values it is given.
    shape, chunks = (2, 2, 8, 16, 16)[-rank:], (1, 2, 4, 8, 8)[-rank:]
    values = np.random.default_rng(0).integers(1, 1000, shape).astype("uint16")
    types = ("time", "other", "space", "space", "space")[-rank:]
    pyramid = plan_pyramid(
        shape, np.eye(rank + 1), types, values.dtype, "mean", levels=1, chunks=chunks
    )
    targets = targets_below(tmp_path, pyramid, container)
    write_pyramid(ArraySource(values), pyramid, targets)
    np.testing.assert_array_equal(level_values(tmp_path, 0, container), values)
