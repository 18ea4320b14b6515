"""Precomputed volumes as a real window draws them: every voxel has a value of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_drawing import drawn_position, settle, texture

from formats.volumes import PYRAMID, Scale, numbered, write_volume
from napari_strata import plugin

pytestmark = pytest.mark.window


def show(viewer: Any, folder: Path) -> Any:
    (layer,) = plugin.read(folder)
    viewer.add_layer(layer)
    settle(viewer)
    return layer


def voxels(scale: Scale) -> list[tuple[int, ...]]:
    """First, last, and one inside."""
    return [(0, 0, 0), tuple(n - 1 for n in scale.shape), tuple(n // 3 for n in scale.shape)]


@pytest.mark.parametrize("level", range(3))
def test_every_level_is_drawn_at_its_place(window: Any, tmp_path: Path, level: int):
    viewer, scale = window.viewer, PYRAMID[level]
    layer = show(viewer, write_volume(tmp_path / "v", PYRAMID))
    layer.locked_data_level = level
    values = numbered(scale)
    viewer.dims.ndisplay = 3
    settle(viewer)
    for voxel in voxels(scale):
        (index,) = np.argwhere(texture(viewer, layer) == values[voxel])
        place = scale.centre(voxel, PYRAMID[0]) / 1000  # the layer is in micrometres
        np.testing.assert_allclose(drawn_position(viewer, layer, index), place, atol=1e-6)
    viewer.dims.ndisplay = 2
    for voxel in voxels(scale):
        place = scale.centre(voxel, PYRAMID[0]) / 1000
        viewer.dims.set_point(0, place[0])
        settle(viewer)
        (index,) = np.argwhere(texture(viewer, layer) == values[voxel])
        np.testing.assert_allclose(drawn_position(viewer, layer, index), place[1:], atol=1e-6)


@pytest.mark.parametrize("level", range(2))
def test_segments_are_under_the_cursor_at_their_place(window: Any, tmp_path: Path, level: int):
    scales = [
        Scale((4, 4, 40), (17, 15, 13), (100, -50, -5), "compressed_segmentation"),
        Scale((8, 8, 40), (9, 8, 13), (50, -25, -5), "compressed_segmentation"),
    ]
    viewer, scale = window.viewer, scales[level]
    folder = write_volume(tmp_path / "v", scales, kind="segmentation", dtype="uint32")
    layer = show(viewer, folder)
    layer.locked_data_level = level
    values = numbered(scale)
    for voxel in voxels(scale):
        place = scale.centre(voxel, scales[0]) / 1000
        viewer.dims.set_point(0, place[0])
        settle(viewer)
        found = layer.get_value(place, view_direction=None, dims_displayed=[1, 2], world=True)
        assert found == (level, values[voxel])
