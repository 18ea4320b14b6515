"""OME-NGFF 0.4 and 0.5 and bare Zarr arrays (``tests/data/ome.json``)."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
import zarr
from checks import (
    UNITS,
    as_json,
    check_image,
    check_layer,
    check_levels,
    check_message,
    inspect_json,
    one_line,
    open_layers,
    run_cli,
)
from containers import build, load_cases, voxels

import napari_strata as strata

CASES = load_cases("ome.json")
IMAGES = [case for case in CASES if "expect" in case]
HOSTILE = [case for case in CASES if "expect_error" in case]
LAYERS = [case for case in IMAGES if "also_ok" not in case and case["expect"].get("axes")]
OPENED = [case for case in CASES if case["name"] in ("ome0.4_scale_only", "ome0.5_scale_only")]
PARTS = {
    "zarr2": ["", ".zattrs", ".zgroup", "0", "0/.zarray", "1", "1/.zarray"],
    "zarr3": ["", "zarr.json", "0", "0/zarr.json", "1", "1/zarr.json"],
}


def ids(cases):
    return [case["name"] for case in cases]


def named(name):
    return next(case for case in CASES if case["name"] == name)


def open_or_refused(case, path):
    try:
        return strata.open(path)
    except strata.OpenError as error:
        if case.get("also_ok") != "error":
            raise
        one_line(str(error))
        return None


@pytest.mark.parametrize("shuffle", [False, True], ids=["as-given", "shuffled"])
@pytest.mark.parametrize("case", IMAGES, ids=ids(IMAGES))
def test_api(case, shuffle, tmp_path):
    dataset = open_or_refused(case, build(case, tmp_path, shuffle=shuffle, name="n" * 5))
    if dataset is None:
        return
    assert [image.path for image in dataset.images] == [""]
    image = dataset.images[0]
    expect = case["expect"] if case["expect"].get("levels") else without_levels(case["expect"])
    check_image(as_json(image), expect, case)
    if "last_axes" in expect:
        count = len(expect["last_axes"])
        assert [axis.name for axis in image.axes[-count:]] == expect["last_axes"]
        assert [axis.type for axis in image.axes[-count:]] == ["space"] * count
        assert len({axis.name for axis in image.axes}) == len(image.axes)
    if "channels" in expect:
        assert [channel.label for channel in image.display.channels] == expect["channels"]
    if "windows" in expect:
        windows = [list(channel.window) for channel in image.display.channels]
        assert windows == expect["windows"]
    if expect.get("voxels"):
        for level in image.levels:
            np.testing.assert_array_equal(
                level.to_dask().compute(), voxels(level.shape, str(level.dtype))
            )


def without_levels(expect):
    return {key: value for key, value in expect.items() if key != "levels"}


@pytest.mark.parametrize("case", IMAGES, ids=ids(IMAGES))
def test_inspect_json(case, tmp_path, capsys, monkeypatch):
    path = build(case, tmp_path)
    dataset = open_or_refused(case, path)
    if dataset is None:
        assert run_cli(["inspect", str(path)], capsys, monkeypatch)[0] == 2
        return
    report = inspect_json(path, capsys, monkeypatch)
    assert report["images"] == [as_json(image) for image in dataset.images]


@pytest.mark.parametrize("case", LAYERS, ids=ids(LAYERS))
def test_layer(case, tmp_path):
    expect = case["expect"]
    layers = open_layers(build(case, tmp_path))
    assert len(layers) == expect.get("layers", 1)
    for layer in layers:
        assert {str(unit) for unit in layer.units} <= {"micrometer", "second", "pixel"}
    if "channels" in expect:
        for label, layer in zip(expect["channels"], layers, strict=True):
            assert label in layer.name
    if "windows" in expect:
        assert [list(layer.contrast_limits) for layer in layers] == expect["windows"]
    units = expect.get("units")
    if not units:
        return
    drop = expect["axes"].index("c") if expect.get("layers", 1) > 1 else None
    if any(UNITS[unit][1] is None for i, unit in enumerate(units) if i != drop):
        return
    for layer in layers:
        check_layer(layer, expect, drop=drop)


def test_channels_are_split_in_order(tmp_path):
    """Layer k holds channel k: flat C index + 1 of [k, y, x] in (2, 8, 8)."""
    layers = open_layers(build(named("ome0.5_channel_first_three_dimensions"), tmp_path))
    assert [int(np.asarray(layer.data[0][3, 2])) for layer in layers] == [27, 91]
    assert len({layer.name for layer in layers}) == 2


def test_scale_one_and_pixel_of_a_bare_array(tmp_path):
    (layer,) = open_layers(build(named("array_v3_nothing"), tmp_path, name="bare"))
    assert list(layer.scale) == [1, 1, 1]
    assert list(layer.translate) == [0, 0, 0]


@pytest.mark.parametrize("case", HOSTILE, ids=ids(HOSTILE))
def test_hostile(case, tmp_path, capsys, monkeypatch):
    path = build(case, tmp_path)
    with pytest.raises(strata.OpenError) as caught:
        strata.open(path)
    message = one_line(str(caught.value))
    check_message(message, case["expect_error"])
    code, out, err = run_cli(["inspect", str(path)], capsys, monkeypatch)
    assert code == 2
    assert out == ""
    assert message in one_line(err)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_hostile_ones_beside_a_good_one(version, tmp_path):
    bad = [case for case in HOSTILE if case["name"].startswith(f"ome{version}")]
    good = named(f"ome{version}_scale_only")
    merged = {"name": "all", "container": good["container"], "tree": {"": {}}, "tree_raw": {}}
    merged |= {"arrays": {}, "open": ""}
    for case in [good, *bad]:
        for part in ("tree", "tree_raw", "arrays"):
            items = case.get(part, {}).items()
            merged[part] |= {f"{case['name']}/{p}": value for p, value in items if p}
    dataset = strata.open(build(merged, tmp_path))
    found = {image.path for image in dataset.images}
    assert f"{good['name']}/img" in found
    texts = [f"{p.where} {p.message}" for p in dataset.problems]
    for case in bad:
        assert f"{case['name']}/img" not in found
        assert any(f"{case['name']}/img" in text for text in texts), (case["name"], texts)


# ---------------------------------------------------------------------------- ways to open


@pytest.mark.parametrize(
    ("case", "part"),
    [(case, part) for case in OPENED for part in PARTS[case["container"]]],
    ids=lambda value: value if isinstance(value, str) else value["name"],
)
def test_a_part_opens_the_image_it_belongs_to(case, part, tmp_path):
    dataset = strata.open(build(case, tmp_path) / part)
    assert [image.path for image in dataset.images] == [""]
    check_image(as_json(dataset.images[0]), case["expect"], case)


@pytest.mark.parametrize("case", OPENED, ids=ids(OPENED))
def test_the_root_offers_its_image(case, tmp_path):
    dataset = strata.open(build({**case, "open": ""}, tmp_path))
    assert [image.path for image in dataset.images] == ["img"]
    check_levels(
        as_json(dataset["img"])["levels"],
        [
            {"path": "img/0", "scale": [2, 0.5, 0.5], "translate": [0, 0, 0]},
            {"path": "img/1", "scale": [2, 1, 1], "translate": [0, 0, 0]},
        ],
    )


@pytest.mark.parametrize("case", OPENED, ids=ids(OPENED))
def test_the_root_group_is_the_image(case, tmp_path):
    moved = {
        **case,
        "open": "",
        "tree": {"": case["tree"]["img"]},
        "arrays": {path.removeprefix("img/"): spec for path, spec in case["arrays"].items()},
    }
    dataset = strata.open(build(moved, tmp_path, name="sample"))
    assert [image.path for image in dataset.images] == [""]
    assert "sample" in dataset.images[0].name
    check_image(as_json(dataset.images[0]), case["expect"], case)


def test_a_folder_of_images_is_a_collection(tmp_path):
    for name in ("a", "b"):
        build({**named("ome0.5_scale_only"), "open": ""}, tmp_path, name=name)
    dataset = strata.open(tmp_path)
    assert [image.path for image in dataset.images] == ["a.zarr/img", "b.zarr/img"]


@pytest.mark.parametrize("case", OPENED, ids=ids(OPENED))
def test_consolidated_metadata_changes_nothing(case, tmp_path):
    path = build(case, tmp_path)
    before = as_json(strata.open(path).images[0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zarr-python's own about consolidated v3 metadata
        zarr.consolidate_metadata(str(path))
    assert as_json(strata.open(path).images[0]) == before


def test_big_endian_and_fortran_order(tmp_path):
    """A v2 array in F order and big-endian: the same voxels at the same indices."""
    case = named("v2_slash_separator")
    path = build(case, tmp_path)
    expected = voxels((8, 8, 8), "uint16")
    array = zarr.create_array(
        store=str(path / "0"),
        shape=(8, 8, 8),
        chunks=(4, 8, 2),
        dtype=">u2",
        order="F",
        zarr_format=2,
        overwrite=True,
    )
    array[...] = expected
    level = strata.open(path).images[0].levels[0]
    assert level.shape == (8, 8, 8)
    np.testing.assert_array_equal(level.to_dask().compute(), expected)
    assert level.dtype.newbyteorder("=") == np.dtype("uint16")


def test_chunks_are_the_smallest_unit_that_is_read(tmp_path):
    image = strata.open(build(named("v3_sharded"), tmp_path)).images[0]
    assert [tuple(level.chunks) for level in image.levels] == [(2, 2, 2), (2, 2, 2)]
    image = strata.open(build(named("v2_dot_separator"), tmp_path, name="v2")).images[0]
    assert [tuple(level.chunks) for level in image.levels] == [(4, 4, 4), (4, 4, 4)]


def test_inspect_json_is_json_also_without_unit(tmp_path, capsys, monkeypatch):
    report = inspect_json(build(named("ome0.4_no_units"), tmp_path), capsys, monkeypatch)
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report["images"][0]["axes"][0] == {"name": "z", "type": "space", "unit": None}
