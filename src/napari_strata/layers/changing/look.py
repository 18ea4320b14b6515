"""How a layer looks, handed to another layer of the same kind."""

from __future__ import annotations

from typing import Any

from napari.layers import Image, Labels, Layer

_ALL = ("visible", "opacity", "blending", "projection_mode")
_IMAGE = (
    "colormap",
    "contrast_limits_range",
    "contrast_limits",
    "gamma",
    "interpolation2d",
    "interpolation3d",
    "rendering",
    "iso_threshold",
    "attenuation",
    "depiction",
)
_LABELS = (
    "colormap",
    "selected_label",
    "show_selected_label",
    "contour",
    "brush_size",
    "n_edit_dimensions",
    "contiguous",
    "preserve_labels",
    "rendering",
    "iso_gradient_mode",
    "features",
)


def take_look(layer: Layer, other: Layer) -> None:
    """Let a layer look as another; what only one of the two kinds has stays as it is."""
    names = list(_ALL)
    if isinstance(layer, Labels) and isinstance(other, Labels):
        names += _LABELS
    elif isinstance(layer, Image) and isinstance(other, Image) and layer.rgb == other.rgb:
        names += [] if layer.rgb else _IMAGE
    for name in names:
        if hasattr(other, name):
            _take(layer, name, getattr(other, name))


def _take(layer: Any, name: str, value: Any) -> None:
    if name == "contrast_limits_range":
        low, high = layer.contrast_limits
        layer.contrast_limits_range = (min(value[0], low), max(value[1], high))
        layer.contrast_limits = (max(low, value[0]), min(high, value[1]))
        layer.contrast_limits_range = value
    else:
        setattr(layer, name, value)
