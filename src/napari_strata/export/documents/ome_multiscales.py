"""The ``multiscales`` block of OME-NGFF 0.4, 0.5 and 0.6, and the scene of 0.6.

Before 0.6 a level has a scale and a translation along its axes, nothing else. In 0.6 too, in the
image's own system ("intrinsic"); what turns or shears it leads from there to the world of a
scene, which is what readers show first (0.6, "scene" metadata).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from napari_strata import affine
from napari_strata.affine import Matrix, Vector
from napari_strata.export.documents.ome_axes import axes_as_json, unit_factor
from napari_strata.export.documents.written import NotCarried, WrittenImage
from napari_strata.model import Axis

Version = Literal["0.4", "0.5", "0.6"]
VERSIONS: tuple[Version, ...] = ("0.4", "0.5", "0.6")

INTRINSIC = "physical"
WORLD = "world"

Json = dict[str, Any]


def is_plain(image: WrittenImage) -> bool:
    """Tell whether every level is scaled, by numbers above 0, and moved along its axes alone."""
    return is_straight([level.affine for level in image.levels])


def is_straight(matrices: Sequence[Matrix]) -> bool:
    """Tell whether all matrices only scale, by numbers above 0, and move."""
    return all(_plain(matrix) is not None for matrix in matrices)


def _plain(matrix: Matrix) -> tuple[Vector, Vector] | None:
    split = affine.scale_translate(matrix)
    return split if split is not None and np.all(split[0] > 0) else None


def multiscales(image: WrittenImage, version: Version) -> list[Json]:
    """Describe an image's levels.

    Raises
    ------
    NotCarried
        If the version has no place for the image's axes or transforms.
    """
    block: Json = {"name": image.name}
    if version == "0.4":
        block = {"version": "0.4", **block}
    if version == "0.6":
        block["coordinateSystems"] = [system(INTRINSIC, image)]
        block["datasets"] = _datasets_06(image)
    else:
        block["axes"] = axes_as_json(image.axes)
        block["datasets"] = _datasets(image, version)
    if image.method:
        block["type"] = image.method
    return [block]


def _datasets(image: WrittenImage, version: Version) -> list[Json]:
    datasets = []
    for level in image.levels:
        split = _plain(level.affine)
        if split is None:
            raise NotCarried(
                f"OME-Zarr {version} can scale and move an image, not turn, shear or mirror it: "
                f"the place of {image.name} would be lost; write 0.6, or resample it first"
            )
        datasets.append({"path": level.path, "coordinateTransformations": _steps(*split)})
    return datasets


def _steps(scale: Vector, translate: Vector) -> list[Json]:
    return [
        {"type": "scale", "scale": scale.tolist()},
        {"type": "translation", "translation": translate.tolist()},
    ]


def _datasets_06(image: WrittenImage) -> list[Json]:
    datasets = []
    for level, (scale, translate) in zip(image.levels, intrinsic(image).levels, strict=True):
        transform = {
            "type": "sequence",
            "transformations": _steps(scale, translate),
            "input": {"path": level.path},
            "output": {"name": INTRINSIC},
        }
        datasets.append({"path": level.path, "coordinateTransformations": [transform]})
    return datasets


@dataclass(frozen=True)
class Intrinsic:
    """An image's own system.

    Attributes
    ----------
    levels : scale and translation of each level in it, array order.
    to_world : ``(n + 1, n + 1)`` from there to world; None if it is the world itself.
    """

    levels: tuple[tuple[Vector, Vector], ...]
    to_world: Matrix | None


def intrinsic(image: WrittenImage) -> Intrinsic:
    """Split an image's transforms into scales along its axes, and what they have in common.

    Raises
    ------
    NotCarried
        If a level is turned or sheared against the finest one.
    """
    return intrinsic_of([level.affine for level in image.levels], image.name)


def intrinsic_of(matrices: Sequence[Matrix], name: str) -> Intrinsic:
    """Split the transforms of an image's levels, as `intrinsic` does."""
    plain = [_plain(matrix) for matrix in matrices]
    if all(split is not None for split in plain):
        return Intrinsic(tuple(split for split in plain if split is not None), None)
    base = matrices[0]
    n = len(base) - 1
    spacing = np.linalg.norm(base[:n, :n], axis=0)
    levels = []
    for index, matrix in enumerate(matrices):
        split = _plain(_straightened(affine.relative(matrix, base)))
        if split is None:
            raise NotCarried(
                f"level {index} of {name} is turned or sheared against its finest "
                "level; OME-Zarr has one direction for all levels of an image"
            )
        levels.append((spacing * split[0], spacing * split[1]))
    return Intrinsic(tuple(levels), affine.compose(base, affine.from_scale_translate(1 / spacing)))


_ROUNDING = 1e-9  # of a voxel of the finest level


def _straightened(matrix: Matrix) -> Matrix:
    """Drop what inverting and multiplying matrices left beside the diagonal."""
    n = matrix.shape[0] - 1
    linear = np.where(np.abs(matrix[:n, :n]) > _ROUNDING, matrix[:n, :n], 0.0)
    result = np.eye(n + 1)
    result[:n, :n], result[:n, n] = linear, matrix[:n, n]
    return affine.frozen(result)


def system(name: str, image: WrittenImage) -> Json:
    """Describe a coordinate system (0.6) with the axes of an image."""
    return {"name": name, "axes": axes_as_json(image.axes)}


def scene(images: Sequence[WrittenImage]) -> Json:
    """Describe where images in groups of their own are in one world (0.6).

    Raises
    ------
    NotCarried
        If they have axes of their own each.
    """
    first = images[0]
    transforms = []
    for image in images:
        if not same_world(image.axes, first.axes):
            raise NotCarried(
                f"{image.name} has other axes than {first.name}; a scene has one world for all: "
                "write them one by one"
            )
        transforms.append(_to_world(image, first.axes))
    return {"coordinateSystems": [system(WORLD, first)], "coordinateTransformations": transforms}


def same_world(one: Sequence[Axis], other: Sequence[Axis]) -> bool:
    """Tell whether axes are the same but for units that convert."""
    if [(a.name, a.type) for a in one] != [(a.name, a.type) for a in other]:
        return False
    return all(unit_factor(a, b) is not None for a, b in zip(one, other, strict=True))


def _to_world(image: WrittenImage, world: Sequence[Axis]) -> Json:
    matrix = intrinsic(image).to_world
    factors = [unit_factor(a, b) or 1.0 for a, b in zip(image.axes, world, strict=True)]
    if any(factor != 1 for factor in factors):
        matrix = (
            affine.from_scale_translate(factors)
            if matrix is None
            else (affine.compose(affine.from_scale_translate(factors), matrix))
        )
    ends = {"input": {"name": INTRINSIC, "path": image.path}, "output": {"name": WORLD}}
    if matrix is None:
        return {"type": "identity", **ends}
    return {"type": "affine", "affine": matrix[:-1].tolist(), **ends}
