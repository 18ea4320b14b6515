"""Geometries as a real window draws them: from the vertices handed to the graphics card."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from geometry_cases import TZYX, ZYX_NM, Store, lines
from layer_drawing import camera, drawn_position, settle, visual
from napari.layers import Layer

from napari_strata import dataset
from napari_strata.dataset import Dataset
from napari_strata.geometry import Vertices
from napari_strata.layers.arrival import watch
from napari_strata.layers.geometry import view as geometry_view
from napari_strata.layers.geometry.build import geometry_layers
from napari_strata.layers.geometry.canvas import box_of_view
from napari_strata.layers.run import run_at_once
from napari_strata.model import Axis

pytestmark = pytest.mark.window

# In nm; the levels are other vertices, so that they cannot be mistaken for each other.
FINE = np.array([[1000.0, 2000, 3000], [1000, 5000, 7000], [1000, 9000, 4000], [1004, 9000, 9000]])
COARSE = FINE[:3] + np.array([0.0, 500.0, -250.0])
FACES = np.array([[0, 1, 2], [1, 2, 3]])

KINDS: dict[str, list[Vertices]] = {
    "points": [Vertices(FINE), Vertices(COARSE)],
    "graph": [
        Vertices(FINE, edges=np.array([[0, 1], [1, 2], [2, 3]])),
        Vertices(COARSE, edges=np.array([[0, 1], [1, 2]])),
    ],
    "mesh": [Vertices(FINE, faces=FACES), Vertices(COARSE, faces=FACES[:1])],
    "lines": [lines(FINE[:2], FINE[2:]), lines(COARSE)],
}
TYPES = {"points": "Points", "graph": "Vectors", "mesh": "Surface", "lines": "Shapes"}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()
    made.install(monkeypatch)
    return made


def add(viewer: Any, geometry: dataset.Geometry, monkeypatch: pytest.MonkeyPatch) -> Any:
    watch(viewer, run_at_once)
    opened = Dataset("/data/a", [], [], [geometry.model])
    monkeypatch.setattr(dataset, "open", lambda path, **_: opened)
    ((data, arguments, kind),) = geometry_layers("/data/a", geometry, [])
    layer = viewer.add_layer(Layer.create(data, arguments, kind))
    settle(viewer)
    return layer


def buffer(viewer: Any, layer: Layer) -> np.ndarray:
    """Return the vertices that were handed to the graphics card, (N, displayed), array order.

    Of a segment the four corners of its ribbon are brought back to its two ends.
    """
    node = visual(viewer, layer).node
    kind = type(layer).__name__
    if kind == "Points":
        found = node.points_markers._data["a_position"]
    elif kind == "Vectors":
        ribbon = np.asarray(node.mesh_data.get_vertices())
        found = ribbon.reshape(-1, 2, 2, ribbon.shape[1]).mean(axis=2).reshape(-1, ribbon.shape[1])
    else:
        found = np.asarray(node._meshdata.get_vertices())
    return np.asarray(found, dtype=np.float64)[:, : viewer.dims.ndisplay][:, ::-1]


def drawn(viewer: Any, layer: Layer) -> np.ndarray:
    """Return where those are in the scene: displayed axes, in the viewer's units."""
    points = buffer(viewer, layer)[:, ::-1]
    whole = np.zeros((len(points), 4))
    whole[:, : points.shape[1]] = points
    whole[:, 3] = 1
    mapped = whole @ visual(viewer, layer).node.transform.matrix
    return (mapped[:, : points.shape[1]] / mapped[:, 3:])[:, ::-1]


def same_places(found: np.ndarray, expected: np.ndarray, atol: float) -> None:
    """Compare as sets: napari orders and repeats vertices as it likes."""
    found, expected = (np.unique(np.round(a / atol), axis=0) * atol for a in (found, expected))
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=2 * atol)


