"""How an Image or Labels layer looks now, in the terms of the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_strata.model import ChannelDisplay, Display, Problem

_RGB = ("FF0000", "00FF00", "0000FF")
_INDEX = "index"  # napari's name for the column of label values


def look_of(layer: Any, channel_label: str) -> tuple[Display, tuple[Problem, ...]]:
    """Describe a layer's look; and what of it has no place in any format."""
    if layer._type_string == "labels":
        return _labels(layer), ()
    if getattr(layer, "rgb", False):
        return Display(tuple(ChannelDisplay(color=color) for color in _RGB)), ()
    color, inverted, losses = _color(layer)
    low, high = (float(v) for v in layer.contrast_limits)
    first, last = (float(v) for v in layer.contrast_limits_range)
    channel = ChannelDisplay(
        label=channel_label,
        color=color,
        window=(low, high),
        range=(first, last),
        visible=bool(layer.visible),
        gamma=float(layer.gamma),
        inverted=inverted,
    )
    return Display((channel,)), losses


def _color(layer: Any) -> tuple[str, bool, tuple[Problem, ...]]:
    """Return the colour of a map from black to one colour, or back; else the nearest to that."""
    colors = np.asarray(layer.colormap.colors, dtype=np.float64)[:, :3]
    controls = np.asarray(layer.colormap.controls, dtype=np.float64)
    inverted = bool(colors[0].sum() > colors[-1].sum())
    dark, bright = (colors[-1], colors[0]) if inverted else (colors[0], colors[-1])
    ramp = controls[:, None] if not inverted else 1 - controls[:, None]
    straight = dark + ramp * (bright - dark)
    plain = not dark.any() and np.allclose(colors, straight, atol=1 / 510)
    color = "".join(f"{round(float(part) * 255):02X}" for part in bright)
    if plain:
        return color, inverted, ()
    message = (
        f"its colormap {layer.colormap.name} is no ramp from black to one colour, which is all "
        f"that can be written; written as a ramp to #{color}"
    )
    return color, inverted, (Problem("colormap-not-carried", "warning", layer.name, message),)


def _labels(layer: Any) -> Display:
    colors = {}
    listed: Mapping[Any, Any] = getattr(layer.colormap, "color_dict", None) or {}
    for value, color in listed.items():
        if value is None or (value == 0 and not np.any(np.asarray(color)[3:])):
            continue  # napari's own: all other values, and a clear background
        red, green, blue, opacity = (float(part) for part in np.asarray(color, float))
        colors[int(value)] = (red, green, blue, opacity)
    return Display(label_colors=colors, label_properties=_properties(layer.features))


def _properties(features: Any) -> dict[int, dict[str, Any]]:
    """Return the features of each label value, plain JSON values, what is missing left out."""
    if _INDEX not in features or not len(features):
        return {}
    result = {}
    for row in features.to_dict("records"):
        value = row.pop(_INDEX)
        kept = {key: _plain(item) for key, item in row.items() if not _missing(item)}
        result[int(value)] = kept
    return result


def _missing(item: Any) -> bool:
    return item is None or (isinstance(item, float) and bool(np.isnan(item)))


def _plain(item: Any) -> Any:
    return item.item() if isinstance(item, np.generic) else item
