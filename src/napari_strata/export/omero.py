"""The ``omero`` block: how channels are to look (OME-NGFF, "omero" metadata)."""

from __future__ import annotations

from typing import Any

from napari_strata.export.written import WrittenImage
from napari_strata.model import ChannelDisplay

Json = dict[str, Any]

_PLANES = {"t": "defaultT", "z": "defaultZ"}


def omero(image: WrittenImage, channels: int) -> Json | None:
    """Describe an image's channels; None where nothing is declared of any.

    ``channels`` is how many there are, 1 without a channel axis. A window has all four numbers:
    where the range of the slider is not known, it is that of the window. Without a window none
    is written: inventing one would change the picture. A curve that is no power of the value has
    no place here.
    """
    shown = [*image.display.channels, *(ChannelDisplay(),) * channels][:channels]
    if all(channel == ChannelDisplay() for channel in shown) and not image.display.first_position:
        return None
    block: Json = {"channels": [_channel(channel) for channel in shown]}
    planes = {
        _PLANES[name.lower()]: index
        for name, index in image.display.first_position.items()
        if name.lower() in _PLANES
    }
    block["rdefs"] = {"model": "color", **planes}
    return block


def _channel(channel: ChannelDisplay) -> Json:
    found: Json = {"active": channel.visible, "color": channel.color or "FFFFFF"}
    if channel.label is not None:
        found["label"] = channel.label
    if channel.window is not None:
        start, end = channel.window
        low, high = channel.range or channel.window
        found["window"] = {"min": low, "max": high, "start": start, "end": end}
    gamma = 1.0 if channel.gamma is None else channel.gamma
    found["family"] = "linear" if gamma == 1 else "polynomial"
    found["coefficient"] = gamma
    found["inverted"] = channel.inverted
    return found
