"""Replacing what a layer holds, all or nothing; how it looks stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from napari.layers import Layer, Points, Shapes, Surface, Vectors

from napari_strata.layers.geometry_drawing import Drawing


def replace_data(layer: Layer, drawing: Drawing) -> None:
    """Put a drawing into a layer of its type.

    What all items share (size, colour, symbol, width) stays, and so does a colour that follows a
    feature the new items have as well. Items are others now: none is selected.

    If napari refuses, what was there is put back before the error is raised.
    """
    restore = _snapshot(layer)
    try:
        _PUT[drawing.type](layer, drawing)
    except BaseException:
        restore()
        raise


def _snapshot(layer: Any) -> Callable[[], None]:
    """Return what puts a layer's data, features and looks back."""
    own = _LOOKS.get(type(layer).__name__, ())
    everything = layer._get_state()
    # A colour that follows a feature is made anew from it.
    state = {key: everything[key] for key in ("features", *own) if not _follows(layer, key)}
    following = tuple(k.removesuffix("_color") for k in own if _follows(layer, k))
    data = layer.data

    def restore() -> None:
        layer.data = list(data) if isinstance(layer, Shapes) else data
        for key, value in state.items():
            setattr(layer, key, value)
        _follow_features(layer, following)

    return restore


_LOOKS = {
    "Points": ("size", "border_width", "symbol", "shown", "face_color", "border_color"),
    "Vectors": ("edge_color",),
    "Shapes": ("edge_width", "edge_color", "face_color", "z_index"),
    "Surface": ("vertex_colors", "contrast_limits"),
}


def _put_points(layer: Points, drawing: Drawing) -> None:
    layer.selected_data = set()
    shared = {key: _shared(getattr(layer, key)) for key in ("size", "border_width", "symbol")}
    colours = {key: _colour(layer, key) for key in ("face_color", "border_color")}
    # Sizes are kept by position, which says nothing of the new points.
    for key, value in shared.items():
        if value is not None:
            setattr(layer, f"current_{key}", value)
    layer.data = drawing.data
    layer.features = dict(drawing.features)
    layer.shown = True
    for key, value in {**shared, **colours}.items():
        if value is not None:
            setattr(layer, key, value)
    _follow_features(layer, ("face", "border"))


def _put_vectors(layer: Vectors, drawing: Drawing) -> None:
    colour = _colour(layer, "edge_color")
    layer.data = drawing.data
    layer.features = dict(drawing.features)
    if colour is not None:
        layer.edge_color = colour
    _follow_features(layer, ("edge",))


def _put_shapes(layer: Shapes, drawing: Drawing) -> None:
    layer.selected_data = set()
    width = _shared(layer.edge_width)
    colours = {key: _colour(layer, key) for key in ("edge_color", "face_color")}
    layer.data = [(path, "path") for path in drawing.data]
    layer.features = dict(drawing.features)
    for key, value in {"edge_width": width, **colours}.items():
        if value is not None:
            setattr(layer, key, value)
    _follow_features(layer, ("edge", "face"))
    layer.refresh()  # or paths are drawn in the width they were made with


def _put_surface(layer: Surface, drawing: Drawing) -> None:
    if layer.vertex_colors is not None:  # they belong to the vertices that were there
        layer.vertex_colors = None
    had_values, colour = _has_values(layer), len(drawing.data) == 3
    layer.data = drawing.data
    layer.features = dict(drawing.features)
    if not colour and had_values:
        layer.contrast_limits = (0.0, 1.0)


def _has_values(layer: Surface) -> bool:
    return bool(np.any(np.asarray(layer.vertex_values) != 1))


_PUT: dict[str, Callable[[Any, Drawing], None]] = {
    "points": _put_points,
    "vectors": _put_vectors,
    "shapes": _put_shapes,
    "surface": _put_surface,
}


def _shared(values: Any) -> Any:
    """Return the value all items have; None where they differ, or there are none."""
    values = np.atleast_1d(np.asarray(values))
    return values[0] if len(values) and bool(np.all(values == values[0])) else None


def _colour(layer: Any, key: str) -> Any:
    """Return the colour all items have, where it follows no feature; else None."""
    if _follows(layer, key):
        return None
    colours = np.asarray(getattr(layer, key))
    same = len(colours) and bool(np.all(colours == colours[0]))
    return colours[0] if same else None


def _follows(layer: Any, key: str) -> bool:
    """Tell whether a colour of a layer's items is that of a feature."""
    return str(getattr(layer, f"{key}_mode", "direct")) != "direct"


def _follow_features(layer: Any, attributes: tuple[str, ...]) -> None:
    """Colour the new items by the features their colour follows."""
    if any(_follows(layer, f"{attribute}_color") for attribute in attributes):
        layer.refresh_colors(update_color_mapping=False)
