"""Which children of an entry are shown: the next of them, narrowed by what is looked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from napari_strata.dataset.entry import Cancel, Cancelled, Entry
from napari_strata.model import Problem

BATCH = 200
_AT_ONCE = 1000  # names that are compared before it is asked whether to go on

Key = tuple[str, str]


def key_of(entry: Entry) -> Key:
    """Tell entries of one container apart: several images may have one path."""
    return entry.inner, entry.name


@dataclass(frozen=True)
class Part:
    """Some children of an entry.

    Attributes
    ----------
    following : how many of all children are before the next part.
    more : whether there are any behind it.
    total : how many there are altogether, whatever is looked for; None if they cannot be listed.
    """

    entries: tuple[Entry, ...]
    following: int
    more: bool
    total: int | None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Branch:
    """What is listed of an entry: by the keys of children, what is listed of those."""

    entry: Entry
    listed: Part
    below: Mapping[Key, Branch] = field(default_factory=dict)


@dataclass(frozen=True)
class Opened:
    """An entry whose children are shown, with those of them for which that is so as well."""

    entry: Entry
    below: Mapping[Key, Opened] = field(default_factory=dict)


def matches(entry: Entry, wanted: str) -> bool:
    """Tell whether an entry is one that is looked for, by its name; case does not matter."""
    return wanted.casefold() in entry.name.casefold()


def inside(entry: Entry, wanted: str) -> str:
    """Say by what a child's own children are narrowed: below one that matches, by nothing."""
    return "" if wanted and matches(entry, wanted) else wanted


def next_part(
    entry: Entry,
    wanted: str,
    start: int,
    cancel: Cancel,
    kept: Mapping[Key, Opened] | None = None,
) -> Part:
    """List the next `BATCH` children whose name holds ``wanted``; may take long.

    Parameters
    ----------
    start : how many of all children to pass over.
    kept : children that are listed whatever they are called.

    Raises
    ------
    Cancelled
        Once ``cancel`` says so.
    """
    found: list[Entry] = []
    problems: tuple[Problem, ...] = ()
    while True:
        page = entry.children(start, _AT_ONCE if wanted else BATCH, cancel)
        problems = problems or page.problems
        for child in page.entries:
            start += 1
            if not wanted or matches(child, wanted) or key_of(child) in (kept or ()):
                found.append(child)
            if len(found) == BATCH:
                break
        more = page.more or start < (page.total or 0)
        if len(found) == BATCH or not more:
            return Part(tuple(found), start, more, page.total, problems)
        if cancel():
            raise Cancelled


def narrowed(opened: Opened, wanted: str, cancel: Cancel) -> Branch:
    """List anew what is shown of a container; what has been opened stays, to be looked into.

    Below an entry that is itself what is looked for, everything is listed.

    Raises
    ------
    Cancelled
        Once ``cancel`` says so.
    """
    listed = next_part(opened.entry, wanted, 0, cancel, opened.below)
    below = {}
    for child in listed.entries:
        inner = opened.below.get(key_of(child))
        if inner is not None:
            below[key_of(child)] = narrowed(inner, inside(child, wanted), cancel)
    return Branch(opened.entry, listed, below)
