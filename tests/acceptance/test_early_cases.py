"""OME-NGFF before 0.4 (``tests/data/early.json``): no transforms, flat and nested chunks, omero.

Then the same by rules: which versions there are, told by structure alone.
"""

from __future__ import annotations

import json
import math
import zipfile

import numpy as np
import pytest
import zarr
from checks import UNITS, check_levels, open_layers, refused
from checks import as_json as to_json
from containers import DATA, shuffled
from ome_stores import (
    array,
    axes_of,
    codes,
    early,
    group,
    image,
    multiscale,
    multiscale_06,
    numbered,
    ome_group,
    placing,
    read,
    serious,
    under,
    without,
    write,
)

import napari_strata as strata

CASES = json.loads((DATA / "early.json").read_text(encoding="utf-8"))["cases"]
IDS = [case["id"] for case in CASES]
WARNED_KEYS = {"z": "defaultZ", "t": "defaultT"}


def stem(case):
    return case["open"].removesuffix(".zarr")


def build(case, folder, *, shuffle=False, name=None):
    """Write the case's store, the container under another name if one is given."""
    files = {}
    for path, node in case["store"].items():
        if node["kind"] == "group":
            attributes = shuffled(node["attributes"], seed=7) if shuffle else node["attributes"]
            files |= under(path, group(attributes))
        else:
            assert node["dtype"] == "uint16"
            shape = tuple(node["shape"])
            chunks = tuple(max(1, size // 2) for size in shape)
            files |= under(path, array(shape, chunks=chunks, separator=node["dimension_separator"]))
    write(folder, files)
    opened = folder / case["open"]
    if name is None:
        return opened
    return opened.rename(folder / f"{name}.zarr")


def expected_name(layer, case, name):
    """The name of a layer whose image has no name of its own follows the container's stem."""
    old = stem(case)
    return name + layer["name"][len(old) :] if layer["name"].startswith(old) else layer["name"]


VARIANTS = [(False, None), (True, None), (False, "renamed"), (True, "other name")]
VARIANT_IDS = ["as-given", "shuffled", "renamed", "shuffled-renamed"]


@pytest.mark.parametrize(("shuffle", "name"), VARIANTS, ids=VARIANT_IDS)
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_api(case, shuffle, name, tmp_path):
    dataset = strata.open(build(case, tmp_path, shuffle=shuffle, name=name))
    (found,) = dataset.images
    expect = case["expect"]
    levels = [{**level, "translate": [0.0] * len(level["scale"])} for level in expect["levels"]]
    check_levels(to_json(found)["levels"], levels)
    assert dict(found.display.first_position) == expect["initial"]
    for voxel in expect["voxels"]:
        value = np.asarray(found.levels[voxel["level"]].data[tuple(voxel["index"])])
        assert int(value) == voxel["value"]
    for level in found.levels:
        np.testing.assert_array_equal(read(level), numbered(level.shape))


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_warnings(case, tmp_path):
    """Every listed warning is there, at its place, and none is there that is not listed."""
    found = strata.open(build(case, tmp_path)).images[0]
    wanted = case["expect"]["warnings"]
    for warning in wanted:
        code, _, place = warning.partition(":")
        where = WARNED_KEYS.get(place, f"channels[{place}]") if place else ""
        hits = [p for p in found.problems if p.code == code and where in p.where]
        assert hits, (warning, [(p.code, p.where) for p in found.problems])
        assert all(p.severity != "error" for p in hits)
    if not wanted:
        assert not serious(found)


def test_what_is_wrong_in_omero_names_its_entry(tmp_path):
    """The hostile case's problems stand for different entries: 0, 1 and 2, none for 3."""
    case = next(case for case in CASES if case["hostile"])
    found = strata.open(build(case, tmp_path)).images[0]
    indices = {i for p in found.problems for i in range(4) if f"channels[{i}]" in p.where}
    assert indices == {0, 1, 2}
    assert not [p for p in found.problems if p.severity == "error"]


@pytest.mark.parametrize(("shuffle", "name"), VARIANTS, ids=VARIANT_IDS)
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_layers(case, shuffle, name, tmp_path):
    layers = open_layers(build(case, tmp_path, shuffle=shuffle, name=name))
    expect = case["expect"]["layers"]
    names = [expected_name(layer, case, name or stem(case)) for layer in expect]
    assert [layer.name for layer in layers] == names
    for layer, wanted in zip(layers, expect, strict=True):
        check_look(layer, wanted)
        check_values(layer, wanted, case["expect"]["levels"])


def check_look(layer, wanted):
    assert list(layer.scale) == wanted["scale"]
    assert list(layer.translate) == wanted["translate"]
    assert list(layer.axis_labels) == wanted["axis_labels"]
    assert layer.visible is wanted["visible"]
    assert str(layer.blending) == wanted["blending"]
    assert layer.gamma == pytest.approx(wanted["gamma"])
    for key in ("contrast_limits", "contrast_limits_range"):
        if wanted[key] is not None:
            assert [float(v) for v in getattr(layer, key)] == [float(v) for v in wanted[key]], key
        else:
            low, high = getattr(layer, key)
            assert low < high
    if wanted["colormap"] is not None:
        ends = layer.colormap.map(np.array([0.0, 1.0]))[:, :3]
        np.testing.assert_allclose(ends, wanted["colormap"], atol=2e-3)
        middle = 0.5
        if wanted.get("curve") == "logarithmic":
            # log(v) over v in 1..255; halfway is 128 (or 127.5): 0.8756 (or 0.8749)
            middle = math.log(128) / math.log(255)
            quarter = layer.colormap.map(np.array([0.25]))[0, :3]
            np.testing.assert_allclose(quarter, 0.751 * np.array(wanted["colormap"][1]), atol=0.01)
        found = layer.colormap.map(np.array([0.5]))[0, :3]
        np.testing.assert_allclose(found, middle * np.array(wanted["colormap"][1]), atol=0.01)


def check_values(layer, wanted, levels):
    """The layer's data are the selected part of the stored array, at every level."""
    data = list(layer.data) if layer.multiscale else [layer.data]
    assert len(data) == len(levels)
    shapes = [list(level.shape) for level in data]
    assert shapes == wanted["level_shapes"]
    for level in data:
        values = np.asarray(level[...])
        full = list(level.shape)
        for axis in sorted(wanted["select"], key=int):
            full.insert(int(axis), 4 if len(levels) == 1 else 2)
        whole = numbered(tuple(full))
        for axis, index in sorted(wanted["select"].items(), reverse=True):
            whole = whole.take(index, axis=int(axis))
        np.testing.assert_array_equal(values, whole)


@pytest.mark.window
@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_first_position_in_a_window(case, tmp_path, shared_viewer):
    """The viewer stands at ``defaultZ``/``defaultT``, clamped into the stack."""
    viewer = shared_viewer
    viewer.open(str(build(case, tmp_path)), plugin="napari-strata")
    point = viewer.dims.point
    for axis, index in case["expect"]["initial"].items():
        assert point[case["expect"]["initial_axes"][axis]] == index
    for layer in viewer.layers:
        level = layer.data[0] if layer.multiscale else layer.data
        where = [round(p) for p in point[: level.ndim - 2]]
        assert int(np.asarray(level[(*where, 0, 0)])) > 0
    # One shot: what the user does afterwards stays.
    axis = viewer.dims.ndim - 3
    viewer.dims.set_point(axis, 0)
    viewer.reset_view()
    assert viewer.dims.point[axis] == 0


# ------------------------------------------------------------------------- sizes and the ratio

RATIOS = [
    pytest.param([(1, 1, 9, 9, 9), (1, 1, 5, 5, 5)], [1, 1, 1.8, 1.8, 1.8], id="9-to-5-is-1.8"),
    pytest.param([(1, 2, 7, 7, 10), (1, 2, 7, 4, 5)], [1, 1, 1, 1.75, 2], id="7-to-4-is-1.75"),
    pytest.param([(3, 1, 1, 10, 11), (3, 1, 1, 3, 4)], [1, 1, 1, 10 / 3, 2.75], id="thirds"),
    pytest.param([(4, 1, 1, 4, 4), (2, 1, 1, 4, 4)], [2, 1, 1, 1, 1], id="time-is-halved"),
    pytest.param([(1, 1, 1, 1, 1), (1, 1, 1, 1, 1)], [1, 1, 1, 1, 1], id="nothing-to-halve"),
]


@pytest.mark.parametrize(("shapes", "scale"), RATIOS)
@pytest.mark.parametrize("version", ["0.1", "0.2"])
def test_the_exact_ratio_of_sizes(version, shapes, scale, tmp_path):
    found = strata.open(
        write(tmp_path / "a.zarr", early(dict(zip("01", shapes, strict=True)), version=version))
    ).images[0]
    levels = found.levels
    assert [list(levels[0].scale), list(levels[-1].scale)] == [[1] * 5, pytest.approx(scale)]
    assert [list(level.translate) for level in levels] == [[0] * 5] * 2
    assert [axis.name for axis in found.axes] == list("tczyx")
    assert [axis.type for axis in found.axes] == ["time", "channel", "space", "space", "space"]
    for level in levels:
        np.testing.assert_array_equal(read(level), numbered(level.shape))


def test_three_levels_are_each_measured_from_the_first(tmp_path):
    """17 → 9 → 5: 17/9 and 17/5, not 2 and 4, and not 17/9 · 9/5 rounded on the way."""
    shapes = {"s0": (17, 17), "s1": (9, 9), "s2": (5, 5)}
    files = early(shapes, version="0.3", axes=["y", "x"])
    levels = strata.open(write(tmp_path / "a.zarr", files)).images[0].levels
    assert [list(level.scale) for level in levels] == [
        [1, 1],
        pytest.approx([17 / 9] * 2, rel=1e-15),
        pytest.approx([3.4] * 2, rel=1e-15),
    ]


def test_a_numeric_scale_of_old_datasets_is_ignored(tmp_path):
    files = early({"0": (1, 1, 4, 8, 8), "1": (1, 1, 4, 4, 4)})
    for dataset, old in zip(files[".zattrs"]["multiscales"][0]["datasets"], (7, 13), strict=True):
        dataset["scale"] = old
    levels = strata.open(write(tmp_path / "a.zarr", files)).images[0].levels
    assert [list(level.scale) for level in levels] == [[1, 1, 1, 1, 1], [1, 1, 1, 2, 2]]


# ------------------------------------------------------------------------------- string axes


@pytest.mark.parametrize(
    "axes",
    [
        "yx",
        "xy",
        "zyx",
        "xyz",
        "tyx",
        "cyx",
        "yxc",
        "tzyx",
        "czyx",
        "zcyx",
        "tcyx",
        "tczyx",
        "xyzct",
    ],
)
def test_axes_as_strings_in_any_order(axes, tmp_path):
    sizes = {"t": 2, "c": 3, "z": 4, "y": 6, "x": 10}
    halved = {"t": 2, "c": 3, "z": 2, "y": 3, "x": 5}
    shapes = [tuple(size[a] for a in axes) for size in (sizes, halved)]
    files = early(dict(zip("01", shapes, strict=True)), version="0.3", axes=list(axes))
    found = strata.open(write(tmp_path / "a.zarr", files)).images[0]
    kinds = {"t": "time", "c": "channel"}
    assert [axis.name for axis in found.axes] == list(axes)
    assert [axis.type for axis in found.axes] == [kinds.get(a, "space") for a in axes]
    scale = [2 if a in "zyx" else 1 for a in axes]
    assert [list(level.scale) for level in found.levels] == [[1] * len(axes), scale]
    layers = open_layers(tmp_path / "a.zarr")
    assert len(layers) == (3 if "c" in axes else 1)
    kept = [a for a in axes if a != "c"]
    for index, layer in enumerate(layers):
        assert sorted(layer.axis_labels) == sorted(kept)
        # The layer's own axes end in (z,) y, x so that every layer's planes lie over another.
        ordered = [a for a in "tzyx" if a in kept]
        assert list(layer.axis_labels) == ordered
        stored = np.moveaxis(numbered(shapes[0]), range(len(axes)), range(len(axes)))
        if "c" in axes:
            stored = stored.take(index, axis=axes.index("c"))
        stored = stored.transpose([kept.index(a) for a in ordered])
        np.testing.assert_array_equal(np.asarray(layer.data[0][...]), stored)


# ----------------------------------------------------------------- several multiscales images


def several(*names):
    """A group with as many multiscale images as names; image k has k + 1 levels."""
    files = {}
    entries = []
    for k, name in enumerate(names):
        paths = [f"{k}-{level}" for level in range(k + 1)]
        entry = {"version": "0.1", "datasets": [{"path": path} for path in paths]}
        entries.append(entry if name is None else entry | {"name": name})
        for level, path in enumerate(paths):
            size = 16 >> level
            files |= under(path, array((1, 1, 1, size, size)))
    return files | group({"multiscales": entries})


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["2D", "3D"], 1),
        (["3D", "2D"], 0),
        (["a", "b", "3D"], 2),
        (["a", "b"], 0),
        ([None, None], 0),
        ([None, "3D"], 1),
        (["3d", "3D "], 0),
        ([7, "3D"], 1),
    ],
    ids=str,
)
def test_the_one_named_3d_else_the_first(names, chosen, tmp_path):
    found = strata.open(write(tmp_path / "a.zarr", several(*names))).images[0]
    assert [level.path for level in found.levels] == [f"{chosen}-{k}" for k in range(chosen + 1)]


