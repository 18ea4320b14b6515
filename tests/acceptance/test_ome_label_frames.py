"""Labels that leave their units, names of axes or size to the image they belong to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checks import open_layers
from labelled import VERSIONS, finest, label, scales, split, with_labels
from ome_stores import Files, all_problems, codes, early, image, numbered, read, serious, write
from voxels import labels_of, pictures_of, place_of, places_of

import napari_strata as strata

SIZES = {"z": 4, "y": 8, "x": 8, "c": 2, "t": 3}


def opened(folder: Any, files: Files) -> tuple[Any, Any, Any]:
    """Open an image with one label: the dataset, the image, the label."""
    dataset = strata.open(write(folder / "a.zarr", files))
    (picture,), (drawn,) = pictures_of(dataset), labels_of(dataset)
    return dataset, picture, drawn


def renamed(files: Files, version: str, **changes: Any) -> Files:
    """Change the axes of an image: ``names`` anew, in order, or another ``unit`` (None: none)."""
    group = files[".zattrs"] if version == "0.4" else files["zarr.json"]["attributes"]["ome"]
    entry = group["multiscales"][0]
    axes = entry["coordinateSystems"][0]["axes"] if version == "0.6" else entry["axes"]
    for index, axis in enumerate(axes):
        if "names" in changes:
            axis["name"] = changes["names"][index]
        if "unit" in changes and axis["type"] == "space":
            axis.pop("unit")
            if changes["unit"] is not None:
                axis["unit"] = changes["unit"]
    return files


# ------------------------------------------------------------------------------------- units


@pytest.mark.parametrize("version", VERSIONS)
def test_a_label_without_units_has_those_of_its_image(version, tmp_path):
    """Image: nm, 4 a voxel. The label says 8 a voxel at 40, and no unit: 0.008 µm at 0.04 µm."""
    picture = image("zyx", {"0": ((4, 8, 8), [4, 4, 4])}, version=version)
    drawn = label("zyx", {"0": ((2, 4, 4), [8, 8, 8], [40, 0, 8])}, version=version)
    files = with_labels(
        renamed(picture, version, unit="nanometer"),
        {"n": renamed(drawn, version, unit=None)},
        version=version,
    )
    dataset, _, found = opened(tmp_path, files)
    assert place_of(found, 1) == pytest.approx({"z": 0.04, "y": 0, "x": 0.008})
    assert place_of(found, 32) == pytest.approx({"z": 0.048, "y": 0.024, "x": 0.032})
    assert "label-unit-assumed" in serious(dataset, found)
    (shown,), (over,) = split(open_layers(tmp_path / "a.zarr"))
    assert [str(unit) for unit in over.units] == [str(unit) for unit in shown.units]
    np.testing.assert_allclose(over.scale, np.multiply(2, shown.scale), rtol=1e-12)
    np.testing.assert_allclose(over.translate, [0.04, 0, 0.008], rtol=1e-12)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_label_with_units_beside_an_image_without(version, tmp_path):
    """No number of voxels is a length: that they may lie apart is said."""
    picture = image("yx", {"0": ((8, 8), [4, 4])}, version=version)
    drawn = label("yx", {"0": ((8, 8), [4, 4])}, version=version)
    files = with_labels(renamed(picture, version, unit=None), {"n": drawn}, version=version)
    dataset, _, found = opened(tmp_path, files)
    assert "label-unit-differs" in serious(dataset, found)


def test_0_6_a_transform_to_a_label_without_units(tmp_path):
    """To the label q = p + (100, 0) nm: its first voxel lies at −100 nm, not at −100 µm."""
    picture = renamed(image("yx", {"0": ((8, 8), [4, 4])}, version="0.6"), "0.6", unit="nanometer")
    entry = picture["zarr.json"]["attributes"]["ome"]["multiscales"][0]
    entry["coordinateTransformations"] = [
        {
            "type": "translation",
            "translation": [100, 0],
            "input": {"name": "physical"},
            "output": {"path": "labels/n", "name": "physical"},
        }
    ]
    drawn = renamed(label("yx", {"0": ((8, 8), [4, 4])}, version="0.6"), "0.6", unit=None)
    _, _, found = opened(tmp_path, with_labels(picture, {"n": drawn}, version="0.6"))
    assert place_of(found, 1) == pytest.approx({"y": -0.1, "x": 0})
    assert place_of(found, 64) == pytest.approx({"y": -0.072, "x": 0.028})


# -------------------------------------------------------------------------------- names of axes

# image's axes; the label's as written, and the image's axes they mean
NAMES = {
    "upper-case": ("zyx", ["Z", "Y", "X"], "zyx"),
    "upper-case-image": ("ZYX", ["z", "y", "x"], "ZYX"),
    "upper-case-plane": ("zyx", ["Y", "X"], "yx"),
    "upper-case-other-order": ("zyx", ["X", "Y", "Z"], "xyz"),
    "numbers": ("zyx", ["dim_0", "dim_1", "dim_2"], "zyx"),
    "numbers-plane": ("zyx", ["dim_0", "dim_1"], "yx"),
    "numbers-without-channels": ("czyx", ["dim_0", "dim_1", "dim_2"], "zyx"),
    "some-others": ("zyx", ["z", "row", "column"], "zyx"),
    "some-others-without-channels": ("czyx", ["z", "row", "column"], "zyx"),
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", NAMES)
def test_axes_of_other_names_lie_over_those_of_the_image(case, version, tmp_path):
    """The label covers its image, 2 × 1 × 1 µm a voxel, and neither gets an axis more.

    Names that say nothing mean the last axes of space, in their order, and that is said.
    """
    axes, own, meant = NAMES[case]
    lower, order = axes.lower(), meant.lower()
    steps = {"z": 2.0}
    shape = tuple(SIZES[n] for n in order)
    scale = [steps.get(n, 1.0) for n in order]
    full = {"0": (tuple(SIZES[n] for n in lower), [steps.get(n, 1.0) for n in lower])}
    picture = renamed(image(lower, full, version=version), version, names=axes)
    drawn = renamed(label(order, {"0": (shape, scale)}, version=version), version, names=own)
    dataset, _, found = opened(tmp_path, with_labels(picture, {"n": drawn}, version=version))
    assert {a.name for a in found.axes} <= set(axes)
    # A channel axis becomes layers, so all layers are of z, y, x.
    assert {layer.ndim for layer in open_layers(tmp_path / "a.zarr")} == {3}
    ends = [(n - 1) * step for n, step in zip(shape, scale, strict=True)]
    places = places_of(found, int(np.prod(shape)))
    assert len(places) == (1 if "z" in order else 4)
    for at in places:
        assert [at[n] for n in meant] == pytest.approx(ends)
    if "numbers" in case or "others" in case:
        assert "label-axes-assumed" in serious(dataset, found)


# ------------------------------------------------------------------------- before 0.4: the size

# image's size, the label's levels, their steps along z, y, x; last voxel of the first one
SIZED: dict[str, Any] = {
    "half": ((4, 8, 8), [(4, 4, 4)], [[1, 2, 2]], [3, 6, 6]),
    "half-and-quarter": ((4, 8, 8), [(4, 4, 4), (4, 2, 2)], [[1, 2, 2], [1, 4, 4]], [3, 6, 6]),
    "all-axes": ((4, 8, 8), [(2, 4, 2)], [[2, 2, 4]], [2, 6, 4]),
    "odd": ((1, 9, 9), [(1, 5, 5)], [[1, 1.8, 1.8]], [0, 7.2, 7.2]),
    "larger": ((4, 8, 8), [(4, 16, 16)], [[1, 0.5, 0.5]], [3, 7.5, 7.5]),
    "same": ((4, 8, 8), [(4, 8, 8), (4, 4, 4)], [[1, 1, 1], [1, 2, 2]], [3, 7, 7]),
}


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3"])
@pytest.mark.parametrize("case", SIZED)
def test_an_early_label_of_another_size_covers_its_image(case, version, tmp_path):
    """Without transforms a step is image size / label size, as between levels."""
    full, levels, steps, last = SIZED[case]
    axes = {"axes": list("tczyx")} if version == "0.3" else {}
    picture = early({"0": (1, 1, *full)}, version=version, **axes)
    paths: dict[str, Any] = {str(k): (1, 1, *size) for k, size in enumerate(levels)}
    files = with_labels(picture, {"n": early(paths, version=version, **axes)})
    dataset, _, found = opened(tmp_path, files)
    np.testing.assert_allclose([s[-3:] for s in scales(found)], steps, rtol=1e-12)
    at = place_of(found, int(np.prod(levels[0])))
    assert [at[n] for n in "zyx"] == pytest.approx(last)
    assert [place_of(found, 1)[n] for n in "zyx"] == [0, 0, 0]
    assert ("label-size-assumed" in codes(dataset, found)) is (case != "same")


def test_an_early_label_of_one_plane_is_not_stretched_along_z(tmp_path):
    """An axis of length 1 holds for all planes; it is no other size."""
    files = with_labels(early({"0": (1, 1, 4, 8, 8)}), {"n": early({"0": (1, 1, 1, 8, 8)})})
    dataset, _, found = opened(tmp_path, files)
    assert sorted(at["z"] for at in places_of(found, 64)) == [0, 1, 2, 3]
    assert {(at["y"], at["x"]) for at in places_of(found, 64)} == {(7.0, 7.0)}
    assert "label-size-assumed" not in codes(dataset, found)


def test_a_label_of_0_4_is_of_its_own_size(tmp_path):
    """It declares its place: a part of the image stays one."""
    files = with_labels(
        image("yx", {"0": ((8, 8), [1, 1])}), {"n": label("yx", {"0": ((4, 4), [1, 1])})}
    )
    _, _, found = opened(tmp_path, files)
    assert place_of(found, 16) == {"y": 3, "x": 3}


# -------------------------------------------------------------------------- 0.6: own systems


def with_system(files: Files, name: str, axes: list[dict[str, Any]], moved: list[float]) -> Files:
    """Add a further system to an image of 0.6, ``moved`` from its first."""
    entry = files["zarr.json"]["attributes"]["ome"]["multiscales"][0]
    entry["coordinateSystems"].append({"name": name, "axes": axes})
    entry.setdefault("coordinateTransformations", []).append(
        {
            "type": "translation",
            "translation": moved,
            "input": {"name": "physical"},
            "output": {"name": name},
        }
    )
    return files


PLAIN = [{"name": name, "type": "space"} for name in "yx"]
MICRONS = [axis | {"unit": "micrometer"} for axis in PLAIN]


@pytest.mark.parametrize("unit", [None, "micrometer"], ids=["without-unit", "with-unit"])
def test_a_label_keeps_its_own_further_system(unit, tmp_path):
    """The label's first voxel lies at (3, 4) in its own system, and at 0 in the image's."""
    drawn = renamed(label("yx", {"0": ((8, 8), [1, 1])}, version="0.6"), "0.6", unit=unit)
    with_system(drawn, "atlas", MICRONS if unit else PLAIN, [3, 4])
    picture = image("yx", {"0": ((8, 8), [1, 1])}, version="0.6")
    _, _, found = opened(tmp_path, with_labels(picture, {"n": drawn}, version="0.6"))
    assert "atlas" in found.systems
    assert place_of(found.in_system("atlas"), 1) == {"y": 3, "x": 4}
    assert place_of(found, 1) == {"y": 0, "x": 0}


def test_a_label_repeated_along_z_does_not_lose_its_system_silently(tmp_path):
    """A plane of labels that gets its image's z still has its own system, or says it has not."""
    drawn = label("yx", {"0": ((8, 8), [1, 1])}, version="0.6")
    with_system(drawn, "atlas", MICRONS, [3, 4])
    picture = image("zyx", {"0": ((4, 8, 8), [2, 1, 1])}, version="0.6")
    dataset, _, found = opened(tmp_path, with_labels(picture, {"n": drawn}, version="0.6"))
    assert {(at["z"], at["y"], at["x"]) for at in places_of(found, 1)} == {
        (0, 0, 0),
        (2, 0, 0),
        (4, 0, 0),
        (6, 0, 0),
    }
    if "atlas" in found.systems:
        moved = places_of(found.in_system("atlas"), 1)
        assert {(at["y"], at["x"]) for at in moved} == {(3, 4)}
    else:
        assert any("atlas" in str(p) for p in all_problems(dataset))


