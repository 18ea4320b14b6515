"""COSEM's metadata of an N5 image, with Neuroglancer's keys beside it, all saying the same.

Sources: CellMap's schemas (``multiscale.cosem``) and Neuroglancer's N5 data source; formats.md 1a
and 1b. An array has its ``transform`` (array order, voxel centres) and its own spacing as
``pixelResolution`` (x-first). The group lists the transforms in ``multiscales``, and has the
finest level's spacing and the downsampling factors for Neuroglancer, x-first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_strata import affine
from napari_strata.export.documents.written import NotCarried, WrittenImage
from napari_strata.model import Axis, Problem

Json = dict[str, Any]

N5_VERSION = "4.0.0"
_TOLERANCE = 1e-6  # of a voxel: what its reader calls a contradiction


@dataclass(frozen=True)
class Placed:
    """A level: its array's path in the group, and where voxel centres are, array order."""

    path: str
    scale: tuple[float, ...]
    translate: tuple[float, ...]


@dataclass(frozen=True)
class CosemDocuments:
    """What is written for one image.

    Attributes
    ----------
    group : the group's attributes.
    arrays : by level path, what goes beside ``dimensions`` and the like of each array.
    losses : what Neuroglancer's keys cannot say; COSEM's say all.
    """

    group: Json
    arrays: dict[str, Json]
    losses: tuple[Problem, ...] = ()


def cosem_documents(image: WrittenImage) -> CosemDocuments:
    """Describe an image that is written as COSEM N5.

    Raises
    ------
    NotCarried
        If a level has more than a scale and a translation: COSEM has no place for it.
    """
    levels = []
    for level in image.levels:
        split = affine.scale_translate(level.affine)
        if split is None:
            raise NotCarried(
                "COSEM N5 can scale and move an image, not turn or shear it: the place of "
                f"{image.name} would be lost; write OME-Zarr 0.6, or resample it first"
            )
        levels.append(Placed(level.path, tuple(split[0].tolist()), tuple(split[1].tolist())))
    return documents_of(image.name, image.axes, levels)


def documents_of(name: str, axes: Sequence[Axis], levels: Sequence[Placed]) -> CosemDocuments:
    """Describe levels, finest first, on these axes.

    Raises
    ------
    NotCarried
        If two axes have one name.
    """
    if len({a.name for a in axes}) != len(axes):
        raise NotCarried(f"each axis needs a name of its own, found {[a.name for a in axes]}")
    transforms = {level.path: transform(axes, level) for level in levels}
    datasets = [{"path": path, "transform": value} for path, value in transforms.items()]
    group: Json = {"multiscales": [{"name": name, "datasets": datasets}]}
    keys, losses = neuroglancer_keys(axes, levels)
    group.update(keys)
    arrays = {
        level.path: {"transform": transforms[level.path], **_resolution(axes, level.scale)}
        for level in levels
    }
    return CosemDocuments(group, arrays, tuple(losses))


def transform(axes: Sequence[Axis], level: Placed) -> Json:
    """Describe one level's place, array order."""
    return {
        "axes": [a.name for a in axes],
        "units": [a.unit or "" for a in axes],
        "scale": list(level.scale),
        "translate": list(level.translate),
    }


def neuroglancer_keys(axes: Sequence[Axis], levels: Sequence[Placed]) -> tuple[Json, list[Problem]]:
    """Describe the grid of all levels as Neuroglancer reads it, x-first, and what it cannot say.

    There are no factors where a level is finer than the first, is mirrored, or is not called
    ``s0``, ``s1`` … as Neuroglancer wants: it would show something else.
    """
    first = levels[0]
    losses = _lost(axes, levels)
    if min(first.scale) < 0 or [p.path for p in levels] != [f"s{i}" for i in range(len(levels))]:
        return {}, losses
    factors = [
        [_whole(s / b) for s, b in zip(level.scale[::-1], first.scale[::-1], strict=True)]
        for level in levels
    ]
    if min(min(row) for row in factors) <= 0:
        return {}, losses
    keys: Json = {
        "axes": [a.name for a in axes[::-1]],
        "units": [a.unit or "" for a in axes[::-1]],
        **_resolution(axes, first.scale),
        "scales": factors,
    }
    return keys, losses


def _resolution(axes: Sequence[Axis], scale: Sequence[float]) -> Json:
    """Give ``pixelResolution``; none where it would be mirrored, or units differ."""
    units = {a.unit or "" for a in axes}
    if min(scale) < 0 or len(units) > 1:
        return {} if min(scale) < 0 else {"resolution": list(scale[::-1])}
    return {"pixelResolution": {"dimensions": list(scale[::-1]), "unit": next(iter(units))}}


def _whole(value: float) -> float | int:
    near = round(value)
    return near if near > 0 and abs(value - near) <= _TOLERANCE * near else value


def _lost(axes: Sequence[Axis], levels: Sequence[Placed]) -> list[Problem]:
    """Say where Neuroglancer's keys put levels elsewhere than the transforms do."""
    first = levels[0]
    spacing = np.abs(first.scale)
    moved = [a.name for a, t in zip(axes, first.translate, strict=True) if t != 0]
    losses = []
    if moved:
        message = (
            f"Neuroglancer's keys have no origin: readers of those alone show the image at 0 along "
            f"{', '.join(moved)}"
        )
        losses.append(Problem("neuroglancer-without-origin", "info", first.path, message))
    for level in levels[1:]:
        expected = np.array(first.translate) + (np.array(level.scale) - first.scale) / 2
        apart = np.abs(expected - level.translate)
        if np.any(apart > _TOLERANCE * spacing):
            shown = ", ".join(f"{d:g}" for d in apart)
            message = (
                "Neuroglancer's keys put each level's corner on the finest one's: readers of those "
                f"alone show this level {shown} beside its place ({axes[0].unit or 'voxels'})"
            )
            losses.append(Problem("neuroglancer-shifted", "info", level.path, message))
            break
    return losses
