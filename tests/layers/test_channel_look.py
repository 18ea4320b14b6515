"""Colours and contrast that are declared, and those that stand in."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from layer_drawing import settle

from napari_strata import model
from napari_strata.layers.channel_look import (
    channel_display,
    colormap,
    contrast,
    slider_range,
)
from napari_strata.model import Axis, ChannelDisplay, Display

PLAIN = ChannelDisplay()


@pytest.mark.parametrize(("channel", "label"), [(0, "a"), (1, "b"), (2, None)])
def test_a_list_shorter_than_the_axis(channel: int, label: str | None):
    display = Display((ChannelDisplay(label="a"), ChannelDisplay(label="b")))
    image = model.Image("a", "a", "cosem", "image", (), (), display)
    assert channel_display(image, channel).label == label


@pytest.mark.parametrize(("names", "label"), [("zyx", "a"), ("cyx", None)])
def test_a_layer_of_all_channels_has_the_look_of_none(names: str, label: str | None):
    axes = tuple(Axis(n, "channel" if n == "c" else "space") for n in names)
    display = Display((ChannelDisplay(label="a"),))
    image = model.Image("a", "a", "cosem", "image", axes, (), display)
    assert channel_display(image, None).label == label


COLORS: dict[str, tuple[ChannelDisplay, int, int, list[float]]] = {
    "declared": (ChannelDisplay(color="FF8000"), 0, 1, [1, 128 / 255, 0]),
    "declared, of many": (ChannelDisplay(color="0000FF"), 3, 5, [0, 0, 1]),
    "first of two": (PLAIN, 0, 2, [0, 1, 0]),
    "second of two": (PLAIN, 1, 2, [1, 0, 1]),
    "first of three": (PLAIN, 0, 3, [0, 1, 1]),
    "seventh of seven": (PLAIN, 6, 7, [0, 1, 1]),
}


@pytest.mark.parametrize("name", COLORS)
def test_a_ramp_from_black(name: str):
    declared, channel, count, color = COLORS[name]
    found = colormap(declared, channel, count)
    expected = np.outer([0, 0.5, 1], color)
    np.testing.assert_allclose(found.map([0.0, 0.5, 1.0])[:, :3], expected, atol=1e-6)


def test_a_single_plain_channel_is_grey():
    assert colormap(PLAIN, 0, 1) == "gray"


INVERTED: dict[str, tuple[ChannelDisplay, int, list[float]]] = {
    "declared": (ChannelDisplay(color="FF8000", inverted=True), 1, [1, 128 / 255, 0]),
    "first of two": (ChannelDisplay(inverted=True), 2, [0, 1, 0]),
    "single": (ChannelDisplay(inverted=True), 1, [1, 1, 1]),
}


@pytest.mark.parametrize("name", INVERTED)
def test_a_ramp_to_black(name: str):
    declared, count, color = INVERTED[name]
    found = colormap(declared, 0, count).map([0.0, 0.25, 1.0])
    np.testing.assert_allclose(found[:, :3], np.outer([1, 0.75, 0], color), atol=1e-6)
    assert found[:, 3].tolist() == [1, 1, 1]


STEPS = tuple((step / 255) ** 3 for step in range(256))  # 51 / 255 is 0.2, 153 / 255 is 0.6
CURVES: dict[str, tuple[ChannelDisplay, list[list[float]]]] = {
    "declared colour": (
        ChannelDisplay(color="FF0080", curve=STEPS),
        [[0, 0, 0], [0.008, 0, 0.0040157], [0.216, 0, 0.1084235], [1, 0, 0.5019608]],
    ),
    "no colour": (ChannelDisplay(curve=STEPS), [[0] * 3, [0.008] * 3, [0.216] * 3, [1] * 3]),
    "bright where low": (
        ChannelDisplay(color="00FF00", curve=STEPS, inverted=True),
        [[0, 1, 0], [0, 0.992, 0], [0, 0.784, 0], [0, 0, 0]],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_is_part_of_the_colormap(name: str):
    declared, colors = CURVES[name]
    found = colormap(declared, 0, 1)
    assert len(found.colors) == 256
    np.testing.assert_allclose(found.map([0.0, 0.2, 0.6, 1.0])[:, :3], colors, atol=1e-5)


def test_colormaps_of_one_name_are_the_same():
    """napari's controls know a colormap by its name alone."""
    declared = [
        ChannelDisplay(color=color, curve=curve, inverted=inverted)
        for color in ("FF0000", "0000FF")
        for curve in (None, STEPS, tuple(reversed(STEPS)))
        for inverted in (False, True)
    ]
    names = [colormap(d, 0, 1).name for d in declared]
    assert len(set(names)) == len(declared)
    assert names == [colormap(d, 0, 1).name for d in declared]


