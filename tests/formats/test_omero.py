"""The ``omero`` block: whatever is in it, what can be read is read."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

import napari_strata as strata
from napari_strata.formats import omero_curves
from napari_strata.formats.omero import omero_name, read_omero
from napari_strata.model import ChannelDisplay, Display, Problem
from napari_strata.store.values import JsonPlace

from .helpers import write_ome_04

PLACE = JsonPlace(".zattrs", "omero")
PLAIN = ChannelDisplay()
WARNINGS = {
    "bad-omero", "bad-color", "bad-window", "bad-coefficient", "bad-family", "unknown-model"
}  # fmt: skip


def read(value: Any, **known: Any) -> tuple[Display, list[tuple[str, str]]]:
    """Return the display, and each problem's code and key below ``omero``."""
    problems: list[Problem] = []
    display = read_omero(value, PLACE, problems, **known)
    for problem in problems:
        assert problem.severity == ("warning" if problem.code in WARNINGS else "info")
    found = [(p.code, p.where.removeprefix(".zattrs: omero").lstrip(".")) for p in problems]
    assert len(set(found)) == len(found), "the same problem twice"
    return display, found


CHANNELS: dict[str, tuple[Any, ChannelDisplay, list[tuple[str, str]]]] = {
    "everything": (
        {
            "label": "DAPI",
            "color": "0000FF",
            "active": True,
            "inverted": False,
            "family": "linear",
            "coefficient": 1,
            "window": {"min": 0, "max": 65535, "start": 100, "end": 1500},
        },
        ChannelDisplay("DAPI", "0000FF", (100.0, 1500.0), (0.0, 65535.0), True, 1.0),
        [],
    ),
    "nothing": ({}, PLAIN, []),
    "null": (
        dict.fromkeys(
            ("label", "color", "active", "inverted", "family", "coefficient", "window")
        ),
        PLAIN,
        [],
    ),
    "inactive": ({"active": False}, ChannelDisplay(visible=False), []),
    "inverted": ({"inverted": True}, ChannelDisplay(inverted=True), []),
    "empty label": ({"label": ""}, PLAIN, []),
    "blank label": ({"label": " "}, PLAIN, []),
    "color with #": ({"color": "#00ff7f"}, ChannelDisplay(color="00FF7F"), []),
    "three digits": ({"color": "0f8"}, ChannelDisplay(color="00FF88"), []),
    "three digits with #": ({"color": "#ABC"}, ChannelDisplay(color="AABBCC"), []),
    "four digits": ({"color": "0F80"}, PLAIN, [("bad-color", "color")]),
    "no digits": ({"color": "GGGGGG"}, PLAIN, [("bad-color", "color")]),
    "color name": ({"color": "red"}, PLAIN, [("bad-color", "color")]),
    "color number": ({"color": 255}, PLAIN, [("bad-color", "color")]),
    "color and line": ({"color": "00FF00\n"}, PLAIN, [("bad-color", "color")]),
    "label number": ({"label": 4}, PLAIN, [("bad-omero", "label")]),
    "active number": ({"active": 0}, PLAIN, [("bad-omero", "active")]),
    "active text": ({"active": "false"}, PLAIN, [("bad-omero", "active")]),
    "inverted number": ({"inverted": 1}, PLAIN, [("bad-omero", "inverted")]),
    "linear ignores its coefficient": (
        {"family": "linear", "coefficient": -3}, ChannelDisplay(gamma=1.0), []
    ),
    "polynomial": (
        {"family": "polynomial", "coefficient": 0.5}, ChannelDisplay(gamma=0.5), []
    ),
    "polynomial in capitals": (
        {"family": "Polynomial", "coefficient": 2}, ChannelDisplay(gamma=2.0), []
    ),
    "polynomial without coefficient": ({"family": "polynomial"}, ChannelDisplay(gamma=1.0), []),
    **{
        f"coefficient {value!r}": (
            {"family": "polynomial", "coefficient": value},
            ChannelDisplay(gamma=1.0),
            [("bad-coefficient", "coefficient")],
        )
        for value in (0, -2, "2", True, [1], math.inf, math.nan, 10**400)
    },
    **{
        f"family {value!r}": (
            {"family": value}, ChannelDisplay(gamma=1.0), [("bad-family", "family")]
        )
        for value in ("cubic", "", 3, ["linear"], {"linear": 1}, False)
    },
    "logarithmic ignores its coefficient": (
        {"family": "logarithmic", "coefficient": 0},
        ChannelDisplay(curve=omero_curves.logarithmic()),
        [("curve-logarithmic", "family")],
    ),
    "exponential": (
        {"family": "exponential", "coefficient": 0.5},
        ChannelDisplay(curve=omero_curves.exponential(0.5)),
        [("curve-exponential", "family")],
    ),
    "exponential, bad coefficient": (
        {"family": "exponential", "coefficient": 0},
        ChannelDisplay(curve=omero_curves.exponential(1.0)),
        [("curve-exponential", "family"), ("bad-coefficient", "coefficient")],
    ),
    "only start and end": (
        {"window": {"start": -1.5, "end": 2}}, ChannelDisplay(window=(-1.5, 2.0)), []
    ),
    "only min and max": ({"window": {"min": 0, "max": 9}}, ChannelDisplay(range=(0.0, 9.0)), []),
    "empty window": ({"window": {}}, PLAIN, []),
    **{
        name: ({"window": window}, PLAIN, [("bad-window", "window")])
        for name, window in {
            "start is end": {"start": 5, "end": 5},
            "start after end": {"start": 6, "end": 5},
            "start alone": {"start": 5},
            "start is text": {"start": "1", "end": 5},
            "start is true": {"start": True, "end": 5},
            "not finite": {"start": math.nan, "end": 5, "min": 0, "max": math.inf},
            "both wrong": {"start": 5, "end": 5, "min": 7, "max": 7},
            "huge": {"start": 0, "end": 10**400},
            "more than float32": {"start": -1e39, "end": 0},
            "too narrow for float32": {"start": 0, "end": 1e-300},
            "window is a list": [0, 1],
            "window is a number": 3,
        }.items()
    },
    "a bad range keeps the window": (
        {"window": {"start": 1, "end": 2, "min": 5, "max": 5}},
        ChannelDisplay(window=(1.0, 2.0)),
        [("bad-window", "window")],
    ),
    "a range stands in for a bad window": (
        {"window": {"start": 9, "end": 5, "min": 0, "max": 100}},
        ChannelDisplay(window=(0.0, 100.0), range=(0.0, 100.0)),
        [("bad-window", "window")],
    ),
    "a bad color keeps the rest": (
        {"label": "GFP", "color": "green", "window": {"start": 1, "end": 2}},
        ChannelDisplay(label="GFP", window=(1.0, 2.0)),
        [("bad-color", "color")],
    ),
    "not an object": (7, PLAIN, [("bad-omero", "")]),
    "null entry": (None, PLAIN, []),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANNELS)
