"""Drawn against declared: the numbers, and that a window really draws there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from layer_cases import PYRAMIDS
from layer_drawing import drawn_position, settle
from napari.components import LayerList
from napari.layers import Image, Labels, Layer, Points

import napari_strata as strata
from napari_strata.affine import from_scale_translate
from napari_strata.layers.build import build
from napari_strata.layers.common_origin import move_near_zero
from napari_strata.layers.drawing.placed import place
from napari_strata.layers.inspecting.alignment import alignment
from napari_strata.layers.placement import misplacement


def layers_of(sample: Any) -> list[Layer]:
    built = build(strata.open(sample.path)).layers
    return [each if isinstance(each, Layer) else Layer.create(*each) for each in built]


def plain(sizes: list[int], **kwargs: Any) -> Image:
    levels = [np.zeros((n, n, n), dtype=np.float32) for n in sizes]
    return Image(levels, multiscale=True, contrast_limits=(0, 1), **kwargs)


def declared(scale: list[float], translate: list[float]) -> list[np.ndarray]:
    return [from_scale_translate([s] * 3, [t] * 3) for s, t in zip(scale, translate, strict=True)]


def duplicate(layer: Layer) -> Layer:
    """Make what napari's "Duplicate layer" makes, with nobody to set it right."""
    kind = Labels if isinstance(layer, Labels) else Image
    kwargs: dict[str, Any] = {"scale": layer.scale, "translate": layer.translate}
    if kind is Image:
        kwargs["contrast_limits"] = (0, 1)
    return kind(
        list(layer.data), multiscale=True, metadata=layer.metadata, units=layer.units, **kwargs
    )


def test_every_sample_is_drawn_as_declared(samples: dict[str, Any]):
    seen = 0
    for sample in samples.values():
        for layer in layers_of(sample):
            found = alignment(layer)
            if sample.name == "zvf":
                assert found is None
                continue
            assert found is not None
            assert [each.level for each in found] == list(range(len(layer.level_shapes)))
            assert max(each.largest for each in found) < 1e-9
            assert {each.moved for each in found} == {None}
            seen += 1
    assert seen >= 14


