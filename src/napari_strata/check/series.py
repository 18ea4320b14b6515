"""Rules about bioformats2raw's layout."""

from __future__ import annotations

from collections.abc import Iterator

from napari_strata.check.element import Element, Fault
from napari_strata.check.labels import read_root
from napari_strata.check.rules import Rules
from napari_strata.formats.ome_series import FOLDER, LAYOUT, XML
from napari_strata.model import OpenError


def _layouts(root: Element) -> Iterator[Element]:
    if LAYOUT in root:
        yield root


def _lists(root: Element) -> Iterator[Element]:
    if "series" in root:
        yield root["series"]


RULES = Rules("bioformats2raw.layout", _layouts)
LISTS = Rules("bioformats2raw.layout", _lists)


@RULES.must("bad-layout", "bioformats2raw.layout is 3")
def _three(root: Element) -> Iterator[Fault]:
    layout = root[LAYOUT]
    if not layout.is_whole or layout.value != 3:
        yield layout.expected("3")


@RULES.should("spec-recommended", "OME/METADATA.ome.xml describes the images")
def _has_xml(root: Element) -> Iterator[Fault]:
    folder = root.node.child(FOLDER)
    if not folder.child(XML).inside():
        return
    (data,) = folder.tree.read([folder.key(XML)])
    if data is None:
        yield root[LAYOUT].place, f"found no {FOLDER}/{XML}; recommended"


@RULES.must("spec-series-numbers", "images without series are the groups 0, 1, 2, …")
def _consecutive(root: Element) -> Iterator[Fault]:
    if "plate" in root or "multiscales" in root:
        return
    inner = read_root(root.node.child(FOLDER), root)
    if inner is not None and "series" in inner:
        return
    try:
        listing = root.node.listing()
    except OpenError:
        return  # is reported where the images are opened
    if listing is None:
        return
    numbers = sorted(int(n) for n in listing.folders if n.isascii() and n.isdigit() and len(n) < 9)
    if numbers != list(range(len(numbers))):
        found = ", ".join(str(number) for number in numbers[:9])
        yield root[LAYOUT].place, f"found the groups {found}, expected 0, 1, 2, … without gaps"


@LISTS.must("invalid-value", "series is a list of paths")
def _paths(listed: Element) -> Iterator[Fault]:
    if not listed.items():
        yield listed.expected("a list of at least one path")
    for item in listed.items():
        if not isinstance(item.value, str):
            yield item.expected("a path (text)")
