"""One level of a layer as a layer of its own, exactly where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer

from napari_strata import affine
from napari_strata.affine import Matrix
from napari_strata.layers.arrival import settle
from napari_strata.layers.changing.as_levels import as_levels, can_be_one_level
from napari_strata.layers.changing.look import take_look
from napari_strata.layers.changing.opened_image import (
    common_origin_alone,
    image_note,
    level_worlds,
    levels_of,
)
from napari_strata.layers.drawing.placed import exact_drawing, place
from napari_strata.layers.live_world import live_world, set_world, unread
from napari_strata.layers.notes import KEY, PLACEMENT, SHAPES, forget_placement
from napari_strata.layers.placement import Placement
from napari_strata.layers.record import (
    FIRST_POSITION,
    LAYER_NAME,
    PENDING_CONTRAST,
    PER_LEVEL,
)
from napari_strata.layers.run import run_at_once

_NOT_ITS_OWN = (PLACEMENT, SHAPES, FIRST_POSITION, PENDING_CONTRAST)


def level_world(layer: Layer, level: int, affines: Sequence[Matrix] | None = None) -> Matrix:
    """Return where a level of a layer belongs now: layer's axes and units.

    Parameters
    ----------
    affines : of a layer that is not ours, where its levels are declared to be relative to each
        other, such as `Exact.affines`.

    Raises
    ------
    ValueError
        If the layer has no such level, or nobody has said where it belongs.
    """
    count = len(levels_of(layer))
    if not 0 <= level < count:
        raise ValueError(f"the layer '{layer.name}' has levels 0 to {count - 1}")
    if affines is not None:
        step = affine.relative(affine.frozen(affines[level]), affine.frozen(affines[0]))
        return affine.compose(live_world(layer), step)
    worlds = level_worlds(layer)
    if worlds is None:
        raise ValueError(
            f"where the levels of the layer '{layer.name}' belong is not known to napari; "
            "replace the layer by the exact one first"
        )
    return worlds[level]


def level_layer(layer: Layer, level: int, affines: Sequence[Matrix] | None = None) -> Layer:
    """Make a layer of one level of an Image or Labels layer; reads nothing.

    Once it is in a viewer napari reads all of the displayed plane, for its thumbnail: as much as
    `level_lock.lock_cost` says. It looks as the other does,
    and has the other's moves. Labels cannot be painted: make an editable copy for that.

    Raises
    ------
    ValueError
        As `level_world` does, or if the layer is another kind.
    """
    if not isinstance(layer, Image | Labels):
        raise ValueError(f"the layer '{layer.name}' has no levels")
    world = level_world(layer, level, affines)
    array = levels_of(layer)[level]
    name = f"{layer.name} (level {level})"
    arguments: dict[str, Any] = {
        "name": name,
        "visible": False,  # or napari reads at once
        "axis_labels": layer.axis_labels,
        "units": tuple(str(unit) for unit in layer.units),
        "metadata": _metadata(layer, level, name),
    }
    made = _made(layer, array, arguments)
    with unread(made):
        set_world(made, world)
        take_look(made, layer)
        if isinstance(made, Labels):
            made.editable = False
        settle(made, run_at_once)  # attaches reports of broken chunks; no contrast is pending
    return made


def _made(layer: Any, array: Any, arguments: dict[str, Any]) -> Layer:
    if isinstance(layer, Image):
        look = {"contrast_limits": tuple(layer.contrast_limits), "rgb": layer.rgb}
        return Image([array], multiscale=True, **look, **arguments)
    if exact_drawing() is None and can_be_one_level():
        # Planes of any size are drawn in tiles; one of one scale only up to the card's limit.
        one = Placement((tuple(np.ones(layer.ndim)),), (tuple(np.zeros(layer.ndim)),))
        return place("labels", as_levels([array]), one, **arguments)
    return Labels(array, multiscale=False, **arguments)


def _metadata(layer: Layer, level: int, name: str) -> dict[str, Any]:
    """Keep the record for this level alone, if there is one that holds."""
    try:
        note = image_note(layer)
    except ValueError:
        rest = {k: v for k, v in layer.metadata.items() if k != KEY}
        return rest | common_origin_alone(layer)
    own = {k: v for k, v in note.items() if k not in _NOT_ITS_OWN}
    own |= {key: [note[key][level]] for key in PER_LEVEL}
    return forget_placement({**layer.metadata, KEY: {**own, LAYER_NAME: name}})