def test_one_bad_entry_never_costs_the_others(name: str):
    channel, expected, problems = CHANNELS[name]
    good = {"label": "last", "color": "FF0000"}
    display, found = read({"channels": [channel, good]})
    assert display.channels == (expected, ChannelDisplay("last", "FF0000"))
    place = "channels[0]"
    expected_places = [(code, f"{place}.{key}" if key else place) for code, key in problems]
    assert sorted(found) == sorted(expected_places)


BLOCKS: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "none": (None, []),
    "empty": ({}, []),
    "null channels": ({"channels": None}, []),
    "channels are an object": ({"channels": {}}, [("bad-omero", "channels")]),
    "a list": ([], [("bad-omero", "")]),
    "a text": ("x", [("bad-omero", "")]),
    "a number": (5, [("bad-omero", "")]),
    "rdefs are a list": ({"rdefs": []}, [("bad-omero", "rdefs")]),
    "null rdefs": ({"rdefs": None}, []),
    "what has no meaning here": (
        {"id": "x", "version": 7, "rdefs": {"projection": "normal"}, "pixel_range": []}, []
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks_without_channels(name: str):
    value, problems = BLOCKS[name]
    assert read(value) == (Display(), problems)


LABELS = [{"label": "a"}, {"label": "b"}]
COUNTS: dict[str, tuple[int | None, list[str], list[tuple[str, str]]]] = {
    "as many": (2, ["a", "b"], []),
    "not known": (None, ["a", "b"], []),
    "fewer": (3, ["a", "b"], [("channels-shorter-than-axis", "channels")]),
    "more": (1, ["a"], [("channels-longer-than-axis", "channels")]),
}


@pytest.mark.parametrize("name", COUNTS)
def test_the_list_against_the_axis(name: str):
    count, labels, problems = COUNTS[name]
    display, found = read({"channels": LABELS}, channel_count=count)
    assert [channel.label for channel in display.channels] == labels
    assert found == problems


def test_entries_beyond_the_axis_are_not_looked_at():
    _, found = read({"channels": [{}, {"color": "bad"}, 7]}, channel_count=1)
    assert found == [("channels-longer-than-axis", "channels")]


# ---------------------------------------------------------------------------------- curves


def test_the_logarithmic_curve():
    """Log v over v = 0 … 255, as a part of log 255; 0 is as dark as 1."""
    curve = omero_curves.logarithmic()
    assert len(curve) == 256
    assert curve[:2] == (0.0, 0.0)
    assert curve[2] == pytest.approx(0.125089, abs=1e-6)  # 0.693147 / 5.541264
    assert curve[16] == pytest.approx(0.500353, abs=1e-6)  # 2.772589 / 5.541264
    assert curve[255] == 1.0


EXPONENTIAL = {
    # (exp(v^k) − 1) / (exp(255^k) − 1)
    # k = 0.1: 255^0.1 = 1.740436, exp = 5.699830; 16^0.1 = 1.319508, exp = 3.741580
    0.1: {0: 0.0, 1: 0.365605, 16: 0.583336, 255: 1.0},
    # k = 0.5: √255 = 15.968719, exp = 8611920; exp(15) − 1 = 3269016
    0.5: {0: 0.0, 1: 1.99525e-7, 225: 0.379592, 255: 1.0},
    # k = 1: exp(254 − 255), exp(250 − 255)
    1.0: {0: 0.0, 250: 0.006738, 254: 0.367879, 255: 1.0},
    # k = 2: exp(254² − 255²) = exp(−509)
    2.0: {0: 0.0, 254: 0.0, 255: 1.0},
    # 255^200 is more than a float holds
    200.0: {0: 0.0, 254: 0.0, 255: 1.0},
    1e300: {0: 0.0, 254: 0.0, 255: 1.0},
    # v^0 is 1 but for v = 0
    1e-300: {0: 0.0, 1: 1.0, 255: 1.0},
}


@pytest.mark.parametrize("coefficient", EXPONENTIAL)
def test_the_exponential_curve(coefficient: float):
    curve = omero_curves.exponential(coefficient)
    assert len(curve) == 256
    assert all(math.isfinite(b) for b in curve)
    assert list(curve) == sorted(curve)
    for step, brightness in EXPONENTIAL[coefficient].items():
        assert curve[step] == pytest.approx(brightness, rel=1e-4, abs=1e-9)


# ------------------------------------------------------------------------ rendering definition

OFF, ON = {"active": False, "color": "00FF00"}, {"color": "FF0000", "label": "on"}
GREYSCALE: dict[str, tuple[list[Any] | None, int | None, list[bool]]] = {
    "the first active": ([OFF, ON, ON], 3, [False, True, False]),
    "beyond the list": ([OFF], 3, [False, True, False]),
    "none active": ([OFF, OFF], 2, [False, False]),
    "no list": (None, 2, [True, False]),
    "the axis is not known": ([ON, ON], None, [True, False]),
}


@pytest.mark.parametrize("name", GREYSCALE)
def test_greyscale_shows_one_channel_in_grey(name: str):
    channels, count, visible = GREYSCALE[name]
    value = {"channels": channels, "rdefs": {"model": "greyscale"}}
    display, _ = read(value, channel_count=count)
    assert [channel.visible for channel in display.channels] == visible
    assert {channel.color for channel in display.channels} == {"FFFFFF"}


def test_greyscale_keeps_the_rest_of_a_channel():
    channel = {**ON, "window": {"start": 1, "end": 2}, "inverted": True}
    display, _ = read({"channels": [channel], "rdefs": {"model": "greyscale"}})
    assert display.channels == (
        ChannelDisplay("on", "FFFFFF", (1.0, 2.0), inverted=True),
    )  # fmt: skip


@pytest.mark.parametrize("model", ["colour?", "", 1, ["greyscale"], True])
def test_another_model_is_color(model: Any):
    display, found = read({"channels": [ON], "rdefs": {"model": model}})
    assert display.channels == (ChannelDisplay("on", "FF0000"),)
    assert found == [("unknown-model", "rdefs.model")]


@pytest.mark.parametrize("model", ["color", None])
def test_the_usual_model(model: Any):
    assert read({"rdefs": {"model": model}}) == (Display(), [])


LENGTHS = {"t": 2, "c": 3, "z": 6, "y": 8, "x": 8}
POSITIONS: dict[str, tuple[Any, Any, dict[str, int], list[tuple[str, str]]]] = {
    "both": ({"defaultT": 1, "defaultZ": 4}, LENGTHS, {"t": 1, "z": 4}, []),
    "null": ({"defaultT": None, "defaultZ": None}, LENGTHS, {}, []),
    "zero": ({"defaultZ": 0}, LENGTHS, {"z": 0}, []),
    "no such axis": ({"defaultT": 3, "defaultZ": 2}, {"z": 4, "y": 8, "x": 8}, {"z": 2}, []),
    "axes are not known": ({"defaultT": 3, "defaultZ": 2}, None, {}, []),
    "axes in capitals": ({"defaultT": 1, "defaultZ": 2}, {"T": 2, "Z": 4}, {"T": 1, "Z": 2}, []),
    "beyond the end": (
        {"defaultZ": 99}, LENGTHS, {"z": 5}, [("default-out-of-range", "rdefs.defaultZ")]
    ),
    "at the end": ({"defaultZ": 5}, LENGTHS, {"z": 5}, []),
    "before the start": (
        {"defaultT": -1}, LENGTHS, {"t": 0}, [("default-out-of-range", "rdefs.defaultT")]
    ),
    "far beyond": (
        {"defaultT": 10**400}, LENGTHS, {"t": 1}, [("default-out-of-range", "rdefs.defaultT")]
    ),
    "of wrong types": (
        {"defaultT": "1", "defaultZ": True},
        LENGTHS,
        {},
        [("bad-omero", "rdefs.defaultT"), ("bad-omero", "rdefs.defaultZ")],
    ),
    "a fraction": ({"defaultZ": 1.5}, LENGTHS, {}, [("bad-omero", "rdefs.defaultZ")]),
}  # fmt: skip


@pytest.mark.parametrize("name", POSITIONS)
def test_the_first_plane(name: str):
    definition, lengths, position, problems = POSITIONS[name]
    display, found = read({"rdefs": definition}, lengths=lengths)
    assert display.first_position == position
    assert found == problems


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ({"name": "example.tif"}, "example.tif"),
        ({"name": ""}, None),
        ({"name": "  "}, None),
        ({"name": None}, None),
        ({"name": 5}, None),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
def test_the_name(value: Any, name: str | None):
    assert omero_name(value) == name


# ------------------------------------------------------------------------------- whole images


def test_a_hostile_block_gives_each_problem_once():
    """One block with most of what can be wrong; see each rule above."""
    channels = [
        {
            "active": None, "color": "GGGGGG", "family": "polynomial", "coefficient": -2,
            "label": "", "window": {"start": 9, "end": 5, "min": 0, "max": 100},
        },
        {
            "color": "00F", "family": "logarithmic", "coefficient": 7, "inverted": None,
            "label": "log", "window": {"start": 1.0, "end": 255},
        },
        {"active": True, "color": "FF8000", "window": {"start": 5, "end": 5, "min": 7, "max": 7}},
    ]  # fmt: skip
    definition = {"defaultT": None, "defaultZ": 99, "model": "colour?"}
    display, found = read(
        {"id": "x", "name": None, "channels": channels, "rdefs": definition},
        channel_count=4,
        lengths={"t": 1, "c": 4, "z": 2, "y": 8, "x": 8},
    )
    assert display == Display(
        (
            ChannelDisplay(window=(0.0, 100.0), range=(0.0, 100.0), gamma=1.0),
            ChannelDisplay("log", "0000FF", (1.0, 255.0), curve=omero_curves.logarithmic()),
            ChannelDisplay(color="FF8000"),
        ),
        {"z": 1},
    )
    assert sorted(found) == [
        ("bad-coefficient", "channels[0].coefficient"),
        ("bad-color", "channels[0].color"),
        ("bad-window", "channels[0].window"),
        ("bad-window", "channels[2].window"),
        ("channels-shorter-than-axis", "channels"),
        ("curve-logarithmic", "channels[1].family"),
        ("default-out-of-range", "rdefs.defaultZ"),
        ("unknown-model", "rdefs.model"),
    ]


def test_an_image_opens_whatever_omero_says(tmp_path: Path):
    channels = [{"label": "a"}, "broken", {"color": "nope", "label": "c"}]
    folder = write_ome_04(
        tmp_path / "a.zarr", {"0": ((3, 4, 4), {"scale": [1, 1, 1]})}, "cyx",
        omero={"channels": channels},
    )  # fmt: skip
    (image,) = strata.open(folder).images
    assert [c.label for c in image.display.channels] == ["a", None, "c"]
    assert [p.where for p in image.problems] == [
        ".zattrs: omero.channels[1]",
        ".zattrs: omero.channels[2].color",
    ]
