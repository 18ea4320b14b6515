"""A ZVF store as the published page's rules look at it: its root, its datasets, its level groups.

The page is "Multiscale metadata" of zarr-vectors' specification, with "Level groups" and "Root
metadata" beside it. Vectors are in the store's own order of axes throughout.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from napari_strata.check.element import Element, multiscales
from napari_strata.formats.zvf import speaks
from napari_strata.formats.zvf_keys import LEVEL_KEY, STORE_KEY
from napari_strata.model import OpenError
from napari_strata.store.hierarchy import Group, read_group
from napari_strata.store.tree import Node, prefetch
from napari_strata.store.values import JsonPlace

PAGE = "published page"
"""Stands for the version: the rules hold for whatever version the store is."""

FORMAT = "zvf"
TYPE = "zarr_vectors_multiscale"

_NUMBER = re.compile(r"[0-9]{1,9}$")
_TOLERANCE = 1e-6  # the page's, of chunk_shape against base_bin_shape

Vector = tuple[float, ...]


def zvf_root(group: Group) -> Element | None:
    """Return a group's attributes if it is a ZVF store's root; None if it is not."""
    if not speaks(group):
        return None
    place = JsonPlace(group.place("_").file, "attributes" if group.encoding == "zarr3" else "")
    return Element(dict(group.attributes), place, group.node, PAGE)


def prefetch_levels(roots: Iterable[Element]) -> None:
    """Read the metadata of all level groups at once."""
    nodes = (level_node(dataset) for root in roots for dataset in datasets(root))
    prefetch([node for node in nodes if node is not None], "zarr.json")


def datasets(root: Element) -> Iterator[Element]:
    """Go through the datasets that are objects."""
    for entry in multiscales(root):
        yield from entry["datasets"].objects()


def level_node(dataset: Element) -> Node | None:
    """Go to a dataset's folder; None if its path leads to none in the store."""
    path = dataset["path"]
    try:
        return path.node.descend(path.value, path.place)
    except OpenError:
        return None


def level_group(dataset: Element) -> Element | None:
    """Read what a dataset's group says of the level; None if it says nothing."""
    node = level_node(dataset)
    try:
        group = read_group(node, "zarr3") if node is not None else None
    except OpenError:
        return None  # is reported by the rule about the path
    if group is None or not isinstance(group.attributes.get(LEVEL_KEY), dict):
        return None
    return Element(group.attributes[LEVEL_KEY], group.place(LEVEL_KEY), group.node, PAGE, dataset)


def path_number(dataset: Element) -> int | None:
    """Give the number that a dataset's path ends in."""
    path = dataset["path"].value
    found = _NUMBER.search(path.rstrip("/")) if isinstance(path, str) else None
    return int(found[0]) if found else None


def level_number(dataset: Element) -> int | None:
    """Give a dataset's level: as declared, else the number of its path."""
    level = dataset["level"]
    if "level" not in dataset:
        return path_number(dataset)
    return int(level.value) if level.is_whole else None


def axis_count(dataset: Element) -> int | None:
    """Count the axes of a dataset's multiscale, else of the store's cells; None if not known."""
    assert dataset.parent is not None
    assert dataset.parent.parent is not None
    cells = _root(dataset)[STORE_KEY]["chunk_shape"]
    return len(dataset.parent.parent["axes"].items()) or len(cells.items()) or None


def _root(element: Element) -> Element:
    return element if element.parent is None else _root(element.parent)


def numbers(element: Element) -> Vector | None:
    """Read a list of finite numbers; None if it is none."""
    items = element.items()
    if not items or not all(item.is_number for item in items):
        return None
    return tuple(float(item.value) for item in items)


def close(found: Vector, wanted: Vector) -> bool:
    """Tell whether two vectors are equal within the tolerance."""
    return len(found) == len(wanted) and all(
        abs(a - b) <= _TOLERANCE * max(abs(a), abs(b)) for a, b in zip(found, wanted, strict=True)
    )


@dataclass(frozen=True)
class Bins:
    """The bins of one level, from wherever the store declares them.

    The page asks for them in the dataset; zarr-vectors writes them in the level group or, of
    level 0, at the root alone.
    """

    dataset: Element

    @cached_property
    def _holders(self) -> tuple[Element, ...]:
        group = level_group(self.dataset)
        return (self.dataset,) if group is None else (self.dataset, group)

    def _declared(self, key: str) -> Vector | None:
        """Give what is declared first; None if it is no list of numbers above 0."""
        found = next(numbers(holder[key]) for holder in self._holders if key in holder)
        return found if found is not None and min(found) > 0 else None

    @cached_property
    def base(self) -> Vector | None:
        """``base_bin_shape`` of the store."""
        return numbers(_root(self.dataset)[STORE_KEY]["base_bin_shape"])

    @cached_property
    def ratio(self) -> Vector | None:
        """``bin_ratio``; None where it is not declared, and where it cannot be one."""
        if not any("bin_ratio" in holder for holder in self._holders):
            is_base = level_number(self.dataset) == 0 and self.base is not None
            return (1.0,) * len(self.base or ()) if is_base else None
        found = self._declared("bin_ratio")
        return found if found is not None and all(r >= 1 and r % 1 == 0 for r in found) else None

    @cached_property
    def shape(self) -> Vector | None:
        """``bin_shape``; where it is declared nowhere, the base's times the ratio."""
        if any("bin_shape" in holder for holder in self._holders):
            return self._declared("bin_shape")
        return self.scaled(self.ratio or transform(self.dataset, "scale"))

    def scaled(self, ratio: Vector | None) -> Vector | None:
        """``base_bin_shape`` times a ratio; None where one of them is not known."""
        if self.base is None or ratio is None or len(ratio) != len(self.base):
            return None
        return tuple(b * r for b, r in zip(self.base, ratio, strict=True))


def transform(dataset: Element, kind: str) -> Vector | None:
    """Give the numbers of a dataset's only transform of a type."""
    listed = dataset["coordinateTransformations"].objects()
    found = [each for each in listed if each["type"].value == kind]
    return numbers(found[0][kind]) if len(found) == 1 else None
