"""A container as a tree of entries, each read when it is looked at.

What a folder is, the formats say (`formats.discover.visit`), as they do where it is opened.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from napari_strata.arrays.decodable import decodable
from napari_strata.dataset.choices import DEFAULT_CHOICES, Choices
from napari_strata.dataset.entry import Cancel, Entry, EntryKind, Listed
from napari_strata.dataset.geometry import Geometry
from napari_strata.dataset.image import Image
from napari_strata.dataset.opening import Dataset, context_at, open_at
from napari_strata.formats import annotations_beside, ome_plate, ome_series, ome_well
from napari_strata.formats._protocol import Found
from napari_strata.formats.discover import Visit, folders_in, stands_for, visit
from napari_strata.formats.groups import CollectionKind, collection_kind, open_group
from napari_strata.formats.precomputed_mesh_segments import list_segments
from napari_strata.model import OpenError, Problem
from napari_strata.store.cancel import cancelled_by
from napari_strata.store.container import identify, open_container
from napari_strata.store.hierarchy import Group
from napari_strata.store.location import Location, parse_location
from napari_strata.store.tree import Node

_LABELS = "labels/"


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
        tree = _Tree(parse_location(path), root, choices)
        return tree.look(root, "container")


@dataclass(frozen=True)
class _Tree:
    """What all entries of one browsed container share."""

    location: Location
    root: Node
    choices: Choices

    def address(self, node: Node) -> str:
        return replace(self.location, path=node.path).address

    def dataset(
        self, opened: Node, images: Sequence[Image] = (), geometries: Sequence[Geometry] = ()
    ) -> Dataset:
        """Make a dataset of what was found where ``opened`` was opened."""
        path = str(replace(self.location, path=opened.path))
        models = [image.model for image in images]
        found = [each.model for each in geometries]
        return Dataset(path, models, (), found, self.choices)

    def open(self, node: Node) -> Dataset:
        """Open everything in a folder afresh, as if its path had been given."""
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
        message = "is a link that leads out of the dataset; not followed"
        problem = Problem("link-outside", "warning", node.shown_path, message)
        return replace(entry, looked=True, read=None, has_children=False, problems=(problem,))

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
            return replace(
                entry,
                has_children=bool(seen.children),
                problems=tuple(seen.problems),
                listed=partial(self.folders, seen.children, ()),
            )
        return self.found(entry, node, seen)

    def folders(self, nodes: Sequence[Node], problems: tuple[Problem, ...]) -> Listed:
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

    def entries(self, opened: Node, part: Found) -> tuple[list[Entry], tuple[Problem, ...]]:
        """Make an entry of each image and geometry, labels below their images."""
        problems = list(part.problems)
        images = [
            Image(checked) for image in part.images if (checked := decodable(image, problems))
        ]
        paths = [image.path for image in images]
        inner: dict[int, list[Image]] = {}
        tops: list[tuple[int, Image]] = []
        for index, image in enumerate(images):
            above = [i for i, path in enumerate(paths) if _is_label_of(image.path, path)]
            if len(above) == 1 and above[0] != index:
                inner.setdefault(above[0], []).append(image)
            else:
                tops.append((index, image))
        entries = [self.image(opened, image, inner.get(i, ())) for i, image in tops]
        geometries = [
            Geometry(replace(each, origin=self.choices.origin)) for each in part.geometries
        ]
        if len(entries) == 1 and geometries and not any(g.model.annotation for g in geometries):
            meshes = [self.geometry(opened, each) for each in geometries]
            below = [*entries[0].children().entries, *meshes]
            listed = partial(self.mixed, below, ())
            entries = [replace(entries[0], has_children=True, listed=listed)]
        else:
            entries += [self.geometry(opened, each) for each in geometries]
        return entries, tuple(dict.fromkeys(problems))

    def image(self, opened: Node, image: Image, labels: Sequence[Image]) -> Entry:
        """Make the entry of an image; its labels are opened with it, so as to lie as it does."""
        node = opened.child(image.path) if image.path else opened
        kind: EntryKind = "array" if image.format.endswith("-array") else image.kind
        below = [self.image(opened, label, ()) for label in labels]
        return Entry(
            self.address(node),
            node.relative_to(self.root.path),
            image.name,
            kind,
            image.format,
            image=image,
            problems=image.problems,
            has_children=bool(labels),
            dataset=partial(self.dataset, opened, [image]),
            listed=partial(self.mixed, below, ()) if below else None,
        )

    def geometry(self, opened: Node, each: Geometry) -> Entry:
        """Make the entry of a geometry, or of a folder of meshes."""
        path = posixpath.normpath(posixpath.join(opened.path, each.path))
        node = Node(opened.tree, path)
        is_folder = each.model.folder is not None
        return Entry(
            self.address(node),
            posixpath.relpath(path, self.root.path) if path != self.root.path else "",
            each.name,
            "segments" if is_folder else each.kind,
            each.format,
            geometry=each,
            problems=each.model.problems,
            has_children=is_folder and each.segments != (),
            dataset=partial(self.dataset, opened, (), [each]),
            listed=partial(self.segments, opened, node, each) if is_folder else None,
        )

    def mixed(self, items: Sequence[Entry | Node], problems: tuple[Problem, ...]) -> Listed:
        def entry(item: Entry | Node) -> Entry:
            return item if isinstance(item, Entry) else self.unlooked(item)

        return Listed(items, entry, problems)

    # ------------------------------------------------------------------------- segments

    def segments(self, opened: Node, node: Node, folder: Geometry) -> Listed:
        """List the segments of a folder of meshes, which may be very many files."""
        value, problems = folder.model, list[Problem]()
        ids = value.segments
        if ids is None and value.folder is not None:
            ids = list_segments(node, value.stored_kind, value.folder.metadata, problems)
        return Listed(ids, partial(self.segment, opened, node, folder), tuple(problems))

    def segment(self, opened: Node, node: Node, folder: Geometry, number: int) -> Entry:
        entry = Entry(
            self.address(node),
            node.relative_to(self.root.path),
            str(number),
            "segment",
            folder.format,
            looked=False,
            segment=number,
            dataset=partial(self.dataset, opened, (), [folder]),
        )
        return replace(entry, read=partial(self.mesh, entry, opened, folder))

    def mesh(self, entry: Entry, opened: Node, folder: Geometry) -> Entry:
        """Read a segment's manifest."""
        entry = replace(entry, looked=True, read=None)
        try:
            each = folder.segment(entry.segment or 0)
        except OpenError as error:
            return replace(entry, problems=error.problems)
        dataset = partial(self.dataset, opened, (), [each])
        return replace(entry, geometry=each, problems=each.model.problems, dataset=dataset)

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


def _is_label_of(path: str, image: str) -> bool:
    return path.startswith(posixpath.join(image, _LABELS))


def _is_beside(entry: Entry) -> bool:
    return entry.geometry is not None and entry.geometry.model.annotation


def _common_format(entries: Sequence[Entry]) -> str:
    formats = {entry.format for entry in entries}
    return formats.pop() if len(formats) == 1 else ""
