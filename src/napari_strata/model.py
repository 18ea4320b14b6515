"""What a dataset is, once its metadata has been understood: frozen values, numpy alone.

Vectors and matrices are in array (C, numpy) order everywhere. A level's ``affine`` maps the
CENTRE of a voxel to world, in the unit its axes declare.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from napari_strata import affine as _affine

Severity = Literal["error", "warning", "info"]
Kind = Literal["image", "labels"]
AxisType = Literal["space", "time", "channel", "other"]


@dataclass(frozen=True)
class Problem:
    """Something in the metadata that is not as it should be, and what was made of it.

    Attributes
    ----------
    code : stable, lower-case, with dashes: what kind of problem it is.
    severity : ``error`` (something is not shown), ``warning`` (something was assumed),
        ``info`` (worth knowing).
    where : the file, relative to the container's root, and the JSON key in it; or an image.
    message : one sentence a microscopist understands: found, expected, assumed.
    """

    code: str
    severity: Severity
    where: str
    message: str

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


@dataclass(frozen=True)
class Axis:
    """One array axis.

    ``unit`` is as declared (``"nm"``, ``"micrometer"``); None is a plain voxel.
    """

    name: str
    type: AxisType
    unit: str | None = None


@dataclass(frozen=True)
class ArrayLocation:
    """Where one array is and how it is encoded: enough to open it without another request.

    Attributes
    ----------
    kvstore : tensorstore key-value store specification (JSON) of the array's own folder.
    encoding : which container format.
    metadata : the array's own metadata exactly as read, NOT sanitised; of a precomputed volume
        what `napari_strata.arrays.precomputed` says.
    where : the metadata file, for messages.
    axes : for each axis of the level, the stored axis (array order) it shows; None repeats the
        same values along it. Stored axes that are not listed are looked at at one index. If None
        altogether, the level has the stored axes in their order.
    fixed : (stored axis, index) of stored axes that are not listed; all others have length 1.
    """

    kvstore: Mapping[str, Any]
    encoding: Literal["n5", "zarr2", "zarr3", "precomputed"]
    metadata: Mapping[str, Any]
    where: str
    axes: tuple[int | None, ...] | None = None
    fixed: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class StackLocation:
    """Arrays of equal shape and dtype stacked along a new first axis.

    A part that is None is missing there and reads as zeros (BigDataViewer's missing views).
    """

    parts: tuple[ArrayLocation | None, ...]


@dataclass(frozen=True)
class Tile:
    """An array, its shape and its first voxel's place in a mosaic; level axes, in voxels."""

    location: ArrayLocation
    shape: tuple[int, ...]
    offset: tuple[int, ...]


@dataclass(frozen=True)
class MosaicLocation:
    """Arrays of one dtype laid beside each other, none over another; zeros in between."""

    tiles: tuple[Tile, ...]


Location = ArrayLocation | StackLocation | MosaicLocation


def stored_arrays(location: Location) -> tuple[ArrayLocation, ...]:
    """List the arrays a level is made of."""
    if isinstance(location, ArrayLocation):
        return (location,)
    if isinstance(location, StackLocation):
        return tuple(part for part in location.parts if part is not None)
    return tuple(tile.location for tile in location.tiles)


GRID_SPACING = "grid spacing"
"""What a contribution is called that is the spacing of a full-resolution grid."""


@dataclass(frozen=True)
class Contribution:
    """One number's origin: a matrix, and the file and key that declared it."""

    what: str
    where: str
    matrix: _affine.Matrix


@dataclass(frozen=True)
class Level:
    """One resolution of an image.

    Attributes
    ----------
    path : relative to what was opened.
    shape, chunks : array order, in voxels. ``chunks`` is the smallest unit that is read.
    affine : ``(n + 1, n + 1)``, voxel centre → world.
    origin : the contributions that, composed left to right, make up ``affine``.
    """

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...]
    affine: _affine.Matrix
    location: Location
    origin: tuple[Contribution, ...] = ()

    @property
    def scale(self) -> _affine.Vector | None:
        """Per axis, array order; None where the affine has more than scale and translation."""
        split = _affine.scale_translate(self.affine)
        return None if split is None else split[0]

    @property
    def translate(self) -> _affine.Vector | None:
        """Per axis, array order; None where the affine has more than scale and translation."""
        split = _affine.scale_translate(self.affine)
        return None if split is None else split[1]