def test_another_is_chosen_by_name(tmp_path):
    root = write(tmp_path / "a.zarr", several("2D", "3D", "mine"))
    for k, name in enumerate(["2D", "3D", "mine"]):
        found = strata.open(root, multiscale=name).images[0]
        assert [level.path for level in found.levels] == [f"{k}-{j}" for j in range(k + 1)]
    with pytest.raises(strata.OpenError, match="4D") as caught:
        strata.open(root, multiscale="4D")
    assert caught.value.problem.code == "no-such-multiscale"


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_by_name_in_later_versions_too(version, tmp_path):
    """Two entries of one group: spacing 1 is named "2D", spacing 5 "3D"."""
    entry = multiscale_06 if version == "0.6" else multiscale
    named = {name: entry("yx", {name: ([k, k], None)}) for name, k in (("2D", 1), ("3D", 5))}
    entries = [one | {"name": name} for name, one in named.items()]
    files = ome_group({"multiscales": entries}, version)
    for name in named:
        files |= under(name, array((4, 4), 2 if version == "0.4" else 3))
    root = write(tmp_path / "a.zarr", files)
    for wanted, scale in ((None, 5), ("3D", 5), ("2D", 1)):
        found = strata.open(root, multiscale=wanted).images[0]
        assert [list(level.scale) for level in found.levels] == [[scale, scale]]


