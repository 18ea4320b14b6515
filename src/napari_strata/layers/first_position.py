"""Which plane is shown first: where a dataset declares it, and the viewer was empty before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from napari.layers import Layer

from napari_strata.layers.notes import KEY
from napari_strata.layers.record import FIRST_POSITION


def show_first_position(viewer: Any, layers: Sequence[Any]) -> None:
    """Let a viewer that is empty stand at the plane the first of these layers declares.

    The layers, or (data, arguments, type) tuples, are those about to be added. napari moves the
    sliders to the middle when a viewer gets its first layer: they are moved once, right after
    that, and never again. In a viewer that already shows something nothing happens.
    """
    inserted = viewer.layers.events.inserted
    for callback in list(inserted.callbacks):
        if isinstance(callback, _Once):  # what it waited for has never arrived
            inserted.disconnect(callback)
    if len(viewer.layers) or not layers:
        return
    note = _note(layers[0])
    if note.get(FIRST_POSITION):
        inserted.connect(_Once(viewer, note), position="last")


def _note(item: Any) -> Mapping[str, Any]:
    metadata = item.metadata if isinstance(item, Layer) else item[1].get("metadata", {})
    note = metadata.get(KEY)
    return note if isinstance(note, Mapping) else {}


class _Once:
    """Called for the first layer that arrives, whichever that is."""

    def __init__(self, viewer: Any, note: Mapping[str, Any]) -> None:
        self._viewer = viewer
        self._note = note

    def __call__(self, event: Any) -> None:
        viewer, layer = self._viewer, event.value
        viewer.layers.events.inserted.disconnect(self)
        keys = ("path", "channel", FIRST_POSITION)
        expected = all(_note(layer).get(key) == self._note.get(key) for key in keys)
        if expected and list(viewer.layers) == [layer]:
            move_to(viewer, layer, self._note[FIRST_POSITION])


def move_to(viewer: Any, layer: Layer, indices: Mapping[str, int]) -> None:
    """Move a viewer's sliders to a plane of its only layer.

    Parameters
    ----------
    viewer : holds ``layer`` alone, so that their axes are the same.
    layer : its transform brings indices to world.
    indices : in voxels of level 0, by the names of the layer's axes; brought into the layer.
    """
    shape = np.array(layer.level_shapes[0] if layer.multiscale else layer.data.shape)
    point = (shape - 1) / 2
    axes = [axis for axis, name in enumerate(layer.axis_labels) if name in indices]
    for axis in axes:
        point[axis] = np.clip(indices[layer.axis_labels[axis]], 0, shape[axis] - 1)
    world = np.asarray(layer.data_to_world(point), dtype=np.float64)
    viewer.dims.set_point(axes, world[axes].tolist())
