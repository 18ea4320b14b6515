"""Everything about an exact layer that is not the place of a whole level."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from layer_cases import PYRAMIDS, WORLDS, Recorded
from layer_drawing import (
    bright_box,
    camera,
    canvas,
    drawn_position,
    is_blank,
    settle,
    texture,
    visual,
)
from napari.layers import Image, Labels, Layer

from napari_strata.layers.drawing.placed import PlacedImage, PlacedLabels, place
from napari_strata.layers.placement import Placement, PlacementError

STRIDED = PYRAMIDS["strided"]
PART = PYRAMIDS["part"]


# --- the layer as an object ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "exact", "plain"), [("image", PlacedImage, Image), ("labels", PlacedLabels, Labels)]
)
def test_layer_data_tuple_makes_napari_layers(kind: str, exact: type, plain: type):
    levels = [np.zeros(shape, np.uint8) for shape in STRIDED.shapes]
    look = {"contrast_limits": (0, 255)} if kind == "image" else {}
    layer = place(kind, levels, STRIDED.placement, metadata={"mine": 1}, **look)
    assert type(layer) is exact
    assert layer.name == plain.__name__
    data, state, type_string = layer.as_layer_data_tuple()
    assert type_string == kind
    again = Layer.create(data, state, type_string)
    assert type(again) is plain
    assert again.metadata["mine"] == 1
    strata = again.metadata["strata"]
    assert json.loads(json.dumps(strata)) == strata
    assert Placement.from_json(strata["placement"]) == STRIDED.placement
    np.testing.assert_array_equal(layer.downsample_factors, [[k] * 3 for k in (1, 2, 4, 8)])
    copied = layer.__copy__()
    assert type(copied) is plain


def test_another_number_of_levels():
    with pytest.raises(PlacementError, match="for 4 levels, found 2"):
        place("image", STRIDED.numbered()[:2], STRIDED.placement)
    layer = place("image", STRIDED.numbered(), STRIDED.placement, contrast_limits=(0, 1))
    with pytest.raises(PlacementError, match="for 4 levels, found 2"):
        layer.data = STRIDED.numbered()[:2]
    assert len(layer.data) == 4


def test_data_of_the_same_and_of_other_shapes(notified: Any):
    layer = place(
        "image", STRIDED.numbered(), STRIDED.placement, contrast_limits=(0, 1), name="raw"
    )
    layer.data = [level + 1 for level in STRIDED.numbered()]
    assert layer.name == "raw"
    layer.data = [level[1:] for level in STRIDED.numbered()]
    assert layer.name == "raw ⚠ may be misplaced"
    assert len(notified()) == 1


@pytest.mark.window
@pytest.mark.parametrize("kind", ["image", "labels"])
def test_layer_controls_are_napari_own(window: Any, kind: str):
    levels = [np.zeros(shape, np.uint8) for shape in STRIDED.shapes]
    viewer, layer = window.show(STRIDED, WORLDS["voxels"], kind, levels)
    controls = viewer.window._qt_viewer.controls.widgets[layer]
    plain = (viewer.add_image if kind == "image" else viewer.add_labels)(levels[3])
    assert type(controls) is type(viewer.window._qt_viewer.controls.widgets[plain])
    assert layer.editable is (kind == "image")


# --- in a window --------------------------------------------------------------------------


@pytest.mark.window
def test_view_beside_the_level_napari_chooses(any_slicing: str, window: Any):
    """Level 1 covers voxels 0 to 199 of 2000: a far view that wants level 1 shows none of it."""
    viewer = window.viewer
    levels = [Recorded(np.full((2000, 2000), 255, np.uint8)), Recorded(np.full((100, 100), 255))]
    placement = Placement(((1, 1), (2, 2)), ((0, 0), (0.5, 0.5)))
    layer = viewer.add_layer(place("image", levels, placement, contrast_limits=(0, 255)))
    settle(viewer)

    def look(centre: float, zoom: float) -> int:
        camera(viewer).center = (0, centre, centre)
        camera(viewer).zoom = zoom
        settle(viewer)
        return int(viewer.screenshot(canvas_only=True, flash=False)[..., :3].max())

    assert look(1500, 2) > 128  # near: level 0
    assert layer.data_level == 0
    assert look(1500, 0.4) < 128  # far: level 1 is not there, and what level 0 had is gone
    assert layer.data_level == 1
    assert look(200, 0.4) > 128  # back where it is
    assert texture(viewer, layer).shape == (100, 100)
    assert look(1500, 0.4) < 128
    for level in levels:
        level.read.clear()
    assert look(1600, 0.4) < 128  # moving about in the blank reads nothing
    assert levels[0].read == levels[1].read == []


@pytest.mark.window
@pytest.mark.parametrize("side", [1200.0, 2000.0, 2800.0])
def test_part_of_a_level_that_begins_elsewhere(any_slicing: str, window: Any, side: float):
    """Level 1 covers voxels 1000 to 2999 of 4000: all of it that is in view is drawn, no more."""
    viewer = window.viewer
    data = [np.zeros((4000, 4000), np.uint8), np.full((1000, 1000), 255, np.uint8)]
    placement = Placement(((1, 1), (2, 2)), ((0, 0), (1000.5, 1000.5)))
    layer = viewer.add_layer(place("image", data, placement, contrast_limits=(0, 255)))
    settle(viewer)
    camera(viewer).center = (0, side, side)
    # A tile is kept while it covers the view: look closely first, to be given a new one.
    for zoom, level in ((4, 0), (0.45, 1)):
        camera(viewer).zoom = zoom
        settle(viewer)
        assert layer.data_level == level
    found, size = bright_box(viewer)
    canvas_size = viewer.screenshot(canvas_only=True, flash=False).shape[:2]
    for axis in range(2):
        half = canvas_size[axis] / 2
        low = max((999.5 - side) * 0.45, -half)
        high = min((2999.5 - side) * 0.45, half)
        assert found[axis] == pytest.approx((low + high) / 2, abs=1)
        assert size[axis] == pytest.approx(high - low, abs=2)
    assert max(texture(viewer, layer).shape) < 1000


@pytest.mark.window
def test_a_layer_in_another_unit_arrives_later(any_slicing: str, window: Any):
    """The viewer turns to nanometres; volume, plane and level follow."""
    world = WORLDS["units"]
    viewer = window.viewer
    layer = place("image", STRIDED.numbered(), STRIDED.placement, contrast_limits=(0, 1),
                  **world.kwargs)  # fmt: skip
    viewer.add_layer(layer)
    viewer.dims.ndisplay = 3
    settle(viewer)
    last = np.array([11, 9, 7])
    declared = last * 8 * [0.2, 0.1, 0.05] + [1, 2, 3]  # µm
    np.testing.assert_allclose(drawn_position(viewer, layer, last), declared, atol=1e-9)
    other = viewer.add_image(np.zeros((2, 2, 2)), units=["nm"] * 3)
    settle(viewer)
    np.testing.assert_allclose(drawn_position(viewer, layer, last), declared * 1000, atol=1e-6)
    viewer.layers.remove(other)
    settle(viewer)
    np.testing.assert_allclose(drawn_position(viewer, layer, last), declared, atol=1e-9)


@pytest.mark.window
def test_level_and_tile_in_another_unit(window: Any):
    viewer, layer = window.show(STRIDED, WORLDS["units"])
    centre = WORLDS["units"].position([48, 40, 32])
    viewer.dims.set_point(range(3), centre)
    found = []
    # Canvas pixels per nanometre; a row is 100 nm, a column 50.
    for zoom in (1.0, 0.04, 0.001):
        camera(viewer).center = centre
        camera(viewer).zoom = zoom
        settle(viewer)
        found.append((layer.data_level, texture(viewer, layer).shape))
    assert found[0][0] == 0
    assert found[0][1][0] < 20  # 6 rows of 100 pixels fill the canvas
    assert found[2] == (3, (10, 8))


@pytest.mark.window
@pytest.mark.parametrize("ndisplay", [2, 3])
def test_bounding_box_stays_around_level_0(window: Any, ndisplay: int):
    for pyramid in PYRAMIDS.values():
        viewer, layer = window.show(pyramid, WORLDS["anisotropic"])
        viewer.dims.set_point(0, 4 * 50 + 10)
        viewer.dims.ndisplay = ndisplay
        layer.bounding_box.visible = True
        for level in pyramid.levels:
            layer.locked_data_level = level
            settle(viewer)
            node = visual(viewer, layer).node
            (box,) = [c for c in node.children if type(c).__name__ == "BoundingBox"]
            corners = np.array(
                box._vertices if hasattr(box, "_vertices") else box.markers._data["a_position"]
            )
            corners = np.hstack([corners[:, :3], np.ones((len(corners), 1))])
            world = (corners @ box.transform.matrix @ node.transform.matrix)[:, :ndisplay]
            steps = np.array([0.25, 0.5, 4.0])[:ndisplay]
            origin = np.array([7, -3, 10])[:ndisplay]
            sizes = np.array(pyramid.shapes[0])[::-1][:ndisplay]
            np.testing.assert_allclose(world.min(axis=0), origin - steps / 2, atol=1e-4)
            np.testing.assert_allclose(world.max(axis=0), origin + steps * (sizes - 0.5), atol=1e-4)


@pytest.mark.window
def test_transform_box_stays_around_level_0(window: Any):
    for pyramid in PYRAMIDS.values():
        viewer, layer = window.show(pyramid, WORLDS["voxels"])
        viewer.dims.set_point(0, 50)
        for level in pyramid.levels:
            layer.locked_data_level = level
            settle(viewer)
            low, high = layer._display_bounding_box_augmented_data_level([1, 2]).T
            np.testing.assert_allclose(
                [drawn_position(viewer, layer, low), drawn_position(viewer, layer, high)],
                [[-0.5, -0.5], np.array(pyramid.shapes[0][1:]) - 0.5],
                atol=1e-9,
            )


@pytest.mark.window
def test_hidden_layers_follow_when_they_are_shown(any_slicing: str, window: Any):
    viewer, layer = window.show(STRIDED, WORLDS["voxels"])
    layer.locked_data_level = 2
    layer.visible = False
    viewer.dims.set_point(0, 40)
    viewer.dims.ndisplay = 3
    settle(viewer)
    layer.visible = True
    settle(viewer)
    np.testing.assert_allclose(drawn_position(viewer, layer, (10, 3, 4)), (40, 12, 16))
    layer.visible = False
    viewer.dims.ndisplay = 2
    settle(viewer)
    layer.visible = True
    settle(viewer)
    assert not is_blank(viewer, layer)
    np.testing.assert_allclose(drawn_position(viewer, layer, (3, 4)), (12, 16))


@pytest.mark.window
def test_moving_a_layer_in_3d_moves_its_levels_with_it(any_slicing: str, window: Any):
    """napari's half voxel depends on scale and affine, which a user may change."""
    viewer, layer = window.show(STRIDED, WORLDS["voxels"])
    viewer.dims.ndisplay = 3
    settle(viewer)
    layer.scale = (3, 2, 1)
    layer.translate = (1, 1, 1)
    settle(viewer)
    np.testing.assert_allclose(drawn_position(viewer, layer, (1, 1, 1)), (25, 17, 9))
    layer.affine = [[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 5], [0, 0, 0, 1]]
    settle(viewer)
    np.testing.assert_allclose(drawn_position(viewer, layer, (1, 1, 1)), (17, 25, 14))
    assert canvas(viewer).layer_to_visual[layer].node.visible
