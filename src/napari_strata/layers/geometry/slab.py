"""How thick a slice of a 2-D view is where there are geometries: as a plane of the images.

napari shows what lies within half a unit of the slice. In nanometres that is next to nothing, so
a viewer's slices are given a thickness, which images do not heed. It is never more than a plane
of the images, so that nothing is drawn on a plane it does not lie in.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.layers import Image, Labels, Layer

from napari_strata.layers.drawing.world_units import per_layer_unit
from napari_strata.layers.geometry.record import SLAB
from napari_strata.layers.geometry.slider import Steps
from napari_strata.layers.notes import KEY

Vector = npt.NDArray[np.float64]

_SHARE_OF_EXTENT = 1 / 50  # the thickest slice without an image, of a geometry's longest edge
_EVENTS = ("visible", "metadata")  # of a layer; the record says another level or box


def show_in_slices(viewer: Any) -> None:
    """Let a viewer's 2-D slices show what of its geometries lies in them; idempotent.

    Along an axis of space a slice is as thick as the finest plane of the visible images, without
    one at most a fiftieth of the smallest visible geometry; along time as a time point. It
    follows layers that come, go, are shown or hidden, and is 0 again without a geometry. A
    thickness the user has set is left alone. Nothing here keeps the viewer alive.
    """
    inserted = viewer.layers.events.inserted
    if any(isinstance(callback, _Thickness) for callback in inserted.callbacks):
        return
    thickness = _Thickness(viewer)
    inserted.connect(thickness, position="last")
    viewer.layers.events.removed.connect(thickness.removed, position="last")
    viewer.dims.events.range.connect(thickness.refresh, position="last")
    viewer.dims.events.range.connect(Steps(viewer, slab), position="last")
    for layer in viewer.layers:
        thickness.follow(layer)
    thickness.refresh()


def slab(layer: Layer, viewer: Any) -> Vector | None:
    """Give how thick a slice a geometry's layer wants without an image, in the viewer's units.

    None of any other layer.
    """
    note = layer.metadata.get(KEY)
    wanted = note.get(SLAB) if isinstance(note, dict) else None
    if not isinstance(wanted, list) or len(wanted) != layer.ndim:
        return None
    extent = np.ptp(np.asarray(layer.extent.world, dtype=np.float64), axis=0)
    space = is_space(layer)
    most = float(np.max(extent[space], initial=0.0)) * _SHARE_OF_EXTENT
    capped = np.where(space, np.fmin(np.asarray(wanted, dtype=np.float64), most), wanted)
    return np.asarray(capped * per_layer_unit(layer.units, viewer.dims.units), dtype=np.float64)


def is_space(layer: Layer) -> npt.NDArray[np.bool_]:
    """Tell which axes of a geometry's layer are space; all where its record names none."""
    note = layer.metadata[KEY]
    types = {axis["name"]: axis["type"] for axis in note.get("axes", [])}
    found = np.array([types.get(name) == "space" for name in note.get("layer_axes", [])], bool)
    return found if len(found) == layer.ndim and found.any() else np.ones(layer.ndim, bool)


class _Thickness:
    """Keeps a viewer's margins; called for every layer that arrives."""

    def __init__(self, viewer: Any) -> None:
        self._viewer = weakref.ref(viewer)
        self._given: dict[int, float] = {}  # by axis, counted from the last

    def __call__(self, event: Any) -> None:
        self.follow(event.value)
        self.refresh()

    def removed(self, event: Any) -> None:
        for name in _EVENTS:
            if name in event.value.events.emitters:
                getattr(event.value.events, name).disconnect(self.refresh)
        self.refresh()

    def follow(self, layer: Layer) -> None:
        for name in _EVENTS:
            if name in layer.events.emitters:  # that of the metadata came with napari 0.9
                getattr(layer.events, name).connect(self.refresh)

    def refresh(self, event: Any = None) -> None:
        """Set the margins that are ours; one that is not what we gave is the user's."""
        viewer = self._viewer()
        if viewer is None:
            return
        wanted = _margins(viewer)
        margins = np.array([viewer.dims.margin_left, viewer.dims.margin_right], dtype=np.float64)
        for axis in range(-viewer.dims.ndim, 0):
            here, given = margins[:, axis], self._given.get(axis, 0.0)
            margin = 0.0 if wanted is None else float(np.nan_to_num(wanted[axis]))
            if here[0] == here[1] == given:
                margins[:, axis] = self._given[axis] = margin
        if wanted is None:
            self._given.clear()  # whatever is there now is the user's
        _set_margins(viewer, margins)


def _margins(viewer: Any) -> Vector | None:
    """Give half the thickness of a slice along each axis; None where no geometry is visible."""
    ndim = viewer.dims.ndim
    planes, slabs = np.full(ndim, np.nan), np.full(ndim, np.nan)
    space = np.zeros(ndim, dtype=bool)
    for layer in viewer.layers:
        lead = ndim - layer.ndim
        if not layer.visible:
            continue
        own = slab(layer, viewer)
        if own is not None:
            slabs[lead:] = np.fmin(slabs[lead:], own)
            space[lead:] |= is_space(layer)
        elif isinstance(layer, Image | Labels):
            planes[lead:] = np.fmin(planes[lead:], plane_spacing(layer, viewer))
    if np.isnan(slabs).all():
        return None
    # All that lies in a plane is shown on it; of time points, one.
    thick = np.where(space & np.isfinite(planes), planes, np.fmin(slabs, planes))
    return np.where(np.isnan(slabs), np.nan, thick) / 2


def plane_spacing(layer: Layer, viewer: Any) -> Vector:
    """Give the distance of an image's planes along each axis, in the viewer's units."""
    step = np.abs(np.asarray(layer.extent.step, dtype=np.float64))
    spacing = step * per_layer_unit(layer.units, viewer.dims.units)
    return np.asarray(spacing, dtype=np.float64)


def _set_margins(viewer: Any, margins: Vector) -> None:
    """Set both margins of all axes; layers are sliced anew once, and only if one has changed."""
    left, right = (tuple(side.tolist()) for side in margins)
    dims = viewer.dims
    if (left, right) == (tuple(dims.margin_left), tuple(dims.margin_right)):
        return
    with dims.events.margin_right.blocker():
        dims.margin_right = right
    dims.margin_left = left
