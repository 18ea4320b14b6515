"""Coordinate systems joined by transforms (OME-NGFF 0.6, "Graph connectedness").

Nodes are coordinate systems (and arrays), edges transforms. An edge is followed forwards, or
backwards by its inverse; of several ways the shortest is taken, of equally short ones the one
listed first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from napari_strata import affine
from napari_strata.formats.transform_nesting import Chain, read_transform
from napari_strata.formats.transform_parameters import Reading
from napari_strata.formats.transform_types import Space
from napari_strata.model import Problem
from napari_strata.store.values import JsonPlace

_SAME = 1e-9  # of a voxel
_ROUNDING = 1e-12  # of the numbers a position is the sum of


@dataclass(frozen=True)
class SystemKey:
    """A coordinate system: the group (or array) that has it, and its name there.

    ``path`` is relative to the group whose metadata is read, ``""`` that group; an array's own
    system has no name.
    """

    path: str
    name: str

    def __str__(self) -> str:
        return f"{self.path}:{self.name}" if self.path and self.name else self.path or self.name


@dataclass(frozen=True)
class Edge:
    """A transform between two systems; a direction that cannot be followed is None.

    ``nonlinear`` names the field of vectors because of which a direction is None.
    """

    source: SystemKey
    target: SystemKey
    forward: Chain | None
    backward: Chain | None
    place: JsonPlace
    nonlinear: Problem | None = None


Ends = Callable[[object, str, JsonPlace], tuple[SystemKey, Space]]
"""Finds the system at the "input" or "output" of a transform; may raise OpenError."""


def read_edge(item: object, at: JsonPlace, end: Ends, reading: Reading) -> Edge:
    """Read a transform between two systems.

    Raises
    ------
    OpenError
        If one of its ends is unknown, or its type or numbers are not what they should be.
    """
    source, before = end(item, "input", at)
    target, after = end(item, "output", at)
    found = read_transform(item, at, before, after, reading)
    return Edge(source, target, found.forward, found.backward, at, found.nonlinear)


@dataclass(frozen=True)
class Step:
    """How one system is reached: from ``before``, by a chain of matrices along one edge."""

    before: SystemKey
    chain: Chain
    edge: Edge


Follow = Callable[[Edge, SystemKey], Iterable[tuple[SystemKey, Chain]]]


class Graph:
    """Systems and the transforms between them, in the order they were listed."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self._at: dict[SystemKey, list[Edge]] = {}
        for edge in edges:
            self._at.setdefault(edge.source, []).append(edge)
            if edge.target != edge.source:
                self._at.setdefault(edge.target, []).append(edge)

    def ways(self, start: SystemKey, wanted: Collection[SystemKey] | None = None) -> Ways:
        """Find the way from one system to every other, or at least to those that are wanted."""
        return Ways(self, start, self.search(start, _followed, wanted))

    def search(
        self, start: SystemKey, follow: Follow, wanted: Collection[SystemKey] | None = None
    ) -> dict[SystemKey, Step]:
        """Reach systems breadth first; ``follow`` says where an edge leads from a system."""
        steps: dict[SystemKey, Step] = {}
        queue = deque([start])
        missing = None if wanted is None else {*wanted} - {start}
        while queue and missing != set():
            here = queue.popleft()
            for edge in self._at.get(here, ()):
                for there, chain in follow(edge, here):
                    if there != start and there not in steps:
                        steps[there] = Step(here, chain, edge)
                        if missing is not None:
                            missing.discard(there)
                        queue.append(there)
        return steps

    def edges_at(self, system: SystemKey) -> list[Edge]:
        """List the edges from and to a system."""
        return self._at.get(system, [])


def _followed(edge: Edge, here: SystemKey) -> Iterable[tuple[SystemKey, Chain]]:
    if edge.source == here and edge.forward is not None:
        yield edge.target, edge.forward
    if edge.target == here and edge.backward is not None:
        yield edge.source, edge.backward


