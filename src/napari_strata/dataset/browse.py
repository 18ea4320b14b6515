"""A container as a tree of entries, each read when it is looked at.

What a folder is, the formats say (`formats.discover.visit`), as they do where it is opened.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from napari_strata.dataset.choices import DEFAULT_CHOICES, Choices
from napari_strata.dataset.entry import Cancel, Entry, EntryKind, Listed
from napari_strata.dataset.found_entries import FoundEntries
from napari_strata.dataset.opening import Dataset, context_at, open_at
from napari_strata.formats import Found, annotations_beside, ome_plate, ome_series, ome_well
from napari_strata.formats.discover import Visit, folders_in, stands_for, visit
from napari_strata.formats.groups import CollectionKind, collection_kind, open_group
from napari_strata.model import OpenError, Problem, Severity
from napari_strata.store.cancel import cancelled_by
from napari_strata.store.container import identify, open_container
from napari_strata.store.hierarchy import Group
from napari_strata.store.location import parse_location
from napari_strata.store.tree import Node


def browse(
    path: str | os.PathLike[str],
    *,
    choices: Choices = DEFAULT_CHOICES,
    profile: str | None = None,
    cancel: Cancel | None = None,
) -> Entry:
    """Look at what a path or URL names, as the root of a tree.

    A level stands for its image, and a part of a ZVF store for the store, as where they are
    opened. Blocks while it reads; entries may be used from several threads.

    Parameters
    ----------
    choices : how what is in it is to be opened.
    profile : the AWS profile to read S3 by, if it is another than that of ``choices``.

    Raises
    ------
    OpenError
        If there is nothing at the path, or what it names is damaged.
    Cancelled
        Before the next request, once ``cancel`` says so.
    """
    if profile is not None:
        choices = replace(choices, profile=profile)
    with cancelled_by(cancel):
        named = open_container(path, choices.profile)
        root = stands_for(context_at(named, choices))
        location = parse_location(path)
        entry = _Tree(location, root, choices).look(root, "container")
    if location.scheme in _WITHOUT_EMPTY_FOLDERS and _is_nothing(entry):
        message = "there is nothing at this address"
        raise OpenError(Problem("not-found", "error", str(location), message))
    return entry


_WITHOUT_EMPTY_FOLDERS = ("s3", "gs")


def _is_nothing(entry: Entry) -> bool:
    found = entry.has_children or entry.problems or entry.image or entry.geometry
    return not found and entry.kind == "container"


@dataclass(frozen=True)
class _Tree(FoundEntries):
    """Folders and collections of one browsed container."""

    def open(self, node: Node) -> Dataset:
        """Open everything in a folder afresh, as if its path had been given.

        Raises
        ------
        OpenError
            As `open_at` does, or if it is a link that leads out of what is browsed.
        """
        if not node.inside():
            raise OpenError(_leads_out(node, "error"))
        path = self.address(node)
        return open_at(open_container(path, self.choices.profile), path, self.choices)

    # ------------------------------------------------------------------------- folders

    def unlooked(self, node: Node, kind: EntryKind = "group", name: str = "") -> Entry:
        """Make the entry of a folder that is only known by its name."""
        name = name or node.name
        entry = Entry(
            self.address(node),
            node.relative_to(self.root.path),
            name,
            kind,
            has_children=True,
            looked=False,
            dataset=partial(self.open, node),
            read=partial(self.look, node, kind, name),
        )
        if node.inside():
            return entry
        told = (_leads_out(node, "warning"),)
        return replace(entry, looked=True, read=None, has_children=False, problems=told)

    def look(self, node: Node, kind: EntryKind = "group", name: str = "") -> Entry:
        """Read what a folder is; ``kind`` and ``name`` are what its parent says of it."""
        entry = replace(self.unlooked(node, kind, name), looked=True, read=None)
        if entry.problems:
            return entry
        try:
            group = identify(node)
            collection = None if group is None else collection_kind(group)
        except OpenError as error:
            return replace(entry, has_children=False, problems=(error.problem,))
        if group is not None and collection is not None:
            listed = partial(self.collection, group, collection)
            return replace(entry, kind=collection, listed=listed)
        seen = visit(node, context_at(node, self.choices))
        if kind == "series":  # a label keeps its own name
            seen.images = [replace(i, name=name) if not i.path else i for i in seen.images]
        if not seen.images and not seen.geometries:
            unlisted = any(problem.code == "no-listing" for problem in seen.problems)
            return replace(
                entry,
                has_children=bool(seen.children),
                problems=tuple(seen.problems),
                listed=partial(self.folders, None if unlisted else seen.children, ()),
            )
        return self.found(entry, node, seen)

    def folders(self, nodes: Sequence[Node] | None, problems: tuple[Problem, ...]) -> Listed:
        return Listed(nodes, self.unlooked, problems)

    # -------------------------------------------------------------------- what was found

    def found(self, entry: Entry, node: Node, seen: Visit) -> Entry:
        """Make the entry of a folder by which images or geometries were found."""
        part = Found(list(seen.images), list(seen.problems), list(seen.geometries))
        context = context_at(node, self.choices)
        annotations_beside.add_to(part, context)
        entries, problems = self.entries(node, part)
        if not seen.children and len([e for e in entries if not _is_beside(e)]) == 1:
            return self.only(entry, entries, problems)
        listed = partial(self.mixed, [*entries, *seen.children], ())
        return replace(
            entry,
            kind="container" if entry.kind == "container" else "collection",
            format=_common_format(entries),
            problems=problems,
            listed=listed,
        )

    def only(self, entry: Entry, entries: Sequence[Entry], problems: tuple[Problem, ...]) -> Entry:
        """Let a folder be the one thing that is in it; annotations beside it are in that."""
        one = next(e for e in entries if not _is_beside(e))
        beside = [e for e in entries if _is_beside(e)]
        if beside:
            below = list(one.children().entries)
            one = replace(one, has_children=True, listed=partial(self.mixed, [*below, *beside], ()))
        kind = entry.kind if entry.kind in ("field", "series") else one.kind
        own = one.image or one.geometry
        name = own.name if own is not None and entry.kind not in ("field", "series") else entry.name
        every = tuple(dict.fromkeys((*problems, *one.problems)))
        return replace(one, name=name, kind=kind, problems=every)

    def mixed(self, items: Sequence[Entry | Node], problems: tuple[Problem, ...]) -> Listed:
        def entry(item: Entry | Node) -> Entry:
            return item if isinstance(item, Entry) else self.unlooked(item)

        return Listed(items, entry, problems)

    # ---------------------------------------------------------------------- collections

    def collection(self, group: Group, kind: CollectionKind) -> Listed:
        """List what a collection names; damaged ones are listed as the folders they are."""
        problems: list[Problem] = []
        try:
            if kind == "plate":
                return self.rows(group)
            if kind == "well":
                fields = ome_well.read_well(group, problems)
                return Listed([f.node for f in fields], self.field, tuple(problems))
            if kind == "series":
                return self.series(group)
            part = open_group(group, context_at(group.node, self.choices))
            entries, told = self.entries(group.node, part or Found())
            if entries:
                return self.mixed(entries, told)
            problems += told
        except OpenError as error:
            problems.append(error.problem)
        try:
            return self.folders(folders_in(group.node), tuple(problems))
        except OpenError as error:
            return Listed(None, self.unlooked, (*problems, error.problem))

    def rows(self, group: Group) -> Listed:
        """Sort the wells of a plate by the folders of their rows; none is read."""
        problems: list[Problem] = []
        by_row: dict[str, list[Node]] = {}
        for well in sorted(ome_plate.read_wells(group, problems), key=lambda w: w.position):
            row = posixpath.dirname(well.node.relative_to(group.node.path))
            by_row.setdefault(row, []).append(well.node)
        rows = [self.row(group.node, name, wells) for name, wells in by_row.items()]
        return self.mixed(rows, tuple(problems))

    def row(self, plate: Node, name: str, wells: Sequence[Node]) -> Entry:
        node = plate.child(name) if name else plate
        entry = self.unlooked(node, "row", name or plate.name)
        listed = Listed(wells, partial(self.unlooked, kind="well"), ())
        return replace(entry, looked=True, read=None, listed=lambda: listed)

    def field(self, node: Node) -> Entry:
        return self.unlooked(node, "field")

    def series(self, group: Group) -> Listed:
        """List a series in its own order, by the names in OME's XML where it has them."""
        problems: list[Problem] = []
        entries = ome_series.read_series(group, problems)
        names = ome_series.read_names(group, len(entries), problems)
        pairs = [
            (node, name or node.name)
            for (node, _), name in zip(entries, names, strict=True)
            if node is not None
        ]
        return Listed(pairs, self.one_of_series, tuple(problems))

    def one_of_series(self, pair: tuple[Node, str]) -> Entry:
        node, name = pair
        return self.unlooked(node, "series", name)


def _leads_out(node: Node, severity: Severity) -> Problem:
    message = "is a link that leads out of the dataset; not followed: give what it leads to itself"
    return Problem("link-outside", severity, node.shown_path, message)


def _is_beside(entry: Entry) -> bool:
    return entry.geometry is not None and entry.geometry.model.annotation


def _common_format(entries: Sequence[Entry]) -> str:
    formats = {entry.format for entry in entries}
    return formats.pop() if len(formats) == 1 else ""
