"""The arithmetic of placements, without napari."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_strata.layers.placement import (
    Placement,
    PlacementError,
    differs,
    misplacement,
)


def diagonal(scale: list[float], translate: list[float]) -> np.ndarray:
    matrix = np.diag([*scale, 1.0])
    matrix[:-1, -1] = translate
    return matrix


def test_from_affines_is_relative_to_level_0():
    placement = Placement.from_affines(
        [
            diagonal([-2.0, 0.5], [10.0, 3.0]),
            diagonal([-4.0, 1.0], [9.0, 3.25]),
            diagonal([-8.0, 1.5], [7.0, 3.5]),
        ]
    )
    assert placement.scale == ((1, 1), (2, 2), (4, 3))
    assert placement.translate == ((0, 0), (0.5, 0.5), (1.5, 1.0))
    assert len(placement) == 3
    assert placement.ndim == 2


def test_from_affines_of_a_rotated_pyramid():
    turn = np.array([[0.8, -0.6, 5.0], [0.6, 0.8, 6.0], [0.0, 0.0, 1.0]])
    placement = Placement.from_affines([turn, turn @ diagonal([2, 2], [0.5, 0.5])])
    np.testing.assert_allclose(placement.scale, [[1, 1], [2, 2]], atol=1e-12)
    np.testing.assert_allclose(placement.translate, [[0, 0], [0.5, 0.5]], atol=1e-12)


@pytest.mark.parametrize(
    ("level", "message"),
    [
        pytest.param(
            [[2, 0.1, 0], [0, 2, 0], [0, 0, 1]], "level 1 is rotated or sheared", id="shear"
        ),
        pytest.param([[0, 2, 0], [2, 0, 0], [0, 0, 1]], "level 1 is rotated or sheared", id="swap"),
        pytest.param([[-2, 0, 0], [0, 2, 0], [0, 0, 1]], "level 1 has the scale", id="mirror"),
        pytest.param([[0, 0, 0], [0, 2, 0], [0, 0, 1]], "level 1 has the scale", id="flat"),
        pytest.param([[2, 0, np.nan], [0, 2, 0], [0, 0, 1]], "level 1 has a scale", id="nan"),
    ],
)
def test_from_affines_names_the_level(level: list[list[float]], message: str):
    with pytest.raises(PlacementError, match=message):
        Placement.from_affines([np.eye(3), np.array(level, dtype=float)])


def test_from_affines_without_an_inverse():
    with pytest.raises(PlacementError, match="level 0 has no inverse"):
        Placement.from_affines([np.zeros((3, 3)), np.eye(3)])


@pytest.mark.parametrize(
    ("scale", "translate"),
    [
        pytest.param((), (), id="no levels"),
        pytest.param(((1, 1),), ((0,),), id="axes"),
        pytest.param(((1,), (2,)), ((0,),), id="levels"),
        pytest.param(((1, 1), (2,)), ((0, 0), (0,)), id="ragged"),
        pytest.param(((1,), (float("inf"),)), ((0,), (0,)), id="infinite"),
    ],
)
def test_unfit_numbers(
    scale: tuple[tuple[float, ...], ...], translate: tuple[tuple[float, ...], ...]
):
    with pytest.raises(PlacementError):
        Placement(scale, translate)


def test_json_there_and_back():
    placement = Placement(((1.0, 1.0), (2.0, 3.0)), ((0.0, 0.0), (0.5, 1.0)))
    text = json.dumps(placement.to_json())
    assert text == '{"scale": [[1.0, 1.0], [2.0, 3.0]], "translate": [[0.0, 0.0], [0.5, 1.0]]}'
    assert Placement.from_json(json.loads(text)) == placement


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({}, id="empty"),
        pytest.param({"scale": 1, "translate": 2}, id="numbers"),
        pytest.param({"scale": [["a"]], "translate": [[0]]}, id="text"),
        pytest.param({"scale": [[1], [2, 3]], "translate": [[0], [0, 0]]}, id="ragged"),
        pytest.param({"scale": [[1]], "translate": None}, id="null"),
    ],
)
def test_json_that_is_no_placement(value: dict[str, object]):
    with pytest.raises(PlacementError):
        Placement.from_json(value)


def test_axes_dropped_and_added():
    placement = Placement(((1.0, 1.0), (2.0, 3.0)), ((0.0, 0.0), (0.5, 1.0)))
    assert placement.without_axis(0) == Placement(((1.0,), (3.0,)), ((0.0,), (1.0,)))
    assert placement.with_leading_axis() == Placement(
        ((1, 1, 1), (1, 2, 3)), ((0, 0, 0), (0, 0.5, 1))
    )


SHAPES = {
    "mean": [(101, 101, 101), (50, 50, 50), (25, 25, 25), (12, 12, 12)],
    "ceil": [(101, 101, 101), (51, 51, 51), (26, 26, 26), (13, 13, 13)],
    "even": [(96, 96, 96), (48, 48, 48), (24, 24, 24), (12, 12, 12)],
}


def test_implied_by_napari():
    implied = Placement.implied_by_napari([(100, 90), (50, 30)])
    assert implied == Placement(((1, 1), (2, 3)), ((0, 0), (0.5, 1)))


def placement(ratios: list[float], shifts: list[float], ndim: int = 3) -> Placement:
    return Placement(
        tuple((float(r),) * ndim for r in ratios), tuple((float(t),) * ndim for t in shifts)
    )


MEAN = placement([1, 2, 4, 8], [0, 0.5, 1.5, 3.5])


@pytest.mark.parametrize(
    ("declared", "shapes", "distance", "different"),
    [
        # Last voxel of level 3, displayed: 3.5 + 8·11 against 101/12·11 + (101/12 − 1)/2
        pytest.param(MEAN, SHAPES["mean"], 4.7917, True, id="mean"),
        # Last voxel of level 3, sliced: 3.5 + 8·12 against 101/13·12
        pytest.param(MEAN, SHAPES["ceil"], 6.2692, True, id="ceil"),
        pytest.param(placement([1, 2, 4, 8], [0] * 4), SHAPES["even"], 3.5, True, id="strided"),
        # Displayed planes fit, sliced ones miss half a voxel
        pytest.param(MEAN, SHAPES["even"], 3.5, True, id="even mean"),
        pytest.param(
            placement([1, 2], [0, 20.5]), [(100,) * 3, (30,) * 3], 20.5, True, id="part"
        ),
        # Two axes are never sliced
        pytest.param(
            placement([1, 2], [0, 0.5], 2), [(96, 96), (48, 48)], 0, False, id="even mean, 2-D"
        ),
        pytest.param(
            placement([1, 2], [0, 0], 2), [(96, 96), (48, 48)], 0.5, True, id="strided, 2-D"
        ),
        pytest.param(placement([1], [0]), [(96, 96, 96)], 0, False, id="single level"),
        pytest.param(placement([1, 1], [0, 0]), [(96,) * 3] * 2, 0, False, id="same size"),
        pytest.param(placement([1, 1], [0, 1e-7]), [(96,) * 3] * 2, 1e-7, False, id="rounding"),
        pytest.param(placement([1, 1], [0, 2e-6]), [(96,) * 3] * 2, 2e-6, True, id="shifted"),
        pytest.param(
            Placement(((1, 1, 1), (8, 1, 1)), ((0, 0, 0), (3.5, 0, 0))),
            [(8, 9, 9), (1, 9, 9)], 0, False, id="one plane is shown everywhere",
        ),
        pytest.param(
            Placement(((1, 1, 1), (2, 1, 1)), ((0, 0, 0), (0, 0, 0))),
            [(1, 9, 9), (1, 9, 9)], 0, True, id="one plane of another thickness",
        ),
    ],
)  # fmt: skip
def test_differs_from_napari(
    declared: Placement, shapes: list[tuple[int, ...]], distance: float, different: bool
):
    assert misplacement(declared, shapes) == pytest.approx(distance, abs=1e-4)
    assert differs(declared, shapes) is different


@pytest.mark.parametrize(
    ("position", "plane"),
    [
        # 50 planes, scale 2, translation 0.5: plane 0 covers −0.5 to 1.5, plane 49 97.5 to 99.5
        (-0.6, None), (-0.5, 0), (0, 0), (1, 0), (1.4, 0), (1.6, 1), (2, 1), (98, 49), (99, 49),
        (99.5, 49), (99.6, None),
    ],
)  # fmt: skip
def test_plane_at_a_position(position: float, plane: int | None):
    assert placement([1, 2], [0, 0.5]).plane(1, 0, position, 50) == plane


def test_half_way_between_two_planes_goes_the_same_way_despite_rounding():
    strided = placement([1, 2], [0, 0])
    for rounding in (-1e-12, 0.0, 1e-12):
        assert strided.plane(1, 0, 5 + rounding, 48) == 2
        assert strided.plane(1, 0, 95 + rounding, 48) == 47  # half a voxel beyond the last centre


@pytest.mark.parametrize(
    ("low", "high", "planes"),
    [
        # 10 planes, scale 4, translation 1.5: centres at 1.5, 5.5, … 37.5
        pytest.param(1.5, 9.5, slice(0, 3), id="centres at both ends"),
        pytest.param(2, 9, slice(1, 2), id="one centre inside"),
        pytest.param(2, 5, slice(0, 1), id="none inside: nearest to the middle"),
        pytest.param(-20, 6, slice(0, 2), id="begins before the level"),
        pytest.param(30, 90, slice(8, 10), id="ends after the level"),
        pytest.param(-20, -0.6, None, id="before"),
        pytest.param(39.6, 50, None, id="after"),
        pytest.param(39, 50, slice(9, 10), id="touches the last plane"),
    ],
)
def test_planes_of_a_thick_slice(low: float, high: float, planes: slice | None):
    assert placement([1, 4], [0, 1.5]).planes(1, 0, low, high, 10) == planes
