"""Repeating an image along an axis that it lacks and another image has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from napari_strata import affine
from napari_strata.model import ArrayLocation, Axis, Contribution, Image, Level


def can_repeat(image: Image, other: Image) -> bool:
    """Tell whether `with_axis` can be used: single arrays, and a place on each axis."""
    placed = other.levels[0].scale is not None
    return placed and all(isinstance(level.location, ArrayLocation) for level in image.levels)


def with_axis(image: Image, other: Image, name: str) -> Image:
    """Add an axis of another image, in its length and place, where it belongs among the others.

    The image then shows the same on every plane along it.
    """
    names = [a.name for a in other.axes]
    at = names.index(name)
    before = [a for a in image.axes if a.name in names[:at]]
    position = image.axes.index(before[-1]) + 1 if before else _after_channels(image.axes)
    base = other.levels[0]
    assert base.scale is not None
    assert base.translate is not None
    place = float(base.scale[at]), float(base.translate[at])
    levels = tuple(_extend(k, position, base.shape[at], *place) for k in image.levels)
    axes = (*image.axes[:position], other.axes[at], *image.axes[position:])
    return replace(image, axes=axes, levels=levels)


def _after_channels(axes: Sequence[Axis]) -> int:
    return next((i for i, axis in enumerate(axes) if axis.type != "channel"), len(axes))


def _extend(level: Level, position: int, length: int, scale: float, translate: float) -> Level:
    assert isinstance(level.location, ArrayLocation)  # can_repeat looked
    stored = level.location.axes or tuple(range(len(level.shape)))
    own = affine.insert_axis(np.eye(len(level.shape) + 1), position, scale, translate)
    chain = level.origin
    if any(c.matrix.shape != level.affine.shape for c in chain):  # only together a square matrix
        chain = (Contribution("transforms", chain[0].where, level.affine),)
    rest = tuple(
        Contribution(c.what, c.where, affine.insert_axis(c.matrix, position, 1.0, 0.0))
        for c in chain
    )
    added = Contribution("axis of another image", level.location.where, own)
    return replace(
        level,
        shape=(*level.shape[:position], length, *level.shape[position:]),
        chunks=(*level.chunks[:position], length, *level.chunks[position:]),
        affine=affine.insert_axis(level.affine, position, scale, translate),
        origin=(added, *rest),
        location=replace(level.location, axes=(*stored[:position], None, *stored[position:])),
    )
