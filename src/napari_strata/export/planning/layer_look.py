"""How an Image or Labels layer looks now, in the terms of the model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from napari_strata.layers.record import CONTRAST_RANGE, FIRST_POSITION, PENDING_CONTRAST
from napari_strata.model import ChannelDisplay, Display, Problem

_RGB = ("FF0000", "00FF00", "0000FF")
_OPACITY = "opacity"
_USUAL: dict[str, dict[str, tuple[Any, ...]]] = {
    "image": {
        "opacity": (1.0,),
        "rendering": ("mip",),
        "blending": ("translucent", "translucent_no_depth", "additive"),
    },
    "labels": {"opacity": (0.7, 1.0), "contour": (0,), "blending": ("translucent",)},
}


def look_of(
    layer: Any, dtype: np.dtype[Any], record: Mapping[str, Any] | None, channel_label: str | None
) -> tuple[Display, tuple[Problem, ...]]:
    """Describe a layer's look; and what of it has no place in any format.

    Parameters
    ----------
    record : what a layer of ours was opened with, None for others.
    """
    from napari_strata.layers.channel_look import contrast

    others = _others(layer)
    if layer._type_string == "labels":
        display, losses = _labels(layer)
        return display, (*losses, *_rows_lost(layer), *others)
    if getattr(layer, "rgb", False):
        whole, _ = contrast(ChannelDisplay(), dtype)  # as napari draws colours
        shown = tuple(ChannelDisplay(color=c, window=whole) for c in _RGB)
        if _color_count(layer) == len(_RGB):
            return Display(shown), others
        hidden = ChannelDisplay(label=_OPACITY, window=whole, visible=False)
        message = "the opacity of its voxels is written as a channel of values that is not shown"
        lost = Problem("look-not-carried", "info", layer.name, message)
        return Display((*shown, hidden)), (lost, *others)
    color, inverted, losses = _color(layer)
    window, span = _window(layer, dtype, record or {})
    if not all(np.isfinite(high - low) for low, high in (window or (0, 0), span or (0, 0))):
        window = span = None
        message = "its contrast limits cannot be written; estimated from what is written"
        losses = (*losses, Problem("look-not-carried", "info", layer.name, message))
    channel = ChannelDisplay(
        label=channel_label,
        color=color,
        window=window,
        range=span,
        visible=bool(layer.visible),
        gamma=float(layer.gamma),
        inverted=inverted,
    )
    first = dict((record or {}).get(FIRST_POSITION, {}))
    return Display((channel,), first_position=first), (*losses, *others)


def _color_count(layer: Any) -> int:
    finest = layer.data[0] if layer.multiscale else layer.data
    return int(finest.shape[-1])


def _window(
    layer: Any, dtype: np.dtype[Any], record: Mapping[str, Any]
) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    """Return contrast limits and their range; None while they only stand in for an estimate."""
    from napari_strata.layers.channel_look import contrast

    low, high = float(layer.contrast_limits[0]), float(layer.contrast_limits[1])
    if record.get(PENDING_CONTRAST) and (low, high) == contrast(ChannelDisplay(), dtype)[0]:
        return None, None
    first, last = (float(v) for v in layer.contrast_limits_range)
    if CONTRAST_RANGE in record:  # is set on a layer when it comes to a viewer
        first = min(first, float(record[CONTRAST_RANGE][0]))
        last = max(last, float(record[CONTRAST_RANGE][1]))
    return (low, high), (first, last)


def _others(layer: Any) -> tuple[Problem, ...]:
    """List what else was chosen for a layer's look; it stays with napari."""
    kind = layer._type_string
    usual = _USUAL[kind]
    found = [
        f"{name} {value}"
        for name, known in usual.items()
        if (value := getattr(layer, name, known[0])) not in known
    ]
    if not found:
        return ()
    message = f"its {', '.join(found)} cannot be written: metadata of images has no place for it"
    return (Problem("look-not-carried", "info", layer.name, message),)


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


def _labels(layer: Any) -> tuple[Display, tuple[Problem, ...]]:
    from napari_strata.layers.label_look import DeclaredColors

    colors, others = {}, None
    listed: Mapping[Any, Any] = getattr(layer.colormap, "color_dict", None) or {}
    for value, color in listed.items():
        if value is None:
            others = np.asarray(color, float)
        elif value != 0 or np.any(np.asarray(color)[3:]):  # a clear background is napari's own
            red, green, blue, opacity = (float(part) for part in np.asarray(color, float))
            colors[int(value)] = (red, green, blue, opacity)
    display = Display(label_colors=colors, label_properties=_properties(layer.features))
    if others is None or not others[3:].any() or isinstance(layer.colormap, DeclaredColors):
        return display, ()
    message = "the one colour that it has for all labels without their own cannot be written"
    return display, (Problem("colormap-not-carried", "warning", layer.name, message),)


def _properties(features: Any) -> dict[int, dict[str, Any]]:
    """Return the features of each label value, plain JSON values, what is missing left out."""
    from napari_strata.layers.label_look import _RENAMED, _TEXT, INDEX

    if INDEX not in features or not len(features):
        return {}
    result = {}
    for row in features.to_dict("records"):
        value = row.pop(INDEX)
        if not _is_whole(value):
            continue
        kept = {key: _plain(x) for key, x in row.items() if not _missing(x)}
        if set(kept) == {_TEXT}:
            kept = _unfolded(kept[_TEXT]) or kept
        result[int(value)] = {INDEX if k == _RENAMED else k: x for k, x in kept.items()}
    return result


def _unfolded(text: Any) -> dict[str, Any] | None:
    """Take apart what was put into one text for want of columns; None if it is another text."""
    try:
        inner = json.loads(text)
    except (TypeError, ValueError):
        return None
    return inner if isinstance(inner, dict) else None


def _rows_lost(layer: Any) -> tuple[Problem, ...]:
    """Say how many rows of features are of no label value."""
    from napari_strata.layers.label_look import INDEX

    lost = [v for v in layer.features.get(INDEX, ()) if not _is_whole(v)]
    if not lost:
        return ()
    message = f"{len(lost)} rows of its features have an index that is no label value: {lost[0]!r}"
    return (Problem("properties-not-carried", "warning", layer.name, message),)


def _is_whole(value: Any) -> bool:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and bool(np.isfinite(value)) and value == int(value)


def _missing(item: Any) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_scalar(item) and pd.isna(item))


def _plain(item: Any) -> Any:
    return item.item() if isinstance(item, np.generic) else item