def test_an_own_system_with_the_name_of_one_of_a_label(tmp_path):
    """An own "labels/n:physical" at +5, and a transform to the label's "physical", +9.

    The label follows the transform, so it lies at −9; the own system moves both by 5.
    """
    picture = image("yx", {"0": ((8, 8), [1, 1])}, version="0.6")
    with_system(picture, "labels/n:physical", MICRONS, [5, 5])
    entry = picture["zarr.json"]["attributes"]["ome"]["multiscales"][0]
    entry["coordinateTransformations"].append(
        {
            "type": "translation",
            "translation": [9, 9],
            "input": {"name": "physical"},
            "output": {"path": "labels/n", "name": "physical"},
        }
    )
    drawn = label("yx", {"0": ((8, 8), [1, 1])}, version="0.6")
    _, shown, found = opened(tmp_path, with_labels(picture, {"n": drawn}, version="0.6"))
    assert place_of(found, 1) == {"y": -9, "x": -9}
    assert place_of(shown, 1) == {"y": 0, "x": 0}
    assert len(set(shown.systems)) == len(shown.systems) == 3
    assert place_of(shown.in_system("labels/n:physical"), 1) == {"y": 5, "x": 5}
    (other,) = set(shown.systems) - {"physical", "labels/n:physical"}
    assert place_of(shown.in_system(other), 1) == {"y": 9, "x": 9}
    assert place_of(found.in_system("labels/n:physical"), 1) == {"y": -4, "x": -4}


def test_a_label_with_a_repeated_name_of_axis_can_be_read(tmp_path):
    """Axes z, z, y, x with one plane on the first: read, or refused as metadata."""
    drawn = label("zzyx", {"0": ((1, 5, 8, 8), [1, 1, 1, 1])})
    files = with_labels(image("zyx", {"0": ((6, 8, 8), [1, 1, 1])}), {"n": drawn})
    dataset = strata.open(write(tmp_path / "a.zarr", files))
    for found in labels_of(dataset):
        assert 5 in found.levels[0].shape
        values = read(found.levels[0])
        assert set(np.unique(values)) == set(numbered((1, 5, 8, 8)).ravel())
    assert labels_of(dataset) or serious(dataset)


def test_the_layers_of_an_early_label_lie_over_its_image(tmp_path):
    """4 × 4 labels over 8 × 8 voxels are drawn at a step of 2 in napari."""
    files = with_labels(early({"0": (1, 1, 1, 8, 8)}), {"n": early({"0": (1, 1, 1, 4, 4)})})
    write(tmp_path / "a.zarr", files)
    _, (over,) = split(open_layers(tmp_path / "a.zarr"))
    assert list(over.scale[-2:]) == [2, 2]
    assert finest(over).shape[-2:] == (4, 4)