@pytest.mark.parametrize("name", ["a.zarr.zip", "a.ozx"])
@pytest.mark.parametrize("folder", ["", "a.zarr/"], ids=["at-the-root", "in-a-folder"])
def test_in_a_zip_file(folder, name, tmp_path):
    files = early({"0": (1, 1, 2, 9, 9), "1": (1, 1, 2, 5, 5)})
    root = write(tmp_path / "raw", files)
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        for path in files:
            archive.write(root / path, folder + path)
    (found,) = strata.open(tmp_path / name).images
    assert [list(level.scale) for level in found.levels] == [[1] * 5, [1, 1, 1, 1.8, 1.8]]
    for level in found.levels:
        np.testing.assert_array_equal(read(level), numbered(level.shape))


# -------------------------------------------------------------------------- how chunks lie


@pytest.mark.parametrize("declared", [None, "right"])
@pytest.mark.parametrize("lies", [".", "/"], ids=["flat", "nested"])
@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.4"])
def test_chunks_are_found_with_and_without_a_separator(version, lies, declared, tmp_path):
    """What is written wins; what is not written is looked up. No level reads as zeros."""
    shapes = {"0": (1, 2, 3, 8, 9), "1": (1, 2, 3, 4, 5)}
    extra = {} if version in ("0.1", "0.2") else {"axes": list("tczyx")}
    files = early(shapes, version=version, **extra)
    if version == "0.4":
        places = {"0": ([1] * 5, None), "1": ([1, 1, 1, 2, 1.8], None)}
        files = group({"multiscales": [multiscale("tczyx", places)]})
    for path, shape in shapes.items():
        files = without(files, f"{path}/")
        keys = {} if declared else {"dimension_separator": None}
        files |= under(path, array(shape, chunks=(1, 1, 2, 3, 4), separator=lies, **keys))
        assert ("dimension_separator" in files[f"{path}/.zarray"]) == bool(declared)
    found = strata.open(write(tmp_path / "a.zarr", files)).images[0]
    for level in found.levels:
        np.testing.assert_array_equal(read(level), numbered(level.shape))