# First and last voxel of each level: displayed, then sliced, where napari leaves out its half
# voxel. By hand: shape 0 / shape k · i + (shape 0 / shape k − 1) / 2, less scale · i + translate.
BY_HAND = {
    "mean": (
        [101, 50, 25, 12], [1, 2, 4, 8], [0, 0.5, 1.5, 3.5],
        [(0, 0), (0.01, 0.99), (0.02, 0.98), (0.2083333, 4.7916667)],
        [(0, 0), (-0.5, 0.48), (-1.5, -0.54), (-3.5, 1.0833333)],
    ),
    "ceil": (
        [101, 51, 26, 13], [1, 2, 4, 8], [0, 0.5, 1.5, 3.5],
        [(0, 0), (-0.0098039, -0.9901961), (-0.0576923, -2.9423077), (-0.1153846, -2.8846154)],
        [(0, 0), (-0.5, -1.4803922), (-1.5, -4.3846154), (-3.5, -6.2692308)],
    ),
    "strided": (
        [96, 48, 24, 12], [1, 2, 4, 8], [0] * 4,
        [(0, 0), (0.5, 0.5), (1.5, 1.5), (3.5, 3.5)], [(0, 0)] * 4,
    ),
    "part": (
        [100, 30], [1, 2], [0, 20.5], [(0, 0), (-19.3333333, 19.3333333)],
        [(0, 0), (-20.5, 18.1666667)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BY_HAND)
@pytest.mark.parametrize("unit", [1.0, 0.004], ids=["1 µm", "4 nm"])
def test_a_plain_layer_against_what_its_file_declares(case: str, unit: float):
    sizes, scale, translate, displayed, sliced = BY_HAND[case]
    layer = plain(sizes, scale=[unit] * 3, translate=[100 * unit] * 3)
    matrices = declared([s * unit for s in scale], [(t + 100) * unit for t in translate])
    found = alignment(layer, matrices)
    assert found is not None
    for each, shown, cut in zip(found, displayed, sliced, strict=True):
        np.testing.assert_allclose([each.first, each.last], [[e] * 3 for e in shown], atol=1e-6)
        ends = [each.sliced_first, each.sliced_last]
        np.testing.assert_allclose(ends, [[e] * 3 for e in cut], atol=1e-6)
        assert each.largest == pytest.approx(np.abs([shown, cut]).max(), abs=1e-6)
        assert each.moved is None


def test_level_0_counts_where_places_are_given():
    layer = plain([8, 4], scale=(2, 2, 2))
    found = alignment(layer, declared([2, 4], [10, 11]))
    assert found is not None
    assert found[0].first == found[0].last == (-5, -5, -5)
    assert found[1].first == (-5, -5, -5)


def test_a_rotated_layer_is_compared_along_its_own_axes():
    turn = np.eye(4)
    turn[1:3, 1:3] = [[0.8, -0.6], [0.6, 0.8]]
    layer = plain([8, 4], affine=turn)
    exact = [turn, turn @ from_scale_translate([2, 2, 2], [0, 0, 0.25])]
    found = alignment(layer, exact)
    assert found is not None
    np.testing.assert_allclose(found[1].first, (0.5, 0.5, 0.25), atol=1e-12)


def test_an_axis_of_one_voxel_is_shown_wherever_it_is():
    layer = Image([np.zeros((1, 8, 8)), np.zeros((1, 4, 4))], multiscale=True)
    found = alignment(layer, [np.eye(4), from_scale_translate([1, 2, 2], [0.25, 0.5, 0.5])])
    assert found is not None
    assert (found[1].first[0], found[1].sliced_first[0]) == (-0.25, 0)
    assert (found[1].first[1], found[1].sliced_first[1]) == (0, -0.5)


def test_in_2d_nothing_is_sliced():
    layer = Image([np.zeros((8, 8)), np.zeros((4, 4))], multiscale=True)
    found = alignment(layer, [np.eye(3), from_scale_translate([2, 2], [0.5, 0.5])])
    assert found is not None
    assert found[1].largest == 0


@pytest.mark.parametrize("name", PYRAMIDS)
def test_the_largest_is_the_one_in_the_mark(name: str):
    pyramid = PYRAMIDS[name]
    layer = Image(pyramid.numbered(), multiscale=True, contrast_limits=(0, 1))
    matrices = [
        from_scale_translate([s] * 3, [t] * 3)
        for s, t in zip(pyramid.scale, pyramid.translate, strict=True)
    ]
    found = alignment(layer, matrices)
    assert found is not None
    largest = max(each.largest for each in found)
    assert largest == pytest.approx(misplacement(pyramid.placement, pyramid.shapes))
    exact = alignment(place("image", pyramid.numbered(), pyramid.placement), matrices)
    assert exact is not None
    assert max(each.largest for each in exact) < 1e-9


def test_a_duplicate_of_ours_is_measured_by_its_record(samples: dict[str, Any]):
    layer = layers_of(samples["cosem"])[2]  # strided: shapes 36, 18, 9; the same translation
    assert layer.name == "mito_seg"
    found = alignment(duplicate(layer))
    assert found is not None
    assert [each.first for each in found] == [(0,) * 3, (0.5,) * 3, (1.5,) * 3]
    assert [each.largest for each in found] == pytest.approx([0, 0.5, 1.5])


def test_swapped_axes_are_seen_though_first_and_last_voxel_stay():
    layer = plain([8, 4])
    swapped = np.eye(4)[[0, 2, 1, 3]]
    halved = from_scale_translate([2] * 3, [0.5] * 3)
    found = alignment(layer, [swapped, swapped @ halved])
    assert found is not None
    assert (found[0].first, found[0].last) == ((0, 0, 0), (0, 0, 0))
    # voxel (0, 0, 7) belongs at (0, 7, 0); of level 1 voxel (0, 0, 3) at 6.5, drawn at 0.5, or at
    # 0 where napari slices
    assert [each.largest for each in found] == [7, 6.5]


def test_a_move_that_swaps_axes(samples: dict[str, Any]):
    layer = layers_of(samples["neuroglancer-n5"])[0]
    layer.affine = np.eye(4)[[0, 2, 1, 3]]
    found = alignment(layer)
    assert found is not None
    for each in found:
        assert each.moved is not None
        assert each.moved.first == pytest.approx(each.moved.last, abs=1e-9)
        assert each.moved.largest > 10


def test_what_the_user_moved_is_told_apart(samples: dict[str, Any]):
    layer = layers_of(samples["cosem"])[0]  # 1.2, 1, 1 µm
    layer.translate = np.add(layer.translate, [12, 0, -2])
    found = alignment(layer)
    assert found is not None
    for each in found:
        assert each.largest < 1e-9
        assert each.moved is not None
        assert each.moved.first == pytest.approx((10, 0, -2), abs=1e-9)
        assert each.moved.largest == pytest.approx(10)
    layer.translate = layer.translate - [12, 0, -2]
    layer.scale = (1.2, 1.01, 1)
    found = alignment(layer)
    assert found is not None
    assert found[0].moved is not None
    assert found[0].moved.first == pytest.approx((0, 0, 0), abs=1e-9)
    assert found[0].moved.last == pytest.approx((0, 1.58, 0))  # 158 steps, each 0.01 longer


def test_a_unit_that_was_changed_moves_it(samples: dict[str, Any]):
    layer = layers_of(samples["cosem"])[0]
    layer.units = ("nm", "um", "um")
    found = alignment(layer)
    assert found is not None
    assert found[0].moved is not None
    assert found[0].moved.last[0] == pytest.approx((78 * 1.2 + 0.9) / 1000 / 1.2 - 78 - 0.75)
    assert found[0].moved.last[1:] == pytest.approx((0, 0), abs=1e-9)


def test_the_common_origin_is_no_move_of_the_users(samples: dict[str, Any]):
    layers = LayerList(layers_of(samples["cosem"])[:1] + layers_of(samples["ome-zarr-0.6"]))
    assert move_near_zero(layers).any()
    for layer in layers:
        found = alignment(layer)
        assert found is not None
        assert found[0].moved is None
    layers[0].translate = np.add(layers[0].translate, [1.2, 0, 0])
    found = alignment(layers[0])
    assert found is not None
    assert found[0].moved is not None
    assert found[0].moved.first == pytest.approx((1, 0, 0), abs=1e-9)


@pytest.mark.parametrize(
    ("step", "is_moved"), [pytest.param(2.0**-26, False, id="rounding"), (1e-5, True)]
)
def test_rounding_far_away_is_no_move(samples: dict[str, Any], step: float, is_moved: bool):
    """At 10⁸ µm the next number is 2⁻²⁶ µm further, four millionths of a voxel of 4 nm."""
    layer = layers_of(samples["cosem"])[0]
    note = layer.metadata["strata"]
    worlds = declared([0.004, 0.008, 0.016], [1e8] * 3)
    levels = [{"affine": world.tolist()} for world in worlds]
    layer.metadata = {"strata": {**note, "layer_levels": levels}}
    layer.scale = (0.004,) * 3
    layer.translate = (1e8 + step, 1e8, 1e8)
    found = alignment(layer)
    assert found is not None
    assert (found[0].moved is not None) is is_moved


def test_where_nothing_is_declared():
    assert alignment(plain([8, 4])) is None
    assert alignment(Points(np.zeros((1, 3)))) is None
    assert alignment(Points(np.zeros((1, 3))), [np.eye(4)]) is None


@pytest.mark.parametrize(
    "matrices",
    [pytest.param([np.eye(4)], id="levels"), pytest.param([np.eye(3)] * 2, id="axes")],
)
def test_places_for_another_layer(matrices: list[np.ndarray]):
    with pytest.raises(ValueError, match="has 2 levels of 3 axes, found declared places for"):
        alignment(plain([8, 4]), matrices)


@pytest.mark.window
@pytest.mark.parametrize("case", ["mean", "part"])
def test_a_window_draws_where_that_says(window: Any, case: str):
    sizes, scale, translate, _, _ = BY_HAND[case]
    layer = window.viewer.add_layer(plain(sizes))
    found = alignment(layer, declared(scale, translate))
    assert found is not None
    for each in found:
        layer.locked_data_level = each.level
        settle(window.viewer)
        for index, offset in ((0, each.first), (sizes[each.level] - 1, each.last)):
            drawn = drawn_position(window.viewer, layer, (index, index))
            expected = scale[each.level] * index + translate[each.level] + offset[1]
            np.testing.assert_allclose(drawn, expected, atol=1e-3)
