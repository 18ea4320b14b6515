"""bioformats2raw's layout: the images of one converted file, in its own order.

Rules: the specification's "bioformats2raw.layout" section. The order is that of ``series`` in
the group ``OME``, else the groups 0, 1, 2, …; the images' names are in ``OME/METADATA.ome.xml``.
"""

from __future__ import annotations

from dataclasses import replace

from napari_strata.formats import ome_labels
from napari_strata.formats._ome import key_place, keys
from napari_strata.formats._protocol import Context, Found, ImagesAt
from napari_strata.formats._read_ahead import read_ahead, read_groups
from napari_strata.model import Image, OpenError, Problem
from napari_strata.store.hierarchy import ATTRIBUTES_FILE, Group, read_group
from napari_strata.store.tree import Node, prefetch
from napari_strata.store.values import JsonPlace, quote, sequence, text
from napari_strata.store.xml import parse_xml

LAYOUT = "bioformats2raw.layout"
FOLDER = "OME"
XML = "METADATA.ome.xml"

_LAYOUT_VERSION = 3
_ASKED_AT_ONCE = 8  # numbered groups, where the storage cannot list
_MOST_SERIES = 10_000

Entry = tuple[Node | None, JsonPlace | None]
"""A group of the series, and where it is listed, if it is."""


def speaks(group: Group) -> bool:
    """Tell a group of series, which is no image itself."""
    return keys(group).get(LAYOUT) is not None and "multiscales" not in keys(group)


def read_series(group: Group, problems: list[Problem]) -> list[Entry]:
    """List the groups of the series in their order; none is read."""
    series = _series(group, problems)
    return _numbered(group) if series is None else series


def open_group(group: Group, context: Context, images_at: ImagesAt) -> Found | None:
    """Open all images of the series, each with its labels; whatever is wrong costs only one."""
    layout = keys(group).get(LAYOUT)
    if layout is None and "series" in keys(group) and group.node.name == FOLDER:
        message = "lists the images of the folder above; open that one"
        raise key_place(group, "series").refuse("no-image", message)
    if not speaks(group):
        return None
    found = Found()
    if layout != _LAYOUT_VERSION or isinstance(layout, bool):
        message = f"found {quote(layout)}, expected {_LAYOUT_VERSION}; read as such"
        found.problems.append(key_place(group, LAYOUT).problem("bad-layout", "warning", message))
    entries = read_series(group, found.problems)
    nodes = [node for node, _ in entries if node is not None]
    groups = read_groups(nodes, group.encoding, found.problems)
    read_ahead([child for child in groups.values() if child is not None])
    names = read_names(group, len(entries), found.problems)
    for (node, place), name in zip(entries, names, strict=True):
        if node is None or node not in groups:  # its path was refused, or it is damaged
            continue
        try:
            one = _open(groups[node], context, images_at)
        except OpenError as error:
            found.problems.append(error.problem)
            continue
        if one is None:
            if place is not None:
                message = f'found no image at "{node.inner_path}", expected one as listed'
                found.problems.append(place.problem("missing-image", "error", message))
            continue
        found.images += [_named(image, name, node, context) for image in one.images]
        found.problems += one.problems
    return found if found.images or found.problems else None


def _open(child: Group | None, context: Context, images_at: ImagesAt) -> Found | None:
    images = images_at(child, context) if child is not None else None
    if child is None or images is None:
        return None
    return ome_labels.with_labels(child, images, context, images_at, one_of_many=True)


def _named(image: Image, name: str | None, node: Node, context: Context) -> Image:
    if name is None or image.path != context.path(node):  # a label keeps its own
        return image
    return replace(image, name=name)


def _series(group: Group, problems: list[Problem]) -> list[Entry] | None:
    """Go to the groups that ``OME`` lists (None for a path that is refused), if it lists any."""
    folder = group.node.child(FOLDER)
    try:
        folder.check_inside(folder.place(""))
        listing = read_group(folder, group.encoding)
        if listing is None or "series" not in keys(listing):
            return None
        at = key_place(listing, "series")
        paths = sequence(keys(listing)["series"], at)
    except OpenError as error:
        problems.append(error.problem)
        return None
    entries: list[Entry] = []
    for index, path in enumerate(paths):
        place = at.item(index)
        try:
            node = group.node.descend(text(path, place), place)
            repeated = any(known == node for known, _ in entries)
            entries.append((None if repeated else node, place))
            if repeated:
                message = f"found {quote(path)} a second time; it is shown once"
                problems.append(place.problem("repeated-image", "info", message))
        except OpenError as error:
            problems.append(error.problem)
            entries.append((None, place))
    return entries


def _numbered(group: Group) -> list[Entry]:
    """Go to the groups 0, 1, 2, …, by a listing if there is one."""
    listing = group.node.listing()
    if listing is not None:
        numbers = sorted(int(name) for name in listing.folders if _is_number(name))
        children = [group.node.child(str(number)) for number in numbers]
        return [(node if node.inside() else None, None) for node in children]
    entries: list[Entry] = []
    while len(entries) < _MOST_SERIES:
        first = len(entries)
        batch = [group.node.child(str(first + i)) for i in range(_ASKED_AT_ONCE)]
        prefetch(batch, ATTRIBUTES_FILE[group.encoding])
        there = [node for node in batch if _exists(node, group)]
        entries += [(node, None) for node in there]
        if len(there) < len(batch):
            break
    return entries


def _exists(node: Node, group: Group) -> bool:
    (data,) = node.tree.read([node.key(ATTRIBUTES_FILE[group.encoding])])
    return data is not None


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) < 10 and str(int(name)) == name


def read_names(group: Group, count: int, problems: list[Problem]) -> list[str | None]:
    """Read the names of ``count`` images, in order; None for those that have none."""
    nameless: list[str | None] = [None] * count
    folder = group.node.child(FOLDER)
    if not folder.child(XML).inside():
        return nameless
    (data,) = folder.tree.read([folder.key(XML)])
    if data is None:
        return nameless
    place = folder.place(XML)
    try:
        root = parse_xml(data, place)
    except OpenError as error:
        message = f"{error.problem.message}; the images are called by their folders"
        problems.append(replace(error.problem, severity="warning", message=message))
        return nameless
    images = [element for element in root if element.tag.rpartition("}")[2] == "Image"]
    if len(images) != count:
        message = f"found {len(images)} images, expected {count} as in the series; no name is used"
        problems.append(place.problem("series-count", "warning", message))
        return nameless
    return [(element.get("Name") or "").strip() or None for element in images]
