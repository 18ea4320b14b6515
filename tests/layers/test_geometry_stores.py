"""Stores as zarr-vectors writes them, from the path to the layer: known places at every level."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Layer

from geometries import stores
from napari_strata import plugin
from napari_strata.layers.geometry import view as geometry_view

# Columns of the layers: z, y, x of the x, y, z that are written.
ZYX = [2, 1, 0]
TZYX = [0, 3, 2, 1]


def open_layer(path: Path) -> Any:
    (layer,) = plugin.read(path)
    assert isinstance(layer, Layer)
    return layer


def rows(values: Any) -> list[tuple[float, ...]]:
    """Give places in an order of their own: stores keep vertices by cells."""
    return sorted(tuple(row) for row in np.asarray(values, dtype=np.float64).tolist())


def segments(layer: Any) -> list[Any]:
    """Give the two ends of every segment, whichever is first."""
    ends = [np.array([start, start + way]) for start, way in layer.data]
    return sorted(sorted(map(tuple, pair.tolist())) for pair in ends)


@pytest.mark.parametrize("unit", ["micrometer", "nanometer", "millimeter"])
def test_points_are_where_they_were_written(tmp_path: Path, unit: str):
    axes = tuple((n, "space", unit) for n in "xyz")
    ids = np.arange(6.0) / 2
    path = stores.points(tmp_path / "p.zarrvectors", attributes={"id": ids}, axes=axes)
    layer = open_layer(path)
    assert rows(layer.data) == rows(stores.POINTS[:, ZYX])
    factor = {"micrometer": 1.0, "nanometer": 1e-3, "millimeter": 1e3}[unit]
    order = np.argsort(layer.features["id"].to_numpy())
    world = np.array([layer.data_to_world(row) for row in layer.data[order]])
    np.testing.assert_allclose(world, stores.POINTS[:, ZYX] * factor, rtol=1e-15)


def test_every_level_of_points_is_in_world(tmp_path: Path):
    """Level 1 keeps means of the points in a bin of 100: the declared transform moves none.

    The bins of 100 hold: (315, 120, 75); (10, 20, 30) with (12.5, 22.5, 32.5); the others alone.
    """
    path = stores.points(tmp_path / "p.zarrvectors", levels=[(2.0, 1.0)])
    layer = open_layer(path)
    note = layer.metadata["strata"]
    assert [level["space"] for level in note["levels"]] == ["world", "world"]
    geometry_view.show(layer, level=1)
    mean = [[11.25, 21.25, 31.25]]
    expected = np.concatenate([stores.POINTS[[0, 2, 3, 5]], mean])
    found = np.array(rows(layer.data))
    np.testing.assert_allclose(found, rows(expected[:, ZYX]), atol=1e-4)
    assert layer.name == "p level 1"


def test_declared_space_is_the_users_choice(tmp_path: Path):
    """At level 0 the block says scale 1 and a translation of half a bin, 25."""
    path = stores.points(tmp_path / "p.zarrvectors")
    layer = open_layer(path)
    declared = layer.metadata["strata"]["levels"][0]
    geometry_view.show(layer, vertices="declared")
    moved = stores.POINTS[:, ZYX] * declared["declared_scale"] + declared["declared_translate"]
    assert rows(layer.data) == rows(moved)
    assert layer.metadata["strata"]["chosen_by"] == "user"
    geometry_view.show(layer)
    assert rows(layer.data) == rows(stores.POINTS[:, ZYX])


def test_polylines_are_paths(tmp_path: Path):
    weights = {"weight": np.array([1.5, 2.5, 3.5])}
    path = stores.polylines(tmp_path / "l.zarrvectors", object_attributes=weights)
    layer = open_layer(path)
    assert type(layer).__name__ == "Shapes"
    found = dict(zip(layer.features["weight"], layer.data, strict=True))
    for weight, line in zip((1.5, 2.5, 3.5), stores.POLYLINES, strict=True):
        np.testing.assert_array_equal(found[weight], line[:, ZYX])


@pytest.mark.parametrize(
    ("write", "edges"), [(stores.graph, stores.RING), (stores.skeleton, stores.EDGES)]
)
def test_edges_are_segments(tmp_path: Path, write: Callable[..., Path], edges: Any):
    layer = open_layer(write(tmp_path / "g.zarrvectors"))
    assert type(layer).__name__ == "Vectors"
    ends = stores.NODES[:, ZYX][edges]
    assert segments(layer) == sorted(sorted(map(tuple, pair.tolist())) for pair in ends)


def test_a_mesh_is_a_surface_and_a_level_without_faces_is_refused(tmp_path: Path):
    path = stores.mesh(tmp_path / "m.zarrvectors", levels=[(2.0, 1.0)])
    layer = open_layer(path)
    assert type(layer).__name__ == "Surface"
    triangles = {frozenset(map(tuple, f)) for f in layer.vertices[layer.faces].tolist()}
    corners = stores.CORNERS[:, ZYX][stores.FACES]
    assert triangles == {frozenset(map(tuple, f)) for f in corners.tolist()}
    with pytest.raises(ValueError, match="no faces here"):
        geometry_view.show(layer, level=1)
    assert len(layer.faces) == len(stores.FACES)


def test_a_level_without_faces_is_announced_points(tmp_path: Path, monkeypatch: Any):
    from napari_strata import geometries

    path = stores.mesh(tmp_path / "m.zarrvectors", levels=[(2.0, 1.0)])
    monkeypatch.setattr(geometries, "MOST_VERTICES", 3)
    layer = open_layer(path)
    assert type(layer).__name__ == "Points"
    (problem,) = [p for p in layer.metadata["strata"]["problems"] if p["code"] == "shown-as-points"]
    assert problem["message"].endswith("faces are stored in level 0")


@pytest.mark.parametrize(
    ("axes", "columns"), [(stores.XY, [1, 0]), (stores.ZYX, [0, 1, 2]), (stores.TXYZ, TZYX)]
)
def test_axes_by_name(tmp_path: Path, axes: Any, columns: list[int]):
    places = np.array([[10.0, 20, 30, 40], [110, 120, 130, 140]])[:, : len(axes)]
    path = stores.points(tmp_path / "p.zarrvectors", places, axes=axes)
    layer = open_layer(path)
    assert layer.axis_labels == tuple(axes[c][0] for c in columns)
    assert rows(layer.data) == rows(places[:, columns])


def test_a_crop_is_exact_and_everything_comes_back(tmp_path: Path):
    path = stores.points(tmp_path / "p.zarrvectors")
    layer = open_layer(path)
    geometry_view.show(layer, box=[[30.0, 20, 10], [30, 20, 110]])
    assert rows(layer.data) == [(30, 20, 10), (30, 20, 110)]
    geometry_view.show(layer)
    assert len(layer.data) == 6


def test_a_store_below_a_folder(tmp_path: Path):
    stores.points(tmp_path / "a.zarrvectors", levels=[(2.0, 1.0)])
    stores.mesh(tmp_path / "b.zarrvectors")
    first, second = plugin.read(tmp_path)
    assert first.metadata["strata"]["path"] == str(tmp_path / "a.zarrvectors")
    assert second.metadata["strata"]["path"] == str(tmp_path / "b.zarrvectors")
    assert first.visible
    assert second.visible
    geometry_view.show(first, level=1)
    assert first.metadata["strata"]["level"] == 1
    assert first.metadata["strata"]["path"] == str(tmp_path / "a.zarrvectors")
