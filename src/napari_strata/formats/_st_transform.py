"""COSEM's ``transform``: scale and translation with named axes and units.

``order`` (``ordering`` in Render, n5-universe and older CellMap files) says whether the four
lists are in array order ("C", the default) or x-first ("F").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_strata import affine as _affine
from napari_strata.formats._survey import Sourced
from napari_strata.model import Problem
from napari_strata.store.hierarchy import Array
from napari_strata.store.values import JsonPlace, mapping, nonzero_vector, texts, vector


@dataclass(frozen=True)
class STTransform:
    """``world = scale · i + translate`` of voxel centres; everything in array order."""

    axes: tuple[str, ...]
    units: tuple[str, ...]
    scale: tuple[float, ...]
    translate: tuple[float, ...]
    source: Sourced

    @property
    def affine(self) -> _affine.Matrix:
        """The same as a matrix."""
        return _affine.from_scale_translate(self.scale, self.translate)


def read_st_transform(
    source: Sourced, array: Array, grid_axes: Sourced | None, problems: list[Problem]
) -> STTransform:
    """Read a transform for an array, repairing lists that were declared C but are x-first.

    Raises
    ------
    OpenError
        If a list is missing or not as long as the array has axes, a scale is zero, a number is
        not finite, or ``order`` and ``ordering`` disagree.
    """
    value = mapping(source.value, source.place)
    rank = len(array.shape)
    for key in ("axes", "units", "scale", "translate"):
        if key not in value:
            message = f"found no {key}, expected {rank} values, one per axis"
            raise source.place.child(key).refuse("missing-key", message)
    at = source.place.child
    axes = texts(value["axes"], at("axes"), rank)
    units = texts(value["units"], at("units"), rank)
    scale = nonzero_vector(value["scale"], at("scale"), rank)
    translate = vector(value["translate"], at("translate"), rank)
    if len(set(axes)) != rank:
        raise at("axes").unexpected(axes, "a different name for each axis")
    order = _order(value.get("order"), value.get("ordering"), source.place)
    if order == "C" and array.encoding == "n5":
        evidence = _x_first_evidence(axes, scale, array, grid_axes)
        if evidence is not None:
            order = "F"
            message = (
                f'found order "C", but {evidence}: the lists are x-first, as Render wrote them '
                "in 2022; they are reversed"
            )
            problems.append(source.place.problem("order-repaired", "warning", message))
    step = -1 if order == "F" else 1
    return STTransform(
        tuple(axes[::step]),
        tuple(units[::step]),
        tuple(scale[::step]),
        tuple(translate[::step]),
        source,
    )


def _order(order: object, ordering: object, place: JsonPlace) -> str:
    """Settle the two spellings; null is the default."""
    for key, value in (("order", order), ("ordering", ordering)):
        if value not in (None, "C", "F"):
            raise place.child(key).unexpected(value, '"C" or "F"')
    if order is not None and ordering is not None and order != ordering:
        message = f'found ordering "{ordering}" beside order "{order}", expected the same'
        raise place.child("ordering").refuse("order-contradicts", message)
    return str(order or ordering or "C")


def _x_first_evidence(
    axes: list[str], scale: list[float], array: Array, grid_axes: Sourced | None
) -> str | None:
    """Say what shows that lists declared C are x-first; None if nothing does.

    The array's ``pixelResolution`` is always x-first, and so are the group's ``axes``.
    """
    resolution = _pixel_resolution(array)
    as_written, reversed_ = False, False
    if resolution is not None and len(resolution) == len(scale):
        as_written = bool(np.allclose(np.abs(scale), resolution, atol=0))
        reversed_ = bool(np.allclose(np.abs(scale), resolution[::-1], atol=0))
    if as_written and not reversed_:
        return "its scale equals the x-first pixelResolution as written"
    if reversed_ and not as_written:
        return None
    if grid_axes is not None and grid_axes.value == axes and len(axes) > 1:
        return "its axes equal the group's x-first axes as written"
    return None


def _pixel_resolution(array: Array) -> list[float] | None:
    value = array.attributes.get("pixelResolution")
    if isinstance(value, dict):
        value = value.get("dimensions")
    if not isinstance(value, list):
        return None
    if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in value):
        return None
    return [float(v) for v in value]
