"""Another level, a box, another reading of the vertices: in the same layer, all or nothing."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import numpy as np
import pytest
from geometry_cases import CORNERS, FACES, ZYX_NM, Store, lines, tetrahedron
from napari.components import ViewerModel
from napari.layers import Layer, Points, Tracks

from napari_strata import dataset
from napari_strata.dataset import Dataset
from napari_strata.geometry import Vertices
from napari_strata.layers.geometry import replace as geometry_replace
from napari_strata.layers.geometry import view as geometry_view
from napari_strata.layers.geometry.build import geometry_layers
from napari_strata.layers.geometry.drawing import MOST_PATHS
from napari_strata.layers.geometry.source import source, whole
from napari_strata.model import OpenError, Problem

FINE = np.array([[0.0, 0, 0], [0, 0, 10], [0, 10, 0], [10, 0, 0], [10, 10, 10]])
COARSE = np.array([[1.0, 1, 1], [9, 9, 9]])


class Shown:
    """A layer in a viewer, of a geometry that can be opened again."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store = store
        self.opened: list[str] = []
        self.geometry: dataset.Geometry | None = None
        monkeypatch.setattr(dataset, "open", self._open)

    def _open(self, path: str, **_: Any) -> Dataset:
        self.opened.append(path)
        assert self.geometry is not None
        return Dataset(path, [], [], [self.geometry.model])

    def layer(self, kind: Any, levels: list[Vertices], **more: Any) -> Any:
        self.geometry = self.store.geometry(kind, levels, **more)
        ((data, arguments, type_),) = geometry_layers("/data/a", self.geometry, [])
        layer = Layer.create(data, arguments, type_)
        viewer = ViewerModel()
        viewer.add_layer(layer)
        return layer


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    store = Store()
    store.install(monkeypatch)
    return Shown(store, monkeypatch)


def points(places: Any = FINE, **attributes: Any) -> Vertices:
    named = {key: np.asarray(value) for key, value in attributes.items()}
    return Vertices(np.asarray(places, dtype=np.float64), vertex_attributes=named)


def note(layer: Layer) -> dict[str, Any]:
    found = layer.metadata["strata"]
    json.dumps(found, allow_nan=False)
    assert isinstance(found, dict)
    return found


# ------------------------------------------------------------------------------- what changes


def test_another_level_replaces_data_features_and_record(shown: Shown):
    layer = shown.layer("points", [points(a=range(5)), points(COARSE, b=[7, 8])])
    before = layer
    geometry_view.show(layer, level=1)
    assert layer is before
    np.testing.assert_array_equal(layer.data, COARSE)
    assert layer.data.dtype == np.float64
    assert list(layer.features.columns) == ["b"]
    assert list(layer.features["b"]) == [7, 8]
    assert (note(layer)["level"], note(layer)["vertices_shown"]) == (1, 2)
    assert note(layer)["path"] == "/data/a"
    geometry_view.show(layer, level=0)
    np.testing.assert_array_equal(layer.data, FINE)
    assert list(layer.features["a"]) == [0, 1, 2, 3, 4]
    assert len(layer.size) == len(layer.symbol) == len(layer.face_color) == 5
    assert shown.opened == ["/data/a"]  # once for all


def test_the_level_stays_where_none_is_named(shown: Shown):
    layer = shown.layer("points", [points(), points(COARSE)])
    geometry_view.show(layer, level=1)
    geometry_view.show(layer, box=[[0, 0, 0], [5, 5, 5]])
    np.testing.assert_array_equal(layer.data, COARSE[:1])
    assert note(layer)["box"] == [[0, 0, 0], [5, 5, 5]]
    geometry_view.show(layer)
    np.testing.assert_array_equal(layer.data, COARSE)
    assert note(layer)["box"] is None


def test_the_space_of_the_vertices(shown: Shown):
    """Level 1 declares twice the vertex and 1 added."""
    layer = shown.layer("points", [points(), points(COARSE)])
    geometry_view.show(layer, level=1, vertices="declared")
    np.testing.assert_array_equal(layer.data, COARSE * 2 + 1)
    assert (note(layer)["space"], note(layer)["chosen_by"]) == ("declared", "user")
    geometry_view.show(layer, vertices="world")
    np.testing.assert_array_equal(layer.data, COARSE)
    assert (note(layer)["space"], note(layer)["chosen_by"]) == ("world", "user")
    geometry_view.show(layer)
    assert note(layer)["chosen_by"] == "evidence"


