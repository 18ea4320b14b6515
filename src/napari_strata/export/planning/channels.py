"""Images on the same voxels as channels of one image."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata import affine
from napari_strata.arrays.level_array import LevelArray
from napari_strata.arrays.selection import Selection
from napari_strata.arrays.source import Source as Stored
from napari_strata.export.documents.ome_axes import rank
from napari_strata.export.pixels.blocks import Slices
from napari_strata.export.pixels.sources import Source
from napari_strata.export.planning.layer_image import LayerImage, LayerLevel
from napari_strata.model import Axis, ChannelDisplay, Display, Problem

Array = npt.NDArray[Any]

_CHANNEL = Axis("c", "channel")
_SAME_PLACE = 1e-9  # of a voxel, at an image's far end
_MOST_AXES = 5
_NAMELESS = "image"


@dataclass(frozen=True)
class Channels:
    """Arrays of equal shape and dtype along a new axis at ``axis``."""

    arrays: tuple[Any, ...]
    axis: int

    @property
    def shape(self) -> tuple[int, ...]:
        """With the new axis."""
        one = tuple(int(n) for n in self.arrays[0].shape)
        return (*one[: self.axis], len(self.arrays), *one[self.axis :])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of all of them."""
        return _native(self.arrays[0].dtype)


def merged(images: Sequence[LayerImage]) -> list[LayerImage]:
    """Make one image of those whose finest levels have the same voxels, axes and dtype.

    The order is kept. Coarser levels are kept as far as all have the same.

    Images with a channel axis of their own, or with as many axes as can be, stay apart. So do
    labels.
    """
    groups: list[list[LayerImage]] = []
    for image in images:
        alike = next((g for g in groups if _go_together(g[0], image)), None)
        if alike is None:
            groups.append([image])
        else:
            alike.append(image)
    return [_merge(group) if len(group) > 1 else group[0] for group in groups]


def with_channel_axis(image: LayerImage, axis: Axis) -> LayerImage:
    """Give an image a channel axis of length 1."""
    return _merge([replace(image, channel_axis=axis.name)])


def can_have_channels(image: LayerImage) -> bool:
    """Tell whether a channel axis can be added."""
    taken = any(axis.type in ("channel", "other") for axis in image.axes)
    named = any(axis.name == _channel(image).name for axis in image.axes)
    return not taken and not named and len(image.axes) < _MOST_AXES


def _channel(image: LayerImage) -> Axis:
    return Axis(image.channel_axis or _CHANNEL.name, "channel")


def _go_together(one: LayerImage, other: LayerImage) -> bool:
    if {one.kind, other.kind} != {"image"} or one.axes != other.axes:
        return False
    return can_have_channels(one) and _alike(one.levels[0], other.levels[0])


def _alike(one: LayerLevel, other: LayerLevel) -> bool:
    if tuple(one.pixels.shape) != tuple(other.pixels.shape):
        return False
    if _native(one.pixels.dtype) != _native(other.pixels.dtype):
        return False
    if np.array_equal(one.affine, other.affine):
        return True
    off = np.abs(affine.relative(one.affine, other.affine) - np.eye(len(one.affine)))
    ends = np.array([*one.pixels.shape, 1], dtype=np.float64)
    return bool(np.all(off[:-1] @ ends <= _SAME_PLACE))


def _native(dtype: Any) -> np.dtype[Any]:
    native: np.dtype[Any] = np.dtype(dtype).newbyteorder("=")
    return native


def _merge(group: Sequence[LayerImage]) -> LayerImage:
    first = group[0]
    added = _channel(first)
    at = sum(rank(axis) < rank(added) for axis in first.axes)
    levels = []
    for parts in zip(*(image.levels for image in group), strict=False):
        if not all(_alike(part, parts[0]) for part in parts):
            break
        arrays = tuple(part.pixels for part in parts)
        joined = rejoined(arrays, at)
        pixels = Channels(arrays, at) if joined is None else joined
        levels.append(LayerLevel(pixels, affine.insert_axis(parts[0].affine, at, 1.0, 0.0)))
    return LayerImage(
        name=_name(group),
        kind=first.kind,
        axes=(*first.axes[:at], added, *first.axes[at:]),
        levels=tuple(levels),
        display=_display(group),
        losses=tuple(dict.fromkeys(loss for image in group for loss in image.losses)),
        factors=(*first.factors[:at], 1.0, *first.factors[at:]) if first.factors else (),
    )


def _name(group: Sequence[LayerImage]) -> str:
    """Return the words with which all names begin."""
    return " ".join(_common_words([image.name for image in group])) or _NAMELESS


def _common_words(names: Sequence[str]) -> list[str]:
    """Return the words that all names begin with; at least one is left to tell them apart."""
    if len(set(names)) == 1:
        return list(names[:1])
    words = [name.split() for name in names]
    shared = 0
    while all(len(w) > shared + 1 for w in words) and len({w[shared] for w in words}) == 1:
        shared += 1
    return words[0][:shared]


