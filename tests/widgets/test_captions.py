"""What panels say about a layer's record."""

from __future__ import annotations

from typing import Any

import pytest

from napari_strata.widgets import captions

VERTICES = {
    "unknown": (None, "vertices not counted"),
    "none": (0, "0 vertices"),
    "one": (1, "1 vertex"),
    "thousands": (1234567, "1,234,567 vertices"),
    "so many that a line would be too long": (10**12, "1e+12 vertices"),
}


@pytest.mark.parametrize(("count", "text"), VERTICES.values(), ids=VERTICES)
def test_vertices(count: int | None, text: str):
    assert captions.vertices(count) == text


def record(**changed: Any) -> dict[str, Any]:
    levels = [{"vertex_count": n} for n in (1_000_000, 250_000, None)]
    return {
        "format": "zvf",
        "axes": [{"name": "z"}, {"name": "y"}],
        "levels": levels,
        "level": 0,
        "box": None,
        "space": "world",
        "reason": "the box of its vertices is the declared one",
        "chosen_by": "evidence",
        "vertices_shown": 123_456,
        **changed,
    }


def test_levels_say_their_vertices_and_which_is_finest():
    levels = record()["levels"]
    assert [captions.level(i, levels) for i in range(3)] == [
        "0 (finest) · 1,000,000 vertices",
        "1 · 250,000 vertices",
        "2 (coarsest) · vertices not counted",
    ]
    assert captions.level(0, levels[:1]) == "0 · 1,000,000 vertices"


SHOWN = {
    "a part": (
        {"box": [[0, 0], [1, 1]]},
        "123,456 of 1,000,000 vertices shown (cropped)",
    ),
    "all": ({"vertices_shown": 1_000_000}, "1,000,000 of 1,000,000 vertices shown"),
    "of nobody knows how many": ({"level": 2}, "123,456 vertices shown"),
}


@pytest.mark.parametrize(("changed", "text"), SHOWN.values(), ids=SHOWN)
def test_shown(changed: dict[str, Any], text: str):
    assert captions.shown(record(**changed)) == text


SPACES = {
    "decided": (
        {},
        "Drawn as stored: the vertices are world coordinates. "
        "Why: the box of its vertices is the declared one.",
    ),
    "decided otherwise": (
        {"space": "declared", "reason": "It fits."},
        "Drawn with the declared transform applied to the vertices. Why: It fits.",
    ),
    "chosen": (
        {"space": "declared", "chosen_by": "user"},
        "Drawn with the declared transform applied to the vertices. You chose so.",
    ),
    "with the space said twice": (
        {"reason": "world: it fits"},
        "Drawn as stored: the vertices are world coordinates. Why: it fits.",
    ),
    "a precomputed mesh": (
        {"format": "precomputed", "reason": "moved by half a voxel, onto its volume"},
        "Moved by half a voxel, onto its volume.",
    ),
    "without a reason": (
        {"reason": ""},
        "Drawn as stored: the vertices are world coordinates.",
    ),
}


@pytest.mark.parametrize(("changed", "text"), SPACES.values(), ids=SPACES)
def test_space(changed: dict[str, Any], text: str):
    assert captions.space(record(**changed)) == text


def test_what_is_declared_is_said_with_its_axes():
    declared = {"declared_scale": [2.0, 4.0], "declared_translate": [0.5, 1500.25]}
    assert captions.declared(record(levels=[declared])) == (
        "Declared for this level, in the order z, y: scale 2, 4; translation 0.5, 1,500.25."
    )
    nothing = {"declared_scale": None, "declared_translate": None}
    assert "declares no plain scale" in captions.declared(record(levels=[nothing]))


MEMORY = {
    "bytes": (10, 3, "240 bytes"),
    "megabytes": (1_000_000, 3, "24.0 MB"),
    "hundreds": (5_000_000, 3, "120 MB"),
    "a lie": (10**12, 3, "24.0 TB"),
    "a greater lie": (10**18, 3, "24,000,000 TB"),
}


@pytest.mark.parametrize(("count", "columns", "text"), MEMORY.values(), ids=MEMORY)
def test_memory(count: int, columns: int, text: str):
    assert captions.memory(count, columns) == text
