"""A level of another rank than the finest is left out, and every dialect says so."""

from pathlib import Path

import pytest

import napari_strata as strata
from formats.helpers import add_attributes, write_n5_array

CASES = {
    "neuroglancer-n5": ("v", {"resolution": [1, 1, 1]}, {}),
    "n5-viewer": ("v", {}, {"pixelResolution": [1, 1]}),
    "bdv-n5": ("setup0/timepoint0", {}, {}),
}


@pytest.mark.parametrize("name", CASES)
def test_the_level_is_named(tmp_path: Path, name: str):
    path, group, odd = CASES[name]
    root = tmp_path / "a.n5"
    write_n5_array(root / path / "s0", (8, 8, 8))
    write_n5_array(root / path / "s1", (4, 4))
    if name == "n5-viewer":
        add_attributes(root / path / "s0/attributes.json", pixelResolution=[1, 1, 1])
    add_attributes(root / path / "s1/attributes.json", downsamplingFactors=[2, 2], **odd)
    if group:
        add_attributes(root / path / "attributes.json", **group)
    image = strata.open(root / path).images[0]
    assert image.format == name
    assert [level.path for level in image.levels] == ["s0"]
    (problem,) = [p for p in image.problems if p.severity == "error"]
    assert problem.code == "wrong-rank"
    assert problem.where == f"{path}/s1/attributes.json: dimensions"
    assert "found 2 axes, expected 3" in problem.message