def _followed_through_fields(edge: Edge, here: SystemKey) -> Iterable[tuple[SystemKey, Chain]]:
    if edge.nonlinear is None:
        yield from _followed(edge, here)
    else:
        yield from _touched(edge, here)


def _touched(edge: Edge, here: SystemKey) -> Iterable[tuple[SystemKey, Chain]]:
    yield (edge.target if edge.source == here else edge.source), ()


@dataclass(frozen=True)
class Ways:
    """The ways from one system to the others."""

    graph: Graph
    start: SystemKey
    steps: Mapping[SystemKey, Step]

    def to(self, system: SystemKey) -> Chain | None:
        """Return the matrices that lead to a system; None if no linear way does."""
        chain: Chain = ()
        here = system
        while here != self.start:
            if here not in self.steps:
                return None
            chain += self.steps[here].chain
            here = self.steps[here].before
        return chain

    def obstacle(self, system: SystemKey, where: str) -> Problem:
        """Say why no way leads to a system; ``where`` is the place that declares it."""
        field = self._field_on_the_way(system)
        if field is not None:
            message = (
                f'"{system}" is reached only through a field of vectors ({field.where}), '
                "which is not drawn"
            )
            return Problem("nonlinear-transform", "info", where, message)
        message = f'no transform that can be used joins "{system}" to "{self.start}"'
        if system in self.graph.search(self.start, _touched):
            message = (
                f'no transform leads to "{system}" from "{self.start}": '
                "the one there is leads the other way and has no inverse"
            )
        return Problem("unconnected-system", "info", where, f"{message}; it cannot be shown")

    def _field_on_the_way(self, system: SystemKey) -> Problem | None:
        steps = self.graph.search(self.start, _followed_through_fields)
        here = system
        while here in steps:
            if steps[here].edge.nonlinear is not None:
                return steps[here].edge.nonlinear
            here = steps[here].before
        return None

    def contradictions(self, level: affine.Matrix) -> list[Problem]:
        """Compare every edge that the ways do not use with the ways to its two ends.

        Parameters
        ----------
        level : maps voxels to ``start``; what is compared is where voxels end up.
        """
        found: list[Problem] = []
        compared = {id(step.edge) for step in self.steps.values()}
        for here in (self.start, *self.steps):
            for edge in self.graph.edges_at(here):
                if id(edge) in compared:
                    continue
                for there, chain in _followed(edge, here):
                    way, other = self.to(here), self.to(there)
                    if way is None or other is None:
                        continue
                    compared.add(id(edge))
                    if not _same_places((*chain, *way), other, level):
                        found.append(_contradiction(edge, here, there))
                    break
        return found


def _same_places(first: Chain, second: Chain, level: affine.Matrix) -> bool:
    """Tell whether two ways bring voxels to the same places."""
    with np.errstate(all="ignore"):
        one = affine.compose(np.eye(_rows(first, level)), *(c.matrix for c in first), level)
        two = affine.compose(np.eye(_rows(second, level)), *(c.matrix for c in second), level)
        off = np.abs(one - two)[:-1]
        voxel = np.abs(two[:-1, :-1]).max(axis=1, keepdims=True)
        sums = np.maximum(_magnitude(first, level), _magnitude(second, level))[:-1]
        return bool(np.all(off <= _SAME * voxel + _ROUNDING * sums))


def _rows(chain: Chain, level: affine.Matrix) -> int:
    return len(chain[0].matrix if chain else level)


def _magnitude(chain: Chain, level: affine.Matrix) -> affine.Matrix:
    """Add up the sizes of the numbers that a product of matrices is the sum of."""
    return affine.compose(
        np.eye(_rows(chain, level)), *(np.abs(c.matrix) for c in chain), np.abs(level)
    )


def _contradiction(edge: Edge, here: SystemKey, there: SystemKey) -> Problem:
    message = (
        f'leads from "{here}" to another place in "{there}" than the way that is used does; '
        "this transform is not used"
    )
    return edge.place.problem("contradicting-transforms", "warning", message)
