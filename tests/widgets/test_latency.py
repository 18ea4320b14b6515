"""Nothing of ours holds the window for more than 50 ms, at a server that takes 200 ms to answer.

`holds` says what counts. Each test has a counterpart in which the reading is done in the window's
thread on purpose: the measuring must find it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
import zarr
from far_server import FarServer
from holds import Holds
from napari.settings import get_settings
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QMimeData, QPointF, Qt, QThreadPool, QUrl
from qtpy.QtGui import QDropEvent

from formats.helpers import write_ome_04
from napari_strata.widgets import waiting
from napari_strata.widgets.browser.panel import BrowserPanel
from napari_strata.widgets.browser.reading import Reading
from napari_strata.widgets.inspector import levels as levels_part
from napari_strata.widgets.inspector.level_table import LOCK
from napari_strata.widgets.inspector.panel import InspectorPanel

pytestmark = pytest.mark.window

LIMIT = 50  # milliseconds
LONG = 60_000  # milliseconds
GROUPS = 300


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FarServer]:
    """Serves ``a.zarr``: every second voxel of level 0 is level 1's, which napari misplaces.

    And ``many.zarr``: it again, as ``image``, beside so many empty groups.
    """
    levels = {
        "0": ((8, 256, 256), {"scale": [2, 1, 1]}),
        "1": ((4, 128, 128), {"scale": [4, 2, 2]}),
    }
    for image in ("a.zarr", "many.zarr/image"):
        write_ome_04(tmp_path / image, levels)
        for level, (shape, _) in levels.items():  # in chunks that are not all seen at once
            ones = np.ones(shape, np.uint8)
            place = tmp_path / image / level
            zarr.create_array(place, data=ones, chunks=(1, 64, 64), zarr_format=2, overwrite=True)
    for folder in ("", *(f"group{number:03}" for number in range(GROUPS))):
        place = tmp_path / "many.zarr" / folder
        place.mkdir(exist_ok=True)
        (place / ".zgroup").write_text(json.dumps({"zarr_format": 2}))
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
    qtbot.wait(0)  # what the last thread has handed over


def assert_free(holds: Holds) -> None:
    assert holds.all, "nothing of ours was called"
    assert holds.longer_than(LIMIT) == []
    if get_settings().experimental.async_:
        assert holds.longer_than(LIMIT, drawing=True) == []


def test_dropping(viewer: Any, server: FarServer, qtbot: QtBot):
    """Also what the inspector does with the new layer."""
    panel = InspectorPanel.open_in(viewer)
    with Holds() as holds:
        drop(viewer, f"{server.url}/a.zarr")
        settle(viewer, qtbot)
    (layer,) = viewer.layers
    assert layer.level_shapes.tolist() == [[8, 256, 256], [4, 128, 128]]
    assert server.asked > 3
    assert panel.levels.table.rowCount() == 2
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


# ------------------------------------------------------------------------------ locking


def click(panel: InspectorPanel, row: int, column: int, qtbot: QtBot) -> None:
    """Click a cell of the table of levels."""
    table = panel.levels.table
    table.scrollTo(table.model().index(row, column))
    place = table.visualItemRect(table.item(row, column)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)


@pytest.fixture
def inspector(viewer: Any, server: FarServer, qtbot: QtBot) -> InspectorPanel:
    """The panel, with the far dataset opened in the viewer."""
    panel = InspectorPanel.open_in(viewer)
    drop(viewer, f"{server.url}/a.zarr")
    settle(viewer, qtbot)
    qtbot.waitUntil(lambda: not panel.background.awaited(), timeout=LONG)
    return panel


def test_locking(viewer: Any, server: FarServer, inspector: InspectorPanel, qtbot: QtBot):
    (layer,) = viewer.layers
    other = 1 - layer.data_level
    with Holds() as holds:
        before = server.asked
        click(inspector, other, LOCK, qtbot)
        settle(viewer, qtbot)
        locked = layer.locked_data_level, layer.data_level
        inspector.levels.boxes_box.setChecked(True)
        viewer.dims.ndisplay = 3
        settle(viewer, qtbot)
        click(inspector, other, LOCK, qtbot)
        settle(viewer, qtbot)
    assert locked == (other, other)
    assert layer.locked_data_level is None
    assert inspector.levels.boxes.layer is layer
    assert server.asked > before
    assert_free(holds)


def test_locking_would_be_found(
    viewer: Any,
    server: FarServer,
    inspector: InspectorPanel,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
):
    """What a lock costs, looked up at the server."""

    def cost(*_: object) -> int:
        with urlopen(f"{server.url}/a.zarr/.zattrs") as answer:
            return len(answer.read())

    monkeypatch.setattr(levels_part, "lock_cost", cost)
    with Holds() as holds:
        click(inspector, 1, LOCK, qtbot)
    settle(viewer, qtbot)
    (found,) = holds.longer_than(3 * LIMIT)
    assert "level_table.py:LevelTable._clicked" in found


# ----------------------------------------------------------------------------- browsing


def browse(panel: BrowserPanel, server: FarServer, qtbot: QtBot) -> None:
    """Connect, scroll to the end, filter, look at the image, and open it."""

    def settled() -> None:
        qtbot.waitUntil(lambda: panel.is_settled, timeout=LONG)

    panel.connect_to(f"{server.url}/many.zarr")
    settled()
    root = panel.model.index(0, 0)
    while panel.model.canFetchMore(root):
        panel.model.fetchMore(root)
        settled()
    panel.tree.scrollToBottom()
    settled()
    assert panel.model.rowCount(root) == GROUPS + 1
    panel.filter.setText("image")
    settled()
    root = panel.model.index(0, 0)  # the filter made the model anew
    rows = [panel.model.index(row, 0, root) for row in range(panel.model.rowCount(root))]
    (image,) = [index for index in rows if index.data() == "image"]
    panel.tree.setCurrentIndex(image)
    settled()
    panel.open_button.click()
    settled()


def test_browsing(viewer: Any, server: FarServer, qtbot: QtBot):
    panel = BrowserPanel.open_in(viewer)
    with Holds() as holds:
        browse(panel, server, qtbot)
        settle(viewer, qtbot)
    (layer,) = viewer.layers
    assert layer.level_shapes.tolist() == [[8, 256, 256], [4, 128, 128]]
    assert server.asked > 10
    assert_free(holds)


def test_browsing_would_be_found(
    viewer: Any, server: FarServer, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
):
    def at_once(_self: Any, _subject: Any, work: Any, done: Any, _failed: Any) -> None:
        done(work(lambda: False))

    monkeypatch.setattr(Reading, "run", at_once)
    panel = BrowserPanel.open_in(viewer)
    with Holds() as holds:
        panel.connect_to(f"{server.url}/many.zarr")
    (found, *_) = holds.longer_than(3 * LIMIT)
    assert "browser/panel.py:BrowserPanel.connect_to" in found
