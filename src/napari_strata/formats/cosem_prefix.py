"""What is looked at in a dataset folder as COSEM / CellMap publishes it.

``NAME/NAME.n5`` and ``NAME/NAME.zarr`` hold images, ``NAME/neuroglancer/em`` precomputed volumes
of some of them. All are in the same world, so that together they are one dataset. What is in
``NAME/neuroglancer/mesh`` can be hundreds of thousands of files, and is not searched.
"""

from __future__ import annotations

from collections.abc import Sequence

from napari_strata import units
from napari_strata.model import Image, Problem
from napari_strata.store.prefix import MESH, NEUROGLANCER, is_prefix
from napari_strata.store.tree import Node


def without_meshes(node: Node, names: Sequence[str], problems: list[Problem]) -> list[str]:
    """Leave the folder of meshes out of the names of folders in ``node``, and say so."""
    if MESH not in names or not _is_neuroglancer_of_prefix(node):
        return list(names)
    where = node.child(MESH).shown_path
    message = "holds meshes, which are not read"
    problems.append(Problem("geometry-not-read", "info", where, message))
    return [name for name in names if name != MESH]


def _is_neuroglancer_of_prefix(node: Node) -> bool:
    """Tell whether a folder is ``NAME/neuroglancer``; also where it was opened by itself."""
    if node.name != NEUROGLANCER:
        return False
    above = node.parent
    if above is None:
        return True
    listing = above.listing()
    return listing is not None and is_prefix(above.name, listing.folders)


def contradicting_volumes(images: Sequence[Image]) -> list[Problem]:
    """Tell of precomputed volumes of another voxel size than the image they are named after.

    Where world 0 is at the centre of a volume's own first voxel, it is not where the image has it.
    """
    problems = []
    for volume in images:
        if volume.format != "precomputed":
            continue
        for image in images:
            if image.name != volume.name or image.format in ("precomputed", "neuroglancer-n5"):
                continue
            if _spacing(image) not in (_spacing(volume), None):
                message = (
                    f"has voxels of another size than {image.path}, which it is named after; "
                    "the two may be up to half a voxel apart"
                )
                problems.append(Problem("different-spacing", "warning", volume.path, message))
    return problems


def _spacing(image: Image) -> tuple[tuple[str, float], ...] | None:
    """Return the size of an image's finest voxels by axis, in µm; None where it is not known."""
    scale = image.levels[0].scale
    if scale is None:
        return None
    result = []
    for axis, size in zip(image.axes, scale, strict=True):
        unit = units.parse(axis.unit or "")
        if unit is not None and unit.dimension == "length":
            result.append((axis.name, float(f"{abs(size) * unit.factor:.6g}")))
    return tuple(sorted(result)) or None
