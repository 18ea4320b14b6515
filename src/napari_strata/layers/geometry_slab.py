"""Geometries in a 2-D view: a slice as thick as they need, and sliders that step as images need.

napari shows what lies within half a unit of the slice. In nanometres that is next to nothing, so
a viewer's slices are given a thickness, which images do not heed. And a slider steps by the
smallest scale of all layers, which for vertices is their unit and no distance of planes.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Layer

from napari_strata.layers.geometry_record import SLAB
from napari_strata.layers.notes import KEY
from napari_strata.layers.world_units import per_layer_unit

Vector = npt.NDArray[np.float64]

_STEPS_A_SLAB = 4


def show_in_slices(viewer: Any) -> None:
    """Let a viewer show something of every geometry that arrives, in 2-D too; idempotent.

    A thickness the user has set is left alone. Nothing here keeps the viewer alive.
    """
    inserted = viewer.layers.events.inserted
    if any(isinstance(callback, _Thickness) for callback in inserted.callbacks):
        return
    inserted.connect(_Thickness(viewer), position="last")
    viewer.dims.events.range.connect(_Steps(viewer), position="last")


def _slab(layer: Layer, viewer: Any) -> Vector | None:
    """Give how thick a slice a layer wants, in the viewer's units; None if it says nothing."""
    note = layer.metadata.get(KEY)
    slab = note.get(SLAB) if isinstance(note, dict) else None
    if not isinstance(slab, list) or len(slab) != layer.ndim:
        return None
    return np.asarray(slab, dtype=np.float64) * per_layer_unit(layer.units, viewer.dims.units)


class _Thickness:
    """Called for every layer that arrives in a viewer."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = weakref.ref(viewer)
        self._given: dict[int, float] = {}  # by axis, counted from the last

    def __call__(self, event: Any) -> None:
        viewer, layer = self._viewer(), event.value
        if viewer is None:
            return
        slab = _slab(layer, viewer)
        if slab is None:
            return
        margins = np.array([viewer.dims.margin_left, viewer.dims.margin_right])
        for axis in range(-len(slab), 0):
            here, wanted = margins[:, axis], slab[axis] / 2
            own = here[0] == here[1] == self._given.get(axis, 0.0)
            if wanted > here.max() and (own or not here.any()):
                margins[:, axis] = self._given[axis] = wanted
        _set_margins(viewer, margins)


def _set_margins(viewer: Any, margins: Vector) -> None:
    """Set both margins of all axes; layers are sliced anew once, and only if one has changed."""
    left, right = (tuple(side.tolist()) for side in margins)
    dims = viewer.dims
    if (left, right) == (tuple(dims.margin_left), tuple(dims.margin_right)):
        return
    with dims.events.margin_right.blocker():
        dims.margin_right = right
    dims.margin_left = left


class _Steps:
    """Called whenever the ranges of a viewer's sliders have changed."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = weakref.ref(viewer)

    def __call__(self, event: Any) -> None:
        viewer = self._viewer()
        if viewer is None:
            return
        ranges = [list(r) for r in viewer.dims.range]
        for axis, step in enumerate(_steps(viewer, viewer.layers)):
            if np.isfinite(step) and step > 0:
                ranges[axis][2] = float(step)
        changed = tuple(tuple(r) for r in ranges)
        if changed != tuple(tuple(r) for r in viewer.dims.range):
            viewer.dims.range = changed


def _steps(viewer: Any, layers: Sequence[Layer]) -> Vector:
    """Give each slider's step: of the images; a part of the slab where there are none.

    NaN leaves it as napari has it.
    """
    ndim = viewer.dims.ndim
    planes, slabs = np.full(ndim, np.nan), np.full(ndim, np.nan)
    for layer in layers:
        slab = _slab(layer, viewer)
        if slab is not None:
            lead = ndim - layer.ndim
            slabs[lead:] = np.fmin(slabs[lead:], slab / _STEPS_A_SLAB)
    if np.isnan(slabs).all():
        return slabs
    for layer in layers:
        if _slab(layer, viewer) is None:
            lead = ndim - layer.ndim
            own = np.asarray(layer.extent.step) * per_layer_unit(layer.units, viewer.dims.units)
            planes[lead:] = np.fmin(planes[lead:], own)
    return np.where(np.isnan(planes), slabs, planes)
