"""Many images in one store or folder: bioformats2raw series, folders, groups in groups."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from checks import open_layers
from ome_stores import (
    all_problems,
    array,
    group,
    image,
    ome_group,
    under,
    without,
    write,
)
from plates import Opened, every, fill, plate
from sound_ome import BASES
from test_http_requests import serving

import napari_strata as strata

VERSIONS = ["0.4", "0.5", "0.6"]
SPARSE = ["A/1", "A/3", "B/2"]


# ------------------------------------------------------------------------------ bioformats2raw

OME_XML = '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">{}</OME>'
PIXELS = '<Pixels ID="Pixels:{0}" Type="uint16" SizeX="8" SizeY="8"><MetadataOnly/></Pixels>'


def ome_xml(*names: str) -> str:
    images = [
        f'<Image ID="Image:{k}" Name="{name}">{PIXELS.format(k)}</Image>'
        for k, name in enumerate(names)
    ]
    return OME_XML.format("".join(images))


def picture(k: int, version: str = "0.4") -> dict[str, Any]:
    """Image k has the spacing k + 1, so that one is told from another."""
    return image("yx", {"0": ((8, 8), [k + 1, k + 1])}, version=version)


def series(
    paths: list[str],
    *,
    listed: Any = None,
    xml: str | None = None,
    version: str = "0.4",
    **keys: Any,
) -> dict[str, Any]:
    """Return a bioformats2raw store; image k, at ``paths[k]``, has the spacing k + 1."""
    files = ome_group({"bioformats2raw.layout": 3, **keys}, version)
    if listed is not None or xml is not None:
        own = {} if listed is None else {"series": listed}
        files |= under("OME", ome_group(own, version))
    if xml is not None:
        files["OME/METADATA.ome.xml"] = xml
    for k, path in enumerate(paths):
        files |= under(path, picture(k, version))
    return files


def shown(dataset: Any) -> list[tuple[str, float]]:
    return [(found.path, float(found.levels[0].scale[0])) for found in dataset.images]


def names(dataset: Any) -> list[str]:
    return [found.name for found in dataset.images]


@pytest.mark.parametrize("version", VERSIONS)
def test_images_in_the_order_of_series(version, tmp_path):
    paths = ["2", "0", "extra/1"]
    files = series(paths, listed=paths, version=version)
    dataset = strata.open(write(tmp_path / "s.zarr", files))
    assert shown(dataset) == [("2", 1), ("0", 2), ("extra/1", 3)]
    assert not [p for p in all_problems(dataset) if p.severity != "info"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("ome", [False, True], ids=["without-OME", "OME-without-series"])
def test_numbered_groups_in_the_order_of_numbers(ome, version, tmp_path):
    """0, 1, … 10, 11: as numbers, not as texts."""
    paths = [str(k) for k in range(12)]
    files = series(paths, xml=ome_xml() if ome else None, version=version)
    dataset = strata.open(write(tmp_path / "s.zarr", files))
    assert shown(dataset) == [(str(k), k + 1) for k in range(12)]


@pytest.mark.parametrize("version", VERSIONS)
def test_names_from_ome_xml(version, tmp_path):
    xml = ome_xml("first", "zweites", "троисième")
    files = series(["0", "1", "2"], listed=["0", "1", "2"], xml=xml, version=version)
    dataset = strata.open(write(tmp_path / "s.zarr", files))
    for name, wanted in zip(names(dataset), ("first", "zweites", "троисième"), strict=True):
        assert wanted in name
    layers = open_layers(tmp_path / "s.zarr")
    assert "zweites" in layers[1].name


def test_names_follow_the_series_not_the_numbers(tmp_path):
    """Image elements are in the order of the series: group 1 is listed first, so it is "first"."""
    files = series(["1", "0"], listed=["1", "0"], xml=ome_xml("first", "second"))
    dataset = strata.open(write(tmp_path / "s.zarr", files))
    assert shown(dataset) == [("1", 1), ("0", 2)]
    assert "first" in names(dataset)[0]
    assert "second" in names(dataset)[1]


def test_names_without_series(tmp_path):
    files = series(["0", "1"], xml=ome_xml("first", "second"))
    found = names(strata.open(write(tmp_path / "s.zarr", files)))
    assert "first" in found[0]
    assert "second" in found[1]


BOMB = (
    '<!DOCTYPE OME [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><OME><Image Name="&c;"/></OME>'
)
OUTSIDE = '<!DOCTYPE OME [<!ENTITY x SYSTEM "file:///etc/hostname">]><OME><Image Name="&x;"/></OME>'


@pytest.mark.parametrize(
    "xml",
    ["<OME><Image", "", "no XML", b"\xff\xfe\x00", "<html/>", BOMB, OUTSIDE, "<a>" * 5000],
    ids=["cut", "empty", "text", "bytes", "html", "bomb", "outside", "deep"],
)
def test_a_broken_xml_costs_only_the_names(xml, tmp_path):
    files = series(["0", "1"], listed=["0", "1"], xml="")
    files["OME/METADATA.ome.xml"] = xml
    dataset = strata.open(write(tmp_path / "s.zarr", files))
    assert shown(dataset) == [("0", 1), ("1", 2)]
    assert not any("aaaaaaaaaa" in name for name in names(dataset))
    assert [p for p in all_problems(dataset) if "METADATA.ome.xml" in p.where]


@pytest.mark.parametrize("count", [1, 3])
def test_another_number_of_names_than_images(count, tmp_path):
    """Which name belongs to which image is then open: a problem says so; all images open."""
    xml = ome_xml(*["n0", "n1", "n2"][:count])
    files = series(["0", "1"], listed=["0", "1"], xml=xml)
    dataset = strata.open(write(tmp_path / "s.zarr", files))
    assert shown(dataset) == [("0", 1), ("1", 2)]
    assert "series-count" in {p.code for p in all_problems(dataset)}


def test_a_series_that_names_a_missing_group(tmp_path):
    """Its place in the series stays: the name of the third belongs to the third."""
    files = series(["0", "1", "2"], listed=["0", "1", "2"], xml=ome_xml("a0", "b1", "c2"))
    dataset = strata.open(write(tmp_path / "s.zarr", without(files, "1/")))
    assert shown(dataset) == [("0", 1), ("2", 3)]
    assert "a0" in names(dataset)[0]
    assert "c2" in names(dataset)[1]
    (problem,) = [p for p in all_problems(dataset) if p.severity == "error"]
    assert "series[1]" in problem.where


@pytest.mark.parametrize("path", ["../x", "/etc", "..", "", ".", 7, None, "gone", ["0"]], ids=str)
def test_a_series_entry_that_is_no_group(path, tmp_path):
    files = series(["0", "1"], listed=["0", path, "1"])
    write(tmp_path / "x", picture(5))
    dataset = strata.open(write(tmp_path / "s.zarr", files))
    assert shown(dataset) == [("0", 1), ("1", 2)]
    assert [p for p in all_problems(dataset) if "series[1]" in p.where]


@pytest.mark.parametrize("listed", [7, "0", {}, None], ids=str)
def test_a_series_that_is_no_list(listed, tmp_path):
    """Then the numbered groups count."""
    files = series(["0", "1"], listed=[])
    files["OME/.zattrs"] = {"series": listed}
    dataset = strata.open(write(tmp_path / "s.zarr", files))
    assert shown(dataset) == [("0", 1), ("1", 2)]
    if listed is not None:
        assert [p for p in all_problems(dataset) if "OME/.zattrs" in p.where]


@pytest.mark.parametrize("layout", [3, 2, "3", None, {}], ids=str)
def test_the_layouts_number_costs_no_image(layout, tmp_path):
    files = series(["0", "1"], listed=["1", "0"])
    files[".zattrs"] = {"bioformats2raw.layout": layout}
    dataset = strata.open(write(tmp_path / "s.zarr", files))
    assert sorted(shown(dataset)) == [("0", 1), ("1", 2)]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_plate_wins_over_the_series(version, tmp_path):
    wells = fill(SPARSE, 2)
    files = plate(wells, version=version)
    holder = files[".zattrs"] if version == "0.4" else files["zarr.json"]["attributes"]["ome"]
    holder["bioformats2raw.layout"] = 3
    paths = [f"{path}/{k}" for path in SPARSE for k in "01"]
    files |= under("OME", ome_group({"series": paths}, version))
    found = Opened(strata.open(write(tmp_path / "p.zarr", files)))
    assert len(found.images) == 1
    for f in every(wells):
        found.check_field(f)


@pytest.mark.parametrize("version", VERSIONS)
def test_labels_inside_series(version, tmp_path):
    files = series(["0", "1"], listed=["0", "1"], version=version)
    files |= under(
        "1/labels", ome_group({"labels": ["n"]}, version), under("n", picture(4, version))
    )
    dataset = strata.open(write(tmp_path / "s.zarr", files))
    assert sorted(shown(dataset)) == [("0", 1), ("1", 2), ("1/labels/n", 5)]
    assert [found.kind for found in dataset.images if found.path == "1/labels/n"] == ["labels"]


def test_one_of_the_series_opened_by_itself(tmp_path):
    root = write(tmp_path / "s.zarr", series(["0", "1"], listed=["1", "0"]))
    assert shown(strata.open(root / "1")) == [("", 2)]


def test_a_damaged_image_of_a_series_costs_only_itself(tmp_path):
    files = series(["0", "1", "2"], listed=["0", "1", "2"])
    files["1/.zattrs"] = "["
    dataset = strata.open(write(tmp_path / "s.zarr", files))
    assert shown(dataset) == [("0", 1), ("2", 3)]
    assert [p for p in all_problems(dataset) if "1/.zattrs" in p.where and p.severity == "error"]


def test_a_damaged_ome_group_costs_only_the_order(tmp_path):
    files = series(["0", "1"], listed=["0", "1"])
    files["OME/.zattrs"] = "["
    dataset = strata.open(write(tmp_path / "s.zarr", files))
    assert shown(dataset) == [("0", 1), ("1", 2)]
    assert [p for p in all_problems(dataset) if "OME/.zattrs" in p.where]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_series_over_http_without_listing(version, tmp_path):
    """The list says it all: no listing is needed, and no file is read twice."""
    files = series(["0", "1"], listed=["0", "1"], xml=ome_xml("one", "two"), version=version)
    write(tmp_path / "s.zarr", files)
    with serving(tmp_path, listing=False) as server:
        dataset = strata.open(f"{server.url}/s.zarr")
        assert not {key: n for key, n in server.counted().items() if n > 1}
    assert shown(dataset) == [("0", 1), ("1", 2)]
    assert "two" in names(dataset)[1]


# ------------------------------------------------------------------------------ nested folders


def test_a_folder_of_stores(tmp_path):
    """Of different versions: each at its own place."""
    for k, version in enumerate(VERSIONS):
        write(tmp_path / f"image-{k}.zarr", picture(k, version))
    dataset = strata.open(tmp_path)
    assert shown(dataset) == [(f"image-{k}.zarr", k + 1) for k in range(len(VERSIONS))]


def test_folders_of_folders(tmp_path):
    write(tmp_path / "all/day1/a.zarr", picture(0))
    write(tmp_path / "all/day1/b.zarr", picture(1, "0.5"))
    write(tmp_path / "all/day2/deep/c.zarr", picture(2))
    dataset = strata.open(tmp_path / "all")
    assert shown(dataset) == [("day1/a.zarr", 1), ("day1/b.zarr", 2), ("day2/deep/c.zarr", 3)]


@pytest.mark.parametrize("version", VERSIONS)
def test_groups_of_groups_in_one_store(version, tmp_path):
    files = ome_group({}, version)
    files |= under("a", ome_group({}, version), under("b", picture(0, version)))
    files |= under("c", picture(1, version))
    assert shown(strata.open(write(tmp_path / "s.zarr", files))) == [("a/b", 1), ("c", 2)]


def test_collections_in_a_collection(tmp_path):
    """A plate, a series and an image with labels beside each other."""
    wells = fill(SPARSE)
    write(tmp_path / "all/p.zarr", plate(wells))
    write(tmp_path / "all/s.zarr", series(["0", "1"], listed=["1", "0"]))
    files = picture(6) | under("labels", ome_group({"labels": ["n"]}), under("n", picture(7)))
    write(tmp_path / "all/i.zarr", files)
    found = Opened(strata.open(tmp_path / "all"))
    for f in every(wells):
        found.check_field(f)
    paths = [image.path for image in found.dataset.images]
    assert {"s.zarr/0", "s.zarr/1", "i.zarr", "i.zarr/labels/n"} <= set(paths)
    assert len(paths) == 5


def test_one_damaged_store_in_a_folder(tmp_path):
    write(tmp_path / "all/a.zarr", picture(0))
    write(tmp_path / "all/b.zarr", picture(1) | {".zattrs": "{"})
    write(tmp_path / "all/c.zarr", group({"multiscales": []}))
    write(tmp_path / "all/d.zarr", group({"plate": 7}))
    dataset = strata.open(tmp_path / "all")
    assert shown(dataset) == [("a.zarr", 1)]
    for name in "bcd":
        assert [p for p in all_problems(dataset) if f"{name}.zarr" in p.where], name


def test_a_multiscale_image_that_holds_others(tmp_path):
    """Images below an image, not in ``labels``: the image itself is what opens."""
    files = picture(0) | under("other", picture(1)) | under("plain", array((4, 4)))
    dataset = strata.open(write(tmp_path / "a.zarr", files))
    assert shown(dataset)[0] == ("", 1)


def test_an_image_of_a_scene_that_no_transform_names(tmp_path):
    """It lies in the group but has no place in the scene: offered or named, never lost silently."""
    files = copy.deepcopy(BASES["scene"]()) | under("c", picture(6, "0.6"))
    dataset = strata.open(write(tmp_path / "s.zarr", files))
    assert {"a", "b"} <= {found.path for found in dataset.images}
    named = [p for p in all_problems(dataset) if "c" in p.where.split("/")[0] or '"c"' in p.message]
    assert named or "c" in {found.path for found in dataset.images}
