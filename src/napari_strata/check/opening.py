"""What opening a dataset says of it: the problems of all its images and geometries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_strata import dataset
from napari_strata.model import OpenError, Problem
from napari_strata.store.tree import Node

NO_DEFECTS = frozenset(
    {"bad-location", "no-image", "no-listing", "not-found", "unknown-profile", "unreadable"}
)
"""Why something cannot be opened that is not wrong in itself."""


Part = dataset.Image | dataset.Geometry


@dataclass(frozen=True)
class Opened:
    """What came of opening.

    Attributes
    ----------
    path : of what was opened.
    images, geometries : how many there are.
    problems : each with the image or geometry it belongs to; None for one of the whole.
    error : why there is none.
    """

    path: str
    images: int
    geometries: int
    problems: tuple[tuple[Problem, Part | None], ...]
    error: OpenError | None = None

    @property
    def is_out_of_reach(self) -> bool:
        """Whether there is nothing to be checked, rather than something wrong."""
        return self.error is not None and self.error.problem.code in NO_DEFECTS


def open_images(path: str, node: Node, origin: Literal["center", "corner"]) -> Opened:
    """Open what is at a path, as it is opened to be shown."""
    try:
        found = dataset.open_at(node, path, dataset.Choices(origin=origin))
    except OpenError as error:
        return Opened(path, 0, 0, tuple((problem, None) for problem in error.problems), error)
    of_all = [(problem, None) for problem in found.problems]
    of_images = [(problem, image) for image in found.images for problem in image.problems]
    of_geometries = [(p, geometry) for geometry in found.geometries for p in _problems(geometry)]
    counts = (len(found.images), len(found.geometries))
    return Opened(found.path, *counts, (*of_all, *of_images, *of_geometries))


def _problems(geometry: dataset.Geometry) -> tuple[Problem, ...]:
    """Give a geometry's problems, and why it cannot be told where its vertices are."""
    try:
        return geometry.problems
    except OpenError as error:
        return (*geometry.model.problems, *error.problems)
