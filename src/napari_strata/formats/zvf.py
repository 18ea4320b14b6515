"""The Zarr Vector Format: points, lines, graphs and meshes in levels, in a Zarr v3 group.

Rules: ``zarr_vectors.core.metadata`` of zarr-vectors 0.9.2, and formats.md, section 3. A store is
told by its own block ``zarr_vectors``, or by ``multiscales`` that say so: before OME-Zarr, as its
``multiscales`` and ``ome`` look like an image's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_strata.formats._assemble import image_name
from napari_strata.formats._protocol import Context, Found
from napari_strata.formats.zvf_axes import Frame, read_frame
from napari_strata.formats.zvf_datasets import listed_levels
from napari_strata.formats.zvf_keys import (
    LEVEL_KEY,
    LEVEL_NAME,
    MULTISCALES,
    OURS,
    PARTS,
    STORE_KEY,
    SUFFIX,
    not_used,
)
from napari_strata.formats.zvf_levels import Levels, level_value
from napari_strata.formats.zvf_parts import (
    KINDS,
    PARAMETRIC,
    Holds,
    own_kind,
    part_nodes,
    read_parts,
    read_types,
)
from napari_strata.formats.zvf_version import SERIES, read_version
from napari_strata.geometry import Geometry, GeometryLevel
from napari_strata.model import OpenError, Problem, first_error
from napari_strata.store.container import identify
from napari_strata.store.hierarchy import Group, is_array
from napari_strata.store.tree import Node, prefetch
from napari_strata.store.values import JsonPlace, mapping, positive_vector, sequence

_FORMAT, _TYPE = "zarr_vectors", "zarr_vectors_multiscale"
_ENCODINGS = ("zarr3", "zarr2")
_ARRAY_KEY = "zv_array"
_FOREIGN = frozenset({"ome", MULTISCALES})  # keys of an image
_APPLICATIONS = "user_metadata"


def speaks(group: Group) -> bool:
    """Tell whether a group is a ZVF store, of whatever version."""
    if group.encoding not in _ENCODINGS:
        return False
    if STORE_KEY not in group.attributes and not _in_multiscales(group.attributes):
        return False
    return not is_array(group)


def _in_multiscales(attributes: Mapping[str, Any]) -> bool:
    value = attributes.get(MULTISCALES)
    for entry in value if isinstance(value, list) else []:
        if isinstance(entry, dict):
            metadata = entry.get("metadata")
            named = isinstance(metadata, dict) and metadata.get("format") == _FORMAT
            if named or entry.get("type") == _TYPE:
                return True
    return False


def store_above(node: Node, group: Group | None) -> Node | None:
    """Find the store that a level, an array or a chunk's folder belongs to; None if to none.

    An image, or anything else that lies in a store's folder, is no part of it.
    Where each look costs a request, folders above are asked only if something speaks for ZVF.
    """
    if group is not None and (group.encoding not in _ENCODINGS or speaks(group)):
        return None
    marks = {LEVEL_KEY, _ARRAY_KEY}
    marked = group is not None and not marks.isdisjoint(group.attributes)
    if group is not None and not marked and not _FOREIGN.isdisjoint(group.attributes):
        return None
    named = node.lineage()[-1].name.endswith(SUFFIX)
    if not (marked or named or node.tree.backend.absent_is_free):
        return None
    above = node.parent
    while above is not None:
        names = node.relative_to(above.path).split("/")
        if _is_store(above):
            return above if marked or _is_part(names, group) else None
        above = above.parent
    return None


def _is_part(names: Sequence[str], group: Group | None) -> bool:
    """Tell whether a path in a store is that of a level, or of what belongs to one."""
    if not LEVEL_NAME.fullmatch(names[0]):
        return names[0] == PARAMETRIC
    return len(names) == 1 or names[1] in PARTS or group is None


def _is_store(node: Node) -> bool:
    try:
        group = identify(node)
    except OpenError:
        return False
    return group is not None and speaks(group)


def open_group(group: Group, context: Context) -> Found | None:
    """Open a store; None if the group is none.

    Raises
    ------
    OpenError
        If nothing in it can be shown honestly: what lies below is no image either.
    """
    if speaks(group):
        return Found(geometries=[_geometry(group, context)])
    if LEVEL_KEY in group.attributes and not is_array(group):
        message = "found a level without its store, expected zarr.json with zarr_vectors above it"
        raise group.place(LEVEL_KEY).refuse("zvf-level-alone", message)
    return None


def _geometry(group: Group, context: Context) -> Geometry:
    place = group.place(STORE_KEY)
    own = mapping(group.attributes.get(STORE_KEY, {}), place)
    version = read_version(own, place)
    if group.encoding != "zarr3":
        message = f"found a Zarr v2 group, expected Zarr v3, as ZVF {SERIES[0]}.{SERIES[1]} has"
        raise place.refuse("zvf-version", message)
    types = read_types(own.get("geometry_types"), place.child("geometry_types"))
    multiscale, at = _multiscale(group)
    problems: list[Problem] = []
    frame = read_frame(own, place, multiscale, at, problems)
    levels = Levels(group, context, frame, problems)
    listed = listed_levels(group, multiscale.get("datasets"), at.child("datasets"), problems)
    nodes = [level.node for level in listed]
    prefetch([*nodes, *part_nodes(group.node, nodes)], "zarr.json")
    common = levels.transforms(multiscale, at)
    drafts = levels.read(listed)
    parts = read_parts(group.node, nodes, problems)
    finest = Holds(
        vertices=any(draft.vertex_count for draft in drafts),
        arrays=drafts[0].arrays if drafts else None,
    )
    kind = own_kind(types, place.child("geometry_types"), parts, finest, problems)
    base = _base_cell(own, place, frame, problems)
    made: list[GeometryLevel] = []
    for draft in drafts:
        try:
            made.append(level_value(draft, common, base, kind, version, levels))
        except OpenError as error:
            problems.append(error.problem)
    if not made:
        error_found = first_error(problems) or at.child("datasets").problem(
            "no-levels", "error", "found no level, expected one"
        )
        raise OpenError(error_found, problems)
    return Geometry(
        name=image_name(group.node).removesuffix(SUFFIX),
        path=context.path(group.node),
        format="zvf",
        kind=KINDS[kind],
        stored_kind=kind,
        axes=frame.axes,
        columns=frame.columns,
        levels=tuple(made),
        bounds=frame.bounds,
        space=context.vertices,
        layer=_layer(group, problems),
        problems=tuple(problems),
        evidence=f"zarr_vectors {version} with {len(made)} levels",
    )


def _multiscale(group: Group) -> tuple[Mapping[str, Any], JsonPlace]:
    """Return the first entry of ``multiscales``: zarr-vectors knows no other."""
    place = group.place(MULTISCALES)
    entries = sequence(group.attributes.get(MULTISCALES), place)
    if not entries:
        raise place.refuse("no-levels", "found an empty list, expected the levels")
    return mapping(entries[0], place.item(0)), place.item(0)


def _base_cell(
    own: Mapping[str, Any], place: JsonPlace, frame: Frame, problems: list[Problem]
) -> npt.NDArray[np.float64]:
    """Return the edges of the bins of level 0, those of a chunk where none are declared."""
    key = "base_bin_shape"
    if own.get(key) is not None:
        try:
            return np.array(positive_vector(own[key], place.child(key), frame.ndim))
        except OpenError as error:
            problems.append(not_used(error))
    return np.array(frame.chunk)


def _layer(group: Group, problems: list[Problem]) -> Mapping[str, Any]:
    """Return what we wrote ourselves into the store's metadata of applications."""
    applications = group.attributes.get(_APPLICATIONS)
    if not isinstance(applications, dict) or OURS not in applications:
        return {}
    try:
        return mapping(applications[OURS], group.place(_APPLICATIONS).child(OURS))
    except OpenError as error:
        problems.append(not_used(error))
        return {}
