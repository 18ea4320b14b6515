"""Which version of OME-Zarr a group's metadata is, and the rules about saying so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from napari_strata.check.element import Element, Fault
from napari_strata.check.rules import Rules
from napari_strata.formats._ome import keys
from napari_strata.formats._survey import Survey
from napari_strata.store.hierarchy import Group
from napari_strata.store.values import JsonPlace, quote

KEYS = (
    "multiscales",
    "plate",
    "well",
    "labels",
    "image-label",
    "bioformats2raw.layout",
    "series",
    "scene",
)
"""The keys that make a group's metadata OME-Zarr's."""

_OLDER = ("0.1", "0.2", "0.3", "0.4")
_VERSIONED = ("plate", "well", "image-label")  # before 0.5, beside each of multiscales
_FINAL_06 = re.compile(r"0\.6(\.\d+)*(rc\d+)?")  # releases and their candidates, not drafts


def ome_root(group: Group) -> Element | None:
    """Return a group's OME-Zarr metadata with its version; None if it has none.

    The version is that of the structure; where this leaves it open, the one that is declared.
    """
    inside = isinstance(group.attributes.get("ome"), dict)
    value = keys(group)
    if group.encoding == "n5" or not (inside or any(key in value for key in KEYS)):
        return None
    if not inside and "multiscales" in value and not _is_ome(group):
        return None
    place = group.place("ome") if inside else JsonPlace(group.place("_").file, _prefix(group))
    return Element(value, place, group.node, _version(value, inside))


def _is_ome(group: Group) -> bool:
    """Tell OME-Zarr from the other dialects that have ``multiscales``."""
    return Survey(group).multiscales in ("ome", "ome-early", "ome-0.6", "unknown")


def _prefix(group: Group) -> str:
    return "attributes" if group.encoding == "zarr3" else ""


def _version(value: Any, inside: bool) -> str:
    entries = value.get("multiscales")
    first = entries[0] if isinstance(entries, list) and entries else None
    first = first if isinstance(first, dict) else {}
    if "scene" in value or "coordinateSystems" in first:
        return "0.6"
    if inside:
        declared = value.get("version")
        return "0.6" if isinstance(declared, str) and declared.startswith("0.6") else "0.5"
    return _older(value, first)


def _older(value: Any, first: Any) -> str:
    datasets, axes = first.get("datasets"), first.get("axes")
    entries = [d for d in datasets if isinstance(d, dict)] if isinstance(datasets, list) else []
    if any("coordinateTransformations" in entry for entry in entries):
        return "0.4"
    if isinstance(axes, list) and axes:
        return "0.3" if isinstance(axes[0], str) else "0.4"
    holders = (first, *(value.get(key) for key in _VERSIONED))
    declared = [h.get("version") for h in holders if isinstance(h, dict)]
    return next(
        (v for v in declared if v in _OLDER), "0.4" if "multiscales" not in value else "0.1"
    )


def _root(root: Element) -> Iterator[Element]:
    yield root


RULES = Rules("metadata", _root)


@RULES.must("missing-key", "ome contains version", since="0.5")
def _declared(root: Element) -> Iterator[Fault]:
    if "version" not in root:
        yield root["version"].place, f'found no version, expected "{root.version}"'


@RULES.must("spec-version", "version is that of the specification", since="0.5")
def _right(root: Element) -> Iterator[Fault]:
    found = root["version"]
    if "version" not in root or (root.version == "0.5" and found.value == "0.5"):
        return
    text = found.value if found.is_text else ""
    if root.version == "0.6" and (_FINAL_06.fullmatch(text) or text.startswith("0.6.dev")):
        return
    yield found.expected(f'"{root.version}", as the rest of the metadata is')


@RULES.should("spec-version", "version is no draft", since="0.6")
def _no_draft(root: Element) -> Iterator[Fault]:
    text = root["version"].value
    if isinstance(text, str) and text.startswith("0.6.dev"):
        yield root["version"].place, f"found the draft {quote(text)}; checked as 0.6"


@RULES.must("spec-version", "version is that of the specification", until="0.4")
def _right_before(root: Element) -> Iterator[Fault]:
    for holder in (*root["multiscales"].items(), *(root[key] for key in _VERSIONED)):
        if "version" in holder and holder["version"].value != root.version:
            yield holder["version"].expected(f'"{root.version}", as the rest of the metadata is')


@RULES.must("spec-zarr-version", "OME-Zarr to 0.4 is in Zarr v2, from 0.5 in v3")
def _container(root: Element) -> Iterator[Fault]:
    is_v3 = root.place.file.endswith("zarr.json")
    if is_v3 != (root.version >= "0.5"):
        found, expected = ("v3", "v2") if is_v3 else ("v2", "v3")
        message = f"found OME-Zarr {root.version} in Zarr {found}, expected Zarr {expected}"
        yield root.place, message


@RULES.must("spec-misplaced-key", "coordinate systems are in multiscales or scene", since="0.6")
def _nothing_loose(root: Element) -> Iterator[Fault]:
    for key in ("coordinateSystems", "coordinateTransformations"):
        if key in root:
            yield root[key].place, f"found {key} here, expected it in multiscales or scene"
