"""Writing the metadata of a group from its arrays', or the arrays' from the group's.

For COSEM and Neuroglancer in N5, where one side is missing or they contradict each other; of a
ZVF store, its ``multiscales`` block from its level groups. What is contradictory is told with
both numbers, and which side wins was the user's choice.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from napari_strata.affine import from_scale_translate
from napari_strata.dataset import Dataset, Image
from napari_strata.export.documents.cosem_metadata import CosemDocuments, documents_of, transform
from napari_strata.export.documents.written import NotCarried
from napari_strata.export.errors import ExportError
from napari_strata.export.metadata.change import MetadataChange
from napari_strata.export.metadata.edit_cosem import FACTORS
from napari_strata.export.metadata.files import Documents, Json, local_container
from napari_strata.export.metadata.image import open_image
from napari_strata.export.metadata.ome_over_n5 import renew_over_n5
from napari_strata.export.metadata.overlay import open_changed
from napari_strata.export.metadata.place import is_same_place
from napari_strata.export.metadata.regenerate_sides import Side, of_arrays, of_group
from napari_strata.export.metadata.regenerate_zvf import is_zvf, regenerate_zvf
from napari_strata.model import OpenError, Problem

Source = Literal["arrays", "group"]

_GROUP_KEYS = ("axes", "units", "pixelResolution", "resolution", "scales")


def regenerate_metadata(
    path: str | os.PathLike[str], *, source: Source, image: str | None = None
) -> MetadataChange:
    """Plan to write one side's metadata from the other's; call ``write()`` of the result.

    Parameters
    ----------
    path : of an image in N5 with levels ``s0``, ``s1`` …, or of a ZVF store.
    source : which side is right: ``"arrays"``, each array's ``transform`` (or spacing and factors
        of its own), or ``"group"``, its ``multiscales``, else its grid of Neuroglancer.
    image : which one, by path or name, where there are several.

    Raises
    ------
    ExportError
        If that side does not say where every level is, or it is another format.
    OpenError
        If nothing can be opened at ``path``.
    """
    node = local_container(path)
    if is_zvf(node):
        if source != "arrays":
            raise ExportError(f"{node.shown_path}: of a ZVF store only --from arrays is possible")
        return regenerate_zvf(node)
    opened = open_image(path, image)
    if opened.group.encoding != "n5" or "dimensions" in opened.group.attributes:
        raise ExportError(
            f"{opened.image.name}: is no N5 group with levels, which alone has metadata twice"
        )
    documents = Documents(node.tree.root)
    right = (of_arrays if source == "arrays" else of_group)(opened.group)
    notes = _contradictions(opened.group, right, source)
    try:
        new = documents_of(right.name, right.axes, right.levels)
    except NotCarried as error:
        raise ExportError(str(error)) from None
    own = documents.attributes(opened.group.node, "n5")
    if source == "arrays":
        _write_group(own, new, right)
    else:
        notes += _write_arrays(opened.group.node, right, new, documents)
        if "multiscales" not in own:
            own["multiscales"] = new.group["multiscales"]
    changes = documents.changes()
    if changes:
        expected = {p.path: (p.scale, p.translate) for p in right.levels}
        then = open_changed(opened.node, os.fspath(path), changes)
        found = _verified(then, opened.image.path, expected)
        renew_over_n5(opened.group, found.model, documents)
        changes = documents.changes()
    return MetadataChange(Path(node.tree.root), changes, (*notes, *new.losses))


def _write_group(own: Json, new: CosemDocuments, right: Side) -> None:
    """Replace what the group says of its levels; its entries keep all else they hold.

    Where the arrays have a spacing and factors, the group gets those too, and no transforms.
    """
    if not right.by_grid:
        _write_multiscales(own, new)
    for key in _GROUP_KEYS:
        if key in new.group:
            own[key] = new.group[key]
        elif key in own and not (key == "resolution" and "pixelResolution" in new.group):
            del own[key]
    if "resolution" in own and "pixelResolution" in new.group:
        own["resolution"] = new.group["pixelResolution"]["dimensions"]
    for key in FACTORS:
        if key in own and "scales" in new.group:
            own[key] = new.group["scales"]


def _write_multiscales(own: Json, new: CosemDocuments) -> None:
    old = own.get("multiscales")
    block: Json = dict(new.group["multiscales"][0])
    if isinstance(old, list) and old and isinstance(old[0], dict):
        entries = old[0].get("datasets")
        listed = entries if isinstance(entries, list) else []
        kept = {e["path"]: e for e in listed if _has_path(e)}
        block["datasets"] = [_merged(kept.get(d["path"], {}), d) for d in block["datasets"]]
        block = {**old[0], **block}
        own["multiscales"] = [block, *old[1:]]
    else:
        own["multiscales"] = [block]


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> Json:
    """Put a transform in the place of another; array order is what no ``order`` says."""
    before = old.get("transform")
    value = {**(before if isinstance(before, dict) else {}), **new["transform"]}
    for key in ("order", "ordering"):
        if key in value:
            value[key] = "C"
    return {**old, **new, "transform": value}


def _has_path(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("path"), str)


def _write_arrays(
    node: Any, right: Side, new: CosemDocuments, documents: Documents
) -> list[Problem]:
    """Give every array its transform, and its own spacing as ``pixelResolution``.

    n5-viewer would multiply that by factors the array may have: they go.
    """
    notes = []
    for level in right.levels:
        own = documents.attributes(node.child(level.path), "n5")
        old = {"transform": own["transform"]} if isinstance(own.get("transform"), dict) else {}
        fresh = {"transform": transform(right.axes, level)}
        own["transform"] = _merged(old, fresh)["transform"]
        resolution = new.arrays[level.path].get("pixelResolution")
        if resolution is not None:
            own["pixelResolution"] = resolution
        else:
            own.pop("pixelResolution", None)
        for key in FACTORS:
            if own.pop(key, None) is not None:
                message = f"{key} are taken away: beside them pixelResolution means another spacing"
                notes.append(Problem("regenerate-removes", "warning", level.path, message))
    return notes


def _contradictions(group: Any, right: Side, source: Source) -> list[Problem]:
    """Compare both sides, level by level; the other side may say nothing."""
    try:
        other = (of_group if source == "arrays" else of_arrays)(group)
    except (ExportError, OpenError):
        return []
    wrong = {"arrays": "group", "group": "arrays"}[source]
    notes = []
    found = {level.path: level for level in other.levels}
    for level in right.levels:
        if level.path not in found:
            message = f"the {wrong} said nothing of it; written from the {source}"
            notes.append(Problem("regenerate-missing", "info", level.path, message))
            continue
        for what in ("scale", "translate"):
            one, two = getattr(level, what), getattr(found[level.path], what)
            if not np.allclose(one, two, rtol=1e-9, atol=1e-9 * min(map(abs, level.scale))):
                message = (
                    f"{what} is {list(one)} by the {source}, {list(two)} by the {wrong}; "
                    f"the {source} win" + ("s" if source == "group" else "")
                )
                notes.append(Problem("regenerate-contradicts", "warning", level.path, message))
    if [(a.name, a.unit) for a in right.axes] != [(a.name, a.unit) for a in other.axes]:
        message = (
            f"axes are {_axes(right)} by the {source}, {_axes(other)} by the {wrong}; the {source} "
            "win" + ("s" if source == "group" else "")
        )
        notes.append(Problem("regenerate-contradicts", "warning", right.name, message))
    for path in found.keys() - {level.path for level in right.levels}:
        message = f"only the {wrong} name this level; it is no longer listed"
        notes.append(Problem("regenerate-missing", "warning", path, message))
    return notes


def _axes(side: Side) -> str:
    return ", ".join(f"{a.name} ({a.unit or 'voxel'})" for a in side.axes)


def _verified(
    then: Dataset, path: str, expected: Mapping[str, tuple[Sequence[float], ...]]
) -> Image:
    """Return the image as it would be; refuses what the reader would understand otherwise."""
    found = next((i for i in then.images if i.path == path), None)
    if found is None:
        raise ExportError("the image could no longer be opened; nothing is written")
    for level in found.levels:
        inner = level.path[len(path) :].strip("/")
        place = from_scale_translate(*expected[inner])
        if not is_same_place(level.affine, place, place):
            raise ExportError(f"level {inner} would be read elsewhere; nothing is written")
    wrong = [p for p in found.problems if p.code == "transforms-disagree"]
    if wrong:
        raise ExportError(f"{wrong[0]}; nothing is written")
    return found
