"""Nothing of ours holds the window for more than 50 ms, at a server that takes 200 ms to answer.

`holds` says what counts. Each test has a counterpart in which the reading is done in the window's
thread on purpose: the measuring must find it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from far_server import FarServer
from holds import Holds
from napari.settings import get_settings
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QMimeData, QPointF, Qt, QThreadPool, QUrl
from qtpy.QtGui import QDropEvent

from formats.helpers import write_ome_04
from napari_strata.widgets import waiting

pytestmark = pytest.mark.window

LIMIT = 50  # milliseconds
LONG = 60_000  # milliseconds


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FarServer]:
    """Serves ``a.zarr``: every second voxel of level 0 is level 1's, which napari misplaces."""
    levels = {
        "0": ((8, 256, 256), {"scale": [2, 1, 1]}),
        "1": ((4, 128, 128), {"scale": [4, 2, 2]}),
    }
    write_ome_04(tmp_path / "a.zarr", levels)
    found = FarServer(tmp_path)
    yield found
    found.close()


@pytest.fixture(params=["sync", "async"])
def viewer(
    server: FarServer, request: pytest.FixtureRequest, make_napari_viewer: Callable[..., Any]
) -> Iterator[Any]:
    """A window; with asynchronous slicing, pixels are not read in its thread either."""
    slicing, plugins = get_settings().experimental, get_settings().plugins
    slicing.async_ = request.param == "async"
    # As if the user had chosen it for good: else napari asks, where other readers are installed.
    plugins.extension2reader = {"*": "napari-strata"}
    yield make_napari_viewer(show=True)
    slicing.async_ = False
    plugins.extension2reader = {}


def drop(viewer: Any, url: str) -> None:
    """Let go of a link over the canvas."""
    data = QMimeData()
    data.setUrls([QUrl(url)])
    event = QDropEvent(
        QPointF(100, 100),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    viewer.window._qt_viewer.dropEvent(event)


def settle(viewer: Any, qtbot: QtBot) -> None:
    """Let Qt turn until all layers show what they should, and nothing is read any more."""
    pool = QThreadPool.globalInstance()

    def settled() -> bool:
        loaded = bool(viewer.layers) and all(layer.loaded for layer in viewer.layers)
        return loaded and pool.activeThreadCount() == 0

    qtbot.waitUntil(settled, timeout=LONG)


def assert_free(holds: Holds) -> None:
    assert holds.all, "nothing of ours was called"
    assert holds.longer_than(LIMIT) == []
    if get_settings().experimental.async_:
        assert holds.longer_than(LIMIT, drawing=True) == []


def test_dropping(viewer: Any, server: FarServer, qtbot: QtBot):
    with Holds() as holds:
        drop(viewer, f"{server.url}/a.zarr")
        settle(viewer, qtbot)
    (layer,) = viewer.layers
    assert layer.level_shapes.tolist() == [[8, 256, 256], [4, 128, 128]]
    assert server.asked > 3
    assert_free(holds)


def test_dropping_would_be_found(
    viewer: Any, server: FarServer, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(waiting, "wait_for", lambda work, _window=None: work())
    with Holds() as holds:
        drop(viewer, f"{server.url}/a.zarr")
        settle(viewer, qtbot)
    (found, *_) = holds.longer_than(4 * LIMIT)
    assert "plugin.py:read" in found
