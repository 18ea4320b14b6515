"""Which images of a dataset become layers, and which channel axes are split."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_strata import model
from napari_strata.affine import from_scale_translate
from napari_strata.dataset import Image
from napari_strata.layers.choose import choose, split_axis


def image(
    path: str, shape: tuple[int, ...], dtype: str = "uint8", kind: Any = "image", axes: str = "zyx"
) -> Image:
    kinds: dict[str, Any] = {"c": "channel", "t": "time"}
    matrix = from_scale_translate([1.0] * len(shape))
    location = model.ArrayLocation({}, "n5", {}, path)
    level = model.Level(path, shape, np.dtype(dtype), shape, matrix, location)
    named = tuple(model.Axis(n, kinds.get(n, "space")) for n in axes)
    return Image(model.Image(path, path, "cosem", kind, named, (level,)))


ORDERS: dict[str, tuple[list[Image], list[str]]] = {
    "largest first": (
        [image("small", (2, 2, 2)), image("large", (9, 9, 9)), image("middle", (5, 5, 5))],
        ["large", "middle", "small"],
    ),
    "in bytes, not voxels": (
        [image("wide", (4, 4, 4), "uint8"), image("deep", (4, 4, 4), "uint16")],
        ["deep", "wide"],
    ),
    "raw before labels, however large": (
        [image("labels", (99, 99, 99), "uint64", "labels"), image("raw", (2, 2, 2))],
        ["raw", "labels"],
    ),
    "equals stay in order": (
        [image(name, (2, 2, 2)) for name in ("b", "a", "c")],
        ["b", "a", "c"],
    ),
    "shapes beyond 64 bits": (
        [image("a", (2**40, 2**40, 2)), image("b", (2**40, 2**40, 4))],
        ["b", "a"],
    ),
}


@pytest.mark.parametrize("name", ORDERS)
def test_order(name: str):
    images, expected = ORDERS[name]
    assert [i.path for i in choose(images)[0]] == expected
    assert choose(images)[1] == 0


@pytest.mark.parametrize(("count", "shown", "left"), [(0, 0, 0), (8, 8, 0), (9, 8, 1), (50, 8, 42)])
def test_at_most_eight(count: int, shown: int, left: int):
    chosen, left_out = choose([image(str(i), (i + 1, 2, 2)) for i in range(count)])
    assert (len(chosen), left_out) == (shown, left)
    assert [i.path for i in chosen] == [str(i) for i in range(count)][::-1][:8]


SPLITS: dict[str, tuple[Image, int | None]] = {
    "no channels": (image("a", (4, 4, 4)), None),
    "first": (image("a", (3, 4, 4), axes="cyx"), 0),
    "last": (image("a", (4, 4, 3), axes="yxc"), 2),
    "one": (image("a", (1, 4, 4), axes="cyx"), 0),
    "32": (image("a", (32, 4, 4), axes="cyx"), 0),
    "spectra are scrolled": (image("a", (33, 4, 4), axes="cyx"), None),
    "labels have none": (image("a", (3, 4, 4), kind="labels", axes="cyx"), None),
}


@pytest.mark.parametrize("name", SPLITS)
def test_split_axis(name: str):
    found, expected = SPLITS[name]
    assert split_axis(found) == expected