NAMES = {
    "cells": "cells level 1",
    "ZVF: cells": "ZVF: cells level 1",
    "mine": "mine level 1",
}


@pytest.mark.parametrize("name", NAMES)
def test_the_name_says_the_level(shown: Shown, name: str):
    layer = shown.layer("points", [points(), points(COARSE), points(COARSE)])
    layer.name = name
    geometry_view.show(layer, level=1)
    assert layer.name == NAMES[name]
    geometry_view.show(layer, level=2)
    assert layer.name == NAMES[name].replace("1", "2")
    geometry_view.show(layer, level=0)
    assert layer.name == name


def test_the_number_napari_gave_stays(shown: Shown):
    layer = shown.layer("points", [points(), points(COARSE), points(COARSE)])
    geometry_view.show(layer, level=1)
    layer.name = "cells level 1 [2]"
    geometry_view.show(layer, level=2)
    assert layer.name == "cells level 2 [2]"


def test_every_type_of_layer(shown: Shown):
    def graph(places: Any, edges: Any) -> Vertices:
        return Vertices(np.asarray(places, dtype=float), edges=np.asarray(edges))

    layer = shown.layer("graph", [graph(FINE, [[0, 1], [1, 2]]), graph(COARSE, [[1, 0]])])
    geometry_view.show(layer, level=1)
    np.testing.assert_array_equal(layer.data, [[[9, 9, 9], [-8, -8, -8]]])
    geometry_view.show(layer, level=0)
    assert len(layer.data) == len(layer.edge_color) == 2

    layer = shown.layer("mesh", [tetrahedron(), Vertices(CORNERS[1:] + 1, faces=FACES[:1] * 0)])
    geometry_view.show(layer, level=1)
    np.testing.assert_array_equal(layer.vertices, CORNERS[1:] + 1)
    assert len(layer.faces) == 1
    geometry_view.show(layer, level=0)
    np.testing.assert_array_equal(layer.faces, FACES)

    layer = shown.layer("lines", [lines(FINE[:3], FINE[3:]), lines(COARSE)])
    assert type(layer).__name__ == "Shapes"
    geometry_view.show(layer, level=1)
    np.testing.assert_array_equal(layer.data, [COARSE])
    geometry_view.show(layer, level=0)
    assert [len(path) for path in layer.data] == [3, 2]


def test_values_of_a_surface(shown: Shown):
    """A level with no attribute is plain; one with it is coloured by it."""
    coloured = tetrahedron(vertex_attributes={"d": np.array([5.0, 6, 7, 8])})
    layer = shown.layer("mesh", [coloured, tetrahedron()])
    geometry_view.show(layer, level=1)
    np.testing.assert_array_equal(layer.vertex_values, [1, 1, 1, 1])
    geometry_view.show(layer, level=0)
    np.testing.assert_array_equal(layer.vertex_values, [5, 6, 7, 8])


# --------------------------------------------------------------------------------- what stays


def test_what_all_points_share_stays(shown: Shown):
    layer = shown.layer("points", [points(), points(COARSE)])
    layer.size = 3.25
    layer.symbol = "square"
    layer.border_width = 0.125
    layer.face_color = "red"
    layer.opacity = 0.5
    layer.selected_data = {4}
    for level, count in ((1, 2), (0, 5)):
        geometry_view.show(layer, level=level)
        assert list(layer.size) == [3.25] * count
        assert [str(s) for s in layer.symbol] == ["square"] * count
        assert list(layer.border_width) == [0.125] * count
        np.testing.assert_array_equal(layer.face_color, [[1, 0, 0, 1]] * count)
        assert layer.opacity == 0.5
        assert layer.shown.all()
        assert layer.selected_data == set()


def test_a_colour_that_follows_a_feature_stays_so(shown: Shown):
    layer = shown.layer("points", [points(a=[0.0, 1, 2, 3, 4]), points(COARSE, a=[4.0, 0.0])])
    layer.face_color = "a"
    layer.face_colormap = "viridis"
    first, last = layer.face_color[0].copy(), layer.face_color[-1].copy()
    assert str(layer.face_color_mode) == "colormap"
    geometry_view.show(layer, level=1)
    assert str(layer.face_color_mode) == "colormap"
    np.testing.assert_array_equal(layer.face_color, [last, first])


