"""Every level of every pyramid in every world, as drawn by a real window."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from layer_cases import PYRAMIDS, WORLDS, Pyramid, World
from layer_drawing import drawn_pixel, drawn_position, is_blank, settle, texture

pytestmark = [
    pytest.mark.window,
    # napari's word to the user of an oblique layer, which starts as a 2-D view.
    pytest.mark.filterwarnings("ignore:Non-orthogonal slicing is being requested:UserWarning"),
]


def go_to(viewer: Any, world: World, voxel: Any) -> None:
    """Put the sliders on a level-0 voxel coordinate."""
    viewer.dims.set_point(range(3), world.position(voxel))


def voxel_offsets(
    viewer: Any, layer: Any, pyramid: Pyramid, world: World, level: int, shown: list[int]
) -> list[float]:
    """How far the first and last voxels are drawn from where they are declared, level-0 voxels."""
    found = []
    ends = [(0, pyramid.shapes[level][axis] - 1) for axis in shown]
    matrix = np.asarray(world.matrix)[np.ix_(shown, shown)] * world.unit
    for index in itertools.product(*ends):
        voxel = np.zeros(3)
        voxel[shown] = np.array(index) * pyramid.scale[level] + pyramid.translate[level]
        off = drawn_position(viewer, layer, index) - world.position(voxel)[shown]
        found.append(float(np.abs(np.linalg.solve(matrix, off)).max()))
    return found


@pytest.mark.parametrize("pyramid", PYRAMIDS.values(), ids=PYRAMIDS.keys())
@pytest.mark.parametrize(
    ("any_slicing", "kind"),
    [("sync", "image"), ("async", "image"), ("sync", "labels")],
    indirect=["any_slicing"],
)
def test_first_and_last_voxel(any_slicing: str, small_window: Any, kind: str, pyramid: Pyramid):
    data = [level.astype(np.uint32) for level in pyramid.numbered()] if kind == "labels" else None
    for name, world in WORLDS.items():
        viewer, layer = small_window.show(pyramid, world, kind, data)
        go_to(viewer, world, [48, 44, 40])
        views = [(2, order) for order in world.planes] + [(3, (0, 1, 2)), (3, (2, 0, 1))]
        for ndisplay, order in views:
            viewer.dims.order = order
            viewer.dims.ndisplay = ndisplay
            shown = list(order[-ndisplay:])
            for level in pyramid.levels:
                layer.locked_data_level = level
                settle(viewer)
                size = tuple(pyramid.shapes[level][axis] for axis in shown)
                assert texture(viewer, layer).shape == size
                offsets = voxel_offsets(viewer, layer, pyramid, world, level, shown)
                assert max(offsets) < 1e-6, (name, level, ndisplay, order)


def nearest_planes(pyramid: Pyramid, level: int, axis: int, position: float) -> set[int]:
    """The planes that may be shown: both where the position is half-way between two."""
    centres = np.arange(pyramid.shapes[level][axis]) * pyramid.scale[level]
    distance = np.abs(centres + pyramid.translate[level] - position)
    if distance.min() > pyramid.scale[level] / 2 + 1e-9:
        return set()
    return set(np.flatnonzero(distance < distance.min() + 1e-9).tolist())


def shown_plane(viewer: Any, layer: Any, axis: int) -> set[int]:
    if is_blank(viewer, layer):
        return set()
    shape = layer.level_shapes[layer.data_level]
    return {int(np.unravel_index(int(texture(viewer, layer).flat[0]), shape)[axis])}


@pytest.mark.parametrize("pyramid", PYRAMIDS.values(), ids=PYRAMIDS.keys())
def test_every_plane_is_the_declared_one(any_slicing: str, small_window: Any, pyramid: Pyramid):
    for name in ("voxels", "flipped", "units"):
        world = WORLDS[name]
        viewer, layer = small_window.show(pyramid, world, projection_mode="none")
        # The sliders reach twelve voxels beyond level 0 on both sides.
        ends = [world.position(v) / world.unit for v in ([-12] * 3, [112] * 3)]
        viewer.add_points(ends, units=world.kwargs.get("units"), visible=False)
        for axis, order in enumerate([(0, 1, 2), (1, 0, 2), (2, 0, 1)]):
            viewer.dims.order = order
            every = any_slicing == "sync" and axis == 0 and name == "voxels"
            for level in pyramid.levels:
                layer.locked_data_level = level
                for position in range(-12, 113, 1 if every else 9):
                    viewer.dims.set_point(axis, world.position([position] * 3)[axis])
                    if any_slicing == "async":
                        settle(viewer)
                    found = shown_plane(viewer, layer, axis)
                    expected = nearest_planes(pyramid, level, axis, position)
                    case = (name, axis, level, position)
                    assert found == expected or (found and found < expected), case


@pytest.mark.parametrize("name", ["anisotropic", "flipped", "rotated", "units"])
@pytest.mark.parametrize("pyramid", PYRAMIDS.values(), ids=PYRAMIDS.keys())
def test_value_under_the_cursor_is_the_drawn_pixel(small_window: Any, pyramid: Pyramid, name: str):
    world = WORLDS[name]
    viewer, layer = small_window.show(pyramid, world)
    random = np.random.default_rng(0)
    for order, level in itertools.product(world.planes, pyramid.levels):
        viewer.dims.order = order
        layer.locked_data_level = level
        go_to(viewer, world, [50, 50, 50])
        settle(viewer)
        shown = list(order[1:])
        hits = 0
        for voxel in random.uniform(-10, 110, (200, 3)):
            voxel[order[0]] = 50
            position = world.position(voxel)
            pixel = drawn_pixel(viewer, layer, position[shown])
            drawn = texture(viewer, layer)
            inside = all(0 <= p < s for p, s in zip(pixel, drawn.shape, strict=True))
            value = layer.get_value(
                position, view_direction=[1, 0, 0], dims_displayed=shown, world=True
            )
            assert value == (level, drawn[pixel] if inside else None), (order, voxel)
            hits += inside
        assert hits > 20


@pytest.mark.parametrize("name", ["anisotropic", "flipped", "affine", "units"])
@pytest.mark.parametrize("pyramid", PYRAMIDS.values(), ids=PYRAMIDS.keys())
def test_value_along_a_ray_is_the_drawn_voxel(small_window: Any, pyramid: Pyramid, name: str):
    """A ray along z through the first and the last column of voxels, and just past them."""
    world = WORLDS[name]
    data = [np.zeros(shape, np.uint8) for shape in pyramid.shapes]
    for level in data:
        level[level.shape[0] // 2, 0, 0] = 7
        level[level.shape[0] // 2, -1, -1] = 8
    viewer, layer = small_window.show(
        pyramid, world, "labels" if name == "flipped" else "image", data
    )
    viewer.dims.ndisplay = 3
    direction = np.asarray(world.matrix)[:, 0] * world.unit
    for level in pyramid.levels:
        layer.locked_data_level = level
        settle(viewer)
        scale, translate = pyramid.scale[level], pyramid.translate[level]
        last = np.array(pyramid.shapes[level]) - 1
        for corner, value in ((np.array([last[0] // 2, 0, 0]), 7), (last, 8)):
            for share, hit in ((-0.49, True), (0.49, True), (-0.51, False), (0.51, False)):
                for axis in (1, 2):
                    index = corner.astype(float)
                    index[axis] += share
                    found = layer.get_value(
                        world.position(index * scale + translate),
                        view_direction=direction,
                        dims_displayed=[0, 1, 2],
                        world=True,
                    )
                    assert (found == (level, value)) == hit, (level, corner, share, axis, found)
