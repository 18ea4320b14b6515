"""Locking a layer to a level, and what that reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from layer_cases import PYRAMIDS, WORLDS
from layer_drawing import camera, drawn_position, settle, texture
from napari.components import ViewerModel
from napari.layers import Image, Labels
from opened import opened, write_06

from formats.helpers import write_ome_04
from napari_strata.layers.changing.level_lock import BUDGET, lock, lock_cost

#: axes' order, displayed axes, level → chunks read times their voxels, times 2 bytes
COSTS = {
    # of 6³ in chunks of 4³: one chunk deep, two by two of them
    "planes": ((0, 1, 2), 2, 0, 4 * 8 * 8 * 2),
    "planes across": ((1, 0, 2), 2, 0, 4 * 8 * 8 * 2),
    "coarse planes": ((0, 1, 2), 2, 1, 3 * 3 * 3 * 2),
    "volume": ((0, 1, 2), 3, 0, 8 * 8 * 8 * 2),
}


@pytest.mark.parametrize("name", COSTS)
def test_cost(tmp_path: Path, name: str):
    order, ndisplay, level, expected = COSTS[name]
    viewer = ViewerModel()
    layer = viewer.add_layer(opened(write_06(tmp_path / "i.zarr")))
    viewer.dims.order, viewer.dims.ndisplay = order, ndisplay
    assert lock_cost(layer, level, viewer.dims) == expected


def test_cost_of_flat_chunks_beside_a_layer_of_more_axes():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((2, 3, 4, 5)))
    data = [da.zeros((8, 100, 60), chunks=(1, 50, 60), dtype="u1"), da.zeros((4, 50, 30))]
    layer = viewer.add_image(data, multiscale=True, contrast_limits=(0, 1))
    assert lock_cost(layer, 0, viewer.dims) == 100 * 60
    viewer.dims.ndisplay = 3
    assert lock_cost(layer, 0, viewer.dims) == 8 * 100 * 60
    viewer.dims.ndisplay = 2
    viewer.dims.order = (0, 3, 1, 2)  # the layer's last axis is sliced
    assert lock_cost(layer, 0, viewer.dims) == 8 * 100 * 60


def test_cost_of_a_thick_slice():
    viewer = ViewerModel()
    data = [da.zeros((80, 10, 10), chunks=(2, 10, 10), dtype="u1"), da.zeros((40, 5, 5))]
    layer = viewer.add_image(data, multiscale=True, contrast_limits=(0, 1), scale=[0.5, 1, 1])
    layer.projection_mode = "mean"
    viewer.dims.margin_left = (2, 0, 0)
    viewer.dims.margin_right = (1, 0, 0)
    # 3 µm are 6 voxels, so up to 7 planes: 4 chunks
    assert lock_cost(layer, 0, viewer.dims) == 8 * 10 * 10


def test_cost_of_a_thick_slice_of_a_layer_placed_by_a_matrix():
    """Its scale is 1 then; in micrometres beside a layer in nanometres, as the viewer is."""
    viewer = ViewerModel()
    viewer.add_image(np.zeros((2, 2, 2)), units="nm")
    data = [da.zeros((80, 10, 10), chunks=(2, 10, 10), dtype="u1"), da.zeros((40, 5, 5))]
    layer = viewer.add_image(data, multiscale=True, contrast_limits=(0, 1), units="um")
    layer.affine = [[0.5, 0, 0, 0], [0, 1, 0.2, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    layer.projection_mode = "mean"
    viewer.dims.margin_left = (2000, 0, 0)
    viewer.dims.margin_right = (1000, 0, 0)
    assert lock_cost(layer, 0, viewer.dims) == 8 * 10 * 10


def test_cost_of_planes_that_lie_in_two_chunks():
    viewer = ViewerModel()
    data = [da.zeros((80, 10, 10), chunks=(8, 10, 10), dtype="u1"), da.zeros((40, 5, 5))]
    layer = viewer.add_image(data, multiscale=True, contrast_limits=(0, 1))
    layer.projection_mode = "mean"
    viewer.dims.margin_left = (1, 0, 0)
    # 2 planes, such as 7 and 8
    assert lock_cost(layer, 0, viewer.dims) == 2 * 8 * 10 * 10


def test_channels_of_a_chunk_are_read_with_the_one_that_is_shown(tmp_path: Path):
    levels = {"0": ((3, 8, 8), {"scale": [1, 3, 2]}), "1": ((3, 4, 4), {"scale": [1, 6, 4]})}
    write_ome_04(tmp_path / "a.zarr", levels, axes="cyx")  # each level is one chunk, of bytes
    viewer = ViewerModel()
    layer = viewer.add_layer(opened(tmp_path / "a.zarr"))
    assert layer.ndim == 2
    assert lock_cost(layer, 0, viewer.dims) == 3 * 8 * 8


def test_what_is_in_memory_costs_nothing():
    viewer = ViewerModel()
    layer = viewer.add_image([np.zeros((8, 8)), np.zeros((4, 4))], multiscale=True)
    assert lock_cost(layer, 0, viewer.dims) == 0


def test_budget():
    assert BUDGET == 512 * 1024 * 1024


def test_lock_and_unlock():
    layer = Image([np.zeros((8, 8)), np.zeros((4, 4))], multiscale=True)
    lock(layer, 0)
    assert (layer.locked_data_level, layer.data_level) == (0, 0)
    lock(layer, None)
    assert layer.locked_data_level is None


@pytest.mark.parametrize("level", [-1, 2])
def test_no_such_level(level: int):
    layer = Image([np.zeros((8, 8)), np.zeros((4, 4))], multiscale=True, name="em")
    with pytest.raises(ValueError, match=r"'em' has levels 0 to 1"):
        lock(layer, level)


def test_one_resolution():
    with pytest.raises(ValueError, match=r"'seg' has one resolution only"):
        lock(Labels(np.zeros((8, 8), int), name="seg"), 0)


@pytest.mark.window
@pytest.mark.parametrize("kind", ["image", "labels"])
@pytest.mark.parametrize("name", ["mean", "strided", "part"])
def test_locked_level_is_drawn_exactly(small_window: Any, name: str, kind: str):
    pyramid = PYRAMIDS[name]
    data = [level.astype(np.uint32) + 1 for level in pyramid.numbered()]
    viewer, layer = small_window.show(pyramid, WORLDS["anisotropic"], kind, data)
    for ndisplay in (2, 3):
        viewer.dims.ndisplay = ndisplay
        for level in (0, len(data) - 1):
            lock(layer, level)
            centre = np.array(data[level].shape) // 2
            declared = centre * pyramid.scale[level] + pyramid.translate[level]
            place = np.array([4, 0.5, 0.25]) * declared + [10, -3, 7]
            viewer.dims.set_point(range(3), place)
            settle(viewer)
            shown = tuple(centre[3 - ndisplay :])
            assert texture(viewer, layer).shape == data[level].shape[3 - ndisplay :]
            if kind == "image":
                assert texture(viewer, layer)[shown] == data[level][tuple(centre)]
            found = drawn_position(viewer, layer, shown)
            np.testing.assert_allclose(found, place[3 - ndisplay :], atol=1e-3)
    viewer.dims.ndisplay = 2
    lock(layer, None)
    viewer.reset_view()
    settle(viewer)
    assert layer.data_level == 0
    camera(viewer).zoom *= 0.02
    settle(viewer)
    assert layer.data_level == len(data) - 1
