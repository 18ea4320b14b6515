"""A small stored volume, exporting it in many small blocks, and comparing what was written."""

from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tensorstore as ts
import zarr

import napari_strata as strata
from napari_strata.affine import from_scale_translate
from napari_strata.export.pixels import blocks
from napari_strata.export.pixels.codecs import Codec
from napari_strata.export.pixels.engine import write_pyramid
from napari_strata.export.pixels.pyramid import plan_pyramid
from napari_strata.export.pixels.sources import ArraySource, LevelSource
from napari_strata.export.pixels.targets import Target

SHAPE = (37, 45, 29)
CHUNKS = (8, 8, 8)


@contextmanager
def small_blocks():
    """Let blocks be as small as chunks are, so that a small volume has many."""
    before = blocks._LEAST_BYTES
    blocks._LEAST_BYTES = 1
    try:
        yield
    finally:
        blocks._LEAST_BYTES = before


def specimen(shape=SHAPE, dtype="u2"):
    """Values with ties and empty places."""
    rng = np.random.default_rng(5)
    values = rng.integers(0, 5, shape).astype(dtype)
    values[..., : shape[-1] // 3] = 0
    return values


def stored_specimen(folder: Path, values, chunks=CHUNKS, zarr_format=3):
    """Write values to a plain Zarr array."""
    array = zarr.create_array(
        folder, shape=values.shape, chunks=chunks, dtype=values.dtype, zarr_format=zarr_format
    )
    array[...] = values
    return folder


def level_source(folder: Path):
    """Return the one level of a plain array as a source."""
    return LevelSource(strata.open(folder).images[0].levels[0].data)


def pyramid_of(source, method="mode", **wishes):
    """Plan three levels of small chunks."""
    rank = len(source.shape)
    plan = {"factors": (2,) * rank, "levels": 3, "chunks": (8,) * rank, **wishes}
    types = ("space",) * rank
    return plan_pyramid(
        source.shape, from_scale_translate([1.0] * rank), types, source.dtype, method, **plan
    )


def targets_below(folder: Path, pyramid, container="zarr3", codec=None):
    """Return a target for each level in a folder."""
    return [
        Target({"driver": "file", "path": f"{folder}/{k}/"}, container, codec or Codec("zstd", 1))
        for k in range(len(pyramid.levels))
    ]


def export(source, folder: Path, *, method="mode", container="zarr3", wishes=None, **options):
    """Export a source in small blocks; return the plan."""
    pyramid = pyramid_of(source, method, **(wishes or {}))
    with small_blocks():
        write_pyramid(source, pyramid, targets_below(folder, pyramid, container), **options)
    return pyramid


def bytes_below(folder: Path):
    """Return every file's bytes by its path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def file_reads():
    """Return how often tensorstore has read a file in this process."""
    found = ts.experimental_collect_matching_metrics("/tensorstore/kvstore/file/read")
    return sum(value["count"] for metric in found for value in metric["values"] if "count" in value)


__all__ = [
    "ArraySource", "bytes_below", "export", "level_source", "pyramid_of", "small_blocks",
    "specimen", "stored_specimen", "targets_below",
]  # fmt: skip
