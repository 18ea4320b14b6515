"""A layer written to ZVF and read back is the layer it was, bit for bit."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from napari.layers import Layer, Points, Tracks
from tests.export.annotations import CASES, IDS, make, points

import napari_strata as strata
from napari_strata.layers.annotations import annotation


def read_back(path: Path) -> tuple[Any, dict[str, Any], str]:
    geometry = strata.open(path).geometries[0]
    found = annotation.restore(geometry, geometry.read(), {})
    assert found is not None
    return found


def vertices_of(layer: Layer) -> np.ndarray:
    """The data's own coordinates, one row a vertex."""
    kind = layer._type_string
    if kind == "shapes":
        return np.concatenate(layer.data)
    if kind == "vectors":
        return np.asarray(layer.data)[:, 0]
    if kind == "surface":
        return np.asarray(layer.data[0])
    return np.asarray(layer.data)[:, 1:] if kind == "tracks" else np.asarray(layer.data)


def in_world(layer: Layer) -> np.ndarray:
    """Where napari itself says the vertices are."""
    return np.array([layer.data_to_world(vertex) for vertex in vertices_of(layer)])


def restored_world(found: tuple[Any, dict[str, Any], str]) -> np.ndarray:
    """The same of layer data, whose only transform may be that of the steps of tracks."""
    data, meta, kind = found
    assert not {"rotate", "shear", "affine"} & meta.keys()
    if kind != "tracks":
        assert not {"scale", "translate"} & meta.keys()
        return {
            "shapes": lambda: np.concatenate(data),
            "vectors": lambda: data[:, 0],
            "surface": lambda: data[0],
            "points": lambda: data,
        }[kind]()
    ndim = data.shape[1] - 1
    return data[:, 1:] * meta.get("scale", np.ones(ndim)) + meta.get("translate", np.zeros(ndim))


def made(found: tuple[Any, dict[str, Any], str]) -> Layer:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Layer.create(*found)


@pytest.mark.parametrize(("kind", "ndim", "transform"), CASES, ids=IDS)
def test_layer_comes_back(tmp_path, kind, ndim, transform):
    layer = make(kind, ndim, transform)
    written = annotation.from_layer(layer)
    done = strata.export(layer, tmp_path / "it.zarrvectors")
    assert done.problems == ()
    found = read_back(done.path)
    np.testing.assert_allclose(restored_world(found), in_world(layer), rtol=1e-12, atol=1e-9)
    again = made(found)
    assert type(again) is type(layer)
    assert again.name == layer.name
    second = annotation.from_layer_data(*found)
    assert second.vertices.vertices.tobytes() == written.vertices.vertices.tobytes()
    for name in ("parts", "faces"):
        np.testing.assert_array_equal(
            getattr(second.vertices, name), getattr(written.vertices, name)
        )
    pd.testing.assert_frame_equal(again.features, layer.features, check_exact=True)


@pytest.mark.parametrize("ndim", [2, 3, 4])
def test_points_without_a_transform_have_the_same_bits(tmp_path, ndim):
    layer = make("points", ndim, "identity")
    done = strata.export(layer, tmp_path / "it.zarrvectors")
    assert read_back(done.path)[0].tobytes() == layer.data.tobytes()


def test_scaled_point_is_where_it_is_worked_out_to_be(tmp_path):
    layer = Points([[1, 2, 3]], scale=(2, 3, 4), translate=(10, 20, 30), units="nm")
    done = strata.export(layer, tmp_path / "it.zarrvectors")
    geometry = strata.open(done.path).geometries[0]
    assert [axis.name for axis in geometry.axes] == ["z", "y", "x"]
    assert {axis.unit for axis in geometry.axes} == {"nanometer"}
    assert geometry.levels[0].space == "world"
    assert geometry.read().vertices.tolist() == [[12, 26, 42]]


def test_how_it_looks_comes_back(tmp_path):
    layer = make("points", 3, "identity")
    again = made(read_back(strata.export(layer, tmp_path / "it.zarrvectors").path))
    for name in ("size", "face_color", "border_width", "shown", "symbol"):
        np.testing.assert_array_equal(getattr(again, name), getattr(layer, name))
    assert again.opacity == 0.5


def test_size_is_of_the_world(tmp_path):
    layer = Points([[1.0, 2.0]], size=10, scale=(0.5, 0.5))
    assert read_back(strata.export(layer, tmp_path / "a").path)[1]["size"].tolist() == [5]


def test_shapes_keep_their_types(tmp_path):
    layer = make("shapes", 3, "sheared")
    data, meta, _ = read_back(strata.export(layer, tmp_path / "it.zarrvectors").path)
    assert meta["shape_type"] == layer.shape_type
    assert [len(shape) for shape in data] == [len(shape) for shape in layer.data]


def test_outlines_are_closed_for_other_readers(tmp_path):
    layer = make("shapes", 2, "identity")
    path = strata.export(layer, tmp_path / "it.zarrvectors").path
    found = strata.open(path).geometries[0].read()
    order = np.argsort(found.vertex_attributes["strata_order"])
    stored = found.vertices[order]
    ends = np.cumsum([8, 9, 5, 65, 2])  # polygon, path, rectangle, ellipse, line
    assert stored[0].tolist() == stored[7].tolist()
    rectangle = stored[ends[1] : ends[2]]
    np.testing.assert_array_equal(rectangle, np.concatenate([layer.data[2], layer.data[2][:1]]))
    ellipse, corners = stored[ends[2] : ends[3]], layer.data[3]
    centre = (corners[0] + corners[2]) / 2
    radii = np.abs(corners[2] - corners[0]) / 2
    np.testing.assert_allclose(np.sum(((ellipse - centre) / radii) ** 2, axis=1), 1, atol=1e-5)


