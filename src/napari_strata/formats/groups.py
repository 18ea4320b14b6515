"""What a node holds: an image with its labels, or a collection such as a plate or a series."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

from napari_strata.formats import (
    Context,
    Found,
    annotations_beside,
    cosem_prefix,
    images_at,
    ome_labels,
    ome_plate,
    ome_scene,
    ome_series,
    ome_well,
    precomputed_mesh,
    visor_sample,
    zvf,
)
from napari_strata.formats._protocol import Collection, ImagesAt
from napari_strata.model import OpenError
from napari_strata.store.hierarchy import Group
from napari_strata.store.tree import Node
from napari_strata.store.values import mapping

CollectionKind = Literal["scene", "plate", "well", "series"]


class _Spoken(Protocol):
    def speaks(self, group: Group) -> bool: ...


# A scene may be an image too; a plate wins over a series (bioformats2raw writes both).
COLLECTIONS: tuple[Collection, ...] = (
    ome_scene,
    ome_plate,
    ome_well,
    ome_series,
    ome_labels,
    precomputed_mesh,
)
_KINDS: tuple[tuple[CollectionKind, _Spoken], ...] = (
    ("scene", ome_scene),
    ("plate", ome_plate),
    ("well", ome_well),
    ("series", ome_series),
)  # in the order of COLLECTIONS
_FOLDERS: tuple[Callable[[Node, Context, ImagesAt], Found | None], ...] = (
    annotations_beside.open_folder,
    cosem_prefix.open_folder,
    precomputed_mesh.open_folder,
    visor_sample.open_folder,
)


def collection_kind(group: Group) -> CollectionKind | None:
    """Tell as what collection a node is opened, without reading what it holds; None if as none.

    Raises
    ------
    OpenError
        If its metadata is damaged.
    """
    if zvf.speaks(group):
        return None
    _check_ome(group)
    return next((kind for kind, collection in _KINDS if collection.speaks(group)), None)


def open_group(group: Group, context: Context) -> Found | None:
    """Open a node by what it says of itself; None if it says nothing.

    A collection whose metadata is damaged gives no image but the problem: what lies below it
    may still be sound. Vectors (ZVF) come first, as their metadata looks like an image's; what
    lies below them is theirs, also if it is damaged.

    Raises
    ------
    OpenError
        If it says something but nothing honest can be opened by it.
    """
    vectors = zvf.open_group(group, context)
    if vectors is not None:
        return vectors
    _check_ome(group)
    for collection in COLLECTIONS:
        try:
            found = collection.open_group(group, context, images_at)
        except OpenError as error:
            return Found(problems=[error.problem])
        if found is not None:
            return found
    images = images_at(group, context)
    return None if images is None else ome_labels.with_labels(group, images, context, images_at)


def open_folder(node: Node, context: Context) -> Found | None:
    """Open a folder without metadata by what is in it; None if that says nothing.

    Raises
    ------
    OpenError
        If the folder cannot be listed.
    """
    for open_as in _FOLDERS:
        found = open_as(node, context, images_at)
        if found is not None:
            return found
    return None


def other_folders(node: Node) -> list[Node]:
    """List the folders in a folder which `open_folder` opens that it leaves alone."""
    if annotations_beside.is_annotations(node):
        return []
    if cosem_prefix.is_mesh_parent(node) or precomputed_mesh.is_mesh_folder(node):
        return []
    return visor_sample.other_folders(node)


def _check_ome(group: Group) -> None:
    """Refuse an ``ome`` that is no object: its arrays would be shown as if it said nothing."""
    if group.encoding == "zarr3" and "ome" in group.attributes:
        mapping(group.attributes["ome"], group.place("ome"))
