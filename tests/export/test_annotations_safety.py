"""A dataset and its annotations come and go together, whatever happens in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from napari.layers import Image, Points
from tests.export.killed_annotations import layers

import napari_strata as strata
from napari_strata.export.errors import ExportCancelled, ExportError
from napari_strata.export.geometries import annotations_place
from napari_strata.export.safety.stage_folder import LeftoverError, Stage

OLD, NEW = (1.0, 1.0, 1.0), (2.0, 2.0, 2.0)
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    pixels = Image(np.arange(64, dtype=np.uint8).reshape(4, 4, 4), scale=NEW, name="em")
    return strata.export(pixels, tmp_path_factory.mktemp("source") / "em.ome.zarr").path


def old_pair(target: Path) -> None:
    pixels = Image(np.zeros((4, 4, 4), np.uint8), scale=OLD, name="em")
    strata.export([pixels, Points([[9.0, 9.0, 9.0]], name="old")], target)


def state(target: Path) -> tuple[tuple[float, ...] | None, str | None]:
    """Which dataset is there, by its scale; and which annotations, by the points' name."""
    folder = target.with_name("a.annotations")
    scale = tuple(strata.open(target).images[0].levels[0].scale) if target.exists() else None
    name = strata.open(folder).geometries[0].name if folder.exists() else None
    return scale, name


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def killed(source: Path, target: Path, when: str, replace: bool) -> None:
    script = "tests.export.killed_annotations"
    said = "replace" if replace else "new"
    command = [sys.executable, "-m", script, str(source), str(target), when, said]
    done = subprocess.run(command, cwd=HERE.parents[1], check=False)
    assert done.returncode == -signal.SIGKILL


PAIR = ["a.annotations", "a.ome.zarr"]
BEFORE = {False: (None, None), True: (OLD, "old")}
KILLS = [
    ("before", False, (None, None)),
    ("between", False, (None, "new")),
    ("after", False, (NEW, "new")),
    ("between", True, (OLD, "new")),
    ("after", True, (NEW, "new")),
]


@pytest.mark.parametrize(("when", "replace", "left"), KILLS, ids=lambda v: str(v))
def test_resumed_after_a_kill(tmp_path, source, when, replace, left):
    target = tmp_path / "a.ome.zarr"
    if replace:
        old_pair(target)
    killed(source, target, when, replace)
    assert state(target) == left
    if when == "between" and replace:
        assert [p.code for p in strata.open(target).problems] == ["annotations-older"]
    done = strata.export(layers(source), target, replace=replace, resume=True)
    assert state(target) == (NEW, "new")
    assert strata.open(target).problems == ()
    assert names(tmp_path) == PAIR
    assert done.annotations == tmp_path / "a.annotations"


@pytest.mark.parametrize("replace", [False, True])
def test_undone_after_a_kill_in_between(tmp_path, source, replace):
    """Whoever exports there next, even if it is refused, finds both as they were before."""
    target = tmp_path / "a.ome.zarr"
    if replace:
        old_pair(target)
    killed(source, target, "between", replace)
    with pytest.raises(LeftoverError, match="resume it, or restart"):
        strata.export(layers(source, "other"), target, replace=False)
    assert state(target) == BEFORE[replace]
    strata.export(layers(source, "other"), target, replace=replace, restart=True)
    assert state(target) == (NEW, "other")
    assert names(tmp_path) == PAIR


def test_dataset_that_cannot_be_placed_takes_its_annotations_back(tmp_path, source, monkeypatch):
    place, calls = Stage.place, []

    def failing(stage: Stage) -> None:
        calls.append(stage.target.name)
        if stage.target.name == "a.ome.zarr":
            raise OSError("the disk was pulled out")
        place(stage)

    target = tmp_path / "a.ome.zarr"
    old_pair(target)
    monkeypatch.setattr(Stage, "place", failing)
    with pytest.raises(OSError, match="pulled out"):
        strata.export(layers(source), target, replace=True)
    assert calls == PAIR
    assert state(target) == (OLD, "old")
    assert names(tmp_path) == [".a.ome.zarr.partial", *PAIR]


def test_without_exchange_of_names(tmp_path, source, monkeypatch):
    """Where the system cannot exchange folders, they are moved one after the other."""
    from napari_strata.export.safety import exchange

    monkeypatch.setattr(exchange, "_rename_linux", lambda *_: False)
    target = tmp_path / "a.ome.zarr"
    old_pair(target)
    place = Stage.place

    def failing(stage: Stage) -> None:
        if stage.target.name == "a.ome.zarr":
            raise OSError("no")
        place(stage)

    with monkeypatch.context() as patch:
        patch.setattr(Stage, "place", failing)
        with pytest.raises(OSError, match="no"):
            strata.export(layers(source), target, replace=True)
    assert state(target) == (OLD, "old")
    strata.export(layers(source), target, replace=True, restart=True)
    assert state(target) == (NEW, "new")
    assert names(tmp_path) == PAIR


