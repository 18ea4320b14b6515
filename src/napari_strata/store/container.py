"""From what a user names to a node in a tree whose root is the container's."""

from __future__ import annotations

import os

from napari_strata.model import OpenError, Problem
from napari_strata.store.backend import LocalBackend
from napari_strata.store.hierarchy import (
    ATTRIBUTES_FILE,
    ENCODINGS,
    Encoding,
    Group,
    is_array,
    read_group,
)
from napari_strata.store.location import parse_location
from napari_strata.store.tree import CONTAINER_SUFFIXES, Node, Tree, prefetch

_LONGEST_CLIMB = 64


def open_container(text: str | os.PathLike[str]) -> Node:
    """Return the node a path or URL names, in a tree whose root is the container's root.

    The root is the nearest ``*.n5`` or ``*.zarr`` folder, the named one included; else the
    topmost ancestor in an unbroken chain of folders with metadata (formats.md, section 1).
    Nothing above it is read afterwards.

    Raises
    ------
    OpenError
        If the location is malformed, does not exist, or is no folder.
    """
    location = parse_location(text)
    if location.scheme == "file":
        _check_folder(location.path, os.fspath(text))
    tree, node = Tree.at(location)
    tree.root = _root_by_suffix(node) or _root_by_chain(node)
    return node


def _check_folder(path: str, named: str) -> None:
    if os.path.isdir(path):
        return
    if os.path.exists(path):
        message = "is a file, expected a folder (or one of its metadata files)"
    elif os.path.islink(path):
        message = "is a link that leads nowhere, or to itself"
    else:
        message = "does not exist"
    raise OpenError(Problem("not-found", "error", named, message))


def _root_by_suffix(node: Node) -> str | None:
    above: Node | None = node
    while above is not None:
        if above.name.endswith(CONTAINER_SUFFIXES):
            return above.path
        above = above.outer()
    return None


def _root_by_chain(node: Node) -> str:
    """Climb while the folder above has metadata of its own."""
    root = node
    for _ in range(_LONGEST_CLIMB):
        above = root.outer()
        if above is None or not above.path or not _has_metadata(above):
            break
        root = above
    return root.path


def _has_metadata(node: Node) -> bool:
    files = ("attributes.json", "zarr.json", ".zgroup", ".zattrs")
    return any(data is not None for data in node.tree.read(node.key(f) for f in files))


def encoding_hint(node: Node) -> Encoding | None:
    """Guess from the container's name which encoding to try first; structure decides."""
    root = node.lineage()[-1].name
    if root.endswith(".n5"):
        return "n5"
    return "zarr3" if root.endswith(".zarr") else None


def identify(node: Node) -> Group | None:
    """Read a node as the group (or array) it is; None if it has no metadata of its own.

    An N5 folder may have none: it is an N5 group wherever its container is N5.

    Raises
    ------
    OpenError
        If its metadata is damaged.
    """
    hint = encoding_hint(node)
    local = isinstance(node.tree.backend, LocalBackend)
    if hint == "n5" and not local:
        order: tuple[Encoding, ...] = ("n5",)
    elif hint == "zarr3":
        order = ("zarr3", "zarr2", "n5") if local else ("zarr3", "zarr2")
    else:
        order = ENCODINGS
        if not local:
            for encoding in order:
                prefetch([node], ATTRIBUTES_FILE[encoding])
    for encoding in order:
        group = read_group(node, encoding)
        if group is None and encoding == "zarr2":
            group = _zarr2_without_attributes(node)
        if group is not None:
            return group
    return Group(node, "n5", {}) if hint == "n5" else None


def _zarr2_without_attributes(node: Node) -> Group | None:
    bare = Group(node, "zarr2", {})
    if node.json(".zgroup") is not None or is_array(bare):
        return bare
    return None
