"""What an Image or Labels layer is, as something to be written: its pixels, and where they are.

Transforms are always the live layer's. What is stored is used beyond that only while every level
of the layer is still the array object it was opened with: then its coarser levels have their own
declared places, and a layer that was not moved has its transforms exactly as they were declared,
in the units they were declared in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from napari_strata import affine
from napari_strata.affine import Matrix
from napari_strata.arrays import LevelArray
from napari_strata.export.errors import ExportError
from napari_strata.export.planning.layer_axes import axes_of, in_units, unit_factors, unit_names
from napari_strata.export.planning.layer_look import look_of
from napari_strata.export.planning.unread import unread
from napari_strata.layers.live_world import live_world
from napari_strata.layers.record import ARRAYS, CHANNEL_LABEL, LAYER_NAME
from napari_strata.model import Axis, Display, Kind, Problem

KINDS: dict[str, Kind] = {"image": "image", "labels": "labels"}


@dataclass(frozen=True)
class LayerLevel:
    """One level: its pixels, and voxel centre → world in the units of the image's axes.

    Attributes
    ----------
    pixels : a `LevelArray`, or anything that is indexed as an array; axes as the image's.
    affine : ``(n + 1, n + 1)``.
    """

    pixels: Any
    affine: Matrix


@dataclass(frozen=True)
class LayerImage:
    """A layer as something to be written.

    Attributes
    ----------
    axes : of the array, in its order; the colours of an RGB layer are a channel axis.
    levels : finest first. More than one only where they are stored.
    display : as the layer looks now; one entry a channel. A channel's label is None where it is
        called as the image is.
    losses : what no format has a place for.
    factors : per axis what turns the layer's unit into the axis' unit; empty if they are the same.
    channel_axis : what the axis is called that it was one channel of, if it was.
    """

    name: str
    kind: Kind
    axes: tuple[Axis, ...]
    levels: tuple[LayerLevel, ...]
    display: Display
    losses: tuple[Problem, ...] = ()
    factors: tuple[float, ...] = ()
    channel_axis: str | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels of the finest level along each axis."""
        return tuple(int(n) for n in self.levels[0].pixels.shape)

    @property
    def is_stored(self) -> bool:
        """Whether all its pixels are read from a store, none computed or in memory."""
        return all(isinstance(level.pixels, LevelArray) for level in self.levels)


def layer_image(layer: Any) -> LayerImage:
    """Describe an Image or Labels layer as it is now; reads no pixels.

    Raises
    ------
    ExportError : it is another kind of layer.
    """
    kind = KINDS.get(layer._type_string)
    if kind is None:
        raise ExportError(
            f"{layer.name} is a {type(layer).__name__} layer, expected Image or Labels"
        )
    arrays = list(layer.data) if layer.multiscale else [layer.data]
    record = _record(layer, arrays)
    worlds = _worlds(layer, record)
    axes = axes_of(layer, record)
    factors = unit_factors(layer, axes)
    worlds = in_units(factors, worlds)
    if record is not None and _is_unmoved(layer, record):
        worlds = _declared(record) or worlds
    levels = [LayerLevel(unread(a), w) for a, w in zip(arrays, worlds, strict=False)]
    display, losses = look_of(layer, arrays[0].dtype, record, _channel_label(layer, record))
    losses = (*losses, *_moved_away(layer))
    image = LayerImage(
        name=_name(layer, record),
        kind=kind,
        axes=axes,
        levels=tuple(levels),
        display=display,
        losses=losses,
        factors=tuple(factors),
        channel_axis=_channel_axis(record),
    )
    if getattr(layer, "rgb", False):
        return _with_colours_as_channels(image)
    return _with_a_look_for_all(image)


# ----------------------------------------------------------------------- what we know of a layer


def _record(layer: Any, arrays: Sequence[Any]) -> Mapping[str, Any] | None:
    """Return what the layer was opened with, while all its levels are those very arrays."""
    record = layer.metadata.get("strata")
    if not isinstance(record, Mapping) or not all(isinstance(a, LevelArray) for a in arrays):
        return None
    return record if record.get(ARRAYS) == [array.identity for array in arrays] else None


