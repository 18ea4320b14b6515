"""What is said of an image that is written, whatever the format."""

from __future__ import annotations

from dataclasses import dataclass

from napari_strata.affine import Matrix
from napari_strata.model import Axis, Display, Kind


@dataclass(frozen=True)
class WrittenLevel:
    """One level: its array's path relative to the image's group, and voxel centre → world."""

    path: str
    affine: Matrix


@dataclass(frozen=True)
class WrittenImage:
    """An image as its metadata tells of it.

    Attributes
    ----------
    path : of its group, relative to the root of what is written; empty for the root itself.
    axes : array order, names and units as they are to be written.
    levels : finest first; affines ``(n + 1, n + 1)`` in the axes' units.
    method : how each level was made from the one before, such as ``mean``; empty if not known.
    """

    name: str
    path: str
    kind: Kind
    axes: tuple[Axis, ...]
    levels: tuple[WrittenLevel, ...]
    display: Display
    method: str


class NotCarried(ValueError):
    """The format, or its version, has no place for something; ``str()`` says what is lost."""
