"""The panel of geometries in a real window."""

from __future__ import annotations

import gc
import shutil
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Layer
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

import napari_strata as strata
from geometries import stores
from napari_strata import plugin
from napari_strata.widgets import level_form
from napari_strata.widgets.geometry_panel import GeometryPanel, open_panel

pytestmark = pytest.mark.window

#: The points of the stores, in array order (z, y, x).
POINTS = stores.POINTS[:, ::-1]
EVIDENCE, WORLD, DECLARED = range(3)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six points and a coarser level."""
    return stores.points(tmp_path_factory.mktemp("store") / "a.zarrvectors", levels=[(2.0, 1.0)])


def add(viewer: Any, path: Path) -> Any:
    """Open a store as the plugin does."""
    (layer,) = [x if isinstance(x, Layer) else Layer.create(*x) for x in plugin.read(str(path))]
    return viewer.add_layer(layer)


def record(layer: Any) -> dict[str, Any]:
    note: dict[str, Any] = layer.metadata["strata"]
    return note


def choose(chooser: Any, index: int) -> None:
    """Choose as a user does."""
    chooser.setCurrentIndex(index)
    chooser.activated.emit(index)


def read(panel: GeometryPanel, qtbot: Any) -> None:
    """Wait until nothing is read any more."""
    qtbot.waitUntil(lambda: not panel.busy.isVisibleTo(panel), timeout=30_000)


def rows(positions: Any) -> list[list[float]]:
    return sorted(np.asarray(positions).tolist())


def message(panel: GeometryPanel) -> str:
    form = panel.form.message
    return str(form.text.text()) if form.isVisibleTo(panel) else ""


def problems_shown(panel: GeometryPanel) -> list[str]:
    """Read the problems as they are shown, from the top."""
    column = panel.form.problems.layout()
    return [column.itemAt(i).widget().text.text() for i in range(column.count())]


def fill(panel: GeometryPanel, low: list[str], high: list[str]) -> None:
    for fields, texts in ((panel.form.crop.low, low), (panel.form.crop.high, high)):
        for field, text in zip(fields, texts, strict=True):
            field.setText(text)


def test_without_layers_it_says_what_it_is_for(viewer: Any):
    panel = open_panel(viewer)
    assert panel.hint.isVisibleTo(panel)
    assert "Select a layer of points" in panel.hint.text()
    assert not panel.form.isVisibleTo(panel)
    assert not panel.name.isVisibleTo(panel)


def test_it_follows_the_selected_geometry(viewer: Any, store: Path):
    panel = open_panel(viewer)
    first = add(viewer, store)
    assert panel.layer is first
    assert not panel.hint.isVisibleTo(panel)
    second = add(viewer, store)
    assert panel.layer is second
    viewer.layers.selection.active = first
    assert panel.layer is first
    viewer.add_image(np.zeros((4, 4)))
    assert panel.layer is first
    first.name = "mine"
    assert panel.name.text() == "mine"
    viewer.layers.remove(first)
    assert panel.layer is second
    viewer.layers.clear()
    assert panel.layer is None
    assert panel.hint.isVisibleTo(panel)


def test_it_shows_what_is_there_when_it_opens(viewer: Any, store: Path):
    layer = add(viewer, store)
    viewer.add_image(np.zeros((4, 4)))
    panel = open_panel(viewer)
    assert panel.layer is layer
    assert panel.form.level.itemText(0) == "0 (finest) · 6 vertices"
    assert panel.form.shown.text() == "6 of 6 vertices shown"
    assert panel.form.reason.text().startswith("Drawn as stored: ")
    assert panel.form.space.currentText() == "By evidence: world"
    assert [f.accessibleName() for f in panel.form.crop.low] == [
        f"Lowest {axis} (µm)" for axis in "zyx"
    ]


def test_switching_the_level(viewer: Any, store: Path, qtbot: Any):
    layer, panel = add(viewer, store), open_panel(viewer)
    coarse = strata.open(store).geometries[0].levels[1].read().vertices
    assert rows(layer.data) == rows(POINTS)
    choose(panel.form.level, 1)
    assert panel.busy.isVisibleTo(panel)
    assert panel.form.shown.text() == "Reading level 1 …"
    read(panel, qtbot)
    assert rows(layer.data) == rows(coarse)
    assert rows(layer.data) != rows(POINTS)
    assert record(layer)["level"] == 1
    assert viewer.layers[:] == [layer]
    assert panel.form.shown.text() == f"{len(coarse)} of {len(coarse)} vertices shown"
    choose(panel.form.level, 0)
    read(panel, qtbot)
    assert rows(layer.data) == rows(POINTS)
    assert message(panel) == ""


def test_cropping_by_numbers(viewer: Any, store: Path, qtbot: Any):
    layer, panel = add(viewer, store), open_panel(viewer)
    fill(panel, ["", "20", ""], ["50", "21", ""])
    qtbot.mouseClick(panel.form.crop.crop_button, Qt.MouseButton.LeftButton)
    read(panel, qtbot)
    # Of z up to 50 and y from 20 to 21, borders included.
    assert rows(layer.data) == [[30.0, 20.0, 10.0], [30.0, 20.0, 110.0]]
    assert panel.form.shown.text() == "2 of 6 vertices shown (cropped)"
    assert record(layer)["box"] == [[None, 20.0, None], [50.0, 21.0, None]]
    qtbot.mouseClick(panel.form.crop.everything_button, Qt.MouseButton.LeftButton)
    read(panel, qtbot)
    assert rows(layer.data) == rows(POINTS)
    assert record(layer)["box"] is None
    assert [field.text() for field in panel.form.crop.low] == [""] * 3


def test_the_box_stays_when_the_level_changes(viewer: Any, store: Path, qtbot: Any):
    layer, panel = add(viewer, store), open_panel(viewer)
    fill(panel, ["0", "0", "0"], ["50", "50", "50"])
    panel.form.crop.low[0].returnPressed.emit()
    read(panel, qtbot)
    choose(panel.form.level, 1)
    read(panel, qtbot)
    assert record(layer)["box"] == [[0.0] * 3, [50.0] * 3]
    inside = strata.open(store).geometries[0].levels[1].read([[0] * 3, [50] * 3]).vertices
    assert rows(layer.data) == rows(inside)


def test_cropping_to_a_shape(viewer: Any, store: Path, qtbot: Any):
    layer, panel = add(viewer, store), open_panel(viewer)
    # y from 15 to 25, x from 5 to 115, in the plane z = 0: z has no limit.
    rectangle = np.array([[0, 15, 5], [0, 15, 115], [0, 25, 115], [0, 25, 5]])
    viewer.add_shapes([rectangle], units=["micrometer"] * 3)
    assert panel.layer is layer
    qtbot.mouseClick(panel.form.crop.shape_button, Qt.MouseButton.LeftButton)
    read(panel, qtbot)
    assert rows(layer.data) == [[30.0, 20.0, 10.0], [30.0, 20.0, 110.0], [32.5, 22.5, 12.5]]
    assert [field.text() for field in panel.form.crop.low] == ["", "15", "5"]


def test_cropping_to_the_view(viewer: Any, store: Path, qtbot: Any):
    layer, panel = add(viewer, store), open_panel(viewer)
    camera = viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera
    height, width = viewer.window._qt_viewer.canvas.size
    camera.center = (0, 20, 60)
    camera.zoom = width / 110  # x from 5 to 115; y around 20
    QApplication.processEvents()
    qtbot.mouseClick(panel.form.crop.view_button, Qt.MouseButton.LeftButton)
    read(panel, qtbot)
    half = height / camera.zoom / 2
    inside = [p for p in POINTS.tolist() if abs(p[1] - 20) <= half and abs(p[2] - 60) <= 55]
    assert rows(layer.data) == sorted(inside)
    assert 0 < len(inside) < 6


def test_the_space_can_be_overridden(viewer: Any, store: Path, qtbot: Any):
    layer, panel = add(viewer, store), open_panel(viewer)
    (level,) = [level for level in record(layer)["levels"] if level["path"] == "0"]
    scale, translate = np.array(level["declared_scale"]), np.array(level["declared_translate"])
    assert np.any(translate != 0)
    choose(panel.form.space, DECLARED)
    read(panel, qtbot)
    np.testing.assert_allclose(rows(layer.data), rows(POINTS * scale + translate))
    assert record(layer)["chosen_by"] == "user"
    assert panel.form.reason.text().endswith("You chose so.")
    assert panel.form.space.currentIndex() == DECLARED
    choose(panel.form.space, EVIDENCE)
    read(panel, qtbot)
    assert rows(layer.data) == rows(POINTS)
    assert panel.form.space.currentText() == "By evidence: world"


def test_wrong_numbers_are_refused_in_a_sentence(viewer: Any, store: Path, qtbot: Any, gate: Any):
    add(viewer, store)
    panel = open_panel(viewer)
    fill(panel, ["50", "", ""], ["0", "", ""])
    qtbot.mouseClick(panel.form.crop.crop_button, Qt.MouseButton.LeftButton)
    assert message(panel) == "z (µm) goes from 50 to 0: swap the ends."
    assert gate.levels == []
    qtbot.mouseClick(panel.form.crop.shape_button, Qt.MouseButton.LeftButton)
    assert message(panel).startswith("Select one Shapes layer")


def test_a_level_that_cannot_be_read_leaves_the_layer(
    viewer: Any, tmp_path: Path, store: Path, qtbot: Any
):
    own = shutil.copytree(store, tmp_path / "b.zarrvectors")
    layer, panel = add(viewer, own), open_panel(viewer)
    before = layer.metadata
    shutil.rmtree(own / "1")
    choose(panel.form.level, 1)
    read(panel, qtbot)
    text = message(panel)
    assert text
    assert "Traceback" not in text
    assert "\n" not in text
    assert rows(layer.data) == rows(POINTS)
    assert layer.metadata == before
    assert panel.form.level.currentIndex() == 0


def test_problems_are_listed_the_worst_first(viewer: Any, store: Path):
    layer, panel = add(viewer, store), open_panel(viewer)
    problems = [
        {"code": "b", "severity": "info", "where": "", "message": "worth knowing"},
        {"code": "a", "severity": "error", "where": "0/zarr.json", "message": "not shown"},
    ]
    layer.metadata = {"strata": {**record(layer), "problems": problems}}
    assert problems_shown(panel) == ["0/zarr.json: not shown", "worth knowing"]
    many = [{**problems[0], "message": str(i)} for i in range(1020)]
    layer.metadata = {"strata": {**record(layer), "problems": many}}
    assert problems_shown(panel)[-1] == "And 1,000 more, in the layer's metadata."
    assert len(problems_shown(panel)) == 21


def test_a_large_level_is_read_only_when_asked_twice(
    viewer: Any, store: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
):
    layer, panel = add(viewer, store), open_panel(viewer)
    choose(panel.form.level, 1)
    read(panel, qtbot)
    monkeypatch.setattr(level_form, "MOST_VERTICES", 5)
    choose(panel.form.level, 0)
    assert not panel.busy.isVisibleTo(panel)
    assert message(panel).startswith("Level 0 has 6 vertices, 144 bytes and more in memory.")
    assert record(layer)["level"] == 1
    qtbot.mouseClick(panel.form.read_all, Qt.MouseButton.LeftButton)
    read(panel, qtbot)
    assert record(layer)["level"] == 0
    assert not panel.form.read_all.isVisibleTo(panel)


def test_a_newer_request_replaces_an_older_one(viewer: Any, store: Path, qtbot: Any, gate: Any):
    layer, panel = add(viewer, store), open_panel(viewer)
    choose(panel.form.level, 1)
    gate.entered()
    fill(panel, ["", "", ""], ["50", "", ""])
    choose(panel.form.level, 0)
    gate.entered()
    assert gate.levels == [1, 0]
    gate.release(1)
    read(panel, qtbot)
    assert record(layer)["level"] == 0
    shown = layer.data
    gate.let_through(0)
    assert record(layer)["level"] == 0
    assert layer.data is shown


def test_a_layer_removed_while_it_is_read(viewer: Any, store: Path, qtbot: Any, gate: Any):
    layer, panel = add(viewer, store), open_panel(viewer)
    choose(panel.form.level, 1)
    gate.entered()
    viewer.layers.remove(layer)
    assert panel.hint.isVisibleTo(panel)
    assert not panel.busy.isVisibleTo(panel)
    gate.let_through(0)
    assert record(layer)["level"] == 0
    assert panel.layer is None


def test_another_layer_selected_while_one_is_read(viewer: Any, store: Path, qtbot: Any, gate: Any):
    first, second = add(viewer, store), add(viewer, store)
    panel = open_panel(viewer)
    viewer.layers.selection.active = first
    choose(panel.form.level, 1)
    gate.entered()
    viewer.layers.selection.active = second
    assert panel.form.level.currentIndex() == 0
    assert not panel.busy.isVisibleTo(panel)
    gate.let_through(0)
    qtbot.waitUntil(lambda: record(first)["level"] == 1, timeout=30_000)
    assert record(second)["level"] == 0
    assert panel.form.level.currentIndex() == 0


def test_closing_the_panel_while_it_reads(viewer: Any, store: Path, qtbot: Any, gate: Any):
    layer = add(viewer, store)
    panel = open_panel(viewer)
    choose(panel.form.level, 1)
    gate.entered()
    viewer.window.remove_dock_widget(panel)
    gone = weakref.ref(panel)
    del panel
    gate.let_through(0)

    def freed() -> bool:
        gc.collect()
        return gone() is None

    qtbot.waitUntil(freed, timeout=30_000)
    viewer.layers.remove(layer)
    assert open_panel(viewer).hint.isVisible()


def test_a_panel_that_qt_has_deleted_is_left_alone(viewer: Any, store: Path, gate: Any, qtbot: Any):
    layer, panel = add(viewer, store), open_panel(viewer)
    choose(panel.form.level, 1)
    gate.entered()
    viewer.window.remove_dock_widget(panel)
    with qtbot.waitSignal(panel.destroyed):
        panel.deleteLater()
    called: list[str] = []
    for name in ("follow", "forget", "refresh"):
        setattr(panel, name, lambda *_, name=name: called.append(name))
    layer.name = "other"
    add(viewer, store)
    viewer.layers.clear()
    gate.let_through(0)
    assert record(layer)["level"] == 0
    assert called == []


def test_two_viewers_have_a_panel_each(
    make_napari_viewer: Callable[..., Any], store: Path, qtbot: Any
):
    here, there = make_napari_viewer(show=True), make_napari_viewer(show=True)
    panels = open_panel(here), open_panel(there)
    assert panels[0] is not panels[1]
    layer, other = add(here, store), add(there, store)
    assert [panel.layer for panel in panels] == [layer, other]
    choose(panels[0].form.level, 1)
    read(panels[0], qtbot)
    assert (record(layer)["level"], record(other)["level"]) == (1, 0)
    assert panels[1].form.level.currentIndex() == 0


def test_opening_it_again_shows_the_one_there_is(viewer: Any):
    panel = open_panel(viewer)
    viewer.window.dock_widgets  # noqa: B018 - napari makes the mapping when it is asked for
    assert open_panel(viewer) is panel
    viewer.window.remove_dock_widget(panel)
    assert open_panel(viewer) is not panel


def test_numbers_being_typed_survive_other_events(viewer: Any, store: Path):
    layer, panel = add(viewer, store), open_panel(viewer)
    fill(panel, ["1", "", ""], ["", "", ""])
    viewer.add_shapes(ndim=3)
    layer.name = "other"
    assert panel.form.crop.low[0].text() == "1"
    layer.translate = (1, 0, 0)  # positions are others now
    assert panel.form.crop.low[0].text() == ""


def test_a_moved_layer_is_cropped_where_it_is(viewer: Any, store: Path, qtbot: Any):
    layer, panel = add(viewer, store), open_panel(viewer)
    layer.translate = (-30, 0, 0)
    fill(panel, ["-1", "", ""], ["1", "", ""])
    qtbot.mouseClick(panel.form.crop.crop_button, Qt.MouseButton.LeftButton)
    read(panel, qtbot)
    assert rows(layer.data) == [[30.0, 20.0, 10.0], [30.0, 20.0, 110.0]]


def test_the_keyboard_goes_through_it_from_top_to_bottom(viewer: Any, store: Path):
    add(viewer, store)
    panel = open_panel(viewer)
    form, crop = panel.form, panel.form.crop
    expected = [
        form.level,
        *(field for pair in zip(crop.low, crop.high, strict=True) for field in pair),
        crop.crop_button,
        crop.everything_button,
        crop.view_button,
        crop.shape_button,
        form.space,
        panel.meshes.path,
        panel.meshes.browse,
    ]
    chain, widget = [], form.level
    while len(chain) < len(expected) and (not chain or widget is not form.level):
        if widget in expected:
            chain.append(widget)
        widget = widget.nextInFocusChain()
    assert chain == expected


def test_it_fits_into_320_pixels(viewer: Any, store: Path, qtbot: Any):
    layer, panel = add(viewer, store), open_panel(viewer)
    layer.name = "a name " * 40
    long = "a/path/" + "x" * 300
    problem = {"code": "a", "severity": "error", "where": long, "message": "not shown"}
    layer.metadata = {"strata": {**record(layer), "problems": [problem]}}
    assert panel.sizeHint().width() == 320
    panel.resize(320, 600)
    QApplication.processEvents()
    assert panel.minimumSizeHint().width() <= 320
    for widget in (panel.form, panel.meshes):
        assert widget.minimumSizeHint().width() <= 300
    wrapped = panel.form.problems.findChildren(type(panel.form.message.text))[0]
    assert wrapped.document().size().width() <= wrapped.width()
    assert wrapped.height() >= wrapped.document().size().height() > 60


def test_the_menu_and_the_plugin_open_the_same_panel(viewer: Any, store: Path, qtbot: Any):
    layer = add(viewer, store)
    window = viewer.window
    menus = [action.menu() for action in window.plugins_menu.actions() if action.menu()]
    (entry,) = [
        action
        for menu in menus
        for action in menu.actions()
        if action.text() == "Geometries (Strata)"
    ]
    entry.trigger()
    (panel,) = window._qt_window.findChildren(GeometryPanel)
    assert panel.layer is layer
    assert open_panel(viewer) is panel
    choose(panel.form.level, 1)
    read(panel, qtbot)
    assert record(layer)["level"] == 1
    entry.trigger()
    assert not panel.isVisible()
    open_panel(viewer)
    assert panel.isVisible()


def test_napari_may_hand_over_a_proxy(viewer: Any, store: Path, qtbot: Any):
    _, panel = viewer.window.add_plugin_dock_widget("napari-strata", "Geometries")
    layer = add(viewer, store)
    assert panel.layer is layer
    assert open_panel(viewer) is panel
    panel.form.crop.view_button.click()
    read(panel, qtbot)
    assert message(panel) == ""
    assert record(layer)["box"] is not None


def test_closing_the_window_while_it_reads(
    make_napari_viewer: Callable[..., Any], store: Path, qtbot: Any, gate: Any
):
    viewer = make_napari_viewer(show=True)
    layer, panel = add(viewer, store), open_panel(viewer)
    choose(panel.form.level, 1)
    gate.entered()
    viewer.close()
    gate.let_through(0)  # an error in a callback would fail the test
    assert record(layer)["level"] in (0, 1)
    assert len(layer.data) == record(layer)["vertices_shown"]
