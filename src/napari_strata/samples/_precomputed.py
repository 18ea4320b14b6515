"""A sample as Neuroglancer's precomputed volumes are: one info file, its lists x-first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari_strata.samples._files import Pixels, integers
from napari_strata.samples._sample import Sample, described, grid
from napari_strata.samples._specimen import image

_RESOLUTION = (1250, 1250, 1600)  # nanometres, x-first like all below
_SIZE = (128, 120, 64)
_OFFSET = (0, 4, -4)
_ENCODINGS = ("raw", "png", "raw")
_SHARDING = {
    "@type": "neuroglancer_uint64_sharded_v1",
    "preshift_bits": 3,
    "hash": "identity",
    "minishard_bits": 1,
    "shard_bits": 1,
    "minishard_index_encoding": "gzip",
    "data_encoding": "gzip",
}


def precomputed(folder: Path) -> Sample:
    """Offsets other than 0, negative in z; the finest scale is sharded, the next is PNG."""
    path = folder / "precomputed.precomputed"
    for level, encoding in enumerate(_ENCODINGS):
        factor = 2**level
        shape = tuple(n // factor for n in _SIZE)[::-1]
        offset = [n // factor for n in _OFFSET]
        resolution = [n * factor for n in _RESOLUTION]
        # A voxel's centre is half a voxel past its corner; world 0 is the centre of the finest.
        centre = [
            (r * (o + 0.5) - base / 2) / 1000
            for r, o, base in zip(resolution, offset, _RESOLUTION, strict=True)
        ]
        matrix = grid([r / 1000 for r in resolution[::-1]], centre[::-1])
        scale: dict[str, Any] = {
            "key": "_".join(map(str, resolution)),
            "size": list(shape[::-1]),
            "voxel_offset": offset,
            "resolution": resolution,
            "chunk_size": [64, 64, 32],
            "encoding": encoding,
        }
        if level == 0:
            scale["sharding"] = _SHARDING
        _write(path, scale, integers(image(shape, matrix), "uint8", 255))
    finest = [r / 1000 for r in _RESOLUTION[::-1]]
    return described(
        "precomputed",
        "Neuroglancer precomputed",
        path,
        "A grid that begins at voxel (0, 4, −4), x-first; sharded, and compressed as PNG.",
        _SIZE[::-1],
        grid(finest, [r * o for r, o in zip(finest, _OFFSET[::-1], strict=True)]),
    )


def _write(path: Path, scale: dict[str, Any], pixels: Pixels) -> None:
    """Add a scale to the volume, which is made where it is missing."""
    import tensorstore

    spec = {
        "driver": "neuroglancer_precomputed",
        "kvstore": {"driver": "file", "path": f"{path.as_posix()}/"},
        "multiscale_metadata": {"type": "image", "data_type": "uint8", "num_channels": 1},
        "scale_metadata": scale,
    }
    array = tensorstore.open(spec, create=True).result()
    # x, y, z and channel; without a transaction a shard would be written anew for each chunk.
    with tensorstore.Transaction() as transaction:
        array.with_transaction(transaction)[..., 0] = pixels.T
