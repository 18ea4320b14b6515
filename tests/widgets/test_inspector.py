"""The inspector in a real window: what it follows, the table, locking, levels as layers."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inspector_window import (
    LONG,
    add,
    at,
    click,
    column,
    double_click,
    drawn,
    locked,
    rest,
    said,
)
from napari.layers import Image
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QStyle

from layers.layer_drawing import camera, drawn_position, settle, texture
from napari_strata.samples import Sample
from napari_strata.widgets.inspector import levels as levels_module
from napari_strata.widgets.inspector.level_table import LEVEL
from napari_strata.widgets.inspector.panel import InspectorPanel, open_panel

pytestmark = pytest.mark.window


@pytest.fixture
def viewer(new_viewer: Callable[[], Any]) -> Any:
    return new_viewer()


@pytest.fixture
def shown(viewer: Any, samples: dict[str, Sample], qtbot: QtBot) -> tuple[InspectorPanel, Any]:
    """The inspector of one image: 96 × 128 × 128 voxels, twice and four times as coarse."""
    (layer,) = add(viewer, samples["ome-zarr-0.5"].path)
    panel = open_panel(viewer)
    rest(panel, qtbot)
    settle(viewer)
    return panel, layer


def test_without_a_layer_it_says_what_it_is_for(viewer: Any):
    panel = open_panel(viewer)
    assert panel.hint.isVisibleTo(panel)
    assert "Select a layer" in panel.hint.text()
    assert not panel.levels.isVisibleTo(panel)
    assert not any(section.isVisibleTo(panel) for section in panel.sections.values())


def test_it_follows_the_selected_layer(viewer: Any, samples: dict[str, Sample], qtbot: QtBot):
    panel = open_panel(viewer)
    (image,) = add(viewer, samples["ome-zarr-0.5"].path)
    assert (panel.layer, panel.name.text()) == (image, "specimen")
    plain = viewer.add_image(np.zeros((4, 6)), name="plain")
    assert panel.layer is plain
    assert column(panel, "Shape") == ["4 × 6"]
    viewer.layers.selection.active = image
    assert panel.layer is image
    image.name = "mine"
    rest(panel, qtbot)
    assert panel.name.text() == "mine"
    viewer.add_shapes()
    assert panel.layer is image  # a shape can be drawn around a part of it
    viewer.add_points()
    assert panel.layer is viewer.layers[-1]
    rest(panel, qtbot)
    assert panel.levels.table.isHidden()
    viewer.layers.selection.active = image
    viewer.layers.remove(image)
    assert panel.layer is not image
    viewer.layers.clear()
    assert panel.layer is None
    rest(panel, qtbot)
    assert panel.hint.isVisibleTo(panel)


def test_one_row_a_level(shown: tuple[InspectorPanel, Any], samples: dict[str, Sample]):
    panel, _ = shown
    assert column(panel, "Level") == ["0", "1", "2"]
    assert column(panel, "Path") == ["s0", "s1", "s2"]
    assert column(panel, "Shape") == ["96 × 128 × 128", "48 × 64 × 64", "24 × 32 × 32"]
    # as the sample's zarr.json has them, in nanometres
    assert column(panel, "Scale") == [
        "1000, 1250, 1250",
        "2000, 2500, 2500",
        "4000, 5000, 5000",
    ]
    assert column(panel, "Translation") == ["1700, 600, 300"] * 3
    assert column(panel, "Unit") == ["nm"] * 3
    assert column(panel, "Extent") == ["96 × 160 × 160 µm"] * 3
    assert column(panel, "Size")[1] == "384 KiB"  # 48 × 64 × 64 × 2 bytes
    assert column(panel, "Off by") == ["0"] * 3
    sizes = [_stored(samples["ome-zarr-0.5"].path / name) for name in ("s0", "s1", "s2")]
    for text, size in zip(column(panel, "On disk"), sizes, strict=True):
        number, unit = text.split()
        assert unit == "KiB"
        assert float(number) == pytest.approx(size / 1024, abs=0.6)


def _stored(folder: Path) -> int:
    files = (p for p in folder.rglob("*") if p.is_file() and p.name != "zarr.json")
    return sum(p.stat().st_size for p in files)


def test_the_drawn_level_is_marked_while_the_view_zooms(
    shown: tuple[InspectorPanel, Any], viewer: Any, qtbot: QtBot
):
    panel, layer = shown
    assert layer.data_level == 0
    assert drawn(panel) == [0]
    camera(viewer).zoom /= 32
    settle(viewer)
    qtbot.waitUntil(lambda: drawn(panel) == [layer.data_level], timeout=LONG)
    assert layer.data_level == 2
    assert drawn(panel) == [2]
    camera(viewer).zoom *= 32
    settle(viewer)
    qtbot.waitUntil(lambda: drawn(panel) == [0], timeout=LONG)
    viewer.dims.ndisplay = 3
    settle(viewer)
    qtbot.waitUntil(lambda: drawn(panel) == [2], timeout=LONG)


@pytest.mark.parametrize("ndisplay", [2, 3])
def test_lock_and_lock_off(
    shown: tuple[InspectorPanel, Any], viewer: Any, qtbot: QtBot, ndisplay: int
):
    panel, layer = shown
    viewer.dims.ndisplay = ndisplay
    settle(viewer)
    by_view = 0 if ndisplay == 2 else 2
    assert (layer.locked_data_level, layer.data_level) == (None, by_view)
    click(panel, 1)
    settle(viewer)
    rest(panel, qtbot)
    assert (layer.locked_data_level, layer.data_level) == (1, 1)
    assert (drawn(panel), locked(panel)) == ([1], [1])
    # drawn is all of level 1, its first voxel where its own metadata says (nm)
    assert texture(viewer, layer).shape == ((64, 64) if ndisplay == 2 else (48, 64, 64))
    first = drawn_position(viewer, layer, [0] * ndisplay)
    np.testing.assert_allclose(first, [1.7, 0.6, 0.3][-ndisplay:], atol=1e-4)
    click(panel, 1)
    settle(viewer)
    rest(panel, qtbot)
    assert (layer.locked_data_level, layer.data_level) == (None, by_view)
    assert (drawn(panel), locked(panel)) == ([by_view], [])


def test_the_lock_of_another_level_takes_over(shown: tuple[InspectorPanel, Any], qtbot: QtBot):
    panel, layer = shown
    click(panel, 1)
    click(panel, 2)
    rest(panel, qtbot)
    assert layer.locked_data_level == 2
    assert locked(panel) == [2]
    assert panel.levels.lock_button.text() == "Unlock"
    panel.levels.table.choose(0)
    panel.levels.table.chosen.emit(0)
    assert panel.levels.lock_button.text() == "Lock to level 0"
    panel.levels.lock_button.click()
    assert layer.locked_data_level == 0


def test_a_lock_that_was_set_elsewhere_is_shown(shown: tuple[InspectorPanel, Any], qtbot: QtBot):
    panel, layer = shown
    layer.locked_data_level = 2
    rest(panel, qtbot)
    assert locked(panel) == [2]


@pytest.mark.parametrize("agreed", [False, True])
def test_locking_asks_above_the_budget(
    shown: tuple[InspectorPanel, Any],
    viewer: Any,
    monkeypatch: pytest.MonkeyPatch,
    agreed: bool,
):
    panel, layer = shown
    viewer.dims.ndisplay = 3
    asked: list[str] = []
    monkeypatch.setattr(panel.desk, "ask", lambda text: asked.append(text) or agreed)
    monkeypatch.setattr(levels_module, "BUDGET", 48 * 64 * 64 * 2)
    click(panel, 1)
    assert asked == []  # just what may be read
    assert layer.locked_data_level == 1
    click(panel, 0)
    assert len(asked) == 1
    assert "3.0 MiB of level 0" in asked[0]  # 96 × 128 × 128 × 2 bytes
    assert layer.locked_data_level == (0 if agreed else 1)


def test_a_double_click_opens_the_level_alone(
    shown: tuple[InspectorPanel, Any], viewer: Any, qtbot: QtBot
):
    panel, layer = shown
    double_click(panel, 1)
    settle(viewer)
    assert [x.name for x in viewer.layers] == ["specimen", "specimen (level 1)"]
    made = viewer.layers[1]
    assert panel.layer is made
    assert layer.locked_data_level is None
    # s1: 2000 × 2500 × 2500 nm from 1700, 600, 300 nm
    assert at(made, [0, 0, 0]) == [1.7, 0.6, 0.3]
    assert at(made, [1, 1, 1]) == [3.7, 3.1, 2.8]
    assert made.level_shapes.tolist() == [[48, 64, 64]]
    np.testing.assert_array_equal(np.asarray(made.data[0]), np.asarray(layer.data[1]))
    np.testing.assert_allclose(drawn_position(viewer, made, [0, 0]), [0.6, 0.3], atol=1e-4)
    assert column(panel, "Path") == ["s1"]


def test_opening_a_level_asks_above_the_budget(
    shown: tuple[InspectorPanel, Any], viewer: Any, monkeypatch: pytest.MonkeyPatch
):
    panel, _ = shown
    asked: list[str] = []
    monkeypatch.setattr(panel.desk, "ask", lambda text: bool(asked.append(text)))
    monkeypatch.setattr(levels_module, "BUDGET", 1)
    panel.levels.open_button.click()
    assert len(asked) == 1
    assert len(viewer.layers) == 1


def test_a_level_of_an_unknown_layer_is_not_opened_anywhere(viewer: Any):
    viewer.add_image([np.zeros((8, 8)), np.zeros((4, 4))], contrast_limits=(0, 1))
    panel = open_panel(viewer)
    panel.levels.table.choose(1)
    panel.levels.open_button.click()
    assert len(viewer.layers) == 1
    assert "is not known to napari" in said(panel.levels)


def test_boxes_of_the_levels(shown: tuple[InspectorPanel, Any], viewer: Any, qtbot: QtBot):
    panel, layer = shown
    assert panel.levels.boxes.layer is None
    panel.levels.boxes_box.click()
    assert panel.levels.boxes.layer is layer
    plain = viewer.add_image(np.zeros((4, 6)))
    assert panel.levels.boxes.layer is plain
    viewer.add_points()
    rest(panel, qtbot)
    assert panel.levels.boxes.layer is None
    viewer.layers.selection.active = layer
    assert panel.levels.boxes.layer is layer
    panel.levels.boxes_box.click()
    assert panel.levels.boxes.layer is None


def test_boxes_go_with_the_panel(shown: tuple[InspectorPanel, Any], viewer: Any, qtbot: QtBot):
    panel, layer = shown
    boxes = panel.levels.boxes
    panel.levels.boxes_box.click()
    panel.parent().hide()
    assert boxes.layer is None
    panel.parent().show()
    assert boxes.layer is layer
    panel.parent().title.close_button.click()
    qtbot.waitUntil(lambda: boxes.layer is None, timeout=LONG)


def test_keys_move_and_open(shown: tuple[InspectorPanel, Any], viewer: Any):
    panel, _ = shown
    panel.levels.table.setFocus()
    panel.levels.table.setCurrentCell(0, LEVEL)
    QTest.keyClick(panel.levels.table, Qt.Key.Key_Down)
    assert panel.levels.table.row == 1
    assert panel.origins.level == 1
    assert panel.levels.lock_button.text() == "Lock to level 1"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_signs_have_the_colours_of_the_theme(
    shown: tuple[InspectorPanel, Any], viewer: Any, qtbot: QtBot, theme: str
):
    panel, _ = shown
    viewer.theme = theme
    rest(panel, qtbot)
    table = panel.levels.table
    picture = table.item(1, 2).icon().pixmap(16, 16).toImage()  # an open lock
    seen = [picture.pixelColor(x, y) for x in range(16) for y in range(16)]
    lightness = [c.lightness() for c in seen if c.alpha() > 60]
    assert lightness
    assert bool(np.mean(lightness) > 128) is (theme == "dark")


def test_a_closed_panel_is_let_go(viewer: Any, samples: dict[str, Sample], qtbot: QtBot):
    panel = open_panel(viewer)
    add(viewer, samples["ome-zarr-0.5"].path)
    rest(panel, qtbot)
    assert open_panel(viewer) is panel
    there = weakref.ref(panel)
    viewer.window.remove_dock_widget(panel)
    panel.deleteLater()
    del panel
    qtbot.waitUntil(lambda: gc.collect() >= 0 and there() is None, timeout=LONG)
    viewer.add_image(np.zeros((4, 4)))  # nobody is called that is no longer there
    assert isinstance(viewer.layers[-1], Image)


def test_a_removed_layer_is_let_go(viewer: Any, samples: dict[str, Sample], qtbot: QtBot):
    panel = open_panel(viewer)
    for section in panel.sections.values():
        section.expand()
    *_, layer = add(viewer, samples["cosem"].path)
    viewer.layers.selection = {layer}
    rest(panel, qtbot)
    panel.levels.boxes_box.setChecked(True)
    panel.levels.lock_or_not(1)
    rest(panel, qtbot)
    there = weakref.ref(layer)
    viewer.layers.remove(layer)
    del layer, _
    rest(panel, qtbot)
    qtbot.waitUntil(lambda: gc.collect() >= 0 and there() is None, timeout=LONG)


def _layers() -> dict[str, tuple[Any, list[str], int]]:
    """Layers of all kinds: how it is made, its shapes, the rows and columns of its matrix."""
    line = np.array([[0.0, 0.0], [3.0, 4.0]])
    return {
        "rgb": (lambda v: v.add_image(np.zeros((5, 7, 3), "u1"), rgb=True), ["5 × 7"], 3),
        "rgb pyramid": (
            lambda v: v.add_image(
                [np.zeros((8, 8, 3), "u1"), np.zeros((4, 4, 3), "u1")], rgb=True, multiscale=True
            ),
            ["8 × 8", "4 × 4"],
            3,
        ),
        "labels": (lambda v: v.add_labels(np.zeros((5, 7), int)), ["5 × 7"], 3),
        "five axes": (
            lambda v: v.add_image(np.zeros((2, 3, 4, 5, 6)), contrast_limits=(0, 1)),
            ["2 × 3 × 4 × 5 × 6"],
            6,
        ),
        "one voxel thin": (lambda v: v.add_image(np.zeros((1, 5, 7))), ["1 × 5 × 7"], 4),
        "points": (lambda v: v.add_points(line), [], 3),
        "shapes": (lambda v: v.add_shapes([line], shape_type="line"), [], 3),
        "vectors": (lambda v: v.add_vectors(line[None]), [], 3),
        "tracks": (lambda v: v.add_tracks([[0, 0, 0, 0], [0, 1, 1, 1]]), [], 4),
        "surface": (
            lambda v: v.add_surface((np.eye(3), np.array([[0, 1, 2]]), np.ones(3))),
            [],
            4,
        ),
    }


@pytest.mark.parametrize("kind", _layers())
def test_any_kind_of_layer_is_shown(viewer: Any, qtbot: QtBot, kind: str):
    make, shapes, size = _layers()[kind]
    panel = open_panel(viewer)
    for section in panel.sections.values():
        section.expand()
    layer = make(viewer)
    rest(panel, qtbot)
    assert panel.layer is layer
    assert column(panel, "Shape") == shapes if shapes else panel.levels.table.isHidden()
    root = panel.origins.tree.topLevelItem(0)
    matrix = root.data(0, Qt.ItemDataRole.UserRole).matrix
    assert [len(row) for row in matrix] == [size] * size
    assert panel.levels.lock_button.isHidden() is (len(shapes) < 2)
    assert panel.copying.copy_button.isHidden() is (not shapes)
    names = [row.name.text() for row in panel.edit.rows if not row.name.isHidden()]
    assert names == ([str(label) for label in layer.axis_labels] if shapes else [])


def test_nothing_is_cut_off_where_the_dock_is_narrow(shown: tuple[InspectorPanel, Any]):
    panel, _ = shown
    for section in panel.sections.values():
        section.expand()
    content = panel.name.parentWidget()
    bar = panel.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
    assert content.minimumSizeHint().width() + bar <= panel.minimumWidth()
