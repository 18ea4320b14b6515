"""What is looked at in a dataset folder as COSEM / CellMap publishes it.

``NAME/NAME.n5`` and ``NAME/NAME.zarr`` hold images, ``NAME/neuroglancer/em`` precomputed volumes
of some of them. All are in the same world, so that together they are one dataset. What is in
``NAME/neuroglancer/mesh`` are folders of meshes, each named after the segmentation it is of. Each
can hold hundreds of thousands of files, and is neither searched nor listed.
"""

from __future__ import annotations

from collections.abc import Sequence

from napari_strata import units
from napari_strata.formats._natural_order import natural_key
from napari_strata.formats._protocol import Context, Found, ImagesAt
from napari_strata.formats.precomputed_mesh import mesh_folder
from napari_strata.formats.precomputed_mesh_place import Place, place_of_image, place_of_volume
from napari_strata.model import Image, OpenError, Problem
from napari_strata.store.container import identify
from napari_strata.store.precomputed import INFO_FILE, SUFFIX
from napari_strata.store.prefix import MESH, NEUROGLANCER, is_prefix
from napari_strata.store.tree import Node, prefetch

# Where a segmentation may be, relative to ``NAME``, that meshes are named after.
_NAMESAKES = (
    "neuroglancer/em",
    "neuroglancer/labels",
    "{}.n5/labels",
    "{}.n5/em",
    "{}.zarr/recon-1/labels",
    "{}.zarr/recon-1/em",
)


def without_meshes(node: Node, names: Sequence[str]) -> list[str]:
    """Leave out the folders of meshes, which are opened by `open_folder` and not searched."""
    return [] if is_mesh_parent(node) else list(names)


def is_mesh_parent(node: Node) -> bool:
    """Tell whether a folder is ``NAME/neuroglancer/mesh``; also where it was opened by itself."""
    if node.name != MESH:
        return False
    above = node.parent
    if above is not None:
        return _is_neuroglancer_of_prefix(above)
    outer = node.outer()  # its name alone: nothing above what was opened is read
    return outer is not None and outer.name == NEUROGLANCER


def _is_in_mesh_parent(node: Node) -> bool:
    if node.parent is not None:
        return is_mesh_parent(node.parent)
    outer = node.outer()
    outermost = outer.outer() if outer is not None else None
    names = [above.name for above in (outer, outermost) if above is not None]
    return names == [MESH, NEUROGLANCER]


def _is_neuroglancer_of_prefix(node: Node) -> bool:
    """Tell whether a folder is ``NAME/neuroglancer``; also where it was opened by itself."""
    if node.name != NEUROGLANCER:
        return False
    above = node.parent
    if above is None:
        return True
    listing = above.listing()
    return listing is not None and is_prefix(above.name, listing.folders)


def open_folder(node: Node, context: Context, images_at: ImagesAt) -> Found | None:
    """Open all folders of meshes in ``NAME/neuroglancer/mesh``; None for any other folder.

    One of them that has no ``info``, and is opened by itself, is known by where it lies.

    Raises
    ------
    OpenError
        If the folder cannot be listed.
    """
    if not is_mesh_parent(node):
        if context.opened != node or not _is_in_mesh_parent(node):
            return None
        alone = mesh_folder(node, None, None, context, listed=True)
        return None if alone.segments == () else Found(geometries=[alone])
    found = Found()
    folders = sorted(node.folders(found.problems), key=lambda n: natural_key(n.name))
    prefetch(folders, INFO_FILE)
    for folder in folders:
        try:
            info = folder.json(INFO_FILE)
            place = _place(folder, context, images_at)
            found.geometries.append(mesh_folder(folder, info, place, context, listed=False))
        except OpenError as error:
            message = f"{error.problem.message}; the meshes are not read"
            problem = Problem("geometry-not-read", "error", error.problem.where, message)
            found.problems.append(problem)
    return found


def _place(folder: Node, context: Context, images_at: ImagesAt) -> Place | None:
    """Place meshes by the segmentation of the same name; None if there is none."""
    namesake = _namesake(folder)
    if namesake is None:
        return None
    try:
        group = identify(namesake)
        if group is None:
            return None
        if group.encoding == "precomputed":
            return place_of_volume(group, context)
        images = images_at(group, context)
    except OpenError:
        return None  # is told of where the segmentation itself is opened
    return place_of_image(images[0], context) if images else None


def _namesake(folder: Node) -> Node | None:
    """Find the segmentation a folder of meshes is named after, by listing where it may be."""
    neuroglancer = folder.parent.parent if folder.parent is not None else None
    prefix = neuroglancer.parent if neuroglancer is not None else None
    if prefix is None:
        return None
    listing = prefix.listing()
    there = () if listing is None else listing.folders
    name = folder.name.removesuffix(SUFFIX)
    for path in (place.format(prefix.name) for place in _NAMESAKES):
        node = prefix.child(path)
        if path.partition("/")[0] not in there or not node.inside():
            continue
        for child in node.folders([]):
            if child.name.removesuffix(SUFFIX) == name:
                return child
    return None


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