def test_what_all_segments_share_stays(shown: Shown):
    graph = [
        Vertices(FINE, edges=np.array([[0, 1], [1, 2], [3, 4]])),
        Vertices(COARSE, edges=np.array([[1, 0]])),
    ]
    layer = shown.layer("graph", graph)
    layer.edge_color = "blue"
    layer.edge_width = 2.5
    for level in (1, 0):
        geometry_view.show(layer, level=level)
        np.testing.assert_array_equal(layer.edge_color, [[0, 0, 1, 1]] * len(layer.data))
        assert layer.edge_width == 2.5


def test_what_all_paths_share_stays(shown: Shown):
    layer = shown.layer("lines", [lines(FINE[:3], FINE[3:]), lines(COARSE)])
    layer.edge_width = 0.5
    layer.edge_color = "blue"
    for level in (1, 0):
        geometry_view.show(layer, level=level)
        assert list(layer.edge_width) == [0.5] * len(layer.data)
        np.testing.assert_array_equal(layer.edge_color, [[0, 0, 1, 1]] * len(layer.data))


def test_other_entries_of_the_metadata_stay(shown: Shown):
    layer = shown.layer("points", [points(), points(COARSE)])
    record = {**note(layer), "common_origin": [1.0, 2.0, 3.0]}
    layer.metadata = {"mine": 5, "strata": record}
    geometry_view.show(layer, level=1)
    assert layer.metadata["mine"] == 5
    assert note(layer)["common_origin"] == [1, 2, 3]
    assert record["level"] == 0  # layers that came from one another share it


# ----------------------------------------------------------------------------- all or nothing


def state(layer: Any) -> dict[str, Any]:
    found = {k: v for k, v in layer._get_state().items() if k != "metadata"}
    found["metadata"] = copy.deepcopy(layer.metadata)
    found["features"] = layer.features.to_dict("list")
    found["feature_defaults"] = layer.feature_defaults.to_dict("list")
    found["data"] = [np.array(part) for part in layer.data]
    return found


def assert_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert before.keys() == after.keys()
    for key, value in before.items():
        np.testing.assert_equal(after[key], value, err_msg=key)


def many() -> Vertices:
    return lines(*([[0.0, 0, i], [0, 1, i]] for i in range(MOST_PATHS + 1)))


