"""What is known of a layer that an image was opened as: its record, and where its levels are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer

from napari_strata import affine, units
from napari_strata.affine import Matrix
from napari_strata.arrays import LevelArray
from napari_strata.layers.common_origin import OFFSET
from napari_strata.layers.drawing.lineage import current_placement
from napari_strata.layers.live_world import live_world
from napari_strata.layers.notes import KEY, remembered
from napari_strata.layers.placement import Placement
from napari_strata.layers.record import ARRAYS


def levels_of(layer: Layer) -> list[Any]:
    """List a layer's arrays, finest first."""
    return list(layer.data) if layer.multiscale else [layer.data]


def shapes_of(layer: Layer) -> list[tuple[int, ...]]:
    """List the shapes of a layer's levels, without an axis of colours."""
    return [tuple(int(n) for n in shape) for shape in layer.level_shapes]


def image_note(layer: Layer) -> Mapping[str, Any]:
    """Return the record of an Image or Labels layer that still shows what it was opened with.

    Raises
    ------
    ValueError
        If it is no such layer.
    """
    note = layer.metadata.get(KEY)
    if not isinstance(layer, Image | Labels) or not isinstance(note, Mapping):
        raise ValueError(f"the layer '{layer.name}' was not opened by napari-strata")
    if not all(key in note for key in ("dataset", "image", "layer_levels", ARRAYS)):
        raise ValueError(f"the layer '{layer.name}' does not say which image it was opened from")
    if not _is_as_opened(layer, note):
        raise ValueError(
            f"the layer '{layer.name}' no longer holds the data that was opened from {note['path']}"
        )
    return note


def _is_as_opened(layer: Layer, note: Mapping[str, Any]) -> bool:
    arrays = levels_of(layer)
    if all(isinstance(array, LevelArray) for array in arrays):
        return list(note[ARRAYS]) == [array.identity for array in arrays]
    # Labels of booleans are computed from what is stored; only their shapes tell.
    booleans = note.get("kind") == "labels" and note["levels"][0]["dtype"] == "bool"
    placed = remembered(layer.metadata)
    known = placed is None or placed[1] is None or placed[1] == shapes_of(layer)
    return booleans and known and len(arrays) == len(note[ARRAYS])


def opened_worlds(note: Mapping[str, Any]) -> list[Matrix]:
    """List where the levels of a layer were when it was opened: layer's axes and units."""
    return [affine.frozen(level["affine"]) for level in note["layer_levels"]]


def common_shift(layer: Layer) -> Matrix:
    """Return what "Move layers to a common origin" did to a layer, in its units."""
    offset = np.asarray(layer.metadata.get(KEY, {}).get(OFFSET, [0.0] * layer.ndim), float)
    parsed = [units.parse(str(unit)) for unit in layer.units]
    sizes = [u.factor if u is not None and u.dimension == "length" else 1.0 for u in parsed]
    return affine.from_scale_translate(np.ones(layer.ndim), -offset / sizes)


def common_origin_alone(layer: Layer) -> dict[str, Any]:
    """Return metadata for a layer that is made of a layer of ours and holds other data.

    It is no longer what was opened; but where it is exported, that is where it was moved to.
    """
    note = layer.metadata.get(KEY)
    if not isinstance(note, Mapping):
        return {}
    return {KEY: {OFFSET: list(note.get(OFFSET, [0.0] * layer.ndim))}}


def level_worlds(layer: Layer) -> list[Matrix] | None:
    """List where each level of a layer belongs now: as declared, moved as the layer was.

    One ``(n + 1, n + 1)`` matrix a level, voxel centre → world, in the layer's units. None where
    nothing is known of how the levels lie to each other.
    """
    live = live_world(layer)
    try:
        opened = opened_worlds(image_note(layer))
    except ValueError:
        return _by_placement(layer, live)
    if np.array_equal(live, opened[0]):
        return opened
    return [live, *(affine.compose(live, affine.relative(w, opened[0])) for w in opened[1:])]


def _by_placement(layer: Layer, live: Matrix) -> list[Matrix] | None:
    if not layer.multiscale:
        return [live]
    note = remembered(layer.metadata)
    placement = None if note is None else current_placement(layer, *note)
    if not isinstance(placement, Placement):
        return None
    steps = zip(placement.scale, placement.translate, strict=True)
    return [affine.compose(live, affine.from_scale_translate(s, t)) for s, t in steps]
