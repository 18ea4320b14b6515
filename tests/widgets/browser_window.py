"""A browser in a window, what it shows, and containers to browse."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import QModelIndex, QSettings

from formats.helpers import write_ome_04
from napari_strata.store.backend import LocalBackend
from napari_strata.widgets.browser.panel import BrowserPanel, open_panel


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path) -> None:
    """Keep the history of addresses apart from the developer's own."""
    place = str(tmp_path / "settings")
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, place)


@pytest.fixture
def viewer(new_viewer: Callable[[], Any]) -> Any:
    viewer = new_viewer()
    viewer.window._qt_window.resize(1200, 1000)
    return viewer


@pytest.fixture
def group(tmp_path: Path) -> Path:
    return write_group(tmp_path / "a.zarr", "cells", "nuclei", "walls")


class Requests:
    """What is read and listed of local folders; all of it can be held back.

    Attributes
    ----------
    files, folders : what was asked for.
    open : lets requests through; cleared, they wait.
    """

    def __init__(self) -> None:
        self.files: list[str] = []
        self.folders: list[str] = []
        self.open = threading.Event()
        self.open.set()

    def wait(self) -> None:
        assert self.open.wait(60)


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Iterator[Requests]:
    log = Requests()
    read, listed = LocalBackend.read_many, LocalBackend.list

    def read_many(self: LocalBackend, keys: Any) -> Any:
        log.files.extend(keys)
        log.wait()
        return read(self, keys)

    def list_(self: LocalBackend, key: str) -> Any:
        log.folders.append(key)
        log.wait()
        return listed(self, key)

    monkeypatch.setattr(LocalBackend, "read_many", read_many)
    monkeypatch.setattr(LocalBackend, "list", list_)
    yield log
    log.open.set()


def write_image(folder: Path, scale: tuple[float, float], place: tuple[float, float]) -> Path:
    """Write an image of two levels in µm; level 1 is where every second voxel of level 0 is."""
    half = [2 * s for s in scale]
    levels = {
        "0": ((8, 12), {"scale": list(scale), "translation": list(place)}),
        "1": ((4, 6), {"scale": half, "translation": list(place)}),
    }
    write_ome_04(folder, levels, axes="yx")
    attributes = json.loads((folder / ".zattrs").read_text())
    for axis in attributes["multiscales"][0]["axes"]:
        axis["unit"] = "micrometer"
    (folder / ".zattrs").write_text(json.dumps(attributes))
    return folder


def write_group(folder: Path, *names: str) -> Path:
    """Write images 1, 2, 3, … µm away from world 0 along y, with voxels of 2 × 3 µm."""
    for number, name in enumerate(names, start=1):
        write_image(folder / name, (2, 3), (number, 0))
    (folder / ".zgroup").write_text('{"zarr_format": 2}')
    return folder


def settled(panel: BrowserPanel, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: panel.is_settled, timeout=60_000)


def connected(viewer: Any, path: Path | str, qtbot: Any) -> BrowserPanel:
    panel = open_panel(viewer, str(path))
    settled(panel, qtbot)
    return panel


def index(panel: BrowserPanel, *names: str) -> QModelIndex:
    """Give the index of an entry by the names on the way to it, the container left out."""
    at = panel.model.index(0, 0)
    for name in names:
        found = [panel.model.index(row, 0, at) for row in range(panel.model.rowCount(at))]
        at = next(each for each in found if each.data() == name)
    return at


def names(panel: BrowserPanel, *above: str) -> list[str]:
    at = index(panel, *above)
    return [panel.model.index(row, 0, at).data() for row in range(panel.model.rowCount(at))]


def row(panel: BrowserPanel, *above: str) -> list[str]:
    """Give the texts of a row."""
    at = index(panel, *above)
    return [at.siblingAtColumn(column).data() for column in range(panel.model.columnCount())]


def expand(panel: BrowserPanel, qtbot: Any, *above: str) -> None:
    panel.tree.expand(index(panel, *above))
    settled(panel, qtbot)


def select(panel: BrowserPanel, qtbot: Any, *paths: tuple[str, ...]) -> None:
    """Select entries as clicks with Ctrl do; the first one is clicked alone."""
    from qtpy.QtCore import Qt

    for number, path in enumerate(paths):
        at = index(panel, *path)
        panel.tree.scrollTo(at)
        how = Qt.KeyboardModifier.ControlModifier if number else Qt.KeyboardModifier.NoModifier
        place = panel.tree.visualRect(at).center()
        qtbot.mouseClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, how, place)
    settled(panel, qtbot)


def message(panel: BrowserPanel) -> str:
    shown = panel.message
    return str(shown.text.text()) if shown.isVisibleTo(panel) else ""
