"""The demo: a sample of every format in one viewer, and a check that each is where it belongs."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_strata.samples import Sample, write_samples

if TYPE_CHECKING:
    from collections.abc import Iterator

_WINDOW_SIZE = (1400, 950)
_PIXELS_PER_MICROMETRE = 12.0
_HALF_WINDOW = 5.0  # micrometres around a bead that are looked at
_TOLERANCE = 0.75  # micrometres; a bead is some voxels wide, and drawn as pixels
_BRIGHTNESS = 1.6  # of all layers together, where they are drawn over each other
_FAINTEST = 40  # of 255: what still counts as drawn


def run(folder: Path | None = None, screenshot: Path | None = None) -> str | None:
    """Write the samples, open them, and either show them or save a picture.

    Parameters
    ----------
    folder : where the samples are written and kept; else a temporary folder.
    screenshot : draw, check every layer, save a picture of the whole window here, and return.

    Returns
    -------
    What is wrong, in one line; None if nothing is.
    """
    reason = _no_window()
    if reason is not None:
        return reason
    import napari

    with _folder(folder) as place:
        try:
            samples = write_samples(place)
        except FileExistsError as error:
            return str(error)
        viewer = napari.Viewer(title="napari-strata demo", show=True)
        viewer.window.resize(*_WINDOW_SIZE)
        opened = open_samples(viewer, samples)
        if screenshot is None:
            napari.run()
            return None
        try:
            problem = check(viewer, opened)
            _arrange(viewer, [layer for _, layer in opened])
            save_picture(viewer, screenshot)
        except OSError as error:
            return f"{screenshot}: the picture cannot be saved: {error.strerror or error}"
        finally:
            viewer.close()
    return problem


def _no_window() -> str | None:
    """Say why no window can be opened; None if one can."""
    named = any(os.environ.get(v) for v in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    if sys.platform == "linux" and not named:  # Qt would end the process
        return "there is no display (DISPLAY is not set); try: xvfb-run napari-strata demo"
    try:
        import qtpy  # noqa: F401
    except ImportError as error:  # no binding is a subclass of it
        return f'no Qt for a window ({error}); install "napari-strata[all]"'
    return None


@contextmanager
def _folder(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="napari-strata-demo-") as name:
        yield Path(name)


def write_for(viewer: Any) -> tuple[Sample, ...]:
    """Write the samples to a temporary folder that goes when the viewer does."""
    folder = tempfile.mkdtemp(prefix="napari-strata-samples-")
    weakref.finalize(viewer, shutil.rmtree, folder, True)
    return write_samples(Path(folder))


def open_samples(viewer: Any, samples: tuple[Sample, ...]) -> list[tuple[Sample, Any]]:
    """Open every sample by this plugin; return each layer with its sample."""
    from napari_strata.layers.arrival import watch
    from napari_strata.layers.run import run_at_once

    watch(viewer, run_at_once)
    opened = []
    for sample in samples:
        for layer in viewer.open(str(sample.path), plugin="napari-strata"):
            layer.name = f"{sample.title}: {layer.name}"
            opened.append((sample, layer))
    _arrange(viewer, [layer for _, layer in opened])
    return opened


def _arrange(viewer: Any, layers: list[Any]) -> None:
    """Show layers over each other in additive colours: what is misplaced shows a fringe."""
    for layer in layers:
        layer.visible = True
        layer.blending = "additive"
        layer.opacity = min(1.0, _BRIGHTNESS / len(layers))
    viewer.dims.ndisplay = 2
    viewer.reset_view()
    _go_to(viewer, {"z": 48.0})


def _go_to(viewer: Any, place: dict[str, float]) -> None:
    """Move the sliders to a place in world coordinates, t to the start."""
    ndim = viewer.dims.ndim
    for index, name in enumerate("zyx", start=ndim - 3):
        if name in place:
            viewer.dims.set_point(index, place[name])
    for index in range(ndim - 3):
        viewer.dims.set_point(index, 0)


def check(viewer: Any, opened: list[tuple[Sample, Any]]) -> str | None:
    """Look at each layer alone: its bead must be drawn at its place; None if all are."""
    for sample, layer in opened:
        for other in viewer.layers:
            other.visible = other is layer
        layer.opacity = 1.0
        for landmark in sample.landmarks[:1]:
            problem = _misplaced_bead(viewer, dict(landmark))
            if problem is not None:
                return f"{layer.name}: {problem}"
    return None


def _misplaced_bead(viewer: Any, landmark: dict[str, float]) -> str | None:
    viewer.dims.ndisplay = 2
    _go_to(viewer, landmark)
    viewer.camera.center = (0.0, landmark["y"], landmark["x"])
    viewer.camera.zoom = _PIXELS_PER_MICROMETRE
    _draw()
    picture = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(float).max(axis=-1)
    middle = (np.array(picture.shape) - 1) / 2
    scale = _PIXELS_PER_MICROMETRE * _pixel_ratio(viewer, picture)
    half = int(_HALF_WINDOW * scale)
    row, column = np.round(middle).astype(int)
    window = picture[row - half : row + half + 1, column - half : column + half + 1]
    if window.size == 0 or picture.max() < _FAINTEST:
        return "the canvas is blank"
    if window.max() < _FAINTEST:
        return f"nothing is drawn at z, y, x = {list(landmark.values())} µm"
    bright = np.argwhere(window > 0.75 * window.max()).mean(axis=0)
    corner = np.array([row - half, column - half])
    off = (corner + bright - middle) / scale
    if np.abs(off).max() > _TOLERANCE:
        return (
            f"the bead at z, y, x = {list(landmark.values())} µm is drawn "
            f"{off[0]:+.2f}, {off[1]:+.2f} µm away (y, x)"
        )
    return None


def _pixel_ratio(viewer: Any, picture: Any) -> float:
    """Tell pixels of the picture from the canvas' own, which screens may scale."""
    canvas = viewer.window._qt_viewer.canvas.size
    return float(picture.shape[0] / canvas[0])


def _draw() -> None:
    from qtpy.QtWidgets import QApplication

    QApplication.processEvents()


def save_picture(viewer: Any, path: Path) -> None:
    """Save the whole window as it is drawn now."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _close_notifications()
    _draw()
    viewer.screenshot(str(path), canvas_only=False, flash=False)


def _close_notifications() -> None:
    """Take popups off the canvas, such as napari's remark on layers in pixels."""
    from qtpy.QtWidgets import QApplication, QDialog

    for widget in QApplication.allWidgets():
        if isinstance(widget, QDialog):
            widget.close()
