"""What napari's own layer does with the same levels: the reason for the exact ones.

Were these to fail on a newer napari, its own drawing has changed, and ours must be looked at.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from layer_drawing import drawn_pixel, drawn_position, settle, texture
from napari.layers import Image

pytestmark = pytest.mark.window

MEAN = ([101, 50, 25, 12], [1, 2, 4, 8], [0, 0.5, 1.5, 3.5])
EVEN = ([96, 48, 24, 12], [1, 2, 4, 8], [0, 0.5, 1.5, 3.5])


def plain(sizes: list[int]) -> Image:
    levels = [np.arange(n**3, dtype=np.float32).reshape(n, n, n) for n in sizes]
    return Image(levels, multiscale=True, contrast_limits=(0, 1), projection_mode="none")


@pytest.mark.parametrize(
    ("sizes", "scale", "translate", "expected"),
    [
        pytest.param(*MEAN, [(0, 0), (0.01, 0.99), (0.02, 0.98), (0.21, 4.79)], id="mean"),
        pytest.param(
            [101, 51, 26, 13], *MEAN[1:],
            [(0, 0), (-0.01, -0.99), (-0.06, -2.94), (-0.12, -2.88)], id="ceil",
        ),
        pytest.param(
            EVEN[0], EVEN[1], [0] * 4, [(0, 0), (0.5, 0.5), (1.5, 1.5), (3.5, 3.5)], id="strided"
        ),
        pytest.param([100, 30], [1, 2], [0, 20.5], [(0, 0), (-19.33, 19.33)], id="part"),
    ],
)  # fmt: skip
def test_plain_layer_is_misplaced(
    window: Any,
    sizes: list[int],
    scale: list[float],
    translate: list[float],
    expected: list[tuple[float, float]],
):
    layer = window.viewer.add_layer(plain(sizes))
    for level, ends in enumerate(expected):
        layer.locked_data_level = level
        settle(window.viewer)
        for index, distance in zip((0, sizes[level] - 1), ends, strict=True):
            drawn = drawn_position(window.viewer, layer, (index, index))
            declared = index * scale[level] + translate[level]
            assert drawn - declared == pytest.approx(distance, abs=0.006)


def test_plain_layer_shows_wrong_planes(window: Any):
    viewer = window.viewer
    layer = viewer.add_layer(plain(EVEN[0]))
    wrong = []
    for level, (size, scale, translate) in enumerate(zip(*EVEN, strict=True)):
        layer.locked_data_level = level
        count = 0
        for position in range(96):
            viewer.dims.set_point(0, position)
            shown = int(texture(viewer, layer).flat[0]) // size**2
            centres = np.arange(size) * scale + translate
            count += shown != np.abs(centres - position).argmin()
        wrong.append(round(100 * count / 96))
    assert wrong[0] == 0
    assert min(wrong[1:]) > 20


def test_plain_layer_tells_the_value_of_another_pixel(window: Any):
    viewer = window.viewer
    layer = viewer.add_layer(plain(EVEN[0]))
    layer.locked_data_level = 3
    settle(viewer)
    middle = viewer.dims.point[0]
    positions = np.random.default_rng(0).uniform(0, 90, (300, 2))
    wrong = 0
    for position in positions:
        told = layer.get_value([middle, *position], world=True)
        wrong += told != (3, texture(viewer, layer)[drawn_pixel(viewer, layer, position)])
    assert wrong / len(positions) > 0.25
