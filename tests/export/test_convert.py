"""``napari-strata convert`` and ``strata.export``: what they take, say and end with."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr
from tests.export.exporting import bytes_below, small_blocks, specimen
from tests.export.test_kill import source_with_labels

import napari_strata as strata
from napari_strata.cli import main
from napari_strata.export.errors import ExportCancelled, ExportError
from napari_strata.export.images import as_images
from napari_strata.export.pixels.codecs import Codec
from napari_strata.export.planning import options_text
from napari_strata.export.safety import place
from napari_strata.export.safety.stage_folder import leftover

ROOT = Path(__file__).parents[2]
THREADS = ("--scheduler", "threads")


@pytest.fixture
def source(tmp_path):
    """An array of voxels of 1."""
    array = zarr.create_array(
        tmp_path / "src.zarr", shape=(37, 45, 29), chunks=(8, 8, 8), dtype="u2",
        dimension_names=list("zyx"),
    )  # fmt: skip
    array[...] = specimen()
    return tmp_path / "src.zarr"


def run(capsys, *arguments):
    """Run the command; return its code, output and errors."""
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    streams = capsys.readouterr()
    return stop.value.code or 0, streams.out, streams.err


def test_converting_one_image(source, tmp_path, capsys):
    code, out, err = run(capsys, "convert", source, tmp_path / "it.ome.zarr", *THREADS)
    assert (code, err) == (0, "")
    assert re.match(r".*it\.ome\.zarr: ome-zarr-0\.5, 1 image, .* before compression", out)
    (image,) = strata.open(tmp_path / "it.ome.zarr").images
    assert image.format == "ome-zarr-0.5"
    assert np.array_equal(np.asarray(image.levels[0].data), specimen())
    assert sorted(os.listdir(tmp_path)) == ["it.ome.zarr", "src.zarr"]


def test_what_can_be_asked_for(source, tmp_path, capsys):
    wishes = {
        "--voxels": "z=2:34,y=:40", "--levels": "3", "--factors": "z=1,y=2,x=2", "--method": "max",
        "--chunks": "8,8,8", "--shards": "16,16,16", "--codec": "gzip:2", "--version": "0.5",
    }  # fmt: skip
    spread = [text for pair in wishes.items() for text in pair]
    code, _, err = run(capsys, "convert", source, tmp_path / "it", *spread, *THREADS)
    assert (code, err) == (0, "")
    (image,) = strata.open(tmp_path / "it").images
    assert [level.shape for level in image.levels] == [(32, 40, 29), (32, 20, 15), (32, 10, 8)]
    assert image.levels[0].translate.tolist() == [2.0, 0.0, 0.0]
    expected = specimen()[2:34, :40]
    assert np.array_equal(np.asarray(image.levels[0].data), expected)
    padded = np.pad(expected, ((0, 0), (0, 0), (0, 1)))
    highest = padded.reshape(32, 20, 2, 15, 2).max((2, 4))
    assert np.array_equal(np.asarray(image.levels[1].data), highest)
    array = zarr.open(tmp_path / "it/0")
    assert (array.chunks, array.shards) == ((8, 8, 8), (16, 16, 16))
    assert array.compressors[0].to_dict()["name"] == "gzip"


def test_a_dry_run_prints_the_plan_and_writes_nothing(source, tmp_path, capsys):
    code, out, err = run(
        capsys, "convert", source, tmp_path / "it", "--dry-run", "--chunks", "16,16,16",
        "--factors", "2,2,2", "--levels", "2",
    )  # fmt: skip
    assert (code, err) == (0, "")
    rows = [re.split(r"\s{2,}", line.strip()) for line in out.splitlines()]
    assert ["level", "shape", "dtype", "chunks", "shards", "scale", "translate", "size"] in rows
    # 37·45·29·2 bytes; then ceil halves, (2 − 1)/2 of a voxel further.
    first = ["0", "37 × 45 × 29", "uint16", "16 × 16 × 16", "none", "1, 1, 1", "0, 0, 0", "96.6 kB"]
    assert first in rows
    assert rows[rows.index(first) + 1][:2] == ["1", "19 × 23 × 15"]
    assert rows[rows.index(first) + 1][5:7] == ["2, 2, 2", "0.5, 0.5, 0.5"]
    assert "ome-zarr-0.5: 110 kB before compression with blosc" in out
    assert os.listdir(tmp_path) == ["src.zarr"]


def test_several_images_need_a_choice(tmp_path, capsys):
    source = source_with_labels(tmp_path / "src.zarr")
    code, out, err = run(capsys, "convert", source, tmp_path / "it", *THREADS)
    assert (code, out) == (2, "")
    assert "holds 2 images: say --all, or which with --image: '', 'labels/cells'" in err
    code, _, err = run(capsys, "convert", source, tmp_path / "it", "--image", "cells2", *THREADS)
    assert (code, err.count("\n")) == (2, 1)
    assert "no image at 'cells2'" in err
    code, _, err = run(
        capsys, "convert", source, tmp_path / "it", "--image", "labels/cells", *THREADS
    )
    assert (code, err) == (0, "")
    (alone,) = strata.open(tmp_path / "it").images
    assert (alone.kind, alone.name) == ("labels", "cells")
    code, _, err = run(capsys, "convert", source, tmp_path / "both", "--all", *THREADS)
    assert (code, err) == (0, "")
    assert [image.kind for image in strata.open(tmp_path / "both").images] == ["image", "labels"]


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        (["--box", "z"], "box: found 'z', expected something like z=0:10.5,y=-3:20"),
        (["--voxels", "z=a:b"], "voxels: found 'a'"),
        (["--times", "3"], "times: found '3'"),
        (["--chunks", "8,x"], "chunks: found 'x'"),
        (["--codec", "lzw"], "codec: found 'lzw'"),
        (["--codec", "zstd:99"], "level of zstd"),
        (["--version", "0.3"], "version of OME-Zarr: found '0.3'"),
        (["--method", "sum"], "method: found 'sum'"),
        (["--format", "tiff"], "format: found 'tiff'"),
        (["--format", "zvf"], "format: found 'zvf', expected one of ome-zarr, cosem"),
        (["--version", "0.4", "--shards", "auto"], "0.4 has no shards"),
        (["--levels", "0"], "levels"),
    ],
)
@pytest.mark.parametrize("dry", [True, False])
def test_wishes_that_cannot_be_met(wishes, said, dry, source, tmp_path, capsys):
    last = ["--dry-run"] if dry else list(THREADS)
    code, out, err = run(capsys, "convert", source, tmp_path / "it", *wishes, *last)
    assert (code, out) == (2, "")
    assert err.startswith("napari-strata: ")
    assert err.count("\n") == 1
    assert said in err
    assert os.listdir(tmp_path) == ["src.zarr"]


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("src.zarr", "is exported"),
        ("src.zarr/c/new", "is exported"),
        ("nowhere/it", "there is no folder"),
        ("mine", "is only replaced if that is asked for: --replace"),
        ("http://host/it", "http not"),
    ],
)
def test_targets_that_are_refused(target, said, source, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    before = bytes_below(source)
    path = target if "://" in target else tmp_path / target
    code, out, err = run(capsys, "convert", source, path, *THREADS)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert bytes_below(source) == before
    assert sorted(os.listdir(tmp_path)) == ["mine", "src.zarr"]


@pytest.mark.parametrize("source", ["nothing-here", "http://127.0.0.1:9/x.zarr"])
def test_a_source_that_cannot_be_opened(source, tmp_path, capsys):
    code, out, err = run(capsys, "convert", source, tmp_path / "it")
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_a_damaged_chunk_is_named_and_can_be_resumed(source, tmp_path, capsys):
    chunk = source / "c/1/1/1"
    sound = chunk.read_bytes()
    chunk.write_bytes(b"damaged")
    arguments = ("convert", source, tmp_path / "it", "--chunks", "8,8,8", *THREADS)
    with small_blocks():
        code, out, err = run(capsys, *arguments)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "level 0, voxels" in err
    assert not (tmp_path / "it").exists()
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert "was broken off" in err
    assert err.endswith(": --resume or --restart\n")
    chunk.write_bytes(sound)
    with small_blocks():
        code, _, err = run(capsys, *arguments, "--resume")
    assert (code, err) == (0, "")
    assert np.array_equal(
        np.asarray(strata.open(tmp_path / "it").images[0].levels[0].data), specimen()
    )
    assert sorted(os.listdir(tmp_path)) == ["it", "src.zarr"]


def test_another_plan_is_not_resumed(source, tmp_path, capsys):
    chunk = source / "c/1/1/1"
    sound = chunk.read_bytes()
    chunk.write_bytes(b"damaged")
    run(capsys, "convert", source, tmp_path / "it", "--chunks", "8,8,8", *THREADS)
    chunk.write_bytes(sound)
    arguments = ("convert", source, tmp_path / "it", "--chunks", "16,16,16", *THREADS)
    code, _, err = run(capsys, *arguments, "--resume")
    assert (code, err.count("\n")) == (2, 1)
    assert re.search(r"level 0 of \S+: then .*chunks 8 × 8 × 8.*, now .*chunks 16 × 16 × 16", err)
    code, _, err = run(capsys, *arguments, "--restart")
    assert (code, err) == (0, "")
    assert sorted(os.listdir(tmp_path)) == ["it", "src.zarr"]


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_the_version(version, source, tmp_path, capsys):
    """What each writes may be replaced by the next."""
    arguments = ("convert", source, tmp_path / "it", "--version", version, *THREADS)
    for _ in range(2):
        code, _, err = run(capsys, *arguments, "--replace")
        assert (code, err) == (0, "")
        assert strata.open(tmp_path / "it").images[0].format == f"ome-zarr-{version}"


def test_the_format(source, tmp_path, capsys):
    arguments = ("convert", source, tmp_path / "it", "--format", "cosem", *THREADS)
    for _ in range(2):
        code, out, err = run(capsys, *arguments, "--replace")
        assert (code, err) == (0, "")
        assert "it: cosem, 1 image" in out
    (image,) = strata.open(tmp_path / "it").images
    assert image.format == "cosem"
    assert np.array_equal(np.asarray(image.levels[0].data), specimen())


def test_a_source_that_was_made_anew_is_not_resumed(source, tmp_path, capsys):
    chunk = source / "c/1/1/1"
    chunk.write_bytes(b"damaged")
    arguments = ("convert", source, tmp_path / "it", "--chunks", "8,8,8", *THREADS)
    run(capsys, *arguments)
    os.utime(source / "zarr.json", ns=(1, 1))
    code, _, err = run(capsys, *arguments, "--resume")
    assert (code, err.count("\n")) == (2, 1)
    assert re.search(r"the time \S+src\.zarr/ was made: then \d+, now 1", err)


def test_a_terminal_shows_how_far_it_is(source, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    code, _, err = run(capsys, "convert", source, tmp_path / "it", "--levels", "2", *THREADS)
    assert code == 0
    # (37·45·29 + 19·23·15)·2 bytes; the voxels of 1 are isotropic, so all axes are halved.
    assert "2 levels, 110 kB before compression" in err
    assert "100 %" in err
    assert "checking what was written" in err


def test_little_room_is_told_at_a_terminal(source, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr(place.shutil, "disk_usage", lambda path: usage)
    _, _, err = run(capsys, "convert", source, tmp_path / "it", *THREADS)
    assert "0.0 GB are free" in err


def test_replacing(source, tmp_path, capsys):
    zarr.create_group(tmp_path / "it")
    code, _, err = run(capsys, "convert", source, tmp_path / "it", "--replace", *THREADS)
    assert (code, err) == (0, "")
    assert strata.open(tmp_path / "it").images[0].format == "ome-zarr-0.5"
    (tmp_path / "it/thesis.docx").write_text("mine")
    before = bytes_below(tmp_path / "it")
    code, _, err = run(capsys, "convert", source, tmp_path / "it", "--replace", *THREADS)
    assert code == 2
    assert "thesis.docx" in err
    assert bytes_below(tmp_path / "it") == before


WITHOUT_VIEWER = """
import sys
from napari_strata.cli import main
try:
    main(sys.argv[1:])
