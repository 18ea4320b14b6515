"""Bounds of geometries: what was read, what is only declared, and vertices beyond that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from geometry_cases import ZYX_NM, Store
from napari.layers import Layer

import napari_strata as strata
from geometries import mesh_files, stores
from napari_strata.geometry import Vertices
from napari_strata.layers.geometry import view as geometry_view
from napari_strata.layers.geometry.bounds import beyond_bounds
from napari_strata.layers.geometry.build import geometry_layers
from napari_strata.layers.geometry.canvas import box_of_view
from napari_strata.layers.geometry.source import whole

#: Of the points of the stores, z, y, x.
PLACES = stores.POINTS[:, ::-1]
BOX = [PLACES.min(axis=0).tolist(), PLACES.max(axis=0).tolist()]
DECLARED = [[0.0] * 3, [50.0] * 3]


@pytest.fixture
def too_small(tmp_path: Path) -> Path:
    """A store whose bounds leave out most of its points; it declares no transform."""
    path = stores.points(tmp_path / "a.zarrvectors")

    def lie(document: Any) -> None:
        attributes = document["attributes"]
        attributes["zarr_vectors"]["bounds"] = DECLARED
        attributes["multiscales"][0]["datasets"][0].pop("coordinateTransformations")

    stores.change(path, "", lie)
    return path


def layer_of(path: Path, **how: Any) -> Any:
    (geometry,) = strata.open(path).geometries
    ((data, arguments, kind),) = geometry_layers(str(path), geometry, [], **how)
    return Layer.create(data, arguments, kind)


def bounds(layer: Any) -> tuple[Any, bool]:
    level = layer.metadata["strata"]["levels"][0]
    return level["bounds"], level["bounds_read"]


def test_bounds_are_those_of_the_vertices_once_all_were_read(too_small: Path):
    layer = layer_of(too_small)
    assert bounds(layer) == (BOX, True)
    geometry_view.show(layer, box=DECLARED)
    assert len(layer.data) < len(PLACES)
    assert bounds(layer) == (BOX, True)
    np.testing.assert_array_equal(whole(layer), BOX)


def test_declared_bounds_are_not_taken_for_read(too_small: Path):
    layer = layer_of(too_small, box=DECLARED)
    assert bounds(layer) == (DECLARED, False)
    geometry_view.show(layer)
    assert bounds(layer) == (BOX, True)


def test_vertices_beyond_the_bounds_are_told_of(too_small: Path):
    problems = layer_of(too_small).metadata["strata"]["problems"]
    (problem,) = [p for p in problems if p["code"] == "bounds-exceeded"]
    assert problem["severity"] == "warning"
    # Most of all along z, where the points go from 30 to 390.
    assert "bounds from 0 to 50 micrometer along z" in problem["message"]
    assert "vertices lie from 30 to 390" in problem["message"]


BEYOND: dict[str, tuple[Any, str | None]] = {
    "inside": ([[1.0, 2, 3], [9, 9, 9]], None),
    "on the border": ([[0.0, 0, 0], [10, 10, 10]], None),
    "rounded to float32": ([[0.0, 0, 0], [10.000001, 10, 10]], None),
    "above": ([[0.0, 0, 0], [10, 10.1, 10]], "along y, but vertices lie from 0 to 10.1"),
    "below": ([[-3.0, 0, 0], [10, 11, 10]], "along z, but vertices lie from -3 to 10"),
}


@pytest.mark.parametrize("name", BEYOND)
def test_beyond_bounds(name: str):
    corners, text = BEYOND[name]
    vertices = Vertices(np.array(corners))
    declared = np.array([[0.0] * 3, [10.0] * 3])
    geometry = Store().geometry("points", [vertices], axes=ZYX_NM, bounds=declared)
    found = beyond_bounds(vertices, geometry, "a")
    assert [p.code for p in found] == ([] if text is None else ["bounds-exceeded"])
    assert all(text in p.message for p in found if text is not None)


def test_without_bounds_there_is_nothing_to_tell():
    vertices = Vertices(np.ones((1, 3)))
    assert beyond_bounds(vertices, Store().geometry("points", [vertices]), "a") == ()
    infinite = np.array([[-np.inf] * 3, [np.inf] * 3])
    geometry = Store().geometry("points", [vertices], bounds=infinite)
    assert beyond_bounds(vertices, geometry, "a") == ()


def see_everything(viewer: Any, layer: Any) -> Any:
    viewer.dims.ndisplay = 3
    viewer.add_layer(layer)
    viewer.reset_view()
    camera = getattr(viewer, "scene", viewer).camera
    camera.zoom /= 4
    return layer


@pytest.mark.window
def test_what_is_in_view_is_kept_though_the_bounds_are_too_small(
    small_window: Any, too_small: Path
):
    viewer = small_window.viewer
    layer = see_everything(viewer, layer_of(too_small))
    box = box_of_view(viewer, layer)
    assert np.all(box[0] <= BOX[0])
    assert np.all(box[1] >= BOX[1])
    geometry_view.show(layer, box=box)
    assert len(layer.data) == len(PLACES)


@pytest.mark.window
def test_of_a_cropped_mesh_without_bounds_the_view_is_all_again(small_window: Any, tmp_path: Path):
    """A legacy mesh declares no bounds: what was read first says how far it goes."""
    vertices, faces = mesh_files.cube((0, 0, 0), (80, 80, 80))
    far, _ = mesh_files.cube((200, 200, 200), (300, 300, 300))
    both = [*vertices, *far], [*faces, *(tuple(8 + i for i in face) for face in faces)]
    fragment = mesh_files.legacy_fragment(*both)
    info = {"@type": "neuroglancer_legacy_mesh"}
    mesh_files.write_legacy(tmp_path / "m", 7, {"7:0:a": fragment}, info=info)
    (folder,) = strata.open(tmp_path / "m").geometries
    ((data, arguments, kind),) = geometry_layers(str(tmp_path / "m"), folder.segment(7), [])
    viewer = small_window.viewer
    layer = see_everything(viewer, Layer.create(data, arguments, kind))
    geometry_view.show(layer, box=[[0] * 3, [80] * 3])
    assert len(layer.data[0]) == 8
    box = box_of_view(viewer, layer)
    geometry_view.show(layer, box=box)
    assert len(layer.data[0]) == 16
