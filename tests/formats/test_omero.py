"""The ``omero`` block: whatever is in it, what can be read is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import napari_strata as strata
from napari_strata.formats.omero import read_omero
from napari_strata.model import ChannelDisplay, Display, Problem
from napari_strata.store.values import JsonPlace

from .helpers import write_ome_04

PLACE = JsonPlace(".zattrs", "omero")
PLAIN = ChannelDisplay()


def read(value: Any) -> tuple[Display, list[str]]:
    problems: list[Problem] = []
    display = read_omero(value, PLACE, problems)
    assert all(p.code == "bad-omero" and p.severity == "warning" for p in problems)
    return display, [p.where for p in problems]


CHANNELS: dict[str, tuple[Any, ChannelDisplay, list[str]]] = {
    "everything": (
        {
            "label": "DAPI",
            "color": "0000FF",
            "active": True,
            "window": {"min": 0, "max": 65535, "start": 100, "end": 1500},
        },
        ChannelDisplay("DAPI", "0000FF", (100.0, 1500.0), (0.0, 65535.0), True),
        [],
    ),
    "nothing": ({}, PLAIN, []),
    "null": ({"label": None, "color": None, "active": None, "window": None}, PLAIN, []),
    "inactive": ({"active": False}, ChannelDisplay(visible=False), []),
    "empty label": ({"label": ""}, PLAIN, []),
    "color with #": ({"color": "#00ff7f"}, ChannelDisplay(color="00FF7F"), []),
    "three digits": ({"color": "0f8"}, ChannelDisplay(color="00FF88"), []),
    "three digits with #": ({"color": "#ABC"}, ChannelDisplay(color="AABBCC"), []),
    "four digits": ({"color": "0F80"}, PLAIN, ["color"]),
    "color name": ({"color": "red"}, PLAIN, ["color"]),
    "color number": ({"color": 255}, PLAIN, ["color"]),
    "color and line": ({"color": "00FF00\n"}, PLAIN, ["color"]),
    "label number": ({"label": 4}, PLAIN, ["label"]),
    "active number": ({"active": 0}, PLAIN, ["active"]),
    "active text": ({"active": "false"}, PLAIN, ["active"]),
    "only start and end": (
        {"window": {"start": -1.5, "end": 2}},
        ChannelDisplay(window=(-1.5, 2.0)),
        [],
    ),
    "only min and max": ({"window": {"min": 0, "max": 9}}, ChannelDisplay(range=(0.0, 9.0)), []),
    "start is end": ({"window": {"start": 5, "end": 5}}, PLAIN, ["window"]),
    "start after end": ({"window": {"start": 6, "end": 5}}, PLAIN, ["window"]),
    "start alone": ({"window": {"start": 5}}, PLAIN, ["window"]),
    "start is text": ({"window": {"start": "1", "end": 5}}, PLAIN, ["window"]),
    "not finite": (
        {"window": {"start": float("nan"), "end": 5, "min": 0, "max": float("inf")}},
        PLAIN,
        ["window", "window"],
    ),
    "huge": ({"window": {"start": 0, "end": 10**400}}, PLAIN, ["window"]),
    "window is a list": ({"window": [0, 1]}, PLAIN, ["window"]),
    "a bad range keeps the window": (
        {"window": {"start": 1, "end": 2, "min": 5, "max": 5}},
        ChannelDisplay(window=(1.0, 2.0)),
        ["window"],
    ),
    "a bad color keeps the rest": (
        {"label": "GFP", "color": "green", "window": {"start": 1, "end": 2}},
        ChannelDisplay(label="GFP", window=(1.0, 2.0)),
        ["color"],
    ),
    "not an object": (7, PLAIN, [""]),
    "null entry": (None, PLAIN, [""]),
}


@pytest.mark.parametrize("name", CHANNELS)
def test_one_bad_entry_never_costs_the_others(name: str):
    channel, expected, keys = CHANNELS[name]
    good = {"label": "last", "color": "FF0000"}
    display, where = read({"channels": [channel, good]})
    assert display.channels == (expected, ChannelDisplay("last", "FF0000"))
    place = ".zattrs: omero.channels[0]"
    assert where == [f"{place}.{key}" if key else place for key in keys]


@pytest.mark.parametrize("value", [None, {}, [], "x", {"channels": None}, {"channels": {}}, 5])
def test_blocks_without_channels(value: Any):
    assert read(value) == (Display(), [])


def test_an_image_opens_whatever_omero_says(tmp_path: Path):
    channels = [{"label": "a"}, "broken", {"color": "nope", "label": "c"}, {"label": "surplus"}]
    folder = write_ome_04(
        tmp_path / "a.zarr", {"0": ((3, 4, 4), {"scale": [1, 1, 1]})}, "cyx",
        omero={"channels": channels},
    )  # fmt: skip
    (image,) = strata.open(folder).images
    assert [c.label for c in image.display.channels] == ["a", None, "c", "surplus"]
    assert [p.where for p in image.problems] == [
        ".zattrs: omero.channels[1]",
        ".zattrs: omero.channels[2].color",
    ]
