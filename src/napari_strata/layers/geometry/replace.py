"""Replacing what a layer holds, all or nothing; how it looks stays."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from napari.layers import Layer, Points, Shapes, Surface, Vectors

from napari_strata.layers.geometry.colours import Following, follows
from napari_strata.layers.geometry.drawing import Drawing
from napari_strata.layers.geometry.item_looks import LOOKS, ItemLooks, plain, same_colour
from napari_strata.layers.notes import KEY
from napari_strata.model import Problem
from napari_strata.store.warned import silenced_at_once


@dataclass
class _Memory:
    """What a layer had on another level: features, and colours that followed them."""

    features: dict[str, None] = field(default_factory=dict)
    colours: dict[str, Following] = field(default_factory=dict)


_memories: weakref.WeakKeyDictionary[Layer, _Memory] = weakref.WeakKeyDictionary()


def replace_data(layer: Layer, drawing: Drawing, *, level: str = "") -> tuple[Problem, ...]:
    """Put a drawing into a layer of its type.

    What all items share (size, colour, symbol, width) stays, and so does a colour that follows a
    feature the new items have as well. One that follows a feature they have not is plain until
    a drawing has it again. Values that items have of their own go with them; an item that was not
    shown before gets a plain one. Items are others now: none is selected.

    If napari refuses, what was there is put back before the error is raised.

    Parameters
    ----------
    level : what problems call it ("level 1").

    Returns
    -------
    What the layer had and the new items have not.
    """
    restore = _snapshot(layer)
    before = _memories.get(layer, _Memory())
    memory = _Memory({**before.features, **dict.fromkeys(_columns(layer))}, {})
    looks: ItemLooks | None = None
    try:
        with silenced_at_once():  # what napari warns of is said, in words, by what is returned
            waiting = _still_plain(layer, before) | _set_aside(layer, drawing)
            looks = ItemLooks.of(layer, drawing)
            _PUT[drawing.type](layer, drawing)
            looks.put(layer)
            for key, following in waiting.items():
                if following.feature in drawing.features:
                    following.put(layer)
                else:
                    memory.colours[key] = following
            _finish(layer)
    except BaseException:
        restore()
        raise
    _memories[layer] = memory
    where = _where(layer)
    return (
        *_features_lacking(memory, drawing, level or "this level", where),
        *looks.problems(where),
    )


def _columns(layer: Any) -> list[str]:
    return [str(name) for name in layer.features.columns]


def _where(layer: Layer) -> str:
    note = layer.metadata.get(KEY)
    return str(note.get("geometry") or ".") if isinstance(note, dict) else "."


def _set_aside(layer: Any, drawing: Drawing) -> dict[str, Following]:
    """Make plain what is coloured by a feature that the new items have not."""
    found = {}
    for key in LOOKS.get(type(layer).__name__, ()):
        following = Following.of(layer, key)
        if following is not None and following.feature not in drawing.features:
            setattr(layer, key, plain(layer, key))
            found[key] = following
    return found


def _still_plain(layer: Any, memory: _Memory) -> dict[str, Following]:
    """Give the colours that were set aside, and that nobody has set since."""
    return {
        key: following
        for key, following in memory.colours.items()
        if not follows(layer, key) and same_colour(getattr(layer, key), plain(layer, key))
    }


def _features_lacking(
    memory: _Memory, drawing: Drawing, level: str, where: str
) -> tuple[Problem, ...]:
    lacking = [name for name in memory.features if name not in drawing.features]
    if not lacking:
        return ()
    message = f"{level} stores no attributes: {', '.join(lacking)}"
    colours = {following.feature for following in memory.colours.values()}
    if colours:
        names = ", ".join(sorted(colours))
        message += f"; what is coloured by {names} is plain until a level with it is shown"
    return (Problem("attributes-missing", "info", where, message),)


def _snapshot(layer: Any) -> Callable[[], None]:
    """Return what puts a layer's data, features and looks back."""
    own = LOOKS.get(type(layer).__name__, ())
    everything = layer._get_state()
    # A colour that follows a feature is made anew from it.
    kept = [*own, *(("contrast_limits",) if isinstance(layer, Surface) else ())]
    state = {key: everything[key] for key in ("features", *kept) if not follows(layer, key)}
    following = [found for key in own if (found := Following.of(layer, key)) is not None]
    data = layer.data

    def restore() -> None:
        for each in following:  # or napari drops what the features of now do not have
            if not follows(layer, each.key):
                setattr(layer, each.key, plain(layer, each.key))
        layer.data = list(data) if isinstance(layer, Shapes) else data
        for key, value in state.items():
            setattr(layer, key, value)
        for each in following:
            if not follows(layer, each.key):
                each.put(layer)
        _follow_features(layer)

    return restore


def _put_points(layer: Points, drawing: Drawing) -> None:
    layer.selected_data = set()
    layer.data = drawing.data
    layer.features = dict(drawing.features)


def _put_vectors(layer: Vectors, drawing: Drawing) -> None:
    layer.data = drawing.data
    layer.features = dict(drawing.features)


def _put_shapes(layer: Shapes, drawing: Drawing) -> None:
    layer.selected_data = set()
    layer.data = [(path, "path") for path in drawing.data]
    layer.features = dict(drawing.features)


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


def _finish(layer: Any) -> None:
    _follow_features(layer)
    if isinstance(layer, Shapes):
        layer.refresh()  # or paths are drawn in the width they were made with


def _follow_features(layer: Any) -> None:
    """Colour the new items by the features their colour follows."""
    if any(follows(layer, key) for key in LOOKS.get(type(layer).__name__, ())):
        layer.refresh_colors(update_color_mapping=False)
