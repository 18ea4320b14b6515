"""Choosing meshes of segments in the panel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mesh_parts import FACES, SEGMENTS, TETRAHEDRON
from napari.layers import Surface
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

import napari_strata as strata
from napari_strata.dataset import Choices
from napari_strata.layers.build import build
from napari_strata.layers.geometry.address import Address
from napari_strata.widgets.geometry_panel import GeometryPanel, open_panel

pytestmark = pytest.mark.window


def read(panel: GeometryPanel, qtbot: Any) -> None:
    qtbot.waitUntil(lambda: not panel.busy.isVisibleTo(panel), timeout=30_000)


def opened(viewer: Any, folder: Path, qtbot: Any) -> GeometryPanel:
    panel = open_panel(viewer, Address(str(folder)))
    assert panel.busy.isVisibleTo(panel)
    read(panel, qtbot)
    return panel


def message(panel: GeometryPanel) -> str:
    form = panel.meshes.message
    return str(form.text.text()) if form.isVisibleTo(panel) else ""


def listed(panel: GeometryPanel) -> list[str]:
    model = panel.meshes.list.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_without_a_folder_there_is_nothing_to_add(viewer: Any):
    meshes = open_panel(viewer).meshes
    assert "by the id of their segment" in meshes.about.text()
    for widget in (meshes.segment, meshes.add, meshes.label, meshes.list, meshes.which):
        assert not widget.isVisibleTo(meshes)


def test_a_folder_lists_its_segments(viewer: Any, mesh_folder: Path, qtbot: Any):
    panel = opened(viewer, mesh_folder, qtbot)
    assert message(panel) == ""
    assert panel.meshes.about.text() == "3 segments listed."
    assert listed(panel) == [str(segment) for segment in sorted(SEGMENTS)]
    qtbot.keyClicks(panel.meshes.segment, "1")
    assert listed(panel) == ["12", str(2**63 + 5)][: len(listed(panel))]
    assert "7" not in listed(panel)


def test_a_segment_is_added(viewer: Any, mesh_folder: Path, qtbot: Any):
    panel = opened(viewer, mesh_folder, qtbot)
    qtbot.keyClicks(panel.meshes.segment, "12")
    qtbot.mouseClick(panel.meshes.add, Qt.MouseButton.LeftButton)
    read(panel, qtbot)
    assert message(panel) == ""
    (layer,) = viewer.layers
    assert isinstance(layer, Surface)
    corners = (TETRAHEDRON.astype(float) + 1000)[:, ::-1]  # z, y, x in nanometres
    np.testing.assert_allclose(layer.data[0], corners)
    assert layer.data[1].tolist() == FACES.tolist()
    np.testing.assert_allclose(layer.scale, 0.001)
    assert layer.metadata["strata"]["segment"] == 12
    assert panel.layer is layer
    # A mesh of a folder has one place: nothing is to be chosen.
    assert not panel.form.space.isVisibleTo(panel)


def test_ids_beyond_63_bits(viewer: Any, mesh_folder: Path, qtbot: Any):
    panel = opened(viewer, mesh_folder, qtbot)
    qtbot.keyClicks(panel.meshes.segment, str(2**63 + 5))
    qtbot.keyClick(panel.meshes.segment, Qt.Key.Key_Return)
    read(panel, qtbot)
    assert viewer.layers[0].metadata["strata"]["segment"] == 2**63 + 5


def test_the_list_adds_one(viewer: Any, mesh_folder: Path, qtbot: Any):
    panel = opened(viewer, mesh_folder, qtbot)
    index = panel.meshes.list.model().index(0, 0)
    panel.meshes.list.clicked.emit(index)
    assert panel.meshes.segment.text() == "7"
    assert len(listed(panel)) == 3
    panel.meshes.list.activated.emit(index)
    read(panel, qtbot)
    assert viewer.layers[0].metadata["strata"]["segment"] == 7


BAD = {
    "nothing": ("", "Type the id of a segment, or choose one from the list."),
    "background": ("0", "0 is the background: it has no mesh."),
    "too large": (
        str(2**64),
        "18,446,744,073,709,551,616 is no id of a segment: "
        "they go from 1 to 18,446,744,073,709,551,615.",
    ),
}


@pytest.mark.parametrize(("text", "expected"), BAD.values(), ids=BAD)
def test_bad_ids(viewer: Any, mesh_folder: Path, qtbot: Any, text: str, expected: str):
    panel = opened(viewer, mesh_folder, qtbot)
    panel.meshes.segment.setText(text)
    qtbot.mouseClick(panel.meshes.add, Qt.MouseButton.LeftButton)
    assert message(panel) == expected
    assert not panel.busy.isVisibleTo(panel)


def test_a_segment_without_a_mesh_is_said_in_a_sentence(viewer: Any, mesh_folder: Path, qtbot: Any):
    panel = opened(viewer, mesh_folder, qtbot)
    panel.meshes.segment.setText("13")
    qtbot.mouseClick(panel.meshes.add, Qt.MouseButton.LeftButton)
    read(panel, qtbot)
    assert "13" in message(panel)
    assert "\n" not in message(panel)
    assert len(viewer.layers) == 0
    panel.meshes.segment.setText("7")
    qtbot.mouseClick(panel.meshes.add, Qt.MouseButton.LeftButton)
    read(panel, qtbot)
    assert message(panel) == ""
    assert len(viewer.layers) == 1


def test_the_selected_label(viewer: Any, mesh_folder: Path, qtbot: Any):
    panel = opened(viewer, mesh_folder, qtbot)
    qtbot.mouseClick(panel.meshes.label, Qt.MouseButton.LeftButton)
    assert message(panel).startswith("Select one Labels layer")
    labels = viewer.add_labels(np.full((4, 4), 12))
    labels.selected_label = 12
    qtbot.mouseClick(panel.meshes.label, Qt.MouseButton.LeftButton)
    read(panel, qtbot)
    assert viewer.layers[-1].metadata["strata"]["segment"] == 12


def test_no_folder_of_meshes_is_said_in_a_sentence(viewer: Any, tmp_path: Path, qtbot: Any):
    (tmp_path / "empty").mkdir()
    panel = opened(viewer, tmp_path / "empty", qtbot)
    assert "empty" in message(panel)
    assert "\n" not in message(panel)
    assert not panel.meshes.add.isVisibleTo(panel)


def test_what_is_typed_stays_when_layers_come(viewer: Any, qtbot: Any):
    panel = open_panel(viewer)
    panel.meshes.path.setEditText("/half/a/pa")
    note = {"kind": "labels", "format": "precomputed", "path": "/data/volume"}
    viewer.add_labels(np.zeros((2, 2), int), metadata={"strata": note})
    assert panel.meshes.path.currentText() == "/half/a/pa"
    assert panel.meshes.path.itemText(0) == "/data/volume"


def test_a_layer_of_a_segment_offers_its_folder_again(viewer: Any, mesh_folder: Path, qtbot: Any):
    panel = opened(viewer, mesh_folder, qtbot)
    panel.meshes.segment.setText("7")
    qtbot.mouseClick(panel.meshes.add, Qt.MouseButton.LeftButton)
    read(panel, qtbot)
    assert panel.meshes.path.count() == 1
    panel.meshes.path.setCurrentIndex(0)
    panel.meshes.path.activated.emit(0)
    read(panel, qtbot)
    assert message(panel) == ""
    assert panel.meshes.folder is not None


def test_a_hundred_thousand_segments_are_no_hundred_thousand_widgets(
    viewer: Any, mesh_folder: Path, qtbot: Any
):
    from napari_strata.widgets.mesh_folder import OpenedFolder

    panel = opened(viewer, mesh_folder, qtbot)
    assert panel.meshes.folder is not None
    ids = [str(i) for i in range(1, 100_001)]
    panel.meshes.set_folders([OpenedFolder(Address("x"), panel.meshes.folder.geometry, ids)])
    assert panel.meshes.about.text() == "100,000 segments listed."
    children = len(panel.findChildren(object))
    qtbot.keyClicks(panel.meshes.segment, "99999")
    assert listed(panel) == ["99999"]
    assert len(panel.findChildren(object)) <= children + 5


def test_a_segment_that_is_there_is_selected(viewer: Any, mesh_folder: Path, qtbot: Any):
    panel = opened(viewer, mesh_folder, qtbot)
    for segment in ("7", "12"):
        panel.meshes.segment.setText(segment)
        qtbot.mouseClick(panel.meshes.add, Qt.MouseButton.LeftButton)
        read(panel, qtbot)
    assert panel.layer is viewer.layers[1]
    panel.meshes.segment.setText("7")
    qtbot.mouseClick(panel.meshes.add, Qt.MouseButton.LeftButton)
    assert not panel.busy.isVisibleTo(panel)
    assert len(viewer.layers) == 2
    assert panel.layer is viewer.layers[0]
    assert message(panel) == f"Segment 7 is the layer '{viewer.layers[0].name}'."


def test_a_folder_is_browsed_for(
    viewer: Any, mesh_folder: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
):
    panel = open_panel(viewer)
    answers = iter(["", str(mesh_folder)])
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: next(answers))
    qtbot.mouseClick(panel.meshes.browse, Qt.MouseButton.LeftButton)
    assert not panel.busy.isVisibleTo(panel)
    qtbot.mouseClick(panel.meshes.browse, Qt.MouseButton.LeftButton)
    read(panel, qtbot)
    assert panel.meshes.path.currentText() == str(mesh_folder)
    assert len(listed(panel)) == 3


def test_dropping_a_folder_of_many_meshes_opens_the_panel(
    viewer: Any, mesh_folder: Path, qtbot: Any
):
    for segment in range(100, 110):
        (mesh_folder / f"{segment}:0").write_text('{"fragments": ["7.part"]}')
    viewer.open(str(mesh_folder), plugin="napari-strata")
    (panel,) = viewer.window._qt_window.findChildren(GeometryPanel)
    read(panel, qtbot)
    assert len(viewer.layers) == 0
    assert panel.isVisible()
    assert panel.meshes.path.currentText() == str(mesh_folder)
    assert panel.meshes.about.text() == "13 segments listed."


def ask(panel: GeometryPanel, *segments: int) -> None:
    """Ask for segments, one right after the other."""
    for segment in segments:
        assert panel.meshes.folder is not None
        panel.meshes.ask(panel.meshes.folder, segment)


def test_a_segment_asked_for_next_supersedes_none(viewer: Any, mesh_folder: Path, qtbot: Any):
    panel = opened(viewer, mesh_folder, qtbot)
    ask(panel, 7, 12)
    read(panel, qtbot)
    assert {layer.metadata["strata"]["segment"] for layer in viewer.layers} == {7, 12}
    assert message(panel) == ""


def test_a_segment_asked_for_twice_is_one_layer(viewer: Any, mesh_folder: Path, qtbot: Any):
    panel = opened(viewer, mesh_folder, qtbot)
    ask(panel, 7, 7)
    read(panel, qtbot)
    assert len(viewer.layers) == 1


@pytest.mark.parametrize("segments", [(7, 13), (13, 7)])
def test_what_one_segment_lacks_is_said_beside_another(
    viewer: Any, mesh_folder: Path, qtbot: Any, segments: tuple[int, int]
):
    panel = opened(viewer, mesh_folder, qtbot)
    ask(panel, *segments)
    read(panel, qtbot)
    assert len(viewer.layers) == 1
    assert "13" in message(panel)


@pytest.fixture
def prefix(tmp_path: Path, mesh_folder: Path) -> Path:
    """A COSEM prefix: meshes are named after a segmentation with voxels of 4, 8, 16 nm."""
    folder = tmp_path / "jrc_x"
    (folder / "jrc_x.n5/em").mkdir(parents=True)
    volume = folder / "neuroglancer/em/er_seg.precomputed"
    volume.mkdir(parents=True)
    scale = {
        "key": "full",
        "resolution": [4, 8, 16],
        "size": [20, 20, 20],
        "chunk_sizes": [[20, 20, 20]],
        "encoding": "raw",
        "voxel_offset": [0, 0, 0],
    }
    info = {"type": "segmentation", "data_type": "uint32", "num_channels": 1, "scales": [scale]}
    (volume / "info").write_text(json.dumps(info))
    (folder / "neuroglancer/mesh").mkdir()
    mesh_folder.rename(folder / "neuroglancer/mesh/er_seg")
    return folder


def test_a_mesh_of_a_prefix_lies_on_its_segmentation(viewer: Any, prefix: Path, qtbot: Any):
    """Half a voxel, z, y, x, is 8, 4, 2 nm: all of a mesh is moved by that."""
    corners = TETRAHEDRON.astype(float)[:, ::-1] - [8, 4, 2]
    (waiting,) = build(strata.open(prefix)).mesh_folders
    panel = open_panel(viewer, waiting.address)
    read(panel, qtbot)
    assert panel.meshes.path.currentText() == str(prefix)
    assert panel.meshes.about.text() == "3 segments listed."
    ask(panel, 7)
    read(panel, qtbot)
    np.testing.assert_allclose(viewer.layers[0].data[0], corners)
    # Offered again, it is opened in the same way; so it is where what is filled in is entered.
    for again in (
        lambda: panel.meshes.path.activated.emit(0),
        lambda: qtbot.keyClick(panel.meshes.path.lineEdit(), Qt.Key.Key_Return),
    ):
        again()
        read(panel, qtbot)
        assert panel.meshes.about.text() == "3 segments listed."
        ask(panel, 7)
        assert message(panel).startswith("Segment 7 is the layer")
    ask(panel, 12)
    read(panel, qtbot)
    np.testing.assert_allclose(viewer.layers[1].data[0], corners + 1000)


def test_the_origin_is_kept(viewer: Any, prefix: Path, qtbot: Any):
    """With world 0 at the corner of a voxel nothing is moved."""
    panel = open_panel(
        viewer, Address(str(prefix), "neuroglancer/mesh/er_seg", Choices(origin="corner"))
    )
    read(panel, qtbot)
    ask(panel, 7)
    read(panel, qtbot)
    np.testing.assert_allclose(viewer.layers[0].data[0], TETRAHEDRON.astype(float)[:, ::-1])
    assert viewer.layers[0].metadata["strata"]["choices"] == {"origin": "corner"}


def test_a_folder_that_is_not_there_any_more(viewer: Any, prefix: Path, qtbot: Any):
    panel = open_panel(viewer, Address(str(prefix), "neuroglancer/mesh/other"))
    read(panel, qtbot)
    assert message(panel) == f"There is no folder of meshes at {prefix}/neuroglancer/mesh/other."
    assert panel.meshes.folder is None
