"""The synthetic specimen of every sample: an analytic function of place, in micrometres.

Because it is evaluated at the centre of each voxel, every level of every sample shows the
specimen exactly where its metadata says, whatever its voxel size, origin or rotation.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint16]
Matrix = npt.NDArray[np.float64]
Stain = Literal["all", "cells", "nuclei", "mitochondria"]
Place = tuple[float, float, float]

BEADS: tuple[Place, ...] = ((48.0, 72.0, 86.0), (35.0, 57.0, 107.0), (61.0, 103.0, 63.0))
"""Centres of the beads: z, y, x in micrometres. No cell is near one."""

BEAD_LABEL = 1000
"""Label of the first bead; the others follow."""

_BEAD_SIGMA = 1.1
_BEAD_SIGMA_IN_VOXELS = 0.75
_BACKGROUND = 0.03

# Centre and radii of each cell: z, y, x in micrometres.
_CELLS: tuple[tuple[Place, Place], ...] = (
    ((42, 151, 53), (18, 24, 21)),
    ((43, 118, 125), (15, 25, 21)),
    ((41, 88, 21), (19, 17, 22)),
    ((40, 12, 130), (14, 23, 18)),
    ((46, 140, 11), (14, 26, 23)),
    ((44, 13, 8), (16, 21, 22)),
    ((54, 84, 151), (20, 20, 26)),
    ((47, 5, 92), (15, 19, 19)),
    ((40, 154, 89), (14, 19, 16)),
    ((45, 33, 61), (20, 20, 23)),
    ((50, 53, 17), (18, 21, 26)),
    ((54, 153, 156), (19, 25, 27)),
    ((54, 117, 40), (17, 16, 15)),
    ((51, 48, 151), (19, 15, 20)),
    ((44, 114, 84), (19, 17, 16)),
    ((54, 34, 106), (17, 15, 18)),
    ((50, 72, 52), (19, 17, 16)),
    ((15, 134, 140), (17, 25, 26)),
    ((10, 145, 40), (17, 18, 23)),
    ((86, 110, 47), (17, 26, 17)),
    ((86, 118, 107), (15, 27, 22)),
    ((74, 120, 5), (18, 25, 18)),
    ((84, 9, 51), (19, 17, 23)),
    ((84, 10, 154), (15, 24, 21)),
    ((12, 76, 113), (15, 25, 20)),
    ((12, 43, 37), (17, 21, 20)),
    ((77, 77, 71), (16, 17, 18)),
    ((11, 28, 92), (19, 21, 26)),
    ((9, 55, 156), (15, 23, 19)),
    ((10, 83, 37), (17, 21, 18)),
)


@dataclass(frozen=True)
class _Ellipsoid:
    """Centre and radii (z, y, x) in micrometres; ``turn`` is about z, in radians."""

    centre: Place
    radii: Place
    turn: float = 0.0


Axes = tuple[Matrix, Matrix, Matrix]
Profile = Callable[[Values], Values]


def places(shape: Sequence[int], matrix: Matrix) -> Axes:
    """Return z, y and x of every voxel centre in micrometres, as arrays that broadcast.

    Parameters
    ----------
    shape : three sizes, array order.
    matrix : (3, 4), voxel index → z, y, x in micrometres.
    """
    index = np.ogrid[tuple(slice(size) for size in shape)]
    result = []
    for row in matrix:
        place = np.full((1, 1, 1), row[3])
        for factor, steps in zip(row[:3], index, strict=True):
            if factor:
                place = place + factor * steps
        result.append(place)
    return result[0], result[1], result[2]


def image(shape: Sequence[int], matrix: Matrix, stain: Stain = "all") -> Values:
    """Return the specimen as seen through one stain, 0 to 1, on a grid of voxels.

    Beads are seen in every stain and are alone in reaching 1.

    Parameters
    ----------
    shape : three sizes, array order.
    matrix : (3, 4), voxel index → z, y, x in micrometres.
    """
    z, y, x = axes = places(shape, matrix)
    blur = max(2.0, float(np.abs(matrix[:, :3]).sum(axis=1).mean()))
    texture = (
        np.sin(0.31 * x + 0.17 * z) * np.sin(0.27 * y - 0.13 * x) * np.cos(0.23 * z + 0.19 * y)
    )
    picture = np.full(shape, _BACKGROUND, dtype=np.float32)
    for number, (centre, radii) in enumerate(_CELLS):
        if stain in ("all", "cells"):
            _paint(picture, axes, _Ellipsoid(centre, radii), _body(min(radii), blur, number))
        if stain in ("all", "cells", "mitochondria"):
            for part in _mitochondria(number):
                _paint(picture, axes, part, _solid(0.56, min(part.radii), blur))
        if stain in ("all", "nuclei"):
            nucleus = _nucleus(number)
            _paint(picture, axes, nucleus, _solid(0.72, min(nucleus.radii), blur))
    # Only what is lit is textured, so that the dark stays dark.
    picture += (picture - _BACKGROUND) * np.float32(0.18) * texture.astype(np.float32)
    brightest: Values = np.maximum(picture, _beads(axes, matrix).max(axis=0))
    return brightest


def labels(shape: Sequence[int], matrix: Matrix) -> Labels:
    """Return mitochondria as labels from 1 and beads from ``BEAD_LABEL``; 0 is background.

    Parameters
    ----------
    shape : three sizes, array order.
    matrix : (3, 4), voxel index → z, y, x in micrometres.
    """
    axes = places(shape, matrix)
    result = np.zeros(shape, dtype=np.uint16)
    label = 0
    for number in range(len(_CELLS)):
        for part in _mitochondria(number):
            label += 1
            found = _window(axes, part)
            if found is not None:
                window, radius = found
                result[window][radius <= 1] = label
    for number, bead in enumerate(_beads(axes, matrix)):
        result[bead > 0.5] = BEAD_LABEL + number
    return result


def outlines(count: int) -> tuple[Matrix, npt.NDArray[np.int64]]:
    """Return points on the cells' surfaces, and the cell of each, counted from 1.

    Parameters
    ----------
    count : points on each cell, spread evenly by the golden angle.

    Returns
    -------
    ``(N, 3)`` z, y and x in micrometres, and ``(N,)``.
    """
    step = np.arange(count)
    up = 1 - (2 * step + 1) / count
    out, turn = np.sqrt(1 - up**2), step * np.pi * (3 - np.sqrt(5))
    sphere = np.column_stack([up, out * np.sin(turn), out * np.cos(turn)])
    surfaces = [np.add(centre, sphere * radii) for centre, radii in _CELLS]
    return np.concatenate(surfaces), np.repeat(np.arange(1, len(_CELLS) + 1), count)


def _beads(axes: Axes, matrix: Matrix) -> Values:
    """One picture a bead, 0 to 1: never much narrower than a voxel, so that no level loses it."""
    spacing = np.sqrt((matrix[:, :3] ** 2).sum(axis=1))
    sigma = np.maximum(_BEAD_SIGMA, _BEAD_SIGMA_IN_VOXELS * spacing)
    pictures = []
    for centre in BEADS:
        squares = [
            ((place - middle) / width) ** 2
            for place, middle, width in zip(axes, centre, sigma, strict=True)
        ]
        pictures.append(np.exp(-0.5 * (squares[0] + squares[1] + squares[2])))
    return np.stack(pictures).astype(np.float32)


def _nucleus(number: int) -> _Ellipsoid:
    (z, y, x), (depth, height, width) = _CELLS[number]
    aside = 0.12 * width * (-1) ** number
    return _Ellipsoid((z, y, x + aside), (0.45 * depth, 0.42 * height, 0.42 * width))


def _mitochondria(number: int) -> list[_Ellipsoid]:
    """Twelve rods around the nucleus, spread by the golden angle."""
    (z, y, x), (depth, height, width) = _CELLS[number]
    rods = []
    for step in range(12):
        angle = 2.39996 * (step + number)
        up = 0.55 * (step / 5.5 - 1)
        out = 0.72 * float(np.sqrt(1 - up * up))
        centre = (
            z + up * depth,
            y + out * height * float(np.sin(angle)),
            x + out * width * float(np.cos(angle)),
        )
        rods.append(_Ellipsoid(centre, (2.8, 2.4, 6.5), angle + 1.2))
    return rods


def _window(
    axes: Axes, ellipsoid: _Ellipsoid, reach: float = 1.0
) -> tuple[tuple[slice, slice, slice], Values] | None:
    """Return the box of voxels about an ellipsoid and the relative radius in it, or None."""
    limit = reach * max(ellipsoid.radii[1:]) if ellipsoid.turn else 0.0
    near = [
        np.abs(place - centre) <= max(limit, reach * radius)
        for place, centre, radius in zip(axes, ellipsoid.centre, ellipsoid.radii, strict=True)
    ]
    bounds = []
    for axis in range(3):
        hits = _hits(near, axis)
        if not hits.size:
            return None
        bounds.append(slice(int(hits[0]), int(hits[-1]) + 1))
    window = (bounds[0], bounds[1], bounds[2])
    z, y, x = (
        _cut(place, window) - centre for place, centre in zip(axes, ellipsoid.centre, strict=True)
    )
    cosine, sine = np.cos(ellipsoid.turn), np.sin(ellipsoid.turn)
    along, across = cosine * x + sine * y, cosine * y - sine * x
    depth, height, width = ellipsoid.radii
    radius = np.sqrt((z / depth) ** 2 + (across / height) ** 2 + (along / width) ** 2)
    return window, radius.astype(np.float32)


def _hits(near: Sequence[npt.NDArray[np.bool_]], axis: int) -> npt.NDArray[np.intp]:
    """Return the indices along one array axis at which everything that varies there is near."""
    # Only those: all three together would be a whole volume for each of hundreds of things.
    varying = [mask for mask in near if mask.shape[axis] > 1] or list(near)
    together = functools.reduce(np.logical_and, varying)
    others = tuple(other for other in range(3) if other != axis)
    return np.flatnonzero(together.any(axis=others))


def _cut(place: Matrix, window: tuple[slice, slice, slice]) -> Matrix:
    """Take a box of an array that broadcasts: axes of length 1 stay whole."""
    cuts = tuple(
        part if size > 1 else slice(None) for part, size in zip(window, place.shape, strict=True)
    )
    return place[cuts]


def _paint(picture: Values, axes: Axes, ellipsoid: _Ellipsoid, profile: Profile) -> None:
    found = _window(axes, ellipsoid, reach=1.25)
    if found is not None:
        window, radius = found
        np.maximum(picture[window], profile(radius), out=picture[window])


def _inside(radius: Values, size: float, blur: float) -> Values:
    """1 inside, 0 outside, smooth over ``blur`` micrometres at the surface."""
    ramp: Values = np.clip((1 - radius) * np.float32(size / blur) + np.float32(0.5), 0, 1)
    return ramp * ramp * (3 - 2 * ramp)


def _solid(value: float, size: float, blur: float) -> Profile:
    """Brightest in the middle, like a thing that is lit through."""

    def profile(radius: Values) -> Values:
        shade = 1 - np.float32(0.25) * np.minimum(radius, 1) ** 2
        return np.float32(value) * shade * _inside(radius, size, blur)

    return profile


def _body(size: float, blur: float, number: int) -> Profile:
    """Dim cytoplasm in a brighter membrane; cells differ a little."""
    cytoplasm = np.float32(0.17 + 0.03 * (number % 4))

    def profile(radius: Values) -> Values:
        rim: Values = np.exp(-(((radius - np.float32(0.94)) * np.float32(size / blur)) ** 2))
        return (cytoplasm + np.float32(0.2) * rim) * _inside(radius, size, blur)

    return profile
