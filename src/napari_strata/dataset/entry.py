"""One entry of the tree a container is browsed as, and its children in pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, Literal

from napari_strata.dataset.entry_details import Details, geometry_details, image_details
from napari_strata.dataset.geometry import Geometry
from napari_strata.dataset.image import Image
from napari_strata.dataset.opening import Dataset
from napari_strata.model import Problem
from napari_strata.store.cancel import Cancelled, cancelled_by

__all__ = ["Cancel", "Cancelled", "Entry", "EntryKind", "Listed", "Page", "look_all"]

EntryKind = Literal[
    "container",
    "group",
    "plate",
    "row",
    "well",
    "field",
    "series",
    "scene",
    "collection",
    "image",
    "labels",
    "array",
    "points",
    "lines",
    "graph",
    "mesh",
    "segments",
    "segment",
]
Cancel = Callable[[], bool]
"""Says whether what is being read is not wanted any more; asked before every request."""

_LOOKS_AT_ONCE = 8


@dataclass(frozen=True)
class Listed:
    """All children of an entry: values each of which becomes an entry when it is shown.

    ``items`` is None where they cannot be listed; ``problems`` say why.
    """

    items: Sequence[Any] | None
    entry: Callable[[Any], Entry]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Page:
    """Some children of an entry, in order.

    Attributes
    ----------
    total : how many there are altogether; None where they cannot be listed.
    more : whether some follow behind these.
    problems : what is wrong with listing them.
    """

    entries: tuple[Entry, ...]
    total: int | None
    more: bool
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A folder, image or geometry in a container, as far as it has been looked at.

    Attributes
    ----------
    path : as `napari_strata.open` takes it; may hold the password of the URL that was browsed.
        An image of a scene, and a label, may lie elsewhere if opened by it alone: see `open`.
    inner : the same relative to what was browsed; empty for that itself.
    kind : of one that has not been looked at, what it is as far as its parent tells.
    format : the dialect an image or geometry is described in; empty elsewhere.
    image, geometry : what is shown of it; None of a folder or collection, and of one that has not
        been looked at.
    has_children : whether there is, or may be, something in it.
    looked : whether its metadata have been read.
    segment : of a segment, its id.
    """

    path: str
    inner: str
    name: str
    kind: EntryKind
    format: str = ""
    image: Image | None = None
    geometry: Geometry | None = None
    problems: tuple[Problem, ...] = ()
    has_children: bool = False
    looked: bool = True
    segment: int | None = None
    dataset: Callable[[], Dataset] = field(kw_only=True, repr=False, compare=False)
    read: Callable[[], Entry] | None = field(default=None, kw_only=True, repr=False, compare=False)
    listed: Callable[[], Listed] | None = field(
        default=None, kw_only=True, repr=False, compare=False
    )

    def look(self, cancel: Cancel | None = None) -> Entry:
        """Read what it is; itself if that is known. What is wrong is among its problems.

        Raises
        ------
        Cancelled
            Before the next request, once ``cancel`` says so.
        """
        if self.looked or self.read is None:
            return self
        with cancelled_by(cancel):
            return self.read()

    def children(
        self, start: int = 0, count: int | None = None, cancel: Cancel | None = None
    ) -> Page:
        """List what is in it, ``count`` entries from ``start``, or all from there.

        Entries of a plain folder have not been looked at: one listing gives them all.

        Raises
        ------
        Cancelled
            Before the next request, once ``cancel`` says so.
        """
        known = self.look(cancel)
        if known.listed is None:
            return Page((), 0, False)
        with cancelled_by(cancel):
            listed = known.listed()
            if listed.items is None:
                return Page((), None, False, listed.problems)
            part = listed.items[start : None if count is None else start + count]
            entries = tuple(listed.entry(item) for item in part)
        total = len(listed.items)
        return Page(entries, total, start + len(entries) < total, listed.problems)

    def details(self) -> Details | None:
        """Describe its image or geometry; None if it has none. Reads nothing."""
        if self.image is not None:
            return image_details(self.image)
        return None if self.geometry is None else geometry_details(self.geometry)

    def open(self, cancel: Cancel | None = None) -> Dataset:
        """Open just this: the image or geometry alone, or everything in a folder or collection.

        It lies as it does among what it belongs to (its scene, or the image it labels): that is
        the dataset's ``path``, and paths are relative to it.

        Raises
        ------
        OpenError
            As `napari_strata.open` does.
        Cancelled
            Before the next request, once ``cancel`` says so.
        """
        known = self.look(cancel)
        with cancelled_by(cancel):
            return known.dataset()


def look_all(entries: Sequence[Entry], cancel: Cancel | None = None) -> list[Entry]:
    """Look at several entries at once, such as a page of them, in their order.

    Raises
    ------
    Cancelled
        Before the next request, once ``cancel`` says so.
    """
    with ThreadPoolExecutor(_LOOKS_AT_ONCE) as pool:
        futures = [pool.submit(copy_context().run, entry.look, cancel) for entry in entries]
        return [future.result() for future in futures]
