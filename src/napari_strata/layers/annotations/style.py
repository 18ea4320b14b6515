"""How an annotation looks: which of a layer's settings are kept, and which are trusted back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from napari_strata.layers.annotations.values import Unreadable, decode, encode
from napari_strata.store.warned import silenced_at_once

_COMMON = ("opacity", "blending", "visible", "projection_mode")
_CYCLED = ("{}_color", "{}_color_cycle", "{}_colormap", "{}_contrast_limits")


def _colored(*parts: str) -> tuple[str, ...]:
    return tuple(key.format(part) for part in parts for key in _CYCLED)


_KEPT: Mapping[str, tuple[str, ...]] = {
    "points": (
        *_colored("face", "border"), "symbol", "size", "border_width", "border_width_is_relative",
        "shading", "antialiasing", "canvas_size_limits", "shown", "text",
    ),
    "shapes": (*_colored("face", "edge"), "edge_width", "z_index", "text"),
    "vectors": (*_colored("edge"), "edge_width", "length", "vector_style"),
    "surface": (
        "colormap", "contrast_limits", "gamma", "shading", "wireframe", "normals", "texture",
        "texcoords", "vertex_colors",
    ),
    "tracks": (
        "color_by", "colormap", "tail_width", "tail_length", "head_length",
        "hide_completed_tracks",
    ),
}  # fmt: skip
ONE_AN_ITEM = {
    "face_color", "border_color", "edge_color", "symbol", "size", "border_width", "shown",
    "edge_width", "z_index",
}  # fmt: skip
_SIZES = {"points": ("size",), "shapes": ("edge_width",), "vectors": ("edge_width",)}
_LARGEST_SIZE = 1e30
_DISPLAY_MODELS = ("wireframe", "normals")


def style_as_json(layer_type: str, meta: Mapping[str, Any], factor: float) -> dict[str, Any]:
    """Describe how a layer looks, in world.

    Parameters
    ----------
    factor : what a length in data is in world; sizes are multiplied by it.
    """
    found: dict[str, Any] = {}
    for key in (*_COMMON, *_KEPT[layer_type]):
        if meta.get(key) is None:
            continue
        value = _sized(meta[key], factor) if key in _sizes(layer_type, meta) else meta[key]
        if key in _DISPLAY_MODELS:
            value = _without_mode(value)
        found[key] = encode(value, key)
    return found


def _sizes(layer_type: str, meta: Mapping[str, Any]) -> tuple[str, ...]:
    absolute = layer_type == "points" and meta.get("border_width_is_relative") is False
    return (*_SIZES.get(layer_type, ()), *(("border_width",) if absolute else ()))


def _sized(value: Any, factor: float) -> Any:
    return value if factor == 1 else np.asarray(value) * factor


def _without_mode(value: Any) -> Any:
    """Leave out what napari says of a kind of normals and takes from nobody."""
    dump = getattr(value, "model_dump", None)
    plain = dump() if callable(dump) else value
    if not isinstance(plain, Mapping):
        return plain
    return {k: _without_mode(v) for k, v in plain.items() if k != "mode"}


def style_from_json(layer_type: str, value: Any, items: int, vertices: int) -> dict[str, Any]:
    """Read how a layer is to look; each entry of items has as many as there are.

    Parameters
    ----------
    items : points, shapes or vectors; ``vertices`` : of all of them.

    Raises
    ------
    Unreadable
        If it was not written by `style_as_json`.
    """
    if not isinstance(value, Mapping):
        raise Unreadable("'style' is no object")
    known = [key for key in (*_COMMON, *_KEPT[layer_type]) if key in value]
    most = 64 * max(vertices, 1 << 16)
    style = {key: decode(value[key], most) for key in known}
    for key in ONE_AN_ITEM.intersection(style):
        if not _is_one_an_item(key, style[key], items):
            raise Unreadable(f"'{key}' is not given for {items} items")
    return style


def _is_one_an_item(key: str, given: Any, items: int) -> bool:
    """Tell whether there is one for each, of one kind; or one alone, which napari looks at."""
    if isinstance(given, list):
        words = key == "symbol" and all(isinstance(value, str) for value in given)
        return len(given) == items and (words or all(map(_is_size, given)))
    if not isinstance(given, np.ndarray):
        return True
    if key.endswith("_color"):
        whole = given.shape == (items, 4) and given.dtype.kind == "f"
        return whole and bool(np.all((given >= 0) & (given <= 1)))
    return given.shape == (items,) and bool(np.all(np.isfinite(given)))


def _is_size(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value) < _LARGEST_SIZE


def is_accepted(
    data: Any, meta: Mapping[str, Any], layer_type: str, symbols: Iterable[str] = ()
) -> bool:
    """Tell whether napari makes a layer of the first item with these settings, and symbols."""
    from napari.layers import Layer

    with silenced_at_once():
        try:
            Layer.create(data, dict(meta), layer_type)
            if layer_type == "points":
                for symbol in symbols:
                    Layer.create(data, {"symbol": symbol}, layer_type)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
            return False
    return True
