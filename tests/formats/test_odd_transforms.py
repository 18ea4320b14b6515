"""Transforms by way of more axes, and parameters that an array holds in an odd data type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import napari_strata as strata

from .ome_06 import (
    axes_of,
    dataset,
    edge,
    multiscale,
    system,
    write_group,
    write_image,
)

UP = {"type": "affine", "affine": [[2, 0, 5], [0, 3, 7], [0, 1, 0]]}  # (y, x) → (2y+5, 3x+7, x)
DOWN = {"type": "affine", "affine": [[1, 0, 0, 0], [0, 1, 0, 0]]}  # the first two of them
SAME = {"type": "scale", "scale": [1, 1]}

CHAINS: dict[str, list[Any]] = {
    "more-axes-first": [UP, DOWN],
    "more-axes-between": [SAME, UP, DOWN],
    "more-axes-last": [UP, DOWN, SAME],
}


def through(steps: list[Any]) -> dict[str, Any]:
    return {"type": "sequence", "transformations": steps}


def flat(steps: list[Any]) -> dict[str, Any]:
    return multiscale([system("p", "yx")], [dataset("0", through(steps), "p")], [])


@pytest.mark.parametrize("name", CHAINS)
def test_an_image_by_way_of_more_axes(name: str, tmp_path: Path):
    """2 → 3 → 2 axes is as sound as 2 → 2: y is 2i + 5, x is 3j + 7."""
    write_image(tmp_path / "a.zarr", flat(CHAINS[name]), {"0": (6, 8)})
    (found,) = strata.open(tmp_path / "a.zarr").images
    np.testing.assert_allclose(found.levels[0].affine, [[2, 0, 5], [0, 3, 7], [0, 0, 1]])


@pytest.mark.parametrize("name", CHAINS)
def test_a_label_by_way_of_more_axes_holds_for_all_planes(name: str, tmp_path: Path):
    """The image has z, the label has not: it is repeated at z = 0, 4, 8, and stays in y, x."""
    root = tmp_path / "a.zarr"
    step = {"type": "scale", "scale": [4, 1, 1]}
    value = multiscale([system("p", "zyx")], [dataset("0", step, "p")], [])
    write_image(root, value, {"0": (3, 6, 8)})
    write_group(root / "labels", labels=["n"])
    write_image(root / "labels" / "n", flat(CHAINS[name]), {"0": (6, 8)}, **{"image-label": {}})
    _, found = strata.open(root).images
    assert [axis.name for axis in found.axes] == ["z", "y", "x"]
    level = found.levels[0]
    assert level.shape == (3, 6, 8)
    np.testing.assert_allclose(level.affine @ [2, 1, 1, 1], [8, 7, 10, 1])
    np.testing.assert_array_equal(np.asarray(level.data[2, 0]), np.arange(1, 9))


@pytest.mark.parametrize("name", ["0.5", "0.6"])
@pytest.mark.parametrize("dtype", ["complex64", "bool"])
def test_an_array_of_no_real_numbers_is_no_scale(dtype: str, name: str, tmp_path: Path):
    """Neither half of a complex number nor true is a size of voxels."""
    root = tmp_path / "a.zarr"
    step: dict[str, Any] = {"type": "scale", "path": "sizes"}
    value = multiscale([system("p", "yx")], [dataset("0", step, "p")], [])
    if name == "0.5":
        entry = {"path": "0", "coordinateTransformations": [step]}
        value = {"axes": axes_of("yx"), "datasets": [entry]}
    write_image(root, value, {"0": (6, 8)})
    zarr.create_array(root / "sizes", data=np.array([1, 1], dtype))
    with pytest.raises(strata.OpenError, match=dtype):
        strata.open(root)


def test_two_edges_may_lead_on_by_other_axes(tmp_path: Path):
    """An own further system by way of three axes: the image moves to (2i + 5, 3j + 7) in it."""
    on = edge("p", "q", through([UP, DOWN]))
    value = multiscale([system("p", "yx"), system("q", "yx")], [dataset("0", SAME, "p")], [on])
    write_image(tmp_path / "a.zarr", value, {"0": (6, 8)})
    (found,) = strata.open(tmp_path / "a.zarr").images
    moved = found.in_system("q").levels[0].affine
    np.testing.assert_allclose(moved, [[2, 0, 5], [0, 3, 7], [0, 0, 1]])
    np.testing.assert_allclose(found.levels[0].affine, np.eye(3))
