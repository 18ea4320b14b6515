"""Opening a part of a container, or a folder around many: what belongs together comes along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from checks import open_layers
from labelled import label, with_labels
from ome_stores import (
    Files,
    all_problems,
    image,
    ome_group,
    serious,
    under,
    write,
)
from plates import Field, Opened, Wells, every, fill, plate
from voxels import labels_of, pictures_of, place_of, places_of

import napari_strata as strata

VERSIONS = ["0.4", "0.5", "0.6"]
METADATA = {"0.4": ".zattrs", "0.5": "zarr.json", "0.6": "zarr.json"}

# ------------------------------------------------------------------------- inside one image

LEVELS: dict[str, Any] = {"0": ((8, 8), [2, 2], [10, 20]), "1": ((4, 4), [4, 4], [11, 21])}
CROP: dict[str, Any] = {"0": ((4, 4), [2, 2], [14, 24])}


def labelled(version: str) -> Files:
    """8 × 8 voxels of 2 µm from (10, 20); two labels, one of them a part from (14, 24)."""
    labels = {
        "all": label("yx", LEVELS, version=version),
        "part": label("yx", CROP, version=version),
    }
    return with_labels(image("yx", LEVELS, version=version), labels, version=version)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("part", ["", "0", "1", "metadata", "level-metadata"])
def test_a_part_of_an_image_opens_all_of_it_with_its_labels(part, version, tmp_path):
    """Whichever level or file is named: one image with two levels, and two labels over it."""
    root = write(tmp_path / "a.zarr", labelled(version))
    own = METADATA[version]
    array = ".zarray" if version == "0.4" else own
    path = {"metadata": own, "level-metadata": f"1/{array}"}.get(part, part)
    dataset = strata.open(root / path)
    (picture,) = pictures_of(dataset)
    by_name = {found.path.rpartition("/")[2]: found for found in labels_of(dataset)}
    assert set(by_name) == {"all", "part"}
    assert len(picture.levels) == len(by_name["all"].levels) == 2
    for found in (picture, by_name["all"]):
        assert place_of(found, 64) == {"y": 24, "x": 34}
        assert place_of(found, 16, 1) == {"y": 23, "x": 33}
    assert place_of(by_name["part"], 16) == {"y": 20, "x": 30}
    assert not serious(dataset, *dataset.images)
    assert len(open_layers(root / path)) == 3


@pytest.mark.parametrize("version", VERSIONS)
def test_a_level_of_a_label_is_the_label(version, tmp_path):
    """Its own place is kept: (14, 24) is voxel 0 of the part."""
    root = write(tmp_path / "a.zarr", labelled(version))
    dataset = strata.open(root / "labels" / "part" / "0")
    (found,) = labels_of(dataset)
    assert place_of(found, 1) == {"y": 14, "x": 24}


# ---------------------------------------------------------------------------- parts of a plate


def three_fields() -> Wells:
    """Two fields of one acquisition and one of another, in three wells of two rows."""
    wells: Wells = {}
    for k, path in enumerate(["A/1", "A/3", "B/2"]):
        wells[path] = {
            str(i): Field(10001 + 1000 * (3 * k + i), acquisition=i // 2) for i in range(3)
        }
    return wells


@pytest.mark.parametrize("version", VERSIONS)
def test_a_row_of_a_plate_shows_each_field_once(version, tmp_path):
    """Its wells' grids, not the single fields besides; none of row B."""
    wells = fill(["A/1", "A/3", "B/2"], 2)
    root = write(tmp_path / "p.zarr", plate(wells, version=version))
    found = Opened(strata.open(root / "A"))
    for path in ("A/1", "A/3"):
        for one in wells[path].values():
            found.check_field(one)
    assert found.count() == 4 * 64
    assert len(found.images) == 2
    assert not [p for p in found.problems if p.severity != "info"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_row_of_wells_with_one_field(version, tmp_path):
    wells = fill(["A/1", "A/3", "B/2"])
    root = write(tmp_path / "p.zarr", plate(wells, version=version))
    found = Opened(strata.open(root / "A"))
    assert found.count() == 2 * 64
    for path in ("A/1", "A/3"):
        found.check_field(wells[path]["0"])


def look(name: str, position: int = 0) -> dict[str, Any]:
    """Return an ``omero`` of one channel; it is called ``name`` and opens at a plane of z."""
    window = {"min": 0, "max": 9, "start": 0, "end": 9}
    channel = {"label": "DAPI", "color": "FFFFFF", "window": window}
    return {"name": name, "channels": [channel], "rdefs": {"defaultZ": position}}


def named(files: Files, wells: Wells, version: str, name: str, position: int = 0) -> Files:
    """Give every field of a plate the same name, as exporters do."""
    for path, fields in wells.items():
        for inner in fields:
            metadata = files[f"{path}/{inner}/{METADATA[version]}"]
            keys = metadata if version == "0.4" else metadata["attributes"]["ome"]
            keys["omero"] = look(name, position)
    return files


@pytest.mark.parametrize("version", VERSIONS)
def test_the_fields_of_a_well_are_told_apart(version, tmp_path):
    """All are called "cells" in ``omero.name``: each image has a name of its own, with its folder.

    The single fields are where they declare to be: the first voxel of each at (0, 0).
    """
    wells = three_fields()
    files = named(plate(wells, version=version), wells, version, "cells")
    dataset = strata.open(write(tmp_path / "p.zarr", files) / "A" / "1")
    names = [found.name for found in dataset.images]
    assert len(set(names)) == len(names)
    for folder, one in wells["A/1"].items():
        single = [
            found
            for found in dataset.images
            if found.path.rpartition("/")[2] == folder and "#" not in found.path
        ]
        (field,) = single
        assert field.name == f"cells {folder}"
        assert place_of(field, one.first) == {"y": 0, "x": 0}


def test_fields_with_names_of_their_own_keep_them(tmp_path):
    wells = fill(["A/1"], 2)
    files = plate(wells)
    for folder, name in (("0", "left"), ("1", "right")):
        files[f"A/1/{folder}/.zattrs"]["omero"] = look(name)
    dataset = strata.open(write(tmp_path / "p.zarr", files) / "A" / "1")
    assert {"left", "right"} < {found.name for found in dataset.images}


# ------------------------------------------------------------------ the same problem, many times


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("part", ["", "A/1"], ids=["plate", "well"])
def test_a_problem_of_many_fields_is_told_once(part, version, tmp_path):
    """A first plane out of range in every field: one line, with how many fields have it."""
    levels: Any = [((2, 8, 8), [1, 1, 1], [0, 0, 0])]
    wells = fill(["A/1", "A/3", "B/2", "B/3"], 2, levels=levels, axes="zyx")
    files = named(plate(wells, version=version), wells, version, "cells", position=99)
    dataset = strata.open(write(tmp_path / "p.zarr", files) / part)
    told = [p for p in dataset.problems if "defaultZ" in p.where]
    assert len(told) == 1
    assert f"in {2 if part else 8} fields" in told[0].message


def test_different_problems_of_fields_are_all_told(tmp_path):
    """Two fields out of range at 99, one at 50: two lines."""
    levels: Any = [((2, 8, 8), [1, 1, 1], [0, 0, 0])]
    wells = fill(["A/1", "A/3", "B/2"], levels=levels, axes="zyx")
    files = named(plate(wells), wells, "0.4", "cells", position=99)
    files["B/2/0/.zattrs"]["omero"] = look("cells", 50)
    dataset = strata.open(write(tmp_path / "p.zarr", files))
    told = [p for p in dataset.problems if "defaultZ" in p.where]
    assert sorted("99" in p.message for p in told) == [False, True]
    assert "in 2 fields" in next(p.message for p in told if "99" in p.message)


# ---------------------------------------------------------------------------------- series


def picture(k: int, version: str = "0.4") -> Files:
    """Image k has the spacing k + 1 and the values from 1000 k + 1."""
    return image("yx", {"0": ((8, 8), [k + 1, k + 1])}, version=version)


def series(listed: list[str], version: str) -> Files:
    files = ome_group({"bioformats2raw.layout": 3}, version)
    files |= under("OME", ome_group({"series": listed}, version))
    for k in range(2):
        files |= under(str(k), picture(k, version))
    return files


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("listed", [["0", "0", "1"], ["0", "1", "0"], ["0", "./0", "1"]], ids=str)
def test_a_series_lists_an_image_twice(listed, version, tmp_path):
    """Each image is there once, at its own spacing, and the repetition is told where it is."""
    dataset = strata.open(write(tmp_path / "s.zarr", series(listed, version)))
    assert [found.path for found in dataset.images] == ["0", "1"]
    assert [place_of(found, 64)["x"] for found in dataset.images] == [7, 14]
    (problem,) = [p for p in dataset.problems if p.code == "repeated-image"]
    second = 2 if listed[2] == "0" else 1
    assert f"series[{second}]" in problem.where


def test_names_stay_with_their_images_when_one_is_listed_twice(tmp_path):
    """The OME-XML names what the series lists, the repeated one too."""
    xml = "<OME>" + "".join(f'<Image Name="{n}"/>' for n in ("first", "again", "last")) + "</OME>"
    files = series(["0", "0", "1"], "0.4") | {"OME/METADATA.ome.xml": xml}
    dataset = strata.open(write(tmp_path / "s.zarr", files))
    assert [found.name for found in dataset.images] == ["first", "last"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("file", [False, True], ids=["group", "file"])
def test_the_folder_of_a_series_list_says_which_to_open(file, version, tmp_path):
    """``OME`` has no image; the error says that the folder above has them."""
    root = write(tmp_path / "s.zarr", series(["0", "1"], version))
    path = root / "OME" / (METADATA[version] if file else "")
    with pytest.raises(strata.OpenError, match="folder above") as caught:
        strata.open(path)
    assert "series" in caught.value.problem.where


# ------------------------------------------------------------------------- folders of containers


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_folder_of_containers_opens_all_of_them(depth, version, tmp_path):
    """Two folders down as well; each image at its own spacing, labels over their image."""
    files: Files = under("day1/a.zarr", picture(0, version)) | under(
        "day1/b.zarr", labelled(version)
    )
    files |= under("day2/c.zarr", picture(2, version))
    for _ in range(depth):
        files = under("more", files)
    root = write(tmp_path / "study", files)
    dataset = strata.open(root)
    above = "more/" * depth
    by_path = {found.path: found for found in dataset.images}
    assert set(by_path) == {
        f"{above}{name}"
        for name in (
            "day1/a.zarr",
            "day1/b.zarr",
            "day1/b.zarr/labels/all",
            "day1/b.zarr/labels/part",
            "day2/c.zarr",
        )
    }
    assert place_of(by_path[f"{above}day1/a.zarr"], 64) == {"y": 7, "x": 7}
    assert place_of(by_path[f"{above}day1/b.zarr"], 64) == {"y": 24, "x": 34}
    assert place_of(by_path[f"{above}day1/b.zarr/labels/part"], 16) == {"y": 20, "x": 30}
    assert place_of(by_path[f"{above}day2/c.zarr"], 64) == {"y": 21, "x": 21}
    assert not serious(*dataset.images)


def test_a_plate_and_an_image_in_one_folder(tmp_path: Path):
    """The plate stays one image of all its wells."""
    wells = fill(["A/1", "B/2"])
    files = under("p.zarr", plate(wells)) | under("a.zarr", picture(0))
    dataset = strata.open(write(tmp_path / "study", files))
    assert len(dataset.images) == 2
    grid = next(found for found in dataset.images if found.path == "p.zarr")
    assert all(len(places_of(grid, one.first)) == 1 for one in every(wells))


def test_a_damaged_container_costs_only_itself(tmp_path):
    files = under("day1/a.zarr", picture(0)) | under("day1/b.zarr", picture(1))
    files["day1/b.zarr/.zattrs"] = "{"
    dataset = strata.open(write(tmp_path / "study", files))
    assert place_of({f.path: f for f in dataset.images}["day1/a.zarr"], 64) == {"y": 7, "x": 7}
    assert any("b.zarr" in p.where for p in all_problems(dataset) if p.severity == "error")