except SystemExit as stop:
    assert not stop.code, stop.code
loaded = {name.partition(".")[0] for name in sys.modules}
print(sorted(loaded & {"napari", "qtpy", "PyQt6", "PySide6", "vispy", "distributed"}))
"""


def test_no_viewer_is_imported(source, tmp_path):
    command = [sys.executable, "-c", WITHOUT_VIEWER, "convert", str(source), str(tmp_path / "it")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert done.stderr == ""


STOPPED = """
import os, signal, sys, threading
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
from napari_strata import cli
from napari_strata.export.pixels import blocks
from napari_strata.export.pixels import engine
from napari_strata.export.run import BackgroundExport
blocks._LEAST_BYTES = 1
write, stop, heard = engine._Tally.add, BackgroundExport.cancel, threading.Event()
def add(tally, blocks):
    write(tally, blocks)
    if tally._done * 4 > tally._total and not heard.is_set():
        os.kill(os.getpid(), int(sys.argv[1]))
        assert heard.wait(60)  # else it might be done before the interrupt is
def cancel(job):
    stop(job)
    heard.set()
engine._Tally.add, BackgroundExport.cancel = add, cancel
cli.main(sys.argv[2:])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_stops_it_so_that_it_can_be_resumed(number, source, tmp_path, capsys):
    arguments = ["convert", str(source), str(tmp_path / "it"), "--chunks", "8,8,8", *THREADS]
    command = [sys.executable, "-c", STOPPED, str(int(number)), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert done.stderr == ("napari-strata: the export was cancelled; it can be resumed: --resume\n")
    assert leftover(tmp_path / "it") is not None
    with small_blocks():
        code, _, err = run(capsys, *arguments, "--resume")
    assert (code, err) == (0, "")


# ----------------------------------------------------------------------------------- the function


def test_exporting_images_and_datasets(tmp_path):
    found = strata.open(source_with_labels(tmp_path / "src.zarr"))
    done = strata.export(found, tmp_path / "all.zarr", scheduler="threads")
    assert (done.path, done.format) == (tmp_path.resolve() / "all.zarr", "ome-zarr-0.5")
    assert done.images == ("", "labels/cells")
    one = strata.export(found.images[0], tmp_path / "one.zarr", scheduler="threads")
    assert one.images == ("",)
    two = strata.export(list(found.images), tmp_path / "two.zarr", scheduler="threads")
    assert two.images == ("", "labels/cells")
    assert bytes_below(tmp_path / "two.zarr") == bytes_below(tmp_path / "all.zarr")


def test_an_image_of_a_dataset_is_taken_as_declared(tmp_path):
    image = strata.open(source_with_labels(tmp_path / "src.zarr")).images[0]
    (described,) = as_images(image)
    assert described.axes == image.axes
    assert [level.affine.tolist() for level in described.levels] == [
        [[8, 0, 0, 0], [0, 4, 0, 0], [0, 0, 4, 0], [0, 0, 0, 1]]
    ]
    assert (described.name, described.kind) == ("em", "image")


@pytest.mark.parametrize("layers", [[], "text", [1], None])
def test_what_is_no_layer(layers, tmp_path):
    with pytest.raises((ExportError, TypeError)):
        strata.export(layers, tmp_path / "it")
    assert os.listdir(tmp_path) == []


def test_an_unknown_wish(source, tmp_path):
    with pytest.raises(TypeError, match="colour"):
        strata.export(strata.open(source), tmp_path / "it", colour="red")


def test_cancelling(source, tmp_path):
    import threading

    stop = threading.Event()

    def progress(done, total):
        if done:
            stop.set()

    image = strata.open(source).images[0]
    wishes = {"chunks": (8, 8, 8), "scheduler": "threads"}
    with small_blocks(), pytest.raises(ExportCancelled):
        strata.export(image, tmp_path / "it", progress=progress, cancel=stop, **wishes)
    assert not (tmp_path / "it").exists()
    with small_blocks():
        strata.export(image, tmp_path / "it", resume=True, **wishes)
        strata.export(image, tmp_path / "whole", **wishes)
    assert bytes_below(tmp_path / "it") == bytes_below(tmp_path / "whole")


def test_a_failure_of_what_is_in_memory_leaves_nothing(tmp_path):
    class Failing:
        shape, dtype, ndim = (8, 8), np.dtype("u1"), 2

        def __getitem__(self, region):
            raise OSError("the microscope was switched off")

    from napari_strata.export.planning.layer_image import LayerImage, LayerLevel
    from napari_strata.model import Axis, Display

    axes = (Axis("y", "space", None), Axis("x", "space", None))
    image = LayerImage("live", "image", axes, (LayerLevel(Failing(), np.eye(3)),), Display())
    with pytest.raises(ExportError, match="switched off"):
        strata.export(image, tmp_path / "it", scheduler="threads")
    assert os.listdir(tmp_path) == []


def test_layers_are_exported_as_they_are(tmp_path):
    layers = pytest.importorskip("napari.layers")
    values = specimen()
    picture = layers.Image(values, name="em", scale=(4, 2, 2), translate=(1, 2, 3))
    done = strata.export(picture, tmp_path / "it", scheduler="threads")
    assert done.images == ("",)
    (image,) = strata.open(tmp_path / "it").images
    assert image.name == "em"
    assert image.levels[0].translate.tolist() == [1, 2, 3]
    assert np.array_equal(np.asarray(image.levels[0].data), values)


def test_another_kind_of_layer_is_named(tmp_path):
    layers = pytest.importorskip("napari.layers")
    with pytest.raises(ExportError, match="no place for points"):
        strata.export(
            layers.Points(np.ones((2, 3)), name="spots"), tmp_path / "it", format="ome-zarr"
        )
    assert os.listdir(tmp_path) == []


def test_what_was_computed_from_a_dataset_does_not_replace_it(source, tmp_path):
    layers = pytest.importorskip("napari.layers")
    metadata = {"strata": {"path": str(source)}}
    picture = layers.Image(specimen() > 2, name="mask", metadata=metadata)
    before = bytes_below(source)
    with pytest.raises(ExportError, match="is exported"):
        strata.export(picture, source, replace=True, scheduler="threads")
    assert bytes_below(source) == before


# ------------------------------------------------------------------------------ words to options


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        (options_text.box, "z=0:10.5,y=-3:20", {"z": (0.0, 10.5), "y": (-3.0, 20.0)}),
        (
            options_text.voxels,
            "z=0:64, y=:512,x=3:",
            {"z": (0, 64), "y": (None, 512), "x": (3, None)},
        ),
        (options_text.times, "0:10", (0, 10)),
        (options_text.times, ":", (None, None)),
        (options_text.factors, "2,2,2", (2, 2, 2)),
        (options_text.factors, "1,2,2;z=2,y=2", [(1, 2, 2), {"z": 2, "y": 2}]),
        (options_text.shards, "auto", True),
        (options_text.shards, "none", False),
        (options_text.shards, "z=64", {"z": 64}),
        (options_text.codec, "none", Codec("none", 0)),
        (options_text.codec, "zstd", Codec("zstd", 5)),
        (options_text.codec, "blosc:9", Codec("blosc", 9)),
    ],
)
def test_words(read, text, expected):
    assert read(text) == expected


