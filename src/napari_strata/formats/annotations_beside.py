"""Annotations beside an OME-Zarr: ``NAME.annotations`` for ``NAME.ome.zarr`` or ``NAME.zarr``.

OME-Zarr has no place for points, shapes, vectors, surfaces and tracks. We write them into a folder
beside it, one ZVF store a layer, and a manifest that lists them. Only a folder of that derived name
is looked at, and in it only the manifest and the stores the manifest lists.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from napari_strata.formats import zvf
from napari_strata.formats._protocol import Context, Found, ImagesAt
from napari_strata.formats.zvf_keys import SUFFIX as STORE_SUFFIX
from napari_strata.geometry import Geometry
from napari_strata.model import OpenError, Problem
from napari_strata.store.backend import ReadError
from napari_strata.store.container import identify
from napari_strata.store.tree import Node, Tree, prefetch
from napari_strata.store.values import JsonPlace, mapping, quote, sequence, text
from napari_strata.store.zip import ZipBackend

SUFFIX = ".annotations"
MANIFEST = "manifest.json"
KEY = "strata-annotations"
VERSION = 1
DATASET_SUFFIXES = (".ome.zarr", ".zarr")
ROOT_FILES = ("zarr.json", ".zattrs")
"""Root metadata of an OME-Zarr, by whose checksum annotations know it."""

_COMPARED = ("type", "name", "vertices")


def name_beside(name: str) -> str:
    """Return what the annotations of a dataset of this name are called."""
    return name.removesuffix(dataset_suffix(name)) + SUFFIX


def dataset_suffix(name: str) -> str:
    """Return how a dataset's name ends, ``""`` where it is not called as an OME-Zarr."""
    return next((suffix for suffix in DATASET_SUFFIXES if name.endswith(suffix)), "")


def add_to(found: Found, context: Context) -> None:
    """Add the annotations beside what was opened, after its images; whatever is wrong is a problem.

    One file is asked for, once; nothing else where it is absent.
    """
    opened = context.opened
    is_whole = opened.path == opened.tree.root
    if not is_whole or not any(image.format.startswith("ome-zarr") for image in found.images):
        return
    folder = _folder_beside(opened)
    if folder is None or not _is_there(folder):
        return
    try:
        manifest = _manifest(folder)
    except OpenError as error:
        found.problems.append(_beside(error.problem, folder))
        return
    if manifest is None:
        return
    added = Found()
    if _belongs(manifest, opened, added.problems):
        _open_layers(manifest, replace(context, opened=folder), added)
    way = posixpath.relpath(folder.path, opened.path)
    found.geometries += [_moved(geometry, way) for geometry in added.geometries]
    found.problems += [_beside(problem, folder) for problem in added.problems]


def open_folder(node: Node, context: Context, images_at: ImagesAt) -> Found | None:
    """Open such a folder by itself; None if it is none.

    Raises
    ------
    OpenError
        If its manifest is damaged.
    """
    if not node.name.endswith(SUFFIX):
        return None
    manifest = _manifest(node)
    if manifest is None:
        return None
    found = Found()
    _open_layers(manifest, replace(context, opened=node), found)
    way = context.path(node)
    found.geometries = [_moved(geometry, way) for geometry in found.geometries]
    return found


def is_annotations(node: Node) -> bool:
    """Tell whether a folder is called so and has a manifest of ours, be it damaged."""
    if not node.name.endswith(SUFFIX):
        return False
    try:
        return _manifest(node) is not None
    except OpenError:
        return True


@dataclass(frozen=True)
class _Manifest:
    """What a manifest says, as far as it was looked at."""

    folder: Node
    place: JsonPlace
    content: Mapping[str, Any]


def _folder_beside(opened: Node) -> Node | None:
    """Return the folder of the derived name; of a dataset behind a link, where it really is."""
    tree = opened.tree
    if isinstance(tree.backend, ZipBackend) and opened.path == tree.backend.path:
        return None
    parent, name = posixpath.split(tree.real_root())
    if not name:
        return None
    path = posixpath.join(parent, name_beside(name))
    return Node(Tree(tree.backend, path), path)


def _is_there(folder: Node) -> bool:
    """Ask for the manifest; a bucket that cannot be listed refuses what is not there (403)."""
    (data,) = folder.tree.read([folder.key(MANIFEST)])
    if isinstance(data, ReadError) and not folder.tree.backend.absent_is_free:
        return "(403)" not in str(data)
    return data is not None


