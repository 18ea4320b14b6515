"""Another scale, origin, unit or names for data on disk, format by format.

Numbers are worked out by hand: a level keeps its place relative to the others, so that
``s' = s · s0'/s0`` and ``t' = t0' + (t − t0) · s0'/s0``.
"""

import shutil

import pytest

import napari_strata as strata
from export import metadata_stores as stores
from export.metadata_stores import close, cosem_places, opened_places, read_json, tree
from napari_strata.export.errors import ExportError
from napari_strata.export.metadata.edit import edit_metadata

MOVED = {"scale": {"y": 3}, "translate": {"x": 100}}
# z stays; y: 2 → 3 around 20; x: from 30 to 100.
AT_04 = {"0": ([4, 3, 2], [10, 20, 100]), "1": ([4, 6, 4], [10, 21.5, 101])}
# level 1's y of 8 means 4 at level 0; its x at 41 means 40 at level 0.
BY_LEVEL_1 = {"scale": {"y": 8}, "translate": {"x": 41}, "level": 1}
AT_04_BY_LEVEL_1 = {"0": ([4, 4, 2], [10, 20, 40]), "1": ([4, 8, 4], [10, 22, 41])}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [(MOVED, AT_04), (BY_LEVEL_1, AT_04_BY_LEVEL_1)],
    ids=["finest", "by level 1"],
)
def test_ome_04(tmp_path, wanted, expected):
    path = stores.ome_04(tmp_path / "a.zarr")
    edit_metadata(path, **wanted).write()
    assert close(stores.ome_places(path), expected)
    assert close(opened_places(strata.open(path).images[0]), expected)
    assert read_json(path / ".zattrs")["mine"] == {"kept": 1e-09}


