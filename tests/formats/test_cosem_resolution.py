"""An array's own spacing beside its transform, whatever it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorstore as ts

import napari_strata as strata


def cosem_array(path: Path, dimensions: Any) -> Path:
    """One N5 array of 4 × 4 × 4 voxels of 1, 2 and 3 nm (z, y, x)."""
    spec = {
        "driver": "n5",
        "kvstore": {"driver": "file", "path": f"{path.as_posix()}/s0/"},
        "metadata": {"dimensions": [4, 4, 4], "dataType": "uint8", "blockSize": [4, 4, 4]},
        "create": True,
    }
    ts.open(spec).result().write(np.ones((4, 4, 4), "uint8")).result()
    file = path / "s0" / "attributes.json"
    array = json.loads(file.read_text())
    array["transform"] = {
        "axes": ["z", "y", "x"],
        "scale": [1.0, 2.0, 3.0],
        "translate": [0.0, 0.0, 0.0],
        "units": ["nm", "nm", "nm"],
    }
    array["pixelResolution"] = {"dimensions": dimensions, "unit": "nm"}
    file.write_text(json.dumps(array))
    datasets = [{"path": "s0", "transform": array["transform"]}]
    group = {"multiscales": [{"name": "", "datasets": datasets}]}
    (path / "attributes.json").write_text(json.dumps(group))
    return path


def test_the_same_spacing_is_no_problem(tmp_path: Path):
    (image,) = strata.open(cosem_array(tmp_path / "a.n5", [3.0, 2.0, 1.0])).images
    assert image.problems == ()


def test_another_spacing_is_told(tmp_path: Path):
    (image,) = strata.open(cosem_array(tmp_path / "a.n5", [9.0, 9.0, 9.0])).images
    assert [p.code for p in image.problems] == ["transforms-disagree"]
    assert image.levels[0].scale.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    "dimensions", [[1, 2, [3]], [1, 2, None], [1, 2, {}], [1, "2", 3], [True, 2, 3], [1, 2], 3]
)
def test_what_is_no_spacing_is_not_compared(tmp_path: Path, dimensions: Any):
    (image,) = strata.open(cosem_array(tmp_path / "a.n5", dimensions)).images
    assert image.levels[0].scale.tolist() == [1, 2, 3]
    assert "transforms-disagree" not in [p.code for p in image.problems]
