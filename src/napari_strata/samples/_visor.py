"""A sample in VISoR's layout, 2025.6.1: one slice of two stacks that overlap."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from napari_strata.samples._files import integers, zarr3_array, zarr_group
from napari_strata.samples._sample import Sample, described, grid
from napari_strata.samples._specimen import Stain, image

_SPACING = (1.5, 1.03, 1.03)
_SHAPES = ((64, 112, 144), (64, 56, 72))
_POSITIONS = ((0.001, 0.002), (0.004, 0.0412))  # x and y on the stage, in millimetres
_STAINS: tuple[Stain, Stain] = ("cells", "nuclei")
_WAVELENGTHS = ("488", "561")
_AXES = ("vs", "ch", "z", "y", "x")
_SLICE = "slice_1_10x"


def visor(folder: Path) -> Sample:
    """Two stacks by two channels; every second voxel in y and x is kept."""
    path = folder / "visor.vsr"
    raw = path / "visor_raw_images"
    raw.mkdir(parents=True)
    _write(path / "info.json", {"animal_id": "SPECIMEN", "species": "none"})
    _write(raw / "selected.json", [{"name": _SLICE, "channels": list(_WAVELENGTHS)}])
    zarr_group(raw / f"{_SLICE}.zarr", 3, _attributes())
    for level, shape in enumerate(_SHAPES):
        pixels = np.array(
            [
                [integers(image(shape, _place(level, at), s), "uint16", 4000) for s in _STAINS]
                for at in _POSITIONS
            ]
        )
        zarr3_array(raw / f"{_SLICE}.zarr" / str(level), pixels, (1, 1, 32, 64, 64), _AXES)
    return described(
        "visor",
        "VISoR",
        path,
        "A slice of two stacks that overlap, each at its own position on the stage.",
        _SHAPES[0],
        _place(0, _POSITIONS[0]),
    )


def _place(level: int, position: tuple[float, float]) -> Any:
    x, y = position
    step = (1, 2**level, 2**level)
    return grid(np.multiply(_SPACING, step), (0, 1000 * y, 1000 * x))


def _scale(*numbers: float) -> list[dict[str, Any]]:
    return [{"type": "scale", "scale": [1.0, 1.0, *numbers]}]


def _attributes() -> dict[str, Any]:
    space = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
    multiscale = {
        "name": _SLICE,
        "axes": [{"name": "vs", "type": "visor_stack"}, {"name": "ch", "type": "channel"}, *space],
        "datasets": [
            {"path": str(k), "coordinateTransformations": _scale(1.0, 2.0**k, 2.0**k)}
            for k in range(len(_SHAPES))
        ],
        "coordinateTransformations": _scale(*_SPACING),
        "type": "decimation",
        "metadata": {"method": "every second voxel is kept"},
    }
    stacks = [
        {"index": i, "label": f"stack_{i + 1}", "position": list(at)}
        for i, at in enumerate(_POSITIONS)
    ]
    channels = [{"index": i, "wavelength": w} for i, w in enumerate(_WAVELENGTHS)]
    return {
        "ome": {"version": "0.5", "multiscales": [multiscale]},
        "visor": {"visor_stacks": stacks, "channels": channels},
    }


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