@pytest.mark.parametrize("kind", ["points", "graph", "mesh"])
@pytest.mark.parametrize("mixed", [False, True], ids=["micrometres", "beside nanometres"])
def test_every_level_is_drawn_at_its_place(
    small_window: Any, store: Store, monkeypatch: pytest.MonkeyPatch, kind: Any, mixed: bool
):
    viewer = small_window.viewer
    if mixed:
        viewer.add_image(np.zeros((2, 2, 2)), units=["nm"] * 3, visible=False)
    layer = add(viewer, store.geometry(kind, KINDS[kind], axes=ZYX_NM), monkeypatch)
    assert type(layer).__name__ == TYPES[kind]
    unit = 1.0 if mixed else 1000.0
    for level, places in ((0, FINE), (1, COARSE), (0, FINE)):
        geometry_view.show(layer, level=level)
        for ndisplay in (3, 2):
            viewer.dims.ndisplay = ndisplay
            viewer.dims.set_point(0, 1000 / unit)
            settle(viewer)
            expected = places[:, -ndisplay:] / unit
            same_places(drawn(viewer, layer), expected, atol=0.01 / unit * 100)


@pytest.mark.parametrize("kind", KINDS)
def test_it_lies_on_the_bright_voxel_of_an_image(
    window: Any, store: Store, monkeypatch: pytest.MonkeyPatch, kind: Any
):
    """A voxel of 0.5 µm is bright at z, y, x = 1, 3, 4 µm; the geometry goes through it."""
    viewer = window.viewer
    pixels = np.zeros((5, 20, 20), dtype=np.uint8)
    pixels[2, 6, 8] = 255
    viewer.add_image(pixels, scale=[0.5] * 3, units=["um"] * 3, name="voxel", colormap="red")
    at = np.array([1000.0, 3000, 4000])
    around = at + np.array([[0.0, -150, -150], [0, 150, 150], [0, 150, -150], [0, -150, 150]])
    vertices = {
        "points": Vertices(at[None]),
        "graph": Vertices(around[:2], edges=np.array([[0, 1]])),
        "lines": lines(around[:2]),
        "mesh": Vertices(around, faces=np.array([[0, 1, 2], [0, 1, 3]])),
    }[kind]
    layer = add(viewer, store.geometry(kind, [vertices], axes=ZYX_NM), monkeypatch)
    if kind == "points":
        layer.size = 200
    elif kind != "mesh":
        layer.edge_width = 30
        layer.refresh()  # napari draws paths in the old width until then
    viewer.dims.set_point(0, 1.0)
    camera(viewer).center = (0, 3.0, 4.0)
    camera(viewer).zoom = 100
    settle(viewer)
    place = drawn_position(viewer, viewer.layers["voxel"], (6, 8))
    np.testing.assert_allclose(place, [3, 4], atol=1e-6)
    picture = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
    coloured = np.argwhere(picture[..., 1] > 80)  # what is not red
    assert len(coloured), "the geometry is not seen"
    centre = (coloured.min(axis=0) + coloured.max(axis=0) + 1) / 2
    red = np.argwhere(picture[..., 0] > 80)
    middle = (red.min(axis=0) + red.max(axis=0) + 1) / 2
    np.testing.assert_allclose(centre, middle, atol=1.5)
    np.testing.assert_allclose(np.ptp(red, axis=0) + 1, [50, 50], atol=2)
    assert (np.ptp(coloured, axis=0) < 50).all()


def test_a_slice_of_nanometres_shows_something_and_the_slider_steps_by_planes(
    small_window: Any, store: Store, monkeypatch: pytest.MonkeyPatch
):
    """Without an image a slice is 1/50 of 7 µm thick; with one it is a plane, as a step is."""
    viewer = small_window.viewer
    geometry = store.geometry("points", [Vertices(FINE)], axes=ZYX_NM)
    layer = add(viewer, geometry, monkeypatch)
    assert viewer.dims.thickness[0] == pytest.approx(0.14)
    assert viewer.dims.range[0].step == pytest.approx(0.035)
    viewer.add_image(np.zeros((9, 9, 9)), scale=[0.25, 0.5, 0.5], units=["um"] * 3)
    settle(viewer)
    assert [r.step for r in viewer.dims.range] == [0.25, 0.5, 0.5]
    assert viewer.dims.thickness == (0.25, 0.5, 0.5)
    viewer.layers.remove(layer)
    assert [r.step for r in viewer.dims.range] == [0.25, 0.5, 0.5]


