"""A row of the tree that a container is shown as."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari_strata.dataset.entry import Entry


@dataclass(eq=False)
class Row:
    """An entry in the tree.

    Attributes
    ----------
    number : of the row in its parent.
    following : how many of all children were listed so far, shown or not.
    more : whether there are further children; None before the first are listed.
    failed : whether listing failed; it is tried again where the row is opened again.
    expanded : whether its children are shown.
    wanted : what its children are narrowed by.
    """

    entry: Entry
    parent: Row | None
    number: int
    id: int
    children: list[Row] = field(default_factory=list)
    following: int = 0
    more: bool | None = None
    total: int | None = None
    failed: bool = False
    expanded: bool = False
    wanted: str = ""
    texts: tuple[str, ...] = ()