@pytest.fixture
def annotated(tmp_path):
    """An image with points beside it."""
    from napari.layers import Image, Points

    folder = tmp_path / "in"
    folder.mkdir()
    em = Image(np.ones((8, 8, 8), np.uint8), name="em")
    points = Points([[1.0, 2.0, 3.0]], name="cells")
    return strata.export([em, points], folder / "a.ome.zarr", scheduler="threads").path


@pytest.mark.parametrize(
    ("wishes", "files", "said"),
    [
        ([], ["it.annotations", "it.zarr"], "it.annotations: its annotations"),
        (["--all"], ["it.annotations", "it.zarr"], "it.annotations: its annotations"),
        (["--image", ""], ["it.zarr"], None),
        (["--dry-run"], [], "annotations beside it: cells"),
        (["--dry-run", "--image", ""], [], None),
    ],
)
def test_annotations_go_with_all_of_a_dataset(wishes, files, said, annotated, tmp_path, capsys):
    code, out, err = run(capsys, "convert", annotated, tmp_path / "it.zarr", *wishes, *THREADS)
    assert (code, err) == (0, "")
    assert sorted(set(os.listdir(tmp_path)) - {"in"}) == files
    told = re.search(r"\S+: its annotations|annotations beside it.*", out)
    assert (said is None) == (told is None)
    assert said is None or said in out
    if "it.annotations" in files:
        (found,) = strata.open(tmp_path / "it.zarr").geometries
        assert (found.name, found.read().vertices.tolist()) == ("cells", [[1, 2, 3]])


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_annotations_that_have_no_place_are_told(dry, annotated, tmp_path, capsys):
    arguments = ("convert", annotated, tmp_path / "it.n5", "--format", "cosem", *dry, *THREADS)
    code, out, _ = run(capsys, *arguments)
    assert code == 0
    assert out.count("cells.zarrvectors: is not written: cosem has no place for it") == 1