@dataclass(frozen=True)
class ChannelDisplay:
    """How one channel is to look; None means not declared.

    Attributes
    ----------
    window : contrast limits (start, end), in values of the data.
    range : the range (min, max) the limits may be moved in.
    color : six hexadecimal digits, without ``#``.
    gamma : the exponent between the limits.
    curve : brightness, 0 to 1, at evenly spaced values from one limit to the other, where that
        is no power of the value.
    inverted : bright where the value is low.
    """

    label: str | None = None
    color: str | None = None
    window: tuple[float, float] | None = None
    range: tuple[float, float] | None = None
    visible: bool = True
    gamma: float | None = None
    curve: tuple[float, ...] | None = None
    inverted: bool = False


Color = tuple[float, float, float, float]


@dataclass(frozen=True)
class Display:
    """Declared rendering.

    Attributes
    ----------
    channels : one entry a channel, in channel order (may be shorter).
    first_position : index of the first plane to show, by the name of its axis.
    label_colors : by label value; red, green, blue, opacity, each 0 to 1.
    label_properties : by label value, whatever is declared of it (plain JSON values).
    additive : whether its light adds to that of the images it overlaps.
    """

    channels: tuple[ChannelDisplay, ...] = ()
    first_position: Mapping[str, int] = field(default_factory=dict)
    label_colors: Mapping[int, Color] = field(default_factory=dict)
    label_properties: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    additive: bool = False


@dataclass(frozen=True)
class CoordinateSystem:
    """A space the image can be shown in (OME-NGFF 0.6).

    Attributes
    ----------
    name : how it is chosen: unique among an image's systems.
    axes : of the space.
    transforms : outermost (applied last) first; composed they map a point of the image's
        intrinsic system to this one. Matrices are ``(m + 1, n + 1)``, m and n the numbers of
        axes after and before. None where there is no such linear map.
    problem : why ``transforms`` is None.
    source : of a system of another group, that group's path relative to the image, and the
        system's name there.
    """

    name: str
    axes: tuple[Axis, ...]
    transforms: tuple[Contribution, ...] | None
    problem: Problem | None = None
    source: tuple[str, str] | None = None


@dataclass(frozen=True)
class Image:
    """A multiscale image (or labels): levels from finest to coarsest.

    Attributes
    ----------
    path : relative to what was opened.
    systems : the coordinate systems it can be shown in, its intrinsic one first; empty where
        the format has none.
    system : the name of the one that ``axes`` and the levels' affines are in.
    intrinsic : the image in its intrinsic system, where it is shown in another.
    whole : what several images are the parts of, such as the stacks of a slice: they are opened
        together. None for an image by itself.
    beside : offered beside the others of its dataset, but not opened with them.
    """

    name: str
    path: str
    format: str
    kind: Kind
    axes: tuple[Axis, ...]
    levels: tuple[Level, ...]
    display: Display = Display()
    problems: tuple[Problem, ...] = ()
    evidence: str = ""
    systems: tuple[CoordinateSystem, ...] = ()
    system: str | None = None
    intrinsic: Image | None = None
    whole: str | None = None
    beside: bool = False

    @property
    def ndim(self) -> int:
        """Number of array axes."""
        return len(self.axes)

    @property
    def channel_axis(self) -> int | None:
        """Index of the channel axis, array order, or None."""
        for index, axis in enumerate(self.axes):
            if axis.type == "channel":
                return index
        return None


@dataclass(frozen=True)
class Dataset:
    """Everything that was found at a path or URL."""

    path: str
    images: tuple[Image, ...]
    problems: tuple[Problem, ...] = ()


def first_error(problems: Iterable[Problem]) -> Problem | None:
    """Return the first problem because of which something is not shown; None if there is none."""
    return next((p for p in problems if p.severity == "error"), None)


class OpenError(ValueError):
    """What was asked for cannot be shown honestly; ``str()`` is one line that says why.

    ``problem`` is that line's; ``problems`` are all that were found on the way.
    """

    def __init__(self, problem: Problem, problems: Iterable[Problem] = ()) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.problems = tuple(dict.fromkeys((*problems, problem)))

    def __reduce__(self) -> tuple[type[OpenError], tuple[Problem, tuple[Problem, ...]]]:
        """Keep the problems when an error crosses to another process."""
        return OpenError, (self.problem, self.problems)
