"""One row a level: what it is, and what is declared of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Layer

from napari_strata import affine, units
from napari_strata.layers.changing.opened_image import levels_of
from napari_strata.layers.inspecting.known_levels import KnownLevels
from napari_strata.layers.live_world import live_world

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class LevelRow:
    """A level; everything of axes is in the order of the layer's, without the channel axis.

    Attributes
    ----------
    index : 0 is the finest.
    path : relative to what was opened; empty where that is not known, or was the level itself.
    shape : in voxels; empty for a geometry.
    chunks : the smallest unit that is read; None where that is not known.
    dtype : of the values; empty for a geometry.
    nbytes : of the voxels that the layer shows, uncompressed; None for a geometry.
    scale, translate : as declared, in ``units``; None where more is declared than those, or
        nothing is known to be.
    units : as declared, None for a plain voxel; empty where nothing is known.
    extent : how large it is drawn along each of its axes, in the layer's units as they are now,
        from edge to edge; of a geometry the size of its bounds. None where it is not known.
    vertices : how many there are, of a geometry whose store says so.
    """

    index: int
    path: str
    shape: tuple[int, ...]
    chunks: tuple[int, ...] | None
    dtype: str
    nbytes: int | None
    scale: Numbers | None
    translate: Numbers | None
    units: tuple[str | None, ...]
    extent: Numbers | None
    vertices: int | None = None


def known_rows(layer: Layer, known: KnownLevels) -> tuple[LevelRow, ...]:
    """Describe the levels of a layer of ours, as its record has them."""
    declared = tuple(known.axes[axis].unit for axis in known.order)
    moved = affine.compose(live_world(layer), affine.invert(known.worlds[0]))
    rows = []
    for index, (level, data) in enumerate(zip(known.levels, levels_of(layer), strict=True)):
        pitch = _pitch(affine.compose(moved, known.worlds[index]))
        shape = tuple(int(level["shape"][axis]) for axis in known.order)
        rows.append(
            LevelRow(
                index=index,
                path=str(level["path"]),
                shape=shape,
                chunks=tuple(int(level["chunks"][axis]) for axis in known.order),
                dtype=str(level["dtype"]),
                nbytes=_nbytes(data),
                scale=_picked(level["scale"], known.order),
                translate=_picked(level["translate"], known.order),
                units=declared,
                extent=_extent(pitch, shape),
            )
        )
    return tuple(rows)


def plain_rows(layer: Layer) -> tuple[LevelRow, ...]:
    """Describe the levels of any other Image or Labels layer, by what napari knows."""
    pitch = _pitch(live_world(layer))
    rows = []
    factors = np.asarray(layer.downsample_factors).reshape(-1, layer.ndim)
    shapes = layer.level_shapes.tolist()
    for index, (data, shape) in enumerate(zip(levels_of(layer), shapes, strict=True)):
        ratio = factors[index] if layer.multiscale else np.ones(layer.ndim)
        rows.append(
            LevelRow(
                index=index,
                path="",
                shape=tuple(shape),
                chunks=_chunks(data, len(shape)),
                dtype=str(data.dtype),
                nbytes=_nbytes(data),
                scale=None,
                translate=None,
                units=(),
                extent=_extent(pitch * ratio, shape),
            )
        )
    return tuple(rows)


def geometry_rows(note: Mapping[str, Any]) -> tuple[LevelRow, ...]:
    """Describe the levels of a geometry, as its record has them."""
    names = [str(axis["name"]) for axis in note["axes"]]
    order = [names.index(name) for name in note["layer_axes"]]
    declared = [note["axes"][axis]["unit"] for axis in order]
    parsed = [None if unit is None else units.parse(unit) for unit in declared]
    factors = [1.0 if unit is None else unit.factor for unit in parsed]
    return tuple(
        LevelRow(
            index=index,
            path=str(level["path"]),
            shape=(),
            chunks=None,
            dtype="",
            nbytes=None,
            scale=_picked(level["declared_scale"], order),
            translate=_picked(level["declared_translate"], order),
            units=tuple(declared),
            extent=_size(level["bounds"], order, factors),
            vertices=level["vertex_count"],
        )
        for index, level in enumerate(note["levels"])
    )


def _picked(values: Sequence[float] | None, order: Sequence[int]) -> Numbers | None:
    return None if values is None else tuple(float(values[axis]) for axis in order)


def _pitch(world: affine.Matrix) -> affine.Vector:
    """Give how far a voxel is from the next along each axis."""
    found: affine.Vector = np.linalg.norm(world[:-1, :-1], axis=0)
    return found


def _extent(pitch: affine.Vector, shape: Sequence[int]) -> Numbers:
    return tuple(float(p * n) for p, n in zip(pitch, shape, strict=True))


def _size(bounds: Any, order: Sequence[int], factors: Sequence[float]) -> Numbers | None:
    """Give the size of a box that has limits, in the layer's units."""
    if bounds is None or any(value is None for corner in bounds for value in corner):
        return None
    low, high = np.asarray(bounds, dtype=np.float64)
    sizes = (high - low)[list(order)] * factors
    return tuple(float(s) for s in sizes) if np.all(np.isfinite(sizes)) else None


def _nbytes(data: Any) -> int:
    return int(math.prod(data.shape) * np.dtype(data.dtype).itemsize)


def _chunks(data: Any, ndim: int) -> tuple[int, ...] | None:
    """Ask an array of any library; dask calls its usual size ``chunksize``."""
    found = getattr(data, "chunksize", None) or getattr(data, "chunks", None)
    if not isinstance(found, Sequence) or not all(isinstance(n, int) for n in found):
        return None
    return tuple(int(n) for n in found)[:ndim]
