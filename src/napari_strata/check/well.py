"""Rules about ``well``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from napari_strata.check.element import Element, Fault, repeated
from napari_strata.check.labels import read_root
from napari_strata.check.rules import Rules
from napari_strata.store.values import quote

_PATH = re.compile(r"(?!\.+$)(?!__)[A-Za-z0-9_.-]+")
_STRICT_PATH = re.compile(r"[A-Za-z0-9]+")


def _block(root: Element) -> Iterator[Element]:
    if "well" in root:
        yield root["well"]


def _images(root: Element) -> Iterator[Element]:
    yield from root["well"]["images"].objects()


RULES = Rules("well", _block)
IMAGES = Rules("well", _images)


@RULES.must("invalid-value", "a well contains a list of images")
def _has_images(well: Element) -> Iterator[Fault]:
    images = well["images"]
    if not well.is_object:
        yield well.expected("an object {…} with images")
    elif not images.items():
        yield images.expected("a list of at least one image")
    for item in images.items():
        if not item.is_object:
            yield item.expected("an object {…} with a path")


@RULES.must("repeated-field", "each image is listed once")
def _once(well: Element) -> Iterator[Fault]:
    for path in repeated([image["path"] for image in well["images"].objects()]):
        assert path.parent is not None
        yield path.parent.place, f"found {quote(path.value)} a second time"


@RULES.should("spec-recommended", "a well contains version", until="0.4")
def _version(well: Element) -> Iterator[Fault]:
    if well.is_object and "version" not in well:
        yield well.place, "found no version; recommended"


@IMAGES.must("missing-key", "each image contains a path")
def _path(image: Element) -> Iterator[Fault]:
    if not image["path"].is_text:
        yield image["path"].expected("a path (text)")


@IMAGES.must(
    "bad-path", "a path is of letters, digits, dots, - and _, in no other folder", since="0.4"
)
def _name(image: Element) -> Iterator[Fault]:
    path = image["path"]
    if path.is_text and not _PATH.fullmatch(path.value):
        yield path.expected("a name of letters, digits, dots, - and _")


@IMAGES.should("spec-name", "a path is of letters and digits", since="0.4", until="0.5")
def _strict_name(image: Element) -> Iterator[Fault]:
    path = image["path"]
    if path.is_text and _PATH.fullmatch(path.value) and not _STRICT_PATH.fullmatch(path.value):
        yield path.expected("a name of letters and digits alone (0.6 allows more)")


@IMAGES.must("bad-acquisition", "acquisition is a whole number")
def _acquisition(image: Element) -> Iterator[Fault]:
    number = image["acquisition"]
    if "acquisition" in image and not number.is_whole:
        yield number.expected("a whole number")


@RULES.must("bad-acquisition", "acquisition is an id of the plate's, if it has several")
def _known(well: Element) -> Iterator[Fault]:
    row = well.node.parent
    above = row.parent if row is not None else None
    plate = read_root(above, well) if above is not None else None
    if plate is None:
        return
    ids = [item["id"].value for item in plate["plate"]["acquisitions"].objects()]
    for image in well["images"].objects():
        number = image["acquisition"]
        needed = len(ids) > 1 and well.version >= "0.4"
        unknown = number.is_whole and number.value not in ids
        if ids and (unknown or (needed and number.value is None)):
            yield number.expected(f"an id of the plate's acquisitions ({quote(ids)})")
