"""Axes, units and spacing as Neuroglancer, BigDataViewer and n5-viewer declare them.

All lists are x-first in the file (N5 dialect) and reversed here: everything that leaves this
module is in array (C) order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from napari_strata import affine, units
from napari_strata.formats._survey import Sourced
from napari_strata.model import Axis, AxisType, ChannelDisplay, Display, Problem
from napari_strata.store.values import (
    JsonPlace,
    mapping,
    positive_vector,
    sequence,
    text,
    texts,
    vector,
)

DEFAULT_NAMES = ("x", "y", "z", "t", "c")
NEUROGLANCER_UNIT = "nm"
N5_VIEWER_UNIT = "um"

_TYPES: dict[str, AxisType] = {
    "x": "space", "y": "space", "z": "space", "t": "time", "time": "time",
    "c": "channel", "c'": "channel", "c^": "channel", "channel": "channel", "ch": "channel",
}  # fmt: skip


def axis_type(name: str) -> AxisType:
    """Tell an axis' type by its name."""
    return _TYPES.get(name.lower(), "other")


def axis_names(keys: Mapping[str, Sourced], rank: int) -> list[str]:
    """Return ``axes``, or x, y, z, t, c, d6, … ; array order.

    Raises
    ------
    OpenError
        If ``axes`` is not ``rank`` different texts.
    """
    if "axes" not in keys:
        names = [*DEFAULT_NAMES, *(f"d{i + 1}" for i in range(len(DEFAULT_NAMES), rank))]
        return names[:rank][::-1]
    names = texts(keys["axes"].value, keys["axes"].place, rank)
    if len(set(names)) != rank:
        raise keys["axes"].place.unexpected(names, "a different name for each axis")
    return names[::-1]


def default_names(rank: int) -> list[str]:
    """Name the last axes (z,) y, x and those before them d0, d1, …; array order."""
    last = ["z", "y", "x"][-rank:] if rank < 4 else ["z", "y", "x"]
    return [*(f"d{i}" for i in range(rank - len(last))), *last]


@dataclass(frozen=True)
class Spacing:
    """Grid spacing in array order, its unit where it names one, and where it was found."""

    values: list[float]
    unit: str | None
    source: Sourced


def read_pixel_resolution(source: Sourced, rank: int) -> Spacing:
    """Read ``pixelResolution``: an object with ``dimensions``, or n5-viewer's plain list.

    Raises
    ------
    OpenError
        If it is not ``rank`` finite numbers above zero, or its unit is no text.
    """
    if isinstance(source.value, list):
        values = positive_vector(source.value, source.place, rank)
        return Spacing(values[::-1], None, source)
    value = mapping(source.value, source.place)
    at = source.place.child("dimensions")
    if "dimensions" not in value:
        raise at.refuse("missing-key", "found no dimensions, expected one number an axis")
    values = positive_vector(value["dimensions"], at, rank)
    unit = None
    if value.get("unit") is not None:
        unit = text(value["unit"], source.place.child("unit"))
    return Spacing(values[::-1], unit, source)


def read_spacing(keys: Mapping[str, Sourced], rank: int) -> Spacing | None:
    """Read the spacing: ``pixelResolution`` over ``resolution``; None if there is neither."""
    resolution = None
    if "resolution" in keys:
        source = keys["resolution"]
        values = positive_vector(source.value, source.place, rank)
        resolution = Spacing(values[::-1], None, source)
    if "pixelResolution" in keys:
        source = keys["pixelResolution"]
        only_unit = isinstance(source.value, dict) and "dimensions" not in source.value
        if resolution is None or not only_unit:
            return read_pixel_resolution(source, rank)
        if source.value.get("unit") is not None:
            unit = text(source.value["unit"], source.place.child("unit"))
            return Spacing(resolution.values, unit, resolution.source)
    return resolution