def test_geometries_of_a_dataset_that_have_no_place_are_told(annotated, tmp_path):
    done = strata.export(strata.open(annotated), tmp_path / "it.n5", format="cosem")
    codes = [problem.code for problem in done.problems]
    assert codes.count("geometry-not-written") == 1


@pytest.mark.parametrize(
    ("target", "wishes", "said"),
    [
        ("it", ["--resume", "--restart"], "found both resume and restart"),
        ("it", ["--all", "--image", ""], "found both --all and --image"),
        ("it.n5", [], "ends in .n5, expected .zarr, as ome-zarr-0.5 is written"),
        ("it.n5", ["--dry-run"], "ends in .n5, expected .zarr, as ome-zarr-0.5 is written"),
        ("it.zarr", ["--format", "cosem"], "ends in .zarr, expected .n5, as cosem is written"),
    ],
)
def test_wishes_that_contradict_each_other(target, wishes, said, source, tmp_path, capsys):
    code, out, err = run(capsys, "convert", source, tmp_path / target, *wishes, *THREADS)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert os.listdir(tmp_path) == ["src.zarr"]


def test_a_resumed_export_of_voxels_that_changed_says_what_to_do(source, tmp_path, capsys):
    chunk = source / "c/4/5/3"  # the last corner, which is read last and looked at
    whole = chunk.read_bytes()
    chunk.write_bytes(b"damaged")
    arguments = ("convert", source, tmp_path / "it", "--chunks", "8,8,8", "--levels", "1", *THREADS)
    with small_blocks():
        run(capsys, *arguments)
        chunk.write_bytes(whole)
        stamp = os.stat(source / "zarr.json")
        zarr.open_array(source)[:8, :8, :8] = 60000
        os.utime(source / "zarr.json", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        code, _, err = run(capsys, *arguments, "--resume")
    assert (code, err.count("\n")) == (1, 1)
    assert "found other voxels" in err
    assert "if its source has changed since it was begun, restart it" in err
    assert not (tmp_path / "it").exists()


def test_what_is_in_memory_is_not_said_to_be_resumed(tmp_path):
    import threading

    from napari.layers import Image

    stop = threading.Event()
    stop.set()
    layer = Image(np.ones((8, 8), np.uint8), name="em")
    with pytest.raises(ExportCancelled, match="nothing of it is left"):
        strata.export(layer, tmp_path / "it", cancel=stop, scheduler="threads")
    assert os.listdir(tmp_path) == []
