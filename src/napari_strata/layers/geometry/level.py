"""Which level of a geometry is shown: the finest whose vertices fit a budget."""

from __future__ import annotations

from dataclasses import dataclass

from napari_strata import geometries
from napari_strata.dataset import Geometry
from napari_strata.geometry import Box, Vertices
from napari_strata.model import Problem

_TIMES_FINER = 8  # at most so many times as many vertices has the next finer level


@dataclass(frozen=True)
class Chosen:
    """A level and its vertices, read."""

    level: int
    vertices: Vertices
    problems: tuple[Problem, ...] = ()


def read_best(geometry: Geometry, box: Box | None = None) -> Chosen:
    """Read the finest level that fits the budget, the coarsest if none does.

    Where a level does not say how many vertices it has, levels are read from the coarsest on,
    until the next one may be too large. A level that has more than it says is given up for a
    coarser one.

    Raises
    ------
    OpenError
        As `GeometryLevel.read` does.
    """
    counts = [level.vertex_count for level in geometry.levels]
    if any(count is None for count in counts):
        return _from_the_coarsest(geometry, box)
    budget = geometries.MOST_VERTICES
    last = len(counts) - 1
    first = next((i for i, n in enumerate(counts) if n is not None and n <= budget), last)
    problems: list[Problem] = []
    for index in range(first, last + 1):
        vertices = geometry.levels[index].read(box)
        if len(vertices.vertices) <= budget or index == last:
            break
        problems.append(_more_than_said(geometry, index, len(vertices.vertices)))
    return Chosen(index, vertices, tuple(problems))


def _from_the_coarsest(geometry: Geometry, box: Box | None) -> Chosen:
    index = len(geometry.levels) - 1
    vertices = geometry.levels[index].read(box)
    while index and len(vertices.vertices) * _TIMES_FINER <= geometries.MOST_VERTICES:
        index -= 1
        vertices = geometry.levels[index].read(box)
    return Chosen(index, vertices)


def _more_than_said(geometry: Geometry, index: int, found: int) -> Problem:
    level = geometry.levels[index]
    message = (
        f"level {index} says it has {level.vertex_count:,} vertices and has {found:,}, more than "
        f"are shown at once ({geometries.MOST_VERTICES:,}); a coarser level is shown"
    )
    return Problem("vertex-count-differs", "warning", level.path, message)


def level_name(index: int) -> str:
    """Give what a layer's name says of its level: nothing of the finest."""
    return f" level {index}" if index else ""
