"""Of each layer the part that is asked for; what is asked of an axis must be meant of one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from napari_strata import units
from napari_strata.export.errors import ExportError
from napari_strata.export.planning.channels import widened_loss
from napari_strata.export.planning.crop import cropped
from napari_strata.export.planning.image_parts import written_dtype
from napari_strata.export.planning.layer_image import LayerImage, layer_image
from napari_strata.export.planning.options import Options
from napari_strata.model import Axis, Problem


def asked_parts(layers: Sequence[Any], options: Options, losses: list[Problem]) -> list[LayerImage]:
    """Describe layers, and take the part of each; those without a voxel in it are left out.

    Parameters
    ----------
    layers : napari's Image and Labels layers, or `LayerImage` values.
    losses : what is to be told of it is added.

    Raises
    ------
    ExportError : a layer is of another kind, or the part is none.
    """
    wholes = [one if isinstance(one, LayerImage) else layer_image(one) for one in layers]
    if wholes:
        _check_part(wholes, options)
    found = []
    for whole in wholes:
        part = cropped(whole, options)
        losses += part.problems
        if part.image is None:
            continue
        dtype = np.dtype(whole.levels[0].pixels.dtype)
        if dtype.itemsize != written_dtype(dtype).itemsize:
            losses.append(widened_loss(whole.name, dtype))
        found.append(part.image)
    return found


def check_sizes(images: Iterable[Sequence[Axis]], options: Options) -> None:
    """Refuse sizes along axes that no image has, by the axes that are written.

    Raises
    ------
    ExportError : there is one.
    """
    known = [axis.name for axes in images for axis in axes]
    factors = options.factors
    rows = [factors] if isinstance(factors, Mapping) else factors or ()
    for what, wish in [
        ("chunks", options.chunks), ("shards", options.shards), *(("factors", row) for row in rows)
    ]:  # fmt: skip
        if isinstance(wish, Mapping):
            _check_names(what, wish, known)


def _check_part(images: Sequence[LayerImage], options: Options) -> None:
    known = [axis.name for image in images for axis in image.axes]
    _check_names("voxels", options.voxels, known)
    _check_names("box", options.box, known)
    for name in options.box:
        _check_units(name, images)
    is_timed = any(axis.type == "time" for image in images for axis in image.axes)
    if options.times is not None and not is_timed:
        raise ExportError("times: there is no time axis to take some of")


def _check_names(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    listed = list(dict.fromkeys(known))
    for name in names:
        if name not in listed:
            raise ExportError(f"{what}: found axis {name!r}, expected one of {', '.join(listed)}")


def _check_units(name: str, images: Sequence[LayerImage]) -> None:
    """Refuse a box along an axis whose numbers are other places in one layer than in another."""
    first: tuple[str, float | None] | None = None
    for image in images:
        for index, axis in enumerate(image.axes):
            if axis.name != name:
                continue
            unit = units.parse(axis.unit or "")
            factor = image.factors[index] if image.factors else 1.0
            found = None if unit is None else unit.factor * factor
            if first is None:
                first = image.name, found
            elif not _same(first[1], found):
                raise ExportError(
                    f"box along {name}: {first[0]} and {image.name} have other units there, so "
                    "the numbers are not the same place in both; export them one by one"
                )


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9)
