"""Locking a layer to one of its levels, and what that reads.

napari reads a locked level whole along the displayed axes, however little of it is in view.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from napari.layers import Layer

from napari_strata.layers.changing.opened_image import shapes_of
from napari_strata.layers.drawing.world_units import per_layer_unit
from napari_strata.layers.inspecting.known_levels import known_levels
from napari_strata.layers.live_world import live_world

_DECIMALS = 6  # of a voxel, as where a plane is chosen

BUDGET = 512 * 2**20
"""Bytes that are read without asking."""


def lock(layer: Layer, level: int | None) -> None:
    """Show one level only, or with None the one that suits the view again.

    Raises
    ------
    ValueError
        If the layer has no such level.
    """
    if not getattr(layer, "multiscale", False):
        raise ValueError(f"the layer '{layer.name}' has one resolution only")
    if level is not None and not 0 <= level < len(layer.data):
        raise ValueError(f"the layer '{layer.name}' has levels 0 to {len(layer.data) - 1}")
    if layer.locked_data_level != level:
        layer.locked_data_level = level


def lock_cost(layer: Layer, level: int, dims: Any) -> int:
    """Return how many bytes a level read for the view takes, uncompressed; reads nothing.

    Along the displayed axes it is all of the level, along the others the chunks of the planes
    that are shown. Chunks count whole, with the channels in them that the layer does not show.
    What is in memory already costs nothing.

    Parameters
    ----------
    dims : the viewer's ``dims``: which axes are displayed.
    """
    array = layer.data[level] if layer.multiscale else layer.data
    if isinstance(array, np.ndarray):
        return 0
    first = dims.ndim - layer.ndim  # a layer's axes are the viewer's last ones
    displayed = {axis - first for axis in dims.displayed}
    chunks = chunk_sizes(array)
    count: int = np.dtype(array.dtype).itemsize * math.prod(array.shape[layer.ndim :])
    count *= _channels_in_a_chunk(layer, level)
    for axis, (size, chunk) in enumerate(zip(shapes_of(layer)[level], chunks, strict=False)):
        every = math.ceil(size / chunk)
        # Planes may begin at the end of a chunk.
        some = math.ceil((_planes(layer, level, axis, dims) - 1) / chunk) + 1
        count *= chunk * (every if axis in displayed else min(some, every))
    return count


def _channels_in_a_chunk(layer: Layer, level: int) -> int:
    """Return how many channels are read for the one that a layer of ours shows."""
    known = known_levels(layer)
    if known is None or getattr(layer, "rgb", False):
        return 1
    chunks = known.levels[level]["chunks"]
    return math.prod(int(n) for axis, n in enumerate(chunks) if axis not in known.order)


def _planes(layer: Layer, level: int, axis: int, dims: Any) -> int:
    """Return how many planes a slice takes: several where napari projects a thick one."""
    if getattr(layer, "projection_mode", "none") == "none":
        return 1
    own = axis + dims.ndim - layer.ndim
    margin = float(dims.margin_left[own] + dims.margin_right[own])
    pitch = np.linalg.norm(live_world(layer)[:-1, axis]) * layer.downsample_factors[level][axis]
    voxel = pitch * per_layer_unit(layer.units, dims.units)[axis]
    return 1 + math.ceil(round(margin / float(voxel), _DECIMALS))


def chunk_sizes(array: Any) -> list[int]:
    """Return the largest chunk along each axis; the whole array where it has no chunks."""
    chunks = getattr(array, "chunks", None)
    if chunks is None:
        return [max(int(n), 1) for n in array.shape]
    return [max(max(c, default=1) if isinstance(c, tuple | list) else int(c), 1) for c in chunks]
