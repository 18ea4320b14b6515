"""The metadata of ZVF stores, written by hand as zarr-vectors 0.9.2 writes it: no vertices."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Files = dict[str, Any]
MS = "attributes.multiscales[0]"
ZV = "attributes.zarr_vectors"


def group(**attributes: Any) -> dict[str, Any]:
    """A group's zarr.json."""
    return {"zarr_format": 3, "node_type": "group", "attributes": attributes}


def axis(name: str, type_: str | None = "space", unit: str | None = "micrometer") -> dict[str, Any]:
    """An axis; what is None is left out."""
    found = {"name": name, "type": type_, "unit": unit}
    return {key: value for key, value in found.items() if value is not None}


def dataset(path: str, scale: Sequence[float], translation: Sequence[float]) -> dict[str, Any]:
    """A level in ``datasets``."""
    transforms = [
        {"type": "scale", "scale": list(scale)},
        {"type": "translation", "translation": list(translation)},
    ]
    return {"path": path, "coordinateTransformations": transforms}


def level(number: int, count: Any = 100, **more: Any) -> dict[str, Any]:
    """A level's zarr.json."""
    known = {"level": number, "vertex_count": count, "object_sparsity": 1.0}
    return group(zarr_vectors_level={**known, "arrays_present": ["vertices"], **more})


def store(
    *,
    kind: str = "point_cloud",
    version: Any = "0.9.2",
    axes: Any = tuple("xyz"),
    factors: Sequence[float] = (1, 2, 4),
    **multiscale: Any,
) -> Files:
    """A store of 1000, 500, 250 vertices, 400 × 300 × 200, in bins of 10 × 20 × 30 (and 40)."""
    axes = [axis(name) if isinstance(name, str) else name for name in axes]
    n = len(axes)
    bins = (10.0, 20.0, 30.0, 40.0)[:n]
    own = {
        "zv_version": version,
        "chunk_shape": [2 * b for b in bins],
        "base_bin_shape": list(bins),
        "bounds": [[0.0, 1.0, 2.0, 3.0][:n], [400.0, 300.0, 200.0, 100.0][:n]],
        "geometry_types": [kind],
    }
    datasets = [
        dataset(str(i), [float(f)] * n, [f * b / 2 for b in bins]) for i, f in enumerate(factors)
    ]
    block = {
        "version": "0.4",
        "name": "default",
        "axes": axes,
        "datasets": datasets,
        "metadata": {"format": "zarr_vectors"},
        **multiscale,
    }
    scene = {"version": "0.6", "type": "collection", "name": "x", "nodes": []}
    root = group(zarr_vectors=own, multiscales=[block], ome=scene)
    levels = {f"{i}/zarr.json": level(i, 1000 >> i) for i in range(len(factors))}
    return {"zarr.json": root, **levels}


def write(root: Path, files: Files) -> Path:
    """Write the files below ``root``; a text as it is, anything else as JSON."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content if isinstance(content, str) else json.dumps(content))
    return root
