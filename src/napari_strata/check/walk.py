"""Finding the groups of OME-Zarr and the stores of ZVF below a folder: named, or by listing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from napari_strata.check.element import Element
from napari_strata.check.labels import FOLDER
from napari_strata.check.transforms import outermost, parts
from napari_strata.check.version import ome_root
from napari_strata.check.zvf_elements import zvf_root
from napari_strata.formats._natural_order import natural_key
from napari_strata.formats.cosem_prefix import without_meshes
from napari_strata.formats.discover import DEEPEST, MOST_FOLDERS
from napari_strata.formats.ome_series import FOLDER as SERIES_FOLDER
from napari_strata.formats.ome_series import LAYOUT
from napari_strata.formats.zvf import store_above
from napari_strata.model import OpenError, Problem
from napari_strata.store.container import encoding_hint, identify
from napari_strata.store.hierarchy import ATTRIBUTES_FILE, Encoding, is_array, read_group
from napari_strata.store.tree import Node, prefetch

_FARTHEST_IMAGE = 4  # levels above an array
_NAMED_LAYERS = 8  # plate, well, field, labels, label image, and what those may name again


@dataclass
class Walk:
    """What was found, in order: groups of OME-Zarr, stores of ZVF, metadata that is unreadable."""

    roots: list[Element] = field(default_factory=list)
    stores: list[Element] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


_Visit = tuple[Node, Encoding | None]
"""A folder to read, and the encoding of the group that names it."""


def walk(start: Node) -> Walk:
    """Visit what was named and all groups below, each once, the folders of one depth together."""
    found = Walk()
    layer: list[_Visit] = [(_store_or_image(start), None)]
    visited, seen = set[str](), 1
    for depth in range(DEEPEST + _NAMED_LAYERS):
        children: list[_Visit] = []
        _prefetch(layer)
        for node, encoding in layer:
            if node.inside() and node.real_path() not in visited:
                visited.add(node.real_path())
                children += _visit(node, encoding, found, list_folders=depth < DEEPEST)
        seen += len(children)
        if not children or seen > MOST_FOLDERS:
            break  # opening says that there are too many
        layer = children
    for elements in (found.roots, found.stores):
        elements.sort(key=lambda element: natural_key(element.node.path))
    return found


def _prefetch(layer: Iterable[_Visit]) -> None:
    """Read the metadata of many folders at once, as far as it is known which file it is in."""
    for encoding in ("zarr2", "zarr3"):
        prefetch([node for node, own in layer if own == encoding], ATTRIBUTES_FILE[encoding])


def _store_or_image(start: Node) -> Node:
    """Go to the store or the image that what was named is a part of."""
    try:
        store = store_above(start, identify(start))
    except OpenError:
        store = None
    return _image_around(start) if store is None else store


def _image_around(node: Node) -> Node:
    """Go to the image that has the named array as a level."""
    above: Node | None = node
    for _ in range(_FARTHEST_IMAGE + 1):
        if above is None:
            break
        try:
            group = identify(above)
        except OpenError:
            break
        if group is None or not (above == node and is_array(group)):
            root = ome_root(group) if group is not None else None
            if above == node or (root is not None and "multiscales" in root):
                return above
        above = above.parent
    return node


def _visit(
    node: Node, encoding: Encoding | None, found: Walk, *, list_folders: bool
) -> list[_Visit]:
    """Read one folder; return the folders to visit next."""
    try:
        group = identify(node) if encoding is None else read_group(node, encoding)
        if group is not None and (group.encoding in ("n5", "precomputed") or is_array(group)):
            return []
        store = zvf_root(group) if group is not None else None
        if store is not None:  # its metadata looks like OME-Zarr's
            found.stores.append(store)
            return []
        root = ome_root(group) if group is not None else None
        if group is not None and root is not None:
            found.roots.append(root)
            return [(child, group.encoding) for child in _named(root)]
        if encoding is not None or (group is not None and "multiscales" in group.attributes):
            return []  # named, but no OME-Zarr; or an image of another dialect
        hint = encoding_hint(node) if group is None else group.encoding
        return [(child, None) for child in _listed(node, hint)] if list_folders else []
    except OpenError as error:
        found.problems.append(error.problem)
        return []


def _listed(node: Node, hint: Encoding | None) -> list[Node]:
    """List the folders in a folder, and read their metadata all at once."""
    listing = node.listing()
    if listing is None:
        return []
    names = sorted(without_meshes(node, listing.folders), key=natural_key)
    children = [node.child(name) for name in names if not name.startswith(".")]
    if hint is not None:
        prefetch(children, ATTRIBUTES_FILE[hint])
    return children


def _named(root: Element) -> Iterator[Node]:
    """Go to the groups that a group's metadata names."""
    for element in _paths(root):
        try:
            yield root.node.descend(element.value, element.place)
        except OpenError:
            continue  # the path is reported by its own rule
    if "multiscales" in root:
        yield root.node.child(FOLDER)
    if LAYOUT in root:
        yield root.node.child(SERIES_FOLDER)
        if "plate" not in root:
            folders = _listed(root.node, None)
            yield from (n for n in folders if n.name.isascii() and n.name.isdigit())
    if "series" in root and root.node.parent is not None:
        yield from _series(root, root.node.parent)


def _series(root: Element, collection: Node) -> Iterator[Node]:
    for item in root["series"].items():
        try:
            yield collection.descend(item.value, item.place)
        except OpenError:
            continue  # is reported where the series is opened


def _paths(root: Element) -> Iterator[Element]:
    """Go through the paths in a group's metadata that name groups."""
    yield from root["labels"].items()
    for holder, key in ((root["plate"], "wells"), (root["well"], "images")):
        for item in holder[key].objects():
            yield item["path"]
    for transform in root["scene"]["coordinateTransformations"].objects():
        for key in ("input", "output"):
            if transform[key]["path"].is_text:
                yield transform[key]["path"]
    yield from _fields(root)


def _fields(root: Element) -> Iterator[Element]:
    """Go to displacement and coordinate fields: images of their own."""
    layer = list(outermost(root))
    for _ in range(_NAMED_LAYERS):
        for transform in layer:
            if transform["type"].value in ("displacements", "coordinates"):
                yield transform["path"]
        layer = [part for transform in layer for part in parts(transform)]


def group_of(where: str, roots: Iterable[Element]) -> Element | None:
    """Find the group a problem belongs to: the innermost one around the file it names."""
    file = where.partition(": ")[0]
    around = [r for r in roots if f"{file}/".startswith(f"{r.node.inner_path}/".lstrip("/"))]
    return max(around, key=lambda root: len(root.node.inner_path), default=None)
