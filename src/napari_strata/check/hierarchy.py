"""Rules about groups within groups."""

from __future__ import annotations

from collections.abc import Iterator

from napari_strata.check.element import Element, Fault
from napari_strata.check.labels import read_root
from napari_strata.check.rules import Rules
from napari_strata.store.values import quote

_FARTHEST = 2  # a row of wells has no metadata of its own


def _root(root: Element) -> Iterator[Element]:
    yield root


RULES = Rules("metadata", _root)


@RULES.must("spec-version", "all groups of a hierarchy have one version", since="0.5")
def _consistent(root: Element) -> Iterator[Fault]:
    above = root.node.parent
    for _ in range(_FARTHEST):
        around = read_root(above, root) if above is not None else None
        if around is not None:
            wanted, found = around["version"].value, root["version"].value
            if wanted is not None and found is not None and found != wanted:
                message = f"found {quote(found)}, expected {quote(wanted)} as the group around has"
                yield root["version"].place, message
            return
        above = above.parent if above is not None else None
