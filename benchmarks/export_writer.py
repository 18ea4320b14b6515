"""Export one volume with one writer, in this process: prints seconds and memory as JSON."""

from __future__ import annotations

import itertools
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

CHUNKS = (128, 128, 128)
LEVELS = 4


def copy(source: Path, target: Path, kind: str, level: int) -> None:
    """Copy level 0 alone with tensorstore, chunk by chunk, some at a time."""
    import tensorstore as ts

    context = ts.Context({"cache_pool": {"total_bytes_limit": 0}})
    driver = {".zarr": "zarr", ".n5": "n5"}[source.suffix]
    spec = {"driver": driver, "kvstore": {"driver": "file", "path": str(source)}}
    store = ts.open(spec, context=context).result()
    store = store.T if driver == "n5" else store
    blosc = {"cname": "zstd", "clevel": level, "shuffle": "shuffle"}
    metadata = {
        "shape": list(store.shape),
        "data_type": store.dtype.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(CHUNKS)}},
        "codecs": [
            {"name": "bytes", "configuration": {"endian": "little"}},
            {"name": "blosc", "configuration": blosc},
        ],
    }
    spec = {
        "driver": "zarr3",
        "kvstore": {"driver": "file", "path": str(target / "0")},
        "create": True,
        "metadata": metadata,
    }
    out = ts.open(spec, context=context).result()
    running: list[Any] = []
    side = CHUNKS[0]
    for corner in itertools.product(*(range(0, n, side) for n in store.shape)):
        box = tuple(slice(start, start + side) for start in corner)  # the volume has whole chunks
        running.append(out[box].write(store[box]))
        if len(running) > 8:
            running.pop(0).result()
    for write in running:
        write.result()


def strata(source: Path, target: Path, kind: str, level: int, way: Any, shards: bool) -> None:
    """Export with the engine of napari-strata."""
    import napari_strata
    from napari_strata.export.pixels.codecs import Codec
    from napari_strata.export.pixels.engine import write_pyramid
    from napari_strata.export.pixels.pyramid import plan_pyramid
    from napari_strata.export.pixels.sources import LevelSource
    from napari_strata.export.pixels.targets import Target

    found = napari_strata.open(source).images[0].levels[0]
    pyramid = plan_pyramid(
        found.shape,
        found.affine,
        ("space",) * 3,
        found.dtype,
        "mean" if kind == "image" else "mode",
        factors=(2, 2, 2),
        levels=LEVELS,
        chunks=CHUNKS,
        shards=shards,
    )
    codec = Codec("blosc", level)
    targets = [
        Target({"driver": "file", "path": f"{target}/{k}/"}, codec=codec) for k in range(LEVELS)
    ]
    write_pyramid(LevelSource(found.data), pyramid, targets, way=way)


def _dask(source: Path) -> Any:
    """Give the peers their volume, read by tensorstore, which is faster than their own readers."""
    import napari_strata

    return napari_strata.open(source).images[0].levels[0].to_dask().rechunk(CHUNKS)


def _blosc(level: int) -> Any:
    from zarr.codecs import BloscCodec

    return BloscCodec(cname="zstd", clevel=level, shuffle="shuffle")


def ome_zarr(source: Path, target: Path, kind: str, level: int) -> None:
    """Export with ome-zarr-py; it has no mode, so labels are the nearest ones."""
    from ome_zarr.scale import Methods
    from ome_zarr.writer import write_image

    write_image(
        _dask(source),
        str(target),
        scale_factors=[2**k for k in range(1, LEVELS)],
        method=Methods.LOCAL_MEAN if kind == "image" else Methods.NEAREST,
        axes="zyx",
        storage_options={"chunks": CHUNKS, "compressors": [_blosc(level)]},
    )


def ngff_zarr(source: Path, target: Path, kind: str, level: int) -> None:
    """Export with ngff-zarr, with its own mean and its own label reduction."""
    import ngff_zarr as nz

    method = nz.Methods.ITKWASM_BIN_SHRINK if kind == "image" else nz.Methods.DASK_IMAGE_MODE
    factors = [2**k for k in range(1, LEVELS)]
    pyramid = nz.to_multiscales(
        nz.to_ngff_image(_dask(source), dims=["z", "y", "x"]),
        scale_factors=factors,
        method=method,
        chunks=CHUNKS,
    )
    nz.to_ngff_zarr(str(target), pyramid, version="0.5", compressors=[_blosc(level)])


def bioio(source: Path, target: Path, kind: str, level: int) -> None:
    """Export with bioio-ome-zarr, which takes the nearest voxel of either kind."""
    from bioio_ome_zarr.writers import OMEZarrWriter

    volume = _dask(source)
    writer = OMEZarrWriter(
        str(target),
        [tuple(n >> k for n in volume.shape) for k in range(LEVELS)],
        volume.dtype,
        chunk_shape=CHUNKS,
        compressor=_blosc(level),
        zarr_format=3,
        axes_names=["z", "y", "x"],
        axes_types=["space"] * 3,
    )
    writer.write_full_volume(volume)


WRITERS: dict[str, Any] = {
    "copy": copy,
    "strata one-pass": lambda *a: strata(*a, "one-pass", False),
    "strata by-level": lambda *a: strata(*a, "by-level", False),
    "strata sharded": lambda *a: strata(*a, "one-pass", True),
    "ome-zarr-py": ome_zarr,
    "ngff-zarr": ngff_zarr,
    "bioio-ome-zarr": bioio,
}


def _import_all(writer: str) -> None:
    """Import what the writer needs before the clock starts."""
    import tensorstore  # noqa: F401

    if writer != "copy":
        import napari_strata.export.pixels.engine  # noqa: F401
    if writer == "ome-zarr-py":
        import ome_zarr.writer  # noqa: F401
    if writer == "ngff-zarr":
        import ngff_zarr  # noqa: F401
    if writer == "bioio-ome-zarr":
        import bioio_ome_zarr.writers  # noqa: F401


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _peak_memory() -> float:
    """Return this program's own peak in MB; what getrusage says began in the parent's memory."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """Export, and print what it took."""
    writer, source, target, kind, level = sys.argv[1:]
    _import_all(writer)
    before, used = time.perf_counter(), _processor_seconds()
    WRITERS[writer](Path(source), Path(target), kind, int(level))
    result = {
        "seconds": time.perf_counter() - before,
        "processor_seconds": _processor_seconds() - used,
        "peak_mb": _peak_memory(),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
