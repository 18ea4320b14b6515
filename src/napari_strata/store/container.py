"""From what a user names to a node in a tree whose root is the container's."""

from __future__ import annotations

import os
import posixpath
from dataclasses import replace

from napari_strata.model import OpenError, Problem
from napari_strata.store.hierarchy import (
    ATTRIBUTES_FILE,
    ENCODINGS,
    Encoding,
    Group,
    is_array,
    read_group,
)
from napari_strata.store.location import (
    CONTAINER_SUFFIXES,
    METADATA_FILES,
    parse_location,
    without_zip_suffix,
    zip_in,
)
from napari_strata.store.precomputed import INFO_FILE, SUFFIX, speaks
from napari_strata.store.tree import Node, Tree
from napari_strata.store.zip import ZipBackend

_LONGEST_CLIMB = 64


def open_container(text: str | os.PathLike[str], profile: str | None = None) -> Node:
    """Return the node a path or URL names, in a tree whose root is the container's root.

    ``profile`` is the AWS profile S3 is read by; None: as anyone, then with the usual credentials.

    The root is the nearest ``*.n5``, ``*.zarr`` or ``*.precomputed`` folder, the named one
    included; else the topmost ancestor in an unbroken chain of folders with metadata
    (formats.md, section 1).
    In a zip file it is the nearest such folder in it, else the zip itself, or the one folder that
    wraps all it holds. Nothing above the root is read afterwards.

    Raises
    ------
    OpenError
        If the location is malformed, does not exist, or is neither a folder nor a zip file, or
        is a zip file that cannot be read; or there is no such profile.
    """
    location = replace(parse_location(text), profile=profile or "")
    if location.scheme == "file" and zip_in(location) is None:
        _check_folder(location.path, os.fspath(text))
    tree, node = Tree.at(location)
    if isinstance(tree.backend, ZipBackend):
        return _in_zip(node, tree.backend, os.fspath(text))
    tree.root = _root_by_suffix(node) or _root_by_chain(node)
    return node


def _in_zip(node: Node, archive: ZipBackend, named: str) -> Node:
    """Find what was named in a zip, also where one folder is wrapped around all of it."""
    top = node.tree.root = archive.path
    wrapper = _wrapper(Node(node.tree, top), archive)
    if wrapper is not None and not f"{node.path}/".startswith(f"{wrapper.path}/"):
        inner = node.relative_to(top)
        node = wrapper.child(inner) if inner else wrapper
    if not archive.has_folder(node.path):
        message = f"does not exist in {posixpath.basename(top)}"
        raise OpenError(Problem("not-found", "error", named, message))
    wrapped = wrapper.path if wrapper is not None else top
    node.tree.root = _root_by_suffix(node, top) or wrapped
    return node


def _wrapper(top: Node, archive: ZipBackend) -> Node | None:
    """Return the one folder in a zip, if it is called as a container or as the zip is."""
    found = archive.list(top.path)
    folders = [f for f in found.folders if f != "__MACOSX"] if found else []
    if found is None or len(folders) != 1 or not set(METADATA_FILES).isdisjoint(found.files):
        return None
    (folder,) = folders
    stem = without_zip_suffix(top.name)
    named = folder.endswith(CONTAINER_SUFFIXES) or folder in (stem, posixpath.splitext(stem)[0])
    return top.child(folder) if named else None


def _check_folder(path: str, named: str) -> None:
    if os.path.isdir(path):
        return
    if os.path.exists(path):
        message = "is a file, expected a folder, a metadata file in one, or a zip file"
    elif os.path.islink(path):
        message = "is a link that leads nowhere, or to itself"
    else:
        message = "does not exist"
    raise OpenError(Problem("not-found", "error", named, message))


def _root_by_suffix(node: Node, top: str | None = None) -> str | None:
    """Climb to the nearest folder that is called as a container, below ``top`` if that is given."""
    above: Node | None = node
    while above is not None and above.path != top:
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
    files = ("attributes.json", "zarr.json", ".zgroup", ".zattrs", INFO_FILE)
    *others, info = node.tree.read(node.key(f) for f in files)
    if any(data is not None for data in others):
        return True
    return isinstance(info, bytes) and speaks(info)


def encoding_hint(node: Node) -> Encoding | None:
    """Guess from the container's name which encoding to try first; structure decides."""
    name = node.lineage()[-1].name
    root = without_zip_suffix(name)
    if root.endswith(".n5"):
        return "n5"
    if root.endswith(SUFFIX):
        return "precomputed"
    is_zarr = root.endswith((".zarr", ".zarrvectors")) or name.lower().endswith(".ozx")
    return "zarr3" if is_zarr else None


def identify(node: Node) -> Group | None:
    """Read a node as the group (or array) it is; None if it has no metadata of its own.

    An N5 folder may have none: it is an N5 group wherever its container is N5.

    Raises
    ------
    OpenError
        If its metadata is damaged.
    """
    hint = encoding_hint(node)
    local = node.tree.backend.absent_is_free
    if hint in ("n5", "precomputed") and not local:
        order: tuple[Encoding, ...] = (hint,)
    elif hint == "zarr3":
        order = ("zarr3", "zarr2", "n5") if local else ("zarr3", "zarr2")
    else:
        order = ENCODINGS
        if not local:
            _read_together(node)
    for encoding in order:
        group = read_group(node, encoding)
        if group is None and encoding == "zarr2":
            group = _zarr2_without_attributes(node)
        if group is not None:
            return group
    return Group(node, "n5", {}) if hint == "n5" else None


def _read_together(node: Node) -> None:
    """Ask for every metadata file a folder may have at once; what a link leads out is not read."""
    inside = [name for name in ATTRIBUTES_FILE.values() if node.child(name).inside()]
    node.tree.read(node.key(name) for name in inside)


def _zarr2_without_attributes(node: Node) -> Group | None:
    bare = Group(node, "zarr2", {})
    if node.json(".zgroup") is not None or is_array(bare):
        return bare
    return None
