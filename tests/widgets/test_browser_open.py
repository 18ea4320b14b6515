"""Opening what is found in the browser: layers, and where they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser_window import (
    Requests,
    _own_settings,
    connected,
    expand,
    group,
    index,
    message,
    requests,
    select,
    settled,
    viewer,
    write_group,
    write_image,
)
from mesh_parts import FACES, TETRAHEDRON
from napari.layers import Labels, Points, Surface
from napari.utils.notifications import Notification, notification_manager
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QMessageBox, QPushButton

import napari_strata as strata
from formats.helpers import write_zarr_array
from napari_strata.layers.build import build
from napari_strata.samples import Sample
from napari_strata.widgets.browser import opening
from napari_strata.widgets.browser.panel import BrowserPanel, open_panel

__all__ = ["_own_settings", "group", "requests", "viewer"]
pytestmark = pytest.mark.window


@pytest.fixture
def told() -> Iterator[list[Notification]]:
    heard: list[Notification] = []
    notification_manager.notification_ready.connect(heard.append)
    yield heard
    notification_manager.notification_ready.disconnect(heard.append)


def press(panel: BrowserPanel, button: QPushButton, qtbot: Any) -> None:
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    settled(panel, qtbot)


def double_click(panel: BrowserPanel, qtbot: Any, *path: str) -> None:
    at = index(panel, *path)
    panel.tree.scrollTo(at)
    place = panel.tree.visualRect(at).center()
    qtbot.mouseClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(panel.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    settled(panel, qtbot)


def places(viewer: Any) -> dict[str, tuple[list[float], list[float]]]:
    return {x.name: (x.scale.tolist(), x.translate.tolist()) for x in viewer.layers}


# -------------------------------------------------------------------------------- one image


def test_a_double_click_opens_an_image_where_it_is(viewer: Any, group: Path, qtbot: Any):
    panel = connected(viewer, group, qtbot)
    double_click(panel, qtbot, "nuclei")
    assert places(viewer) == {"nuclei": ([2, 3], [2, 0])}
    (layer,) = viewer.layers
    assert [str(unit) for unit in layer.units] == ["micrometer"] * 2
    assert layer.axis_labels == ("y", "x")
    assert layer.level_shapes.tolist() == [[8, 12], [4, 6]]
    # Level 1's voxel 1 is where level 0's voxel 2 is: at 2 + 2 × 2 = 6 µm along y.
    note = layer.metadata["strata"]
    assert (note["dataset"], note["image"]) == (str(group / "nuclei"), "")
    assert np.dot(note["layer_levels"][1]["affine"], [1, 1, 1]).tolist() == [6, 6, 1]
    # As it is where it is opened by its path.
    (alone,) = build(strata.open(group / "nuclei")).layers
    assert type(alone) is type(layer)
    assert alone.downsample_factors.tolist() == layer.downsample_factors.tolist()


def test_a_double_click_on_a_group_opens_it_in_the_tree(viewer: Any, tmp_path: Path, qtbot: Any):
    write_group(tmp_path / "a.zarr/masks", "er")
    (tmp_path / "a.zarr/.zgroup").write_text('{"zarr_format": 2}')
    panel = connected(viewer, tmp_path / "a.zarr", qtbot)
    double_click(panel, qtbot, "masks")
    assert panel.tree.isExpanded(index(panel, "masks"))
    double_click(panel, qtbot, "masks")
    assert not panel.tree.isExpanded(index(panel, "masks"))
    assert len(viewer.layers) == 0


def test_return_opens_what_is_selected(viewer: Any, group: Path, qtbot: Any):
    panel = connected(viewer, group, qtbot)
    select(panel, qtbot, ("walls",))
    qtbot.keyClick(panel.tree, Qt.Key.Key_Return)
    settled(panel, qtbot)
    assert places(viewer) == {"walls": ([2, 3], [3, 0])}


def test_what_is_being_opened_is_not_opened_twice(
    viewer: Any, group: Path, requests: Requests, qtbot: Any
):
    panel = connected(viewer, group, qtbot)
    expand(panel, qtbot)
    select(panel, qtbot, ("walls",))
    for _ in range(3):
        panel.open_selected()
    settled(panel, qtbot)
    assert len(viewer.layers) == 1


def test_the_first_plane_is_the_declared_one(viewer: Any, tmp_path: Path, qtbot: Any):
    root = write_image(tmp_path / "a.zarr", (2, 3), (0, 0))
    attributes = json.loads((root / ".zattrs").read_text())
    axes, levels = (attributes["multiscales"][0][key] for key in ("axes", "datasets"))
    axes.insert(0, {"name": "z", "type": "space", "unit": "micrometer"})
    for level in levels:
        for transform in level["coordinateTransformations"]:
            transform[transform["type"]].insert(0, 5 if transform["type"] == "scale" else 0)
    attributes["omero"] = {"channels": [], "rdefs": {"defaultZ": 1}}
    (root / ".zattrs").write_text(json.dumps(attributes))
    for path, shape in (("0", (6, 8, 12)), ("1", (6, 4, 6))):
        for file in sorted((root / path).rglob("*"), reverse=True):
            file.unlink() if file.is_file() else file.rmdir()
        write_zarr_array(root / path, shape, overwrite=True)
    panel = connected(viewer, root, qtbot)
    press(panel, panel.open_button, qtbot)
    assert viewer.dims.point[0] == 5


# ---------------------------------------------------------------------------- several, all


def test_several_are_opened_at_once(viewer: Any, group: Path, qtbot: Any):
    panel = connected(viewer, group, qtbot)
    select(panel, qtbot, ("walls",), ("cells",))
    press(panel, panel.open_button, qtbot)
    assert places(viewer) == {"cells": ([2, 3], [1, 0]), "walls": ([2, 3], [3, 0])}
    assert [layer.visible for layer in viewer.layers] == [True, True]
    assert message(panel) == ""


def test_a_group_opens_as_it_does_where_it_is_dropped(viewer: Any, group: Path, qtbot: Any):
    panel = connected(viewer, group, qtbot)
    select(panel, qtbot, ())
    press(panel, panel.open_button, qtbot)
    by_path = build(strata.open(group)).layers
    assert len(viewer.layers) == len(by_path) == 3
    assert [layer.visible for layer in viewer.layers] == [True, False, False]
    assert {layer.metadata["strata"]["dataset"] for layer in viewer.layers} == {str(group)}


@pytest.mark.parametrize("at", [(), ("nuclei",)], ids=["the group", "one in it"])
def test_all_in_a_group(viewer: Any, tmp_path: Path, qtbot: Any, at: tuple[str, ...]):
    """More than are opened where a group is dropped, each at its own place."""
    names = [f"i{number:02}" for number in range(1, 12)]
    group = write_group(tmp_path / "a.zarr", "nuclei", *names)
    panel = connected(viewer, group, qtbot)
    select(panel, qtbot, at)
    press(panel, panel.all_button, qtbot)
    found = places(viewer)
    assert sorted(found) == [*names, "nuclei"]
    assert found["nuclei"] == ([2, 3], [1, 0])
    assert found["i11"] == ([2, 3], [12, 0])
    assert [layer.visible for layer in viewer.layers] == [True] + [False] * 11


def test_what_a_group_left_out_is_said_where_it_can_be_opened(
    viewer: Any, tmp_path: Path, told: list[Notification], qtbot: Any
):
    root = write_group(tmp_path / "a.zarr", *(f"i{number}" for number in range(9)))
    panel = connected(viewer, root, qtbot)
    press(panel, panel.open_button, qtbot)
    assert len(viewer.layers) == 8
    assert message(panel).startswith("It holds 1 more images than were opened.")
    assert told == []


def test_folders_in_a_group_are_left_out(viewer: Any, group: Path, qtbot: Any):
    write_group(group / "masks", "er")
    panel = connected(viewer, group, qtbot)
    select(panel, qtbot, ())
    press(panel, panel.all_button, qtbot)
    assert sorted(places(viewer)) == ["cells", "nuclei", "walls"]
    assert message(panel).endswith("folders are opened by themselves (1 in it: masks).")
    expand(panel, qtbot, "masks")
    select(panel, qtbot, ("masks",))
    press(panel, panel.all_button, qtbot)
    assert places(viewer)["er"] == ([2, 3], [1, 0])


def test_a_group_of_groups_has_nothing_directly_in_it(viewer: Any, tmp_path: Path, qtbot: Any):
    write_group(tmp_path / "a.zarr/masks", "er", "golgi")
    (tmp_path / "a.zarr/.zgroup").write_text('{"zarr_format": 2}')
    panel = connected(viewer, tmp_path / "a.zarr", qtbot)
    select(panel, qtbot, ())
    press(panel, panel.all_button, qtbot)
    assert "only folders" in message(panel)
    assert len(viewer.layers) == 0
    press(panel, panel.open_button, qtbot)
    assert sorted(places(viewer)) == ["er", "golgi"]


@pytest.mark.parametrize("agreed", [True, False])
def test_many_are_asked_for(
    viewer: Any, group: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch, agreed: bool
):
    from napari_strata.widgets.browser import opener

    asked: list[str] = []

    def question(_parent: Any, _title: str, text: str) -> Any:
        asked.append(text)
        answers = QMessageBox.StandardButton
        return answers.Yes if agreed else answers.No

    monkeypatch.setattr(opener, "MANY", 2)
    monkeypatch.setattr(QMessageBox, "question", question)
    panel = connected(viewer, group, qtbot)
    select(panel, qtbot, ())
    press(panel, panel.all_button, qtbot)
    assert len(asked) == 1
    assert "Open 3 entries of a.zarr" in asked[0]
    assert len(viewer.layers) == (3 if agreed else 0)
    select(panel, qtbot, ("cells",), ("walls",))
    press(panel, panel.open_button, qtbot)
    assert len(asked) == 1


def test_one_that_is_damaged_costs_no_other(
    viewer: Any, group: Path, told: list[Notification], qtbot: Any
):
    panel = connected(viewer, group, qtbot)
    (group / "nuclei/.zattrs").write_text("{")
    select(panel, qtbot, ("cells",), ("nuclei",))
    # It was sound when it was looked at; what was read then is opened.
    press(panel, panel.open_button, qtbot)
    assert sorted(places(viewer)) == ["cells", "nuclei"]
    panel.connect_to(str(group))
    settled(panel, qtbot)
    viewer.layers.clear()
    select(panel, qtbot, ("nuclei",), ("walls",))
    press(panel, panel.open_button, qtbot)
    assert sorted(places(viewer)) == ["walls"]
    assert any("nuclei" in heard.message for heard in told)
    viewer.layers.clear()
    select(panel, qtbot, ("nuclei",))
    press(panel, panel.open_button, qtbot)
    assert "nuclei" in message(panel)
    assert len(viewer.layers) == 0


def test_opening_can_be_cancelled(
    viewer: Any, group: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
):
    """Layers that are there stay; what is still to be added is not."""
    panel = connected(viewer, group, qtbot)
    select(panel, qtbot, ())
    viewer.layers.events.inserted.connect(lambda _: panel.cancel())
    panel.open_all()
    assert panel.address.go.text() == "Cancel"
    settled(panel, qtbot)
    assert panel.address.go.text() == "Connect"
    assert len(viewer.layers) == 1


def test_reading_can_be_cancelled(
    viewer: Any, group: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
):
    import threading

    begun, gate, over = threading.Event(), threading.Event(), threading.Event()
    real = opening.build

    def held(dataset: Any) -> Any:
        begun.set()
        assert gate.wait(60)
        try:
            return real(dataset)
        finally:
            over.set()

    monkeypatch.setattr(opening, "build", held)
    panel = connected(viewer, group, qtbot)
    select(panel, qtbot, ("cells",))
    panel.open_selected()
    assert panel.address.go.text() == "Cancel"
    qtbot.waitUntil(begun.is_set, timeout=60_000)  # else it may be given up before
    qtbot.mouseClick(panel.address.go, Qt.MouseButton.LeftButton)
    assert not panel.is_busy
    gate.set()
    assert over.wait(60)
    settled(panel, qtbot)
    QApplication.processEvents()
    assert len(viewer.layers) == 0


def test_images_of_other_axes_share_their_sliders(viewer: Any, tmp_path: Path, qtbot: Any):
    """Beside t, z, y, x, the times of t, y, x would be along z."""
    from formats.helpers import write_ome_04

    root = tmp_path / "a.zarr"
    root.mkdir()
    (root / ".zgroup").write_text('{"zarr_format": 2}')
    write_ome_04(root / "deep", {"0": ((2, 3, 4, 4), {"scale": [1, 5, 1, 1]})}, axes="tzyx")
    write_ome_04(root / "flat", {"0": ((2, 4, 4), {"scale": [1, 1, 1]})}, axes="tyx")
    panel = connected(viewer, root, qtbot)
    select(panel, qtbot, ("deep",), ("flat",))
    press(panel, panel.open_button, qtbot)
    assert {x.name: x.axis_labels for x in viewer.layers} == {
        "deep": ("t", "z", "y", "x"),
        "flat": ("t", "z", "y", "x"),
    }


def test_what_no_image_can_know_alone_is_told(
    viewer: Any, tmp_path: Path, told: list[Notification], qtbot: Any
):
    from formats.helpers import add_attributes, write_n5_array

    for name, size in (("coarse", 8), ("fine", 4)):
        write_n5_array(tmp_path / "a.n5" / name / "s0", (4, 4, 4))
        keys = {"scales": [[1, 1, 1]], "resolution": [size] * 3}
        add_attributes(tmp_path / "a.n5" / name / "attributes.json", **keys)
    panel = connected(viewer, tmp_path / "a.n5", qtbot)
    select(panel, qtbot, ("coarse",), ("fine",))
    press(panel, panel.open_button, qtbot)
    assert any('origin="corner"' in heard.message for heard in told)


# ----------------------------------------------------------------- plates, labels, geometries


def write_plate(root: Path) -> Path:
    """Wells A/1, A/2 and B/1 of two fields; field 1 lies 100 µm along x from field 0."""
    wells = {"A/1": 0, "A/2": 0, "B/1": 1}
    for well in wells:
        for number in range(2):
            write_image(root / well / str(number), (2, 3), (0, 100 * number))
        images = [{"path": "0"}, {"path": "1"}]
        (root / well / ".zattrs").write_text(json.dumps({"well": {"images": images}}))
        for folder in (root / well, (root / well).parent, root):
            (folder / ".zgroup").write_text('{"zarr_format": 2}')
    listed = [
        {"path": path, "rowIndex": row, "columnIndex": int(path[-1]) - 1}
        for path, row in wells.items()
    ]
    plate = {
        "version": "0.4",
        "rows": [{"name": "A"}, {"name": "B"}],
        "columns": [{"name": "1"}, {"name": "2"}],
        "wells": listed,
    }
    (root / ".zattrs").write_text(json.dumps({"plate": plate}))
    return root


def test_fields_of_a_plate(viewer: Any, tmp_path: Path, qtbot: Any):
    panel = connected(viewer, write_plate(tmp_path / "p.zarr"), qtbot)
    expand(panel, qtbot, "A")
    expand(panel, qtbot, "A", "2")
    double_click(panel, qtbot, "A", "2", "1")
    ((scale, translate),) = places(viewer).values()
    assert (scale, translate) == ([2, 3], [0, 100])
    assert viewer.layers[0].metadata["strata"]["path"] == str(tmp_path / "p.zarr/A/2/1")


def test_all_fields_of_a_well(viewer: Any, tmp_path: Path, qtbot: Any):
    panel = connected(viewer, write_plate(tmp_path / "p.zarr"), qtbot)
    expand(panel, qtbot, "A")
    select(panel, qtbot, ("A", "1"))
    press(panel, panel.all_button, qtbot)
    assert [x.translate.tolist() for x in viewer.layers] == [[0, 0], [0, 100]]
    assert all(layer.visible for layer in viewer.layers)  # they lie beside each other


def test_a_plate_whole(viewer: Any, tmp_path: Path, qtbot: Any):
    root = write_plate(tmp_path / "p.zarr")
    panel = connected(viewer, root, qtbot)
    press(panel, panel.open_button, qtbot)
    (layer,) = viewer.layers
    (image,) = strata.open(root).images
    assert tuple(layer.level_shapes[0]) == image.levels[0].shape


def write_labelled(root: Path) -> Path:
    """Write an image 7 µm along y, and labels of it 8 µm along y."""
    write_image(root, (2, 3), (7, 0))
    write_image(root / "labels/cells", (4, 6), (8, 1.5))
    (root / "labels/.zgroup").write_text('{"zarr_format": 2}')
    (root / "labels/.zattrs").write_text('{"labels": ["cells"]}')
    label = json.loads((root / "labels/cells/.zattrs").read_text())
    label["image-label"] = {"version": "0.4", "source": {"image": "../../"}}
    (root / "labels/cells/.zattrs").write_text(json.dumps(label))
    return root


def test_all_in_a_group_are_images_with_their_labels(viewer: Any, group: Path, qtbot: Any):
    write_labelled(group / "roots")
    panel = connected(viewer, group, qtbot)
    select(panel, qtbot, ())
    press(panel, panel.all_button, qtbot)
    assert [layer.translate.tolist() for layer in viewer.layers if isinstance(layer, Labels)] == [
        [8, 1.5]
    ]
    assert len(viewer.layers) == 5
    assert isinstance(viewer.layers[-1], Labels)  # over all images


def test_labels_lie_over_their_image(viewer: Any, tmp_path: Path, qtbot: Any):
    panel = connected(viewer, write_labelled(tmp_path / "a.zarr"), qtbot)
    double_click(panel, qtbot, "cells")
    assert places(viewer) == {"cells": ([4, 6], [8, 1.5])}
    assert isinstance(viewer.layers[0], Labels)
    viewer.layers.clear()
    select(panel, qtbot, ())
    press(panel, panel.all_button, qtbot)
    assert [type(layer).__name__ for layer in viewer.layers] == ["PlacedImage", "PlacedLabels"]
    assert places(viewer)["cells"] == ([4, 6], [8, 1.5])


def test_points(viewer: Any, samples: dict[str, Sample], qtbot: Any):
    panel = connected(viewer, samples["zvf"].path, qtbot)
    press(panel, panel.open_button, qtbot)
    (expected,) = build(strata.open(samples["zvf"].path)).layers
    (layer,) = viewer.layers
    assert isinstance(layer, Points)
    np.testing.assert_array_equal(layer.data, expected[0])
    np.testing.assert_array_equal(layer.scale, expected[1]["scale"])


def test_listed_segments(viewer: Any, mesh_folder: Path, qtbot: Any):
    panel = connected(viewer, mesh_folder, qtbot)
    select(panel, qtbot, ("12",))
    press(panel, panel.open_button, qtbot)
    (layer,) = viewer.layers
    assert isinstance(layer, Surface)
    np.testing.assert_allclose(layer.data[0], (TETRAHEDRON.astype(float) + 1000)[:, ::-1])
    assert layer.data[1].tolist() == FACES.tolist()
    np.testing.assert_allclose(layer.scale, 0.001)
    select(panel, qtbot, ("7",), (str(2**63 + 5),))
    press(panel, panel.open_button, qtbot)
    found = [x.metadata["strata"]["segment"] for x in viewer.layers]
    assert found == [12, 7, 2**63 + 5]


def test_a_folder_of_many_meshes(viewer: Any, mesh_folder: Path, qtbot: Any):
    for segment in range(100, 110):
        (mesh_folder / f"{segment}:0").write_text('{"fragments": ["7.part"]}')
    panel = connected(viewer, mesh_folder, qtbot)
    press(panel, panel.open_button, qtbot)
    assert len(viewer.layers) == 0
    assert "type the id of a segment" in message(panel)


def test_a_segment_by_its_id(viewer: Any, mesh_folder: Path, qtbot: Any):
    panel = connected(viewer, mesh_folder, qtbot)
    select(panel, qtbot, ())
    assert panel.segment.isVisibleTo(panel)
    qtbot.keyClicks(panel.segment.field, "0")
    assert not panel.segment.button.isEnabled()
    panel.segment.field.setText(str(2**63 + 5))
    press(panel, panel.segment.button, qtbot)
    (layer,) = viewer.layers
    assert layer.metadata["strata"]["segment"] == 2**63 + 5
    np.testing.assert_allclose(layer.data[0], (TETRAHEDRON.astype(float) + 2000)[:, ::-1])
    panel.segment.field.setText("13")
    press(panel, panel.segment.button, qtbot)
    assert "13" in message(panel)
    assert len(viewer.layers) == 1
    select(panel, qtbot, ("7",))
    assert not panel.segment.isVisibleTo(panel)


# ------------------------------------------------------------------- offered after a drop


def test_a_drop_that_left_images_out_offers_to_browse(
    viewer: Any, tmp_path: Path, told: list[Notification], qtbot: Any
):
    root = write_group(tmp_path / "a.zarr", *(f"i{number}" for number in range(9)))
    viewer.open(str(root), plugin="napari-strata")
    assert len(viewer.layers) == 8
    (offer,) = [heard for heard in told if heard.actions]
    assert "1 more images than were opened" in offer.message
    assert not viewer.window._qt_window.findChildren(BrowserPanel)
    ((text, pressed),) = offer.actions
    assert text == "Browse"
    pressed(None)  # napari hands over what was pressed
    (panel,) = viewer.window._qt_window.findChildren(BrowserPanel)
    settled(panel, qtbot)
    assert panel.isVisible()
    assert panel.model.index(0, 0).data() == "a.zarr"
    assert panel.model.rowCount(panel.model.index(0, 0)) == 9


def test_a_drop_that_opened_everything_offers_nothing(
    viewer: Any, group: Path, told: list[Notification]
):
    viewer.open(str(group), plugin="napari-strata")
    assert len(viewer.layers) == 3
    assert [heard for heard in told if heard.actions] == []


def test_it_is_in_the_plugin_menu(viewer: Any, qtbot: Any):
    _, panel = viewer.window.add_plugin_dock_widget("napari-strata", "Browser")
    assert isinstance(panel, BrowserPanel)
    assert open_panel(viewer) is panel
    settled(panel, qtbot)
