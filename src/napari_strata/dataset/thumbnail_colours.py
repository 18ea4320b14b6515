"""From a plane of values to colours: declared windows and colours, else what napari chooses."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.model import ChannelDisplay, Color

Plane = npt.NDArray[Any]
_TWO = ("00FF00", "FF00FF")
_MANY = ("00FFFF", "FF00FF", "FFFF00", "FF0000", "00FF00", "0000FF")
_PERCENTILES = (0.5, 99.8)
_GOLDEN = 0.618033988749895  # of a turn from one hue to the next: neighbours look different
_BRIGHTNESS = (1.0, 0.75, 0.9, 0.6)


def resized(values: Plane, shape: tuple[int, int], *, smooth: bool) -> Plane:
    """Bring a plane to a shape: the nearest value, or, ``smooth`` and smaller, the mean."""
    for axis, wanted in enumerate(shape):
        n = values.shape[axis]
        if smooth and wanted < n:
            edges = np.arange(wanted) * n // wanted
            counts = np.diff(np.append(edges, n))
            sums = np.add.reduceat(values.astype(np.float64), edges, axis=axis)
            values = sums / (counts[:, None] if axis == 0 else counts)
        else:
            nearest = ((np.arange(wanted) + 0.5) * n / wanted).astype(np.intp)
            values = np.take(values, nearest, axis=axis)
    return values


def add_channel(
    rgb: npt.NDArray[np.float64], values: Plane, display: ChannelDisplay, channel: int, count: int
) -> None:
    """Add the light of one channel, of ``count``, to ``(height, width, 3)``, 1 is full."""
    low, high = _window(values, display)
    small = resized(np.nan_to_num(values.astype(np.float64)), rgb.shape[:2], smooth=True)
    light = np.clip((small - low) / (high - low), 0, 1)
    if display.gamma is not None:
        light = light**display.gamma
    if display.curve is not None:
        light = np.interp(light, np.linspace(0, 1, len(display.curve)), display.curve)
    if display.inverted:
        light = 1 - light
    rgb += light[..., None] * _color(display, channel, count)


def _window(values: Plane, display: ChannelDisplay) -> tuple[float, float]:
    if display.window is not None and display.window[0] < display.window[1]:
        return display.window
    if values.dtype.kind == "b":
        return 0.0, 1.0
    if values.dtype.itemsize == 1:
        info = np.iinfo(values.dtype)
        return float(info.min), float(info.max)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = (float(x) for x in np.percentile(finite, _PERCENTILES))
    if low == high:
        low, high = float(finite.min()), float(finite.max())
    if low == high:
        return (low, low + 1) if low >= 0 else (low, 0.0)
    return low, high


def _color(display: ChannelDisplay, channel: int, count: int) -> npt.NDArray[np.float64]:
    color = display.color
    if color is None:
        cycle = ("FFFFFF",) if count == 1 else _TWO if count == 2 else _MANY
        color = cycle[channel % len(cycle)]
    return np.array([int(color[i : i + 2], 16) / 255 for i in (0, 2, 4)])


def label_colours(labels: Plane, declared: Mapping[int, Color]) -> npt.NDArray[np.uint8]:
    """Colour labels as declared, else each in a hue of its own; 0 is black.

    Returns
    -------
    ``(height, width, 3)``.
    """
    found, where = np.unique(labels, return_inverse=True)
    table = np.array([_label_color(int(label), declared) for label in found]).reshape(-1, 3)
    picture = np.rint(np.clip(table, 0, 1) * 255).astype(np.uint8)
    result: npt.NDArray[np.uint8] = picture[where.reshape(labels.shape)]
    return result


def _label_color(label: int, declared: Mapping[int, Color]) -> tuple[float, float, float]:
    if label in declared:
        red, green, blue, opacity = declared[label]
        return red * opacity, green * opacity, blue * opacity
    if label == 0:
        return 0.0, 0.0, 0.0
    return colorsys.hsv_to_rgb(label * _GOLDEN % 1, 0.8, _BRIGHTNESS[label % len(_BRIGHTNESS)])
