"""Colours and properties of labels, as a layer shows them and as a window draws them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from layer_drawing import settle
from napari.layers import Labels
from napari.utils.colormaps import label_colormap

from napari_strata.layers.drawing.placed import place
from napari_strata.layers.label_look import declared_colors, features, label_arguments
from napari_strata.layers.placement import Placement
from napari_strata.model import Color, Display

RED: Color = (1.0, 0.0, 0.0, 1.0)
GREEN: Color = (0.0, 1.0, 0.0, 0.5)
CLEAR = [0.0, 0.0, 0.0, 0.0]
INTEGERS = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]


def usual(value: int) -> list[float]:
    """Return the colour napari gives to a label when no colours are declared."""
    found: list[float] = label_colormap(49, 0.5).map(np.array([value]))[0].tolist()
    return found


def test_nothing_declared():
    assert label_arguments(Display()) == {}


# --------------------------------------------------------------------------------- colours


@pytest.mark.parametrize("dtype", INTEGERS)
def test_declared_and_other_values(dtype: str):
    colors = declared_colors({1: RED, 100: GREEN, 2**40: GREEN, -5: RED})
    values = np.array([[0, 1, 2], [50, 100, 127]], dtype=dtype)
    expected = [[CLEAR, RED, usual(2)], [usual(50), GREEN, usual(127)]]
    np.testing.assert_allclose(colors.map(values), expected, atol=1e-6)
    for value, color in zip(values.flat, np.reshape(expected, (-1, 4)), strict=True):
        np.testing.assert_allclose(colors.map(value), color, atol=1e-6)


EXTREMES: dict[str, tuple[str, list[int], list[Color]]] = {
    "beyond int64": ("uint64", [2**64 - 1, 2**63, 7], [RED, GREEN, RED]),
    "below zero": ("int64", [-(2**63), -1, 2**63 - 1], [RED, GREEN, RED]),
    "all of int8": ("int8", [-128, -100, 100, 127], [RED, GREEN, GREEN, RED]),
    "all of int16": ("int16", [-(2**15), 2**15 - 1], [RED, GREEN]),
    "far apart": ("int32", [-(2**31), 0, 2**31 - 1], [RED, GREEN, GREEN]),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_values(name: str):
    dtype, values, listed = EXTREMES[name]
    colors = declared_colors(dict(zip(values, listed, strict=True)))
    array = np.array([*values, 3], dtype=dtype)
    np.testing.assert_allclose(colors.map(array), [*listed, usual(3)], atol=1e-6)


def test_differences_beyond_8_bits():
    """45 is as far from −100, in 8 bits, as −10 is: only one of them is declared."""
    colors = declared_colors({-100: RED, -10: GREEN, 100: RED})
    values = np.array([-100, -10, 45, 100], dtype="int8")
    np.testing.assert_allclose(colors.map(values), [RED, GREEN, usual(45), RED], atol=1e-6)


def test_many_sparse_values():
    generator = np.random.default_rng(1)
    values = np.unique(generator.integers(1, 2**48, 3000))
    listed = generator.integers(0, 256, (len(values), 4)) / 255
    pairs = zip(values.tolist(), listed.tolist(), strict=True)
    colors = declared_colors({value: tuple(color) for value, color in pairs})
    np.testing.assert_allclose(colors.map(values), listed, atol=1e-6)
    others = np.setdiff1d(values + 1, values)
    expected = label_colormap(49, 0.5).map(others)
    np.testing.assert_allclose(colors.map(others), expected, atol=1e-6)


def test_the_background_may_have_a_color():
    assert declared_colors({0: RED}).map(np.array([0])).tolist() == [list(RED)]


def test_no_other_type_has_colors():
    with pytest.raises(TypeError, match="expected whole numbers"):
        declared_colors({1: RED}).map(np.array([1.0]))


def test_a_copy_is_the_same():
    colors = declared_colors({1: RED, 2**40: GREEN})
    values = np.array([0, 1, 2, 2**40])
    expected = colors.map(values)
    np.testing.assert_array_equal(deepcopy(colors).map(values), expected)


def test_a_duplicated_layer_keeps_them():
    layer = Labels(np.arange(16, dtype="uint32").reshape(4, 4), colormap=declared_colors({1: RED}))
    data, arguments, _ = layer.as_layer_data_tuple()
    again = Labels(data, **arguments)
    np.testing.assert_allclose(again.get_color(1), RED)
    np.testing.assert_allclose(again.get_color(2), usual(2), atol=1e-6)


# ------------------------------------------------------------------------------- properties

AREAS = {3: {"area": 10, "class": "a"}, 7: {"area": 20, "class": "b"}}


def test_properties_are_a_table_by_label():
    table = features(AREAS)
    assert {name: column.tolist() for name, column in table.items()} == {
        "index": [3, 7], "area": [10, 20], "class": ["a", "b"]
    }  # fmt: skip
    assert table["area"].dtype == np.int64


def test_properties_of_some_labels_only():
    table = features({1: {"a": 1}, 2: {"b": [1, 2]}, 3: {"a": None, "b": {"c": 1}}})
    assert table["a"].tolist() == [1, None, None]
    assert table["b"].tolist() == [None, [1, 2], {"c": 1}]


def test_a_property_that_has_the_name_of_the_label_column():
    table = features({4: {"index": 9}})
    assert table["index"].tolist() == [4]
    assert table["index (property)"].tolist() == [9]


def test_properties_that_make_no_table():
    table = features({label: {f"p{label}": label} for label in range(1, 1001)})
    assert list(table) == ["index", "properties"]
    assert table["properties"][6] == '{"p7": 7}'


HOSTILE: dict[str, Any] = {
    "huge": 10**30,
    "beyond int64": 2**63,
    "not a number": float("nan"),
    "mixed": [1, "a", None],
    "nested": {"a": {"b": []}},
    "empty list": [],
    "flag": True,
    "text": "",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_any_json_is_a_property(name: str):
    properties = {1: {"p": HOSTILE[name]}, 2: {"p": HOSTILE[name]}, 2**64 - 1: {"p": 1}}
    layer = Labels(np.ones((4, 4), dtype="uint64"), features=features(properties))
    layer.get_status((0, 0), world=True)
    assert len(layer.features) == 3


@pytest.mark.parametrize("kind", ["plain", "exact"])
@pytest.mark.parametrize("dtype", ["uint8", "int32", "uint64"])
def test_properties_are_shown_under_the_cursor(kind: str, dtype: str):
    values = np.zeros((8, 8), dtype=dtype)
    values[0, 0], values[0, 6] = 3, 5
    properties = {3: {"area": 10, "class": "a", "missing": None}, 9: {"missing": 4}}
    arguments = label_arguments(Display(label_properties=properties, label_colors={3: RED}))
    if kind == "plain":
        layer: Any = Labels(values, **arguments)
    else:
        placement = Placement(((1, 1), (2, 2)), ((0, 0), (0, 0)))
        layer = place("labels", [values, values[::2, ::2]], placement, **arguments)
    assert layer.get_status((0, 0), world=True)["coordinates"].endswith("area: 10, class: a")
    assert "No Properties" in layer.get_status((0, 6), world=True)["coordinates"]


# ------------------------------------------------------------------------- in a real window


def drawn(viewer: Any) -> set[tuple[int, ...]]:
    picture = viewer.screenshot(canvas_only=True, flash=False)[..., :3]
    return {tuple(int(v) for v in pixel) for pixel in np.unique(picture.reshape(-1, 3), axis=0)}


def near(color: Any, pixels: set[tuple[int, ...]]) -> bool:
    wanted = np.array(color[:3]) * color[3] * 255
    return any(np.abs(wanted - pixel).max() <= 2 for pixel in pixels)


@pytest.mark.window
@pytest.mark.parametrize("many", [0, 300, 70_000], ids=["few", "hundreds", "many"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint32", "int64"])
def test_what_is_drawn(dtype: str, many: int, shared_viewer: Any):
    """Few colours are 8-bit textures, hundreds 16-bit ones, and more are 32-bit floats."""
    viewer = shared_viewer
    values = np.repeat(np.repeat(np.array([[0, 1], [2, 100]], dtype=dtype), 8, 0), 8, 1)
    listed = {5000 + i: (i % 256 / 255, i // 256 / 300, 0.1, 1.0) for i in range(many)}
    colors = declared_colors({**listed, 1: RED, 100: GREEN})
    layer = viewer.add_labels(values, colormap=colors, opacity=1)
    settle(viewer)
    pixels = drawn(viewer)
    assert near(RED, pixels)
    assert near(GREEN, pixels)
    assert near(usual(2), pixels)
    layer.selected_label = 100
    layer.show_selected_label = True
    settle(viewer)
    pixels = drawn(viewer)
    assert near(GREEN, pixels)
    assert not near(RED, pixels)
    assert not near(usual(2), pixels)
