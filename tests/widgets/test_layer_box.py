"""Boxes of a layer: as read, and as napari's status bar gives positions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Points, Shapes

from napari_strata.dataset import Choices
from napari_strata.layers.geometry.address import Address
from napari_strata.widgets import chosen_layers, layer_box

SQUARE = [[10.0, 20.0], [10.0, 40.0], [30.0, 40.0], [30.0, 20.0]]
INF = np.inf


def points(**how: Any) -> Points:
    how = {"scale": [0.001] * 3, "units": ["micrometer"] * 3, **how}
    return Points(np.zeros((1, 3)), **how)


def test_shown_positions_are_those_of_the_status_bar():
    layer = points(scale=[2.0, 0.5, 1.0], translate=[10.0, 0.0, -5.0])
    own = np.array([[0.0, 1.0, 2.0], [1.0, 4.0, 8.0]])
    shown = layer_box.to_shown(layer, own)
    assert shown.tolist() == [[10.0, 0.5, -3.0], [12.0, 2.0, 3.0]]
    assert shown[0].tolist() == list(layer.data_to_world(own[0]))
    np.testing.assert_allclose(layer_box.to_own(layer, shown), own, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize(
    "how", [{}, {"translate": [7.3, -1e3, 12.1]}, {"scale": [0.3, 1 / 7, 1e3]}], ids=str
)
def test_the_way_to_what_is_shown_and_back_loses_no_border(how: dict[str, Any]):
    layer = points(**how)
    rng = np.random.default_rng(0)
    for _ in range(200):
        low = rng.integers(0, 40_000, 3)
        own = np.array([low, low + rng.integers(1, 40_000, 3)], dtype=np.float64)
        back = layer_box.to_own(layer, layer_box.to_shown(layer, own))
        assert np.all(back[0] <= own[0])
        assert np.all(back[1] >= own[1])
        np.testing.assert_allclose(back, own, rtol=1e-9, atol=1e-9)


def test_a_number_that_is_typed_loses_no_border():
    """16004 nm are 16.004 µm, and 16.004 / 0.001 is more than 16004."""
    box = layer_box.to_own(points(), [[16.004] * 3, [INF] * 3])
    assert np.all(box[0] <= 16004)
    assert box[0] == pytest.approx(16004, rel=1e-12)
    assert np.all(box[1] == INF)


def test_numbers_that_need_no_calculating_stay():
    layer = points(scale=[1.0] * 3)
    box = [[0.1, -INF, 20.0], [0.3, 5.0, INF]]
    assert layer_box.to_own(layer, box).tolist() == box


def test_units_have_short_names():
    layer = Points(np.zeros((1, 3)), units=["second", "micrometer", "pixel"])
    assert layer_box.unit_names(layer) == ("s", "µm", "px")


TURNED = {
    "plain": ({}, False),
    "moved": ({"translate": [1, 2, 3]}, False),
    "rotated": ({"rotate": 30}, True),
    "sheared": ({"shear": [0.5, 0, 0]}, True),
    "mirrored": ({"affine": np.diag([1, 1, -1, 1])}, True),
}


@pytest.mark.parametrize(("how", "turned"), TURNED.values(), ids=TURNED)
def test_turned(how: dict[str, Any], turned: bool):
    assert layer_box.is_turned(points(**how)) is turned


def test_a_turned_layer_is_cropped_along_its_own_axes():
    layer = points(scale=[2.0, 2.0, 2.0], translate=[1.0, 1.0, 1.0], rotate=90)
    own = np.array([[0.0] * 3, [1.0, 2.0, 3.0]])
    assert layer_box.to_shown(layer, own).tolist() == [[1.0] * 3, [3.0, 5.0, 7.0]]


def viewer_with(shapes: Shapes, layer: Points) -> ViewerModel:
    viewer = ViewerModel()
    viewer.add_layer(layer)
    viewer.add_layer(shapes)
    return viewer


BOXES: dict[str, tuple[dict[str, Any], Any, list[list[float]]]] = {
    # A square of micrometres on points in nanometres.
    "flat shape, fewer axes": (
        {"units": ["micrometer"] * 2},
        SQUARE,
        [[-INF, 10_000, 20_000], [INF, 30_000, 40_000]],
    ),
    "flat shape in a plane": (
        {"units": ["micrometer"] * 3},
        [[5.0, *corner] for corner in SQUARE],
        [[-INF, 10_000, 20_000], [INF, 30_000, 40_000]],
    ),
    "a shape with its own scale": (
        {"units": ["micrometer"] * 2, "scale": [0.5, 2.0], "translate": [1.0, 0.0]},
        SQUARE,
        [[-INF, 6_000, 40_000], [INF, 16_000, 80_000]],
    ),
    "a shape in other units": (
        {"units": ["nanometer"] * 2},
        SQUARE,
        [[-INF, 10, 20], [INF, 30, 40]],
    ),
    # A layer in pixels stops napari's conversion: numbers are drawn as they are.
    "a shape in pixels": (
        {"units": ["pixel"] * 2},
        SQUARE,
        [[-INF, 10_000, 20_000], [INF, 30_000, 40_000]],
    ),
}


@pytest.mark.parametrize(("how", "corners", "box"), BOXES.values(), ids=BOXES)
def test_box_of_a_shape(how: dict[str, Any], corners: Any, box: Any):
    shapes = Shapes([np.array(corners)], shape_type="polygon", **how)
    layer = points()
    viewer = viewer_with(shapes, layer)
    np.testing.assert_allclose(layer_box.box_of_shapes(viewer, shapes, layer), box)


def test_the_box_goes_around_all_selected_shapes():
    others = [np.array(SQUARE) + 100 * i for i in range(3)]
    shapes = Shapes(others, shape_type="polygon", units=["micrometer"] * 2)
    layer = points(scale=[1.0] * 3)
    viewer = viewer_with(shapes, layer)
    shapes.selected_data = {0, 1}
    found = layer_box.box_of_shapes(viewer, shapes, layer)
    np.testing.assert_allclose(found[:, 1:], [[10, 20], [130, 140]])


def refused(viewer: Any, shapes: Shapes, layer: Points) -> str:
    with pytest.raises(ValueError, match=r"\.$") as error:
        layer_box.box_of_shapes(viewer, shapes, layer)
    return str(error.value)


def test_which_shape_must_be_clear():
    shapes = Shapes([np.array(SQUARE)] * 2, shape_type="polygon", name="mine")
    layer = points()
    assert refused(viewer_with(shapes, layer), shapes, layer) == (
        "Select a shape of 'mine'; it has 2."
    )
    empty = Shapes(name="mine", ndim=2)
    assert refused(viewer_with(empty, layer), empty, layer) == (
        "Select a shape of 'mine'; it has none."
    )


def test_a_shape_without_extent_is_no_box():
    shapes = Shapes([np.full((4, 2), 7.0)], shape_type="polygon", name="mine")
    layer = points()
    assert "no extent" in refused(viewer_with(shapes, layer), shapes, layer)


def test_a_turned_layer_is_not_cropped_by_a_shape():
    shapes = Shapes([np.array(SQUARE)], shape_type="polygon")
    layer = points(rotate=30)
    assert "crop it by numbers" in refused(viewer_with(shapes, layer), shapes, layer)


RECORDED: dict[str, tuple[Any, Any]] = {
    "everything": (None, None),
    "a box": ([[0, 1], [2, 3.5]], [[0, 1], [2, 3.5]]),
    "no limit": ([[None, 1], [2, None]], [[-INF, 1], [2, INF]]),
}


@pytest.mark.parametrize(("box", "expected"), RECORDED.values(), ids=RECORDED)
def test_the_box_of_a_record(box: Any, expected: Any):
    found = layer_box.recorded({"box": box})
    assert (found if found is None else found.tolist()) == expected


def test_the_selected_layer_is_meant_else_the_only_one():
    viewer = ViewerModel()
    with pytest.raises(ValueError, match=r"^Select one Shapes layer .*none found\.$"):
        chosen_layers.selected_shapes(viewer)
    first = viewer.add_shapes(name="first")
    viewer.layers.selection = set()
    assert chosen_layers.selected_shapes(viewer) is first
    second = viewer.add_shapes(name="second")
    viewer.layers.selection = set()
    with pytest.raises(ValueError, match="2 found"):
        chosen_layers.selected_shapes(viewer)
    viewer.layers.selection = {second}
    assert chosen_layers.selected_shapes(viewer) is second


def test_only_layers_that_can_hold_one_are_geometries():
    record = {
        "kind": "points",
        "axes": [],
        "dataset": "/data/a",
        "format": "zvf",
        "geometry": "",
        "path": "/data/a",
        "level": 0,
        "levels": [],
        "space": "world",
        "vertices_shown": 0,
    }
    viewer = ViewerModel()
    converted = viewer.add_labels(np.zeros((2, 2), int), metadata={"strata": record})
    assert not chosen_layers.is_geometry(converted)
    assert chosen_layers.is_geometry(viewer.add_points(metadata={"strata": record}))
    assert not chosen_layers.is_geometry(viewer.add_points(metadata={"strata": {"kind": "image"}}))
    assert not chosen_layers.is_geometry(viewer.add_points(metadata={"strata": "mine"}))
    assert not chosen_layers.is_geometry(viewer.add_points())
    assert not chosen_layers.is_geometry(None)


def test_folders_of_meshes_are_looked_for_where_layers_come_from():
    mesh = {
        "axes": [],
        "dataset": "/c",
        "geometry": "meshes/7",
        "level": 0,
        "levels": [],
        "choices": {"origin": "corner"},
        "segment": 7,
        "space": "declared",
        "vertices_shown": 0,
    }
    viewer = ViewerModel()
    for kind, form, path, more in [
        ("labels", "precomputed", "/a", {"choices": {"profile": "lab"}}),
        ("image", "precomputed", "/b", {}),
        ("mesh", "precomputed", "/c/meshes", mesh),
        ("mesh", "precomputed", "/c/meshes", {**mesh, "geometry": "meshes/9", "segment": 9}),
        ("mesh", "precomputed", "/c/meshes", {}),
        ("labels", "ome-zarr-0.5", "/d", {}),
        ("labels", "precomputed", "/a", {"choices": {"profile": "lab"}}),
    ]:
        note = {"kind": kind, "format": form, "path": path, **more}
        viewer.add_points(metadata={"strata": note})
    assert chosen_layers.known_folders(viewer) == [
        Address("/a", choices=Choices(profile="lab")),
        Address("/c", "meshes", Choices(origin="corner")),
    ]
