"""VISoR images as the published layouts have them: arrays by zarr-python, the rest as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .helpers import write_zarr_array

MICROMETRES = [1.0, 1.0, 3.5, 1.03, 1.03]
POSITIONS = ([20.2647, 61.2581], [20.2647, 63.2581])
PLACES = ([0, 61258.1, 20264.7], [0, 63258.1, 20264.7])  # z, y, x in µm


def axes(names: str = "sczyx", unit: str | None = "micrometer") -> list[dict[str, str]]:
    """Axes; ``s`` is that of the stacks, ``t`` that of 2024.11.0."""
    kinds = {"s": "visor_stack", "t": "visor", "c": "channel"}
    space = {"type": "space"} | ({} if unit is None else {"unit": unit})
    return [{"name": n, **({"type": kinds[n]} if n in kinds else space)} for n in names]


def scaled(scale: Any) -> list[dict[str, Any]]:
    return [{"type": "scale", "scale": list(scale)}]


def moved(*by: Any) -> list[dict[str, Any]]:
    return [{"type": "translation", "translation": list(by)}]


def dataset(path: str, transforms: Any) -> dict[str, Any]:
    return {"path": path, "coordinateTransformations": transforms}


def multiscale(datasets: list[Any], names: str = "sczyx", **keys: Any) -> dict[str, Any]:
    return {"version": "0.4", "axes": axes(names), "datasets": datasets, **keys}


def levels(rank: int = 5) -> list[dict[str, Any]]:
    """Two levels, the second halved in y and x."""
    return [
        dataset("0", scaled([1.0] * rank)),
        dataset("1", scaled([*[1.0] * (rank - 2), 2.0, 2.0])),
    ]


def stacks(*positions: Any) -> list[dict[str, Any]]:
    return [{"index": i, "label": f"stack_{i + 1}", "position": p} for i, p in enumerate(positions)]


def channels(*wavelengths: Any) -> list[dict[str, Any]]:
    return [{"index": i, "wavelength": w} for i, w in enumerate(wavelengths)]


def write_image(
    folder: Path,
    entry: dict[str, Any],
    shape: tuple[int, ...] = (2, 2, 2, 4, 4),
    *,
    version: int = 2,
    paths: tuple[str, ...] = ("0", "1"),
    **own: Any,
) -> Path:
    """Write an image, halved in its last two axes from level to level; ``own`` are VISoR's keys."""
    folder.mkdir(parents=True)
    if version == 2:
        write_json(folder / ".zgroup", {"zarr_format": 2})
        write_json(folder / ".zattrs", {"multiscales": [entry], **own})
    else:
        attributes = {"ome": {"version": "0.5", "multiscales": [entry]}, "visor": own}
        node = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
        write_json(folder / "zarr.json", node)
    for level, path in enumerate(paths):
        size = (*shape[:-2], *(n >> level for n in shape[-2:]))
        options = {"chunk_key_encoding": {"name": "v2", "separator": "/"}} if version == 2 else {}
        write_zarr_array(folder / path, size, "uint16", version, **options)
    return folder


def plain_image(folder: Path, *, version: int = 2, count: int = 2) -> Path:
    """Write an image of two channels and of stacks at `POSITIONS`."""
    return write_image(
        folder,
        multiscale(levels(), coordinateTransformations=scaled(MICROMETRES)),
        (count, 2, 2, 4, 4),
        version=version,
        visor_stacks=stacks(*POSITIONS[:count]),
        channels=channels("488", "561"),
    )


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")


def stored(shape: tuple[int, ...]) -> np.ndarray:
    """What `write_image` writes."""
    return (np.arange(np.prod(shape)) % 251 + 1).reshape(shape).astype("uint16")
