"""Outlines and colours of levels, by hand-worked numbers."""

from __future__ import annotations

import numpy as np
import pytest

from napari_strata.layers.drawing.level_colours import level_colour
from napari_strata.layers.drawing.level_outlines import displayed_axes, outline

# 4 × 3 × 2 voxels of 2 µm; the first one's centre is at z, y, x = 10, 20, 30 µm.
STRAIGHT = np.array([[2.0, 0, 0, 10], [0, 2, 0, 20], [0, 0, 2, 30], [0, 0, 0, 1]])
SHAPE = (4, 3, 2)
# The same, turned by a quarter about z: y → x, x → −y.
TURNED = np.array([[2.0, 0, 0, 10], [0, 0, -2, 20], [0, 2, 0, 30], [0, 0, 0, 1]])


@pytest.mark.parametrize(
    ("world", "displayed", "corners"),
    [
        pytest.param(STRAIGHT, (1, 2), [[19, 29], [19, 33], [25, 29], [25, 33]], id="y-x"),
        pytest.param(STRAIGHT, (2, 1), [[29, 19], [29, 25], [33, 19], [33, 25]], id="x-y"),
        pytest.param(STRAIGHT, (0, 2), [[9, 29], [9, 33], [17, 29], [17, 33]], id="z-x"),
        pytest.param(TURNED, (1, 2), [[21, 29], [17, 29], [21, 35], [17, 35]], id="turned"),
    ],
)
def test_rectangle_is_at_the_edges_of_voxels(
    world: np.ndarray, displayed: tuple[int, ...], corners: list[list[float]]
):
    found = outline(world, SHAPE, displayed, (10, 20, 30))
    np.testing.assert_allclose(found.corners, corners)
    assert found.edges.shape == (4, 2, 2)


def test_box_has_twelve_edges_along_its_axes():
    found = outline(STRAIGHT, SHAPE, (0, 1, 2), (0, 0, 0))
    np.testing.assert_allclose(found.corners.min(axis=0), [9, 19, 29])
    np.testing.assert_allclose(found.corners.max(axis=0), [17, 25, 33])
    along = np.abs(found.edges[:, 1] - found.edges[:, 0])
    lengths = sorted(map(tuple, along.tolist()))
    assert lengths == [(0, 0, 4)] * 4 + [(0, 6, 0)] * 4 + [(8, 0, 0)] * 4
    assert found.reached


@pytest.mark.parametrize(
    ("z", "reached"),
    # Planes at 10, 12, 14, 16; half a voxel beyond the first and the last is still theirs.
    [(8.9, False), (9.0, True), (10.0, True), (17.0, True), (17.1, False)],
)
def test_level_is_reached_within_half_a_voxel(z: float, reached: bool):
    assert outline(STRAIGHT, SHAPE, (1, 2), (z, 0, 0)).reached is reached


@pytest.mark.parametrize(
    ("order", "ndisplay", "ndim", "expected"),
    [
        pytest.param((0, 1, 2), 2, 3, (1, 2), id="plain"),
        pytest.param((1, 0, 2), 2, 3, (0, 2), id="rolled"),
        pytest.param((2, 1, 0), 3, 3, (2, 1, 0), id="volume-transposed"),
        pytest.param((0, 1, 2, 3), 3, 3, (0, 1, 2), id="viewer-has-time"),
        pytest.param((1, 0, 3, 2), 2, 3, (2, 1), id="viewer-has-time-transposed"),
        pytest.param((0, 1, 2), 3, 2, (0, 1), id="flat-layer-in-a-volume"),
    ],
)
def test_displayed_axes(
    order: tuple[int, ...], ndisplay: int, ndim: int, expected: tuple[int, ...]
):
    assert displayed_axes(order, ndisplay, ndim) == expected


def _luminance(colour: str) -> float:
    """Relative luminance (WCAG 2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted([_luminance(one), _luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("count", [1, 4, 8, 9, 14])
def test_colours_of_levels_differ_and_are_seen_on_any_background(count: int):
    colours = [level_colour(level, count) for level in range(count)]
    assert len(set(colours)) == count
    # black canvas, napari's dark and light panels, white canvas
    seen = {b: min(_contrast(c, b) for c in colours) for b in ("#000000", "#262930", "#f2f2f2")}
    assert min(seen.values()) > 1.8, seen


def test_level_0_looks_the_same_in_every_dataset():
    assert {level_colour(0, count) for count in range(1, 9)} == {level_colour(0, 1)}


@pytest.mark.parametrize(("index", "count"), [(3, 3), (-1, 3), (0, 0)])
def test_no_colour_without_a_level(index: int, count: int):
    with pytest.raises(IndexError, match="there is no level"):
        level_colour(index, count)
