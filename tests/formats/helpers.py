"""Containers written by tensorstore and zarr-python, attributes added as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorstore as ts
import zarr


def write_n5_array(folder: Path, shape: tuple[int, ...], dtype: str = "uint8", **keys: Any) -> None:
    """Write an N5 array filled with 1, 2, 3, …; ``shape`` in array order; ``keys`` are added."""
    metadata = {
        "dimensions": list(shape[::-1]),
        "blockSize": [64] * len(shape),
        "dataType": dtype,
        "compression": {"type": "gzip"},
    }
    kvstore = {"driver": "file", "path": f"{folder}/"}
    store = ts.open({"driver": "n5", "kvstore": kvstore, "metadata": metadata}, create=True)
    data = (np.arange(np.prod(shape)) % 251 + 1).reshape(shape).astype(dtype)
    store.result().T.write(data).result()
    add_attributes(folder / "attributes.json", **keys)


def write_zarr_array(
    folder: Path, shape: tuple[int, ...], dtype: str = "uint8", version: Any = 2, **options: Any
) -> None:
    """Write a Zarr array filled with 1, 2, 3, …"""
    array = zarr.create_array(
        folder, shape=shape, chunks=shape, dtype=dtype, zarr_format=version, **options
    )
    array[...] = (np.arange(np.prod(shape)) % 251 + 1).reshape(shape).astype(dtype)


def add_attributes(file: Path, **keys: Any) -> None:
    """Add keys to a JSON object file, which is made where it is missing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    old = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(old | keys))


def write_ome_04(
    folder: Path,
    levels: dict[str, tuple[tuple[int, ...], dict[str, Any]]],
    axes: str = "zyx",
    **attributes: Any,
) -> Path:
    """Write an OME-Zarr 0.4 image; ``levels`` are shape and {"scale": …, "translation": …}."""
    group = zarr.open_group(folder, mode="w", zarr_format=2)
    kinds = {"t": "time", "c": "channel"}
    datasets = []
    for path, (shape, transforms) in levels.items():
        write_zarr_array(folder / path, shape)
        listed = [{"type": kind, kind: numbers} for kind, numbers in transforms.items()]
        datasets.append({"path": path, "coordinateTransformations": listed})
    named = [
        {"name": n, "type": kinds.get(n, "space")} | ({} if n in "tc" else {"unit": "micrometer"})
        for n in axes
    ]
    group.attrs.update({"multiscales": [{"axes": named, "datasets": datasets}], **attributes})
    return folder


def codes(image: Any) -> list[str]:
    return [problem.code for problem in image.problems]
