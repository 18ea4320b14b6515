"""Layers placed anew from the inspector: coordinate systems, origins, orientations."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inspector_window import LONG, add, at, choose, column, double_click, rest, said
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QThreadPool

import napari_strata as strata
from geometries import stores
from layers.layer_drawing import drawn_position, settle
from layers.opened import write_06
from napari_strata.samples import Sample
from napari_strata.widgets.geometry_panel import GeometryPanel
from napari_strata.widgets.inspector import again
from napari_strata.widgets.inspector.panel import InspectorPanel, open_panel

pytestmark = pytest.mark.window


@pytest.fixture
def viewer(new_viewer: Callable[[], Any]) -> Any:
    return new_viewer()


def placing(viewer: Any, layer: Any, qtbot: QtBot) -> InspectorPanel:
    """Open the panel with its part of placing unfolded."""
    viewer.layers.selection.active = layer
    panel = open_panel(viewer)
    panel.sections[panel.placing].expand()
    rest(panel, qtbot)
    return panel


def offered(panel: InspectorPanel) -> list[str]:
    part = panel.placing
    fields = {"system": part.system, "origin": part.origin, "orientation": part.orientation}
    return [name for name, field in fields.items() if part.rows.isRowVisible(field)]


def test_another_coordinate_system(viewer: Any, tmp_path: Path, qtbot: QtBot):
    (layer,) = add(viewer, write_06(tmp_path / "i.zarr"))
    layer.name, layer.opacity = "mine", 0.5
    panel = placing(viewer, layer, qtbot)
    assert offered(panel) == ["system"]
    system = panel.placing.system
    assert system.currentText() == "own"
    assert at(layer, [1, 1, 1]) == [2, 3, 5]
    choose(system, system.findText("moved"))
    assert not system.isEnabled()
    rest(panel, qtbot)
    assert at(layer, [1, 1, 1]) == [12, -17, 35]  # by 10, −20, 30
    assert viewer.layers[:] == [layer]
    assert (layer.name, layer.opacity, panel.layer) == ("mine", 0.5, layer)
    assert (system.isEnabled(), system.currentText()) == (True, "moved")
    layer.locked_data_level = 1
    settle(viewer)
    # level 1 begins half a voxel further on: 1.5 and 2.5 µm
    np.testing.assert_allclose(drawn_position(viewer, layer, [0, 0]), [-18.5, 32.5], atol=1e-4)
    choose(system, system.findText("own"))
    rest(panel, qtbot)
    assert at(layer, [1, 1, 1]) == [2, 3, 5]


def test_a_move_by_the_user_is_undone_and_said_in_another_system(
    viewer: Any, tmp_path: Path, qtbot: QtBot
):
    (layer,) = add(viewer, write_06(tmp_path / "i.zarr"))
    panel = placing(viewer, layer, qtbot)
    layer.translate = (100, 0, 0)
    choose(panel.placing.system, panel.placing.system.findText("moved"))
    rest(panel, qtbot)
    assert at(layer, [0, 0, 0]) == [10, -20, 30]
    assert "undone" in said(panel.placing)


def test_origin_moves_all_that_was_opened_together(
    viewer: Any, samples: dict[str, Sample], qtbot: QtBot
):
    layers = add(viewer, samples["n5-viewer"].path)  # two channels, voxels of 2 × 1 × 1 µm
    (other,) = add(viewer, samples["neuroglancer-n5"].path)
    assert len(layers) == 2
    panel = placing(viewer, layers[0], qtbot)
    assert offered(panel) == ["origin"]
    assert [at(x, [0, 0, 0]) for x in layers] == [[0, 0, 0]] * 2
    choose(panel.placing.origin, 1)
    rest(panel, qtbot)
    # from the centre of voxel 0 to its corner: half a voxel of level 0 further on
    assert [at(x, [0, 0, 0]) for x in layers] == [[1, 0.5, 0.5]] * 2
    assert {str(x.metadata["strata"]["choices"]) for x in layers} == {"{'origin': 'corner'}"}
    assert at(other, [0, 0, 0]) == [0, 0, 0]  # another dataset
    choose(panel.placing.origin, 0)
    rest(panel, qtbot)
    assert [at(x, [0, 0, 0]) for x in layers] == [[0, 0, 0]] * 2


def test_the_last_choice_counts_by_whichever_layer(
    viewer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
):
    """One reading is held back; its choice was made before that of the other layer."""
    path = write_06(tmp_path / "i.zarr")
    (first,), (second,) = add(viewer, path), add(viewer, path)
    panel = placing(viewer, first, qtbot)
    begun, let, read = threading.Event(), threading.Event(), again.read_all

    def slow(layers: Any, **how: Any) -> Any:
        if layers[0] is first:
            begun.set()
            assert let.wait(30)
        return read(layers, **how)

    monkeypatch.setattr(again, "read_all", slow)
    choose(panel.placing.system, panel.placing.system.findText("moved"))
    qtbot.waitUntil(begun.is_set, timeout=LONG)
    viewer.layers.selection = {second}
    qtbot.waitUntil(lambda: panel.layer is second and panel.is_settled, timeout=LONG)
    choose(panel.placing.system, panel.placing.system.findText("turned"))
    qtbot.waitUntil(lambda: not panel.placing.desk.awaits("place", second), timeout=LONG)
    let.set()
    rest(panel, qtbot)
    assert QThreadPool.globalInstance().waitForDone(LONG)
    rest(panel, qtbot)
    assert [x.metadata["strata"]["system"] for x in (first, second)] == ["turned"] * 2


def test_an_origin_that_the_metadata_says_itself_stays(
    viewer: Any, samples: dict[str, Sample], qtbot: QtBot
):
    layers = add(viewer, samples["cosem"].path)
    panel = placing(viewer, layers[0], qtbot)
    before = at(layers[0], [0, 0, 0])
    choose(panel.placing.origin, 1)
    rest(panel, qtbot)
    assert at(layers[0], [0, 0, 0]) == before
    assert "it has not moved" in said(panel.placing)


def test_orientation(viewer: Any, samples: dict[str, Sample], qtbot: QtBot):
    layers = add(viewer, samples["visor"].path)
    panel = placing(viewer, layers[0], qtbot)
    assert offered(panel) == ["orientation"]
    # the stack is at y 2, x 1; frames are 1.5 µm apart, pixels 1.03 µm
    assert layers[0].level_shapes[0].tolist() == [64, 112, 144]
    assert at(layers[0], [1, 2, 3]) == [1.5, 4.06, 4.09]
    choose(panel.placing.orientation, 1)
    rest(panel, qtbot)
    # frames follow each other along the stage's x, columns lie along its y
    assert layers[0].level_shapes[0].tolist() == [112, 144, 64]
    assert at(layers[0], [2, 3, 1]) == [2.06, 5.09, 2.5]
    assert {str(x.metadata["strata"]["choices"]) for x in layers} == {"{'orientation': 'stage'}"}
    assert panel.placing.orientation.currentIndex() == 1
    choose(panel.placing.orientation, 0)
    rest(panel, qtbot)
    assert at(layers[0], [1, 2, 3]) == [1.5, 4.06, 4.09]


def test_nothing_is_offered_where_nothing_is_open(
    viewer: Any, samples: dict[str, Sample], qtbot: QtBot
):
    (layer,) = add(viewer, samples["ome-zarr-0.5"].path)
    panel = placing(viewer, layer, qtbot)
    assert offered(panel) == []
    assert "nothing is left open" in panel.placing.hint.text()
    plain = viewer.add_image(np.zeros((4, 4)))
    assert panel.layer is plain
    assert "opened" in panel.placing.hint.text()


def test_a_dataset_that_is_gone_is_said(viewer: Any, tmp_path: Path, qtbot: QtBot):
    (layer,) = add(viewer, write_06(tmp_path / "i.zarr"))
    panel = placing(viewer, layer, qtbot)
    (tmp_path / "i.zarr").rename(tmp_path / "elsewhere.zarr")
    choose(panel.placing.system, panel.placing.system.findText("moved"))
    rest(panel, qtbot)
    assert "i.zarr" in said(panel.placing)
    assert at(layer, [1, 1, 1]) == [2, 3, 5]
    assert panel.placing.system.currentText() == "own"


def test_a_geometry_is_placed_by_its_own_panel(viewer: Any, tmp_path: Path, qtbot: QtBot):
    path = stores.points(tmp_path / "a.zarrvectors", levels=[(2.0, 1.0)])
    coarse = strata.open(path).geometries[0].levels[1].read().vertices
    (layer,) = add(viewer, path)
    panel = placing(viewer, layer, qtbot)
    assert offered(panel) == []
    panel.placing.geometry_button.click()
    (other,) = viewer.window._qt_window.findChildren(GeometryPanel)
    assert other.layer is layer
    assert column(panel, "Vertices") == ["6 vertices", f"{len(coarse)} vertices"]
    other.parent().hide()
    double_click(panel, 1)
    assert other.parent().isVisible()
    assert viewer.layers[:] == [layer]
