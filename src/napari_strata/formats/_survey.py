"""What a node offers to the dialects, read once and only as far as one of them asks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from napari_strata.model import OpenError, Problem
from napari_strata.store.hierarchy import Array, Group, is_array, prefetch_arrays, read_array
from napari_strata.store.tree import Node, prefetch
from napari_strata.store.values import JsonPlace, mapping, sequence

LEVEL_NAME = re.compile(r"s(0|[1-9][0-9]{0,8})")

_MOST_PROBED = 64  # levels asked for one by one: no pyramid halves more often

# Shallow inheritance is Neuroglancer's rule and holds for its keys only (formats.md, 1).
INHERITED_KEYS = (
    "axes",
    "units",
    "resolution",
    "pixelResolution",
    "scales",
    "downsamplingFactors",
    "downSamplingFactors",
    "coordinateArrays",
)

MultiscalesDialect = Literal["cosem", "ome", "ome-early", "ome-0.6", "canonical", "unknown"]


@dataclass(frozen=True)
class Sourced:
    """A value and where it was found."""

    value: Any
    place: JsonPlace


@dataclass(frozen=True)
class Candidate:
    """What may be a level: an array, or why there is none.

    ``path`` is relative to the group; ``declared`` is what the group says of its transform.
    """

    path: str
    node: Node | None
    array: Array | None
    error: OpenError | None
    declared: Sourced | None = None


def first_object(value: object) -> Mapping[str, Any] | None:
    """Return the first object of a list, if it is one and has one."""
    items = value if isinstance(value, list) else []
    return next((item for item in items if isinstance(item, dict)), None)


def chosen_entry(items: Sequence[object], wanted: str | None) -> int | None:
    """Choose the multiscale of a name, else the one named "3D", else the first object.

    None if there is none; the name counts only where there are several.
    """
    names = [item.get("name") if isinstance(item, dict) else None for item in items]
    if wanted is not None and len(items) > 1:
        return names.index(wanted) if wanted in names else None
    if "3D" in names:
        return names.index("3D")
    return next((i for i, item in enumerate(items) if isinstance(item, dict)), None)


def multiscales_dialect(value: object) -> MultiscalesDialect:
    """Tell the dialects that share the key ``multiscales`` apart, by its first object."""
    if isinstance(value, dict):
        return "canonical" if "datasets" in value else "unknown"
    return _entry_dialect(first_object(value) or {})


def _entry_dialect(entry: Mapping[str, Any]) -> MultiscalesDialect:
    """Tell the dialect of one multiscale, by structure alone."""
    datasets = entry.get("datasets")
    entries = datasets if isinstance(datasets, list) else []
    if "coordinateSystems" in entry:
        return "ome-0.6"
    if any(isinstance(e, dict) and "transform" in e for e in entries):
        return "cosem"
    if any(isinstance(e, dict) and "coordinateTransformations" in e for e in entries):
        return "ome"
    axes = entry.get("axes")
    if isinstance(axes, list) and any(isinstance(a, dict) for a in axes):
        return "ome"
    if isinstance(datasets, list):
        texts = bool(entries) and all(isinstance(e, str) for e in entries)
        return "cosem" if texts or ("version" not in entry and axes is None) else "ome-early"
    return "unknown"


@dataclass
class Survey:
    """One node, and everything below and above it that a dialect may need.

    ``wanted`` is the name of the multiscale to show; ``evidence`` is what the dialect that claimed
    the node saw.
    """

    group: Group
    wanted: str | None = None
    problems: list[Problem] = field(default_factory=list)
    evidence: str = ""
    _derived: dict[str, Candidate] = field(default_factory=dict)

    @property
    def node(self) -> Node:
        """The surveyed folder."""
        return self.group.node

    @cached_property
    def is_array(self) -> bool:
        """Whether the node is itself an array."""
        return is_array(self.group)

    @cached_property
    def ome(self) -> Sourced:
        """The object that holds OME keys, and its place."""
        attributes = self.group.attributes
        inner = attributes.get("ome")
        if isinstance(inner, dict):
            return Sourced(inner, self.group.place("ome"))
        return Sourced(attributes, self.group.place())

    @cached_property
    def multiscales(self) -> MultiscalesDialect | None:
        """Which dialect of ``multiscales`` the node has; None if it has no such key."""
        value = self.ome.value.get("multiscales")
        if value is None:
            return None
        if self.group.encoding == "n5" or not isinstance(value, list):
            return multiscales_dialect(value)
        index = chosen_entry(value, self.wanted)
        entry = (first_object(value) or {}) if index is None else value[index]
        dialect = _entry_dialect(entry)
        if dialect == "cosem" and not any(
            isinstance(e, str) or (isinstance(e, dict) and "transform" in e)
            for e in entry["datasets"]
        ):
            return "ome-early"
        return dialect

    @cached_property
    def inherited(self) -> Mapping[str, Sourced]:
        """Neuroglancer's keys, the nearest definition of each; only N5 inherits."""
        found: dict[str, Sourced] = {}
        nodes = self.node.lineage() if self.group.encoding == "n5" else [self.node]
        if self.group.encoding == "n5":
            prefetch(nodes, "attributes.json")
        for node in nodes:
            attributes = self._attributes_above(node)
            for key in INHERITED_KEYS:
                if key in attributes and key not in found:
                    found[key] = Sourced(attributes[key], self._place(node, key))
        return found

    def _place(self, node: Node, key: str) -> JsonPlace:
        return self.group.place(key) if node == self.node else node.place("attributes.json", key)

    def _attributes_above(self, node: Node) -> Mapping[str, Any]:
        if node == self.node:
            return self.group.attributes
        try:
            return node.json("attributes.json") or {}
        except OpenError as error:
            self.unreadable_ancestor = error
            self.problems.append(
                Problem(
                    "ancestor-unreadable",
                    "warning",
                    error.problem.where,
                    f"{error.problem.message}; what it may pass on to images below it is unknown",
                )
            )
            return {}

    unreadable_ancestor: OpenError | None = None

    def own(self, key: str) -> Sourced | None:
        """Look up a key of the node itself."""
        if key not in self.group.attributes:
            return None
        return Sourced(self.group.attributes[key], self.group.place(key))

    @cached_property
    def numbered_children(self) -> Sequence[Candidate]:
        """Children named s0, s1, s2, …, in the order of their numbers, that are arrays."""
        listing = self.node.listing()
        if listing is None:
            return self._probe_children()
        names = sorted((n for n in listing.folders if LEVEL_NAME.fullmatch(n)), key=_number)
        found = self.candidates(names)
        return [c for c in found if c.array is not None or c.error is not None]

    def _probe_children(self) -> Sequence[Candidate]:
        """Ask for s0, s1, … one after the other where the storage cannot list."""
        found: list[Candidate] = []
        while len(found) < _MOST_PROBED:
            (candidate,) = self.candidates([f"s{len(found)}"])
            if candidate.array is not None or (candidate.error is not None and not found):
                found.append(candidate)
            if candidate.array is None:
                break
        return found

    def candidates(self, paths: Sequence[str]) -> list[Candidate]:
        """Read the arrays at paths that we derived ourselves, all at once, and each once."""
        new = [path for path in paths if path not in self._derived]
        read = self._read([(path, self.node.child(path), None) for path in new], True)
        self._derived.update(zip(new, read, strict=True))
        return [self._derived[path] for path in paths]

    def declared_candidates(
        self, entries: Sequence[tuple[Sourced, Sourced | None]], *, attributes: bool = True
    ) -> list[Candidate]:
        """Read the arrays at paths that metadata names, all at once; each path is guarded."""
        result: list[Candidate | None] = []
        nodes: list[tuple[str, Node, Sourced | None]] = []
        for path, declared in entries:
            try:
                node = self.node.descend(path.value, path.place)
            except OpenError as error:
                result.append(Candidate(str(path.value), None, None, error, declared))
            else:
                result.append(None)
                nodes.append((node.relative_to(self.node.path), node, declared))
        read = iter(self._read(nodes, attributes))
        places = [path.place for path, _ in entries]
        return [
            candidate or _must_exist(next(read), place)
            for candidate, place in zip(result, places, strict=True)
        ]

    def _read(
        self, nodes: Sequence[tuple[str, Node, Sourced | None]], attributes: bool
    ) -> list[Candidate]:
        encoding = self.group.encoding
        prefetch_arrays([node for _, node, _ in nodes], encoding, attributes=attributes)
        result = []
        for path, node, declared in nodes:
            array, error = None, None
            try:
                node.check_inside(node.place(""))
                array = read_array(node, encoding, attributes=attributes)
            except OpenError as caught:
                error = caught
            result.append(Candidate(path, node, array, error, declared))
        return result


