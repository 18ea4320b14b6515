"""Rules about the ``labels`` group, and about its images together."""

from __future__ import annotations

from collections.abc import Iterator

from napari_strata.check.element import Element, Fault, encoding_of, multiscales
from napari_strata.check.rules import Rules
from napari_strata.check.version import ome_root
from napari_strata.model import OpenError
from napari_strata.store.hierarchy import read_group
from napari_strata.store.tree import Node

FOLDER = "labels"


def _group(root: Element) -> Iterator[Element]:
    if FOLDER in root:
        yield root[FOLDER]


RULES = Rules("labels", _group)


def read_root(node: Node, like: Element) -> Element | None:
    """Read another group of the same container as OME-Zarr metadata; None if it is none."""
    try:
        node.check_inside(node.place(""))
        group = read_group(node, encoding_of(like))
    except OpenError:
        return None  # is reported where the group itself is visited
    return ome_root(group) if group is not None else None


def _label_images(listed: Element) -> Iterator[tuple[Element, Element]]:
    """Go to the listed images: the item of the list, and the image's metadata."""
    for item in listed.items():
        try:
            node = item.node.descend(item.value, item.place)
        except OpenError:
            continue  # the path is reported by its own rule
        image = read_root(node, item)
        if image is not None:
            yield item, image


@RULES.must("invalid-value", "labels is a list of paths")
def _paths(listed: Element) -> Iterator[Fault]:
    if not isinstance(listed.value, list):
        yield listed.expected("a list of paths")
    for item in listed.items():
        if not isinstance(item.value, str):
            yield item.expected("a path (text)")


@RULES.must("bad-path", "a label's path leads to a group below labels")
def _inside(listed: Element) -> Iterator[Fault]:
    for item in listed.items():
        if isinstance(item.value, str):
            try:
                item.node.descend(item.value, item.place)
            except OpenError as error:
                yield item.place, error.problem.message


@RULES.must("missing-label", "a label that is listed is a multiscale image")
def _images(listed: Element) -> Iterator[Fault]:
    for item, image in _label_images(listed):
        if "multiscales" not in image:
            yield item.expected("the path of a multiscale image")


@RULES.should("spec-recommended", "a label image contains image-label", since="0.5")
def _declared(listed: Element) -> Iterator[Fault]:
    for _, image in _label_images(listed):
        if "multiscales" in image and "image-label" not in image:
            yield image.place, "found no image-label; recommended"


@RULES.must("spec-label-levels", "a label image has as many levels as the image around it")
def _levels(listed: Element) -> Iterator[Fault]:
    above = listed.node.parent
    around = read_root(above, listed) if above is not None else None
    wanted = _count(around) if around is not None else 0
    for _, image in _label_images(listed):
        found = _count(image)
        if wanted and found and found != wanted:
            place = next(multiscales(image))["datasets"].place
            yield place, f"found {found} levels, expected {wanted} as the image has"


def _count(image: Element) -> int:
    first = next(multiscales(image), None)
    return len(first["datasets"].items()) if first is not None else 0
