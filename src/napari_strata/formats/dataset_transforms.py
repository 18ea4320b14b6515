"""The transforms of a 0.6 image's ``datasets``: from each level's array to a coordinate system.

The specification wants exactly one for each, to the same system. Drafts and careless writers
have lists that are applied in order, transforms that point from the system to the array, and
datasets that are mapped to different systems.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from napari_strata.formats._ome import Multiscale
from napari_strata.formats._survey import Candidate
from napari_strata.formats.coordinate_systems import Declared, Reference, read_reference
from napari_strata.formats.transform_graph import Edge, SystemKey
from napari_strata.formats.transform_nesting import read_transforms_in_order
from napari_strata.formats.transform_parameters import Reading
from napari_strata.formats.transform_types import Space
from napari_strata.model import OpenError, Problem
from napari_strata.store.hierarchy import Array
from napari_strata.store.values import JsonPlace, sequence


@dataclass(frozen=True)
class _Ends:
    """What a transform leads from and to; None is the array."""

    source: Declared | None
    target: Declared | None


@dataclass
class Datasets:
    """Reads them one by one; ``intrinsic`` is the system of the first sound one."""

    multiscale: Multiscale
    declared: Mapping[str, Declared]
    problems: list[Problem]
    intrinsic: Declared | None = None

    def edges(self, candidate: Candidate, index: int) -> list[Edge]:
        """Read one dataset's transforms; none, with an error, if the level has no honest place."""
        reading = Reading(self.multiscale.survey.group, self.multiscale.context)
        try:
            edges = self._edges(candidate, index, reading)
        except OpenError as error:
            self.problems.append(error.problem)
            return []
        self.problems += reading.problems
        self._note_system(edges, candidate)
        return edges

    def _edges(self, candidate: Candidate, index: int, reading: Reading) -> list[Edge]:
        if candidate.array is None:
            assert candidate.error is not None  # a named array that is missing is an error
            raise candidate.error
        declared = candidate.declared
        if declared is None or declared.value is None:
            at = self.multiscale.place.child("datasets").item(index)
            message = "found no coordinateTransformations, expected a scale; the level is left out"
            raise at.child("coordinateTransformations").refuse("missing-key", message)
        items, at = sequence(declared.value, declared.place), declared.place
        if not items:
            raise at.unexpected(items, "a list with a transform")
        named = self._named_output(items, at)
        ends = [self._ends(item, at.item(i), candidate.path, named) for i, item in enumerate(items)]
        if len({id(e.target) for e in ends}) == 1 and len({id(e.source) for e in ends}) == 1:
            return [self._edge(items, at, ends[0], candidate, reading)]
        return [
            self._edge([item], at.item(i), end, candidate, reading)
            for i, (item, end) in enumerate(zip(items, ends, strict=True))
        ]

    def _edge(
        self,
        items: list[object],
        at: JsonPlace,
        ends: _Ends,
        candidate: Candidate,
        reading: Reading,
    ) -> Edge:
        assert candidate.array is not None
        array = self._array_space(candidate.array)
        before = array if ends.source is None else ends.source.space
        after = array if ends.target is None else ends.target.space
        found = read_transforms_in_order(items, at, before, after, reading)
        key = SystemKey(candidate.path, "")
        source = key if ends.source is None else SystemKey("", ends.source.name)
        target = key if ends.target is None else SystemKey("", ends.target.name)
        return Edge(source, target, found.forward, found.backward, at, found.nonlinear)

    def _array_space(self, array: Array) -> Space:
        """Name an array's axes, as the drafts refer to them."""
        rank = len(array.shape)
        counted = tuple(f"dim_{i}" for i in range(rank))
        stored = array.dimension_names or (None,) * rank
        names = tuple(n or d for n, d in zip(stored, counted, strict=True))
        return Space(names, self._declared_array_axes(rank) or counted)

    def _declared_array_axes(self, rank: int) -> tuple[str, ...] | None:
        """Look at ``arrayCoordinateSystem``, which a draft had."""
        system = self.multiscale.value.get("arrayCoordinateSystem")
        axes = system.get("axes") if isinstance(system, dict) else None
        if not isinstance(axes, list) or len(axes) != rank:
            return None
        names = [a.get("name") if isinstance(a, dict) else None for a in axes]
        return tuple(n if isinstance(n, str) else "" for n in names)

    def _named_output(self, items: list[object], at: JsonPlace) -> Declared | None:
        """Find the system that the transforms which name one lead to, if it is the same."""
        outputs = [read_reference(item, "output", at.item(i)) for i, item in enumerate(items)]
        names = {o.name for o in outputs if o is not None and o.path is None}
        return self.declared.get(names.pop() or "") if len(names) == 1 else None

    def _ends(self, item: object, at: JsonPlace, path: str, named: Declared | None) -> _Ends:
        """Tell which end is the array; the dataset's path always is, whatever ``input`` says."""
        source = read_reference(item, "input", at)
        target = read_reference(item, "output", at)
        before = self._known(source, path)
        if target is None:
            return self._without_output(before, at, named)
        after = self._known(target, path)
        if after is None and (before is None or not _is_array(target, path)):
            raise target.unknown()
        return _Ends(before, after)

    def _known(self, reference: Reference | None, path: str) -> Declared | None:
        if reference is None or reference.path is not None or reference.name is None:
            return None
        if reference.plain and _is_array(reference, path):
            return None
        return self.declared.get(reference.name)

    def _without_output(
        self, before: Declared | None, at: JsonPlace, named: Declared | None
    ) -> _Ends:
        if before is not None:
            return _Ends(before, None)
        if named is not None:
            return _Ends(None, named)
        if not self.declared:
            raise at.child("output").refuse("unknown-system", "found no coordinate system")
        first = next(iter(self.declared.values()))
        message = f'found no output, expected the name of a system; taken as "{first.name}"'
        severity = "warning" if len(self.declared) > 1 else "info"
        self.problems.append(at.child("output").problem("missing-output", severity, message))
        return _Ends(None, first)

    def _note_system(self, edges: list[Edge], candidate: Candidate) -> None:
        array = SystemKey(candidate.path, "")
        names = [e.target.name if e.source == array else e.source.name for e in edges]
        names = [n for n in names if n]
        if not names:
            return
        if self.intrinsic is None:
            self.intrinsic = self.declared[names[0]]
        elif self.intrinsic.name not in names:
            message = (
                f'leads to "{names[0]}", expected "{self.intrinsic.name}" as the first level '
                "does; brought there by the transforms between the two"
            )
            where = edges[0].place
            self.problems.append(where.problem("other-system", "warning", message))


def _is_array(reference: Reference, path: str) -> bool:
    """Tell whether a reference is the dataset's own array, by its path."""
    named = reference.path if reference.path is not None else reference.name
    parts = [part for part in (named or "").split("/") if part not in ("", ".")]
    return parts == [part for part in path.split("/") if part not in ("", ".")]
