"""The pictures in ``docs/images``, taken of real windows; run by ``python3 dev.py docs-images``.

    docs/screenshots.py             all of them
    docs/screenshots.py browser     one, by its name

Every picture begins with fresh samples, napari's own settings and an empty history, so that it
looks the same on every machine.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

IMAGES = Path(__file__).resolve().parent / "images"
SIZE = (1280, 860)
PATIENCE = 60  # seconds for what a window reads


def take(names: list[str]) -> int:
    """Take pictures by name, all if none is named; return an exit code."""
    unknown = sorted(set(names) - PICTURES.keys())
    if unknown:
        sys.stderr.write(
            f"there is no picture {', '.join(unknown)}; there are: {', '.join(PICTURES)}\n"
        )
        return 2
    with _nobodys_settings():
        for name in names or list(PICTURES):
            picture = IMAGES / f"{name}.png"
            with _samples() as samples:
                PICTURES[name](samples, picture)
            sys.stdout.write(f"{picture.relative_to(IMAGES.parent.parent)}\n")
            sys.stdout.flush()
    return 0


@contextmanager
def _nobodys_settings() -> Iterator[None]:
    """Leave out what whoever runs this has set in napari, in Qt and in our panels."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["NAPARI_CONFIG"] = ""
        os.environ["XDG_CONFIG_HOME"] = folder
        yield


@contextmanager
def _samples() -> Iterator[Path]:
    """Write the samples where the paths that are seen are short, if nothing is there yet."""
    from napari_strata.samples import write_samples

    folder = Path(tempfile.gettempdir()) / "samples"
    try:
        folder.mkdir()
    except FileExistsError:
        folder = Path(tempfile.mkdtemp()) / "samples"
    try:
        write_samples(folder)
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _window(theme: str = "dark") -> Iterator[Any]:
    import napari
    from napari.settings import get_settings

    get_settings().appearance.theme = theme
    viewer = napari.Viewer(title="napari", show=True)
    viewer.window.resize(*SIZE)
    try:
        yield viewer
    finally:
        viewer.close()


def _open(viewer: Any, *paths: Path) -> list[Any]:
    layers = []
    for path in paths:
        layers += viewer.open(str(path), plugin="napari-strata")
    return layers


def _settle(*backgrounds: Any) -> None:
    """Let Qt turn until panels and layers have read what they show, and are drawn.

    ``backgrounds`` are the panels'.
    """
    from qtpy.QtCore import QThreadPool

    pool = QThreadPool.globalInstance()
    _until(lambda: not pool.activeThreadCount() and not any(each.awaited() for each in backgrounds))


def _until(quiet: Callable[[], bool]) -> None:
    """Let Qt turn until nothing has happened for a while."""
    from qtpy.QtWidgets import QApplication

    end, turns = time.monotonic() + PATIENCE, 0
    while turns < 20:
        QApplication.processEvents()
        time.sleep(0.02)
        turns = turns + 1 if quiet() else 0
        if time.monotonic() > end:
            sys.exit(f"the window still reads after {PATIENCE} seconds")


def _save(viewer: Any, picture: Path) -> None:
    from napari_strata.demo import save_picture

    save_picture(viewer, picture)


def _turn(viewer: Any) -> None:
    """Look at a volume from a corner, all of it."""
    from qtpy.QtWidgets import QApplication

    viewer.dims.ndisplay = 3
    QApplication.processEvents()  # a panel that was opened has made the canvas narrower
    viewer.reset_view()
    camera = getattr(viewer, "scene", viewer).camera  # napari 0.9 moved it
    camera.angles = (12, 32, 145)
    camera.zoom *= 0.75


def _demo(_samples: Path, picture: Path) -> None:
    from napari_strata import demo

    problem = demo.run(screenshot=picture)
    if problem is not None:
        sys.exit(f"the demo: {problem}")


def _geometries(samples: Path, picture: Path) -> None:
    from napari_strata.layers.geometry.view import show
    from napari_strata.widgets.geometry_panel import GeometryPanel

    with _window() as viewer:
        layers = _open(viewer, samples / "ome-zarr-0.5.zarr", samples / "zvf.zarrvectors")
        show(layers[-1], level=1)
        panel = GeometryPanel.open_in(viewer)
        viewer.layers.selection.active = layers[-1]
        _turn(viewer)
        _settle(panel.background)
        _save(viewer, picture)


def _export(samples: Path, picture: Path) -> None:
    from napari_strata.widgets.export.panel import ExportPanel

    with _window() as viewer:
        layers = _open(viewer, samples / "cosem.n5")
        for layer in layers:
            layer.visible = "mito_pred" not in layer.name
        viewer.layers.selection = {layer for layer in layers if layer.visible}
        panel = ExportPanel.open_in(viewer)
        panel.selected.click()
        _settle(panel.background)
        _save(viewer, picture)


def _inspector(samples: Path, picture: Path) -> None:
    from napari_strata.widgets.inspector.panel import InspectorPanel

    with _window() as viewer:
        layers = _open(viewer, samples / "cosem.n5")
        image = layers[0]
        for layer in layers[1:]:
            layer.visible = False
        panel = InspectorPanel.open_in(viewer)
        viewer.layers.selection.active = image
        _turn(viewer)
        panel.levels.boxes_box.setChecked(True)
        panel.sections[panel.origins].expand(animate=False)
        _settle(panel.background)
        _save(viewer, picture)


def _browser(samples: Path, picture: Path) -> None:
    from napari_strata.widgets.browser.panel import open_panel

    with _window() as viewer:
        panel = open_panel(viewer, str(samples))
        _until(lambda: panel.is_settled)
        for name in ("cosem.n5", "em", "fibsem-uint8"):
            _choose(panel, name)
        panel.open_button.click()
        _until(lambda: panel.is_settled)
        _settle()
        _save(viewer, picture)


def _choose(panel: Any, name: str) -> None:
    """Select the entry of a name in the browser, unfolded."""
    from qtpy.QtCore import QModelIndex, Qt

    model = panel.model
    (found, *_) = model.match(
        model.index(0, 0, QModelIndex()),
        Qt.ItemDataRole.DisplayRole,
        name,
        1,
        Qt.MatchFlag.MatchExactly | Qt.MatchFlag.MatchRecursive,
    )
    panel.tree.setCurrentIndex(found)
    panel.tree.expand(found)
    _until(lambda: panel.is_settled)


PICTURES: dict[str, Callable[[Path, Path], None]] = {
    "demo": _demo,
    "geometries": _geometries,
    "export": _export,
    "inspector": _inspector,
    "browser": _browser,
}


if __name__ == "__main__":
    sys.exit(take(sys.argv[1:]))
