"""What of a level is wanted: a box in world, and what that is in stored coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_strata import affine
from napari_strata.geometries.crop import Coordinates, inside
from napari_strata.geometries.zvf_level import Chunk, Level
from napari_strata.geometry import Box

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Selection:
    """A box, or everything.

    Attributes
    ----------
    box : ``(2, n)`` around what is wanted in stored coordinates, columns in the order of the
        axes; a little more than that where a transform was inverted. None: everything.
    """

    box: Box | None = None

    @classmethod
    def of(cls, declared: affine.Matrix | None, box: Box | None) -> Selection:
        """Turn a box in world into stored coordinates.

        A transform that cannot be inverted narrows nothing: then everything is read.
        """
        if box is None:
            return cls()
        if declared is None:
            return cls(np.array(box, dtype=np.float64))
        try:
            back = affine.invert(declared)
        except np.linalg.LinAlgError:
            return cls()
        if not np.isfinite(back).all() or np.isnan(box).any():
            return cls()
        low, high = affine.mapped_box(back, box)
        ends = np.stack([low, high, high - low])
        margin = _ROUNDING * (1 + np.where(np.isfinite(ends), np.abs(ends), 0).sum(axis=0))
        return cls(np.array([low - margin, high + margin]))

    @property
    def narrows(self) -> bool:
        """Whether less than everything is wanted."""
        return self.box is not None

    def chunks(self, level: Level, known: tuple[Chunk, ...]) -> tuple[Chunk, ...]:
        """Choose those of the chunks that may have vertices in the box."""
        if self.box is None:
            return known
        in_store = np.empty_like(self.box)
        in_store[:, list(level.columns)] = self.box
        return level.touching(in_store, known)

    def holds(self, vertices: Coordinates) -> npt.NDArray[np.bool_]:
        """Tell which stored vertices are in the box."""
        if self.box is None:
            return np.ones(len(vertices), dtype=bool)
        return inside(vertices, self.box)