def _manifest(folder: Node) -> _Manifest | None:
    """Read a folder's manifest; None if there is none, or one of something else.

    Raises
    ------
    OpenError
        If it is damaged, or of a later version.
    """
    content = folder.json(MANIFEST)
    if content is None or KEY not in content:
        return None
    place = folder.place(MANIFEST)
    if content[KEY] != VERSION or isinstance(content[KEY], bool):
        raise place.child(KEY).unexpected(content[KEY], f"version {VERSION}")
    return _Manifest(folder, place, content)


def _belongs(manifest: _Manifest, opened: Node, problems: list[Problem]) -> bool:
    """Tell whether annotations are this dataset's; say so where it has changed since.

    ``NAME.ome.zarr`` and ``NAME.zarr`` have one name for their annotations.
    """
    place = manifest.place.child("dataset")
    try:
        told = mapping(manifest.content.get("dataset"), place)
        suffix = text(told.get("suffix"), place.child("suffix"))
        file = text(told.get("file"), place.child("file"))
        checksum = text(told.get("sha256"), place.child("sha256"))
    except OpenError as error:
        problems.append(error.problem)
        return True
    if file in ROOT_FILES:
        (data,) = opened.tree.read([opened.key(file)])
        if isinstance(data, bytes) and hashlib.sha256(data).hexdigest() == checksum:
            return True
    name = posixpath.basename(opened.tree.real_root())
    if suffix != dataset_suffix(name):
        message = f"belongs to a dataset called …{quote(suffix)}, so it is not shown with this one"
        problems.append(place.problem("annotations-of-another", "info", message))
        return False
    message = (
        "the dataset's metadata are others than when these annotations were written; they are "
        "shown in the world coordinates they were written in"
    )
    problems.append(place.problem("annotations-older", "warning", message))
    return True


def _open_layers(manifest: _Manifest, context: Context, found: Found) -> None:
    """Open the listed stores in their order; one that is wrong costs no other."""
    place = manifest.place.child("layers")
    try:
        entries = sequence(manifest.content.get("layers"), place)
    except OpenError as error:
        found.problems.append(error.problem)
        return
    listed: list[tuple[Mapping[str, Any], JsonPlace, Node]] = []
    for index, value in enumerate(entries):
        try:
            at = place.item(index)
            entry = mapping(value, at)
            listed.append((entry, at, _store(manifest.folder, entry.get("file"), at.child("file"))))
        except OpenError as error:
            found.problems.append(error.problem)
    prefetch([node for _, _, node in listed], "zarr.json")
    seen: set[str] = set()
    for entry, at, node in listed:
        try:
            if node.path in seen:
                raise at.child("file").unexpected(entry["file"], "a store that is not listed yet")
            seen.add(node.path)
            found.geometries.append(_geometry(entry, at, node, context, found.problems))
        except OpenError as error:
            found.problems.append(error.problem)


def _store(folder: Node, file: object, place: JsonPlace) -> Node:
    if isinstance(file, str) and ("/" in file or not file.endswith(STORE_SUFFIX)):
        raise place.unexpected(file, f"the name of a store in this folder, NAME{STORE_SUFFIX}")
    return folder.descend(file, place)


def _geometry(
    entry: Mapping[str, Any], at: JsonPlace, node: Node, context: Context, problems: list[Problem]
) -> Geometry:
    group = identify(node)
    found = None if group is None else zvf.open_group(group, context)
    if found is None or not found.geometries:
        message = f"found no ZVF store {quote(entry['file'])}; this layer is missing"
        raise at.child("file").refuse("annotation-missing", message)
    (geometry,) = found.geometries
    for key in _COMPARED:
        told, is_now = entry.get(key), geometry.layer.get(key)
        if told != is_now:
            message = f"found {quote(told)}, and {quote(is_now)} in the store, which is shown"
            problems.append(at.child(key).problem("annotation-replaced", "warning", message))
    name = geometry.layer.get("name")
    return replace(
        geometry,
        name=name if isinstance(name, str) and name else geometry.name,
        annotation=True,
    )


def _moved(geometry: Geometry, way: str) -> Geometry:
    """Give a geometry with its paths relative to what was opened."""
    if not way:
        return geometry
    levels = tuple(replace(x, path=posixpath.join(way, x.path)) for x in geometry.levels)
    return replace(geometry, path=posixpath.join(way, geometry.path), levels=levels)


def _beside(problem: Problem, folder: Node) -> Problem:
    """Point at a file in the folder from the dataset beside it."""
    return replace(problem, where=posixpath.join("..", folder.name, problem.where))
