"""Affine matrices against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from napari_strata import affine

SCALED = affine.from_scale_translate([30, 4], [5, -2])
TURNED = affine.frozen([[0, -1, 10], [1, 0, 20], [0, 0, 1]])  # a quarter turn, then a shift


def test_scale_and_translation():
    assert SCALED.tolist() == [[30, 0, 5], [0, 4, -2], [0, 0, 1]]
    assert affine.from_scale_translate([2, 3]).tolist() == [[2, 0, 0], [0, 3, 0], [0, 0, 1]]
    assert SCALED.dtype == np.float64


def test_lengths_that_differ():
    with pytest.raises(ValueError, match="scale has 2 values, translate 3"):
        affine.from_scale_translate([1, 2], [1, 2, 3])


def test_results_are_read_only():
    for matrix in (
        SCALED,
        affine.invert(SCALED),
        affine.compose(SCALED),
        affine.relative(SCALED, SCALED),
    ):
        with pytest.raises(ValueError, match="read-only"):
            matrix[0, 0] = 1


def test_frozen_copies():
    source = np.eye(3)
    matrix = affine.frozen(source)
    source[0, 0] = 7
    assert matrix[0, 0] == 1


def test_the_last_is_applied_first():
    # [1, 1] scaled is [35, 2]; turned that is [-2 + 10, 35 + 20].
    assert (affine.compose(TURNED, SCALED) @ [1, 1, 1]).tolist() == [8, 55, 1]
    # [1, 1] turned is [9, 21]; scaled that is [270 + 5, 84 - 2].
    assert (affine.compose(SCALED, TURNED) @ [1, 1, 1]).tolist() == [275, 82, 1]


def test_three_at_once():
    once = affine.from_scale_translate([1, 1], [1, 0])
    assert affine.compose(SCALED, once, once)[:2, 2].tolist() == [65, -2]


def test_inverse():
    assert affine.invert(TURNED).tolist() == [[0, 1, -20], [-1, 0, 10], [0, 0, 1]]
    assert affine.invert(affine.from_scale_translate([4, -2], [8, 6])).tolist() == [
        [0.25, 0, -2],
        [0, -0.5, 3],
        [0, 0, 1],
    ]


def test_no_inverse():
    with pytest.raises(np.linalg.LinAlgError):
        affine.invert(affine.from_scale_translate([1, 0]))


def test_relative():
    level = affine.from_scale_translate([60, 16], [20, 4])
    # (60 i + 20 - 5) / 30 and (16 i + 4 + 2) / 4
    assert affine.relative(level, SCALED).tolist() == [[2, 0, 0.5], [0, 4, 1.5], [0, 0, 1]]


def test_reversed_axes():
    x_first = affine.frozen([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12], [0, 0, 0, 1]])
    assert affine.reversed_axes(x_first).tolist() == [
        [11, 10, 9, 12],
        [7, 6, 5, 8],
        [3, 2, 1, 4],
        [0, 0, 0, 1],
    ]
    assert affine.reversed_axes(affine.reversed_axes(x_first)).tolist() == x_first.tolist()


def test_take_axes():
    matrix = affine.from_scale_translate([2, 3, 4], [20, 30, 40])
    assert affine.take_axes(matrix, [2, 0]).tolist() == [[4, 0, 40], [0, 2, 20], [0, 0, 1]]


@pytest.mark.parametrize("entry", [(0, 1), (1, 0)])
def test_axes_that_depend_on_each_other_cannot_be_parted(entry: tuple[int, int]):
    matrix = np.eye(4)
    matrix[entry] = 0.5
    with pytest.raises(ValueError, match=r"axes \[1, 2\] are not independent of axes \[0\]"):
        affine.take_axes(affine.frozen(matrix), [1, 2])


def test_prepend_axes():
    assert affine.prepend_axes(SCALED, 1).tolist() == [
        [1, 0, 0, 0],
        [0, 30, 0, 5],
        [0, 0, 4, -2],
        [0, 0, 0, 1],
    ]


def test_split():
    split = affine.scale_translate(SCALED)
    assert split is not None
    assert [part.tolist() for part in split] == [[30, 4], [5, -2]]
    assert affine.scale_translate(TURNED) is None
    assert affine.scale_translate(affine.frozen([[1, 1e-300, 0], [0, 1, 0], [0, 0, 1]])) is None


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        pytest.param([2, 3], 1.791759469228055, id="log 6"),
        pytest.param([-1, 1], 0.0, id="flipped"),
        pytest.param([1e200, 1e200, 1e200], 1381.5510557964273, id="a volume that overflows"),
        pytest.param([1, 0], -np.inf, id="no volume"),
    ],
)
def test_log_volume(scale: list[float], expected: float):
    assert affine.log_volume(affine.from_scale_translate(scale)) == pytest.approx(expected)