def check_unit(unit: str, place: JsonPlace, problems: list[Problem]) -> str | None:
    """Return a unit as declared, None if it says "no unit"; one nobody knows is a problem."""
    if units.is_unitless(unit):
        return None
    if units.parse(unit) is None:
        message = f'found "{unit}", expected a unit of length or time such as nm; taken as pixel'
        problems.append(place.problem("unknown-unit", "warning", message))
    return unit


def make_axes(
    names: Sequence[str],
    keys: Mapping[str, Sourced],
    fallback: str | None,
    problems: list[Problem],
    place: JsonPlace | None = None,
) -> list[Axis]:
    """Give the axes their units: ``units``, else one unit for all, t and c too.

    That is Neuroglancer's rule; `napari_strata.layers` draws a time in nm as plain steps.
    ``place`` is where ``fallback`` was declared, if it was.

    Raises
    ------
    OpenError
        If ``units`` is not one text an axis.
    """
    if "units" in keys:
        source = keys["units"]
        given = texts(source.value, source.place, len(names))
        checked = [check_unit(u, source.place.item(i), problems) for i, u in enumerate(given)]
        return [Axis(n, axis_type(n), u) for n, u in zip(names, checked[::-1], strict=True)]
    if fallback is not None and place is not None:
        fallback = check_unit(fallback, place, problems)
    return [Axis(n, axis_type(n), fallback or None) for n in names]


def factors_to_affine(
    spacing: Sequence[float], factors: Sequence[float], *, corner: bool
) -> affine.Matrix:
    """Place a downsampled level: scale ``res·f``, translation ``res·(f − 1)/2``; array order.

    World 0 is the centre of the full-resolution voxel 0, or its corner, which adds ``res/2``.
    """
    half = 0.5 if corner else 0.0
    scale = [r * f for r, f in zip(spacing, factors, strict=True)]
    shift = [r * ((f - 1) / 2 + half) for r, f in zip(spacing, factors, strict=True)]
    return affine.from_scale_translate(scale, shift)


def read_affine_transform(source: Sourced, axes: Sequence[Axis]) -> affine.Matrix:
    """Read ``affineTransform``: 3 × 4, rows of x, y, z, as one list of 12 or three of 4.

    It acts on the axes named x, y, z (the last three where they have other names) and leaves
    the others alone. The result is in array order.

    Raises
    ------
    OpenError
        If it is not 12 finite numbers, cannot be inverted, or the image has no three axes.
    """
    place, value = source.place, source.value
    if isinstance(value, list) and value and isinstance(value[0], list):
        rows = sequence(value, place, 3)
        numbers = [n for i, row in enumerate(rows) for n in vector(row, place.item(i), 4)]
    else:
        numbers = vector(value, place, 12)
    n = len(axes)
    names = [a.name.lower() for a in axes]
    if n < 3:
        raise place.refuse("wrong-rank", f"found a 3-D transform on an image of {n} axes")
    spatial = [names.index(k) if k in names else n - 1 - i for i, k in enumerate("xyz")]
    matrix = np.eye(n + 1)
    x_first = np.array(numbers).reshape(3, 4)
    matrix[np.ix_(spatial, spatial)] = x_first[:, :3]
    matrix[spatial, n] = x_first[:, 3]
    if not np.isfinite(affine.log_volume(matrix)):
        raise place.unexpected(value, "a transform that can be inverted")
    return affine.frozen(matrix)


def channel_labels(keys: Mapping[str, Sourced], axes: Sequence[Axis]) -> Display:
    """Name channels after ``coordinateArrays`` of the channel axis."""
    if "coordinateArrays" not in keys:
        return Display()
    source = keys["coordinateArrays"]
    arrays = mapping(source.value, source.place)
    for axis in axes:
        if axis.type == "channel" and axis.name in arrays:
            labels = sequence(arrays[axis.name], source.place.child(axis.name))
            return Display(tuple(ChannelDisplay(label=str(label)) for label in labels))
    return Display()
