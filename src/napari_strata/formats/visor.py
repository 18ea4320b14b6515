"""VISoR images, 2024.11.0 to 2025.6.1: OME-Zarr with an axis of stacks, each at its own place.

Rules: formats.md 4, after the schema at https://visor-tech.github.io/visor-data-schema. Every
stack is an image; where one of them has no place, the axis of stacks stays a slider.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from napari_strata import affine
from napari_strata.formats import ome_zarr, visor_channels, visor_parts
from napari_strata.formats._assemble import image_name
from napari_strata.formats._ome import choose, finish
from napari_strata.formats._protocol import Context
from napari_strata.formats._survey import Sourced, Survey, first_object
from napari_strata.formats.visor_datasets import (
    TRANSFORMS,
    Datasets,
    read_datasets,
    without_surplus,
)
from napari_strata.formats.visor_keys import CHANNELS, OWN_KEY, STACKS, own_key
from napari_strata.formats.visor_placements import read_placements, stray
from napari_strata.formats.visor_stacks import (
    Frame,
    Stack,
    read_channel_positions,
    read_stacks,
)
from napari_strata.formats.visor_stage import stage_order
from napari_strata.model import Image, Level, OpenError, Problem
from napari_strata.store.hierarchy import Group
from napari_strata.store.values import quote

FORMAT = "visor"
FOLDER = re.compile(r"visor_(?P<process>[A-Za-z0-9]{1,40})_images")

_STACK_TYPES = ("visor", "visor_stack")
_SOURCES = ("sources", "transforms")
_TRANSFORMS = ("transforms", "transform_version")


def probe(survey: Survey) -> str | None:
    """See ``multiscales`` of OME-Zarr 0.4 or 0.5 with a stack axis, or keys that VISoR adds."""
    if survey.group.encoding == "n5" or survey.multiscales != "ome":
        return None
    first = first_object(survey.ome.value["multiscales"]) or {}
    axes = first.get("axes")
    if _stack_axis(axes if isinstance(axes, list) else []) is not None:
        return "multiscales with an axis of VISoR's stacks"
    if own_key(survey.group, STACKS) is not None:
        return f"multiscales beside {STACKS}"
    if _speaks_of_visor(survey.group):
        return "multiscales beside keys of VISoR"
    above = survey.node.outer()
    if above is not None and FOLDER.fullmatch(above.name):
        return f"multiscales in a folder {above.name}"
    return None


def _speaks_of_visor(group: Group) -> bool:
    """See ``visor``, or where a processed image says what it was made of."""
    inner = group.attributes.get(OWN_KEY)
    if isinstance(inner, dict) and not {CHANNELS, *_SOURCES, *_TRANSFORMS}.isdisjoint(inner):
        return True
    for key in _SOURCES:
        paths = group.attributes.get(key)
        first = paths[0] if isinstance(paths, list) and paths else None
        path = first.get("path") if isinstance(first, dict) else None
        if isinstance(path, str) and path.startswith("visor_"):
            return True
    return False


def _stack_axis(axes: Sequence[object]) -> int | None:
    """Find the axis of stacks by its type: its name is t, s or vs."""
    for index, axis in enumerate(axes):
        if isinstance(axis, dict) and axis.get("type") in _STACK_TYPES:
            return index
    return None


def parse(survey: Survey, context: Context) -> list[Image]:
    """Read the multiscale image, and cut it into its stacks if all of them have a place."""
    problems: list[Problem] = []
    multiscale = choose(survey, context, problems)
    source = read_datasets(multiscale)
    image = _whole(source, problems)
    more: list[Problem] = []
    image = visor_channels.named(image, own_key(survey.group, CHANNELS), more)
    more += _transforms(survey.group)
    axis = _stack_axis(multiscale.value.get("axes") or [])
    if axis is None:
        more += [stray(item, "the image has no axis of stacks") for item in source.placements]
        return [_with(image, more)]
    image = _of_one_size(image, axis, more)
    stacks = _stacks(source, image, axis, more)
    if stacks is None:
        return [_with(image, more)]
    return _cut(image, axis, stacks, context, more)


def _with(image: Image, problems: Sequence[Problem]) -> Image:
    return replace(image, problems=(*image.problems, *problems))


def _whole(source: Datasets, problems: list[Problem]) -> Image:
    """Put the levels together, with the stack axis; named after the folder."""
    multiscale = source.multiscale
    rank = next(len(c.array.shape) for _, c in source.levels if c.array is not None)
    value = dict(multiscale.value)
    if TRANSFORMS in value:
        at = multiscale.place.child(TRANSFORMS)
        value[TRANSFORMS] = without_surplus(value[TRANSFORMS], at, rank, problems)
    trimmed = replace(multiscale, value=value)
    frame = ome_zarr.read_frame(trimmed, [c for _, c in source.levels], problems)
    drafts = []
    for index, candidate in source.levels:
        declared = candidate.declared
        if declared is not None:
            numbers = without_surplus(declared.value, declared.place, rank, problems)
            candidate = replace(candidate, declared=Sourced(numbers, declared.place))
        try:
            drafts.append(ome_zarr.read_level(frame, candidate, index, problems))
        except OpenError as error:
            problems.append(error.problem)
    image = finish(trimmed, format_name=FORMAT, axes=frame.axes, drafts=drafts, problems=problems)
    node = multiscale.survey.node
    display = replace(image.display, additive=True)
    return replace(image, name=image_name(node), display=display)


def _transforms(group: Group) -> list[Problem]:
    """Say that an image names transforms of a reconstruction, which are for other programs."""
    for key in _TRANSFORMS:
        found = own_key(group, key)
        if found is not None:
            message = f"found {quote(found.value)}: transforms of a reconstruction are not applied"
            return [found.place.problem("transforms-not-applied", "info", message)]
    return []


def _of_one_size(image: Image, axis: int, problems: list[Problem]) -> Image:
    """Leave out levels that have another number of stacks or channels than the finest."""
    fixed = [axis] if image.channel_axis is None else [axis, image.channel_axis]
    first, kept = image.levels[0], []
    for level in image.levels:
        if all(level.shape[i] == first.shape[i] for i in fixed):
            kept.append(level)
            continue
        message = (
            f"found {_counts(level, fixed)} stacks and channels, expected {_counts(first, fixed)} "
            "as in the finest level; left out"
        )
        problems.append(Problem("levels-disagree", "error", level.path, message))
    return replace(image, levels=tuple(kept))


def _counts(level: Level, axes: Sequence[int]) -> str:
    return " and ".join(str(level.shape[i]) for i in axes)


def _stacks(
    source: Datasets, image: Image, axis: int, problems: list[Problem]
) -> list[Stack] | None:
    """Read where the stacks are; None, with a problem, if one of them has no place."""
    group = source.multiscale.survey.group
    frame = Frame(image.axes, image.levels[0].shape[axis])
    declared, channels = own_key(group, STACKS), own_key(group, CHANNELS)
    found: list[Stack] | None = None
    unused = source.placements
    if declared is not None:
        found = read_stacks(declared, frame, problems)
    elif channels is not None:
        count = 1 if image.channel_axis is None else image.levels[0].shape[image.channel_axis]
        found = read_channel_positions(channels, frame, count, problems)
    if found is None and source.placements:
        unused = ()
        dropped = [i for i, a in enumerate(image.axes) if i == axis or a.type == "channel"]
        ranks = _ranks(source, image)
        found = read_placements(source.placements, ranks, frame, problems, dropped=dropped)
    problems += [stray(item, "the stacks are listed apart") for item in unused]
    placed = {stack.index for stack in found or ()}
    missing = [i for i in range(frame.count) if i not in placed]
    if not missing:
        return found
    grade = "info" if found is None else "warning"
    where = source.multiscale.place.child("axes").item(axis)
    message = (
        f"found no place for {len(missing)} of {frame.count} stacks (index {_first(missing)}); "
        "they are shown over each other, one at a time, by a slider"
    )
    problems.append(where.problem("stacks-unplaced", grade, message))
    return None


def _first(indices: Sequence[int]) -> str:
    shown = ", ".join(str(i) for i in indices[:5])
    return f"{shown}, …" if len(indices) > 5 else shown


def _ranks(source: Datasets, image: Image) -> dict[str, int]:
    """Return the rank of each level that is shown, by its path in the group."""
    multiscale = source.multiscale
    order = [level.path for level in image.levels]
    return {
        c.path: order.index(path)
        for _, c in source.levels
        if c.node is not None and (path := multiscale.context.path(c.node)) in order
    }


def _cut(
    image: Image, axis: int, stacks: Sequence[Stack], context: Context, problems: list[Problem]
) -> list[Image]:
    """Make an image of each stack: together they are one picture."""
    kept = [i for i in range(image.ndim) if i != axis]
    order: Sequence[int] | None = None
    if context.orientation == "stage":
        axes = [image.axes[i] for i in kept]
        order = stage_order(axes, image.path or image.name, problems)
    image = replace(image, whole=image.path or ".")
    images = []
    for stack in stacks:
        place = replace(stack.placing, matrix=affine.take_axes(stack.placing.matrix, kept))
        one = visor_parts.one_stack(image, axis, stack.index, place, order or [*range(len(kept))])
        if stack.channels is not None and one.channel_axis is not None:
            one = visor_parts.some_channels(one, stack.channels)
        images.append(replace(_with(one, problems), name=f"{image.name} {stack.label}"))
    return images
