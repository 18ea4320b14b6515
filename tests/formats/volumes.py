"""Precomputed volumes as tensorstore writes them; nothing here uses ``napari_strata``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorstore as ts

SHARDS = {
    "@type": "neuroglancer_uint64_sharded_v1",
    "preshift_bits": 1,
    "hash": "identity",
    "minishard_bits": 1,
    "shard_bits": 1,
}


@dataclass(frozen=True)
class Scale:
    """One scale; lists are x-first, ``resolution`` in nanometres."""

    resolution: tuple[float, ...]
    size: tuple[int, ...]
    offset: tuple[int, ...] = (0, 0, 0)
    encoding: str = "raw"
    sharded: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """z, y, x."""
        return self.size[::-1]

    @property
    def key(self) -> str:
        return "_".join(f"{r:g}" for r in self.resolution)

    def centre(self, voxel: Any, finest: Scale) -> np.ndarray:
        """Where the centre of a voxel (z, y, x) is, in nm, world 0 at the finest one's centre."""
        corner = np.array(voxel) + self.offset[::-1] + 0.5
        return corner * self.resolution[::-1] - np.array(finest.resolution[::-1]) / 2


def numbered(scale: Scale, channels: int = 1, dtype: str = "uint16") -> np.ndarray:
    """Values 1, 2, 3, … in array order; (channel,) z, y, x."""
    shape = (channels, *scale.shape) if channels > 1 else scale.shape
    assert math.prod(shape) < 2**16
    return (np.arange(math.prod(shape)) + 1).reshape(shape).astype(dtype)


def write_volume(
    folder: Path,
    scales: list[Scale],
    *,
    kind: str = "image",
    dtype: str = "uint16",
    channels: int = 1,
) -> Path:
    """Write a volume whose scales hold ``numbered``."""
    for scale in scales:
        described: dict[str, Any] = {
            "key": scale.key,
            "size": list(scale.size),
            "voxel_offset": list(scale.offset),
            "resolution": list(scale.resolution),
            "chunk_size": [7, 6, 5],
            "encoding": scale.encoding,
        }
        if scale.encoding == "compressed_segmentation":
            described["compressed_segmentation_block_size"] = [8, 8, 8]
        if scale.sharded:
            described["sharding"] = SHARDS
        spec = {
            "driver": "neuroglancer_precomputed",
            "kvstore": {"driver": "file", "path": f"{folder}/"},
            "multiscale_metadata": {"type": kind, "data_type": dtype, "num_channels": channels},
            "scale_metadata": described,
        }
        data = numbered(scale, channels, dtype)
        store = ts.open(spec, create=True).result()
        with ts.Transaction() as transaction:
            target = store.with_transaction(transaction)
            target[...] = (data if channels > 1 else data[None]).T
    return folder


PYRAMID = [
    Scale((4, 5, 6.5), (17, 15, 13), (10, -21, 3), sharded=True),
    Scale((8, 10, 6.5), (9, 8, 13), (5, -11, 3), encoding="png"),
    Scale((16, 20, 13), (5, 4, 7), (2, -6, 1)),
]
"""Odd sizes rounded up, odd offsets rounded down, z halved from the last scale on only."""
