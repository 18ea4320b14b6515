"""Editable copies from the inspector: which voxels, where they are, painting and exporting them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inspector_window import LONG, add, at, rest, said
from napari.layers import Image, Labels
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QThreadPool

import napari_strata as strata
from layers.layer_drawing import camera, drawn_position, settle
from layers.opened import VOXEL, write_06
from napari_strata.samples import Sample
from napari_strata.widgets.inspector import copying
from napari_strata.widgets.inspector.copying import ALL, PLANE, SHAPE, VIEW
from napari_strata.widgets.inspector.panel import InspectorPanel, open_panel

pytestmark = pytest.mark.window


@pytest.fixture
def viewer(new_viewer: Callable[[], Any]) -> Any:
    return new_viewer()


@pytest.fixture
def shown(viewer: Any, tmp_path: Path, qtbot: QtBot) -> tuple[InspectorPanel, Any]:
    """6 × 6 × 6 voxels of 2 × 3 × 5 µm, numbered from 1; level 1 half a voxel further on."""
    (layer,) = add(viewer, write_06(tmp_path / "i.zarr"))
    return _unfolded(viewer, qtbot), layer


def _unfolded(viewer: Any, qtbot: QtBot) -> InspectorPanel:
    panel = open_panel(viewer)
    panel.sections[panel.copying].expand()
    rest(panel, qtbot)
    settle(viewer)
    return panel


def copied(panel: InspectorPanel, viewer: Any, qtbot: QtBot, level: int, region: int) -> Any:
    """Copy; returns the new layer, which is selected."""
    panel.copying.level.setCurrentIndex(level)
    panel.copying.region.setCurrentIndex(region)
    before = list(viewer.layers)
    panel.copying.copy_button.click()
    rest(panel, qtbot)
    assert said(panel.copying) == ""
    (made,) = [layer for layer in viewer.layers if layer not in before]
    assert panel.layer is made
    return made


def test_all_of_a_level(shown: tuple[InspectorPanel, Any], viewer: Any, qtbot: QtBot):
    panel, layer = shown
    made = copied(panel, viewer, qtbot, 1, ALL)
    assert type(made) is Image
    assert not made.multiscale
    assert isinstance(made.data, np.ndarray)
    np.testing.assert_array_equal(made.data, np.asarray(layer.data[1]))
    assert at(made, [0, 0, 0]) == [1, 1.5, 2.5]
    assert at(made, [1, 1, 1]) == [5, 7.5, 12.5]
    assert viewer.layers.index(made) == viewer.layers.index(layer) + 1
    settle(viewer)
    np.testing.assert_allclose(drawn_position(viewer, made, [0, 1]), [1.5, 12.5], atol=1e-4)


def test_labels_are_painted_at_their_place(
    viewer: Any, samples: dict[str, Sample], tmp_path: Path, qtbot: QtBot
):
    layers = add(viewer, samples["cosem"].path)
    labels = next(x for x in layers if x.name == "mito_seg")
    segments = viewer.add_labels(
        [np.asarray(data) for data in labels.data], multiscale=True, name="theirs"
    )
    assert not segments.editable  # as multiscale labels are
    viewer.layers.remove(segments)
    viewer.layers.selection.active = labels
    panel = _unfolded(viewer, qtbot)
    made = copied(panel, viewer, qtbot, 1, ALL)
    assert type(made) is (Labels if isinstance(labels, Labels) else Image)
    # s1: 2400 × 2000 × 2000 nm from 30200, 44400, 43300 nm
    assert at(made, [0, 0, 0]) == [30.2, 44.4, 43.3]
    assert at(made, [1, 1, 1]) == [32.6, 46.4, 45.3]
    painted = (
        made
        if isinstance(made, Labels)
        else viewer.add_labels(
            made.data, scale=made.scale, translate=made.translate, units=made.units
        )
    )
    painted.paint((2, 3, 4), 9, refresh=False)
    assert painted.data[2, 3, 4] == 9
    strata.export([painted], tmp_path / "out.zarr")
    (image,) = strata.open(tmp_path / "out.zarr").images
    level = image.levels[0]
    assert int(np.asarray(level.data)[2, 3, 4]) == 9
    voxel = level.affine @ [2, 3, 4, 1]
    np.testing.assert_allclose(voxel[:3], [30.2 + 4.8, 44.4 + 6, 43.3 + 8])


def test_the_view(shown: tuple[InspectorPanel, Any], viewer: Any, qtbot: QtBot):
    panel, layer = shown
    _look_at_a_corner(viewer)
    made = copied(panel, viewer, qtbot, 0, VIEW)
    # y from 7 to 13 µm is voxels 3 and 4 (9, 12), x from 12 to 18 µm is voxel 3 (15)
    np.testing.assert_array_equal(made.data, np.asarray(layer.data[0])[:, 3:5, 3:4])
    assert at(made, [0, 0, 0]) == [0, 9, 15]


def _look_at_a_corner(viewer: Any) -> None:
    """Show y from 7 to 13 and x around 12 to 18, by a canvas of other sides."""
    height, width = viewer.window._qt_viewer.canvas.size
    camera(viewer).center = (10, 15)
    camera(viewer).zoom = height / 6
    settle(viewer)
    half = width / height * 3
    if half >= 5:  # a wide canvas: by its width
        camera(viewer).zoom = width / 6
        camera(viewer).center = (10.5, 15)
        settle(viewer)


def test_the_plane_that_is_shown(shown: tuple[InspectorPanel, Any], viewer: Any, qtbot: QtBot):
    panel, layer = shown
    camera(viewer).zoom /= 4  # the dock has made the canvas narrow
    viewer.dims.set_point(0, 6.0)  # voxel 3 of level 0; of level 1 the one at 5
    made = copied(panel, viewer, qtbot, 0, PLANE)
    np.testing.assert_array_equal(made.data, np.asarray(layer.data[0])[3:4])
    assert at(made, [0, 0, 0])[0] == 6
    viewer.layers.selection.active = layer
    made = copied(panel, viewer, qtbot, 1, PLANE)
    np.testing.assert_array_equal(made.data, np.asarray(layer.data[1])[1:2])
    assert at(made, [0, 0, 0]) == [5, 1.5, 2.5]


def test_a_drawn_shape(shown: tuple[InspectorPanel, Any], viewer: Any, qtbot: QtBot):
    panel, layer = shown
    shapes = viewer.add_shapes(
        [[[4, 2.5, 4], [4, 2.5, 11], [4, 6.5, 11], [4, 6.5, 4]]],
        ndim=3,
        units=("um",) * 3,
    )
    assert panel.layer is layer
    assert viewer.layers.selection.active is shapes
    made = copied(panel, viewer, qtbot, 0, SHAPE)
    # y: 3 and 6 µm, voxels 1 and 2; x: 5 and 10 µm, voxels 1 and 2; z is not limited
    np.testing.assert_array_equal(made.data, np.asarray(layer.data[0])[:, 1:3, 1:3])
    assert at(made, [0, 0, 0]) == [0, 3, 5]
    assert made.data[0, 0, 0] == 1 * 6 + 1 + 1


def test_without_a_shape_it_says_so(shown: tuple[InspectorPanel, Any], viewer: Any):
    panel, _ = shown
    panel.copying.region.setCurrentIndex(SHAPE)
    panel.copying.copy_button.click()
    assert "Select one Shapes layer" in said(panel.copying)
    assert len(viewer.layers) == 1


def test_the_cost_is_shown_and_follows_the_view(
    shown: tuple[InspectorPanel, Any], viewer: Any, qtbot: QtBot
):
    panel, _ = shown
    panel.copying.level.setCurrentIndex(0)
    panel.copying.region.setCurrentIndex(ALL)
    assert panel.copying.cost.text() == "432 B in memory"  # 6³ of two bytes
    panel.copying.level.setCurrentIndex(1)
    assert panel.copying.cost.text() == "54 B in memory"
    panel.copying.level.setCurrentIndex(0)
    camera(viewer).zoom /= 4
    panel.copying.region.setCurrentIndex(VIEW)
    assert panel.copying.cost.text() == "432 B in memory"
    _look_at_a_corner(viewer)
    qtbot.waitUntil(lambda: panel.copying.cost.text() == "24 B in memory", timeout=LONG)


@pytest.mark.parametrize("agreed", [False, True])
def test_it_asks_above_the_budget(
    shown: tuple[InspectorPanel, Any],
    viewer: Any,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    agreed: bool,
):
    panel, _ = shown
    asked: list[str] = []
    monkeypatch.setattr(panel.desk, "ask", lambda text: asked.append(text) or agreed)
    monkeypatch.setattr(copying, "BUDGET", 100)
    panel.copying.level.setCurrentIndex(0)
    panel.copying.copy_button.click()
    rest(panel, qtbot)
    assert ["432 B" in text for text in asked] == [True]
    assert len(viewer.layers) == 1 + agreed


class Slow:
    """Copies that are held back; those that were given up end by themselves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._read = copying.read_copy
        self.given_up: dict[str, Callable[[], bool]] = {}
        self._let = threading.Event()
        monkeypatch.setattr(copying, "read_copy", self.read)

    def read(self, layer: Any, level: int, box: Any, cancel: Any, affines: Any) -> Any:
        self.given_up[layer.name] = cancel
        while not (cancel() or self._let.wait(0.01)):
            pass
        return self._read(layer, level, box, cancel, affines)

    def end(self) -> None:
        self._let.set()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    held = Slow(monkeypatch)
    yield held
    held.end()


