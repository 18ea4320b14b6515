"""Colours and contrast that are declared, and those that stand in."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_strata import model
from napari_strata.layers.channel_look import channel_display, colormap, contrast
from napari_strata.model import ChannelDisplay, Display

PLAIN = ChannelDisplay()


@pytest.mark.parametrize(("channel", "label"), [(0, "a"), (1, "b"), (2, None)])
def test_a_list_shorter_than_the_axis(channel: int, label: str | None):
    display = Display((ChannelDisplay(label="a"), ChannelDisplay(label="b")))
    image = model.Image("a", "a", "cosem", "image", (), (), display)
    assert channel_display(image, channel).label == label


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
