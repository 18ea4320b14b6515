"""Reading back what was written, and comparing it with what was planned."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata import dataset
from napari_strata.affine import Matrix
from napari_strata.arrays.errors import ChunkError
from napari_strata.export.documents.ome_axes import unit_factor
from napari_strata.export.errors import ExportCancelled, ExportError
from napari_strata.export.pixels.pyramid import LevelPlan
from napari_strata.export.pixels.reduce import reduce_block
from napari_strata.export.planning.export_plan import ExportPlan, PlannedImage
from napari_strata.export.planning.image_parts import Part
from napari_strata.model import Axis, ChannelDisplay, Display, OpenError

Array = npt.NDArray[Any]

_SAME_PLACE = 1e-9  # of a voxel
_ROUNDING = 16 * np.finfo(np.float64).eps  # of the largest coordinate
_SIDE = 32  # of a block that is compared, in voxels
_MOST_BLOCKS = 8  # a level


def verify(
    plan: ExportPlan, path: str | os.PathLike[str], *, cancel: threading.Event | None = None
) -> None:
    """Open what was written as anyone would, and compare it with the plan.

    Compared are axes, units, names, display, and every level's shape, dtype and affine (to 1e-9
    of a voxel); of the voxels the corners, the middle and a few blocks in between: level 0 and
    copied levels against what they were read from, the others against the level above.

    Raises
    ------
    ExportError : it cannot be opened, or something differs; the message names it.
    ExportCancelled : it was cancelled.
    """
    try:
        found = dataset.open(path)
    except OpenError as error:
        raise ExportError(f"what was written cannot be opened: {error}") from error
    images = {image.path: image for image in found.images}
    for problem in (*found.problems, *(p for image in found.images for p in image.problems)):
        if problem.severity == "error":
            raise ExportError(f"what was written is not sound: {problem}")
    for planned in plan.images:
        image = images.get(planned.path)
        if image is None:
            known = ", ".join(repr(known) for known in images)
            raise _differs(planned, "the image", f"there are {known}", "one at its path")
        _compare(planned, image, cancel)


def _differs(planned: PlannedImage, what: str, found: Any, expected: Any) -> ExportError:
    name = planned.path or planned.written.name
    return ExportError(f"{name}: {what} was not written right: found {found}, expected {expected}")


def _compare(planned: PlannedImage, image: dataset.Image, cancel: threading.Event | None) -> None:
    written = planned.written
    if image.kind != written.kind:
        raise _differs(planned, "its kind", image.kind, written.kind)
    if image.name != written.name and _is_kept(written.name):
        raise _differs(planned, "its name", image.name, written.name)
    order = _order(planned, image)
    if len(image.levels) != len(planned.levels):
        raise _differs(planned, "its pyramid", f"{len(image.levels)} levels", len(planned.levels))
    _compare_display(planned, image.display)
    for index, (level, plan) in enumerate(zip(image.levels, planned.levels, strict=True)):
        _compare_level(planned, index, level, plan, order)
        _compare_place(planned, index, level, image.axes, order)
    for part in planned.parts:
        _compare_pixels(
            planned, part, [image.levels[k].data for k in _indices(part)], order, cancel
        )


def _is_kept(name: str) -> bool:
    """Tell whether a name is one that a reader takes from metadata."""
    return bool(name.strip()) and "/" not in name


def _indices(part: Part) -> range:
    return range(part.first, part.first + len(part.pyramid.levels))


def _order(planned: PlannedImage, image: dataset.Image) -> list[int]:
    """Find each axis among those that were read; labels may have more, those of their image."""
    names = [axis.name for axis in image.axes]
    wanted = [axis.name for axis in planned.written.axes]
    extra = len(names) - len(wanted)
    if not set(wanted) <= set(names) or (extra and planned.parent is None):
        raise _differs(planned, "the order of its axes", names, wanted)
    order = [names.index(name) for name in wanted]
    if planned.parent is None and order != sorted(order):
        raise _differs(planned, "the order of its axes", names, wanted)
    for axis, index in zip(planned.written.axes, order, strict=True):
        other = image.axes[index]
        if other.type != axis.type:
            raise _differs(planned, f"the type of axis {axis.name}", other.type, axis.type)
        if unit_factor(axis, other) is None:
            raise _differs(planned, f"the unit of axis {axis.name}", other.unit, axis.unit)
    return order


def _compare_level(
    planned: PlannedImage, index: int, level: dataset.Level, plan: LevelPlan, order: Sequence[int]
) -> None:
    what = f"level {index}"
    shape = tuple(level.shape[axis] for axis in order)
    differing = [a for a, (n, m) in enumerate(zip(shape, plan.shape, strict=True)) if n != m]
    # A label of one plane holds for all planes of its image, and is read so.
    if any(plan.shape[axis] != 1 or planned.parent is None for axis in differing):
        raise _differs(planned, f"the shape of {what}", shape, plan.shape)
    if level.dtype != plan.dtype:
        raise _differs(planned, f"the dtype of {what}", level.dtype, plan.dtype)


def _compare_place(
    planned: PlannedImage,
    index: int,
    level: dataset.Level,
    axes: Sequence[Axis],
    order: Sequence[int],
) -> None:
    """Compare where the corners of a level are; a difference is counted in its voxels."""
    world = planned.worlds[index]
    n = len(world) - 1
    factors = [
        unit_factor(a, axes[i]) or 1.0 for a, i in zip(planned.written.axes, order, strict=True)
    ]
    expected = np.diag([*factors, 1.0]) @ world
    found = level.affine[np.ix_([*order, -1], [*order, -1])]
    if not same_place(found, expected, planned.levels[index].shape):
        raise _differs(
            planned, f"the place of level {index}", found[:n].tolist(), expected[:n].tolist()
        )


def same_place(found: Matrix, expected: Matrix, shape: Sequence[int]) -> bool:
    """Tell whether two affines put all voxels of a level to the same place.

    To 1e-9 of a voxel, or what numbers of the size of its coordinates can tell apart.
    """
    n = len(shape)
    ends = np.array([max(int(s) - 1, 1) for s in shape], dtype=np.float64)
    off = np.abs(found - expected)[:n]
    distance = off[:, :n] @ ends + off[:, n]
    reach = np.abs(expected[:n, :n]) @ ends + np.abs(expected[:n, n])
    voxel = np.abs(expected[:n, :n]).max(axis=1)
    return bool(np.all(distance <= _SAME_PLACE * voxel + _ROUNDING * reach))


# ------------------------------------------------------------------------------------- display


def _compare_display(planned: PlannedImage, found: Display) -> None:
    expected = planned.written.display
    if planned.written.kind == "labels":
        for value, color in expected.label_colors.items():
            other = found.label_colors.get(value)
            if other is None or np.abs(np.subtract(color, other)).max() > 0.5 / 255 + 1e-9:
                raise _differs(planned, f"the colour of label {value}", other, color)
        missing = set(expected.label_properties) - set(found.label_properties)
        if missing:
            raise _differs(planned, f"the properties of label {min(missing)}", None, "some")
        return
    for index, channel in enumerate(expected.channels):
        other_channel = found.channels[index] if index < len(found.channels) else ChannelDisplay()
        for what, (one, other) in _looks(channel, other_channel).items():
            if not _same(one, other):
                raise _differs(planned, f"{what} of channel {index}", other, one)


def _looks(one: ChannelDisplay, other: ChannelDisplay) -> dict[str, tuple[Any, Any]]:
    if one == ChannelDisplay():
        return {}
    return {
        "the name": (one.label, other.label),
        "the colour": ((one.color or "FFFFFF").upper(), (other.color or "FFFFFF").upper()),
        "the contrast": (one.window or other.window, other.window),
        "the range": (one.range or one.window or other.range, other.range),
        "the visibility": (one.visible, other.visible),
        "the gamma": (1.0 if one.gamma is None else one.gamma, other.gamma or 1.0),
        "the inversion": (one.inverted, other.inverted),
    }


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, tuple | float) and other is not None:
        return bool(np.allclose(one, other, rtol=1e-9, atol=0))
    return bool(one == other)


# -------------------------------------------------------------------------------------- voxels


def _compare_pixels(
    planned: PlannedImage,
    part: Part,
    levels: Sequence[Any],
    order: Sequence[int],
    cancel: threading.Event | None,
) -> None:
    views = [
        _on_axes(level, order, plan)
        for level, plan in zip(levels, part.pyramid.levels, strict=True)
    ]
    for step, (view, plan) in enumerate(zip(views, part.pyramid.levels, strict=True)):
        for region in sample_blocks(plan.shape):
            if cancel is not None and cancel.is_set():
                raise ExportCancelled("the export was cancelled while it was checked")
            expected = _expected(part, step, views, region)
            if not np.array_equal(_read(planned, view, region), expected, equal_nan=_is_real(plan)):
                shown = ", ".join(f"{s.start}:{s.stop}" for s in region)
                raise _differs(
                    planned,
                    f"level {part.first + step}",
                    f"other voxels at [{shown}]",
                    "the source's",
                )


def _is_real(plan: LevelPlan) -> bool:
    return plan.dtype.kind == "f"


def _on_axes(level: Any, order: Sequence[int], plan: LevelPlan) -> Any:
    """Return a level on the axes that were written; planes that a label repeats only once."""
    rest = [axis for axis in range(level.ndim) if axis not in order]
    view = level.transpose((*order, *rest))
    return view[tuple(slice(0, n) for n in plan.shape) + (0,) * len(rest)]


def _expected(part: Part, step: int, views: Sequence[Any], region: tuple[slice, ...]) -> Array:
    plan = part.pyramid.levels[step]
    if step == 0:
        return np.asarray(part.source.read(region)).astype(plan.dtype)
    above = part.pyramid.levels[step - 1].shape
    wide = tuple(
        slice(s.start * f, min(s.stop * f, n))
        for s, f, n in zip(region, plan.factors, above, strict=True)
    )
    return reduce_block(np.asarray(views[step - 1][wide]), plan.factors, part.pyramid.method)


def _read(planned: PlannedImage, view: Any, region: tuple[slice, ...]) -> Array:
    try:
        return np.asarray(view[region])
    except ChunkError as error:
        raise ExportError(f"{planned.path}: what was written cannot be read: {error}") from error


def sample_blocks(shape: Sequence[int]) -> Iterator[tuple[slice, ...]]:
    """Give the first and the last corner, the middle, and blocks in between, all small."""
    seen = set()
    fractions = [0.0, 1.0, 0.5]
    fractions += [(0.618033988749895 * k) % 1 for k in range(1, _MOST_BLOCKS - 2)]
    for number, fraction in enumerate(fractions):
        starts = []
        for axis, n in enumerate(shape):
            # Along each axis elsewhere, so that blocks are not all on the diagonal.
            share = fraction if number < 3 else (fraction * (axis + 1)) % 1
            starts.append(math.floor(share * max(n - _SIDE, 0)))
        region = tuple((a, min(a + _SIDE, n)) for a, n in zip(starts, shape, strict=True))
        if region not in seen:
            seen.add(region)
            yield tuple(slice(a, b) for a, b in region)