def begun(panel: InspectorPanel, slow: Slow, qtbot: QtBot) -> str:
    """Begin a copy of the layer that is shown; returns its name."""
    assert panel.layer is not None
    name = str(panel.layer.name)
    panel.copying.copy_button.click()
    qtbot.waitUntil(lambda: name in slow.given_up, timeout=LONG)
    return name


def test_cancel(shown: tuple[InspectorPanel, Any], viewer: Any, slow: Slow, qtbot: QtBot):
    panel, _ = shown
    begun(panel, slow, qtbot)
    assert panel.busy.isVisibleTo(panel)
    assert panel.copying.cancel_button.isEnabled()
    assert not panel.copying.copy_button.isEnabled()
    panel.copying.cancel_button.click()
    rest(panel, qtbot)
    assert len(viewer.layers) == 1
    assert said(panel.copying) == ""
    assert panel.copying.copy_button.isEnabled()
    assert not panel.copying.cancel_button.isEnabled()


def test_what_was_read_when_it_is_cancelled_is_not_added(
    shown: tuple[InspectorPanel, Any], viewer: Any, slow: Slow, qtbot: QtBot
):
    panel, _ = shown
    begun(panel, slow, qtbot)
    slow.end()
    assert QThreadPool.globalInstance().waitForDone(LONG)  # the window has not heard of it yet
    panel.copying.cancel_button.click()
    rest(panel, qtbot)
    assert len(viewer.layers) == 1


