"""What a dataset is, once its metadata has been understood: frozen values, numpy alone.

Vectors and matrices are in array (C, numpy) order everywhere. A level's ``affine`` maps the
CENTRE of a voxel to world, in the unit its axes declare.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
    encoding : which of the three container formats.
    metadata : the array's own metadata exactly as read, NOT sanitised.
    where : the metadata file, for messages.
    """

    kvstore: Mapping[str, Any]
    encoding: Literal["n5", "zarr2", "zarr3"]
    metadata: Mapping[str, Any]
    where: str


@dataclass(frozen=True)
class StackLocation:
    """Arrays of equal shape and dtype stacked along a new first axis.

    A part that is None is missing there and reads as zeros (BigDataViewer's missing views).
    """

    parts: tuple[ArrayLocation | None, ...]


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
    location: ArrayLocation | StackLocation
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
    """

    label: str | None = None
    color: str | None = None
    window: tuple[float, float] | None = None
    range: tuple[float, float] | None = None
    visible: bool = True


@dataclass(frozen=True)
class Display:
    """Declared rendering: one entry a channel, in channel order (may be shorter)."""

    channels: tuple[ChannelDisplay, ...] = ()


@dataclass(frozen=True)
class Image:
    """A multiscale image (or labels): levels from finest to coarsest.

    ``path`` is relative to what was opened.
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
    """What was asked for cannot be shown honestly; ``str()`` is one line that says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem

    def __reduce__(self) -> tuple[type[OpenError], tuple[Problem]]:
        """Keep the problem when an error crosses to another process."""
        return OpenError, (self.problem,)
