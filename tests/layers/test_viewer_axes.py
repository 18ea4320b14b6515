"""Axes in the viewer's order, micrometres and seconds; and when float32 is too coarse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_strata import model
from napari_strata.affine import from_scale_translate, frozen
from napari_strata.layers.viewer_axes import precision_loss, viewer_axes
from napari_strata.model import Axis

NM, UM, S = "nm", "micrometer", "second"


def image(*axes: Axis) -> model.Image:
    return model.Image("a", "a", "cosem", "image", axes, ())


def space(names: str, unit: str | None = "nm") -> list[Axis]:
    return [Axis(name, "space", unit) for name in names]


T, C = Axis("t", "time", "ms"), Axis("c", "channel")
# axes, split, order, labels, units, factors
CASES: dict[str, tuple[list[Axis], int | None, Any, Any, Any, Any]] = {
    "zyx": (space("zyx"), None, (0, 1, 2), "zyx", [UM] * 3, [1e-3] * 3),
    "xyz": (space("xyz"), None, (2, 1, 0), "zyx", [UM] * 3, [1e-3] * 3),
    "yx": (space("yx", "mm"), None, (0, 1), "yx", [UM] * 2, [1e3] * 2),
    "tczyx split": (
        [T, C, *space("zyx")], 1, (0, 2, 3, 4), "tzyx", [S, UM, UM, UM],
        [1e-3, 1.0, 1e-3, 1e-3, 1e-3],
    ),
    "tczyx not split": (
        [T, C, *space("zyx")], None, (1, 0, 2, 3, 4), "ctzyx", ["pixel", S, UM, UM, UM],
        [1e-3, 1.0, 1e-3, 1e-3, 1e-3],
    ),
    "xyzct split": (
        [*space("xyz"), C, T], 3, (4, 2, 1, 0), "tzyx", [S, UM, UM, UM],
        [1e-3, 1e-3, 1e-3, 1.0, 1e-3],
    ),
    "others first": (
        [*space("yx"), Axis("a", "other"), Axis("b", "other")], None, (2, 3, 0, 1), "abyx",
        ["pixel", "pixel", UM, UM], [1e-3, 1e-3, 1.0, 1.0],
    ),
    "capitals": (space("XYZ"), None, (2, 1, 0), "ZYX", [UM] * 3, [1e-3] * 3),
    "other names keep their order": (
        space("cab"), None, (0, 1, 2), "cab", [UM] * 3, [1e-3] * 3,
    ),
    "no units": (space("zyx", None), None, (0, 1, 2), "zyx", ["pixel"] * 3, [1.0] * 3),
    "unknown units": (space("zyx", "furlong"), None, (0, 1, 2), "zyx", ["pixel"] * 3, [1.0] * 3),
    "mixed units": (
        [Axis("z", "space", "um"), Axis("y", "space", "nm"), Axis("x", "space", "Å")], None,
        (0, 1, 2), "zyx", [UM] * 3, [1.0, 1e-3, 1e-4],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_order_and_units(name: str):
    axes, split, order, labels, units, factors = CASES[name]
    found = viewer_axes(image(*axes), split)
    assert found.order == order
    assert found.labels == tuple(labels)
    assert list(found.units) == units
    assert list(found.factors) == factors


def test_a_transform_in_layer_axes():
    axes = viewer_axes(image(*space("xyz"), C), 3)
    world = axes.to_world(from_scale_translate([4, 6, 30, 1], [100, 200, 300, 0]))
    expected = [[0.03, 0, 0, 0.3], [0, 0.006, 0, 0.2], [0, 0, 0.004, 0.1], [0, 0, 0, 1]]
    np.testing.assert_allclose(world, expected, rtol=1e-12)


def test_a_rotation_between_units():
    axes = viewer_axes(image(Axis("y", "space", "nm"), Axis("x", "space", "um")), None)
    # y = 2 j + 10 in nm, x = 3 i + 20 in µm
    world = axes.to_world(frozen([[0, 2, 10], [3, 0, 20], [0, 0, 1]]))
    np.testing.assert_allclose(world, [[0, 0.002, 0.01], [3, 0, 20], [0, 0, 1]], rtol=1e-12)


def test_a_channel_that_mixes_with_space_cannot_be_split():
    matrix = np.eye(4)
    matrix[1, 0] = 0.1
    with pytest.raises(ValueError, match="not independent"):
        viewer_axes(image(C, *space("yx")), 0).to_world(frozen(matrix))


# float32 has 24 bits: 2⁻²⁴ = 5.96e-8 of the largest coordinate
LOSSES: dict[str, tuple[list[float], list[float], tuple[int, ...], float]] = {
    "at zero": ([0.004] * 3, [0, 0, 0], (1000, 1000, 1000), 0),
    "4 nm at 100 mm": ([0.004] * 3, [0, 0, 1e5], (10, 10, 10), 1.49),
    "4 nm at 1 mm": ([0.004] * 3, [0, 0, 1e3], (10, 10, 10), 0),
    "4 nm at -100 mm": ([0.004] * 3, [-1e5, 0, 0], (10, 10, 10), 1.49),
    "flipped": ([-0.004] * 3, [0, 1e5, 0], (10, 10, 10), 1.49),
    "a huge image": ([1.0, 1.0], [0, 0], (10, 4_000_000), 0.24),
    "1 µm at 100 mm": ([1.0] * 3, [0, 0, 1e5], (10, 10, 10), 0),
}


@pytest.mark.parametrize("name", LOSSES)
def test_precision(name: str):
    scale, translate, shape, expected = LOSSES[name]
    world = from_scale_translate(scale, translate)
    assert precision_loss(world, shape) == pytest.approx(expected, abs=0.01)