def test_each_layer_has_a_copying_of_its_own(
    shown: tuple[InspectorPanel, Any], viewer: Any, tmp_path: Path, slow: Slow, qtbot: QtBot
):
    panel, layer = shown
    one = begun(panel, slow, qtbot)
    (other,) = add(viewer, write_06(tmp_path / "j.zarr"))
    viewer.layers.selection = {other}
    other.name = "other"
    rest_of_showing(panel, qtbot)
    assert panel.layer is other
    begun(panel, slow, qtbot)
    viewer.layers.selection = {layer}
    panel.copying.cancel_button.click()
    assert (slow.given_up[one](), slow.given_up["other"]()) == (True, False)
    viewer.layers.remove(other)  # another one is shown, and it is given up all the same
    assert slow.given_up["other"]()
    rest(panel, qtbot)
    assert list(viewer.layers) == [layer]


def rest_of_showing(panel: InspectorPanel, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: panel.is_settled, timeout=LONG)


def test_a_closed_panel_reads_on_nothing(
    shown: tuple[InspectorPanel, Any], viewer: Any, slow: Slow, qtbot: QtBot
):
    panel, _ = shown
    name = begun(panel, slow, qtbot)
    viewer.window.remove_dock_widget(panel)
    panel.deleteLater()
    qtbot.waitUntil(lambda: slow.given_up[name](), timeout=LONG)


def test_a_copy_of_a_turned_layer_is_turned(
    shown: tuple[InspectorPanel, Any], viewer: Any, qtbot: QtBot
):
    panel, layer = shown
    layer.rotate = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])  # a quarter turn in the plane
    rest(panel, qtbot)
    made = copied(panel, viewer, qtbot, 0, ALL)
    voxel = np.array([1, 2, 3])
    np.testing.assert_allclose(
        made.data_to_world(voxel), layer.data_to_world(voxel), rtol=0, atol=1e-9
    )
    assert not np.allclose(made.data_to_world(voxel), voxel * VOXEL)