def test_a_thickness_that_was_set_is_left_alone(
    small_window: Any, store: Store, monkeypatch: pytest.MonkeyPatch
):
    viewer = small_window.viewer
    viewer.add_image(np.zeros((9, 9, 9)), units=["um"] * 3)
    viewer.dims.thickness = (0.5, 0, 0)
    add(viewer, store.geometry("points", [Vertices(FINE)], axes=ZYX_NM), monkeypatch)
    assert viewer.dims.thickness[0] == 0.5


def test_only_the_vertices_of_a_time_point_are_shown(
    small_window: Any, store: Store, monkeypatch: pytest.MonkeyPatch
):
    viewer = small_window.viewer
    places = np.array([[0.1 * t, 5, 10 * t, 20] for t in range(4)])
    layer = add(viewer, store.geometry("points", [Vertices(places)], axes=TZYX), monkeypatch)
    viewer.dims.ndisplay = 3
    for t in range(4):
        viewer.dims.set_point(0, 0.1 * t)
        settle(viewer)
        np.testing.assert_allclose(drawn(viewer, layer), [[5, 10 * t, 20]], atol=1e-5)


def test_the_box_of_the_view(window: Any, store: Store, monkeypatch: pytest.MonkeyPatch):
    """The canvas is 4 µm high and so wide as it is; the bounds are those of the vertices."""
    viewer = window.viewer
    layer = add(viewer, store.geometry("points", [Vertices(FINE)], axes=ZYX_NM), monkeypatch)
    height, width = viewer.window._qt_viewer.canvas.size
    camera(viewer).zoom = height / 4
    camera(viewer).center = (0, 4.0, 5.0)
    settle(viewer)
    wide = 2000 * width / height
    low, high = box_of_view(viewer, layer)
    assert (low[0], high[0]) == (-np.inf, np.inf)
    assert (low[1], high[1]) == pytest.approx((2000, 6000))
    assert (low[2], high[2]) == pytest.approx((max(3000, 5000 - wide), min(9000, 5000 + wide)))
    viewer.dims.ndisplay = 3
    camera(viewer).set_view_direction((1, 0, 0), (0, -1, 0))  # along z
    camera(viewer).center = (1.0, 4.0, 5.0)
    camera(viewer).zoom = height / 4
    settle(viewer)
    low, high = box_of_view(viewer, layer)
    assert (low[0], high[0]) == pytest.approx((1000, 1004))
    assert (low[1], high[1]) == pytest.approx((2000, 6000))
    camera(viewer).center = (1.0, 40.0, 5.0)
    with pytest.raises(ValueError, match="nothing of the layer 'cells' is in the view"):
        box_of_view(viewer, layer)


def test_the_box_of_a_view_along_another_axis_and_of_a_moved_layer(
    small_window: Any, store: Store, monkeypatch: pytest.MonkeyPatch
):
    """Seen along y; the layer was moved by 2 µm along x."""
    viewer = small_window.viewer
    axes = (*ZYX_NM[:2], Axis("x", "space", "micrometer"))
    places = FINE * [1, 1, 1e-3]
    layer = add(viewer, store.geometry("points", [Vertices(places)], axes=axes), monkeypatch)
    layer.translate = [0, 0, 2]
    viewer.dims.order = (1, 0, 2)
    width = viewer.window._qt_viewer.canvas.size[1]
    camera(viewer).zoom = width / 2
    camera(viewer).center = (0, 1.0, 8.0)
    settle(viewer)
    low, high = box_of_view(viewer, layer)
    assert (low[1], high[1]) == (-np.inf, np.inf)
    assert (low[0], high[0]) == pytest.approx((1000, 1004))
    assert (low[2], high[2]) == pytest.approx((5, 7))
