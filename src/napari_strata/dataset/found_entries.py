"""Entries of the images, labels, geometries and segments that were found at one folder."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from napari_strata.arrays.decodable import decodable
from napari_strata.dataset.choices import Choices
from napari_strata.dataset.entry import Entry, EntryKind, Listed
from napari_strata.dataset.geometry import Geometry
from napari_strata.dataset.image import Image
from napari_strata.dataset.opening import Dataset
from napari_strata.formats import Found
from napari_strata.formats.precomputed_mesh_segments import list_segments
from napari_strata.model import OpenError, Problem
from napari_strata.store.location import Location
from napari_strata.store.tree import Node

_LABELS = "labels/"


def known(entries: Sequence[Entry]) -> Listed:
    """List entries that are there already."""
    return Listed(entries, lambda entry: entry)


@dataclass(frozen=True)
class FoundEntries:
    """Makes the entries of one browsed container.

    Attributes
    ----------
    location : of what was browsed.
    root : what it stands for; inner paths are relative to it.
    choices : how what is in it is opened.
    """

    location: Location
    root: Node
    choices: Choices

    def address(self, node: Node) -> str:
        """Give what a node is opened by."""
        return replace(self.location, path=node.path).address

    def dataset(
        self, opened: Node, images: Sequence[Image] = (), geometries: Sequence[Geometry] = ()
    ) -> Dataset:
        """Make a dataset of what was found where ``opened`` was opened."""
        path = str(replace(self.location, path=opened.path))
        models = [image.model for image in images]
        found = [each.model for each in geometries]
        return Dataset(path, models, (), found, self.choices)

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
            Geometry(replace(each, choices=tuple(self.choices.to_json().items())))
            for each in part.geometries
        ]
        if len(entries) == 1 and geometries and not any(g.model.annotation for g in geometries):
            meshes = [self.geometry(opened, each) for each in geometries]
            below = [*entries[0].children().entries, *meshes]
            listed = partial(known, below)
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
            listed=partial(known, below) if below else None,
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

    def segments(self, opened: Node, node: Node, folder: Geometry) -> Listed:
        """List the segments of a folder of meshes, which may be very many files."""
        value, problems = folder.model, list[Problem]()
        ids = value.segments
        if ids is None and value.folder is not None:
            ids = list_segments(node, value.stored_kind, value.folder.metadata, problems)
        return Listed(ids, partial(self.segment, opened, node, folder), tuple(problems))

    def segment(self, opened: Node, node: Node, folder: Geometry, number: int) -> Entry:
        """Make the entry of a segment by its number."""
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


def _is_label_of(path: str, image: str) -> bool:
    return path.startswith(posixpath.join(image, _LABELS))
