"""The volumes that are exported: a noisy image, and a segmentation of touching cells."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

SHAPE = (1024, 512, 512)
KINDS = ("image", "labels")
CELL = 32  # voxels between the centres of two cells, about
CODEC = {"cname": "zstd", "clevel": 5, "shuffle": 1}

Planes = npt.NDArray[Any]


def image(shape: tuple[int, ...], start: int, stop: int) -> Planes:
    """Give planes of smooth structures of some 16 voxels with a camera's noise, ``uint16``."""
    rng = np.random.default_rng(0)
    coarse = rng.random([n // 16 + 2 for n in shape], dtype=np.float32)
    at = np.arange(start, stop) / 16
    low = at.astype(int)
    part = (at - low)[:, np.newaxis, np.newaxis].astype(np.float32)
    mixed = coarse[low] * (1 - part) + coarse[low + 1] * part
    smooth = np.repeat(np.repeat(mixed, 16, 1), 16, 2)[:, : shape[1], : shape[2]]
    noise = np.random.default_rng(start + 1).normal(0, 25, smooth.shape).astype(np.float32)
    return np.clip(smooth * 3000 + 200 + noise, 0, 65535).astype(np.uint16)


def labels(shape: tuple[int, ...], start: int, stop: int) -> Planes:
    """Give planes of cells: the nearest of scattered centres, nothing far from all, ``uint32``."""
    rng = np.random.default_rng(1)
    grid = [n // CELL + 2 for n in shape]
    corner = np.stack(np.meshgrid(*[np.arange(n) - 0.5 for n in grid], indexing="ij"), -1)
    centres = ((rng.random([*grid, 3]) + corner) * CELL).astype(np.float32)
    ids = (rng.permutation(np.prod(grid)).reshape(grid) * 7 + 1000).astype(np.uint32)
    y, x = np.meshgrid(*[np.arange(n, dtype=np.float32) for n in shape[1:]], indexing="ij")
    cells = (y.astype(int) // CELL, x.astype(int) // CELL)
    out = np.zeros((stop - start, *shape[1:]), np.uint32)
    for z in range(start, stop):
        best = np.full(y.shape, (0.55 * CELL) ** 2, np.float32)
        for dz, dy, dx in itertools.product((0, 1), repeat=3):
            near = (z // CELL + dz, cells[0] + dy, cells[1] + dx)
            centre = centres[near]
            far = (centre[..., 0] - z) ** 2 + (centre[..., 1] - y) ** 2 + (centre[..., 2] - x) ** 2
            closer = far < best
            best[closer] = far[closer]
            out[z - start][closer] = ids[near][closer]
    return out


def write(
    folder: Path, kind: str, container: str, *, chunks: tuple[int, ...] = (64,) * 3, times: int = 1
) -> Path:
    """Write a volume once, ``times`` times as long; return where it is."""
    size = "" if (chunks, times) == ((64,) * 3, 1) else f"-{times}x-{'x'.join(map(str, chunks))}"
    path = folder / f"{kind}{size}.{container}"
    if path.exists():
        return path
    store = _create(path.with_suffix(".partial"), kind, container, chunks, times)
    step = max(64, chunks[0])
    give = {"image": image, "labels": labels}[kind]
    for start in range(0, SHAPE[0], step):
        planes = give(SHAPE, start, min(start + step, SHAPE[0]))
        for again in range(times):
            place = again * SHAPE[0] + start
            store[place : place + len(planes)].write(planes).result()
    path.with_suffix(".partial").rename(path)
    return path


def _create(path: Path, kind: str, container: str, chunks: tuple[int, ...], times: int) -> Any:
    import tensorstore as ts

    shape = [SHAPE[0] * times, *SHAPE[1:]]
    dtype = {"image": "uint16", "labels": "uint32"}[kind]
    spec: dict[str, Any] = {
        "driver": {"zarr": "zarr", "n5": "n5"}[container],
        "kvstore": {"driver": "file", "path": str(path)},
        "create": True,
        "delete_existing": True,
    }
    if container == "zarr":
        spec["dtype"] = dtype
        compressor = {"id": "blosc", **CODEC}
        spec["metadata"] = {"shape": shape, "chunks": list(chunks), "compressor": compressor}
        return ts.open(spec).result()
    spec["metadata"] = {
        "dimensions": shape[::-1],
        "blockSize": list(chunks[::-1]),
        "dataType": dtype,
        "compression": {"type": "blosc", **CODEC},
    }
    return ts.open(spec).result().T
