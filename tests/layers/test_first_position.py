"""The plane that is shown first: once, in a viewer that was empty, at its declared place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Layer

import napari_strata as strata
from formats.helpers import write_ome_04
from napari_strata.layers.build import build
from napari_strata.layers.first_position import move_to, show_first_position

LEVELS: dict[str, Any] = {
    "0": ((5, 9, 8, 8), {"scale": [2, 4, 1, 1], "translation": [10, 100, 0, 0]}),
    "1": ((5, 9, 4, 4), {"scale": [2, 4, 2, 2], "translation": [10, 100, 0.5, 0.5]}),
}
# Sliders stand in the middle, t = 10 + 2·2 and z = 100 + 4·4, unless the plane is declared:
MIDDLE = (14.0, 116.0)
DECLARED = {"rdefs": {"defaultT": 1, "defaultZ": 7}}
FIRST = (12.0, 128.0)  # t = 10 + 2·1, z = 100 + 4·7


def image(folder: Path, name: str = "a", levels: Any = None, omero: Any = DECLARED) -> list[Any]:
    path = write_ome_04(folder / f"{name}.zarr", levels or LEVELS, "tzyx", omero=omero)
    return build(strata.open(path)).layers


def add(viewer: ViewerModel, items: list[Any]) -> list[Layer]:
    """Add layers as napari does after a reader has returned them."""
    added: list[Layer] = []
    for item in items:
        added += (
            [viewer.add_layer(item)]
            if isinstance(item, Layer)
            else viewer._add_layer_from_data(*item)
        )
    return added


@pytest.mark.parametrize("kind", ["exact", "plain"])
def test_sliders_stand_at_the_declared_plane(kind: str, tmp_path: Path):
    levels = LEVELS if kind == "exact" else {"0": LEVELS["0"]}
    viewer, items = ViewerModel(), image(tmp_path, levels=levels)
    assert isinstance(items[0], Layer) == (kind == "exact")
    show_first_position(viewer, items)
    add(viewer, items)
    assert viewer.dims.point[:2] == FIRST
    assert viewer.dims.current_step[:2] == (1, 7)


def test_without_a_declared_plane_napari_decides(tmp_path: Path):
    viewer, items = ViewerModel(), image(tmp_path, omero={})
    show_first_position(viewer, items)
    add(viewer, items)
    assert viewer.dims.point[:2] == MIDDLE


def test_one_axis_may_be_declared(tmp_path: Path):
    viewer, items = ViewerModel(), image(tmp_path, omero={"rdefs": {"defaultZ": 0}})
    show_first_position(viewer, items)
    add(viewer, items)
    assert viewer.dims.point[:2] == (14.0, 100.0)


def test_it_happens_once(tmp_path: Path):
    viewer, items = ViewerModel(), image(tmp_path)
    show_first_position(viewer, items)
    (layer,) = add(viewer, items)
    viewer.dims.set_point(1, 104.0)
    viewer.add_image(np.zeros((8, 8)))
    assert viewer.dims.point[1] == 104.0
    viewer.layers.clear()
    viewer.add_layer(layer)  # the same one again, into an empty viewer
    assert viewer.dims.point[:2] == MIDDLE


def test_channels_share_it(tmp_path: Path):
    levels = {"0": ((2, 9, 8, 8), {"scale": [1, 4, 1, 1], "translation": [0, 100, 0, 0]})}
    path = write_ome_04(tmp_path / "a.zarr", levels, "czyx", omero=DECLARED)
    viewer, items = ViewerModel(), build(strata.open(path)).layers
    show_first_position(viewer, items)
    assert len(add(viewer, items)) == 2
    assert viewer.dims.point[0] == 128.0


def test_a_viewer_that_shows_something_is_left_alone(tmp_path: Path):
    viewer, items = ViewerModel(), image(tmp_path)
    viewer.add_image(np.zeros((5, 9, 8, 8)), scale=(2, 4, 1, 1), translate=(10, 100, 0, 0))
    viewer.dims.set_point([0, 1], [10.0, 120.0])
    count = len(viewer.layers.events.inserted.callbacks)
    show_first_position(viewer, items)
    assert len(viewer.layers.events.inserted.callbacks) == count
    add(viewer, items)
    assert viewer.dims.point[:2] == (10.0, 120.0)


def test_another_layer_that_comes_before_ends_it(tmp_path: Path):
    viewer, items = ViewerModel(), image(tmp_path)
    show_first_position(viewer, items)
    viewer.add_image(np.zeros((5, 9, 8, 8)), scale=(2, 4, 1, 1), translate=(10, 100, 0, 0))
    add(viewer, items)
    assert viewer.dims.point[:2] == MIDDLE


def test_layers_that_never_arrived_are_forgotten(tmp_path: Path):
    viewer = ViewerModel()
    show_first_position(viewer, image(tmp_path))
    other = image(tmp_path, "b", omero={"rdefs": {"defaultT": 0}})
    count = len(viewer.layers.events.inserted.callbacks)
    show_first_position(viewer, other)
    assert len(viewer.layers.events.inserted.callbacks) == count
    add(viewer, other)
    assert viewer.dims.point[:2] == (10.0, 116.0)
    assert len(viewer.layers.events.inserted.callbacks) == count - 1


@pytest.mark.parametrize("items", [[], [Image(np.zeros((4, 4, 4)))], [(0, {}, "image")]])
def test_layers_without_a_note(items: list[Any]):
    viewer = ViewerModel()
    count = len(viewer.layers.events.inserted.callbacks)
    show_first_position(viewer, items)
    assert len(viewer.layers.events.inserted.callbacks) == count


WORLDS: dict[str, tuple[dict[str, Any], dict[str, int], list[float]]] = {
    # voxel 3 on an axis of 9 that runs backwards
    "flipped": ({"scale": (-2, 1, 1), "translate": (50, 0, 0)}, {"z": 3}, [44, 3.5, 3.5]),
    "beyond the end": ({}, {"z": 99}, [8, 3.5, 3.5]),
    "before the start": ({}, {"z": -4}, [0, 3.5, 3.5]),
    "another axis": ({}, {"q": 1}, [4, 3.5, 3.5]),
    # z_world = 0.8 z − 0.6 y, through the middle y = 3.5: 0.8 · 5 − 0.6 · 3.5
    "rotated": (
        {"affine": [[0.8, -0.6, 0, 0], [0.6, 0.8, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]},
        {"z": 5},
        [1.9],
    ),
}


@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")
@pytest.mark.parametrize("name", WORLDS)
def test_indices_become_world_positions(name: str):
    world, indices, expected = WORLDS[name]
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros((9, 8, 8)), axis_labels="zyx", **world)
    move_to(viewer, layer, indices)
    assert viewer.dims.point[0] == pytest.approx(expected[0])
