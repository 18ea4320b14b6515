"""The places of stacks in VISoR 2024.11.0: entries of ``datasets`` that are no levels.

An entry ``0/slice_1_stack_2`` places a stack of the level ``0``; reconstructed images have
``0/PERSON_ROI_DATE`` instead. Rules: formats.md 4.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from napari_strata import affine
from napari_strata.formats._assemble import contribution
from napari_strata.formats._survey import Sourced
from napari_strata.formats.visor_stacks import Frame, Stack
from napari_strata.model import Contribution, OpenError, Problem
from napari_strata.store.values import mapping, sequence, vector

_STACK = re.compile(r"slice_(?P<slice>[0-9]{1,9})_stack_(?P<stack>[0-9]{1,9})")

Entry = tuple[Sourced, Sourced | None]
"""A dataset's path, and its ``coordinateTransformations``."""


@dataclass(frozen=True)
class Placement:
    """An entry that places a stack: of which level, which stack, and what it declares."""

    level: str
    leaf: str
    path: Sourced
    declared: Sourced | None


def plain(path: str) -> str:
    """Write a path without what does not change it."""
    return "/".join(part for part in path.split("/") if part not in ("", "."))


def placement(entry: Entry, levels: frozenset[str]) -> Placement | None:
    """Tell a placement from a level: it lies in another dataset, or is called as a stack is.

    ``levels`` are the paths of all datasets.
    """
    path, declared = entry
    if not isinstance(path.value, str):
        return None
    level, _, leaf = plain(path.value).rpartition("/")
    if not level or ".." in level.split("/"):
        return None
    if level not in levels and not _STACK.fullmatch(leaf):
        return None
    return Placement(level, leaf, path, declared)


def read_placements(
    placements: Sequence[Placement],
    ranks: Mapping[str, int],
    frame: Frame,
    problems: list[Problem],
    *,
    dropped: Sequence[int],
) -> list[Stack]:
    """Place the stacks, if there are as many placements as stacks; else none.

    Parameters
    ----------
    ranks : of each level by its path, 0 for the finest: the finest that places a stack wins.
    dropped : indices of the axes on which a placement's number says nothing (t and c).
    """
    found: dict[tuple[tuple[int, ...], str], list[tuple[int, Contribution | None]]] = {}
    for item in placements:
        placing = _translation(item, frame, dropped, problems) if item.level in ranks else None
        if item.level not in ranks:
            problems.append(stray(item, f'found no level "{item.level}"'))
            continue
        entry = (ranks[item.level], placing)
        found.setdefault(_order(item.leaf), []).append(entry)
    stacks = []
    for index, key in enumerate(sorted(found)):
        placings = [p for _, p in sorted(found[key], key=lambda pair: pair[0])]
        if placings[0] is not None and index < frame.count:
            stacks.append(Stack(index, key[1], placings[0]))
            problems += _differing(placings[0], placings[1:])
    if len(found) != frame.count:
        where = placements[0].path.place
        message = f"found {len(found)} stacks, expected {frame.count} as the array has; not used"
        problems.append(where.problem("stray-stack-entry", "warning", message))
        return []
    if len(found) > 1 and not all(_STACK.fullmatch(leaf) for _, leaf in found):
        message = (
            f"found no numbers of stacks; taken in the order {', '.join(s.label for s in stacks)}"
        )
        where = placements[0].path.place
        problems.append(where.problem("stack-order-assumed", "warning", message))
    return stacks


def stray(item: Placement, reason: str) -> Problem:
    """Say that a placement is not used."""
    message = f'"{item.path.value}" is no level and places no stack: {reason}; not used'
    return item.path.place.problem("stray-stack-entry", "warning", message)


def _order(leaf: str) -> tuple[tuple[int, ...], str]:
    match = _STACK.fullmatch(leaf)
    if match:
        return (int(match["slice"]), int(match["stack"])), leaf
    return tuple(int(n) for n in re.findall(r"[0-9]{1,9}", leaf)), leaf


def _translation(
    item: Placement, frame: Frame, dropped: Sequence[int], problems: list[Problem]
) -> Contribution | None:
    """Read a placement's translation, without the numbers that say nothing."""
    try:
        if item.declared is None:
            raise item.path.place.refuse("missing-key", "found no coordinateTransformations")
        transforms = sequence(item.declared.value, item.declared.place)
        if len(transforms) != 1:
            raise item.declared.place.unexpected(transforms, "one translation")
        at = item.declared.place.item(0)
        fields = mapping(transforms[0], at)
        if fields.get("type") != "translation":
            raise at.child("type").unexpected(fields.get("type"), '"translation"')
        place = at.child("translation")
        numbers = vector(fields.get("translation"), place, len(frame.axes))
    except OpenError as error:
        problems.append(stray(item, error.problem.message))
        return None
    kept = [0.0 if i in dropped else n for i, n in enumerate(numbers)]
    matrix = affine.from_scale_translate([1.0] * len(kept), kept)
    return contribution("stack position", place, matrix)


def _differing(used: Contribution, others: Sequence[Contribution | None]) -> list[Problem]:
    """Say where a coarser level places a stack elsewhere than the finest one that does."""
    message = f"differs from {used.where}, which is used as that of the finest level"
    return [
        Problem("stack-places-differ", "warning", other.where, message)
        for other in others
        if other is not None and (other.matrix != used.matrix).any()
    ]
