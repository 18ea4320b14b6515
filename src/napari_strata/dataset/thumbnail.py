"""A small picture of an image: the middle plane of a coarse level, in its declared look."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_strata.arrays import ChunkError
from napari_strata.dataset.entry import Entry
from napari_strata.dataset.image import Image, Level
from napari_strata.dataset.thumbnail_colours import add_channel, label_colours, resized
from napari_strata.formats.viewer_order import viewer_order
from napari_strata.model import ChannelDisplay, OpenError

MOST_BYTES = 8 * 2**20
_MOST_CHANNELS = 8


@dataclass(frozen=True)
class Thumbnail:
    """A picture, first row at the top as napari draws it.

    Attributes
    ----------
    rgb : ``(height, width, 3)`` uint8; the longer side has the size that was asked for, and the
        sides are to each other as they are in the world.
    level : index of the level it was made of.
    """

    rgb: npt.NDArray[np.uint8]
    level: int


@dataclass(frozen=True)
class _Plane:
    """What of an image is shown: two of its axes, one index of each other, some channels."""

    rows: int
    columns: int
    channels: tuple[int | None, ...]


def thumbnail(
    shown: Image | Entry, size: int = 128, most_bytes: int = MOST_BYTES
) -> Thumbnail | None:
    """Make a picture of an image, of its middle plane and first time point.

    The coarsest level with ``size`` pixels is taken, or a coarser one where that is too much.

    Parameters
    ----------
    shown : an image, or an entry that has been looked at.
    size : of the longer side, in pixels.
    most_bytes : how much may be read, in bytes as they are in memory: of whole chunks, but of
        those at the borders what is inside of the level.

    Returns
    -------
    None if there is no image, no level is small enough, or a chunk of it cannot be read.
    """
    image = shown.image if isinstance(shown, Entry) else shown
    if image is None or len(image.axes) < 2 or image.levels[0].dtype.kind not in "biuf":
        return None
    plane = _plane(image)
    if plane is None:
        return None
    index = _level(image, plane, size, most_bytes)
    if index is None:
        return None
    try:
        rgb = _drawn(image, image.levels[index], plane, size)
    except (ChunkError, OpenError):
        return None
    return Thumbnail(rgb, index)


def _plane(image: Image) -> _Plane | None:
    """Choose the last two axes as napari has them, and the channels that are declared visible."""
    channel_axis = image.model.channel_axis
    kept = [i for i in range(len(image.axes)) if i != channel_axis]
    order = viewer_order(image.axes, kept)
    if len(order) < 2:
        return None
    channels: tuple[int | None, ...] = (None,)
    if channel_axis is not None:
        every = range(image.levels[0].shape[channel_axis])
        visible = [c for c in every if _display(image, c).visible]
        channels = tuple((visible or list(every))[:_MOST_CHANNELS])
    return _Plane(order[-2], order[-1], channels)


def _display(image: Image, channel: int | None) -> ChannelDisplay:
    declared = image.display.channels
    index = channel or 0
    return declared[index] if index < len(declared) else ChannelDisplay()


def _level(image: Image, plane: _Plane, size: int, most_bytes: int) -> int | None:
    """Choose the coarsest level that is fine enough, or the next coarser one that fits."""
    fine = [
        index
        for index, level in enumerate(image.levels)
        if max(level.shape[plane.rows], level.shape[plane.columns]) >= size
    ]
    first = max(fine, default=0)
    fitting = (i for i in range(first, len(image.levels)) if _cost(image, i, plane) <= most_bytes)
    return next(fitting, None)


def _cost(image: Image, index: int, plane: _Plane) -> int:
    """Count the bytes of the chunks that the plane crosses; at the borders, what is inside."""
    level, channel_axis = image.levels[index], image.model.channel_axis
    count = 1
    for axis, (n, chunk) in enumerate(zip(level.shape, level.chunks, strict=True)):
        if axis in (plane.rows, plane.columns):
            count *= n
        elif axis == channel_axis:
            count *= min(n, chunk * len({(c or 0) // chunk for c in plane.channels}))
        else:
            count *= min(n, chunk)
    return count * level.dtype.itemsize


def _drawn(image: Image, level: Level, plane: _Plane, size: int) -> npt.NDArray[np.uint8]:
    shape = _shape(image, level, plane, size)
    is_labels = image.kind == "labels"
    rgb = np.zeros((*shape, 3))
    count = len(plane.channels) if image.model.channel_axis is None else _channels(image, level)
    for channel in plane.channels:
        values = _read(image, level, plane, channel)
        if is_labels:
            small = resized(values, shape, smooth=False)
            return label_colours(small, image.display.label_colors)
        add_channel(rgb, values, _display(image, channel), channel or 0, count)
    picture: npt.NDArray[np.uint8] = np.rint(np.clip(rgb, 0, 1) * 255).astype(np.uint8)
    return picture


def _channels(image: Image, level: Level) -> int:
    axis = image.model.channel_axis
    return 1 if axis is None else level.shape[axis]


def _read(
    image: Image, level: Level, plane: _Plane, channel: int | None
) -> npt.NDArray[np.generic]:
    """Read one channel's plane: rows first, and both axes in the direction of the world's."""
    key: list[int | slice] = []
    for index, (axis, n) in enumerate(zip(image.axes, level.shape, strict=True)):
        if index in (plane.rows, plane.columns):
            key.append(slice(None))
        elif index == image.model.channel_axis:
            key.append(channel or 0)
        elif axis.type == "space":
            key.append(n // 2)
        else:
            key.append(min(max(image.display.first_position.get(axis.name, 0), 0), n - 1))
    values = np.asarray(level.data[tuple(key)])
    if plane.rows > plane.columns:
        values = values.T
    scale = level.scale
    if scale is not None:
        rows, columns = (slice(None, None, -1 if scale[a] < 0 else None) for a in _axes(plane))
        values = values[rows, columns]
    return values


def _axes(plane: _Plane) -> tuple[int, int]:
    return plane.rows, plane.columns


def _shape(image: Image, level: Level, plane: _Plane, size: int) -> tuple[int, int]:
    """Give the picture's height and width, in pixels."""
    linear = level.affine[:-1, :-1]
    lengths = [float(np.linalg.norm(linear[:, axis])) for axis in _axes(plane)]
    one_unit = len({(image.axes[axis].type, image.axes[axis].unit) for axis in _axes(plane)}) == 1
    if not one_unit or not all(math.isfinite(x) and x > 0 for x in lengths):
        lengths = [1.0, 1.0]
    extent = [x * level.shape[axis] for x, axis in zip(lengths, _axes(plane), strict=True)]
    height, width = (max(1, round(size * x / max(extent))) for x in extent)
    return height, width
