"""Images that are parts of one whole, or only offered beside others: what is opened of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Layer

import napari_strata as strata
from formats.visor_stores import multiscale, plain_image, scaled, write_image
from napari_strata import model
from napari_strata.affine import from_scale_translate
from napari_strata.dataset import Image
from napari_strata.layers.build import build
from napari_strata.layers.choose import MOST_PARTS, choose


def image(path: str, size: int = 2, whole: str | None = None, beside: bool = False) -> Image:
    shape = (size, 2, 2)
    location = model.ArrayLocation({}, "n5", {}, path)
    matrix = from_scale_translate([1.0] * 3)
    level = model.Level(path, shape, np.dtype("uint8"), shape, matrix, location)
    axes = tuple(model.Axis(name, "space") for name in "zyx")
    found = model.Image(path, path, "visor", "image", axes, (level,), whole=whole, beside=beside)
    return Image(found)


def chosen(images: list[Image]) -> tuple[list[str], int]:
    found, left_out = choose(images)
    return [i.path for i in found], left_out


def test_parts_stay_together_and_count_as_one():
    parts = [image(f"p{k}", whole="p") for k in range(5)]
    others = [image(f"o{k}", 3) for k in range(9)]
    assert chosen([*others[:4], *parts, *others[4:]]) == (
        ["p0", "p1", "p2", "p3", "p4", *(f"o{k}" for k in range(7))],
        2,
    )


@pytest.mark.parametrize(("each", "wholes"), [(30, 2), (40, 1), (99, 1)])
def test_more_parts_than_a_viewer_takes_are_left_out(each: int, wholes: int):
    images = [image(f"{w}-{k}", whole=str(w)) for w in range(4) for k in range(each)]
    found, left_out = chosen(images)
    assert len(found) == each * wholes
    assert left_out == 4 - wholes
    assert wholes == 1 or len(found) <= MOST_PARTS


def test_what_is_beside_is_left_out_unless_it_is_all_there_is():
    beside = [image("big", 9, beside=True), image("huge", 99, beside=True)]
    assert chosen([*beside, image("raw")]) == (["raw"], 2)
    assert chosen(beside) == (["huge", "big"], 0)


def layers(path: Path) -> list[Any]:
    return [
        x if isinstance(x, Layer) else Layer.create(*x) for x in build(strata.open(path)).layers
    ]


def test_layers_are_in_the_order_of_channels_then_of_stacks(tmp_path: Path):
    found = layers(plain_image(tmp_path / "a.zarr"))
    assert [layer.name for layer in found] == [
        "a stack_1 488",
        "a stack_2 488",
        "a stack_1 561",
        "a stack_2 561",
    ]
    assert all(layer.visible for layer in found)


def test_of_two_slices_the_larger_is_visible(tmp_path: Path):
    raw = tmp_path / "A.vsr" / "visor_raw_images"
    plain_image(raw / "slice_1_10x.zarr", count=1)
    plain_image(raw / "slice_2_10x.zarr", count=2)
    found = layers(tmp_path / "A.vsr")
    assert [(layer.name.split(" ")[0], layer.visible) for layer in found] == [
        *[("slice_2_10x", True)] * 4,
        *[("slice_1_10x", False)] * 2,
    ]


def test_a_problem_of_all_parts_is_told_once(tmp_path: Path):
    entry = multiscale([{"path": "0", "coordinateTransformations": scaled([1.0] * 6)}])
    listed = [{"index": i, "label": str(i), "position": [i, i]} for i in (0, 1)]
    path = write_image(tmp_path / "a.zarr", entry, paths=("0",), visor_stacks=listed)
    built = build(strata.open(path))
    assert [p.code for p in built.problems] == ["surplus-scale"]
    for layer in built.layers:
        note = (layer.metadata if isinstance(layer, Layer) else layer[1]["metadata"])["strata"]
        assert [p["code"] for p in note["problems"]] == ["surplus-scale"]


def test_one_channel_of_a_stack_adds_its_light_too(tmp_path: Path):
    entry = multiscale([{"path": "0", "coordinateTransformations": scaled([1.0] * 5)}])
    path = write_image(tmp_path / "a.zarr", entry, (2, 1, 2, 4, 4), paths=("0",))
    (layer,) = layers(path)
    assert (layer.name, str(layer.blending), layer.colormap.name) == (
        "a channel_0",
        "additive",
        "gray",
    )