def test_levels_of_one_image_may_lie_differently(tmp_path):
    files = early({"0": (1, 1, 2, 8, 8), "1": (1, 1, 2, 4, 4)})
    for path, lies in (("0", "/"), ("1", ".")):
        shape = tuple(files[f"{path}/.zarray"]["shape"])
        files = without(files, f"{path}/")
        lying = array(shape, chunks=(1, 1, 1, 2, 2), separator=lies, dimension_separator=None)
        files |= under(path, lying)
    for level in strata.open(write(tmp_path / "a.zarr", files)).images[0].levels:
        np.testing.assert_array_equal(read(level), numbered(level.shape))


def test_the_first_chunk_may_be_missing(tmp_path):
    """Sparse data: chunk 0.0 was never written, the others still tell how the chunks lie."""
    for lies in "./":
        chunks = array((4, 4), chunks=(2, 2), separator=lies, dimension_separator=None)
        files = early({"0": (4, 4)}, version="0.3", axes=["y", "x"])
        files = without(files, "0/") | under("0", without(chunks, lies.join("00")))
        root = write(tmp_path / ("flat.zarr" if lies == "." else "nested.zarr"), files)
        wanted = numbered((4, 4))
        wanted[:2, :2] = 0
        np.testing.assert_array_equal(read(strata.open(root).images[0].levels[0]), wanted)


