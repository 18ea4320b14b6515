"""Which images cannot be cut exactly in 2-D, and that their layers say so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_strata as strata
from formats.ome_06 import dataset, edge, multiscale, system, write_image
from napari_strata.layers.build import image_layers
from napari_strata.layers.record import Source
from napari_strata.layers.tilt import SUFFIX, is_tilted

C, S = 0.8, 0.6

MATRICES: dict[str, tuple[Any, bool]] = {
    "diagonal": (np.diag([2e-9, 3e3, 4]), False),
    "flipped": (np.diag([2, -3, 4]), False),
    "about z": ([[2, 0, 0], [0, C, -S], [0, S, C]], False),
    "sheared in the plane": ([[2, 0, 0], [0, 1, 0.3], [0, 0, 1]], False),
    "about y": ([[C, 0, S], [0, 1, 0], [-S, 0, C]], True),
    "about x": ([[C, -S, 0], [S, C, 0], [0, 0, 1]], True),
    "z moves x": ([[1, 0, 0], [0, 1, 0], [0.001, 0, 1]], True),
    "x moves z": ([[1, 0, 0.001], [0, 1, 0], [0, 0, 1]], True),
    "rounding": ([[1, 0, 1e-17], [0, 1, 0], [0, 0, 1]], False),
}


@pytest.mark.parametrize(("linear", "expected"), MATRICES.values(), ids=MATRICES)
def test_is_tilted(linear: Any, expected: bool):
    world = np.eye(4)
    world[:3, :3] = linear
    world[:3, 3] = (5, 6, 7)
    assert is_tilted(world) is expected


def test_a_plane_is_never_tilted():
    assert not is_tilted(np.array([[C, -S, 0], [S, C, 0], [0, 0, 1]]))


@pytest.mark.parametrize("about", ["z", "y"])
def test_a_tilted_layer_says_so(about: str, tmp_path: Path):
    rotations = {
        "z": [[1, 0, 0], [0, C, -S], [0, S, C]],
        "y": [[C, 0, S], [0, 1, 0], [-S, 0, C]],
    }
    value = multiscale(
        [system("p", "zyx"), system("q", "zyx")],
        [dataset("s0", {"type": "scale", "scale": [1, 1, 1]}, "p")],
        [edge("p", "q", {"type": "rotation", "rotation": rotations[about]})],
    )
    image = strata.open(write_image(tmp_path / "i.zarr", value, {"s0": (4, 5, 6)})).images[0]
    problems: list[Any] = []
    (layer,) = image_layers(Source(""), image.in_system("q"), problems)
    name = layer[1]["name"] if isinstance(layer, tuple) else layer.name
    assert name.endswith(SUFFIX) == (about == "y")
    assert [p.code for p in problems] == (["tilted"] if about == "y" else [])
