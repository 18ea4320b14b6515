"""The image in a dataset whose metadata is to be changed, and where its files are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_strata import model
from napari_strata.dataset import Choices, Dataset, Image, open_at
from napari_strata.export.errors import ExportError
from napari_strata.export.metadata.files import local_container
from napari_strata.export.metadata.overlay import without
from napari_strata.model import ArrayLocation, first_error
from napari_strata.store.container import identify
from napari_strata.store.hierarchy import Group, read_array
from napari_strata.store.location import parse_location
from napari_strata.store.tree import Node

LABELS = "labels"


@dataclass(frozen=True)
class Opened:
    """An image as it is declared now, in a folder of this computer.

    Attributes
    ----------
    path : what was named.
    node : the same in the container's tree.
    dataset : all that was found there.
    image : the one that is meant, in its own (intrinsic) coordinate system.
    group : its folder.
    """

    path: str
    node: Node
    dataset: Dataset
    image: model.Image
    group: Group

    @property
    def root(self) -> Path:
        """The container's folder."""
        return Path(self.node.tree.root)

    def folder_of(self, image: Image) -> Node:
        """Go to the folder of an image of the dataset."""
        opened = Node(self.node.tree, parse_location(self.dataset.path).path)
        return opened.child(image.path) if image.path else opened


def open_image(
    path: str | os.PathLike[str], image: str | None = None, multiscale: str | None = None
) -> Opened:
    """Open the image a path names, or the one called ``image`` among several.

    Raises
    ------
    ExportError
        If the path is not a folder of this computer, or it is not clear which image is meant.
    OpenError
        If nothing can be opened there.
    """
    named = os.fspath(path)
    found = _open(local_container(named), named, image, multiscale)
    beside = _over_n5(found)
    if beside:
        found = _open(without(found.node, beside), named, image, multiscale)
    _check(found.image)
    return found


def _open(node: Node, named: str, image: str | None, multiscale: str | None) -> Opened:
    dataset = open_at(node, named, Choices(multiscale=multiscale))
    chosen = _chosen(dataset, named, image)
    top = Node(node.tree, parse_location(dataset.path).path)
    folder = top.child(chosen.path) if chosen.path else top
    group = identify(folder) or Group(folder, "n5", {})  # an N5 group may have no file
    return Opened(named, node, dataset, chosen.model.intrinsic or chosen.model, group)


def _over_n5(opened: Opened) -> list[str]:
    """List the Zarr files that were written over an N5 image, whose own metadata counts.

    Where its group has no file of N5's, it would be read by Zarr's, and N5's stay behind.
    """
    if opened.group.encoding != "zarr3":
        return []
    folder = opened.group.node
    arrays = [
        folder.child(level.path[len(opened.image.path) :].strip("/"))
        for level in opened.image.levels
    ]
    if not all(read_array(array, "n5") for array in arrays):
        return []
    return [node.key("zarr.json") for node in (*arrays, *folder.lineage())]


def labels_of(opened: Opened) -> list[Image]:
    """List the label images that belong to the image."""
    prefix = f"{opened.image.path}/{LABELS}/".lstrip("/")
    return [
        image
        for image in opened.dataset.images
        if image.kind == "labels" and image.path.startswith(prefix)
    ]


def _chosen(dataset: Dataset, named: str, wanted: str | None) -> Image:
    if wanted is not None:
        _check_one_is_called(dataset, named, wanted)
        try:
            return dataset[wanted]
        except KeyError as error:
            raise ExportError(f"{named}: {error.args[0]}") from None
    candidates = _independent(dataset.images)
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise ExportError(f"{named}: found no image, expected one")
    known = ", ".join(repr(image.path or image.name) for image in candidates)
    raise ExportError(f"{named}: found {len(candidates)} images; name one of {known}")


def _check_one_is_called(dataset: Dataset, named: str, wanted: str) -> None:
    """Refuse a name that several images have."""
    called = [image for image in dataset.images if image.name == wanted]
    is_path = any(image.path == wanted.strip("/") for image in dataset.images)
    if len(called) > 1 and not is_path:
        known = ", ".join(repr(image.path) for image in called)
        raise ExportError(
            f"{named}: found {len(called)} images called {wanted}; name one of {known}"
        )


def _independent(images: Sequence[Image]) -> list[Image]:
    """Leave out the labels of an image that is there too."""
    paths = [image.path for image in images if image.kind == "image"]
    owners = [f"{path}/{LABELS}/".lstrip("/") for path in paths]
    return [
        image
        for image in images
        if image.kind == "image" or not image.path.startswith(tuple(owners) or ("\0",))
    ]


def _check(image: model.Image) -> None:
    """Refuse an image of which only a part is understood, or which is put together of several."""
    error = first_error(image.problems)
    if error is not None:
        raise ExportError(f"{error}; mend this first, or its levels would come apart")
    for level in image.levels:
        if not isinstance(level.location, ArrayLocation) or level.location.axes is not None:
            raise ExportError(
                f"{image.name}: is put together of several arrays, or parts of them; change the "
                "metadata of each by itself"
            )
