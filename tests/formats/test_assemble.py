"""Levels whose voxels are too small or large for their volume to be a number still have places."""

from pathlib import Path

import pytest

import napari_strata as strata
from formats.helpers import add_attributes, write_n5_array


@pytest.mark.parametrize("size", [1e-120, 1e120])
def test_extreme_voxels_keep_their_place_and_order(tmp_path: Path, size: float):
    for level, factor in (("a", 2.0), ("b", 1.0)):
        write_n5_array(tmp_path / f"v.n5/{level}", (4, 4, 4))
        add_attributes(
            tmp_path / f"v.n5/{level}/attributes.json",
            transform={
                "axes": ["z", "y", "x"],
                "units": ["nm"] * 3,
                "scale": [size * factor] * 3,
                "translate": [0, 0, 0],
            },
        )
    add_attributes(tmp_path / "v.n5/attributes.json", multiscales=[{"datasets": ["a", "b"]}])
    image = strata.open(tmp_path / "v.n5").images[0]
    assert [(level.path, *level.scale) for level in image.levels] == [
        ("b", size, size, size),
        ("a", 2 * size, 2 * size, 2 * size),
    ]
    assert image.problems == ()