REFUSED: dict[str, tuple[str, list[Vertices], dict[str, Any], str]] = {
    "no such level": ("points", [points()], {"level": 3}, "there is no level 3"),
    "empty box": (
        "points",
        [points()],
        {"box": [[90.0, 90, 90], [91, 91, 91]]},
        "level 0 has no vertices in the box",
    ),
    "too many lines": (
        "lines",
        [lines(FINE[:3]), many()],
        {"level": 1},
        f"{MOST_PATHS + 1} lines here, and a Shapes layer is only given up to {MOST_PATHS}",
    ),
    "no faces": ("mesh", [tetrahedron(), Vertices(CORNERS)], {"level": 1}, "no faces here"),
    "no edges": (
        "graph",
        [Vertices(FINE, edges=np.array([[0, 1]])), Vertices(COARSE)],
        {"level": 1},
        "no segments here",
    ),
    "box of another shape": ("points", [points()], {"box": [[0.0, 0], [1, 1]]}, "(2, 2)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_shown_leaves_the_layer_as_it_was(shown: Shown, name: str):
    kind, levels, wish, text = REFUSED[name]
    layer = shown.layer(kind, levels)
    before = state(layer)
    with pytest.raises(ValueError, match=re.escape(text)):
        geometry_view.show(layer, **wish)
    assert_same(before, state(layer))


def test_what_cannot_be_read_leaves_the_layer_as_it_was(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
):
    layer = shown.layer("points", [points(), points(COARSE)])
    before = state(layer)

    def fail(*_: Any) -> Vertices:
        raise OpenError(Problem("truncated", "error", "1/vertices", "a chunk ends too early"))

    monkeypatch.setattr("napari_strata.geometries.read", fail)
    with pytest.raises(OpenError, match="ends too early"):
        geometry_view.show(layer, level=1)
    assert_same(before, state(layer))


def of_objects(*values: float) -> dict[str, Any]:
    ids = np.arange(len(values))
    named = {"a": np.array(values)}
    return {"object_ids": ids, "object_attributes": named, "attribute_ids": ids}


KINDS: dict[str, list[Vertices]] = {
    "points": [points(a=np.arange(5) / 4), points(COARSE, a=[0.1, 0.2])],
    "graph": [
        Vertices(FINE, edges=np.array([[0, 1], [2, 3]]), **of_objects(0.1, 0.2, 0.3, 0.4, 0.5)),
        Vertices(COARSE, edges=np.array([[1, 0]]), **of_objects(0.1, 0.9)),
    ],
    "mesh": [tetrahedron(), Vertices(CORNERS + 1, faces=FACES[:2])],
    "lines": [
        lines(FINE[:3], FINE[3:], **of_objects(0.1, 0.9)),
        lines(COARSE, **of_objects(0.3)),
    ],
}


@pytest.mark.parametrize("coloured", [False, True], ids=["", "coloured by a feature"])
@pytest.mark.parametrize("kind", KINDS)
def test_napari_refusing_half_way_leaves_the_layer_as_it_was(
    shown: Shown, monkeypatch: pytest.MonkeyPatch, kind: str, coloured: bool
):
    layer = shown.layer(kind, KINDS[kind])
    if coloured and kind != "mesh":
        colour = "face_color" if kind == "points" else "edge_color"
        setattr(layer, colour, "a")
    before = state(layer)
    arrived = geometry_view.read(layer, level=1)
    put = geometry_replace._PUT[arrived.drawing.type]

    def half(layer: Any, drawing: Any) -> None:
        put(layer, drawing)
        raise RuntimeError("the graphics card is gone")

    monkeypatch.setitem(geometry_replace._PUT, arrived.drawing.type, half)
    with pytest.raises(RuntimeError, match="is gone"):
        geometry_view.apply(layer, arrived)
    assert_same(before, state(layer))


def test_reading_changes_nothing(shown: Shown):
    layer = shown.layer("points", [points(), points(COARSE)])
    before = state(layer)
    arrived = geometry_view.read(layer, level=1)
    assert_same(before, state(layer))
    geometry_view.apply(layer, arrived)
    assert len(layer.data) == 2


# -------------------------------------------------------------------------------------- source


def test_layers_that_are_none_of_ours_are_refused(shown: Shown):
    for metadata in ({}, {"strata": 5}, {"strata": {"kind": "image", "path": "/data/a"}}):
        layer = Points(FINE, metadata=metadata)
        for call in (geometry_view.show, source, whole):
            with pytest.raises(ValueError, match="was not opened from points"):
                call(layer)


def test_a_layer_type_of_one_level_only(shown: Shown):
    layer = shown.layer("points", [points()])
    tracks = Tracks(np.zeros((2, 4)), metadata=dict(layer.metadata))
    with pytest.raises(ValueError, match="is a Tracks layer"):
        geometry_view.show(tracks, level=0)


def test_shapes_that_are_no_paths(shown: Shown):
    layer = shown.layer("lines", [lines(FINE[:3], FINE[3:]), lines(COARSE)])
    layer.data = [(FINE[:3], "polygon")]
    with pytest.raises(ValueError, match="shapes that are no paths"):
        geometry_view.show(layer, level=1)
    assert layer.shape_type == ["polygon"]


def test_another_geometry_at_the_path_by_now_is_refused(shown: Shown):
    layer = shown.layer("points", [points(), points(COARSE)])
    shown.geometry = shown.store.geometry("points", [points()])
    with pytest.raises(ValueError, match="has other levels than when the layer was opened"):
        geometry_view.show(layer, level=1)
    shown.geometry = shown.store.geometry("points", [points(), points(COARSE)], axes=ZYX_NM)
    with pytest.raises(ValueError, match="has other axes"):
        geometry_view.show(layer, level=1)


def test_the_mesh_of_a_segment_is_found_in_its_folder(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
):
    layer = shown.layer("mesh", [tetrahedron()] * 2, segment=7, path="m/7", name="m 7")
    mesh = shown.geometry
    assert mesh is not None
    shown.geometry = shown.store.geometry("mesh", [], path="m", name="m")
    asked = []

    def segment(_: Any, number: int) -> dataset.Geometry:
        asked.append(number)
        assert mesh is not None
        return mesh

    monkeypatch.setattr(dataset.Geometry, "segment", segment)
    assert source(layer) is mesh
    assert (asked, shown.opened) == ([7], ["/data/a"])
    geometry_view.show(layer, level=1)
    assert note(layer)["segment"] == 7


def test_the_whole_is_the_level_s_box(shown: Shown):
    layer = shown.layer("points", [points(), points(COARSE)])
    np.testing.assert_array_equal(whole(layer), [[0, 0, 0], [10, 10, 10]])
    geometry_view.show(layer, level=1)
    np.testing.assert_array_equal(whole(layer), [[1, 1, 1], [9, 9, 9]])