def _is_unmoved(layer: Any, record: Mapping[str, Any]) -> bool:
    """Tell whether the layer's place, axes and units are those it was opened with."""
    opened = np.array(record["layer_levels"][0]["affine"])
    return (
        np.array_equal(live_world(layer), opened)
        and list(layer.axis_labels) == record["layer_axes"]
        and unit_names(layer) == record["layer_units"]
    )


def _moved_away(layer: Any) -> tuple[Problem, ...]:
    """Say that a layer was moved near world 0, for the graphics card's sake."""
    note = layer.metadata.get("strata")
    offset = note.get("common_origin") if isinstance(note, Mapping) else None
    if not offset or not any(offset):
        return ()
    shown = ", ".join(f"{value:.9g}" for value in offset)
    message = f"was moved by minus [{shown}] µm to a common origin; it is written where it is now"
    return (Problem("moved-origin", "warning", layer.name, message),)


def _name(layer: Any, record: Mapping[str, Any] | None) -> str:
    """Return the image's name; a layer that was renamed has its own."""
    if record is not None and layer.name == record.get(LAYER_NAME):
        return str(record.get("name") or layer.name)
    return str(layer.name)


def _channel_axis(record: Mapping[str, Any] | None) -> str | None:
    """Return the name of the axis along which the layer is one channel."""
    if record is None or record["channel"] is None:
        return None
    return next((str(a["name"]) for a in record["axes"] if a["type"] == "channel"), None)


def _channel_label(layer: Any, record: Mapping[str, Any] | None) -> str | None:
    """Return what the channel is declared to be called; a layer that was renamed is not."""
    if record is not None and layer.name == record.get(LAYER_NAME):
        return record.get(CHANNEL_LABEL)
    return None


# ---------------------------------------------------------------------------------------- places


def _worlds(layer: Any, record: Mapping[str, Any] | None) -> list[Matrix]:
    """Place the levels whose place is known: always the finest, the others where declared.

    Other arrays than those it was opened with, or these in another order, are drawn somewhere,
    but nobody has said where they belong.
    """
    base = live_world(layer)
    if record is None:
        return [base]
    opened = [np.array(level["affine"]) for level in record["layer_levels"]]
    steps = [affine.relative(level, opened[0]) for level in opened[1:]]
    return [base, *(affine.compose(base, step) for step in steps)]


def _declared(record: Mapping[str, Any]) -> list[Matrix] | None:
    """Return the declared affines on the layer's axes; None if they cannot be told apart."""
    names = [axis["name"] for axis in record["axes"]]
    if len(set(names)) != len(names) or not set(record["layer_axes"]) <= set(names):
        return None
    order = [names.index(label) for label in record["layer_axes"]]
    declared = [affine.frozen(level["affine"]) for level in record["levels"]]
    try:
        return [affine.take_axes(matrix, order) for matrix in declared]
    except ValueError:
        return None


def _with_a_look_for_all(image: LayerImage) -> LayerImage:
    """Let all channels of a layer that has several look as the layer does."""
    count = next((image.shape[i] for i, a in enumerate(image.axes) if a.type == "channel"), 1)
    if count == 1 or image.kind != "image":
        return image
    display = replace(image.display, channels=image.display.channels * count)
    return replace(image, display=display)


def _with_colours_as_channels(image: LayerImage) -> LayerImage:
    """Make the last array axis of an RGB layer, its colours, a channel axis in front of space."""
    first_space = next(i for i, axis in enumerate(image.axes) if axis.type == "space")
    axes = (*image.axes[:first_space], Axis("c", "channel"), *image.axes[first_space:])
    levels = []
    for level in image.levels:
        n = len(image.axes)
        order = (*range(first_space), n, *range(first_space, n))
        pixels = level.pixels.transpose(order)
        levels.append(LayerLevel(pixels, affine.insert_axis(level.affine, first_space, 1.0, 0.0)))
    factors = (*image.factors[:first_space], 1.0, *image.factors[first_space:])
    return replace(image, axes=axes, levels=tuple(levels), factors=factors)
