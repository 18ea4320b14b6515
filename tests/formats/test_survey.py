"""Dialects of ``multiscales`` told apart, and what hostile lists do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import napari_strata as strata
from napari_strata.formats._survey import multiscales_dialect

from .helpers import add_attributes, write_n5_array, write_zarr_array

SCALE = [{"type": "scale", "scale": [1, 1]}]
DIALECTS: dict[str, tuple[Any, str]] = {
    "cosem": ([{"name": "", "datasets": [{"path": "s0", "transform": {}}]}], "cosem"),
    "cosem, only the second has one": (
        [{"datasets": [{"path": "s0"}, {"path": "s1", "transform": {}}]}],
        "cosem",
    ),
    "old cosem": ([{"datasets": ["s0", "s1"]}], "cosem"),
    "cosem without transforms": ([{"datasets": [{"path": "s0"}]}], "cosem"),
    "ome 0.4": (
        [{"version": "0.4", "datasets": [{"path": "0", "coordinateTransformations": SCALE}]}],
        "ome",
    ),
    "ome with a lying version": (
        [{"version": "0.1", "datasets": [{"path": "0", "coordinateTransformations": SCALE}]}],
        "ome",
    ),
    "ome, transforms missing": ([{"axes": [{"name": "y"}], "datasets": [{"path": "0"}]}], "ome"),
    "ome 0.3": ([{"version": "0.3", "axes": ["y", "x"], "datasets": [{"path": "0"}]}], "ome-early"),
    "ome 0.1": ([{"version": "0.1", "datasets": [{"path": "0"}]}], "ome-early"),
    "ome 0.6": ([{"coordinateSystems": [], "datasets": [{"path": "0"}]}], "ome-0.6"),
    "canonical": ({"datasets": [{"path": "s0"}]}, "canonical"),
    "an object of something else": ({"levels": []}, "unknown"),
    "empty": ([], "unknown"),
    "text": ("s0", "unknown"),
    "list of texts": (["s0"], "unknown"),
    "no datasets": ([{"axes": ["y", "x"]}], "unknown"),
    "datasets is a number": ([{"datasets": 5}], "unknown"),
}


@pytest.mark.parametrize("name", DIALECTS)
def test_dialects(name: str):
    value, expected = DIALECTS[name]
    assert multiscales_dialect(value) == expected


HOSTILE: list[Any] = [
    [{"datasets": [5]}],
    [{"datasets": [None]}],
    [{"datasets": [[]]}],
    [{"datasets": 5}, {"datasets": [{"path": "0"}]}],
    [{"datasets": [3]}, {"datasets": [{"path": "0"}]}],
    [{"datasets": ["0", 4]}],
    [{"datasets": [{"path": "\ud800", "transform": {}}]}],
    [{"datasets": [{"path": "s0\nx", "transform": {}}]}],
    [{"datasets": [{"path": "x" * 5000, "transform": {}}]}],
]


@pytest.mark.parametrize("value", HOSTILE, ids=lambda v: ascii(v)[:60])
@pytest.mark.parametrize("kind", ["n5", "zarr2", "zarr3"])
def test_lists_of_anything_are_refused_in_one_line(kind: str, value: Any, tmp_path: Path):
    if kind == "n5":
        write_n5_array(tmp_path / "a.n5/0", (4, 4))
        add_attributes(tmp_path / "a.n5/attributes.json", multiscales=value)
        opened = tmp_path / "a.n5"
    else:
        version = 2 if kind == "zarr2" else 3
        opened = tmp_path / "a.zarr"
        write_zarr_array(opened / "0", (4, 4), version=version)
        zarr.open_group(opened, mode="a", zarr_format=version)  # type: ignore[arg-type]
        if kind == "zarr2":
            add_attributes(opened / ".zattrs", multiscales=value)
        else:
            add_attributes(opened / "zarr.json", attributes={"ome": {"multiscales": value}})
    with pytest.raises(strata.OpenError) as caught:
        strata.open(opened)
    text = str(caught.value)
    assert len(text.splitlines()) == 1
    assert len(text) < 7000


BESIDE: list[Any] = [{"datasets": 5}, {"datasets": [3]}, {"datasets": None}, 7]


@pytest.mark.parametrize("other", BESIDE, ids=ascii)
@pytest.mark.parametrize("kind", ["zarr2", "zarr3"])
def test_a_damaged_multiscale_costs_nothing_to_the_one_that_is_shown(
    kind: str, other: Any, tmp_path: Path
):
    version = 2 if kind == "zarr2" else 3
    path = tmp_path / "a.zarr"
    write_zarr_array(path / "0", (4, 4), version=version)
    zarr.open_group(path, mode="a", zarr_format=version)  # type: ignore[arg-type]
    value = [{"datasets": [{"path": "0"}]}, other]
    if kind == "zarr2":
        add_attributes(path / ".zattrs", multiscales=value)
    else:
        add_attributes(path / "zarr.json", attributes={"ome": {"multiscales": value}})
    (image,) = strata.open(path).images
    assert [level.path for level in image.levels] == ["0"]
    assert "several-multiscales" in [p.code for p in image.problems]
    assert ("invalid-value" in [p.code for p in image.problems]) == (not isinstance(other, dict))


@pytest.mark.parametrize("name", ["²", "10²", "x1²", "٣", "9" * 250, "s0\n", "a\nb", "…"])
def test_names_of_folders_are_any_text(name: str, tmp_path: Path):
    write_n5_array(tmp_path / "a.n5" / name / "raw/s0", (4, 4))
    write_n5_array(tmp_path / "a.n5/other/s0", (4, 4))
    paths = [image.path for image in strata.open(tmp_path / "a.n5").images]
    assert sorted(paths) == sorted(["other", f"{name}/raw"])


def test_images_are_in_the_order_of_their_numbers(tmp_path: Path):
    for name in ("c10", "c9", "c1"):
        write_n5_array(tmp_path / f"a.n5/{name}/s0", (4, 4))
    paths = [image.path for image in strata.open(tmp_path / "a.n5").images]
    assert paths == ["c1", "c9", "c10"]


EXTREMES = {
    "factors": {"scales": [[1e300, 1, 1], [1e-300, 1, 1]]},
    "spacing": {"scales": [[1, 1, 1], [2, 2, 2]], "resolution": [1e-320, 1, 1]},
    "everything": {"scales": [[1e-300] * 3, [1e300] * 3], "resolution": [1e300] * 3},
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_numbers_are_no_crash(name: str, tmp_path: Path):
    for level in ("s0", "s1"):
        write_n5_array(tmp_path / "a.n5" / level, (4, 4, 4))
    add_attributes(tmp_path / "a.n5/attributes.json", **EXTREMES[name])
    try:
        images = strata.open(tmp_path / "a.n5").images
    except strata.OpenError as error:
        images = ()
        assert len(str(error).splitlines()) == 1  # noqa: PT017
    for level in (level for image in images for level in image.levels):
        assert np.all(np.isfinite(level.affine))


@pytest.mark.parametrize("dtype", ["f4,(", "(", "2,,", "\0", "float", "int", "a", "<f16", "", "O"])
def test_dtypes_that_are_not_zarrs(dtype: str, tmp_path: Path):
    write_zarr_array(tmp_path / "a.zarr", (4, 4))
    add_attributes(tmp_path / "a.zarr/.zarray", dtype=dtype)
    with pytest.raises(strata.OpenError, match="dtype"):
        strata.open(tmp_path / "a.zarr")