def test_vectors_are_stored_as_they_are_drawn(tmp_path):
    layer = make("vectors", 3, "scaled")
    path = strata.export(layer, tmp_path / "it.zarrvectors").path
    found = strata.open(path).geometries[0].read()
    stored = found.vertices[np.argsort(found.vertex_attributes["strata_order"])]
    tips = layer.data[:, 0] + 2.5 * layer.data[:, 1]
    expected = np.array([layer.data_to_world(tip) for tip in tips])
    np.testing.assert_allclose(stored[1::2], expected, rtol=1e-12)


def test_tracks_keep_steps_and_graph(tmp_path):
    layer = make("tracks", 4, "scaled")
    again = made(read_back(strata.export(layer, tmp_path / "it.zarrvectors").path))
    assert again.graph == layer.graph
    np.testing.assert_array_equal(again.data[:, :2], layer.data[:, :2])
    assert again.scale.tolist() == [0.5, 1, 1, 1]
    assert again.translate.tolist() == [10, 0, 0, 0]


def test_tracks_whose_time_mixes_with_space_keep_their_places(tmp_path):
    affine = [[1, 0.5, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    layer = Tracks([[1, 0, 1.5, 2], [1, 1, 2.5, 3], [2, 5, 1, 1]], affine=affine)
    data = read_back(strata.export(layer, tmp_path / "it.zarrvectors").path)[0]
    assert data.tolist() == [[1, 0.75, 1.5, 2], [1, 2.25, 2.5, 3], [2, 5.5, 1, 1]]


@pytest.mark.parametrize(
    "labels",
    [("y", "z", "x"), ("a", "b", "c"), ("x", "x", "x"), ("Ω", "1", ""), ("z", "t", "x")],
    ids=["unusual order", "own names", "the same", "no names", "time last but one"],
)
def test_axes_keep_their_order_and_labels(tmp_path, labels):
    layer = points(3, axis_labels=labels)
    data, meta, _ = read_back(strata.export(layer, tmp_path / "it.zarrvectors").path)
    assert data.tobytes() == layer.data.tobytes()
    again = made((data, meta, "points"))
    assert again.axis_labels == layer.axis_labels


@pytest.mark.parametrize(
    "data",
    [
        [[5.0, 5.0, 5.0]],
        [[-0.0, 0.0, -0.0], [0.0, -0.0, 1.0]],
        1e9 + np.random.default_rng(0).random((300, 3)) * 1e-6,
        np.random.default_rng(0).random((300, 3)) * 1e-12,
        np.random.default_rng(0).normal(size=(300, 3)) * 1e30,
        np.random.default_rng(0).random((50, 3)) * 1e-310,
        [[3.0, 1.0, 2.0]] * 20,
    ],
    ids=["one", "minus zero", "far and close", "tiny", "huge", "subnormal", "all the same"],
)
def test_hard_coordinates(tmp_path, data):
    layer = Points(np.asarray(data))
    done = strata.export(layer, tmp_path / "it.zarrvectors")
    assert read_back(done.path)[0].tobytes() == layer.data.tobytes()


def test_metadata_that_is_json_comes_back(tmp_path):
    layer = points(2, metadata={"who": "Ana", "tree": [1, {"a": None}], "odd": object()})
    done = strata.export(layer, tmp_path / "it.zarrvectors")
    assert [p.code for p in done.problems] == ["not-stored"]
    assert "'odd'" in done.problems[0].message
    assert read_back(done.path)[1]["metadata"] == {"who": "Ana", "tree": [1, {"a": None}]}


@pytest.mark.parametrize(
    ("layer", "axes"),
    [
        (Points([[1, 2]]), "y x"),
        (Points([[1, 2, 3, 4]]), "t z y x"),
        (Points([[1, 2, 3, 4]], units="um"), "w z y x"),
        (Tracks([[1, 0, 1, 2], [1, 1, 1, 2]]), "t y x"),
        (Tracks([[1, 0, 1, 2], [1, 1, 1, 2]], axis_labels=("t", "a", "b")), "t a b"),
        (Points([[1, 2, 3]], axis_labels=("x", "y", "z")), "z y x"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_names_of_axes(layer, axes):
    assert " ".join(axis.name for axis in annotation.from_layer(layer).axes) == axes


def test_reader_places_the_layer(tmp_path):
    layer = make("tracks", 3, "identity")
    path = strata.export(layer, tmp_path / "it.zarrvectors").path
    geometry = strata.open(path).geometries[0]
    place = {"scale": [1.0, 0.001, 0.001], "units": ["second", "micrometer", "micrometer"]}
    record = {"strata": {"problems": []}}
    found = annotation.restore(geometry, geometry.read(), {**place, "metadata": record})
    assert found is not None
    assert found[1]["scale"] == [1.0, 0.001, 0.001]
    assert found[1]["units"] == place["units"]
    assert found[1]["metadata"]["strata"] == {"problems": []}
