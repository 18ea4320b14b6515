"""Bringing a label image to the axes of its image, so that both lie over each other in a viewer.

A label of one plane on an axis where it has the place of the image's first plane, and one that
lacks an axis altogether, holds for all planes of the image (formats.md 2: "an axis of length 1
is broadcast"). A plane at a place of its own stays there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from napari_strata.formats.repeated_axis import can_repeat, with_axis
from napari_strata.model import ArrayLocation, Image, Level, Problem


def on_axes_of(label: Image, image: Image) -> Image:
    """Repeat a label along the axes of the image on which it has one plane, or which it lacks."""
    base = image.levels[0]
    if not can_repeat(label, image):
        return label
    lengths = {
        axis.name: base.shape[i] for i, axis in enumerate(image.axes) if axis.type != "channel"
    }
    single = [i for i in range(len(label.axes)) if _holds_for_all(label, i, image)]
    lacking = [name for name in lengths if name not in [a.name for a in label.axes]]
    if not single and not lacking:
        return label
    names = [label.axes[i].name for i in single]
    repeated = {i: lengths[label.axes[i].name] for i in single}
    label = replace(label, levels=tuple(_repeat(level, repeated) for level in label.levels))
    for name in lacking:
        label = with_axis(label, image, name)
    shown = ", ".join(f"{name} ({lengths[name]})" for name in (*names, *lacking))
    message = f"has one plane where its image has more; it holds for all of them: {shown}"
    problem = Problem("label-repeated", "info", label.path, message)
    return replace(label, problems=(*label.problems, problem))


def _holds_for_all(label: Image, index: int, image: Image) -> bool:
    """Tell whether a label has one plane on an axis, and not at a place of its own."""
    axis, names = label.axes[index], [a.name for a in image.axes]
    own = [a.name for a in label.axes]
    if axis.type == "channel" or names.count(axis.name) != 1 or own.count(axis.name) != 1:
        return False
    other = names.index(axis.name)
    if any(level.shape[index] != 1 for level in label.levels):
        return False
    if image.levels[0].shape[other] == 1 or axis.unit != image.axes[other].unit:
        return False
    return _same_place(label.levels, index, image.levels[0], other)


def _same_place(levels: Sequence[Level], index: int, base: Level, other: int) -> bool:
    """Tell whether a label's only plane is where the image's first one is, and as thick."""
    for level in levels:
        scale, translate = level.scale, level.translate
        if scale is None or translate is None or base.scale is None or base.translate is None:
            return False
        step = base.scale[other]
        off = abs(translate[index] - base.translate[other])
        if not np.isclose(scale[index], step, rtol=1e-6, atol=0.0) or off > 1e-6 * abs(step):
            return False
    return True


def _repeat(level: Level, lengths: dict[int, int]) -> Level:
    assert isinstance(level.location, ArrayLocation)  # on_axes_of looked
    stored = level.location.axes or tuple(range(len(level.shape)))
    return replace(
        level,
        shape=tuple(lengths.get(i, n) for i, n in enumerate(level.shape)),
        chunks=tuple(lengths.get(i, n) for i, n in enumerate(level.chunks)),
        location=replace(
            level.location, axes=tuple(None if i in lengths else a for i, a in enumerate(stored))
        ),
    )
