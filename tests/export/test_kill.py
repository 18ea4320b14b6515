"""An export that is killed, or whose disk is full: the target is as before, and it can go on."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr
from tests.export.exporting import SHAPE, bytes_below, specimen

import napari_strata as strata
from napari_strata.affine import from_scale_translate
from napari_strata.export.safety.place import TargetExists, check_target, local_target
from napari_strata.export.safety.stage_folder import leftover

KILLS = 30
SMALL = (21, 26, 19)  # 36 chunks, 8 shards
ROOT = Path(__file__).parents[2]


def axes(names):
    return [{"name": name, "type": "space", "unit": "nanometer"} for name in names]


def multiscales(name):
    scale = {"type": "scale", "scale": [8.0, 4.0, 4.0]}
    datasets = [{"path": "0", "coordinateTransformations": [scale]}]
    return {"multiscales": [{"name": name, "axes": axes("zyx"), "datasets": datasets}]}


def source_with_labels(folder: Path, shape=SHAPE):
    """Write an image and its labels."""
    values = specimen(shape)
    root = zarr.create_group(folder, attributes={"ome": {"version": "0.5", **multiscales("em")}})
    labels = root.create_group(
        "labels", attributes={"ome": {"version": "0.5", "labels": ["cells"]}}
    )
    own = {"version": "0.5", **multiscales("cells"), "image-label": {}}
    cells = labels.create_group("cells", attributes={"ome": own})
    for group, dtype in ((root, "u2"), (cells, "u4")):
        array = group.create_array(
            "0", shape=values.shape, chunks=(8, 8, 8), dtype=dtype, dimension_names=list("zyx")
        )
        array[...] = values.astype(dtype)
    return folder


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked to save time")
def test_killed_at_any_moment(tmp_path):
    source_with_labels(tmp_path / "src.zarr", SMALL)
    old = zarr.create_group(tmp_path / "old.zarr")
    old.create_array("a", shape=(4,), dtype="u1")[...] = 1
    command = [sys.executable, "-m", "tests.export.killed_convert", str(tmp_path), str(KILLS), "7"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    statuses = [[int(part) for part in line.split()] for line in done.stdout.splitlines()]
    assert len(statuses) == KILLS
    assert sum(killed == signal.SIGALRM for _, killed, _ in statuses) >= KILLS // 3
    whole = bytes_below(tmp_path / "whole")
    before = bytes_below(tmp_path / "old.zarr")
    for number, killed, resumed in statuses:
        assert killed in (0, signal.SIGALRM), done.stderr
        assert resumed == 0, done.stderr
        left = tmp_path / f"{number}-killed/it.ome.zarr"
        found = bytes_below(left) if left.exists() else None
        assert found in (before if number % 2 else None, whole), f"kill {number}"
        assert bytes_below(tmp_path / str(number) / "it.ome.zarr") == whole, f"kill {number}"
        assert os.listdir(tmp_path / str(number)) == ["it.ome.zarr"], f"kill {number}"


FULL = """
import resource, signal, sys
from napari_strata import cli
from napari_strata.export.pixels import blocks
blocks._LEAST_BYTES = 1
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
cli.main(sys.argv[2:])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no limit for the size of a file")
@pytest.mark.parametrize("limit", [0, 100, 1500])
def test_a_file_that_cannot_be_written(limit, tmp_path):
    """As on a full disk: a write is refused."""
    source = source_with_labels(tmp_path / "src.zarr")
    target = tmp_path / "it.zarr"
    zarr.create_group(target)
    before = bytes_below(target)
    options = [
        "--all",
        "--replace",
        "--chunks",
        "8,8,8",
        "--codec",
        "none",
        "--scheduler",
        "threads",
    ]
    done = program(FULL, limit, "convert", source, target, *options)
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("napari-strata: ")
    assert bytes_below(target) == before
    again = program(FULL, 10**9, "convert", source, target, *options, "--resume")
    assert again.returncode == 0, again.stderr
    assert [image.path for image in strata.open(target).images] == ["", "labels/cells"]
    assert sorted(os.listdir(tmp_path)) == ["it.zarr", "src.zarr"]


@pytest.fixture
def small_disk(tmp_path):
    """Mount a disk of one megabyte in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(tmp_path, small_disk):
    values = np.random.default_rng(1).integers(0, 65535, (64, 128, 128)).astype("u2")
    array = zarr.create_array(tmp_path / "src.zarr", shape=values.shape, dtype="u2")
    array[...] = values
    target = small_disk / "it.zarr"
    zarr.create_group(target)
    before = bytes_below(target)
    script = "import sys; from napari_strata import cli; cli.main(sys.argv[1:])"
    options = ["--replace", "--chunks", "32,32,32", "--scheduler", "threads"]
    done = program(script, "convert", tmp_path / "src.zarr", target, *options)
    assert done.returncode == 1
    assert os.strerror(errno.ENOSPC) in done.stderr
    assert done.stderr.count("\n") == 1
    assert bytes_below(target) == before
    assert leftover(target) is not None


def test_another_disk(tmp_path, small_disk):
    """A link leads there; what is staged is staged there; the disk itself is not replaced."""
    source = source_with_labels(tmp_path / "src.zarr")
    (tmp_path / "link").symlink_to(small_disk)
    strata.export(strata.open(source), tmp_path / "link/it.zarr", scheduler="threads")
    assert os.listdir(small_disk) == ["it.zarr"]
    (small_disk / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group"}')
    with pytest.raises(TargetExists, match="is a drive of its own"):
        check_target(local_target(tmp_path / "link"), replace=True)


def program(script, *arguments):
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_what_the_source_says(tmp_path):
    """The stores above are as they are meant."""
    image, labels = strata.open(source_with_labels(tmp_path / "src.zarr")).images
    expected = from_scale_translate([8.0, 4.0, 4.0])
    assert np.array_equal(image.levels[0].affine, expected)
    assert (labels.path, labels.kind) == ("labels/cells", "labels")
