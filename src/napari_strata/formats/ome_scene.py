"""OME-NGFF 0.6 ``scene``: images in different groups, joined by transforms.

Rules: the specification's "scene" section. Each image is shown in the first system that the
scene lists; a scene that lists none leaves each image in its own intrinsic system.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from napari_strata.formats import ome_labels
from napari_strata.formats._ome import key_place, keys
from napari_strata.formats._protocol import Context, Found, ImagesAt
from napari_strata.formats._read_ahead import read_ahead, read_groups
from napari_strata.formats.coordinate_systems import (
    Declared,
    Reference,
    as_info,
    read_reference,
    read_systems,
)
from napari_strata.formats.scene_systems import Member, joined
from napari_strata.formats.transform_graph import Edge, SystemKey, read_edge
from napari_strata.formats.transform_parameters import Reading
from napari_strata.formats.transform_types import Space
from napari_strata.model import Image, OpenError
from napari_strata.store.hierarchy import Group
from napari_strata.store.tree import Node
from napari_strata.store.values import JsonPlace, mapping, sequence

KEY = "scene"


def speaks(group: Group) -> bool:
    """Tell a scene."""
    return KEY in keys(group)


def open_group(group: Group, context: Context, images_at: ImagesAt) -> Found | None:
    """Open the images of a scene, each with its labels; a broken image costs only itself.

    Images in the scene's folder that no transform names are shown too, in their own systems.

    Raises
    ------
    OpenError
        If the scene is no object, or there is no image at all.
    """
    if not speaks(group):
        return None
    scene = _Scene(group, context, key_place(group, KEY))
    value = mapping(keys(group)[KEY], scene.at)
    scene.read(value, images_at)
    if not scene.members and not scene.found.problems:
        message = "found no image, expected transforms that name one by its path"
        raise scene.at.child("coordinateTransformations").refuse("no-image", message)
    images, problems = joined(scene.members, scene.declared, scene.edges, scene.at)
    scene.found.problems += problems
    own = {context.path(member.group.node) for member in scene.members}
    for member, image in zip(scene.members, images, strict=True):
        scene.add(member, image, own, images_at)
    return scene.found


@dataclass
class _Scene:
    """One scene while it is read; members by their path relative to it."""

    group: Group
    context: Context
    at: JsonPlace
    found: Found = field(default_factory=Found)
    declared: dict[str, Declared] = field(default_factory=dict)
    members: list[Member] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    by_path: dict[str, list[Member]] = field(default_factory=dict)

    def read(self, value: Mapping[str, Any], images_at: ImagesAt) -> None:
        """Read systems, images and transforms."""
        problems = self.found.problems
        at = self.at.child("coordinateSystems")
        if value.get("coordinateSystems") is not None:
            try:
                self.declared = read_systems(value["coordinateSystems"], at, problems)
            except OpenError as error:
                problems.append(error.problem)
        for index, system in enumerate(self.declared.values()):
            problems += system.problems if index == 0 else as_info(system.problems)
        at = self.at.child("coordinateTransformations")
        try:
            items = sequence(value.get("coordinateTransformations"), at)
        except OpenError as error:
            problems.append(error.problem)
            items = []
        self._open(items, at, images_at)
        reading = Reading(self.group, self.context, problems)
        for index, item in enumerate(items):
            try:
                self.edges.append(read_edge(item, at.item(index), self._end, reading))
            except OpenError as error:
                problems.append(error.problem)

    def _open(self, items: list[object], at: JsonPlace, images_at: ImagesAt) -> None:
        """Open the groups that transforms name, and the scene's own if it is an image too."""
        nodes: dict[str, Node] = {}
        if "multiscales" in keys(self.group):
            nodes[""] = self.group.node
        for index, item in enumerate(items):
            for end in ("input", "output"):
                node = self._node(item, end, at.item(index))
                if node is not None:
                    nodes.setdefault(node.relative_to(self.group.node.path), node)
        found = read_groups(nodes.values(), self.group.encoding, self.found.problems)
        groups = {path: found[node] for path, node in nodes.items() if node in found}
        read_ahead([child for child in groups.values() if child is not None])
        for path, child in groups.items():
            if child is None:
                self._missing(nodes[path])
            else:
                self._open_image(path, child, images_at)
        self._open_unnamed(nodes, images_at)

    def _open_unnamed(self, named: Mapping[str, Node], images_at: ImagesAt) -> None:
        """Open the image groups in the scene's folder that no transform names."""
        problems = self.found.problems
        nodes = [n for n in self.group.node.folders(problems) if n.name not in named]
        groups = read_groups(nodes, self.group.encoding, problems)
        children = [g for g in groups.values() if g is not None and "multiscales" in keys(g)]
        read_ahead(children)
        for child in children:
            try:
                images = images_at(child, self.context) or []
            except OpenError as error:
                if error.problem.code != "vector-field":  # of a transform, no image
                    self.found.problems.append(error.problem)
                continue
            self.members += [Member(child.node.name, image, child) for image in images]

    def _node(self, item: object, end: str, at: JsonPlace) -> Node | None:
        """Go to the group that one end names; what is damaged shows when the edge is read."""
        try:
            reference = _split(read_reference(item, end, at), self.declared)
            if reference is None or reference.path is None:
                return None
            return self.group.node.descend(reference.path, reference.place)
        except OpenError:
            return None

    def _missing(self, node: Node) -> None:
        message = f'found no image at "{node.inner_path}", expected one as a transform names it'
        self.found.problems.append(self.at.problem("missing-image", "error", message))

    def _open_image(self, path: str, child: Group, images_at: ImagesAt) -> None:
        try:
            images = images_at(child, self.context)
        except OpenError as error:
            self.found.problems.append(error.problem)
            return
        if not images:
            self._missing(child.node)
            return
        self.members += [Member(path, image, child) for image in images]

    def _at(self, path: str) -> list[Member]:
        if not self.by_path:
            for member in self.members:
                self.by_path.setdefault(member.path, []).append(member)
        return self.by_path.get(path, [])

    def _end(self, item: object, end: str, at: JsonPlace) -> tuple[SystemKey, Space]:
        """Find the system at one end: the scene's own, or one of an image."""
        reference = _split(read_reference(item, end, at), self.declared)
        if reference is None or reference.name is None:
            message = f"found no {end}, expected the name of a coordinate system"
            raise at.child(end).refuse("missing-key", message)
        path = ""
        if reference.path is not None:
            node = self.group.node.descend(reference.path, reference.place.child("path"))
            path = node.relative_to(self.group.node.path)
        elif reference.name in self.declared:
            own = self.declared[reference.name]
            return SystemKey("", own.name), own.space
        for member in self._at(path):
            axes = member.axes_of(reference.name)
            if axes is not None:
                return member.key(reference.name), Space(tuple(a.name for a in axes))
        raise reference.unknown()

    def add(self, member: Member, image: Image, own: set[str], images_at: ImagesAt) -> None:
        """List an image and its labels, without those that are members (``own``) themselves."""
        try:
            one = ome_labels.with_labels(
                member.group, [image], self.context, images_at, one_of_many=True
            )
        except OpenError as error:
            one = Found([image], [error.problem])
        self.found.images.append(one.images[0])
        self.found.images += [label for label in one.images[1:] if label.path not in own]
        self.found.problems += one.problems


def _split(reference: Reference | None, declared: Mapping[str, Declared]) -> Reference | None:
    """Take a draft's plain text ``path/name`` apart, unless it is a system of the scene."""
    if reference is None or not reference.plain or reference.name in declared:
        return reference
    path, _, name = (reference.name or "").strip("/").rpartition("/")
    return replace(reference, name=name, path=path) if path else reference
