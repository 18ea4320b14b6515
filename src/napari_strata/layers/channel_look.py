"""How the layers of an image look: declared colours and windows, else what napari would choose."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.utils.colormaps import Colormap

from napari_strata.model import ChannelDisplay, Image

# napari's own choice for split channels: two are green and magenta, more are all six.
_TWO = ("00FF00", "FF00FF")
_MANY = ("00FFFF", "FF00FF", "FFFF00", "FF0000", "00FF00", "0000FF")


def channel_display(image: Image, channel: int) -> ChannelDisplay:
    """Return what is declared for a channel; an empty one where the list is shorter."""
    channels = image.display.channels
    return channels[channel] if channel < len(channels) else ChannelDisplay()


def colormap(declared: ChannelDisplay, channel: int, count: int) -> Any:
    """Return a colormap from black to the channel's colour; grey for a single plain channel."""
    color = declared.color
    if color is None:
        if count == 1:
            return "gray"
        cycle = _TWO if count == 2 else _MANY
        color = cycle[channel % len(cycle)]
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return Colormap([[0, 0, 0, 1], [red, green, blue, 1]], name=f"#{color.lower()}")


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
