"""One scale of a precomputed volume: where its voxels are, and how they are stored.

Rules: Neuroglancer's description of precomputed volumes. All lists are x-first in the file and
reversed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_strata.model import ArrayLocation, OpenError, Problem
from napari_strata.store.hierarchy import Array, Group
from napari_strata.store.values import (
    JsonPlace,
    extents,
    mapping,
    positive_vector,
    quote,
    sequence,
    text,
)

_FARTHEST = 2**61  # tensorstore's index limit is 2^62


@dataclass(frozen=True)
class Volume:
    """What all scales share.

    ``channels`` is the length of the channel axis, which is stored even where it is 1.
    """

    group: Group
    dtype: np.dtype[Any]
    channels: int


@dataclass(frozen=True)
class Scale(Array):
    """One scale as an array of a precomputed volume; ``node`` is the folder of its chunks.

    Attributes
    ----------
    volume : the volume it is of.
    at : the scale in ``info``.
    resolution, offset : nanometres and voxels, z, y, x.
    """

    volume: Volume = field(kw_only=True, hash=False, compare=False)
    at: JsonPlace = field(kw_only=True)
    resolution: tuple[float, ...] = field(kw_only=True)
    offset: tuple[int, ...] = field(kw_only=True)

    def place(self, key: str = "") -> JsonPlace:
        """Point at a key of the scale; it has no attributes besides."""
        return self.at.child(key) if key else self.at

    def stored(self, key: str = "") -> JsonPlace:
        """Point at a key of the scale."""
        return self.place(key)

    @property
    def location(self) -> ArrayLocation:
        """Chunks are found from the volume's folder; a single channel is not shown as an axis."""
        kvstore = self.volume.group.node.kvstore()
        axes = (1, 2, 3) if self.volume.channels == 1 else None
        return ArrayLocation(kvstore, "precomputed", self.metadata, str(self.at), axes)


def read_resolution(value: object, at: JsonPlace) -> tuple[float, ...] | None:
    """Read a scale's resolution, z, y, x; None where it is not what it should be."""
    try:
        at = at.child("resolution")
        return tuple(positive_vector(mapping(value, at).get("resolution"), at, 3)[::-1])
    except OpenError:
        return None


def read_scale(value: object, at: JsonPlace, volume: Volume, problems: list[Problem]) -> Scale:
    """Read a scale.

    Raises
    ------
    OpenError
        If it cannot be used: the key that is wrong.
    """
    scale = mapping(value, at)
    for key in ("key", "size", "resolution", "chunk_sizes", "encoding"):
        if key not in scale:
            message = f"found no {key}, expected one; the scale is left out"
            raise at.child(key).refuse("missing-key", message)
    node = volume.group.node.descend(scale["key"], at.child("key"))
    size = extents(_whole(scale["size"]), at.child("size"), 3)
    resolution = positive_vector(scale["resolution"], at.child("resolution"), 3)
    offset = _offset(scale, at)
    chunk = _chunk(scale, at, problems)
    encoding = text(scale["encoding"], at.child("encoding")).lower()
    metadata = {
        "data_type": volume.dtype.name,
        "num_channels": volume.channels,
        "key": node.relative_to(volume.group.node.path),
        "size": list(size),
        "voxel_offset": list(offset),
        "chunk_size": list(chunk),
        "resolution": list(resolution),
        "encoding": encoding,
        "sharding": scale.get("sharding"),
        "compressed_segmentation_block_size": scale.get("compressed_segmentation_block_size"),
    }
    channels = () if volume.channels == 1 else (volume.channels,)
    return Scale(
        node,
        "precomputed",
        {},
        (*channels, *size[::-1]),
        volume.dtype,
        (*channels, *chunk[::-1]),
        metadata,
        volume=volume,
        at=at,
        resolution=tuple(resolution[::-1]),
        offset=offset[::-1],
    )


def _whole(value: object) -> object:
    """Write whole numbers as such: 64.0 is one in JSON."""
    if not isinstance(value, list):
        return value
    return [int(v) if isinstance(v, float) and v.is_integer() else v for v in value]


def _offset(scale: Mapping[str, Any], at: JsonPlace) -> tuple[int, ...]:
    """Return ``voxel_offset``, x-first; 0 where it is not given."""
    if scale.get("voxel_offset") is None:
        return (0, 0, 0)
    at = at.child("voxel_offset")
    result = []
    for index, item in enumerate(sequence(_whole(scale["voxel_offset"]), at, 3)):
        if isinstance(item, bool) or not isinstance(item, int) or abs(item) > _FARTHEST:
            raise at.item(index).unexpected(item, "a whole number from -2^61 to 2^61")
        result.append(item)
    return tuple(result)


def _chunk(scale: Mapping[str, Any], at: JsonPlace, problems: list[Problem]) -> tuple[int, ...]:
    """Return the first of ``chunk_sizes``, x-first: every writer has filled that one."""
    at = at.child("chunk_sizes")
    sizes = sequence(scale["chunk_sizes"], at)
    if not sizes:
        raise at.unexpected(sizes, "at least one size of chunks")
    if len(sizes) > 1:
        message = f"found {quote(sizes)}; the chunks of the first size are read"
        problems.append(at.problem("several-chunk-sizes", "info", message))
    return extents(_whole(sizes[0]), at.item(0), 3)
