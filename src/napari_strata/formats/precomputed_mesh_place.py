"""Where meshes lie beside the segmentation they are of.

In a mesh voxel i of the segmentation lies on [i, i + 1) · resolution. Where a volume is shown
with world 0 at the centre of its finest voxel 0, that is half such a voxel further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_strata import units
from napari_strata.formats._protocol import Context
from napari_strata.formats.precomputed_scale import read_resolution
from napari_strata.model import Image, OpenError, Problem
from napari_strata.store.container import encoding_hint
from napari_strata.store.hierarchy import Group, read_group
from napari_strata.store.tree import Node

_NM_PER_UM = 1000.0
_KEY = "mesh"
# Formats that leave open where world 0 is: the user's choice moves them.
_OPEN = ("precomputed", "neuroglancer-n5")


@dataclass(frozen=True)
class Place:
    """What has to be added to a vertex: z, y, x in nm; and what says so.

    ``where`` is the file and key of the voxel size, or ``default`` where nothing is added.
    """

    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    where: str = "default"
    problems: tuple[Problem, ...] = ()

    @classmethod
    def unknown(cls, node: Node) -> Place:
        """Leave the meshes where they are, and say that it is not known whether that is right."""
        message = (
            "the segmentation of these meshes is not known; they are shown where "
            "Neuroglancer shows them, which may be half a voxel off the images here"
        )
        problem = Problem("mesh-place-unknown", "warning", node.shown_path, message)
        return cls(problems=(problem,))


def place_of_volume(group: Group, context: Context) -> Place | None:
    """Place meshes on the precomputed volume they are of; None if its voxels are not known.

    Its finest voxel counts, even if that is not shown, as for the volume itself.
    """
    if context.origin == "corner":
        return Place()
    scales, at = group.attributes.get("scales"), group.place("scales")
    if not isinstance(scales, list):
        return None
    known = [
        (resolution, at.item(index).child("resolution"))
        for index, value in enumerate(scales)
        if (resolution := read_resolution(value, at.item(index))) is not None
    ]
    if not known:
        return None
    finest, where = min(known, key=lambda pair: float(np.sum(np.log(pair[0]))))
    return _half(finest, str(where))


def volume_of(node: Node) -> Group | None:
    """Find the volume one folder above that names a folder of meshes as its own."""
    above = node.parent
    if above is None or encoding_hint(node) in ("n5", "zarr3"):
        return None
    try:
        group = read_group(above, "precomputed")
        if group is None or group.attributes.get(_KEY) is None:
            return None
        named = above.descend(group.attributes[_KEY], group.place(_KEY))
    except OpenError:  # is told of where the volume itself is opened
        return None
    return group if named == node else None


def place_of_image(image: Image, context: Context) -> Place | None:
    """Place meshes on the image they are named after; None if its voxels are not known.

    Where that image says itself where world 0 is, at the centre of a voxel, the choice of the
    user does not move it, nor the meshes.
    """
    if image.format in _OPEN and context.origin == "corner":
        return Place()
    sizes = _voxel(image)
    return None if sizes is None else _half(sizes, image.path)


def _voxel(image: Image) -> tuple[float, ...] | None:
    """Return the size of an image's finest voxels, z, y, x in nm; None where it is not known."""
    scale = image.levels[0].scale
    if scale is None:
        return None
    sizes = {}
    for axis, size in zip(image.axes, scale, strict=True):
        unit = units.parse(axis.unit or "")
        if unit is not None and unit.dimension == "length":
            sizes[axis.name.lower()] = abs(float(size)) * unit.factor * _NM_PER_UM
    return tuple(sizes[name] for name in "zyx") if sizes.keys() >= {*"zyx"} else None


def _half(voxel: Sequence[float], where: str) -> Place:
    z, y, x = voxel
    return Place((-z / 2, -y / 2, -x / 2), where)