def test_only_numbers_that_change_are_other_text(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    before = (path / ".zattrs").read_text().splitlines()
    edit_metadata(path, scale={"y": 3}).write()
    after = (path / ".zattrs").read_text().splitlines()
    changed = [(a.strip(), b.strip()) for a, b in zip(before, after, strict=True) if a != b]
    assert changed == [("2,", "3.0,"), ("4,", "6.0,"), ("21,", "21.5,")]


def test_ome_04_with_transforms_of_the_multiscale(tmp_path):
    outer = [
        {"type": "scale", "scale": [0.5, 2, 1]},
        {"type": "translation", "translation": [0, 5, 0]},
    ]
    path = stores.ome_04(tmp_path / "a.zarr", outer=outer)
    # y of level 0 was 2·2 = 4 at 20·2 + 5 = 45, of level 1 8 at 47.
    edit_metadata(path, scale={"y": 6}, translate={"y": 7}).write()
    expected = {"0": ([2, 6, 2], [5, 7, 30]), "1": ([2, 12, 4], [5, 10, 31])}
    assert close(stores.ome_places(path), expected)
    assert close(opened_places(strata.open(path).images[0]), expected)
    assert read_json(path / ".zattrs")["multiscales"][0]["coordinateTransformations"] == outer


@pytest.mark.parametrize("make", [stores.ome_05, stores.ome_06], ids=["0.5", "0.6"])
def test_ome_05_and_06(tmp_path, make):
    path = make(tmp_path / "a.zarr")
    edit_metadata(path, scale={"y": 3, "x": 3}, translate={"z": -1}).write()
    expected = {"s0": ([4, 3, 3], [-1, 0, 0]), "s1": ([4, 6, 6], [-1, 1.5, 1.5])}
    assert close(stores.ome_places(path), expected)
    assert close(opened_places(strata.open(path).images[0]), expected)


def test_units_and_names_of_ome_05_with_the_names_of_dimensions(tmp_path):
    path = stores.ome_05(tmp_path / "a.zarr")
    edit_metadata(path, unit="nm", axes=["depth", "y", "x"]).write()
    block = read_json(path / "zarr.json")["attributes"]["ome"]["multiscales"][0]
    assert [(a["name"], a["unit"]) for a in block["axes"]] == [
        ("depth", "nanometer"), ("y", "nanometer"), ("x", "nanometer"),
    ]  # fmt: skip
    for level in ("s0", "s1"):
        own = read_json(path / level / "zarr.json")
        assert own["dimension_names"] == ["depth", "y", "x"]
        assert own["attributes"] == {"own": [1, 2]}
    image = strata.open(path).images[0]
    assert (image.axes[0].name, image.axes[0].unit) == ("depth", "nanometer")
    assert not image.problems


def test_names_of_xarray_follow(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    edit_metadata(path, axes=["z", "v", "u"]).write()
    assert read_json(path / "0" / ".zattrs") == {"_ARRAY_DIMENSIONS": ["z", "v", "u"], "a": 1}
    assert not (path / "1" / ".zattrs").exists()


def test_a_unit_can_be_taken_away(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    edit_metadata(path, unit={"z": None}).write()
    axes = read_json(path / ".zattrs")["multiscales"][0]["axes"]
    assert ["unit" in axis for axis in axes] == [False, True, True]


def test_consolidated_metadata_changes_too(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    copies = {
        ".zattrs": read_json(path / ".zattrs"),
        "0/.zarray": read_json(path / "0" / ".zarray"),
    }
    held = {"zarr_consolidated_format": 1, "metadata": copies}
    stores.write_json(path / ".zmetadata", held)
    edit_metadata(path, scale={"y": 3}).write()
    after = read_json(path / ".zmetadata")
    assert after["metadata"][".zattrs"] == read_json(path / ".zattrs")
    assert after["metadata"]["0/.zarray"] == copies["0/.zarray"]


def test_consolidated_metadata_of_zarr_3_changes_too(tmp_path):
    stores.ome_05(tmp_path / "a.zarr" / "im")
    inner = read_json(tmp_path / "a.zarr" / "im" / "zarr.json")
    copy = {**inner, "consolidated_metadata": {"kind": "inline", "metadata": {}}}
    inline = {"kind": "inline", "must_understand": False, "metadata": {"im": copy}}
    root = {
        "zarr_format": 3,
        "node_type": "group",
        "attributes": {},
        "consolidated_metadata": inline,
    }
    stores.write_json(tmp_path / "a.zarr" / "zarr.json", root)
    edit_metadata(tmp_path / "a.zarr" / "im", scale={"y": 3}).write()
    held = read_json(tmp_path / "a.zarr" / "zarr.json")["consolidated_metadata"]["metadata"]["im"]
    assert held["attributes"] == read_json(tmp_path / "a.zarr" / "im" / "zarr.json")["attributes"]
    assert held["attributes"] != inner["attributes"]
    assert held["consolidated_metadata"] == copy["consolidated_metadata"]


def test_one_of_several_multiscales(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    attributes = read_json(path / ".zattrs")
    (first,) = attributes["multiscales"]
    other = {**first, "name": "other", "datasets": first["datasets"][:1]}
    stores.write_json(path / ".zattrs", {"multiscales": [first, other]})
    change = edit_metadata(path, multiscale="other", scale={"y": 3})
    assert [(note.code, note.where) for note in change.notes] == [
        ("multiscale-stays", ".zattrs: multiscales[0]")
    ]
    change.write()
    blocks = read_json(path / ".zattrs")["multiscales"]
    assert blocks[0] == first
    assert blocks[1]["datasets"][0]["coordinateTransformations"][0]["scale"] == [4, 3, 2]


def test_steps_that_are_no_scale_and_translation_are_written_as_such(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    attributes = read_json(path / ".zattrs")
    datasets = attributes["multiscales"][0]["datasets"]
    datasets[0]["coordinateTransformations"] = [
        {"type": "translation", "translation": [1, 1, 1]}, {"type": "scale", "scale": [4, 2, 2]},
    ]  # fmt: skip
    stores.write_json(path / ".zattrs", attributes)
    edit_metadata(path, translate={"x": 5}).write()
    # 4·(i + 1) = 4·i + 4; x of level 1 was 29 behind level 0's 2
    expected = {"0": ([4, 2, 2], [4, 2, 5]), "1": ([4, 4, 4], [10, 21, 34])}
    assert close(stores.ome_places(path), expected)
    assert close(opened_places(strata.open(path).images[0]), expected)


def test_ome_in_n5_is_x_first(tmp_path):
    """As Fiji writes it: all lists reversed."""
    path = tmp_path / "a.n5"
    datasets = [
        stores.ome_dataset("s0", [2, 2, 4], [30, 20, 10]),
        stores.ome_dataset("s1", [4, 4, 4], [31, 21, 10]),
    ]
    block = {"version": "0.4", "axes": stores.ome_axes("xyz"), "datasets": datasets}
    stores.write_json(path / "attributes.json", {"n5": "2.0.0"})
    stores.write_json(path / "im" / "attributes.json", {"multiscales": [block]})
    stores.n5_array(path / "im" / "s0", (8, 16, 16))
    stores.n5_array(path / "im" / "s1", (8, 8, 8))
    edit_metadata(path, scale={"y": 3}, translate={"x": 100}, unit={"z": "nm"}).write()
    block = read_json(path / "im" / "attributes.json")["multiscales"][0]
    assert [d["coordinateTransformations"] for d in block["datasets"]] == [
        stores.ome_dataset("", [2, 3, 4], [100, 20, 10])["coordinateTransformations"],
        stores.ome_dataset("", [4, 6, 4], [101, 21.5, 10])["coordinateTransformations"],
    ]
    assert [a["unit"] for a in block["axes"]] == ["micrometer", "micrometer", "nanometer"]
    expected = {"s0": ([4, 3, 2], [10, 20, 100]), "s1": ([4, 6, 4], [10, 21.5, 101])}
    assert close(opened_places(strata.open(path).images[0]), expected)


def with_labels(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    datasets = [stores.ome_dataset("0", [4, 4, 4], [10, 41, 31])]
    block = {"version": "0.4", "axes": stores.ome_axes(), "datasets": datasets}
    seg = path / "labels" / "seg"
    stores.write_json(path / "labels" / ".zgroup", {"zarr_format": 2})
    stores.write_json(path / "labels" / ".zattrs", {"labels": ["seg"]})
    stores.write_json(seg / ".zgroup", {"zarr_format": 2})
    stores.write_json(seg / ".zattrs", {"multiscales": [block], "image-label": {"version": "0.4"}})
    stores.zarr2_array(seg / "0", (8, 4, 4))
    return path


def test_labels_move_with_their_image(tmp_path):
    path = with_labels(tmp_path)
    edit_metadata(path, **MOVED, unit="nm").write()
    # y: 20 + (41 − 20)·3/2; x: 100 + (31 − 30).
    expected = {"0": ([4, 6, 4], [10, 51.5, 101])}
    assert close(stores.ome_places(path / "labels" / "seg"), expected)
    seg = strata.open(path)["labels/seg"]
    assert close(opened_places(seg), expected)
    assert [a.unit for a in seg.axes] == ["nanometer"] * 3


def test_labels_that_stay_are_told(tmp_path):
    path = with_labels(tmp_path)
    change = edit_metadata(path, **MOVED, labels=False)
    assert [note.code for note in change.notes] == ["labels-stay"]
    change.write()
    assert stores.ome_places(path / "labels" / "seg") == {"0": ([4, 4, 4], [10, 41, 31])}


def test_labels_without_a_unit_take_the_one_their_image_gets(tmp_path):
    path = with_labels(tmp_path)
    for folder in (path, path / "labels" / "seg"):
        attributes = stores.read_json(folder / ".zattrs")
        for axis in attributes["multiscales"][0]["axes"]:
            axis.pop("unit", None)
        stores.write_json(folder / ".zattrs", attributes)
    edit_metadata(path, unit="um", labels=False).write()
    found = strata.open(path)
    assert [a.unit for image in found.images for a in image.axes] == ["micrometer"] * 6
    assert stores.ome_places(path / "labels" / "seg") == {"0": ([4, 4, 4], [10, 41, 31])}


# ----------------------------------------------------------------------------------- in N5


def test_cosem(tmp_path):
    path = stores.cosem(tmp_path / "a.n5")
    edit_metadata(path, scale={"y": 30}, translate={"x": 1}, unit="um").write()
    expected = {"s0": ([40, 30, 20], [100, 200, 1]), "s1": ([40, 60, 40], [100, 215, 11])}
    by_arrays, by_group = cosem_places(path / "em")
    assert close(by_arrays, expected)
    assert close(by_group, expected)
    image = strata.open(path)["em"]
    assert close(opened_places(image), expected)
    assert [a.unit for a in image.axes] == ["um"] * 3
    assert not image.problems  # nothing contradicts anything
    group = read_json(path / "em" / "attributes.json")
    assert group["pixelResolution"] == {"dimensions": [20, 30, 40], "unit": "um"}
    assert group["units"] == ["um"] * 3
    assert group["scales"] == [[1, 1, 1], [2, 2, 1]]
    assert group["other"] is None
    assert group["multiscales"][0]["mine"] == 1
    own = read_json(path / "em" / "s1" / "attributes.json")
    assert own["pixelResolution"] == {"dimensions": [40, 60, 40], "unit": "um"}
    assert own["blockSize"] == [8, 8, 4]


def test_cosem_with_x_first_lists(tmp_path):
    path = stores.cosem(tmp_path / "a.n5", group=False)
    for k, (_, scale, shift) in enumerate(stores.COSEM):
        file = path / "em" / f"s{k}" / "attributes.json"
        own = read_json(file)
        own["transform"] = stores.cosem_transform(scale[::-1], shift[::-1], "xyz", order="F")
        stores.write_json(file, own)
    edit_metadata(path, scale={"z": 50}, translate={"x": 1}, axes=["Z", "y", "x"]).write()
    own = read_json(path / "em" / "s1" / "attributes.json")["transform"]
    assert own == stores.cosem_transform([40, 40, 50], [11, 210, 100], "xyZ", order="F")


def test_neuroglancer_writes_into_the_images_own_group(tmp_path):
    path = stores.neuroglancer(tmp_path / "a.n5")
    root = (path / "attributes.json").read_bytes()
    edit_metadata(path, image="a", scale={"z": 50, "x": 5}, unit="um").write()
    assert (path / "attributes.json").read_bytes() == root
    own = read_json(path / "a" / "attributes.json")
    assert own == {
        "downsamplingFactors": [[1, 1, 1], [2, 2, 1]],
        "resolution": [5, 4, 50],
        "units": ["um", "um", "um"],
    }
    found = strata.open(path)
    assert close(
        opened_places(found["a"]), {"s0": ([50, 4, 5], [0, 0, 0]), "s1": ([50, 8, 10], [0, 2, 2.5])}
    )
    assert found["b"].levels[0].scale.tolist() == [40, 4, 4]


def test_neuroglancer_of_level_1(tmp_path):
    path = stores.neuroglancer(tmp_path / "a.n5")
    edit_metadata(path, image="b", scale={"x": 10}, level=1).write()
    assert read_json(path / "b" / "attributes.json")["resolution"] == [5, 4, 40]


def test_n5_viewer(tmp_path):
    path = stores.n5_viewer(tmp_path / "a.n5")
    edit_metadata(path / "c0", scale={"z": 3}, translate={"z": 7, "x": -1}, unit="nm").write()
    expected = {"s0": ([3, 0.5, 0.5], [7, 0, -1]), "s1": ([3, 1, 1], [7, 0.25, -0.75])}
    assert close(opened_places(strata.open(path / "c0").images[0]), expected)
    for level in ("s0", "s1"):
        own = read_json(path / "c0" / level / "attributes.json")
        assert own["pixelResolution"] == {"unit": "nm", "dimensions": [0.5, 0.5, 3]}
    made = read_json(path / "c0" / "attributes.json")
    assert made == {"affineTransform": [1, 0, 0, -1, 0, 1, 0, 0, 0, 0, 1, 7]}
    # and from there on again
    edit_metadata(path / "c0", scale={"x": 1}, translate={"x": 4}).write()
    expected = {"s0": ([3, 0.5, 1], [7, 0, 4]), "s1": ([3, 1, 2], [7, 0.25, 4.5])}
    assert close(opened_places(strata.open(path / "c0").images[0]), expected)


def test_a_bare_array_of_n5_gets_units_with_its_spacing(tmp_path):
    stores.n5_array(tmp_path / "a.n5", (8, 16, 16))
    edit_metadata(tmp_path / "a.n5", scale={"z": 4}).write()
    own = read_json(tmp_path / "a.n5" / "attributes.json")
    assert own["resolution"] == [1, 1, 4]
    assert own["units"] == ["", "", ""]
    image = strata.open(tmp_path / "a.n5").images[0]
    assert image.levels[0].scale.tolist() == [4, 1, 1]
    assert [a.unit for a in image.axes] == [None] * 3


# ----------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("make", "wanted", "message"),
    [
        (stores.ome_04, {"scale": {"q": 1}}, "no axis q"),
        (stores.ome_04, {"scale": {"x": 0}}, "other than 0"),
        (stores.ome_04, {"scale": {"x": -1}}, "cannot mirror"),
        (stores.ome_04, {"scale": {"x": float("nan")}}, "other than 0"),
        (stores.ome_04, {"translate": {"x": float("inf")}}, "finite"),
        (stores.ome_04, {"scale": {"x": 1}, "level": 2}, "no level 2"),
        (stores.ome_04, {"axes": ["y", "x"]}, "expected 3 different names"),
        (stores.ome_04, {"axes": ["z", "x", "x"]}, "expected 3 different names"),
        (stores.ome_04, {"unit": "furlong"}, "unit of length or time"),
        (stores.ome_04, {"unit": {"z": "s"}}, "no place for on an axis of type space"),
        (stores.neuroglancer, {"image": "a", "translate": {"x": 1}}, "has no origin"),
        (stores.neuroglancer, {"image": "a", "scale": {"x": -4}}, "cannot mirror"),
        (stores.neuroglancer, {"scale": {"x": 4}}, "found 2 images; name one of 'a', 'b'"),
        (stores.neuroglancer, {"image": "c", "scale": {"x": 4}}, "no image at 'c'"),
        (stores.cosem, {"unit": {"x": "um"}}, "one unit for all axes"),
        (stores.cosem, {"axes": ["z", "y", "t"]}, "would be read as"),
    ],
    ids=lambda value: str(value)[:40] if not callable(value) else value.__name__,
)
def test_what_a_format_cannot_hold_is_refused_and_nothing_changes(tmp_path, make, wanted, message):
    path = make(tmp_path / ("a.zarr" if make is stores.ome_04 else "a.n5"))
    before = tree(tmp_path)
    with pytest.raises(ExportError, match=message):
        edit_metadata(path, **wanted)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("format", ["ome-zarr-0.3", "bdv-n5", "visor", "precomputed", "zarr-array"])
def test_formats_that_are_not_changed_say_why(samples, format):
    path = samples[format].path
    image = strata.open(path).images[0]
    with pytest.raises(ExportError):
        edit_metadata(path, image=image.path or image.name, scale={"x": 2})


@pytest.mark.parametrize("path", ["s3://bucket/a.zarr", "https://example.org/a.zarr"])
def test_what_is_remote_is_refused(path):
    with pytest.raises(ExportError, match="no folder of this computer"):
        edit_metadata(path, scale={"x": 2})


def test_a_zip_is_refused(tmp_path):
    (tmp_path / "a.ozx").write_bytes(b"PK\x05\x06" + bytes(18))
    with pytest.raises(ExportError, match="zip"):
        edit_metadata(tmp_path / "a.ozx", scale={"x": 2})


def test_a_level_that_was_left_out_is_not_left_behind(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    (path / "1" / ".zarray").unlink()
    with pytest.raises(ExportError, match="mend this first"):
        edit_metadata(path, scale={"x": 2})


def test_a_linked_file_is_refused(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    (path / ".zattrs").rename(path / "real.json")
    (path / ".zattrs").symlink_to(path / "real.json")
    with pytest.raises(ExportError, match="is a link"):
        edit_metadata(path, scale={"x": 3})


def test_units_of_an_image_in_a_scene_are_refused(samples):
    path = samples["ome-zarr-0.6"].path
    with pytest.raises(ExportError, match="scene"):
        edit_metadata(path, unit="nm")


def test_the_scale_of_a_turned_image_is_its_own(tmp_path, samples):
    """The scene turns what the image's own system scales: W · C, by hand."""
    path = shutil.copytree(samples["ome-zarr-0.6"].path, tmp_path / "a.zarr")
    edit_metadata(path, scale={"x": 2}).write()
    turned = strata.open(path).images[0].levels[0].affine
    assert turned[:3, :3].round(9).tolist() == [[1, 0, 0], [0, 0.8, -1.2], [0, 0.6, 1.6]]


def test_nothing_asked_is_nothing_changed(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    change = edit_metadata(path, scale={"y": 2})
    assert not change
    assert change.write() is None
    assert not (tmp_path / "a.zarr.metadata-backup").exists()


def test_json_in_the_file_is_what_was_there_but_for_the_change(tmp_path):
    path = stores.ome_05(tmp_path / "a.zarr")
    before = read_json(path / "zarr.json")
    edit_metadata(path, scale={"z": 8}).write()
    after = read_json(path / "zarr.json")
    for dataset in before["attributes"]["ome"]["multiscales"][0]["datasets"]:
        dataset["coordinateTransformations"][0]["scale"][0] = 8
    # level 1 was as thick as level 0, so 8 it is on both
    assert after == before


def test_a_name_that_two_images_have_is_refused(tmp_path):
    for series in "01":
        stores.ome_05(tmp_path / "a.zarr" / series)
    root = {"zarr_format": 3, "node_type": "group", "attributes": {}}
    stores.write_json(tmp_path / "a.zarr" / "zarr.json", root)
    with pytest.raises(ExportError, match="found 2 images called im; name one of '0', '1'"):
        edit_metadata(tmp_path / "a.zarr", image="im", scale={"x": 3})
    change = edit_metadata(tmp_path / "a.zarr", image="1", scale={"x": 3})
    assert [file.path for file in change.files] == ["1/zarr.json"]


def test_labels_that_cannot_be_read_are_told(tmp_path):
    path = with_labels(tmp_path)
    (path / "labels" / "seg" / "0" / ".zarray").unlink()
    (note,) = edit_metadata(path, **MOVED).notes
    assert (note.code, note.where.startswith("labels/seg/.zattrs")) == ("labels-stay", True)


def test_sizes_in_ome_xml_are_told(tmp_path):
    path = stores.ome_05(tmp_path / "a.zarr")
    (path / "OME").mkdir()
    (path / "OME" / "METADATA.ome.xml").write_text("<OME/>")
    assert [n.code for n in edit_metadata(path, scale={"x": 3}).notes] == ["ome-xml-stays"]
    assert edit_metadata(path, scale={"x": 2}).notes == ()  # as it is


def test_cosem_beside_factors_of_n5_viewer(tmp_path):
    """pixelResolution times the array's own factors is what the transform says, then as before."""
    path = stores.cosem(tmp_path / "a.n5")
    file = path / "em" / "s1" / "attributes.json"
    base = {"dimensions": [20, 20, 40], "unit": "nm"}
    own = {**read_json(file), "pixelResolution": base, "downsamplingFactors": [2, 2, 1]}
    stores.write_json(file, own)
    edit_metadata(path, image="em", scale={"y": 30, "z": 50}).write()
    assert read_json(file)["pixelResolution"]["dimensions"] == [20, 30, 50]
    assert read_json(file)["transform"]["scale"] == [50, 60, 40]