LIMITS: dict[str, tuple[ChannelDisplay, str, Any]] = {
    "window": (ChannelDisplay(window=(5, 9)), "uint16", ((5, 9), False)),
    "window of 8 bits": (ChannelDisplay(window=(5, 9)), "uint8", ((5, 9), False)),
    "a range is no window": (ChannelDisplay(range=(5, 9)), "uint8", ((0, 255), False)),
    "uint8": (PLAIN, "uint8", ((0, 255), False)),
    "int8": (PLAIN, "int8", ((-128, 127), False)),
    "bool": (PLAIN, "bool", ((0, 1), False)),
    "uint16": (PLAIN, "uint16", ((0, 65535), True)),
    "int32": (PLAIN, "int32", ((-(2**31), 2**31 - 1), True)),
    "float32": (PLAIN, "float32", ((0, 1), True)),
}


@pytest.mark.parametrize("name", LIMITS)
def test_contrast_without_reading(name: str):
    declared, dtype, expected = LIMITS[name]
    assert contrast(declared, np.dtype(dtype)) == expected


SLIDERS: dict[str, tuple[ChannelDisplay, str, Any]] = {
    "declared": (ChannelDisplay(window=(5, 9), range=(0, 100)), "uint16", (0, 100)),
    "range alone": (ChannelDisplay(range=(0, 100)), "float32", (0, 100)),
    "uint16": (ChannelDisplay(window=(5, 9)), "uint16", (0, 65535)),
    "int8": (ChannelDisplay(window=(5, 9)), "int8", (-128, 127)),
    "a slider of 2^32 steps": (ChannelDisplay(window=(5, 9)), "uint32", None),
    "float32": (ChannelDisplay(window=(5, 9)), "float32", None),
    "bool": (ChannelDisplay(window=(0, 1)), "bool", None),
    "nothing": (PLAIN, "uint16", None),
}


@pytest.mark.parametrize("name", SLIDERS)
def test_the_range_of_the_slider(name: str):
    declared, dtype, expected = SLIDERS[name]
    assert slider_range(declared, np.dtype(dtype)) == expected


# ------------------------------------------------------------------------- in a real window

LOG = (0.0, *(math.log(step) / math.log(255) for step in range(1, 256)))
DRAWN: dict[str, tuple[ChannelDisplay, dict[int, float]]] = {
    # value in the window 0 … 255 → brightness
    "linear": (ChannelDisplay(gamma=1.0), {0: 0, 51: 0.2, 153: 0.6, 255: 1}),
    "polynomial": (ChannelDisplay(gamma=3.0), {0: 0, 51: 0.008, 153: 0.216, 255: 1}),
    "inverted": (ChannelDisplay(inverted=True), {0: 1, 51: 0.8, 153: 0.4, 255: 0}),
    "polynomial, inverted": (
        ChannelDisplay(gamma=3.0, inverted=True), {0: 1, 51: 0.992, 153: 0.784, 255: 0}
    ),
    # log v / log 255; the graphics card has 1024 steps, too few to be exact below v = 8 or so
    "logarithmic": (ChannelDisplay(curve=LOG), {0: 0, 16: 0.5004, 64: 0.7505, 255: 1}),
    "logarithmic, inverted": (
        ChannelDisplay(curve=LOG, inverted=True), {0: 1, 16: 0.4996, 64: 0.2495, 255: 0}
    ),
}  # fmt: skip


@pytest.mark.window
@pytest.mark.parametrize("name", DRAWN)
def test_the_brightness_that_is_drawn(name: str, shared_viewer: Any):
    declared, brightness = DRAWN[name]
    viewer = shared_viewer
    values = np.repeat(np.array(list(brightness), dtype="uint8")[None], 4, axis=0)
    viewer.add_image(
        values,
        colormap=colormap(declared, 0, 1),
        gamma=1.0 if declared.gamma is None else declared.gamma,
        contrast_limits=(0, 255),
    )
    settle(viewer)
    picture = viewer.screenshot(canvas_only=True, flash=False)[..., 0].astype(int)
    camera = (np.array(picture.shape) - 1) / 2
    size = (viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera).zoom
    middle = (len(brightness) - 1) / 2
    for index, expected in enumerate(brightness.values()):
        column = round(camera[1] + (index - middle) * size)
        assert picture[round(camera[0]), column] == pytest.approx(255 * expected, abs=1.5)
