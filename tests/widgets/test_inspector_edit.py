"""A layer's place edited in the inspector, and written back to its metadata."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inspector_window import LONG, add, at, rest, said, type_in
from pytestqt.qtbot import QtBot

import napari_strata as strata
from layers.layer_drawing import drawn_position, settle
from napari_strata.samples import Sample
from napari_strata.widgets.inspector.panel import InspectorPanel, open_panel

pytestmark = pytest.mark.window


@pytest.fixture
def viewer(new_viewer: Callable[[], Any]) -> Any:
    return new_viewer()


@pytest.fixture
def path(samples: dict[str, Sample], tmp_path: Path) -> Path:
    """Three axes in nanometres: 1000, 1250, 1250 from 1700, 600, 300."""
    return Path(shutil.copytree(samples["ome-zarr-0.5"].path, tmp_path / "a.zarr"))


@pytest.fixture
def shown(viewer: Any, path: Path, qtbot: QtBot) -> tuple[InspectorPanel, Any]:
    (layer,) = add(viewer, path)
    panel = open_panel(viewer)
    panel.sections[panel.edit].expand()
    rest(panel, qtbot)
    return panel, layer


def texts(panel: InspectorPanel) -> list[tuple[str, ...]]:
    rows = [row for row in panel.edit.rows if not row.name.isHidden()]
    return [
        (row.name.text(), row.scale.text(), row.translate.text(), row.unit.currentText())
        for row in rows
    ]


def test_the_numbers_are_those_of_the_file(shown: tuple[InspectorPanel, Any]):
    panel, _ = shown
    assert texts(panel) == [
        ("z", "1000", "1700", "nm"),
        ("y", "1250", "600", "nm"),
        ("x", "1250", "300", "nm"),
    ]


def test_the_layer_moves_as_it_is_edited(
    shown: tuple[InspectorPanel, Any], viewer: Any, qtbot: QtBot
):
    panel, layer = shown
    row = panel.edit.rows[2]
    type_in(row.translate, "5300")
    assert at(layer, [0, 0, 0]) == [1.7, 0.6, 5.3]
    type_in(row.scale, "2500")
    assert at(layer, [1, 1, 1]) == [2.7, 1.85, 7.8]
    layer.locked_data_level = 2
    settle(viewer)
    # level 2 starts with level 0 and is four times as coarse: 10 µm a voxel along x
    np.testing.assert_allclose(drawn_position(viewer, layer, [0, 1]), [0.6, 15.3], atol=1e-4)
    rest(panel, qtbot)
    assert texts(panel)[2] == ("x", "2500", "5300", "nm")
    type_in(row.name, "across")
    assert layer.axis_labels == ("z", "y", "across")


def test_another_unit_keeps_the_numbers(shown: tuple[InspectorPanel, Any], qtbot: QtBot):
    panel, layer = shown
    unit = panel.edit.rows[0].unit
    unit.setCurrentText("µm")
    unit.lineEdit().editingFinished.emit()
    assert at(layer, [1, 0, 0]) == [2700, 0.6, 0.3]
    rest(panel, qtbot)
    assert texts(panel)[0] == ("z", "1000", "1700", "µm")


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("scale", "0", "a scale other than 0"),
        ("scale", "wide", "'wide' is no number"),
        ("translate", "inf", "expected finite numbers"),
        ("name", "y", "a name of its own"),
    ],
)
def test_what_is_no_place_is_said_and_moves_nothing(
    shown: tuple[InspectorPanel, Any], qtbot: QtBot, field: str, text: str, expected: str
):
    panel, layer = shown
    type_in(getattr(panel.edit.rows[2], field), text)
    assert expected in said(panel.edit)
    rest(panel, qtbot)
    assert at(layer, [1, 1, 1]) == [2.7, 1.85, 1.55]
    assert getattr(panel.edit.rows[2], field).text() == text  # to be put right
    panel.edit.revert_button.click()
    assert said(panel.edit) == ""
    assert texts(panel)[2] == ("x", "1250", "300", "nm")


def test_revert(shown: tuple[InspectorPanel, Any], qtbot: QtBot):
    panel, layer = shown
    type_in(panel.edit.rows[0].translate, "0")
    type_in(panel.edit.rows[1].name, "row")
    panel.edit.revert_button.click()
    assert at(layer, [0, 0, 0]) == [1.7, 0.6, 0.3]
    assert layer.axis_labels == ("z", "y", "x")
    rest(panel, qtbot)
    assert texts(panel)[0] == ("z", "1000", "1700", "nm")


def test_a_move_in_napari_is_shown(shown: tuple[InspectorPanel, Any], qtbot: QtBot):
    panel, layer = shown
    layer.translate = (2.0, 0.6, 0.3)
    rest(panel, qtbot)
    assert texts(panel)[0] == ("z", "1000", "2000", "nm")


def test_any_image_is_edited_but_not_written(viewer: Any, qtbot: QtBot):
    layer = viewer.add_image(np.zeros((4, 6)), scale=(2, 3), axis_labels=("y", "x"))
    panel = open_panel(viewer)
    panel.sections[panel.edit].expand()
    rest(panel, qtbot)
    assert texts(panel) == [("y", "2", "0", "px"), ("x", "3", "0", "px")]
    type_in(panel.edit.rows[0].scale, "4")
    assert at(layer, [1, 1]) == [4, 3]
    assert not panel.edit.write_button.isEnabled()
    assert not panel.edit.revert_button.isEnabled()
    layer.rotate = 30
    rest(panel, qtbot)
    assert texts(panel) == []
    assert "rotated or sheared" in panel.edit.hint.text()


# ---------------------------------------------------------------------------- writing back


def planned(panel: InspectorPanel, qtbot: QtBot) -> Any:
    """Ask for the change; returns the window that shows it."""
    panel.edit.write_button.click()
    rest(panel, qtbot)
    return panel.edit.write_back.window


def test_written_back_after_a_look(
    shown: tuple[InspectorPanel, Any], viewer: Any, path: Path, qtbot: QtBot
):
    panel, layer = shown
    before = (path / "zarr.json").read_bytes()
    type_in(panel.edit.rows[2].translate, "5300")
    window = planned(panel, qtbot)
    diff = window.text.toPlainText().splitlines()
    taken = [line.split() for line in diff if line[:1] == "-" and not line.startswith("---")]
    come = [line.split() for line in diff if line[:1] == "+" and not line.startswith("+++")]
    assert [(sign, float(number)) for sign, number in taken] == [("-", 300)] * 3
    assert [(sign, float(number)) for sign, number in come] == [("+", 5300)] * 3
    assert f"{path.name}.metadata-backup" in window.about.text()
    assert (path / "zarr.json").read_bytes() == before  # not yet
    window.write_button.click()
    rest(panel, qtbot)
    steps = json.loads((path / "zarr.json").read_text())["attributes"]["ome"]["multiscales"][0]
    for dataset in steps["datasets"]:
        assert dataset["coordinateTransformations"][1]["translation"] == [1700, 600, 5300]
    (backup,) = (path.parent / f"{path.name}.metadata-backup").iterdir()
    assert str(backup) in said(panel.edit)
    assert before in [file.read_bytes() for file in backup.rglob("*") if file.is_file()]
    assert at(layer, [0, 0, 0]) == [1.7, 0.6, 5.3]
    assert viewer.layers[:] == [layer]
    # what was a move is now as declared
    assert "You moved" not in said(panel.alignment)
    assert strata.open(path).images[0].levels[0].translate.tolist() == [1700, 600, 5300]
    planned(panel, qtbot)
    assert "say already" in said(panel.edit)


def test_channels_go_along(viewer: Any, samples: dict[str, Sample], tmp_path: Path, qtbot: QtBot):
    copy = shutil.copytree(samples["ome-zarr-0.4"].path, tmp_path / "c.zarr")
    first, second, *_ = add(viewer, copy)
    viewer.layers.selection.active = first
    panel = open_panel(viewer)
    panel.sections[panel.edit].expand()
    rest(panel, qtbot)
    place = np.array(second.data_to_world([0] * second.ndim))
    row = panel.edit.rows[-1]
    factor = 1e-3 if row.unit.currentText() == "nm" else 1.0
    type_in(row.translate, str(float(row.translate.text()) + 7))
    planned(panel, qtbot).write_button.click()
    rest(panel, qtbot)
    moved = np.array(second.data_to_world([0] * second.ndim))
    np.testing.assert_allclose(moved - place, [*[0.0] * (second.ndim - 1), 7 * factor])
    np.testing.assert_allclose(moved, first.data_to_world([0] * first.ndim))


def test_cancelled_writes_nothing(shown: tuple[InspectorPanel, Any], path: Path, qtbot: QtBot):
    panel, layer = shown
    before = (path / "zarr.json").read_bytes()
    type_in(panel.edit.rows[2].translate, "5300")
    window = planned(panel, qtbot)
    closed: list[int] = []
    window.finished.connect(closed.append)
    window.reject()
    qtbot.waitUntil(lambda: bool(closed), timeout=LONG)
    rest(panel, qtbot)
    assert (path / "zarr.json").read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
    assert at(layer, [0, 0, 0]) == [1.7, 0.6, 5.3]


def moved(layer: Any, x: float) -> None:
    """Move a layer as a mouse or a program does."""
    layer.translate = (*layer.translate[:-1], x)


def declared(path: Path) -> float:
    """Read where the file puts voxel 0 along x, in nanometres."""
    return float(strata.open(path).images[0].levels[0].translate[-1])


def test_a_layer_that_moves_while_it_is_planned(
    shown: tuple[InspectorPanel, Any], path: Path, qtbot: QtBot
):
    panel, layer = shown
    moved(layer, 5.3)
    panel.edit.write_button.click()
    assert not any(field.isEnabled() for field in panel.edit.rows[2].fields)
    assert not panel.edit.write_button.isEnabled()
    moved(layer, 6.3)
    rest(panel, qtbot)
    assert panel.edit.rows[2].translate.isEnabled()
    assert panel.edit.write_button.isEnabled()
    window = panel.edit.write_back.window
    assert window is not None
    assert "6300" in window.text.toPlainText()
    window.write_button.click()
    rest(panel, qtbot)
    assert declared(path) == 6300
    assert at(layer, [0, 0, 0]) == [1.7, 0.6, 6.3]


def test_a_layer_that_moves_under_the_question(
    shown: tuple[InspectorPanel, Any], path: Path, qtbot: QtBot
):
    panel, layer = shown
    moved(layer, 5.3)
    window = planned(panel, qtbot)
    moved(layer, 6.3)
    window.write_button.click()
    rest(panel, qtbot)
    assert declared(path) == 300  # what was shown is not where it is: it is shown anew
    panel.edit.write_back.window.write_button.click()
    rest(panel, qtbot)
    assert declared(path) == 6300
    assert at(layer, [0, 0, 0]) == [1.7, 0.6, 6.3]


def test_a_layer_that_moves_while_it_is_written(
    shown: tuple[InspectorPanel, Any], path: Path, qtbot: QtBot
):
    panel, layer = shown
    moved(layer, 5.3)
    planned(panel, qtbot).write_button.click()
    moved(layer, 6.3)
    rest(panel, qtbot)
    assert declared(path) == 5300
    assert at(layer, [0, 0, 0]) == [1.7, 0.6, 6.3]
    panel.edit.revert_button.click()
    assert at(layer, [0, 0, 0]) == [1.7, 0.6, 5.3]


def test_not_offered_where_it_cannot_be_written(
    viewer: Any, path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
):
    monkeypatch.setattr(os, "access", lambda *_: False)
    add(viewer, path)
    panel = open_panel(viewer)
    panel.sections[panel.edit].expand()
    rest(panel, qtbot)
    assert not panel.edit.write_button.isEnabled()
    assert "may not be written" in panel.edit.write_button.toolTip()


def test_not_offered_in_a_zip(viewer: Any, path: Path, qtbot: QtBot):
    packed = shutil.make_archive(str(path.parent / "a.zarr"), "zip", path)
    add(viewer, Path(packed))
    panel = open_panel(viewer)
    panel.sections[panel.edit].expand()
    rest(panel, qtbot)
    assert not panel.edit.write_button.isEnabled()
    assert "zip" in panel.edit.write_button.toolTip()


def test_changed_by_somebody_else_meanwhile(
    shown: tuple[InspectorPanel, Any], path: Path, qtbot: QtBot
):
    panel, _ = shown
    type_in(panel.edit.rows[2].translate, "5300")
    window = planned(panel, qtbot)
    text = (path / "zarr.json").read_text()
    (path / "zarr.json").write_text(text + "\n")
    window.write_button.click()
    rest(panel, qtbot)
    assert "zarr.json" in said(panel.edit)
    assert (path / "zarr.json").read_text() == text + "\n"
