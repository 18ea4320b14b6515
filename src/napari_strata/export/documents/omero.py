"""The ``omero`` block: how channels are to look (OME-NGFF, "omero" metadata)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from napari_strata.export.documents.written import WrittenImage
from napari_strata.model import ChannelDisplay, Display

Json = dict[str, Any]

_WHITE = "FFFFFF"
_PLANES = {"t": "defaultT", "z": "defaultZ"}


def omero(image: WrittenImage, channels: int) -> Json | None:
    """Describe an image's channels; None where nothing is declared of any.

    ``channels`` is how many there are, 1 without a channel axis. A window has all four numbers:
    where the range of the slider is not known, it is that of the window. Every channel must have
    one in the end; where none is known, `window` is what is put there once the pixels are. A
    curve that is no power of the value has no place here.
    """
    if not is_needed(image.display):
        return None
    shown = [*image.display.channels, *(ChannelDisplay(),) * channels][:channels]
    block: Json = {"channels": [_channel(channel) for channel in shown]}
    planes = {
        _PLANES[name.lower()]: index
        for name, index in image.display.first_position.items()
        if name.lower() in _PLANES
    }
    block["rdefs"] = {"model": "color", **planes}
    return block


def is_needed(display: Display) -> bool:
    """Tell whether a look is any other than what viewers give to an image without one."""
    plain = ChannelDisplay()
    return bool(display.first_position) or any(
        replace(channel, color=None if channel.color == _WHITE else channel.color, gamma=None)
        != plain
        or channel.gamma not in (None, 1.0)
        for channel in display.channels
    )


def window(limits: tuple[float, float], span: tuple[float, float] | None = None) -> Json:
    """Describe contrast limits, and the range in which they can be moved."""
    low, high = span or limits
    return {"min": low, "max": high, "start": limits[0], "end": limits[1]}


def _channel(channel: ChannelDisplay) -> Json:
    found: Json = {"active": channel.visible, "color": channel.color or _WHITE}
    if channel.label is not None:
        found["label"] = channel.label
    if channel.window is not None:
        found["window"] = window(channel.window, channel.range)
    gamma = 1.0 if channel.gamma is None else channel.gamma
    found["family"] = "linear" if gamma == 1 else "polynomial"
    found["coefficient"] = gamma
    found["inverted"] = channel.inverted
    return found
