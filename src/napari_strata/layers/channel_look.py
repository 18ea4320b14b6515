"""How the layers of an image look: declared colours and windows, else what napari would choose."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from napari.utils.colormaps import Colormap

from napari_strata.model import ChannelDisplay, Image

# napari's own choice for split channels: two are green and magenta, more are all six.
_TWO = ("00FF00", "FF00FF")
_MANY = ("00FFFF", "FF00FF", "FFFF00", "FF0000", "00FF00", "0000FF")
_WHITE = "FFFFFF"

_SLIDER_BYTES = 2  # on a slider over the range of wider integers no window can be set


def channel_display(image: Image, channel: int | None) -> ChannelDisplay:
    """Return what is declared for a channel; an empty one where the list is shorter.

    ``channel`` is None for a layer with all of the image: that has the look of the only channel
    there is, or none of its own.
    """
    if channel is None:
        if image.channel_axis is not None:
            return ChannelDisplay()
        channel = 0
    channels = image.display.channels
    return channels[channel] if channel < len(channels) else ChannelDisplay()


def colormap(declared: ChannelDisplay, channel: int, count: int) -> Any:
    """Return a colormap from black to the channel's colour; grey for a single plain channel.

    A declared curve is part of it. Inverted, it runs from the colour to black.
    """
    color = declared.color
    if color is None:
        if count == 1:
            if declared.curve is None and not declared.inverted:
                return "gray"
            color = _WHITE
        else:
            cycle = _TWO if count == 2 else _MANY
            color = cycle[channel % len(cycle)]
    brightness = np.array(declared.curve or (0.0, 1.0))
    if declared.inverted:
        brightness = 1 - brightness
    full = [int(color[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    colors = np.column_stack([np.outer(brightness, full), np.ones_like(brightness)])
    return Colormap(colors, name=_name(color, declared))


def _name(color: str, declared: ChannelDisplay) -> str:
    """Name a colormap; napari takes those of the same name to be the same."""
    parts = [f"#{color.lower()}"]
    if declared.inverted:
        parts.append("inverted")
    if declared.curve is not None:
        parts.append(f"curve {zlib.crc32(np.array(declared.curve).tobytes()):08x}")
    return " ".join(parts)


def slider_range(declared: ChannelDisplay, dtype: np.dtype[Any]) -> tuple[float, float] | None:
    """Return the range in which the contrast limits can be moved; None leaves it to napari.

    A window without a range has that of the data's type, where that is no more than 16 bits.
    """
    if declared.range is not None or declared.window is None:
        return declared.range
    if dtype.kind in "iu" and dtype.itemsize <= _SLIDER_BYTES:
        info = np.iinfo(dtype)
        return float(info.min), float(info.max)
    return None


def contrast(declared: ChannelDisplay, dtype: np.dtype[Any]) -> tuple[tuple[float, float], bool]:
    """Return contrast limits without reading data, and whether they are only provisional.

    A declared window is used as it is; 8-bit data has its full range. For all else the type's
    range stands in until the coarsest level has been looked at.
    """
    if declared.window is not None:
        return declared.window, False
    if dtype.kind == "b":
        return (0.0, 1.0), False
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return (float(info.min), float(info.max)), dtype.itemsize > 1
    return (0.0, 1.0), True
