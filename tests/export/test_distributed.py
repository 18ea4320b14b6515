"""Exporting on a cluster: a real scheduler and two worker processes on this computer."""

import os
import signal
import socket
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import dask
import numpy as np
import pytest
import zarr
from tests.export.exporting import bytes_below, small_blocks, specimen

import napari_strata as strata
from napari_strata.export.errors import ExportError
from napari_strata.export.pixels import distributed as ours
from napari_strata.export.pixels.distributed import crew
from napari_strata.export.planning.layer_image import LayerImage, LayerLevel

distributed = pytest.importorskip("distributed")

pytestmark = pytest.mark.filterwarnings(
    # What distributed does while it starts and ends processes.
    "ignore::ResourceWarning",
    "ignore::DeprecationWarning:distributed",
    "ignore:Port .* is already in use:UserWarning",
)

WISHES = {"chunks": (8, 8, 8), "factors": (2, 2, 2), "levels": 3}
SETTINGS = {
    "distributed.worker.daemon": False,
    "distributed.scheduler.allowed-failures": 5,
    "distributed.comm.timeouts.connect": "5s",
}


@pytest.fixture(scope="module")
def cluster():
    """Two workers, processes of their own."""
    with (
        dask.config.set(SETTINGS),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
            silence_logs=50, host="127.0.0.1",
        ) as found,
    ):  # fmt: skip
        yield found


@pytest.fixture
def image(tmp_path):
    values = specimen()
    array = zarr.create_array(
        tmp_path / "src.zarr", shape=values.shape, chunks=(8, 8, 8), dtype=values.dtype
    )
    array[...] = values
    return strata.open(tmp_path / "src.zarr").images[0]


@pytest.fixture
def expected(image, tmp_path):
    with small_blocks():
        strata.export(image, tmp_path / "expected.zarr", scheduler="threads", **WISHES)
    return bytes_below(tmp_path / "expected.zarr")


def test_two_workers_write_the_same_bytes(cluster, image, tmp_path, expected):
    told = []
    with small_blocks():
        strata.export(
            image,
            tmp_path / "it.zarr",
            scheduler=cluster.scheduler_address,
            progress=lambda done, total: told.append((done, total)),
            **WISHES,
        )
    assert bytes_below(tmp_path / "it.zarr") == expected
    assert told[-1][0] == told[-1][1] > 0
    assert sorted(os.listdir(tmp_path)) == ["expected.zarr", "it.zarr", "src.zarr"]


def test_a_worker_that_is_killed_half_way(cluster, image, tmp_path, expected):
    killed = []

    def kill_one(done, total):
        if not killed and done > total // 4:
            nanny = next(iter(cluster.workers.values()))
            killed.append(nanny.pid)
            os.kill(nanny.pid, signal.SIGKILL)

    with small_blocks():
        strata.export(
            image,
            tmp_path / "it.zarr",
            scheduler=cluster.scheduler_address,
            progress=kill_one,
            **WISHES,
        )
    assert killed
    assert bytes_below(tmp_path / "it.zarr") == expected


def test_the_client_in_use_is_found(cluster, image, tmp_path, expected):
    with distributed.Client(cluster.scheduler_address) as client, crew() as found:
        assert found.client is client
        assert found.workers == 2 * sum(client.nthreads().values())
        with small_blocks():
            strata.export(image, tmp_path / "it.zarr", **WISHES)
        assert client.status == "running"
    assert bytes_below(tmp_path / "it.zarr") == expected


def test_the_address_in_dasks_configuration_is_found(cluster):
    with dask.config.set({"scheduler-address": cluster.scheduler_address}):
        with crew() as found:
            assert found.address == cluster.scheduler_address
        with crew("threads") as found:
            assert found.executor is None
    with crew() as found:
        assert found.executor is None


def test_images_in_memory_are_refused_with_the_reason(cluster, tmp_path):
    levels = (LayerLevel(np.ones((8, 8), "u1"), np.eye(3)),)
    axes = tuple(strata.model.Axis(name, "space", None) for name in "yx")
    image = LayerImage("drawn", "image", axes, levels, strata.model.Display())
    with pytest.raises(ExportError, match="drawn is computed or in the memory"):
        strata.export(image, tmp_path / "it.zarr", scheduler=cluster.scheduler_address)
    assert os.listdir(tmp_path) == []


def test_a_dead_address(image, tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ExportError, match=f"{address} cannot be used: nobody answers") as error:
            strata.export(image, tmp_path / "it.zarr", scheduler=address)
    assert len(str(error.value).splitlines()) == 1
    assert sorted(os.listdir(tmp_path)) == ["src.zarr"]


@pytest.mark.parametrize("address", ["nonsense", "ftp://host:1", "tcp://host:none"])
def test_what_is_no_address(address, image, tmp_path):
    with pytest.raises(ExportError, match="cannot be used") as error:
        strata.export(image, tmp_path / "it.zarr", scheduler=address)
    assert len(str(error.value).splitlines()) == 1


def test_workers_that_do_not_see_the_files(cluster, tmp_path):
    note = tmp_path / "note"
    note.write_text("one")
    with crew(cluster.scheduler_address) as found:
        found.check_sees([str(tmp_path)], str(note))
        with pytest.raises(ExportError, match=r"does not see .*elsewhere"):
            found.check_sees([str(tmp_path), str(tmp_path / "elsewhere")])


def test_the_same_name_may_be_another_file_elsewhere(tmp_path):
    note = tmp_path / "note"
    note.write_text("one")
    assert ours._missing([str(tmp_path)], {str(note): b"one"}) is None
    assert ours._missing([str(tmp_path)], {str(note): b"two"}) == str(note)
    assert ours._missing([], {str(tmp_path / "gone"): b""}) == str(tmp_path / "gone")


def test_a_cluster_without_workers():
    with (
        distributed.LocalCluster(
            n_workers=0, processes=False, protocol="tcp", dashboard_address=None, host="127.0.0.1"
        ) as empty,
        pytest.raises(ExportError, match="has no workers"),
        crew(empty.scheduler_address),
    ):
        pytest.fail("it was begun")


def test_any_executor(image, tmp_path, expected):
    with ThreadPoolExecutor(2) as pool, small_blocks():
        strata.export(image, tmp_path / "it.zarr", executor=pool, **WISHES)
    assert bytes_below(tmp_path / "it.zarr") == expected


class Broken(Executor):
    """An executor that cancels what it was given, or fails in a way of its own."""

    def __init__(self, error):
        self._error = error

    def submit(self, function, *arguments, **named):
        future = Future()
        if self._error is None:
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_exception(self._error)
        return future


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (None, r"gave up a block; .* resume the export"),
        (RuntimeError("lost\nall"), "the workers failed: RuntimeError: lost all"),
    ],
)
def test_an_executor_that_gives_up(error, said, image, tmp_path, expected):
    with pytest.raises(ExportError, match=said) as caught, small_blocks():
        strata.export(image, tmp_path / "it.zarr", executor=Broken(error), **WISHES)
    assert len(str(caught.value).splitlines()) == 1
    with small_blocks():
        strata.export(image, tmp_path / "it.zarr", resume=True, scheduler="threads", **WISHES)
    assert bytes_below(tmp_path / "it.zarr") == expected
