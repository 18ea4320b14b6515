"""VISoR (``tests/data/visor.json``): each stack at its own place, at every level, in each layer."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checks import affine_of, as_json, check_problems, close, inspect_json, open_layers
from containers import DATA, shuffled
from ome_stores import Files, array, group, numbered, under, write
from test_http_requests import serving

import napari_strata as strata

Case = dict[str, Any]
CASES: list[Case] = json.loads((DATA / "visor.json").read_text(encoding="utf-8"))["cases"]
IDS = [case["id"] for case in CASES]

# Severity and place of each problem, worked out from the stores; the case's code is a proposal.
WARNINGS = {
    "selected-channel-missing:slice_2_10x:640": (
        "selected-channel-missing",
        "warning",
        "visor_raw_images/selected.json: [1].channels[1]",
        '"640"',
    ),
    # Every format calls a path that leaves its group so.
    "path-outside-group:../../secret": (
        "bad-path",
        "error",
        "zarr.json: attributes.ome.multiscales[0].datasets[2].path",
        '"../../secret"',
    ),
    "stray-stack-entry:0/slice_1_stack_9": (
        "stray-stack-entry",
        "warning",
        "zarr.json: attributes.ome.multiscales[0].datasets[1].path",
        '"0/slice_1_stack_9"',
    ),
    "duplicate-stack-index:0": (
        "duplicate-stack-index",
        "warning",
        "zarr.json: attributes.visor.visor_stacks[1].index",
        "0",
    ),
    "stack-index-out-of-range:7": (
        "stack-index-out-of-range",
        "warning",
        "zarr.json: attributes.visor.visor_stacks[2].index",
        "7",
    ),
    "bad-position:stack_9": (
        "bad-position",
        "warning",
        "zarr.json: attributes.visor.visor_stacks[2].position[0]",
        "stack_9",
    ),
    "stacks-unplaced": (
        "stacks-unplaced",
        "warning",
        "zarr.json: attributes.ome.multiscales[0].axes[0]",
        "2 of 2 stacks",
    ),
    "channels-shorter-than-axis": (
        "channels-shorter-than-axis",
        "info",
        "zarr.json: attributes.visor.channels",
        "found 1 channels, expected 2",
    ),
}


def opened(case: Case) -> tuple[str, str]:
    """The name of what is opened without its suffix, and the suffix."""
    path = Path(case["open"])
    return path.stem, path.suffix


def build(case: Case, folder: Path, *, shuffle: bool = False, name: str | None = None) -> Path:
    """Write the case's store, what is opened under another name if one is given."""
    files: Files = {}
    for path, node in case["store"].items():
        if node["kind"] == "array":
            assert node["dtype"] == "uint16"
            shape, separator = tuple(node["shape"]), node["dimension_separator"]
            chunks = (1, 1, *(max(1, size // 2) for size in shape[2:]))
            files |= under(
                path, array(shape, node["zarr_format"], chunks=chunks, separator=separator)
            )
            continue
        value = node["value" if node["kind"] == "json" else "attributes"]
        value = shuffled(value, seed=11) if shuffle else value
        files |= (
            {path: value}
            if node["kind"] == "json"
            else under(path, group(value, node["zarr_format"]))
        )
    write(folder, files)
    path = folder / case["open"]
    return path if name is None else path.rename(path.with_name(name + path.suffix))


def expected_name(text: str, case: Case, name: str | None) -> str:
    """What is called after the container follows its name."""
    stem, _ = opened(case)
    return text if name is None or not text.startswith(stem) else name + text[len(stem) :]


VARIANTS = [(False, None), (True, None), (False, "renamed"), (True, "other name")]
VARIANT_IDS = ["as-given", "shuffled", "renamed", "shuffled-renamed"]
variants = pytest.mark.parametrize(("shuffle", "name"), VARIANTS, ids=VARIANT_IDS)
cases = pytest.mark.parametrize("case", CASES, ids=IDS)


def images_of(case: Case) -> dict[str, list[Case]]:
    """The expected layers of each image: its channels, by the image's name."""
    found: dict[str, list[Case]] = {}
    for layer in case["expect"]["layers"]:
        name = layer["image"] + (f" {layer['stack']}" if "stack" in layer else "")
        found.setdefault(name, []).append(layer)
    return found


def check_images(images: list[dict[str, Any]], case: Case, name: str | None) -> None:
    expected = {expected_name(n, case, name): layers for n, layers in images_of(case).items()}
    assert [image["name"] for image in images] == list(expected)
    for image, layers in zip(images, expected.values(), strict=True):
        assert (image["format"], image["kind"]) == ("visor", "image")
        types = [axis["type"] for axis in image["axes"]]
        channel = types.index("channel")
        kept = [i for i in range(len(types)) if i != channel]
        assert [image["axes"][i]["name"] for i in kept] == layers[0]["axis_labels"]
        units = [image["axes"][i]["unit"] or "pixel" for i in kept]
        assert units == layers[0]["units"]
        for level, wanted in zip(image["levels"], layers[0]["levels"], strict=True):
            assert Path(level["path"]).name == wanted["path"]
            assert level["shape"][channel] == len(layers)
            assert close([level["scale"][i] for i in kept], wanted["scale"])
            assert close([level["translate"][i] for i in kept], wanted["translate"])
            assert (level["scale"][channel], level["translate"][channel]) == (1, 0)
            assert close(np.diagonal(level["affine"])[:-1], level["scale"])
        shapes = [[level["shape"][i] for i in kept] for level in image["levels"]]
        assert shapes == layers[0]["level_shapes"]
        check_problems(image["problems"], {})


@variants
@cases
def test_api(case: Case, shuffle: bool, name: str | None, tmp_path: Path):
    dataset = strata.open(build(case, tmp_path, shuffle=shuffle, name=name))
    check_images([as_json(image) for image in dataset.images], case, name)
    for image, layers in zip(dataset.images, images_of(case).values(), strict=True):
        assert [c.label for c in image.display.channels] == [layer["channel"] for layer in layers]


@variants
@cases
def test_inspect(
    case: Case,
    shuffle: bool,
    name: str | None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    path = build(case, tmp_path, shuffle=shuffle, name=name)
    found = inspect_json(path, capsys, monkeypatch)
    check_images(found["images"], case, name)


@cases
def test_warnings(case: Case, tmp_path: Path):
    """Every listed problem is there, at its place, and no other one."""
    dataset = strata.open(build(case, tmp_path))
    found = {p for image in dataset.images for p in image.problems} | set(dataset.problems)
    wanted = [WARNINGS[warning] for warning in case["expect"]["warnings"]]
    assert {(p.code, p.severity, p.where) for p in found} == {entry[:3] for entry in wanted}
    for code, _, where, words in wanted:
        assert [p for p in found if (p.code, p.where) == (code, where) and words in p.message]


@variants
@cases
def test_layers(case: Case, shuffle: bool, name: str | None, tmp_path: Path):
    layers = open_layers(build(case, tmp_path, shuffle=shuffle, name=name))
    expect = case["expect"]["layers"]
    assert [layer.name for layer in layers] == [
        expected_name(e["name"], case, name) for e in expect
    ]
    for layer, wanted in zip(layers, expect, strict=True):
        check_layer(layer, wanted)
        check_values(layer, wanted, case)


def check_layer(layer: Any, wanted: Case) -> None:
    assert close(layer.scale, wanted["scale"])
    assert close(layer.translate, wanted["translate"])
    assert list(layer.axis_labels) == wanted["axis_labels"]
    assert [str(unit) for unit in layer.units] == wanted["units"]
    assert str(layer.blending) == wanted["blending"]
    low, high = layer.contrast_limits
    assert low < high
    for level, expected in zip(
        layer.metadata["strata"]["layer_levels"], wanted["levels"], strict=True
    ):
        assert close(level["affine"], affine_of(expected))


def check_values(layer: Any, wanted: Case, case: Case) -> None:
    """The layer's data are the selected part of the stored array, at every level."""
    data = list(layer.data) if layer.multiscale else [layer.data]
    assert [list(level.shape) for level in data] == wanted["level_shapes"]
    stem = f"{wanted['image']}.zarr/"
    for level, expected in zip(data, wanted["levels"], strict=True):
        (node,) = [n for p, n in case["store"].items() if p.endswith(stem + expected["path"])]
        whole = numbered(tuple(node["shape"]))
        for axis, index in sorted(wanted["select"].items(), reverse=True):
            whole = whole.take(index, axis=int(axis))
        np.testing.assert_array_equal(np.asarray(level[...]), whole)
        np.testing.assert_array_equal(np.asarray(level.to_dask()), whole)


def test_colours_follow_the_channels(tmp_path: Path):
    """Both stacks of a channel have one colour, and the channels different ones."""
    case = next(case for case in CASES if case["id"].startswith("A4"))
    layers = open_layers(build(case, tmp_path))
    names = [layer.colormap.name for layer in layers]
    assert names == ["#00ff00", "#00ff00", "#ff00ff", "#ff00ff"]
    assert all(layer.visible for layer in layers)


# ------------------------------------------------------------------------------------ by a server


def check_served(case: Case, folder: Path, *, listing: bool) -> Counter[tuple[str, str]]:
    """Open over HTTP, compare the images; return what was asked for, pixels left out."""
    build(case, folder)
    with serving(folder, listing=listing) as server:
        dataset = strata.open(f"{server.url}/{case['open']}")
        asked = server.counted()
        check_images([as_json(image) for image in dataset.images], case, None)
        for image in dataset.images:
            np.asarray(image.levels[0].data[0])
    return asked


@pytest.mark.parametrize("listing", [False, True], ids=["no-listing", "listing"])
@cases
def test_over_http(case: Case, listing: bool, tmp_path: Path):
    asked = check_served(case, tmp_path, listing=listing)
    assert max(asked.values()) == 1, asked.most_common(3)


def test_only_what_is_selected_is_asked_for(tmp_path: Path):
    case = next(case for case in CASES if case["id"].startswith("A5"))
    asked = check_served(case, tmp_path, listing=False)
    paths = {path for _, path in asked}
    assert not [path for path in paths if "slice_3" in path]
    root = "/VISOR001.vsr/visor_raw_images"
    groups = [f"{root}/slice_{k}_10x.zarr" for k in (1, 2)]
    found = {f"{root}/selected.json", *(f"{g}/zarr.json" for g in groups)}
    assert found | {f"{g}/{level}/zarr.json" for g in groups for level in "01"} <= paths
    assert not [path for path in paths if path.startswith(root) and path.endswith(".zarray")]
