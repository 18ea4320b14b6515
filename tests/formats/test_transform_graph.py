"""Ways between coordinate systems, in graphs drawn as lists of edges."""

from __future__ import annotations

import numpy as np
import pytest

from napari_strata.affine import from_scale_translate
from napari_strata.formats.transform_graph import Edge, Graph, SystemKey
from napari_strata.formats.transform_nesting import Chain, inverted, product
from napari_strata.model import Contribution, Problem
from napari_strata.store.values import JsonPlace

VOXELS = from_scale_translate([0.5, 0.25], [100.0, 0.0])


def key(name: str) -> SystemKey:
    return SystemKey("", name)


def shift(by: float) -> Chain:
    return (Contribution(f"shift {by:g}", "", from_scale_translate([1.0, 1.0], [by, 0.0])),)


def edge(text: str, chain: Chain | None = None, *, field: bool = False) -> Edge:
    """Draw ``a>b``; ``a>b!`` has no way back."""
    ends, forced = text.rstrip("!"), text.endswith("!")
    source, target = ends.split(">")
    forward = None if field else (chain or shift(1.0))
    back = None if forward is None or forced else inverted(forward)
    blocked = Problem("nonlinear-transform", "info", f"field {ends}", "") if field else None
    place = JsonPlace("zarr.json", ends)
    return Edge(key(source), key(target), forward, back, place, blocked)


def offset(chain: Chain | None) -> float | None:
    if chain is None:
        return None
    matrix = product(chain) if chain else np.eye(3)
    assert matrix is not None
    return float(matrix[0, 2])


WAYS = {
    "itself": (["a>b"], "a", 0.0),
    "forwards": (["a>b"], "b", 1.0),
    "backwards": (["b>a"], "b", -1.0),
    "chain": (["a>b", "b>c", "c>d"], "d", 3.0),
    "mixed": (["b>a", "b>c", "d>c"], "d", -1.0),
    "shortest": (["a>b", "b>c", "c>d", "a>d"], "d", 1.0),
    "shortest-of-long-ones": (["a>b", "a>c", "b>e", "c>d", "d>e"], "e", 2.0),
    "not-back": (["b>a!"], "b", None),
    "round-a-one-way": (["b>a!", "a>c", "c>b"], "b", 2.0),
    "nowhere": (["a>b", "c>d"], "d", None),
    "loop": (["a>a", "a>b", "b>a"], "b", 1.0),
}


@pytest.mark.parametrize(("edges", "goal", "expected"), WAYS.values(), ids=WAYS)
def test_way(edges: list[str], goal: str, expected: float | None):
    ways = Graph([edge(text) for text in edges]).ways(key("a"))
    assert offset(ways.to(key(goal))) == expected


def test_of_equally_short_ways_the_first_listed_is_taken():
    first, second = edge("a>b", shift(1.0)), edge("a>b", shift(7.0))
    assert offset(Graph([first, second]).ways(key("a")).to(key("b"))) == 1.0
    assert offset(Graph([second, first]).ways(key("a")).to(key("b"))) == 7.0


def test_contributions_are_outermost_first():
    graph = Graph([edge("a>b", shift(1.0)), edge("b>c", shift(20.0))])
    chain = graph.ways(key("a")).to(key("c"))
    assert chain is not None
    assert [c.what for c in chain] == ["shift 20", "shift 1"]


def test_field_is_an_obstacle_and_a_way_round_it_is_taken():
    graph = Graph([edge("a>b", field=True), edge("a>c"), edge("c>b")])
    assert offset(graph.ways(key("a")).to(key("b"))) == 2.0
    graph = Graph([edge("a>b", field=True), edge("b>c")])
    ways = graph.ways(key("a"))
    assert ways.to(key("c")) is None
    obstacle = ways.obstacle(key("c"), "here")
    assert (obstacle.code, obstacle.where) == ("nonlinear-transform", "here")
    assert "field a>b" in obstacle.message


OBSTACLES = {
    "no-edge": (["a>b"], "no transform that can be used"),
    "other-part": (["a>b", "c>d"], "no transform that can be used"),
    "wrong-way": (["a>b", "c>b!"], "leads the other way"),
}


@pytest.mark.parametrize(("edges", "words"), OBSTACLES.values(), ids=OBSTACLES)
def test_obstacle(edges: list[str], words: str):
    problem = Graph([edge(text) for text in edges]).ways(key("a")).obstacle(key("c"), "here")
    assert (problem.code, problem.severity) == ("unconnected-system", "info")
    assert words in problem.message


CONTRADICTIONS = {
    # by how much the second way to c differs from the first, and whether that is a contradiction
    "none": (0.0, False),
    "rounding": (1e-12, False),
    "a-millionth-of-a-voxel": (5e-7, True),
    "a-voxel": (0.5, True),
}


@pytest.mark.parametrize(("off", "told"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
@pytest.mark.parametrize("backwards", [False, True])
def test_second_way_is_compared(off: float, told: bool, backwards: bool):
    way = shift(2.0 + off)
    last = edge("c>b", inverted(way)) if backwards else edge("b>c", way)
    ways = Graph([edge("a>b"), edge("a>c", shift(3.0)), last]).ways(key("a"))
    problems = ways.contradictions(VOXELS)
    expected = [("contradicting-transforms", "warning")] if told else []
    assert [(p.code, p.severity) for p in problems] == expected


def test_scale_that_differs_is_a_contradiction():
    wide = (Contribution("", "", from_scale_translate([1.0, 1.0 + 1e-6])),)
    same = (Contribution("", "", from_scale_translate([1.0, 1.0 + 1e-13])),)
    none = (Contribution("", "", from_scale_translate([1.0, 1.0])),)
    for other, told in ((wide, 1), (same, 0)):
        ways = Graph([edge("a>b", none), edge("a>b", other)]).ways(key("a"))
        assert len(ways.contradictions(VOXELS)) == told


def test_loop_that_moves_is_a_contradiction():
    ways = Graph([edge("a>a", shift(1.0))]).ways(key("a"))
    assert [p.where for p in ways.contradictions(VOXELS)] == ["zarr.json: a>a"]
    ways = Graph([edge("a>a", shift(0.0))]).ways(key("a"))
    assert ways.contradictions(VOXELS) == []


def test_unreached_systems_contradict_nothing():
    ways = Graph([edge("a>b"), edge("c>d", shift(1.0)), edge("c>d", shift(2.0))]).ways(key("a"))
    assert ways.contradictions(VOXELS) == []
