"""What every format is to the registry, and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from napari_strata.formats._survey import Survey
from napari_strata.model import Image
from napari_strata.store.hierarchy import Array
from napari_strata.store.tree import Node

Origin = Literal["center", "corner"]


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
    """

    opened: Node
    origin: Origin
    multiscale: str | None
    read_values: Callable[[Array], npt.NDArray[np.float64]]

    def path(self, node: Node) -> str:
        """Give a node's path relative to what was opened."""
        return node.relative_to(self.opened.path)


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