def test_cancelled(tmp_path, source):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(ExportCancelled):
        strata.export(layers(source), tmp_path / "a.ome.zarr", cancel=cancel)
    assert not (tmp_path / "a.annotations").exists()
    assert not (tmp_path / ".a.annotations.partial").exists()


def test_annotations_are_not_replaced_unasked(tmp_path, source):
    target = tmp_path / "a.ome.zarr"
    strata.export(layers(source), target)
    target.rename(tmp_path / "b.ome.zarr")
    with pytest.raises(ExportError, match=r"a\.annotations is there already"):
        strata.export(layers(source, "other"), target)
    assert names(tmp_path) == ["a.annotations", "b.ome.zarr"]
    strata.export(layers(source, "other"), target, replace=True)
    assert state(target) == (NEW, "other")


def foreign_file(folder: Path) -> None:
    (folder / "thesis.docx").write_text("years of work")


def foreign_in_store(folder: Path) -> None:
    (folder / "new.zarrvectors" / "0" / "notes.txt").write_text("years of work")


def unlisted_store(folder: Path) -> None:
    (folder / "mine.zarrvectors").mkdir()


def no_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def linked(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to(folder.with_name("elsewhere"))


FOREIGN = {
    "file": (foreign_file, "holds thesis.docx"),
    "in a store": (foreign_in_store, "holds new.zarrvectors/0/notes.txt"),
    "store": (unlisted_store, "holds mine.zarrvectors"),
    "no manifest": (no_manifest, "no annotations of ours"),
    "link": (linked, "no annotations of ours"),
}


@pytest.fixture(scope="module")
def written(source, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    strata.export(layers(source), folder / "a.ome.zarr")
    return folder


@pytest.mark.parametrize(("change", "message"), FOREIGN.values(), ids=FOREIGN)
def test_what_is_foreign_is_never_replaced(tmp_path, source, written, change, message):
    import shutil

    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    change(tmp_path / "a.annotations")
    before = {p: p.lstat().st_mtime_ns for p in tmp_path.rglob("*")}
    with pytest.raises(ExportError, match=message):
        strata.export(layers(source, "other"), tmp_path / "a.ome.zarr", replace=True)
    assert {p: p.lstat().st_mtime_ns for p in tmp_path.rglob("*")} == before


def test_annotations_of_the_other_suffix_are_not_replaced(tmp_path, source):
    strata.export(layers(source), tmp_path / "a.ome.zarr")
    with pytest.raises(ExportError, match=r"belongs to a dataset called …\.ome\.zarr"):
        strata.export(layers(source), tmp_path / "a.zarr", replace=True)
    assert names(tmp_path) == PAIR


def test_annotations_stay_where_only_the_image_is_replaced(tmp_path, source):
    target = tmp_path / "a.ome.zarr"
    old_pair(target)
    done = strata.export(strata.open(source).images, target, replace=True)
    assert [(p.code, p.severity) for p in done.problems] == [("annotations-kept", "warning")]
    assert state(target) == (NEW, "old")
    assert [p.code for p in strata.open(target).problems] == ["annotations-older"]


def test_a_store_that_is_written_wrong_leaves_nothing(tmp_path, source, monkeypatch):
    from napari_strata.export import annotations_beside

    def wrong(folder, entries):
        raise ExportError("not the same")

    monkeypatch.setattr(annotations_beside, "_verify", wrong)
    with pytest.raises(ExportError, match="not the same"):
        strata.export(layers(source), tmp_path / "a.ome.zarr")
    assert names(tmp_path) == [".a.ome.zarr.partial"]


def test_lock_of_a_running_export(tmp_path, source):
    from napari_strata.export.safety.lock import Lock, Locked

    partial = tmp_path / ".a.annotations.partial"
    partial.mkdir()
    lock = Lock(partial / "lock")
    try:
        with pytest.raises(Locked):
            strata.export(layers(source), tmp_path / "a.ome.zarr")
    finally:
        lock.release()
    assert not (tmp_path / "a.ome.zarr").exists()
    assert annotations_place.folder_beside(tmp_path / "a.ome.zarr").name == "a.annotations"
