"""Neuroglancer's precomputed meshes: a folder of them, by itself or named by a volume.

Rules: Neuroglancer's description of meshes. Vertices are in nanometres, x first; voxel i of the
volume lies on [i, i + 1) · resolution there, so `precomputed_mesh_place` says what that is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from napari_strata.formats._protocol import Context, Found, ImagesAt
from napari_strata.formats.precomputed_mesh_info import LEGACY, MULTISCALE, read_mesh_info
from napari_strata.formats.precomputed_mesh_place import Place, place_of_volume, volume_of
from napari_strata.formats.precomputed_mesh_segments import list_segments
from napari_strata.geometry import Geometry, GeometryLocation
from napari_strata.model import Axis, Image, OpenError, Problem
from napari_strata.store.hierarchy import Group
from napari_strata.store.precomputed import INFO_FILE, SUFFIX
from napari_strata.store.tree import Node
from napari_strata.store.values import JsonPlace, quote

NAME: Literal["precomputed"] = "precomputed"
_UNIT = "nm"
_KEY = "mesh"
_NOT_READ = "geometry-not-read"


def open_group(group: Group, context: Context, images_at: ImagesAt) -> Found | None:
    """Open a folder of meshes, or a volume together with those it names.

    Raises
    ------
    OpenError
        If it is a folder of meshes whose ``info`` is damaged.
    """
    if group.encoding != "precomputed":
        return None
    info = group.attributes
    if info.get("@type") in (LEGACY, MULTISCALE) and "scales" not in info:
        volume = volume_of(group.node)
        if volume is not None:
            place = place_of_volume(volume, context)
        else:
            place = Place() if context.origin == "corner" else None
        listed = _is_listed(group.node, group.node, context)
        return Found(geometries=[mesh_folder(group.node, info, place, context, listed=listed)])
    if info.get(_KEY) is None:
        return None
    return _volume(group, context, images_at)


def is_mesh_folder(node: Node) -> bool:
    """Tell whether a volume above a folder names it as that of its meshes."""
    return volume_of(node) is not None


def open_folder(node: Node, context: Context, images_at: ImagesAt) -> Found | None:
    """Open a folder of meshes without an ``info`` that the volume above it names; else None."""
    volume = volume_of(node)
    if volume is None:
        return None
    place, listed = place_of_volume(volume, context), _is_listed(node, node, context)
    return Found(geometries=[mesh_folder(node, None, place, context, listed=listed)])


def _is_listed(node: Node, opened: Node, context: Context) -> bool:
    """List what was opened, and what it costs no request to list."""
    return node.tree.backend.absent_is_free or context.opened == opened


def mesh_folder(
    node: Node,
    info: Mapping[str, Any] | None,
    place: Place | None,
    context: Context,
    *,
    listed: bool,
) -> Geometry:
    """Describe a folder of meshes.

    Parameters
    ----------
    info : its ``info``; None where it has none, as the legacy format allows.
    place : what has to be added to a vertex; None if that is not known.
    listed : whether to list the segments, which may be very many files.

    Raises
    ------
    OpenError
        If ``info`` is no mesh's, or damaged.
    """
    at = node.place(INFO_FILE)
    problems: list[Problem] = []
    kind, metadata = read_mesh_info(info, at, problems)
    if place is None:
        place = Place.unknown(node)
    problems += place.problems
    multiscale = kind == MULTISCALE
    segments = list_segments(node, kind, metadata, problems) if listed else None
    if not listed:
        message = "the segments are not listed here; open this folder by itself to list them"
        problems.append(Problem("segments-not-listed", "info", node.shown_path, message))
    metadata |= {"shift": list(place.shift), "shift_where": place.where}
    return Geometry(
        name=node.name.removesuffix(SUFFIX),
        path=context.path(node),
        format=NAME,
        kind="mesh",
        stored_kind=kind,
        axes=tuple(Axis(name, "space", _UNIT) for name in "zyx"),
        columns=(2, 1, 0),
        levels=(),
        space="declared",
        folder=GeometryLocation(
            node.kvstore(),
            "multiscale-mesh" if multiscale else "legacy-mesh",
            metadata,
            str(at),
        ),
        segments=segments,
        problems=tuple(problems),
        evidence="a folder of meshes without info" if info is None else f"an info file of {kind}",
    )


def _volume(group: Group, context: Context, images_at: ImagesAt) -> Found:
    """Open a volume and its meshes; what is wrong with one does not cost the other."""
    found = Found()
    try:
        found.images += images_at(group, context) or []
    except OpenError as error:
        found.problems.append(error.problem)
    at = group.place(_KEY)
    try:
        node = group.node.descend(group.attributes[_KEY], at)
        listed = _is_listed(node, group.node, context)
        place = place_of_volume(group, context)
        info = node.json(INFO_FILE)
        meshes = mesh_folder(node, info, place, context, listed=listed)
    except OpenError as error:
        found.problems.append(_distrusted(error))
        return found
    if info is None and meshes.segments == ():
        message = f"found {quote(group.attributes[_KEY])}, where there are no meshes"
        found.problems.append(at.problem("no-meshes", "info", message))
    else:
        found.geometries.append(meshes)
    found.images = [_without_remark(image, at) for image in found.images]
    return found


def _distrusted(error: OpenError) -> Problem:
    message = f"{error.problem.message}; the meshes are not read"
    return Problem(_NOT_READ, "error", error.problem.where, message)


def _without_remark(image: Image, at: JsonPlace) -> Image:
    """Take back what the volume says of its meshes, where they are read."""
    left = [p for p in image.problems if (p.code, p.where) != (_NOT_READ, str(at))]
    return replace(image, problems=tuple(left))
