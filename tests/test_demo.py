"""The demo: its picture, and that it notices a layer that is misplaced or blank."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_strata import demo as demo_module
from napari_strata.samples import Sample, write_sample

RUN = "from napari_strata.cli import main; main()"
# Each is run before the demo, which then shows two samples only.
TWO = """
from napari_strata import demo, samples
demo.write_samples = lambda folder: tuple(
    samples.write_sample(name, folder) for name in ("n5-array", "ome-zarr-0.4")
)
"""
PATCH = """
original = demo.open_samples
def open_samples(viewer, samples):
    opened = original(viewer, samples)
    opened[0][1].visible = False
    opened[0][1].translate = [0, 0, 1e4]
    return opened
demo.open_samples = open_samples
"""


def demo(folder: Path, *arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    script = f"import sys\n{before}\n{RUN}"
    return subprocess.run(
        [sys.executable, "-c", script, "demo", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"NAPARI_CONFIG": ""},
        timeout=240,
        check=False,
    )


@pytest.mark.window
def test_a_picture_of_the_whole_window(tmp_path: Path):
    picture = tmp_path / "new/picture.png"
    kept = tmp_path / "kept"
    done = demo(tmp_path, "--screenshot", str(picture), "--folder", str(kept))
    assert done.returncode == 0, done.stderr
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG\r\n")
    assert len(data) > 10_000
    names = {path.name.split(".n5")[0].split(".zarr")[0] for path in kept.iterdir()}
    assert {"neuroglancer-n5", "n5-viewer", "bdv-n5", "n5-array", "cosem"} <= names
    assert {"ome-zarr-0.4", "ome-zarr-0.5", "zarr-array"} <= names


@pytest.mark.window
def test_a_layer_that_is_elsewhere_ends_the_demo(tmp_path: Path):
    done = demo(tmp_path, "--screenshot", str(tmp_path / "picture.png"), before=TWO + PATCH)
    assert done.returncode == 1, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("napari-strata: "), done.stderr
    assert "Traceback" not in done.stderr


def moved(layer: Any, distance: float) -> None:
    layer.translate = layer.translate + np.array([*[0] * (layer.ndim - 1), distance])


def blank(layer: Any) -> None:
    layer.contrast_limits_range = (0, 2e6)
    layer.contrast_limits = (1e6, 2e6)


SPOILT: dict[str, tuple[Callable[[Any], None], str]] = {
    "not at all": (lambda layer: None, "None"),
    "misplaced": (
        lambda layer: moved(layer, 3.0),
        r"drawn [+-]0\.\d+, \+(2\.[5-9]|3\.)\d* µm away",
    ),
    "blank": (blank, "the canvas is blank"),
    "empty": (lambda layer: moved(layer, 1e4), "the canvas is blank"),
}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Sample, Sample]:
    folder = tmp_path_factory.mktemp("two")
    return write_sample("n5-array", folder), write_sample("ome-zarr-0.4", folder)


@pytest.mark.window
@pytest.mark.filterwarnings("ignore:viewer.camera is a deprecated attribute:DeprecationWarning")
@pytest.mark.parametrize(("spoil", "said"), SPOILT.values(), ids=SPOILT)
def test_a_spoilt_layer_is_noticed(
    spoil: Callable[[Any], None], said: str, two: tuple[Sample, Sample], shared_viewer: Any
):
    """As a broken reader would open it; the layer of another sample lies over it."""
    opened = demo_module.open_samples(shared_viewer, two)
    spoil(opened[0][1])
    problem = demo_module.check(shared_viewer, opened)
    assert re.search(said, str(problem)), problem
    assert problem is None or problem.startswith(f"{opened[0][1].name}: ")


@pytest.mark.window
def test_a_picture_that_cannot_be_saved(tmp_path: Path):
    (tmp_path / "file").write_text("")
    picture = str(tmp_path / "file/picture.png")
    done = demo(tmp_path, "--screenshot", picture, before=TWO)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("napari-strata: ")


@pytest.mark.window
def test_a_folder_with_samples_is_not_written_over(tmp_path: Path):
    (tmp_path / "cosem.n5").mkdir()
    done = demo(tmp_path, "--folder", str(tmp_path), "--screenshot", str(tmp_path / "a.png"))
    assert done.returncode == 1
    assert "cosem.n5: a sample is there already" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
def test_without_a_display(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    done = demo(tmp_path, "--screenshot", str(tmp_path / "picture.png"))
    assert done.returncode == 1, done
    assert "display" in done.stderr.splitlines()[-1]
