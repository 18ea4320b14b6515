"""The demo: its picture, and that it notices a layer that is misplaced or blank."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = "from napari_strata.cli import main; main()"
# Each is run before the demo: what a broken reader would make of the samples.
SPOILT = {
    "misplaced": """
        layer.translate = layer.translate + ([0] * (layer.ndim - 1) + [3.0])
    """,
    "blank": """
        layer.contrast_limits = (1e6, 2e6)
    """,
    "empty": """
        layer.translate = layer.translate + 1e4
    """,
}
PATCH = """
from napari_strata import demo
original = demo.open_samples
def open_samples(viewer, samples):
    opened = original(viewer, samples)
    layer = opened[3][1]
    {change}
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
@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_layer_is_noticed(name: str, tmp_path: Path):
    before = PATCH.format(change=SPOILT[name].strip())
    done = demo(tmp_path, "--screenshot", str(tmp_path / "picture.png"), before=before)
    assert done.returncode == 1, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("napari-strata: "), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.window
def test_a_picture_that_cannot_be_saved(tmp_path: Path):
    (tmp_path / "file").write_text("")
    done = demo(tmp_path, "--screenshot", str(tmp_path / "file/picture.png"))
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