def _display(group: Sequence[LayerImage]) -> Display:
    """Put the looks side by side; images of different names hand what tells them to channels."""
    names = [image.name for image in group]
    shared = len(_common_words(names))
    channels = []
    for image in group:
        channel = next(iter(image.display.channels), ChannelDisplay())
        if channel.label is None and len(set(names)) > 1:
            channel = replace(channel, label=" ".join(image.name.split()[shared:]) or image.name)
        channels.append(channel)
    return replace(group[0].display, channels=tuple(channels))


# ------------------------------------------------------------------------------------- pixels


def rejoined(arrays: Sequence[Any], at: int) -> LevelArray | None:
    """Undo what split a stored array into channels; None if the arrays are not all from there.

    A chunk that holds several channels is read once then, not once a channel.
    """
    if not all(isinstance(array, LevelArray) for array in arrays) or len(arrays) < 2:
        return None
    location, shape, dtype, chunks, _ = arrays[0].__reduce__()[1]
    rest = [array.__reduce__()[1][:4] for array in arrays[1:]]
    if any(other != (location, shape, dtype, chunks) for other in rest):
        return None
    joined = _joined([array.selection for array in arrays], at)
    return (
        None if joined is None else LevelArray(Stored(*arrays[0].__reduce__()[1][:4]), joined, None)
    )


def _joined(selections: Sequence[Selection], at: int) -> Selection | None:
    first = selections[0]
    if any(s.order != first.order for s in selections):
        return None
    columns = list(zip(*(s.picks for s in selections), strict=True))
    differing = [axis for axis, picks in enumerate(columns) if len(set(picks)) > 1]
    if len(differing) != 1 or not all(isinstance(p, int) for p in columns[differing[0]]):
        return None
    axis = differing[0]
    found = [int(p) for p in columns[axis]]
    step = found[1] - found[0]
    if step == 0:
        return None
    whole = range(found[0], found[-1] + (1 if step > 0 else -1), step)
    if list(whole) != found:
        return None
    picks = (*first.picks[:axis], whole, *first.picks[axis + 1 :])
    return Selection(picks, (*first.order[:at], axis, *first.order[at:]))


class ChannelSource:
    """Sources of equal shape and dtype along a new axis.

    Parameters
    ----------
    sources : one a channel.
    axis : where the new axis is.
    """

    def __init__(self, sources: Sequence[Source], axis: int) -> None:
        self._sources = tuple(sources)
        self._axis = axis
        one = self._sources[0]
        self.shape = (*one.shape[:axis], len(self._sources), *one.shape[axis:])
        self.chunks = (*one.chunks[:axis], 1, *one.chunks[axis:])
        self.dtype = one.dtype
        self.portable = all(source.portable for source in self._sources)
        told = "\n".join([str(axis), *(source.identity for source in self._sources)])
        self.identity = hashlib.sha256(told.encode()).hexdigest()

    @property
    def sources(self) -> tuple[Source, ...]:
        """One a channel."""
        return self._sources

    def with_cache(self, cache: int) -> ChannelSource:
        """Return the same voxels, each channel read with its share of so many bytes of cache."""
        share = cache // len(self._sources)
        return ChannelSource([_with_cache(source, share) for source in self._sources], self._axis)

    def read(self, region: Slices) -> Array:
        """Return the voxels of a region."""
        others = (*region[: self._axis], *region[self._axis + 1 :])
        channels = range(len(self._sources))[region[self._axis]]
        return np.stack([self._sources[c].read(others) for c in channels], axis=self._axis)


class WidenedSource:
    """A source whose values are written as a wider type that holds them exactly."""

    def __init__(self, source: Source, dtype: np.dtype[Any]) -> None:
        self._source = source
        self.dtype = np.dtype(dtype)
        self.shape = source.shape
        self.chunks = source.chunks
        self.portable = source.portable
        self.identity = f"{source.identity} as {self.dtype.name}"

    @property
    def sources(self) -> tuple[Source, ...]:
        """What it reads."""
        return (self._source,)

    def with_cache(self, cache: int) -> WidenedSource:
        """Return the same voxels, read with a cache of so many bytes."""
        return WidenedSource(_with_cache(self._source, cache), self.dtype)

    def read(self, region: Slices) -> Array:
        """Return the voxels of a region."""
        return self._source.read(region).astype(self.dtype)


def _with_cache(source: Source, cache: int) -> Source:
    with_cache = getattr(source, "with_cache", None)
    return source if with_cache is None else with_cache(cache)


def widened_loss(name: str, dtype: np.dtype[Any]) -> Problem:
    """Say that values are written as another type."""
    message = f"its values of type {dtype} are written as float32, which readers understand"
    return Problem("type-widened", "info", name, message)
