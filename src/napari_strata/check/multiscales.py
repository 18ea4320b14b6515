"""Rules about the entries of ``multiscales``."""

from __future__ import annotations

from collections.abc import Iterator

from napari_strata.check.element import Element, Fault, multiscales
from napari_strata.check.rules import Rules


def _list(root: Element) -> Iterator[Element]:
    if "multiscales" in root:
        yield root["multiscales"]


LIST = Rules("multiscales", _list)
RULES = Rules("multiscales", multiscales)


@LIST.must("invalid-value", "multiscales is a list of at least one object")
def _entries(listed: Element) -> Iterator[Fault]:
    if not listed.items():
        yield listed.expected("a list of at least one multiscale image")
    for item in listed.items():
        if not item.is_object:
            yield item.expected("an object {…}")
        elif item.value in listed.value[: listed.value.index(item.value)]:
            yield item.place, "found the same multiscale image a second time"


@RULES.must("missing-key", "each entry contains datasets")
def _has_datasets(multiscale: Element) -> Iterator[Fault]:
    if "datasets" not in multiscale:
        yield multiscale["datasets"].place, "found no datasets, expected a list"


@RULES.must("invalid-value", "name and type are texts")
def _texts(multiscale: Element) -> Iterator[Fault]:
    for key in ("name", "type"):
        if key in multiscale and not isinstance(multiscale[key].value, str):
            yield multiscale[key].expected("a text")


@RULES.should("spec-recommended", "each entry contains name, type and metadata")
def _described(multiscale: Element) -> Iterator[Fault]:
    absent = [key for key in ("name", "type", "metadata") if key not in multiscale]
    if multiscale.version <= "0.4" and "version" not in multiscale:
        absent.insert(0, "version")
    if absent:
        yield multiscale.place, f"found no {', '.join(absent)}; recommended"
