"""One bright voxel a level, found on the canvas of a real window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from layer_cases import PYRAMIDS, WORLDS, Pyramid
from layer_drawing import bright_box, camera, settle
from napari.layers import Image

pytestmark = pytest.mark.window

#: Canvas pixels per level-0 voxel, and the voxel coordinate (z, y, x) at the canvas' centre.
ZOOM = 6
CENTRE = np.array([46.0, 44.0, 40.0])


def one_bright_voxel(pyramid: Pyramid) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return levels with one bright voxel each near `CENTRE`, and the index of each."""
    levels, indices = [], []
    for shape, scale, translate in zip(
        pyramid.shapes, pyramid.scale, pyramid.translate, strict=True
    ):
        index = np.floor((CENTRE - translate) / scale).astype(int) - [0, 2, 1]
        levels.append(np.zeros(shape, np.uint8))
        levels[-1][tuple(index)] = 255
        indices.append(index)
    return levels, indices


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("image", "voxels"),
        ("image", "anisotropic"),
        ("image", "flipped"),
        ("image", "units"),
        ("labels", "flipped"),
    ],
)
@pytest.mark.parametrize("pyramid", PYRAMIDS.values(), ids=PYRAMIDS.keys())
def test_bright_voxel_is_where_it_is_declared(
    square_window: Any, kind: str, pyramid: Pyramid, name: str
):
    world = WORLDS[name]
    # Flat worlds: only their diagonal is used below.
    zoom = ZOOM * (10 if name == "units" else 1)  # voxels of 0.2 µm and less
    steps = np.abs(np.diag(world.matrix)) * zoom
    signs = np.sign(np.diag(world.matrix))
    levels, indices = one_bright_voxel(pyramid)
    # Not "nearest" in 3-D: vispy's rays then miss single voxels, of single-scale layers too.
    look = {"contrast_limits": (0, 255), "interpolation3d": "linear", "projection_mode": "none"}
    look = look if kind == "image" else {}
    viewer, layer = square_window.show(pyramid, world, kind, levels, **look)
    if kind == "labels":
        layer.colormap = {None: "black", 255: "white"}
    for ndisplay, order in ((2, (0, 1, 2)), (2, (1, 0, 2)), (3, (0, 1, 2)), (3, (1, 2, 0))):
        viewer.dims.order = order
        viewer.dims.ndisplay = ndisplay
        camera(viewer).zoom = zoom / world.unit
        for level in pyramid.levels:
            layer.locked_data_level = level
            declared = indices[level] * pyramid.scale[level] + pyramid.translate[level]
            centre = CENTRE.copy()
            if ndisplay == 2:
                # On the plane of the bright voxel, not exactly on its centre.
                centre[order[0]] = declared[order[0]] + 0.1 * pyramid.scale[level]
            position = world.position(centre)
            viewer.dims.set_point(range(3), position)
            camera(viewer).center = position[list(order)]
            settle(viewer)
            found, size = bright_box(viewer)
            shown = list(order[-2:])
            expected = ((declared - CENTRE) * steps * signs)[shown]
            where = (level, ndisplay, order, found, expected)
            # A canvas pixel, and in 3-D a ray's step, of tolerance.
            np.testing.assert_allclose(found, expected, atol=1.0, err_msg=str(where))
            if ndisplay == 2:  # a volume is blurred
                sides = (steps * pyramid.scale[level])[shown]
                np.testing.assert_allclose(size, sides, atol=1.0, err_msg=str(where))


def test_the_same_pixels_of_a_plain_layer_are_elsewhere(window: Any):
    pyramid = PYRAMIDS["strided"]
    levels, indices = one_bright_voxel(pyramid)
    viewer = window.viewer
    layer = viewer.add_layer(
        Image(levels, multiscale=True, contrast_limits=(0, 255), projection_mode="none")
    )
    layer.locked_data_level = 3
    settle(viewer)
    camera(viewer).center = CENTRE
    camera(viewer).zoom = ZOOM
    # napari's plane of level 3 at z: round(z / 8)
    viewer.dims.set_point(0, 8 * indices[3][0])
    settle(viewer)
    found, _ = bright_box(viewer)
    declared = (indices[3] * 8 - CENTRE)[1:] * ZOOM
    np.testing.assert_allclose(found - declared, 3.5 * ZOOM, atol=1)


@pytest.mark.parametrize(
    ("name", "chosen"),
    [
        # The level napari chooses at 8, 2, 1, 0.4, 0.2 and 0.1 canvas pixels a level-0 voxel
        ("mean", [0, 0, 0, 1, 2, 3]),
        ("ceil", [0, 0, 0, 1, 2, 3]),
        ("strided", [0, 0, 0, 1, 2, 3]),
        ("part", [0, 0, 0, 1, 1, 1]),
    ],
)
def test_tile_of_the_level_napari_chooses(window: Any, name: str, chosen: list[int]):
    """A block of 24³ level-0 voxels: it must be within the tile, and the tile in its place."""
    pyramid = PYRAMIDS[name]
    levels, centres = [], []
    for shape, scale, translate in zip(
        pyramid.shapes, pyramid.scale, pyramid.translate, strict=True
    ):
        first = np.floor((CENTRE - 12 - translate) / scale).astype(int)
        last = first + int(24 / scale) - 1
        levels.append(np.zeros(shape, np.uint8))
        levels[-1][tuple(slice(a, b + 1) for a, b in zip(first, last, strict=True))] = 255
        centres.append((first + last) / 2 * scale + translate)
    viewer, layer = window.show(
        pyramid, WORLDS["voxels"], data=levels, contrast_limits=(0, 255), projection_mode="none"
    )
    viewer.dims.set_point(range(3), CENTRE)
    for zoom, level in zip((8, 2, 1, 0.4, 0.2, 0.1), chosen, strict=True):
        camera(viewer).center = CENTRE
        camera(viewer).zoom = zoom
        settle(viewer)
        assert layer.data_level == level
        found, size = bright_box(viewer)
        np.testing.assert_allclose(found, (centres[level] - CENTRE)[1:] * zoom, atol=1)
        np.testing.assert_allclose(size, 24 * zoom, atol=2)


@pytest.mark.parametrize("corner", [[30.0, 8.0, 8.0], [52.0, 88.0, 8.0], [52.0, 92.0, 91.0]])
def test_view_beside_a_level_is_blank(window: Any, corner: list[float]):
    """Level 1 covers voxels 20 to 79: a view of less, in which it is chosen, shows nothing."""
    pyramid = PYRAMIDS["part"]
    levels = [np.full(shape, 255, np.uint8) for shape in pyramid.shapes]
    viewer, layer = window.show(pyramid, WORLDS["voxels"], data=levels, contrast_limits=(0, 255))
    viewer.dims.set_point(0, corner[0])
    camera(viewer).center = corner
    camera(viewer).zoom = 40
    settle(viewer)
    assert layer.data_level == 0
    bright_box(viewer)
    layer.locked_data_level = 1
    settle(viewer)
    assert viewer.screenshot(canvas_only=True, flash=False)[..., :3].max() < 128