# ------------------------------------------------------------------ versions are not believed

YX = {"0": ((8, 8), [2, 3], [5, 7]), "1": ((4, 4), [4, 6], [6, 8.5])}
LIES = ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6rc0", "0.6.dev3", "9.9", "", 4, None, [], {"a": 1}]


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_transforms_count_whatever_the_version_says(lie, tmp_path):
    for version in ("0.4", "0.5"):
        files = image("yx", YX, version=version)
        if version == "0.4":
            files[".zattrs"]["multiscales"][0]["version"] = lie
        else:
            files["zarr.json"]["attributes"]["ome"]["version"] = lie
        found = strata.open(write(tmp_path / f"{version}.zarr", files)).images[0]
        assert [list(level.scale) for level in found.levels] == [[2, 3], [4, 6]]
        assert [list(level.translate) for level in found.levels] == [[5, 7], [6, 8.5]]


@pytest.mark.parametrize("lie", LIES, ids=str)
def test_shapes_count_where_there_are_no_transforms(lie, tmp_path):
    files = early({"0": (1, 1, 1, 9, 9), "1": (1, 1, 1, 5, 5)}, version=lie)
    found = strata.open(write(tmp_path / "a.zarr", files)).images[0]
    assert [list(level.scale) for level in found.levels] == [[1] * 5, [1, 1, 1, 1.8, 1.8]]


def test_the_version_is_named_by_structure(tmp_path):
    stores = {
        "0.4": image("yx", YX),
        "0.5": image("yx", YX, version="0.5"),
        "0.6": image("yx", YX, version="0.6"),
        "0.3": early({"0": (8, 8)}, version="0.3", axes=["y", "x"]),
    }
    for version, files in stores.items():
        found = strata.open(write(tmp_path / f"{version}.zarr", files)).images[0]
        assert found.format == f"ome-zarr-{version}"
    five = strata.open(write(tmp_path / "a.zarr", early({"0": (1, 1, 1, 8, 8)}))).images[0]
    assert five.format in ("ome-zarr-0.1", "ome-zarr-0.2")


def test_0_5_metadata_of_version_0_6_is_placed_as_it_says(tmp_path):
    """0.6: a sequence of scale and translation into the system ``physical``."""
    found = strata.open(write(tmp_path / "a.zarr", image("yx", YX, version="0.6"))).images[0]
    assert [list(level.scale) for level in found.levels] == [[2, 3], [4, 6]]
    assert [list(level.translate) for level in found.levels] == [[5, 7], [6, 8.5]]
    assert [UNITS[axis.unit][0] for axis in found.axes] == ["micrometer"] * 2
    assert not serious(found)


