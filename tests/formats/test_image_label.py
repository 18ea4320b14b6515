"""The ``image-label`` block: colours and properties of label values."""

from __future__ import annotations

import math
from typing import Any

import pytest

from napari_strata.formats.image_label import read_image_label
from napari_strata.model import Color, Display, Problem
from napari_strata.store.values import JsonPlace

PLACE = JsonPlace(".zattrs", "image-label")
INFO = {"label-color-without-opacity", "repeated-label-value"}
RED, GREEN = [255, 0, 0, 255], [0, 255, 0, 255]


def read(value: Any) -> tuple[Display, list[tuple[str, str]]]:
    """Return the display, and each problem's code and key below ``image-label``."""
    problems: list[Problem] = []
    display = read_image_label(value, PLACE, problems)
    for problem in problems:
        assert problem.severity == ("info" if problem.code in INFO else "warning")
    found = [(p.code, p.where.removeprefix(".zattrs: image-label").lstrip(".")) for p in problems]
    assert len(set(found)) == len(found), "the same problem twice"
    return display, found


BLOCKS: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "none": (None, []),
    "empty": ({}, []),
    "null lists": ({"colors": None, "properties": None}, []),
    "empty lists": ({"colors": [], "properties": []}, []),
    "read elsewhere": ({"version": "0.4", "source": {"image": "../../"}}, []),
    "a list": ([], [("bad-image-label", "")]),
    "a text": ("x", [("bad-image-label", "")]),
    "lists that are none": (
        {"colors": {"1": RED}, "properties": "area"},
        [("bad-image-label", "colors"), ("bad-image-label", "properties")],
    ),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks_without_entries(name: str):
    value, problems = BLOCKS[name]
    assert read(value) == (Display(), problems)


COLORS: dict[str, tuple[Any, Color | None, str | None]] = {
    "four": ([51, 102, 255, 204], (0.2, 0.4, 1.0, 0.8), None),
    "whole floats": ([255.0, 0, 0, 51.0], (1.0, 0.0, 0.0, 0.2), None),
    "transparent": ([0, 0, 0, 0], (0.0, 0.0, 0.0, 0.0), None),
    "null": (None, None, None),
    "three": ([255, 0, 51], (1.0, 0.0, 0.2, 1.0), "label-color-without-opacity"),
    **{
        name: (value, None, "bad-label-color")
        for name, value in {
            "two": [1, 2],
            "five": [1, 2, 3, 4, 5],
            "none at all": [],
            "too large": [256, 0, 0, 255],
            "negative": [-1, 0, 0, 255],
            "a fraction": [0.5, 0, 0, 1],
            "true": [True, 0, 0, 255],
            "a text in it": ["255", 0, 0, 255],
            "null in it": [None, 0, 0, 255],
            "not a number": [math.nan, 0, 0, 255],
            "infinite": [math.inf, 0, 0, 255],
            "hexadecimal": "FF0000",
            "one number": 8388736,
            "an object": {"r": 255},
            "nested": [[255, 0, 0, 255]],
        }.items()
    },
}


@pytest.mark.parametrize("name", COLORS)
def test_one_bad_color_never_costs_the_others(name: str):
    value, color, code = COLORS[name]
    listed = [{"label-value": 1, "rgba": value}, {"label-value": 2, "rgba": GREEN}]
    display, found = read({"colors": listed})
    expected = {2: (0.0, 1.0, 0.0, 1.0)} | ({} if color is None else {1: color})
    assert display.label_colors == expected
    assert found == ([] if code is None else [(code, "colors[0].rgba")])


def test_a_color_may_be_missing():
    assert read({"colors": [{"label-value": 1}]}) == (Display(), [])


VALUES: dict[str, tuple[Any, int | None]] = {
    "zero": (0, 0),
    "negative": (-7, -7),
    "beyond int64": (2**63, 2**63),
    "largest": (2**64 - 1, 2**64 - 1),
    "smallest": (-(2**63), -(2**63)),
    "whole float": (3.0, 3),
    "beyond uint64": (2**64, None),
    "below int64": (-(2**63) - 1, None),
    "huge": (10**400, None),
    "huge float": (1e300, None),
    "fraction": (1.5, None),
    "true": (True, None),
    "text": ("1", None),
    "null": (None, None),
    "not a number": (math.nan, None),
    "infinite": (math.inf, None),
    "list": ([1], None),
}


@pytest.mark.parametrize("key", ["colors", "properties"])
@pytest.mark.parametrize("name", VALUES)
def test_label_values(name: str, key: str):
    value, label = VALUES[name]
    entry = {"label-value": value, "rgba": RED}
    display, found = read({key: [entry, {**entry, "label-value": 9}]})
    held = display.label_colors if key == "colors" else display.label_properties
    assert list(held) == ([9] if label is None else [label, 9])
    place = f"{key}[0].label-value"
    assert found == ([("bad-label-value", place)] if label is None else [])


@pytest.mark.parametrize("key", ["colors", "properties"])
@pytest.mark.parametrize("entry", [7, None, "x", [1, RED]])
def test_entries_that_are_no_objects(key: str, entry: Any):
    display, found = read({key: [entry, {"label-value": 9, "rgba": RED}]})
    held = display.label_colors if key == "colors" else display.label_properties
    assert list(held) == [9]
    assert found == [("bad-image-label", f"{key}[0]")]


def test_an_entry_without_a_label_value():
    assert read({"colors": [{"rgba": RED}]})[1] == [("bad-label-value", "colors[0].label-value")]


def test_the_last_of_the_same_value_wins():
    value = {
        "colors": [{"label-value": 1, "rgba": RED}, {"label-value": 1, "rgba": GREEN}],
        "properties": [
            {"label-value": 1, "area": 5, "class": "a"},
            {"label-value": 2, "area": 6},
            {"label-value": 1, "area": 7},
        ],
    }
    display, found = read(value)
    assert display.label_colors == {1: (0.0, 1.0, 0.0, 1.0)}
    assert display.label_properties == {1: {"area": 7}, 2: {"area": 6}}
    assert found == [
        ("repeated-label-value", "colors[1].label-value"),
        ("repeated-label-value", "properties[2].label-value"),
    ]


def test_properties_are_whatever_json_there_is():
    properties: dict[str, Any] = {
        "area": 1200, "mean": 0.25, "class": "foo", "flag": True, "nothing": None,
        "nested": {"a": [1, {"b": None}]}, "rgba": RED,
    }  # fmt: skip
    display, found = read({"properties": [{"label-value": 4, **properties}]})
    assert display.label_properties == {4: properties}
    assert found == []
