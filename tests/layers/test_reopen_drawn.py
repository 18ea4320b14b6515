"""One layer through several coordinate systems, as a real window draws it each time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from layer_drawing import drawn_position, settle, texture
from napari.layers import Labels
from opened import COS, SIN, VOXEL, opened, write_06

from napari_strata.dataset import Choices
from napari_strata.layers.changing.reopen import apply, read_again
from napari_strata.samples import Sample

pytestmark = [
    pytest.mark.window,
    # napari's word to the user of an oblique layer, which starts as a 2-D view.
    pytest.mark.filterwarnings("ignore:Non-orthogonal slicing is being requested:UserWarning"),
]

SHAPES = {"s0": (6, 8, 12), "s1": (3, 4, 6)}

# where (z, y, x) of the image's own system is in each, by `opened.SYSTEMS`
PLACES = {
    "moved": lambda z, y, x: (z + 10, y - 20, x + 30),
    "swapped": lambda z, y, x: (x, z, y),
    "rotated": lambda z, y, x: (z, COS * y - SIN * x, SIN * y + COS * x),
    "tilted": lambda z, y, x: (0.8 * z + 0.6 * x, y, -0.6 * z + 0.8 * x),
    "turned": lambda z, y, x: (z, -x, y),
    "own": lambda z, y, x: (z, y, x),
}


def expected(name: str, voxel: Any, level: int) -> Any:
    steps = np.asarray(voxel) * (1, 2)[level] + (0, 0.5)[level]
    return PLACES[name](*(steps * VOXEL))


def test_through_systems(tmp_path: Path, small_window: Any):
    viewer = small_window.viewer
    layer = viewer.add_layer(opened(write_06(tmp_path / "i.zarr", SHAPES)))
    for name in PLACES:
        apply(layer, read_again(layer, system=name))
        viewer.dims.ndisplay = 3
        for level, shape in enumerate(SHAPES.values()):
            layer.locked_data_level = level
            settle(viewer)
            for voxel in ((0, 0, 0), (1, 2, 3), tuple(n - 1 for n in shape)):
                value = int(np.ravel_multi_index(voxel, shape)) + 1
                (index,) = np.argwhere(texture(viewer, layer) == value)
                found = drawn_position(viewer, layer, index)
                np.testing.assert_allclose(found, expected(name, voxel, level), atol=1e-4)
        layer.locked_data_level = None
        viewer.dims.ndisplay = 2
        settle(viewer)


@pytest.mark.parametrize("name", ["swapped", "turned", "own"])
def test_planes(tmp_path: Path, small_window: Any, name: str):
    viewer = small_window.viewer
    layer = viewer.add_layer(opened(write_06(tmp_path / "i.zarr", SHAPES)))
    settle(viewer)
    apply(layer, read_again(layer, system="moved"))
    apply(layer, read_again(layer, system=name))
    for level, shape in enumerate(SHAPES.values()):
        layer.locked_data_level = level
        voxel = (1, 2, 3)
        place = expected(name, voxel, level)
        viewer.dims.set_point(range(3), place)
        settle(viewer)
        value = int(np.ravel_multi_index(voxel, shape)) + 1
        (index,) = np.argwhere(texture(viewer, layer) == value)
        np.testing.assert_allclose(drawn_position(viewer, layer, index), place[1:], atol=1e-4)


def test_origin_of_labels(small_window: Any, samples: dict[str, Sample]):
    viewer = small_window.viewer
    layer = viewer.add_layer(opened(samples["cosem"].path, "mito_seg"))
    assert isinstance(layer, Labels)
    layer.visible = True
    settle(viewer)
    apply(layer, read_again(layer, choices=Choices(origin="corner")))  # COSEM says where 0 is
    viewer.dims.ndisplay = 3
    settle(viewer)
    # every second voxel twice: level 2 is 4.8 × 4 × 4 µm from the same place
    place = [30.2 + 4.8, 44.4 + 8, 43.3 + 12]
    np.testing.assert_allclose(drawn_position(viewer, layer, (1, 2, 3)), place, atol=1e-4)


def test_origin_moves_the_picture(small_window: Any, samples: dict[str, Sample]):
    viewer = small_window.viewer
    layer = viewer.add_layer(opened(samples["neuroglancer-n5"].path))
    viewer.dims.ndisplay = 3
    layer.locked_data_level = 1
    for origin, half in (("center", 0), ("corner", 0.5), ("center", 0)):
        apply(layer, read_again(layer, choices=Choices(origin=origin)))
        settle(viewer)
        assert layer.locked_data_level == 1
        # level 1: twice 1.5 × 1 × 1 µm, half a voxel of level 0 on
        place = np.array([1.5, 1, 1]) * (np.array([2, 4, 6]) + 0.5 + half)
        np.testing.assert_allclose(drawn_position(viewer, layer, (1, 2, 3)), place, atol=1e-4)
