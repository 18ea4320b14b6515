"""What the inspector says of where levels are drawn, and the exact layer it puts in their place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inspector_window import add, add_theirs, at, column, rest, said
from napari.layers._source import Source
from pytestqt.qtbot import QtBot

from layers.layer_drawing import drawn_position, settle
from napari_strata.layers.drawing.placed import PlacedImage
from napari_strata.samples import Sample
from napari_strata.widgets.inspector.panel import open_panel

pytestmark = pytest.mark.window


@pytest.fixture
def viewer(new_viewer: Callable[[], Any]) -> Any:
    return new_viewer()


@pytest.fixture
def path(samples: dict[str, Sample]) -> Path:
    """Every second and every fourth voxel, of even sizes: napari is 0.5 and 1.5 off."""
    return samples["ome-zarr-0.5"].path


def test_ours_is_exact_and_a_move_is_told_apart(viewer: Any, path: Path, qtbot: QtBot):
    (layer,) = add(viewer, path)
    panel = open_panel(viewer)
    rest(panel, qtbot)
    assert said(panel.alignment) == "All levels are drawn exactly where the metadata says."
    assert panel.alignment.replace_button.isHidden()
    layer.translate = layer.translate + np.array([3, 0, 0])  # of 1 µm
    rest(panel, qtbot)
    assert column(panel, "Off by") == ["0"] * 3
    assert "You moved the layer by up to 3.00 voxels in napari" in said(panel.alignment)


def test_a_layer_of_another_reader_is_compared_with_its_file(viewer: Any, path: Path, qtbot: QtBot):
    panel = open_panel(viewer)
    layer = add_theirs(viewer, path, scale=(1, 1.25, 1.25), translate=(1.7, 0.6, 0.3), units="um")
    assert panel.layer is layer
    rest(panel, qtbot)
    assert column(panel, "Off by") == ["0", "0.50", "1.50"]
    assert said(panel.alignment) == (
        "napari draws level 2 up to 1.50 voxels of level 0 beside where its metadata says."
    )
    table = panel.levels.table
    good, fair, bad = (table.item(row, 3).foreground().color().name() for row in range(3))
    assert len({good, fair, bad}) == 3


def test_replaced_by_the_exact_layer(viewer: Any, path: Path, qtbot: QtBot):
    viewer.add_image(np.zeros((96, 128, 128), "u1"), name="below")
    layer = add_theirs(
        viewer, path, name="theirs", colormap="green", opacity=0.4, scale=(1, 1.25, 1.25)
    )
    above = viewer.add_points(name="above")
    viewer.layers.selection.active = layer
    panel = open_panel(viewer)
    rest(panel, qtbot)
    assert "As a whole it is at another place" in said(panel.alignment)
    # napari draws the first voxel of its level 2 in the middle of four by four
    layer.locked_data_level = 2
    settle(viewer)
    np.testing.assert_allclose(drawn_position(viewer, layer, [0, 0]), [1.5 * 1.25] * 2, atol=1e-4)
    panel.alignment.replace_button.click()
    settle(viewer)
    rest(panel, qtbot)
    below, exact, last = viewer.layers
    assert (below.name, exact.name, last) == ("below", "theirs", above)
    assert isinstance(exact, PlacedImage)
    assert (exact.colormap.name, exact.opacity) == ("green", 0.4)
    assert panel.layer is exact
    assert column(panel, "Off by") == ["0"] * 3
    # s2: 4000 × 5000 × 5000 nm from 1700, 600, 300 nm
    assert at(exact, [0, 0, 0]) == [1.7, 0.6, 0.3]
    exact.locked_data_level = 2
    above.visible = below.visible = False
    settle(viewer)
    first, second = (drawn_position(viewer, exact, [k, k]) for k in (0, 1))
    np.testing.assert_allclose(first, [0.6, 0.3], atol=1e-4)
    np.testing.assert_allclose(second, [5.6, 5.3], atol=1e-4)


def test_a_path_that_napari_does_not_know_is_asked_for(viewer: Any, path: Path, qtbot: QtBot):
    layer = add_theirs(viewer, path, known=False)
    panel = open_panel(viewer)
    rest(panel, qtbot)
    assert column(panel, "Off by") == ["?"] * 3
    assert panel.alignment.path.isVisibleTo(panel)
    panel.alignment.path.setText(str(path.parent / "nothing.zarr"))
    panel.alignment.compare()
    rest(panel, qtbot)
    assert "nothing.zarr" in said(panel.alignment)
    assert panel.alignment.replace_button.isHidden()
    panel.alignment.path.setText(str(path))
    panel.alignment.compare()
    rest(panel, qtbot)
    assert column(panel, "Off by") == ["0", "0.50", "1.50"]
    assert panel.alignment.path.isHidden()
    assert viewer.layers[0] is layer


def test_why_it_cannot_be_compared_is_still_said_later(viewer: Any, path: Path, qtbot: QtBot):
    layer = add_theirs(viewer, path)
    layer.data = [np.zeros((12, 12, 12)), np.zeros((6, 6, 6))]
    panel = open_panel(viewer)
    rest(panel, qtbot)
    sentence = said(panel.alignment)
    assert "holds no" in sentence or "no image" in sentence
    viewer.add_points()
    viewer.layers.selection.active = layer
    rest(panel, qtbot)
    assert said(panel.alignment) == sentence


def test_a_layer_on_a_server_is_not_read_unasked(viewer: Any, path: Path, qtbot: QtBot):
    layer = add_theirs(viewer, path, known=False)
    layer._source = Source(path="http://127.0.0.1:9/a.zarr")
    panel = open_panel(viewer)
    rest(panel, qtbot)
    assert "not known yet" in said(panel.alignment)
    assert panel.alignment.path.text() == "http://127.0.0.1:9/a.zarr"


def test_levels_of_a_compared_layer_open_where_the_file_says(viewer: Any, path: Path, qtbot: QtBot):
    add_theirs(viewer, path, scale=(1, 1.25, 1.25), translate=(1.7, 0.6, 0.3))
    panel = open_panel(viewer)
    rest(panel, qtbot)
    panel.levels.open_level(2)
    made = viewer.layers[-1]
    assert at(made, [0, 0, 0]) == [1.7, 0.6, 0.3]
    assert at(made, [1, 1, 1]) == [5.7, 5.6, 5.3]
    assert panel.layer is made


def test_a_removed_layer_is_not_replaced(viewer: Any, path: Path, qtbot: QtBot):
    layer = add_theirs(viewer, path)
    panel = open_panel(viewer)
    rest(panel, qtbot)
    viewer.layers.remove(layer)
    panel.alignment.replace()
    assert len(viewer.layers) == 0


def test_a_layer_of_other_pixels_by_now_is_not_replaced(viewer: Any, path: Path, qtbot: QtBot):
    layer = add_theirs(viewer, path)
    panel = open_panel(viewer)
    rest(panel, qtbot)
    layer.data = [255 - np.asarray(level) for level in layer.data]
    panel.alignment.replace()
    assert viewer.layers[:] == [layer]
    rest(panel, qtbot)
    assert "other pixels" in said(panel.alignment)
    assert panel.alignment.replace_button.isHidden()


def test_a_layer_that_is_put_back_is_replaced_by_another_one(viewer: Any, path: Path, qtbot: QtBot):
    layer = add_theirs(viewer, path)
    panel = open_panel(viewer)
    for _ in range(2):
        rest(panel, qtbot)
        panel.alignment.replace_button.click()
        assert panel.layer is not layer
        viewer.layers.append(layer)
        viewer.layers.selection = {layer}
    assert len(viewer.layers) == 3
    assert len({id(each) for each in viewer.layers}) == 3
