"""Pyramids and worlds as literal numbers, and levels whose every voxel knows its own index."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from napari_strata.layers.placement import Placement


@dataclass(frozen=True)
class Pyramid:
    """Shapes, scale and translation a level, in array order (z, y, x), in level-0 voxels."""

    shapes: list[tuple[int, int, int]]
    scale: list[float]
    translate: list[float]

    @property
    def placement(self) -> Placement:
        return Placement(
            tuple((s,) * 3 for s in self.scale), tuple((t,) * 3 for t in self.translate)
        )

    @property
    def levels(self) -> range:
        return range(len(self.shapes))

    def numbered(self) -> list[np.ndarray]:
        """Voxel (i, j, k) of every level has the value of its position in C order."""
        return [np.arange(np.prod(s), dtype=np.float32).reshape(s) for s in self.shapes]


PYRAMIDS = {
    # 101 → 50 → 25 → 12, mean of 2³ voxels; (r − 1) / 2
    "mean": Pyramid(
        [(101, 75, 61), (50, 37, 30), (25, 18, 15), (12, 9, 7)], [1, 2, 4, 8], [0, 0.5, 1.5, 3.5]
    ),
    # 101 → 51 → 26 → 13: the last voxels reach beyond level 0
    "ceil": Pyramid(
        [(101, 75, 61), (51, 38, 31), (26, 19, 16), (13, 10, 8)], [1, 2, 4, 8], [0, 0.5, 1.5, 3.5]
    ),
    # every second voxel: even sizes, no translation
    "strided": Pyramid(
        [(96, 80, 64), (48, 40, 32), (24, 20, 16), (12, 10, 8)], [1, 2, 4, 8], [0, 0, 0, 0]
    ),
    # level 1 covers voxels 20 to 79 only
    "part": Pyramid([(100, 100, 100), (30, 30, 30)], [1, 2], [0, 20.5]),
}

YAW = [[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]]  # about z, 36.87°
SHEAR = [[1, 0, 0], [0, 1, 0.25], [0, 0, 1]]
TILT = np.array([[0.8, 0, 0.6], [0, 1, 0], [-0.6, 0, 0.8]]) @ YAW


@dataclass(frozen=True)
class World:
    """What napari is told (``kwargs``) and what that means: ``matrix @ voxel + offset``.

    ``unit`` is the viewer's units per unit of the layer. ``oblique`` worlds have no orthogonal
    planes but the displayed ones given.
    """

    kwargs: dict[str, Any]
    matrix: Any
    offset: Any
    unit: float = 1.0
    planes: tuple[tuple[int, int, int], ...] = ((0, 1, 2), (1, 0, 2), (2, 0, 1))
    extra: dict[str, Any] = field(default_factory=dict)

    def position(self, voxel: Any) -> np.ndarray:
        """Return the world position of a level-0 voxel coordinate, in the viewer's units."""
        return (np.asarray(self.matrix) @ np.asarray(voxel) + np.asarray(self.offset)) * self.unit


def _affine(matrix: Any, offset: Any) -> np.ndarray:
    result = np.eye(4)
    result[:3, :3] = matrix
    result[:3, 3] = offset
    return result


WORLDS = {
    "voxels": World({}, np.eye(3), [0, 0, 0]),
    "anisotropic": World(
        {"scale": [4, 0.5, 0.25], "translate": [10, -3, 7]}, np.diag([4, 0.5, 0.25]), [10, -3, 7]
    ),
    "flipped": World(
        {"scale": [-2, 1, -0.5], "translate": [0, 5, 3]}, np.diag([-2, 1, -0.5]), [0, 5, 3]
    ),
    "rotated": World(
        {"scale": [3, 1, 0.5], "rotate": YAW, "shear": SHEAR, "translate": [1, 2, 3]},
        np.array(YAW) @ SHEAR @ np.diag([3, 1, 0.5]),
        [1, 2, 3],
        planes=((0, 1, 2),),
    ),
    "affine": World(
        {"scale": [2, 1, 1], "translate": [1, 2, 3], "affine": _affine(TILT, [5, 6, 7])},
        TILT @ np.diag([2, 1, 1]),
        TILT @ [1, 2, 3] + [5, 6, 7],
        planes=(),
    ),
    # micrometres in a viewer that shows nanometres because of another layer
    "units": World(
        {"scale": [0.2, 0.1, 0.05], "translate": [1, 2, 3], "units": ["um"] * 3},
        np.diag([0.2, 0.1, 0.05]),
        [1, 2, 3],
        unit=1000.0,
    ),
}


class Recorded:
    """An array that remembers what was read of it."""

    def __init__(self, data: np.ndarray) -> None:
        self.data = data
        self.shape, self.dtype = data.shape, data.dtype
        self.ndim, self.size = data.ndim, data.size
        self.read: list[Any] = []

    def __getitem__(self, key: Any) -> np.ndarray:
        self.read.append(key)
        return self.data[key]

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        self.read.append("all")
        return self.data
