"""How each level of an image comes about: computed from the one above, or copied."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from napari_strata import units
from napari_strata.arrays.level_array import LevelArray
from napari_strata.export.errors import ExportError
from napari_strata.export.pixels.pyramid import LevelPlan, Pyramid, plan_pyramid
from napari_strata.export.pixels.reduce import Method
from napari_strata.export.pixels.sources import ArraySource, LevelSource, Source
from napari_strata.export.planning.channels import Channels, ChannelSource, WidenedSource
from napari_strata.export.planning.layer_image import LayerImage, LayerLevel
from napari_strata.export.planning.options import Options, factors_for, sizes_for
from napari_strata.model import Axis


@dataclass(frozen=True)
class Part:
    """Levels that are made from one source.

    Attributes
    ----------
    source : of the first of them.
    pyramid : these levels; the factors of the first are 1.
    first : its index among the levels of the image.
    copied : whether that one is copied from a coarser level of the layer.
    """

    source: Source
    pyramid: Pyramid
    first: int
    copied: bool


def plan_parts(image: LayerImage, options: Options, *, levels: int | None = None) -> list[Part]:
    """Plan an image's levels; reads nothing.

    Parameters
    ----------
    levels : how many there must be, whatever the options say. Where an image cannot be made
        coarser so often, the last levels are alike.

    Raises
    ------
    ExportError : what is asked for does not fit the image, or its values cannot be written.
    """
    method = _method(image, options)
    _check_values(image)
    wanted = levels or options.levels
    copies = list(image.levels[1:]) if options.copy_levels else []
    if wanted is not None:
        copies = copies[: wanted - 1]
    parts = []
    for index, level in enumerate([image.levels[0], *copies]):
        is_last = index == len(copies)
        count: int | None = 1
        if is_last and not (copies and wanted is None):
            count = None if wanted is None else wanted - index
        pyramid = _pyramid(image, level, options, method, count, index)
        if is_last and levels is not None:
            pyramid = _padded(pyramid, levels - index)
        parts.append(Part(source_of(level.pixels), pyramid, index, index > 0))
    return parts


def levels_of(parts: Sequence[Part]) -> tuple[LevelPlan, ...]:
    """List the levels of all parts, finest first."""
    return tuple(level for part in parts for level in part.pyramid.levels)


def _method(image: LayerImage, options: Options) -> Method:
    """Return what is asked for; a mean or median of labels would be another label."""
    if image.kind == "labels" and options.method in (None, "mean", "median"):
        return "mode"
    return options.method or "mean"


def _check_values(image: LayerImage) -> None:
    dtype = np.dtype(image.levels[0].pixels.dtype)
    if dtype.kind not in "biuf" or dtype.itemsize > 8:
        raise ExportError(
            f"{image.name}: voxels of type {dtype} cannot be written, only whole or real numbers "
            "of up to 64 bits"
        )
    if image.kind == "labels" and dtype.kind == "f":
        raise ExportError(f"{image.name}: labels of type {dtype} cannot be written, only integers")


def _pyramid(
    image: LayerImage,
    level: LayerLevel,
    options: Options,
    method: Method,
    levels: int | None,
    above: int,
) -> Pyramid:
    """Plan ``levels`` levels; there are so many finer ones ``above``."""
    axes = image.axes
    shape = tuple(int(n) for n in level.pixels.shape)
    factors = factors_for(axes, options.factors)
    if isinstance(factors, list):  # one entry a level
        factors = factors[above : None if levels is None else above + levels - 1] or None
    chunks = None
    if options.chunks is not None:
        chunks = sizes_for(axes, options.chunks, _plain_chunks(axes, shape))
    plan = functools.partial(
        plan_pyramid, shape, level.affine, [axis.type for axis in axes],
        written_dtype(level.pixels.dtype), method,
        factors=factors, levels=levels, chunks=chunks, unit_sizes=_unit_sizes(axes),
    )  # fmt: skip
    try:
        if isinstance(options.shards, bool):
            return plan(shards=options.shards)
        unsharded = plan().levels[0].chunks
        return plan(shards=sizes_for(axes, options.shards, unsharded))
    except ExportError as error:
        raise ExportError(f"{image.name}: {error}") from error


def _plain_chunks(axes: Sequence[Axis], shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(
        min(128, n) if axis.type == "space" else 1 for axis, n in zip(axes, shape, strict=True)
    )


def _unit_sizes(axes: Sequence[Axis]) -> tuple[float, ...]:
    """Return how long a unit of each axis is; 1 of all where that cannot be told of one in space.

    Axes of one image may be declared in nanometres and micrometres.
    """
    found = [units.parse(axis.unit or "") for axis in axes]
    if any(unit is None for unit, axis in zip(found, axes, strict=True) if axis.type == "space"):
        return (1.0,) * len(axes)
    return tuple(1.0 if unit is None else unit.factor for unit in found)


def _padded(pyramid: Pyramid, levels: int) -> Pyramid:
    """Repeat the coarsest level until there are so many."""
    last = pyramid.levels[-1]
    same = replace(last, factors=(1,) * len(last.shape))
    return replace(pyramid, levels=(*pyramid.levels, *[same] * (levels - len(pyramid.levels))))


# --------------------------------------------------------------------------------------- values


def written_dtype(dtype: Any) -> np.dtype[Any]:
    """Return the type in which values are written: half precision is written as single."""
    native = np.dtype(dtype).newbyteorder("=")
    return np.dtype(np.float32) if native == np.float16 else native


def source_of(pixels: Any) -> Source:
    """Return what reads an array: a stored level straight from its store, all else by slicing."""
    source: Source
    if isinstance(pixels, LevelArray):
        source = LevelSource(pixels)
    elif isinstance(pixels, Channels):
        source = ChannelSource([source_of(array) for array in pixels.arrays], pixels.axis)
    else:
        source = ArraySource(pixels)
    wide = written_dtype(source.dtype)
    return source if wide == source.dtype else WidenedSource(source, wide)
