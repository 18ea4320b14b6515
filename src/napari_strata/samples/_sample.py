"""What one sample is, and the grids it is evaluated on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from napari_strata.samples._specimen import BEADS, Matrix


@dataclass(frozen=True)
class Sample:
    """A small dataset on disk, and where things in it are.

    Attributes
    ----------
    name : what ``write_sample`` was asked for.
    title : for a menu.
    format : the name of the format.
    path : what to open.
    description : one sentence: what is special about its layout.
    landmarks : centres of bright beads, z, y and x in micrometres, each in every image,
        channel, timepoint and level of the sample. A plain array has voxels of 1 µm.
    extent : per axis the outer faces (low, high) of the sample's largest image at its finest
        level, in micrometres; the bounding box where the image is rotated.
    """

    name: str
    title: str
    format: str
    path: Path
    description: str
    landmarks: tuple[Mapping[str, float], ...]
    extent: Mapping[str, tuple[float, float]]

    @property
    def landmark(self) -> Mapping[str, float]:
        """The first of ``landmarks``."""
        return self.landmarks[0]


def described(
    name: str, title: str, path: Path, description: str, shape: Sequence[int], matrix: Matrix
) -> Sample:
    """Describe a sample whose largest image has this shape and (3, 4) matrix at level 0.

    A sample is named after its format.
    """
    ends = np.array([[-0.5, size - 0.5] for size in shape])
    corners = np.stack(np.meshgrid(*ends, indexing="ij")).reshape(3, -1)
    places = matrix[:, :3] @ corners + matrix[:, 3:]
    return Sample(
        name=name,
        title=title,
        format=name,
        path=path,
        description=description,
        landmarks=tuple(dict(zip("zyx", bead, strict=True)) for bead in BEADS),
        extent={
            axis: (float(row.min()), float(row.max()))
            for axis, row in zip("zyx", places, strict=True)
        },
    )


def grid(scale: npt.ArrayLike, translate: npt.ArrayLike = (0, 0, 0)) -> Matrix:
    """Return the (3, 4) matrix voxel centre → z, y, x of a grid along the axes.

    Parameters
    ----------
    scale, translate : z, y, x in micrometres.
    """
    linear = np.diag(np.asarray(scale, dtype=np.float64))
    return np.column_stack([linear, np.asarray(translate, dtype=np.float64)])
