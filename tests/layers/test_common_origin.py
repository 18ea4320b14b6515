"""Far layers brought near world 0, all by the same distance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import LayerList
from napari.layers import Image, Layer, Points

from napari_strata.layers.common_origin import move_near_zero

FAR = 1e5


def ours(shape: tuple[int, ...] = (4, 4, 4), units: Any = "micrometer", **kwargs: Any) -> Image:
    units = [units] * len(shape) if isinstance(units, str) else units
    note = {"format": "cosem", "layer_units": units}
    return Image(
        np.zeros(shape, "uint8"),
        contrast_limits=(0, 255),
        units=units,
        metadata={"strata": note, "mine": 1},
        **kwargs,
    )


def origins(layers: list[Layer]) -> list[list[float]]:
    return [list(layer.data_to_world([0.0] * layer.ndim)) for layer in layers]


def test_all_move_by_the_same_distance():
    layers = [
        ours(scale=[2, 1, 1], translate=[FAR, 2 * FAR, 30]),
        ours(translate=[FAR + 5, 2 * FAR + 6, 40]),
    ]
    assert move_near_zero(LayerList(layers)).tolist() == [FAR, 2 * FAR, 30]
    assert origins(layers) == [[0, 0, 0], [5, 6, 10]]
    for layer in layers:
        assert layer.metadata["strata"]["common_origin"] == [FAR, 2 * FAR, 30]
        assert layer.metadata["strata"]["format"] == "cosem"
        assert layer.metadata["mine"] == 1
    assert layers[0].scale.tolist() == [2, 1, 1]


def test_moving_twice_changes_nothing_more():
    layers = [ours(translate=[FAR, 0, 0])]
    move_near_zero(LayerList(layers))
    assert move_near_zero(LayerList(layers)).tolist() == [0, 0, 0]
    assert origins(layers) == [[0, 0, 0]]
    assert layers[0].metadata["strata"]["common_origin"] == [FAR, 0, 0]


def test_offsets_add_up():
    layers = [ours(translate=[FAR, 0, 0])]
    move_near_zero(LayerList(layers))
    layers[0].translate = [7, 8, 9]
    move_near_zero(LayerList(layers))
    assert layers[0].metadata["strata"]["common_origin"] == [FAR + 7, 8, 9]


def test_annotations_of_the_user_stay_with_the_image():
    image = ours(translate=[FAR, 0, 20])
    points = Points([[FAR + 1, 2, 23]], units=["micrometer"] * 3)
    move_near_zero(LayerList([image, points]))
    assert list(points.data_to_world(points.data[0])) == [1, 2, 3]
    assert "strata" not in points.metadata


def test_annotations_in_another_unit_stay_with_the_image():
    image = ours(translate=[FAR, 0, 20])
    points = Points([[0, 0, 0]], units=["nanometer"] * 3, translate=[FAR * 1e3 + 1000, 0, 20_000])
    move_near_zero(LayerList([image, points]))
    np.testing.assert_allclose(points.translate, [1000, 0, 0], atol=1e-6)


def test_time_does_not_move():
    layers = [ours((2, 4, 4, 4), ["second", *["micrometer"] * 3], translate=[50, FAR, 0, 0])]
    assert move_near_zero(LayerList(layers)).tolist() == [0, FAR, 0, 0]
    assert origins(layers) == [[50, 0, 0, 0]]


def test_layers_of_fewer_axes_move_along_theirs():
    layers = [ours(translate=[FAR, 10, 20]), ours((4, 4), translate=[13, 24])]
    move_near_zero(LayerList(layers))
    assert origins(layers) == [[0, 0, 0], [3, 4]]
    assert layers[1].metadata["strata"]["common_origin"] == [10, 20]


def test_a_rotated_layer_moves_along_world():
    affine = np.array([[1, 0, 0, 5], [0, 0, -1, 6], [0, 1, 0, 7], [0, 0, 0, 1]], float)
    layers = [ours(translate=[0, FAR, 0]), ours(affine=affine, translate=[1, 2, 3])]
    before = origins(layers)[1]
    assert before == [6, 3, 9]
    move_near_zero(LayerList(layers))
    np.testing.assert_allclose(origins(layers)[1], [6, 3 - FAR, 9])


@pytest.mark.parametrize(
    "metadata",
    [{}, {"strata": "somebody else's"}, {"strata": None}],
    ids=["none", "text", "null"],
)
def test_without_a_layer_of_ours_nothing_moves(metadata: dict[str, Any]):
    image = Image(np.zeros((4, 4)), contrast_limits=(0, 1), metadata=metadata, translate=[5, 6])
    assert move_near_zero(LayerList([image])).size == 0
    assert image.translate.tolist() == [5, 6]


def test_pixels_are_not_taken_for_micrometres():
    assert move_near_zero(LayerList([ours(units="pixel", translate=[5, 6, 7])])).size == 0


def test_a_projection_that_kept_the_metadata():
    projected = Image(
        np.zeros((4, 4)), contrast_limits=(0, 1), units=["micrometer"] * 2,
        metadata=dict(ours().metadata), translate=[10, 20],
    )  # fmt: skip
    assert move_near_zero(LayerList([projected])).tolist() == [10, 20]
    assert projected.translate.tolist() == [0, 0]


def our_points() -> Points:
    note = {"format": "zvf", "kind": "points", "layer_units": ["micrometer"] * 3}
    data = [[FAR + 4, 50, 60], [FAR + 3, 51, 62]]
    return Points(data, units=["micrometer"] * 3, metadata={"strata": note})


def test_an_image_says_where_the_start_is_beside_a_geometry():
    image, points = ours(translate=[FAR, 20, 30]), our_points()
    assert move_near_zero(LayerList([points, image])).tolist() == [FAR, 20, 30]
    np.testing.assert_allclose(points.data_to_world(points.data[0]), [4, 30, 30])
    assert points.metadata["strata"]["common_origin"] == [FAR, 20, 30]


def test_a_geometry_alone_starts_at_its_low_corner():
    points = our_points()
    assert move_near_zero(LayerList([points])).tolist() == [FAR + 3, 50, 60]
    np.testing.assert_allclose(points.data_to_world(points.data[0]), [1, 0, 0])