def test_a_byte_order_mark_in_zattrs(tmp_path):
    files = early({"0": (1, 1, 1, 8, 8), "1": (1, 1, 1, 4, 4)})
    text = json.dumps(files[".zattrs"])
    files[".zattrs"] = b"\xef\xbb\xbf" + text.encode()
    found = strata.open(write(tmp_path / "a.zarr", files)).images[0]
    assert [list(level.scale) for level in found.levels] == [[1] * 5, [1, 1, 1, 2, 2]]


def test_sharded_levels_of_0_5(tmp_path):
    """A level of 8×12 in shards of 4×6 and chunks of 2×3, beside one without shards."""
    entry = multiscale("yx", {"0": ([2, 2], None), "1": ([4, 4], [1, 1])})
    root = write(tmp_path / "a.zarr", ome_group({"multiscales": [entry]}, "0.5"))
    sharded = zarr.create_array(
        root / "0", shape=(8, 12), chunks=(2, 3), shards=(4, 6), dtype="uint16", zarr_format=3
    )
    sharded[...] = numbered((8, 12))
    write(root / "1", array((4, 6), 3))
    found = strata.open(root).images[0]
    assert [list(level.scale) for level in found.levels] == [[2, 2], [4, 4]]
    assert [list(level.translate) for level in found.levels] == [[0, 0], [1, 1]]
    assert tuple(found.levels[0].chunks) == (2, 3)
    for level in found.levels:
        np.testing.assert_array_equal(read(level), numbered(level.shape))


# ----------------------------------------------------------------------- what is not there


def test_a_missing_level_costs_only_itself(tmp_path):
    files = early({"0": (1, 1, 1, 8, 8), "1": (1, 1, 1, 4, 4), "2": (1, 1, 1, 2, 2)})
    found = strata.open(write(tmp_path / "a.zarr", without(files, "1/"))).images[0]
    assert [level.path for level in found.levels] == ["0", "2"]
    assert list(found.levels[1].scale) == [1, 1, 1, 4, 4]
    assert "missing-array" in codes(found)


def test_without_its_first_level(tmp_path):
    """Sizes are measured from the first level there is: the two are right to each other."""
    files = early({"0": (1, 1, 1, 8, 8), "1": (1, 1, 1, 4, 4), "2": (1, 1, 1, 2, 2)})
    found = strata.open(write(tmp_path / "a.zarr", without(files, "0/"))).images[0]
    assert [level.path for level in found.levels] == ["1", "2"]
    ratio = np.asarray(found.levels[1].scale) / np.asarray(found.levels[0].scale)
    assert ratio.tolist() == [1, 1, 1, 2, 2]
    assert "missing-array" in codes(found)


def test_0_1_with_four_axes_is_told(tmp_path):
    """0.1 and 0.2 are 5-D by rule: with another number of axes their names are a guess."""
    found = strata.open(write(tmp_path / "a.zarr", early({"0": (3, 4, 8, 8)}))).images[0]
    assert [axis.name for axis in found.axes][1:] == ["z", "y", "x"]
    assert serious(found) == {"missing-axes"}


def test_an_image_without_datasets_is_refused(tmp_path):
    files = group({"multiscales": [{"version": "0.1", "datasets": []}]})
    assert "datasets" in refused(write(tmp_path / "a.zarr", files))


def test_transforms_on_one_dataset_make_it_0_4(tmp_path):
    """The place of the other is then not declared: it is left out, not measured by its size."""
    files = early({"0": (8, 8), "1": (4, 4)}, version="0.3", axes=axes_of("yx"))
    datasets = files[".zattrs"]["multiscales"][0]["datasets"]
    datasets[0]["coordinateTransformations"] = placing([2, 2])
    found = strata.open(write(tmp_path / "a.zarr", files)).images[0]
    assert [list(level.scale) for level in found.levels] == [[2, 2]]
    (problem,) = [p for p in found.problems if p.severity == "error"]
    assert "datasets[1]" in problem.where
