"""Images of one dataset with other axes: counted from the last, every layer has the same ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import napari_strata as strata
from napari_strata.layers.build import build

SIZES = {"t": 3, "z": 4, "y": 6, "x": 5, "q": 2}
SCALES = {"t": 2.0, "z": 0.5, "y": 0.25, "x": 0.25, "q": 1.0}
TYPES = {"t": "time", "q": "custom"}


def write(path: Path, axes: str) -> np.ndarray:
    """An image whose values count up; in micrometres and seconds, z from 1 µm on."""
    group = zarr.create_group(store=str(path), zarr_format=2)
    values = np.arange(np.prod([SIZES[a] for a in axes]), dtype="u2")
    values = values.reshape([SIZES[a] for a in axes])
    group.create_array("0", data=values)
    unit = {"t": {"unit": "second"}, "q": {}}
    transforms = [
        {"type": "scale", "scale": [SCALES[a] for a in axes]},
        {"type": "translation", "translation": [1.0 if a == "z" else 0.0 for a in axes]},
    ]
    entry = {
        "version": "0.4",
        "axes": [
            {"name": a, "type": TYPES.get(a, "space"), **unit.get(a, {"unit": "micrometer"})}
            for a in axes
        ],
        "datasets": [{"path": "0", "coordinateTransformations": transforms}],
    }
    group.attrs["multiscales"] = [entry]
    return values


def layers_of(tmp_path: Path, *images: str) -> dict[str, Any]:
    from napari.layers import Layer

    zarr.create_group(store=str(tmp_path / "a.zarr"), zarr_format=2)
    for axes in images:
        write(tmp_path / "a.zarr" / axes, axes)
    built = build(strata.open(tmp_path / "a.zarr"))
    assert [p for p in built.problems if p.severity != "info"] == []
    layers = [x if isinstance(x, Layer) else Layer.create(*x) for x in built.layers]
    return {layer.name: layer for layer in layers}


# images of one dataset, and the axes their layers get
CASES = [
    (("tzyx", "tyx"), ("tzyx", "tzyx")),
    (("tzyx", "yx"), ("tzyx", "yx")),
    (("tzyx", "zyx"), ("tzyx", "zyx")),
    (("zyx", "tyx"), ("zyx", "tzyx")),
    (("tyx", "qyx"), ("tyx", "qtyx")),
    (("tzyx", "qyx"), ("tzyx", "qtzyx")),
    (("zyx", "yx"), ("zyx", "yx")),
]


@pytest.mark.parametrize(("images", "expected"), CASES, ids=["+".join(i) for i, _ in CASES])
def test_axes_match_from_the_last(images: tuple[str, ...], expected: tuple[str, ...], tmp_path):
    layers = layers_of(tmp_path, *images)
    found = {name: "".join(layer.axis_labels) for name, layer in layers.items()}
    assert found == dict(zip(images, expected, strict=True))


def test_an_added_axis_has_the_others_place_and_shows_the_same_on_every_plane(tmp_path):
    layers = layers_of(tmp_path, "tzyx", "tyx")
    deep, flat = layers["tzyx"], layers["tyx"]
    np.testing.assert_array_equal(flat.extent.world, deep.extent.world)
    values = np.arange(3 * 6 * 5).reshape(3, 1, 6, 5)
    data = flat.data[0] if flat.multiscale else flat.data
    np.testing.assert_array_equal(np.asarray(data), np.repeat(values, 4, axis=1))
