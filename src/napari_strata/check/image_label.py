"""Rules about ``image-label``."""

from __future__ import annotations

from collections.abc import Iterator

from napari_strata.check.element import Element, Fault, repeated
from napari_strata.check.rules import Rules

_KEY = "label-value"
_LISTS = ("colors", "properties")


def _block(root: Element) -> Iterator[Element]:
    if "image-label" in root:
        yield root["image-label"]


def _listed(root: Element) -> Iterator[Element]:
    for block in _block(root):
        for key in _LISTS:
            if key in block:
                yield block[key]


BLOCK = Rules("image-label", _block)
LISTS = Rules("image-label", _listed)


@BLOCK.must("bad-image-label", "image-label is an object")
def _object(block: Element) -> Iterator[Fault]:
    if not block.is_object:
        yield block.expected("an object {…}")


# MUST be so, but the specification's own valid examples are not.
@BLOCK.should("missing-key", "labels are a multiscale image")
def _is_image(block: Element) -> Iterator[Fault]:
    assert block.parent is not None
    if "multiscales" not in block.parent:
        yield block.parent["multiscales"].place, "found no multiscales beside image-label"


@BLOCK.should("spec-recommended", "image-label contains colors")
def _has_colors(block: Element) -> Iterator[Fault]:
    if block.is_object and "colors" not in block:
        yield block.place, "found no colors; recommended"


@BLOCK.should("spec-recommended", "image-label contains version", until="0.5")
def _has_version(block: Element) -> Iterator[Fault]:
    if block.is_object and "version" not in block:
        yield block["version"].place, "found no version; recommended"


@BLOCK.must("label-source", "source is an object, its image a path")
def _source(block: Element) -> Iterator[Fault]:
    source = block["source"]
    if "source" in block and not source.is_object:
        yield source.expected("an object {…}")
    elif "image" in source and not isinstance(source["image"].value, str):
        yield source["image"].expected("a path (text)")


@LISTS.must("bad-image-label", "colors and properties are lists of objects, not empty")
def _lists(listed: Element) -> Iterator[Fault]:
    if not listed.items():
        yield listed.expected("a list of at least one object")
    for item in listed.items():
        if not item.is_object:
            yield item.expected("an object {…}")


@LISTS.must("bad-label-value", "label-value is a whole number")
def _values(listed: Element) -> Iterator[Fault]:
    for item in listed.objects():
        if not item[_KEY].is_whole:
            yield item[_KEY].expected("a whole number")


@LISTS.must("repeated-label-value", "each label-value is listed once")
def _unique(listed: Element) -> Iterator[Fault]:
    for value in repeated([item[_KEY] for item in listed.objects() if item[_KEY].is_whole]):
        yield value.place, f"found {value.value} again, expected each label once"


@LISTS.must("bad-label-color", "rgba is four whole numbers from 0 to 255")
def _colors(listed: Element) -> Iterator[Fault]:
    if not listed.place.key.endswith("colors"):
        return
    for item in listed.objects():
        numbers = item["rgba"].items()
        sound = [n for n in numbers if n.is_whole and 0 <= n.value <= 255]
        if "rgba" in item and (len(sound) != 4 or len(numbers) != 4):
            yield item["rgba"].expected("four whole numbers from 0 to 255")