def dataset_entries(
    value: object, at: JsonPlace, key: str, *, plain: bool = False
) -> list[tuple[Sourced, Sourced | None]]:
    """Read a multiscale's ``datasets``: each one's path and what it declares under ``key``.

    With ``plain``, an entry may be the path alone, as old COSEM files have it.

    Raises
    ------
    OpenError
        If it is no list of at least one path or object.
    """
    datasets = sequence(value, at)
    if not datasets:
        raise at.unexpected(datasets, "at least one dataset")
    entries: list[tuple[Sourced, Sourced | None]] = []
    for index, entry in enumerate(datasets):
        where = at.item(index)
        if not isinstance(entry, dict) and (plain or not isinstance(entry, str)):
            entries.append((Sourced(entry, where), None))  # no path: refused where it is used
            continue
        fields = mapping(entry, where)
        declared = Sourced(fields[key], where.child(key)) if key in fields else None
        entries.append((Sourced(fields.get("path"), where.child("path")), declared))
    return entries


def _must_exist(candidate: Candidate, place: JsonPlace) -> Candidate:
    if candidate.array is not None or candidate.error is not None:
        return candidate
    error = place.refuse("missing-array", f'found no array at "{candidate.path}", expected one')
    return Candidate(candidate.path, candidate.node, None, error, candidate.declared)


def _number(name: str) -> int:
    return int(name[1:])
