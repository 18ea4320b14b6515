"""A piece of a group's metadata that rules look at: a JSON value that knows its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from napari_strata.store.hierarchy import Encoding
from napari_strata.store.tree import Node
from napari_strata.store.values import JsonPlace, quote

_LARGEST = 1e300  # JSON's whole numbers have no end, floats have


@dataclass(frozen=True)
class Element:
    """A JSON value (None where the key is missing) and its place.

    Attributes
    ----------
    node : the group's folder.
    version : of OME-Zarr, ``0.1`` to ``0.6``, whose rules hold.
    parent : what it is in.
    """

    value: Any
    place: JsonPlace
    node: Node
    version: str
    parent: Element | None = field(default=None, repr=False)

    def __contains__(self, key: str) -> bool:
        """Tell whether this is an object with the key; null counts as a value."""
        return isinstance(self.value, dict) and key in self.value

    def __getitem__(self, key: str) -> Element:
        """Go to a member."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Element(value, self.place.child(key), self.node, self.version, self)

    def items(self) -> list[Element]:
        """Go to the items of a list; none where this is no list."""
        if not isinstance(self.value, list):
            return []
        return [
            Element(value, self.place.item(i), self.node, self.version, self)
            for i, value in enumerate(self.value)
        ]

    def objects(self) -> list[Element]:
        """Go to those items of a list that are objects."""
        return [item for item in self.items() if isinstance(item.value, dict)]

    @property
    def is_object(self) -> bool:
        """Whether it is an object."""
        return isinstance(self.value, dict)

    @property
    def is_text(self) -> bool:
        """Whether it is a text with at least one character."""
        return isinstance(self.value, str) and self.value != ""

    @property
    def is_number(self) -> bool:
        """Whether it is a number that is finite."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            return False
        return -_LARGEST < self.value < _LARGEST

    @property
    def is_whole(self) -> bool:
        """Whether it is a whole number; 3.0 is one in JSON."""
        return self.is_number and self.value == self.value // 1

    def expected(self, expected: str) -> tuple[JsonPlace, str]:
        """Say that something else is expected here."""
        return self.place, f"found {quote(self.value)}, expected {expected}"


Fault = tuple[JsonPlace, str]
"""Where a rule is broken, and what was found and expected."""


def encoding_of(element: Element) -> Encoding:
    """Tell the version of Zarr by the file the metadata is in."""
    return "zarr3" if element.place.file.endswith("zarr.json") else "zarr2"


def multiscales(root: Element) -> Iterator[Element]:
    """Go through the entries of ``multiscales`` that are objects."""
    yield from root["multiscales"].objects()


def repeated(elements: list[Element]) -> Iterator[Element]:
    """Go through the elements whose text or number an earlier one has already."""
    seen: set[Any] = set()
    for element in elements:
        if not isinstance(element.value, str | int | float):
            continue
        if element.value in seen:
            yield element
        seen.add(element.value)
