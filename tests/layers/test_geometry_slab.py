"""How thick a 2-D slice is where there are geometries, and how far a slider steps."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest
from geometry_cases import TZYX, ZYX_NM, Store, lines
from napari.components import ViewerModel
from napari.layers import Layer, Tracks

from napari_strata import dataset
from napari_strata.dataset import Dataset
from napari_strata.geometry import Vertices
from napari_strata.layers.geometry import view as geometry_view
from napari_strata.layers.geometry.build import geometry_layers
from napari_strata.layers.geometry.slab import show_in_slices

# In nm: a cube of 10 µm; the graph's edges and the mesh's faces reach through all of it.
CORNERS = np.array([[0.0, 0, 0], [0, 0, 10_000], [0, 10_000, 0], [10_000, 0, 0]])
KINDS: dict[str, Vertices] = {
    "points": Vertices(CORNERS),
    "graph": Vertices(CORNERS, edges=np.array([[0, 3], [1, 3], [2, 3]])),
    "mesh": Vertices(CORNERS, faces=np.array([[0, 1, 3], [1, 2, 3]])),
    "lines": lines(CORNERS),
}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    made = Store()
    made.install(monkeypatch)
    return made


def viewer_with_images(*spacings: float) -> Any:
    viewer = ViewerModel()
    show_in_slices(viewer)
    for spacing in spacings:
        viewer.add_image(np.zeros((21, 5, 5)), scale=[spacing, 2, 2], units=["um"] * 3)
    return viewer


def add(viewer: Any, store: Store, kind: Any, vertices: Vertices | None = None, **more: Any) -> Any:
    more = {"axes": ZYX_NM, **more}
    shown = KINDS[kind] if vertices is None else vertices
    geometry = store.geometry(kind, [shown], path=f"{kind}{len(viewer.layers)}", **more)
    ((data, arguments, type_),) = geometry_layers("/data/a", geometry, [])
    return viewer.add_layer(Layer.create(data, arguments, type_))


def margins(viewer: Any) -> list[float]:
    assert viewer.dims.margin_left == viewer.dims.margin_right
    return [float(value) for value in viewer.dims.margin_left]


@pytest.mark.parametrize("others", [(), ("graph",), ("mesh",), ("lines", "graph", "mesh")])
def test_a_slice_is_a_plane_of_the_images_whatever_else_is_open(store: Store, others: Any):
    """Planes of 0.5 µm: points within 0.25 µm of a plane are shown on it, and no others."""
    viewer = viewer_with_images(0.5)
    at = np.array([4740.0, 4760, 5000, 5240, 5260])
    points = Vertices(np.stack([at, at * 0, at], axis=1))
    layer = add(viewer, store, "points", points)
    for kind in others:
        add(viewer, store, kind)
    assert margins(viewer) == [0.25, 1, 1]
    viewer.dims.set_point(0, 5.0)
    np.testing.assert_array_equal(np.sort(layer._view_indices), [1, 2, 3])


def test_the_finest_of_the_visible_images_counts(store: Store):
    viewer = viewer_with_images(0.5, 0.2, 4)
    add(viewer, store, "graph")
    assert margins(viewer)[0] == pytest.approx(0.1)
    viewer.layers[1].visible = False
    assert margins(viewer)[0] == 0.25
    viewer.layers[1].visible = True
    assert margins(viewer)[0] == pytest.approx(0.1)
    del viewer.layers[1]
    assert margins(viewer)[0] == 0.25
    viewer.layers[0].scale = [0.3, 2, 2]
    assert margins(viewer)[0] == pytest.approx(0.15)
    viewer.add_image(np.zeros((5, 5)), scale=[0.01, 0.01], units=["um"] * 2)
    assert margins(viewer) == pytest.approx([0.15, 0.005, 0.005])  # it has no planes along z


def test_without_an_image_a_slice_is_a_fiftieth_of_the_smallest_geometry(store: Store):
    """Cubes of 10 µm and of 1 µm: 0.2 µm and 0.02 µm, half of it on each side."""
    viewer = viewer_with_images()
    add(viewer, store, "mesh")
    assert margins(viewer) == pytest.approx([0.1] * 3)
    small = add(viewer, store, "graph", Vertices(CORNERS / 10, edges=np.array([[0, 1], [0, 3]])))
    assert margins(viewer) == pytest.approx([0.01] * 3)
    small.visible = False
    assert margins(viewer) == pytest.approx([0.1] * 3)
    small.visible = True
    viewer.layers.remove(small)
    assert margins(viewer) == pytest.approx([0.1] * 3)


@pytest.mark.parametrize("how", ["hidden", "removed", "all removed"])
def test_without_a_geometry_the_slices_are_as_they_were(store: Store, how: str):
    viewer = viewer_with_images(0.5)
    layer = add(viewer, store, "mesh")
    assert margins(viewer)[0] == 0.25
    if how == "hidden":
        layer.visible = False
    elif how == "removed":
        viewer.layers.remove(layer)
    else:
        viewer.layers.clear()
    assert set(margins(viewer)) == {0.0}


def test_a_geometry_that_arrives_hidden_changes_nothing(store: Store):
    viewer = viewer_with_images(0.5)
    geometry = store.geometry("mesh", [KINDS["mesh"]], axes=ZYX_NM)
    ((data, arguments, type_),) = geometry_layers("/data/a", geometry, [], visible=False)
    layer = viewer.add_layer(Layer.create(data, arguments, type_))
    assert margins(viewer) == [0, 0, 0]
    layer.visible = True
    assert margins(viewer) == [0.25, 1, 1]


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_what_the_user_has_set_is_left_alone(store: Store, before: bool):
    viewer = viewer_with_images(0.5)
    if before:
        viewer.dims.thickness = (3, 0, 0)
    layer = add(viewer, store, "graph")
    if not before:
        viewer.dims.thickness = (3, *viewer.dims.thickness[1:])
    assert margins(viewer) == [1.5, 1, 1]
    viewer.add_image(np.zeros((21, 5, 5)), scale=[0.1, 2, 2], units=["um"] * 3)
    layer.visible = False
    assert margins(viewer) == [1.5, 0, 0]
    viewer.layers.remove(layer)
    assert margins(viewer) == [1.5, 0, 0]
    viewer.dims.thickness = (0, 0, 0)
    add(viewer, store, "graph")
    assert margins(viewer)[0] == pytest.approx(0.05)


def test_a_crop_has_slices_of_its_own_size(store: Store, monkeypatch: pytest.MonkeyPatch):
    """Of the cube of 10 µm only the corner of 1 µm is left: a fiftieth is 20 nm."""
    viewer = viewer_with_images()
    places = np.concatenate([CORNERS, CORNERS / 10])
    layer = add(viewer, store, "points", Vertices(places))
    geometry = store.geometry("points", [Vertices(places)], path="points0", axes=ZYX_NM)
    model = geometry.model
    monkeypatch.setattr(dataset, "open", lambda path, **_: Dataset(path, [], [], [model]))
    assert margins(viewer) == pytest.approx([0.1] * 3)
    geometry_view.show(layer, box=[[0, 0, 0], [1000, 1000, 1000]])
    assert margins(viewer) == pytest.approx([0.01] * 3)


def test_the_viewer_is_not_kept_alive(store: Store):
    viewer = viewer_with_images(0.5)
    layer = add(viewer, store, "points")
    viewer.layers.remove(layer)
    gone = weakref.ref(viewer)
    del viewer
    gc.collect()
    layer.visible = False
    assert gone() is None


# ------------------------------------------------------------------------------------- sliders


TIMES: dict[str, tuple[list[float], list[float]]] = {
    "1.5 s apart": ([0, 1.5, 3, 4.5, 6], [0, 1.5, 3, 4.5, 6]),
    "tenths": ([0, 0.1, 0.2, 0.1 * 3], [0, 0.1, 0.2, 0.3]),
    "thirds": ([1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 7 / 3], [i / 3 for i in range(1, 8)]),
    "one is missing": ([0, 2, 6, 8], [0, 2, 4, 6, 8]),
    "from 1e5 on": ([1e5 + i * 0.7 for i in range(4)], [1e5, 1e5 + 0.7, 1e5 + 1.4, 1e5 + 2.1]),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", TIMES)
def test_the_slider_of_time_steps_by_time_points(store: Store, name: str, kind: str):
    stored, expected = TIMES[name]
    places = np.array([[t, z, 5 * z, z * z] for t in stored for z in (0.0, 1, 2)])
    rows = np.arange(len(places)).reshape(-1, 3)
    vertices = {
        "points": Vertices(places),
        "graph": Vertices(places, edges=rows[:, :2]),
        "mesh": Vertices(places, faces=rows),
        "lines": lines(*places[rows]),
    }[kind]
    viewer = viewer_with_images()
    add(viewer, store, kind, vertices, axes=TZYX)
    assert viewer.dims.nsteps[0] == len(expected)
    found = []
    for step in range(len(expected)):
        viewer.dims.set_current_step(0, step)
        found.append(viewer.dims.point[0])
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_every_time_point_is_reached_where_they_are_uneven(store: Store):
    """0, 1, 2.5 and 4 s: a step of 1 s would leave out that at 2.5 s."""
    places = np.array([[t, z, z, z] for t in (0, 1, 2.5, 4) for z in (0.0, 9)])
    viewer = viewer_with_images()
    layer = add(viewer, store, "points", Vertices(places), axes=TZYX)
    viewer.dims.ndisplay = 3
    seen: set[int] = set()
    for step in range(viewer.dims.nsteps[0]):
        viewer.dims.set_current_step(0, step)
        seen |= set(np.asarray(layer._view_indices).tolist())
    assert seen == set(range(8))


def test_the_time_points_of_tracks_are_not_their_ids(store: Store):
    """Ids 0, 5 and 9; times 0, 2 and 4 s: as a store of tracks that were saved is opened."""
    viewer = viewer_with_images()
    geometry = store.geometry("points", [Vertices(np.zeros((2, 4)))], axes=TZYX)
    ((_, arguments, _),) = geometry_layers("/data/a", geometry, [])
    data = [[number, t, 1, number, t] for number in (0.0, 5, 9) for t in (0, 2, 4)]
    kept = {key: arguments[key] for key in ("axis_labels", "units", "metadata")}
    viewer.add_layer(Tracks(np.array(data), **kept))
    assert viewer.dims.range[0].step == pytest.approx(2)
