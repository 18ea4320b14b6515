"""The public objects: opening, looking up, and what goes with a level."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

import napari_strata as strata
from formats.helpers import add_attributes, codes, write_n5_array, write_ome_04, write_zarr_array

GRID = {"downsamplingFactors": [[1, 1, 1], [2, 2, 2]], "units": ["nm"] * 3}


def two_images(folder: Path) -> Path:
    for name, spacing in [("em/raw", [4, 6, 30]), ("lm/raw", [400, 600, 800])]:
        write_n5_array(folder / "a.n5" / name / "s0", (4, 6, 8))
        write_n5_array(folder / "a.n5" / name / "s1", (2, 3, 4))
        file = folder / "a.n5" / name / "attributes.json"
        add_attributes(file, resolution=spacing, **GRID)
    return folder / "a.n5"


def test_looking_up_images(tmp_path: Path):
    dataset = strata.open(two_images(tmp_path))
    assert [image.path for image in dataset.images] == ["em/raw", "lm/raw"]
    assert dataset["em/raw"] is dataset.images[0]
    assert dataset["/lm/raw/"] is dataset.images[1]
    assert dataset.geometries == ()
    with pytest.raises(KeyError, match=r"no image at 'em'; there are 'em/raw', 'lm/raw'"):
        dataset["em"]


def test_the_tree(tmp_path: Path):
    root = two_images(tmp_path)
    assert strata.open(root).tree().splitlines() == [
        str(root),
        "  em/raw  [neuroglancer-n5, image, zyx]",
        "    em/raw/s0  4 × 6 × 8  uint8",
        "    em/raw/s1  2 × 3 × 4  uint8",
        "  lm/raw  [neuroglancer-n5, image, zyx]",
        "    lm/raw/s0  4 × 6 × 8  uint8",
        "    lm/raw/s1  2 × 3 × 4  uint8",
    ]


def test_a_level(tmp_path: Path):
    level = strata.open(two_images(tmp_path))["em/raw"].levels[1]
    assert (level.path, level.shape, level.dtype) == ("em/raw/s1", (2, 3, 4), np.uint8)
    assert level.scale.tolist() == [60, 12, 8]  # type: ignore[union-attr]
    assert level.translate.tolist() == [15, 3, 2]  # type: ignore[union-attr]
    assert level.affine.tolist() == [
        [60, 0, 0, 15],
        [0, 12, 0, 3],
        [0, 0, 8, 2],
        [0, 0, 0, 1],
    ]
    assert level.chunks == (64, 64, 64)
    assert np.asarray(level.data).ravel()[:5].tolist() == [1, 2, 3, 4, 5]
    assert int((level.data > 3).sum()) == 21
    assert int(level.to_dask().max().compute()) == 24
    assert level.data is level.data
    product = np.linalg.multi_dot([np.eye(4), *(c.matrix for c in level.origin)])
    np.testing.assert_allclose(product, level.affine)


def test_the_corner_convention(tmp_path: Path):
    root = two_images(tmp_path)
    image = strata.open(root, origin="corner")["em/raw"]
    assert image.levels[0].translate.tolist() == [15, 3, 2]  # type: ignore[union-attr]
    assert image.levels[1].translate.tolist() == [30, 6, 4]  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="origin is 'middle', expected"):
        strata.open(root, origin="middle")  # type: ignore[arg-type]


def test_different_spacing_names_the_corner_convention(tmp_path: Path):
    root = two_images(tmp_path)
    (problem,) = strata.open(root).problems
    assert problem.code == "different-spacing"
    assert problem.where == "em/raw, lm/raw"
    assert 'origin="corner"' in problem.message
    assert strata.open(root, origin="corner").problems == ()


def test_equal_spacing_in_other_units_is_no_problem(tmp_path: Path):
    root = two_images(tmp_path)
    file = root / "lm/raw/attributes.json"
    add_attributes(file, resolution=[0.004, 0.006, 0.03], units=["um"] * 3)
    assert strata.open(root).problems == ()


def test_equal_numbers_in_other_units_are_a_problem(tmp_path: Path):
    root = two_images(tmp_path)
    add_attributes(root / "lm/raw/attributes.json", resolution=[4, 6, 30], units=["um"] * 3)
    assert [p.code for p in strata.open(root).problems] == ["different-spacing"]


def test_one_multiscale_of_several_by_name(tmp_path: Path):
    folder = write_ome_04(tmp_path / "a.zarr", {"0": ((4, 4, 4), {"scale": [1, 1, 1]})})
    write_zarr_array(folder / "b", (2, 2, 2))
    axes = [{"name": n, "type": "space"} for n in "zyx"]
    multiscales = [
        {
            "name": name,
            "axes": axes,
            "datasets": [
                {
                    "path": path,
                    "coordinateTransformations": [{"type": "scale", "scale": [scale] * 3}],
                }
            ],
        }
        for name, path, scale in [("first", "0", 1), ("3D", "b", 2), ("again", "0", 3)]
    ]
    add_attributes(folder / ".zattrs", multiscales=multiscales)
    assert strata.open(folder).images[0].name == "3D"
    assert codes(strata.open(folder).images[0]) == ["several-multiscales"]
    chosen = strata.open(folder, multiscale="again").images[0]
    assert chosen.levels[0].scale.tolist() == [3, 3, 3]  # type: ignore[union-attr]
    with pytest.raises(strata.OpenError, match='expected "fourth"'):
        strata.open(folder, multiscale="fourth")


def test_a_level_of_an_unknown_codec_is_left_out(tmp_path: Path):
    root = two_images(tmp_path)
    add_attributes(root / "em/raw/s1/attributes.json", compression={"type": "jpeg2000"})
    image = strata.open(root)["em/raw"]
    assert [level.path for level in image.levels] == ["em/raw/s0"]
    (problem,) = image.problems
    assert (problem.code, problem.severity) == ("unknown-codec", "error")
    assert "s1/attributes.json" in problem.where
    assert "jpeg2000" in problem.message


def test_an_image_of_unknown_codecs_alone_costs_the_others_nothing(tmp_path: Path):
    root = two_images(tmp_path)
    for name in ("s0", "s1"):
        add_attributes(root / f"em/raw/{name}/attributes.json", compression={"type": "x"})
    dataset = strata.open(root)
    assert [image.path for image in dataset.images] == ["lm/raw"]
    assert {p.code for p in dataset.problems} == {"unknown-codec"}
    with pytest.raises(strata.OpenError, match=r"attributes\.json"):
        strata.open(root / "em/raw")


def test_what_is_shown_of_the_objects(tmp_path: Path):
    dataset = strata.open(two_images(tmp_path))
    assert repr(dataset.images[0]) == "<Image 'em/raw' neuroglancer-n5 image, 2 levels>"
    assert repr(dataset.images[0].levels[0]) == "<Level 'em/raw/s0' (4, 6, 8) uint8>"
    assert repr(dataset).endswith("a.n5', 2 images>")


def test_an_error_crosses_to_another_process(tmp_path: Path):
    with pytest.raises(strata.OpenError) as caught:
        strata.open(tmp_path / "gone.n5")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value) == f"{tmp_path}/gone.n5: does not exist"
    assert copy.problem == caught.value.problem
    assert isinstance(copy, ValueError)
