"""Building OME-Zarr 0.6 metadata, and writing it with arrays that zarr-python makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import zarr

_TYPES = {"t": "time", "c": "channel"}


def axes_of(names: str, unit: str = "micrometer") -> list[dict[str, Any]]:
    """Give an axis for each letter: t is time, c channels, all others space."""
    found: list[dict[str, Any]] = []
    for name in names:
        kind = _TYPES.get(name, "space")
        found.append({"name": name, "type": kind} | ({"unit": unit} if kind == "space" else {}))
    return found


def system(name: str, axes: str, unit: str = "micrometer") -> dict[str, Any]:
    return {"name": name, "axes": axes_of(axes, unit)}


def _end(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def edge(source: Any, target: Any, transform: dict[str, Any]) -> dict[str, Any]:
    return transform | {"input": _end(source), "output": _end(target)}


def dataset(path: str, transform: dict[str, Any], target: str) -> dict[str, Any]:
    return {
        "path": path,
        "coordinateTransformations": [edge({"path": path}, target, transform)],
    }


def multiscale(systems: list[Any], datasets: list[Any], transforms: list[Any]) -> dict[str, Any]:
    return {
        "coordinateSystems": systems,
        "datasets": datasets,
        "coordinateTransformations": transforms,
    }


def write_group(folder: Path, **ome: Any) -> Path:
    group = zarr.open_group(folder, mode="a", zarr_format=3)
    group.attrs["ome"] = {"version": "0.6rc0", **ome}
    return folder


def write_image(
    folder: Path, value: Any, shapes: dict[str, tuple[int, ...]], dtype: str = "uint8", **ome: Any
) -> Path:
    """Write an image whose voxels have the values 1, 2, 3, … in C order."""
    write_group(folder, multiscales=[value], **ome)
    for path, shape in shapes.items():
        data = (np.arange(np.prod(shape)) + 1).reshape(shape).astype(dtype)
        zarr.create_array(folder / path, data=data, chunks=tuple(min(n, 4) for n in shape))
    return folder
