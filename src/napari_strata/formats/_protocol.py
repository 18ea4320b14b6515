"""What every format is to the registry, and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from napari_strata.formats._survey import Survey
from napari_strata.geometry import Geometry, VertexSpace
from napari_strata.model import Image, Problem
from napari_strata.store.hierarchy import Array, Group
from napari_strata.store.tree import Node

Origin = Literal["center", "corner"]
Orientation = Literal["image", "stage"]


@dataclass(frozen=True)
class Context:
    """What the user chose, and what a format may ask for.

    Attributes
    ----------
    opened : what was opened; paths of images and levels are relative to it.
    origin : where Neuroglancer-style metadata puts world 0: at the centre of the
        full-resolution voxel 0, or at its corner.
    multiscale : name of the multiscale to show where a group holds several (OME-NGFF).
    read_values : reads a small array of numbers (transform parameters stored as arrays).
    orientation : whether VISoR's stacks are shown in the axes of their images or of the stage.
    vertices : which space ZVF's vertices are to be taken in; None: they decide.
    """

    opened: Node
    origin: Origin
    multiscale: str | None
    read_values: Callable[[Array], npt.NDArray[np.float64]]
    orientation: Orientation = "image"
    vertices: VertexSpace | None = None

    def path(self, node: Node) -> str:
        """Give a node's path relative to what was opened."""
        return node.relative_to(self.opened.path)


@dataclass
class Found:
    """Images, geometries and problems, in the order they are to be listed; true if not empty."""

    images: list[Image] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    geometries: list[Geometry] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.images or self.geometries)


ImagesAt = Callable[[Group, Context], list[Image] | None]
"""Understands one node as images; None if no dialect claims it. May raise OpenError."""


class Collection(Protocol):
    """One kind of group that holds other groups' images."""

    def open_group(self, group: Group, context: Context, images_at: ImagesAt) -> Found | None:
        """Open what the group says it holds; None if it says nothing of that kind.

        Raises
        ------
        OpenError
            If what it says is damaged so that nothing can be opened by it.
        """


class Format(Protocol):
    """One dialect of metadata."""

    def probe(self, survey: Survey) -> str | None:
        """Say what in this node speaks for the dialect; None if nothing does.

        May raise OpenError where the metadata that would tell is damaged.
        """

    def parse(self, survey: Survey, context: Context) -> list[Image]:
        """Understand a node the probe recognised.

        Raises
        ------
        OpenError
            If no honest image is left.
        """
