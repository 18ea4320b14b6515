"""Further N5 cases (``tests/data/more_n5.json``), one published or documented rule each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from checks import (
    UNITS,
    as_json,
    check_image,
    check_layer,
    check_message,
    check_problems,
    inspect_json,
    one_line,
    open_layers,
    run_cli,
)
from containers import build, load_cases

import napari_strata as strata

CASES = load_cases("more_n5.json")
SOUND = [case for case in CASES if "expect" in case]
IMAGES = [case for case in SOUND if case["expect"]["format"] != "hierarchy"]
ROOTS = [case for case in SOUND if case["expect"]["format"] == "hierarchy"]
HOSTILE = [case for case in CASES if "expect_error" in case]
SPATIAL = [
    case
    for case in IMAGES
    if case["expect"].get("units")
    and case["expect"].get("levels")
    and len(case["expect"]["axes"]) > 1
    and all(
        UNITS[unit][1] is not None or axis == "c"
        for unit, axis in zip(case["expect"]["units"], case["expect"]["axes"], strict=True)
    )
]


def ids(cases: list[dict[str, Any]]) -> list[str]:
    return [case["name"] for case in cases]


def open_or_refused(case: dict[str, Any], path: Path) -> Any:
    """Open the case, or return None where refusing it is as good and says so in one line."""
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
    dataset = open_or_refused(case, build(case, tmp_path, shuffle=shuffle))
    if dataset is None:
        return
    assert [image.path for image in dataset.images] == [""]
    image = dataset.images[0]
    found = as_json(image)
    found["problems"] += problems_of(dataset)
    check_image(found, case["expect"], case)
    if "channels" in case["expect"]:
        labels = [channel.label for channel in image.display.channels]
        assert labels == case["expect"]["channels"]


def problems_of(dataset: Any) -> list[dict[str, Any]]:
    return [
        {"code": p.code, "severity": p.severity, "where": p.where, "message": p.message}
        for p in dataset.problems
    ]


@pytest.mark.parametrize("case", IMAGES, ids=ids(IMAGES))
def test_inspect_json(case, tmp_path, capsys, monkeypatch):
    path = build(case, tmp_path, name="data")
    dataset = open_or_refused(case, path)
    if dataset is None:
        assert run_cli(["inspect", str(path)], capsys, monkeypatch)[0] == 2
        return
    report = inspect_json(path, capsys, monkeypatch)
    assert report["images"] == [as_json(image) for image in dataset.images]
    assert report["problems"] == problems_of(dataset)
    assert json.dumps(report, allow_nan=False)


@pytest.mark.parametrize("case", SPATIAL, ids=ids(SPATIAL))
def test_layer(case, tmp_path):
    path = build(case, tmp_path)
    if open_or_refused(case, path) is None:
        return
    layers = open_layers(path)
    assert len(layers) == case["expect"].get("layers", 1)
    axes = case["expect"]["axes"]
    for layer in layers:
        check_layer(layer, case["expect"], drop=axes.index("c") if "c" in axes else None)
    for label, layer in zip(case["expect"].get("channels", []), layers, strict=False):
        assert label in layer.name


@pytest.mark.parametrize("name", ["ng_1d", "n5_bare_array_1d"])
def test_a_line_becomes_a_picture_or_is_refused(name, tmp_path):
    """Napari draws nothing of one axis: a second one of length 1, or a clear line."""
    path = build(next(case for case in CASES if case["name"] == name), tmp_path)
    try:
        (layer,) = open_layers(path)
    except strata.OpenError as error:
        one_line(str(error))
    else:
        assert layer.ndim == 2
        assert layer.data[0].shape[0] == 1


@pytest.mark.parametrize("case", ROOTS, ids=ids(ROOTS))
def test_root(case, tmp_path, capsys, monkeypatch):
    path = build(case, tmp_path)
    expect = case["expect"]
    dataset = strata.open(path)
    assert sorted(image.path for image in dataset.images) == expect["images"]
    for image_path, kind in expect.get("kinds", {}).items():
        assert dataset[image_path].kind == kind, image_path
    for image_path, wanted in expect.get("each", {}).items():
        found = as_json(dataset[image_path])
        if case.get("also_ndim"):
            without_single_timepoint(found)
        check_image(found, wanted, case)
    everything = problems_of(dataset) + [
        problem for image in dataset.images for problem in as_json(image)["problems"]
    ]
    check_problems(everything, expect)
    report = inspect_json(path, capsys, monkeypatch)
    assert sorted(image["path"] for image in report["images"]) == expect["images"]


def without_single_timepoint(image: dict[str, Any]) -> None:
    """Take a leading t axis of length 1 off, in place."""
    if image["axes"][0]["name"] != "t":
        return
    image["axes"] = image["axes"][1:]
    for level in image["levels"]:
        assert level["shape"][0] == 1
        level["affine"] = [row[1:] for row in level["affine"][1:]]
        for key in ("shape", "scale", "translate"):
            level[key] = level[key] and level[key][1:]


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


@pytest.mark.parametrize("case", HOSTILE, ids=ids(HOSTILE))
def test_hostile_as_a_layer(case, tmp_path):
    from napari_strata.plugin import get_reader

    path = build(case, tmp_path)
    reader = get_reader(str(path))
    if reader is None:
        return
    with pytest.raises(strata.OpenError) as caught:
        reader(str(path))
    check_message(one_line(str(caught.value)), case["expect_error"])


def test_hostile_ones_beside_a_good_one(tmp_path):
    """All of them in one container: the good image opens, each bad one is named."""
    single = [c for c in HOSTILE if c["open"] == "v" and c["expect_error"].get("file")]
    good = {"scales": [[1, 1, 1]], "resolution": [4, 5, 6], "units": ["nm", "nm", "nm"]}
    tree: dict[str, Any] = {"": {"n5": "2.5.1"}, "good": good}
    arrays: dict[str, Any] = {"good/s0": {"shape_c_order": [4, 4, 4], "dtype": "uint8"}}
    raw: dict[str, str] = {}
    for case in single:
        where = f"z_{case['name']}"
        tree |= {f"{where}/{p}": a for p, a in case["tree"].items() if p}
        raw |= {f"{where}/{p}": a for p, a in case.get("tree_raw", {}).items()}
        arrays |= {f"{where}/{p}": a for p, a in case["arrays"].items()}
    everything = {
        "name": "all",
        "container": "n5",
        "tree": tree,
        "tree_raw": raw,
        "arrays": arrays,
        "open": "",
    }
    dataset = strata.open(build(everything, tmp_path))
    found = {image.path for image in dataset.images}
    assert "good" in found
    texts = [
        f"{p.where} {p.message}"
        for p in [*dataset.problems, *(p for image in dataset.images for p in image.problems)]
    ]
    for case in single:
        where = f"z_{case['name']}"
        assert f"{where}/v" not in found, where
        assert any(where in text for text in texts), where


def test_the_cases_are_many():
    assert len(CASES) >= 60
