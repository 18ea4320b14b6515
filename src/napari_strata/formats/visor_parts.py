"""Cutting an image that has an axis of stacks: into one stack, or into some of its channels.

The image's levels are single arrays, or such as `some_channels` makes; what is cut out is read
from the same arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from napari_strata import affine
from napari_strata.formats.level_axes import rearranged
from napari_strata.model import ArrayLocation, Contribution, Image, Level, StackLocation


def one_stack(
    image: Image, axis: int, index: int, placing: Contribution, order: Sequence[int]
) -> Image:
    """Return one stack of an image, at a place of its own.

    Parameters
    ----------
    axis, index : the axis of the stacks, and which of them; every level has it.
    placing : what is applied after all of a level's own transforms; for the axes that are left.
    order : of the other axes: for each that is left, which one lies along it.
    """
    left = [i for i in range(image.ndim) if i != axis]
    source = [left[i] for i in order]
    levels = []
    for level in image.levels:
        location = _at(level, axis, index)
        assert location is not None  # no part of ours is missing
        origin = (placing, *_origin(level, source))
        levels.append(
            replace(
                level,
                shape=tuple(level.shape[i] for i in source),
                chunks=tuple(level.chunks[i] for i in source),
                affine=affine.compose(*(c.matrix for c in origin)),
                location=rearranged(location, order),
                origin=origin,
            )
        )
    return replace(image, axes=tuple(image.axes[i] for i in left), levels=tuple(levels))


def some_channels(image: Image, indices: Sequence[int]) -> Image:
    """Return an image of some of its channels; the channel axis is then the first.

    Parameters
    ----------
    image : has a channel axis.
    indices : on that axis, at least one; every level has them.
    """
    axis = image.channel_axis
    assert axis is not None
    if list(indices) == list(range(image.levels[0].shape[axis])):
        return image
    rest = [i for i in range(image.ndim) if i != axis]
    order = [axis, *rest]
    levels = [
        replace(
            level,
            shape=(len(indices), *(level.shape[i] for i in rest)),
            chunks=(1, *(level.chunks[i] for i in rest)),
            affine=affine.take_axes(level.affine, order),
            location=StackLocation(tuple(_at(level, axis, i) for i in indices)),
            origin=_origin(level, order),
        )
        for level in image.levels
    ]
    listed = image.display.channels
    channels = tuple(listed[i] for i in indices if i < len(listed))
    return replace(
        image,
        axes=tuple(image.axes[i] for i in order),
        levels=tuple(levels),
        display=replace(image.display, channels=channels),
    )


def _origin(level: Level, axes: Sequence[int]) -> tuple[Contribution, ...]:
    return tuple(replace(c, matrix=affine.take_axes(c.matrix, axes)) for c in level.origin)


def _at(level: Level, axis: int, index: int) -> ArrayLocation | None:
    """Return where a level's array is, looked at at one index of one of the level's axes."""
    location = level.location
    if isinstance(location, StackLocation) and axis == 0:
        return location.parts[index]
    assert isinstance(location, ArrayLocation)
    stored = location.axes or tuple(range(len(level.shape)))
    cut = stored[axis]
    axes = tuple(s for i, s in enumerate(stored) if i != axis)
    fixed = location.fixed if cut is None else (*location.fixed, (cut, index))
    return replace(location, axes=axes, fixed=fixed)
