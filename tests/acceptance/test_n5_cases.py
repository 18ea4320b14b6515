"""The given cases (``tests/data/n5.json``): API, ``inspect --json`` and a viewer layer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from checks import (
    UNITS,
    any_word,
    as_json,
    check_image,
    check_layer,
    check_levels,
    check_message,
    inspect_json,
    one_line,
    open_layers,
    refused,
    run_cli,
)
from containers import build, load_cases

import napari_strata as strata

CASES = load_cases("n5.json")
SOUND = [case for case in CASES if "expect" in case]
IMAGES = [case for case in SOUND if case["expect"]["format"] != "hierarchy"]
# A BigDataViewer timepoint is no image of its own, so the root offers `setup0` instead.
FROM_ROOT = [case for case in IMAGES if case["name"] != "bdv_setup_timepoint"]
HOSTILE = [case for case in CASES if "expect_error" in case]
SPATIAL = [
    case
    for case in IMAGES
    if case["expect"]["units"] is not None
    and all(UNITS[unit][1] is not None for unit in case["expect"]["units"])
]

# What the one line must say, per hostile case: `found`/`expected` list alternatives.
MESSAGES: dict[str, dict[str, Any]] = {
    "bad_resolution_wrong_length": {
        "file": "v/attributes.json",
        "key": "resolution",
        "found": ["2", "[4, 4]", "two"],
        "expected": ["3", "three"],
    },
    "bad_factors_empty": {
        "file": "v/attributes.json",
        "key": "downsamplingFactors",
        "found": ["[]", "empty", "0"],
        "expected": ["expected"],
    },
    "bad_negative_resolution": {
        "file": "v/attributes.json",
        "key": "resolution[0]",
        "found": ["-4"],
        "expected": ["positive", "> 0", "greater than 0", "above 0"],
    },
    "bad_zero_cosem_scale": {
        "file": "v/s0/attributes.json",
        "key": "transform.scale[0]",
        "found": ["0"],
        "expected": ["non-zero", "nonzero", "other than 0", "not 0", "not zero", "other than zero"],
    },
    "bad_nan_literal": {
        "file": "v/s0/attributes.json",
        "key": "transform.scale[0]",
        "found": ["NaN"],
        "expected": ["finite"],
    },
    "bad_infinite_literal": {
        "file": "v/s0/attributes.json",
        "key": "transform.scale[0]",
        "found": ["inf", "infinity", "1e400", "1e+400"],
        "expected": ["finite"],
    },
    "bad_transform_lengths": {
        "file": "v/s0/attributes.json",
        "key": "transform.scale",
        "found": ["2", "[4, 4]", "two"],
        "expected": ["3", "three"],
    },
    "bad_scale_not_numeric": {
        "file": "v/s0/attributes.json",
        "key": "transform.scale[0]",
        "found": ["4nm"],
        "expected": ["number"],
    },
    "bad_order_value": {
        "file": "v/s0/attributes.json",
        "key": "transform.order",
        "found": ['"K"', "'K'", "K"],
        "expected": ['"C" or "F"', "'C' or 'F'", "C or F"],
    },
    "bad_order_and_ordering_disagree": {
        "file": "v/s0/attributes.json",
        "key": "transform.order",
        "also_key": ["transform.ordering"],
        "found": ["F", '"F"', "'F'"],
        "expected": ["C", '"C"', "'C'"],
    },
    "bad_missing_s0_explicit": {
        "file": "attributes.json",
        "key": "scales",
        "also_key": ["scales[0]", "s0", "v/s0/attributes.json", "dimensions"],
        "found": ["missing", "absent", "no array", "not an array", "nothing", "does not exist",
                  "not there", "no such"],
    },
    "bad_dtype_differs": {
        "file": "v/s1/attributes.json",
        "key": "dataType",
        "found": ["uint16"],
        "expected": ["uint8"],
    },
    "bad_path_traversal_parent": {
        "file": "v/attributes.json",
        "key": "multiscales[0].datasets[0].path",
        "found": ["../secret/s0"],
        "expected": ["inside", "relative", "within"],
    },
    "bad_path_traversal_absolute": {
        "file": "v/attributes.json",
        "key": "multiscales[0].datasets[0].path",
        "found": ["/secret/s0"],
        "expected": ["inside", "relative", "within"],
    },
    "bad_path_traversal_backslash": {
        "file": "v/attributes.json",
        "key": "multiscales[0].datasets[0].path",
        "found": ["..\\secret\\s0", "..\\\\secret\\\\s0"],
        "expected": ["inside", "relative", "within", "/", "backslash"],
    },
    "bad_path_missing_array": {
        "file": "attributes.json",
        "key": "multiscales[0].datasets[1].path",
        "found": ["s1"],
        "expected": ["array"],
    },
    "bad_attributes_not_object": {
        "file": "v/attributes.json",
        "found": ["list", "array", "[1, 2, 3]", "[1,2,3]"],
        "expected": ["object"],
    },
}  # fmt: skip

# Where opening what is sound, with a problem, is as good as refusing: levels and the words one
# problem must contain.
OPENS_INSTEAD: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "bad_order_and_ordering_disagree": (
        [{"path": "s0", "scale": [1, 1, 1], "translate": [0, 0, 0]}],
        ["order"],
    ),
    "bad_missing_s0_explicit": (
        [{"path": "s1", "scale": [8, 8, 8], "translate": [2, 2, 2]}],
        ["s0"],
    ),
    "bad_dtype_differs": (
        [{"path": "s0", "scale": [4, 4, 4], "translate": [0, 0, 0]}],
        ["s1", "uint16"],
    ),
    "bad_path_missing_array": (
        [{"path": "s0", "scale": [4, 4, 4], "translate": [0, 0, 0]}],
        ["s1"],
    ),
}


def ids(cases: list[dict[str, Any]]) -> list[str]:
    return [case["name"] for case in cases]


def test_given_cases_are_complete():
    assert len(CASES) == 42
    assert set(MESSAGES) == {case["name"] for case in HOSTILE}


@pytest.mark.parametrize("case", IMAGES, ids=ids(IMAGES))
def test_api(case, tmp_path):
    dataset = strata.open(str(build(case, tmp_path)))
    assert len(dataset.images) == 1
    image = dataset.images[0]
    assert image.path == ""
    check_image(as_json(image), case["expect"], case)


@pytest.mark.parametrize("case", IMAGES, ids=ids(IMAGES))
def test_api_keys_shuffled_and_container_renamed(case, tmp_path):
    path = build(case, tmp_path, shuffle=True, name="räum lich (2)")
    image = strata.open(path).images[0]
    check_image(as_json(image), case["expect"], case)


@pytest.mark.parametrize("case", FROM_ROOT, ids=ids(FROM_ROOT))
def test_api_from_the_root(case, tmp_path):
    path = build(case, tmp_path)
    root = Path(str(path)[: -len(case["open"])])
    image = strata.open(root)[case["open"]]
    expect = {**case["expect"], "levels": [
        {**level, "path": f"{case['open']}/{level['path']}".rstrip("/")}
        for level in case["expect"]["levels"]
    ]}  # fmt: skip
    check_image(as_json(image), expect, case)


@pytest.mark.parametrize("case", IMAGES, ids=ids(IMAGES))
def test_inspect_json(case, tmp_path, capsys, monkeypatch):
    path = build(case, tmp_path, shuffle=True, name="renamed")
    report = inspect_json(path, capsys, monkeypatch)
    assert set(report) == {"path", "geometries", "images", "problems"}
    assert report["geometries"] == []
    assert [image["path"] for image in report["images"]] == [""]
    (image,) = report["images"]
    assert set(image) == {"path", "name", "format", "kind", "axes", "levels", "problems"}
    check_image(image, case["expect"], case)
    for level in image["levels"]:
        assert set(level) == {"path", "shape", "dtype", "chunks", "scale", "translate", "affine"}
        spec = case["arrays"][f"{case['open']}/{level['path']}".rstrip("/")]
        assert level["shape"] == spec["shape_c_order"]
        assert level["dtype"] == spec["dtype"]


@pytest.mark.parametrize("case", IMAGES, ids=ids(IMAGES))
def test_inspect_json_is_what_the_api_says(case, tmp_path, capsys, monkeypatch):
    path = build(case, tmp_path)
    report = inspect_json(path, capsys, monkeypatch)
    assert report["images"] == [as_json(image) for image in strata.open(path).images]


@pytest.mark.parametrize("case", SPATIAL, ids=ids(SPATIAL))
def test_layer(case, tmp_path):
    (layer,) = open_layers(build(case, tmp_path, shuffle=True, name="renamed"))
    check_layer(layer, case["expect"])
    assert [tuple(level.shape) for level in layer.data] == [
        tuple(case["arrays"][f"{case['open']}/{level['path']}".rstrip("/")]["shape_c_order"])
        for level in case["expect"]["levels"]
    ]


def test_hierarchy(tmp_path, capsys, monkeypatch):
    case = next(case for case in SOUND if case["expect"]["format"] == "hierarchy")
    path = build(case, tmp_path)
    dataset = strata.open(path)
    assert sorted(image.path for image in dataset.images) == sorted(case["expect"]["images"])
    assert dataset["labels/mito_seg"].kind == "labels"
    assert dataset["em/fibsem-uint8"].kind == "image"
    assert dataset["lm/er_palm"].kind == "image"
    check_levels(
        as_json(dataset["em/fibsem-uint8"])["levels"],
        [
            {"path": "em/fibsem-uint8/s0", "scale": [5.24, 4, 4], "translate": [0, 0, 0]},
            {"path": "em/fibsem-uint8/s1", "scale": [10.48, 8, 8], "translate": [2.62, 2, 2]},
        ],
    )
    check_levels(
        as_json(dataset["lm/er_palm"])["levels"],
        [{"path": "lm/er_palm/s0", "scale": [26, 52, 26], "translate": [0, 0, 0]}],
    )
    report = inspect_json(path, capsys, monkeypatch)
    assert sorted(i["path"] for i in report["images"]) == sorted(case["expect"]["images"])
    layers = open_layers(path)
    assert sorted(layer.metadata["strata"]["image"] for layer in layers) == sorted(
        case["expect"]["images"]
    )
    assert sorted(layer._type_string for layer in layers) == [
        "image",
        "image",
        "labels",
    ]
    with pytest.raises(KeyError):
        dataset["em/nothing"]
    assert "em/fibsem-uint8" in str(dataset.tree()) or "fibsem-uint8" in str(dataset.tree())


# ----------------------------------------------------------------------------------- hostile


def sound_instead(case: dict[str, Any], image: dict[str, Any]) -> None:
    """The image opened although the case is hostile: right levels, and a problem says why."""
    assert case["name"] in OPENS_INSTEAD, f"{case['name']} must be refused"
    levels, words = OPENS_INSTEAD[case["name"]]
    check_levels(image["levels"], levels)
    texts = [
        f"{p['where']} {p['message']}"
        for p in image["problems"]
        if p["severity"] in ("error", "warning")
    ]
    assert any(all(word in text for word in words) for text in texts), (words, texts)


@pytest.mark.parametrize("shuffle", [False, True], ids=["as-given", "shuffled"])
@pytest.mark.parametrize("case", HOSTILE, ids=ids(HOSTILE))
def test_hostile_api(case, shuffle, tmp_path):
    path = build(case, tmp_path, shuffle=shuffle)
    try:
        dataset = strata.open(path)
    except strata.OpenError as error:
        check_message(one_line(str(error)), MESSAGES[case["name"]])
    else:
        assert len(dataset.images) == 1
        sound_instead(case, as_json(dataset.images[0]))


@pytest.mark.parametrize("case", HOSTILE, ids=ids(HOSTILE))
def test_hostile_inspect(case, tmp_path, capsys, monkeypatch):
    path = build(case, tmp_path, name="renamed")
    code, out, err = run_cli(["inspect", str(path), "--json"], capsys, monkeypatch)
    if code == 0:
        (image,) = json.loads(out)["images"]
        sound_instead(case, image)
        return
    assert code == 2
    assert out == ""
    message = one_line(err)
    assert message in refused(path) or refused(path) in message
    check_message(message, MESSAGES[case["name"]])


@pytest.mark.parametrize("case", HOSTILE, ids=ids(HOSTILE))
def test_hostile_layer(case, tmp_path):
    from napari_strata.plugin import get_reader

    path = build(case, tmp_path)
    reader = get_reader(str(path))
    if reader is None:
        return
    try:
        layers = reader(str(path))
    except strata.OpenError as error:
        check_message(one_line(str(error)), MESSAGES[case["name"]])
    else:
        assert case["name"] in OPENS_INSTEAD
        assert len(layers) == 1


def test_hostile_neighbour_does_not_cost_the_others(tmp_path):
    """Every refused image becomes a problem of the root; the good image beside it opens."""
    for case in HOSTILE:
        folder = tmp_path / case["name"]
        tree = {
            **case["tree"],
            "good": {"scales": [[1, 1, 1]], "resolution": [4, 5, 6], "units": ["nm"] * 3},
        }
        arrays = {**case["arrays"], "good/s0": {"shape_c_order": [4, 4, 4], "dtype": "uint8"}}
        root = build({**case, "tree": tree, "arrays": arrays, "open": ""}, folder)
        dataset = strata.open(root)
        assert "good" in [image.path for image in dataset.images], case["name"]
        check_levels(
            as_json(dataset["good"])["levels"],
            [{"path": "good/s0", "scale": [6, 5, 4], "translate": [0, 0, 0]}],
        )
        if "v" in [image.path for image in dataset.images]:
            continue
        texts = [f"{p.where} {p.message}" for p in dataset.problems]
        expected = MESSAGES[case["name"]]
        assert any(
            expected["file"] in text
            and any(key in text for key in [expected.get("key", ""), *expected.get("also_key", [])])
            for text in texts
        ), (case["name"], texts)


# ------------------------------------------------------------------------- other ways to open


def test_the_console_script(tmp_path):
    """Once as a process of its own: standard output is JSON and nothing else."""
    case = next(case for case in CASES if case["name"] == "cosem_order_F")
    path = build(case, tmp_path)
    command = [sys.executable, "-c", "from napari_strata.cli import main; main()"]
    done = subprocess.run(
        [*command, "inspect", str(path), "--json"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    check_image(json.loads(done.stdout)["images"][0], case["expect"], case)
    done = subprocess.run(
        [*command, "inspect", str(tmp_path / "nothing.n5")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "nothing.n5" in one_line(done.stderr)


def test_inspect_for_people(tmp_path, capsys, monkeypatch):
    case = next(case for case in CASES if case["name"] == "cosem_array_transform_beats_group")
    path = build(case, tmp_path)
    code, out, err = run_cli(["inspect", str(path)], capsys, monkeypatch)
    assert code == 0, err
    for word in ("cosem", "s0", "s1", "nm", "8", "2"):
        assert word in out, word
    assert "translate" in out or "translation" in out


def test_disagreement_says_by_how_much(tmp_path):
    case = next(case for case in CASES if case["name"] == "cosem_array_transform_beats_group")
    image = strata.open(build(case, tmp_path)).images[0]
    texts = [f"{p.where} {p.message}" for p in image.problems if p.severity == "warning"]
    # The group says 0 where the array says 2: 2 nm apart.
    assert any("datasets[1]" in t and any_word(["2", "2.0"], t) for t in texts), texts


OPENED_BY_PARTS = [
    ("cosem_jrc_hela_2_fibsem_uint8", ["attributes.json", "s0", "s3", "s3/attributes.json"]),
    ("ng_testdata_scales_2d", ["attributes.json", "s1", "s2/attributes.json"]),
    ("ng_testdata_per_level_factors_2d", ["attributes.json", "s0", "s2/attributes.json"]),
    ("cosem_arrays_only_no_group_metadata", ["s0", "s2/attributes.json"]),
    ("n5v_per_level_base_resolution_times_factor", ["s1", "s0/attributes.json"]),
    ("single_array_pixelResolution_only", ["attributes.json"]),
    ("zarr_ome_global_translation_of_one", [".zattrs", ".zgroup", "s0", "s1/.zarray"]),
    ("zarr_cellmap_ome_with_leftover_n5_keys", [".zattrs", "s0", "s0/.zattrs", "s1/.zarray"]),
]


@pytest.mark.parametrize(
    ("name", "part"), [(name, part) for name, parts in OPENED_BY_PARTS for part in parts]
)
def test_a_part_opens_the_image_it_belongs_to(name, part, tmp_path):
    case = next(case for case in CASES if case["name"] == name)
    path = build(case, tmp_path) / part
    assert path.exists()
    dataset = strata.open(path)
    assert len(dataset.images) == 1
    assert dataset.images[0].path == ""
    check_image(as_json(dataset.images[0]), case["expect"], case)
    if all(UNITS[unit][1] is not None for unit in case["expect"]["units"]):
        (layer,) = open_layers(path)
        check_layer(layer, case["expect"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ng_group_downsamplingFactors_anisotropic",
         [([30, 4, 4], [15, 2, 2]), ([30, 8, 8], [15, 4, 4]), ([30, 16, 16], [15, 8, 8])]),
        ("ng_missing_s0_listing_mode", [([8, 8, 8], [4, 4, 4]), ([16, 16, 16], [8, 8, 8])]),
        ("single_array_pixelResolution_only", [([5.24, 4, 4], [2.62, 2, 2])]),
    ],
)  # fmt: skip
def test_corner_convention_adds_half_a_full_resolution_voxel(name, expected, tmp_path):
    case = next(case for case in CASES if case["name"] == name)
    path = build(case, tmp_path)
    image = strata.open(path, origin="corner").images[0]
    check_levels(
        as_json(image)["levels"],
        [{"scale": scale, "translate": place} for scale, place in expected],
    )
    assert as_json(strata.open(path, origin="center").images[0]) == as_json(
        strata.open(path).images[0]
    )


def test_corner_convention_leaves_declared_transforms_alone(tmp_path):
    case = next(case for case in CASES if case["name"] == "cosem_jrc_hela_2_fibsem_uint8")
    image = strata.open(build(case, tmp_path), origin="corner").images[0]
    check_levels(as_json(image)["levels"], case["expect"]["levels"])


def test_unknown_origin_is_refused(tmp_path):
    case = next(case for case in CASES if case["name"] == "ng_testdata_scales_2d")
    path = build(case, tmp_path)
    with pytest.raises(ValueError, match="corner"):
        strata.open(path, origin="middle")


def test_the_levels_hold_the_written_voxels(tmp_path):
    """C order all the way: the value at [z, y, x] is the one tensorstore wrote there."""
    case = next(case for case in CASES if case["name"] == "ng_pixelResolution_beats_resolution")
    level = strata.open(build(case, tmp_path)).images[0].levels[0]
    assert level.shape == (4, 5, 6)
    dense = level.to_dask().compute()
    assert dense.shape == (4, 5, 6)
    # Flat C index + 1 of [1, 2, 3] in (4, 5, 6): 30 + 12 + 3 + 1.
    assert dense[1, 2, 3] == 46
    assert dense[3, 4, 5] == 120


# ------------------------------------------------------------------------------- in a viewer


@pytest.mark.window
@pytest.mark.parametrize(
    "name", ["ng_group_downsamplingFactors_anisotropic", "cosem_negative_scale_y_flip"]
)
def test_in_a_window(name, tmp_path, shared_viewer):
    case = next(case for case in CASES if case["name"] == name)
    viewer = shared_viewer
    viewer.open(str(build(case, tmp_path)), plugin="napari-strata")
    assert len(viewer.layers) == 1
    check_layer(viewer.layers[0], case["expect"])
