"""What is read for a view, thick slices, blank planes and thumbnails; no window needed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from layer_cases import PYRAMIDS, Recorded
from napari.components import ViewerModel
from napari.layers import Image, Layer

from napari_strata.layers.drawing.placed import place
from napari_strata.layers.placement import Placement

STRIDED = PYRAMIDS["strided"]
PART = PYRAMIDS["part"]


def model_with(layer: Layer) -> ViewerModel:
    model = ViewerModel()
    model.add_layer(layer)
    return model


def plane_of(layer: Any) -> np.ndarray:
    return layer._slice.image.raw


# --- reading ------------------------------------------------------------------------------


def test_a_plane_is_read_in_one_step():
    levels = [Recorded(level) for level in STRIDED.numbered()]
    layer = place(
        "image", levels, STRIDED.placement, contrast_limits=(0, 1), projection_mode="none"
    )
    model = model_with(layer)
    layer.locked_data_level = 1
    for level in levels:
        level.read.clear()
    model.dims.set_point(0, 60)
    assert levels[1].read == [(30, slice(0, 40), slice(0, 32))]
    assert levels[3].read == [(8, slice(0, 10), slice(0, 8))]  # the thumbnail: 7.5, half to even
    assert levels[0].read == levels[2].read == []


def test_a_volume_is_read_once_for_picture_and_thumbnail():
    levels = [Recorded(level) for level in STRIDED.numbered()]
    layer = place("image", levels, STRIDED.placement, contrast_limits=(0, 1))
    model = model_with(layer)
    levels[3].read.clear()
    model.dims.ndisplay = 3
    assert levels[3].read == [(slice(0, 12), slice(0, 10), slice(0, 8))]


def test_a_blank_plane_reads_nothing():
    levels = [Recorded(level) for level in PART.numbered()]
    layer = place("image", levels, PART.placement, contrast_limits=(0, 1), projection_mode="none")
    model = model_with(layer)
    layer.locked_data_level = 1
    levels[1].read.clear()
    model.dims.set_point(0, 80)
    assert layer._slice.empty
    assert levels[1].read == []
    model.dims.set_point(0, 79)
    assert levels[1].read == [(29, slice(0, 30), slice(0, 30))]


def test_levels_of_two_axes():
    """napari keeps the coarsest one in memory; it is placed like the others."""
    data = [np.arange(80.0 * 64).reshape(80, 64), np.arange(20.0 * 16).reshape(20, 16)]
    placement = Placement(((1, 1), (4, 4)), ((0, 0), (0, 0)))
    layer = place("image", data, placement, contrast_limits=(0, 1))
    model_with(layer)
    layer.locked_data_level = 1
    np.testing.assert_array_equal(plane_of(layer), data[1])
    assert layer.get_value((77.9, 61.9)) == (1, data[1][19, 15])
    assert layer.get_value((78.1, 61.9)) == (1, None)
    assert layer.get_value((-1.9, -1.9)) == (1, 0)


def test_rgb():
    data = [np.random.default_rng(k).integers(0, 255, (24 >> k, 20 >> k, 16 >> k, 3), np.uint8)
            for k in range(2)]  # fmt: skip
    placement = Placement(((1,) * 3, (2,) * 3), ((0,) * 3,) * 2)
    layer = place("image", data, placement, rgb=True)
    model = model_with(layer)
    layer.locked_data_level = 1
    model.dims.set_point(0, 8)
    np.testing.assert_array_equal(plane_of(layer), data[1][4])
    level, value = layer.get_value((8, 6.9, 4.9))
    assert level == 1
    assert value.tolist() == data[1][4, 3, 2].tolist()
    assert layer.metadata["strata"]["level_shapes"] == [[24, 20, 16], [12, 10, 8]]


# --- thick slices, blank planes and thumbnails --------------------------------------------


@pytest.mark.parametrize("direction", [1, -1])
@pytest.mark.parametrize(
    ("mode", "value"), [("mean", 6.0), ("max", 7.0), ("min", 5.0), ("sum", 18.0)]
)
def test_thick_slice_takes_the_planes_inside_it(direction: int, mode: str, value: float):
    data = [
        np.broadcast_to(np.arange(n, dtype=np.float32)[:, None, None], (n, 4, 4)) for n in (48, 12)
    ]
    placement = Placement(((1,) * 3, (4, 1, 1)), ((0,) * 3, (1.5, 0, 0)))
    layer = place(
        "image", data, placement, contrast_limits=(0, 48), projection_mode=mode,
        scale=[direction, 1, 1],
    )  # fmt: skip
    model = model_with(layer)
    layer.locked_data_level = 1
    # Centres of planes 5, 6, 7: 21.5, 25.5, 29.5
    model.dims.set_point(0, 25 * direction)
    margins = (3.6, 4.5) if direction == 1 else (4.5, 3.6)
    model.dims.margin_left = (margins[0], 0, 0)
    model.dims.margin_right = (margins[1], 0, 0)
    assert np.unique(plane_of(layer)).tolist() == [value]


def test_thick_slice_beside_a_level_is_blank():
    layer = place("image", PART.numbered(), PART.placement, contrast_limits=(0, 1))
    model = model_with(layer)
    layer.locked_data_level = 1
    model.dims.set_point(0, 10)
    model.dims.margin_left = (5, 0, 0)
    model.dims.margin_right = (9.4, 0, 0)
    assert layer._slice.empty
    model.dims.margin_right = (9.6, 0, 0)  # the level begins at 19.5
    assert not layer._slice.empty


@pytest.mark.parametrize("kind", ["image", "labels"])
def test_thumbnail_of_blank_and_partly_covered_planes(kind: str):
    levels = [np.full(shape, 200, np.uint8) for shape in PART.shapes]
    look = {"contrast_limits": (0, 255)} if kind == "image" else {}
    layer = place(kind, levels, PART.placement, **look)
    model = model_with(layer)
    layer.locked_data_level = 0
    model.dims.set_point(0, 50)
    full = layer.thumbnail.copy()
    assert full[..., :3].max() > 0
    # Level 1, the thumbnail's, ends before this plane: the picture itself stands in.
    model.dims.set_point(0, 5)
    np.testing.assert_array_equal(layer.thumbnail, full)
    layer.locked_data_level = 1
    model.dims.set_point(0, 4)
    assert layer.thumbnail[..., :3].max() == 0
    assert layer.get_value((4, 50, 50)) == (1, None)


def test_auto_contrast_is_not_taken_from_a_blank_plane():
    levels = [np.arange(np.prod(s), dtype=np.float32).reshape(s) + 5 for s in PART.shapes]
    layer = place("image", levels, PART.placement, contrast_limits=(3, 4))
    if not hasattr(layer, "auto_contrast"):
        pytest.skip("napari before 0.9")
    model = model_with(layer)
    layer.locked_data_level = 1
    layer.auto_contrast = True
    model.dims.set_point(0, 50)
    before = list(layer.contrast_limits)
    model.dims.set_point(0, 5)
    assert layer._slice.empty
    assert list(layer.contrast_limits) == before


def test_answer_to_a_request_from_before_the_promotion_is_dropped():
    """Async slicing may still deliver what napari's own request found."""
    data = STRIDED.numbered()
    layer = place("image", data, STRIDED.placement, contrast_limits=(0, 1))
    model = model_with(layer)
    layer.locked_data_level = 3
    before = layer._slice
    plain = Image(data, multiscale=True, contrast_limits=(0, 1))
    layer._slicing_state._update_slice_response(
        plain._slicing_state._make_slice_request(model.dims)()
    )
    assert layer._slice is before
