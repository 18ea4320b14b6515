"""Writing a new place into OME-Zarr's metadata, 0.4 to 0.6 (and 0.4 in N5, as Fiji writes it).

Transforms of the multiscale itself (0.4, 0.5) stay: the datasets' are chosen so that both
together lead to the new place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from napari_strata import affine, units
from napari_strata.export.errors import ExportError
from napari_strata.export.metadata.files import Documents, Json
from napari_strata.export.metadata.place import Moved, tidy
from napari_strata.formats._survey import chosen_entry
from napari_strata.model import Axis, Problem
from napari_strata.store.hierarchy import Group
from napari_strata.store.tree import Node


def edit_ome(
    group: Group, moved: Moved, documents: Documents, multiscale: str | None
) -> list[Problem]:
    """Change a multiscale's datasets and axes; says which of the group's others stay.

    Raises
    ------
    ExportError
        If the version has no place for the change.
    """
    attributes = documents.attributes(group.node, group.encoding)
    inner = attributes.get("ome")
    block = inner if isinstance(inner, dict) else attributes
    items = block["multiscales"]  # was read: it is a list with the chosen object
    chosen = chosen_entry(items, multiscale) or 0
    entry: Json = items[chosen]
    _check(moved)
    is_06 = "coordinateSystems" in entry
    axes = _axes_of(entry, moved) if is_06 else entry.get("axes")
    flipped = _is_flipped(axes, moved.image.axes)
    if moved.axes != moved.image.axes:
        _rename(axes, moved, flipped)
        _rename_dimensions(group, moved, documents, flipped)
    if not moved.axes_moved:
        return _others(group, items, chosen)
    outer = None if is_06 else _outer(entry, len(moved.axes), flipped)
    for dataset in entry["datasets"]:
        index = _level_of(dataset["path"], moved)
        if is_06:
            _place_06(dataset, moved, index)
        else:
            _place(dataset, moved, index, flipped, outer)
    return _others(group, items, chosen)


def _others(group: Group, items: list[Any], chosen: int) -> list[Problem]:
    place = group.place("multiscales")
    message = "is another multiscale of this group, and stays where it is declared to be"
    return [
        place.item(index).problem("multiscale-stays", "warning", message)
        for index in range(len(items))
        if index != chosen
    ]


def _check(moved: Moved) -> None:
    for scale, _ in moved.levels:
        for value, axis in zip(scale, moved.axes, strict=True):
            if moved.axes_moved and value < 0:
                raise ExportError(
                    f"scale of {axis.name}: found {value:g}, expected one above 0: OME-Zarr cannot "
                    "mirror an image by its scale"
                )
    for axis, old in zip(moved.axes, moved.image.axes, strict=True):
        unit = None if axis.unit is None else units.parse(axis.unit)
        wanted = {"space": "length", "time": "time"}.get(axis.type)
        if axis.unit != old.unit and unit is not None and unit.dimension != wanted:
            raise ExportError(
                f"unit of {axis.name}: found {axis.unit}, which OME-Zarr has no place for on an "
                f"axis of type {axis.type}"
            )


def _axes_of(entry: Json, moved: Moved) -> Any:
    """Find the axes of the intrinsic system (0.6)."""
    for system in entry["coordinateSystems"]:
        if isinstance(system, dict) and system.get("name") == moved.image.system:
            return system.get("axes")
    raise ExportError(f"{moved.image.name}: found no system {moved.image.system}, expected it")


def _is_flipped(axes: Any, declared: Sequence[Axis]) -> bool:
    """Tell whether the file's lists are x-first, as Fiji writes them into N5."""
    if not isinstance(axes, list):
        return False
    names = [a.get("name") if isinstance(a, dict) else a for a in axes]
    given = [a.name for a in declared]
    return names != given and names[::-1] == given


def _rename(axes: Any, moved: Moved, flipped: bool) -> None:
    if not isinstance(axes, list) or len(axes) != len(moved.axes):
        raise ExportError(
            f"{moved.image.name}: declares no axes that could be given names or units"
        )
    old = moved.image.axes[::-1] if flipped else moved.image.axes
    new = moved.axes[::-1] if flipped else moved.axes
    for index, (before, after) in enumerate(zip(old, new, strict=True)):
        if before == after:
            continue
        if not isinstance(axes[index], dict):
            axes[index] = {"name": before.name, "type": before.type}
        entry = axes[index]
        if after.name != before.name:
            entry["name"] = after.name
        if after.unit != before.unit:
            entry.pop("unit", None)
            unit = None if after.unit is None else units.parse(after.unit)
            if unit is not None:
                entry["unit"] = unit.name


def _rename_dimensions(group: Group, moved: Moved, documents: Documents, flipped: bool) -> None:
    """Give the arrays' dimensions the names of the axes, where they had those."""
    old = [a.name for a in moved.image.axes]
    new = [a.name for a in moved.axes]
    if old == new or flipped:
        return
    for index in range(len(moved.levels)):
        node = level_node(group, moved, index)
        if group.encoding == "zarr3":
            document = documents.document(documents.relative(node, "zarr.json"))
            holders = [(document, "dimension_names"), (document.get("attributes"), _XARRAY)]
        elif documents.exists(documents.relative(node, ".zattrs")):
            holders = [(documents.attributes(node, group.encoding), _XARRAY)]
        else:
            holders = []
        for holder, key in holders:
            if isinstance(holder, dict) and holder.get(key) == old:
                holder[key] = new


_XARRAY = "_ARRAY_DIMENSIONS"


def level_node(group: Group, moved: Moved, index: int) -> Node:
    """Go to a level's folder."""
    path = relative_path(moved, index)
    return group.node.child(path) if path else group.node


def relative_path(moved: Moved, index: int) -> str:
    """Give a level's path relative to its image's group."""
    return moved.image.levels[index].path[len(moved.image.path) :].strip("/")


def _level_of(path: str, moved: Moved) -> int:
    plain = "/".join(p for p in path.split("/") if p not in ("", "."))
    for index in range(len(moved.levels)):
        if relative_path(moved, index) == plain:
            return index
    raise ExportError(
        f"{moved.image.name}: level {path} was left out on opening, and would stay where it is; "
        "mend its metadata first"
    )


def _outer(entry: Json, rank: int, flipped: bool) -> tuple[list[float], list[float]]:
    """Compose the multiscale's own transforms: scale and translation, array order."""
    matrix = affine.from_scale_translate([1.0] * rank)
    for step in entry.get("coordinateTransformations") or []:
        kind = step.get("type")
        if kind == "identity":
            continue
        if kind not in ("scale", "translation") or not isinstance(step.get(kind), list):
            raise ExportError(
                "multiscales: coordinateTransformations are stored in an array; this changes "
                "metadata alone"
            )
        values = step[kind][::-1] if flipped else step[kind]
        part = (values, None) if kind == "scale" else ([1.0] * rank, values)
        matrix = affine.compose(affine.from_scale_translate(*part), matrix)
    split = affine.scale_translate(matrix)
    assert split is not None
    return split[0].tolist(), split[1].tolist()


def _place(
    dataset: Json,
    moved: Moved,
    index: int,
    flipped: bool,
    outer: tuple[list[float], list[float]] | None,
) -> None:
    """Set scale and translation of a dataset (0.4, 0.5); unmoved axes keep their numbers."""
    assert outer is not None
    steps = dataset.get("coordinateTransformations")
    steps = steps if isinstance(steps, list) else []
    scale, translate = _inner(moved, index, outer)
    stay = [i not in moved.axes_moved for i in range(len(scale))]
    if flipped:
        scale, translate, stay = scale[::-1], translate[::-1], stay[::-1]
    if [s.get("type") for s in steps if isinstance(s, dict)] == ["scale", "translation"]:
        scale = _kept(scale, steps[0].get("scale"), stay)
        translate = _kept(translate, steps[1].get("translation"), stay)
    dataset["coordinateTransformations"] = _steps(steps, scale, translate)


def _kept(new: list[float], old: Any, stay: list[bool]) -> list[float]:
    """Take the old numbers, as they were written, for axes that do not move."""
    if not isinstance(old, list):
        return new
    return [o if keep else n for o, n, keep in zip(old, new, stay, strict=True)]


def _inner(
    moved: Moved, index: int, outer: tuple[list[float], list[float]]
) -> tuple[list[float], list[float]]:
    """Take the multiscale's own transforms off a level's place."""
    scales, translates = [], []
    for s, t, outer_s, outer_t in zip(*moved.levels[index], *outer, strict=True):
        scales.append(_short(s / outer_s, s, outer_s, 0.0))
        translates.append(_short((t - outer_t) / outer_s, t, outer_s, outer_t))
    return scales, translates


def _short(value: float, product: float, scale: float, shift: float) -> float:
    """Drop the last digit's noise where the product is the same without it."""
    short = tidy(value)
    return short if short * scale + shift == product else value


def _steps(steps: list[Any], scale: list[float], translate: list[float]) -> list[Json]:
    """Write a scale and, unless it is zero and was not there, a translation.

    Steps that are a scale, then a translation keep all else they hold.
    """
    kinds = [s.get("type") if isinstance(s, dict) else None for s in steps]
    usual = kinds in (["scale"], ["scale", "translation"])
    new = [{**(steps[0] if usual else {}), "type": "scale", "scale": scale}]
    new[0].pop("path", None)
    if any(translate) or (usual and len(steps) > 1):
        new.append({**(steps[1] if kinds[1:] and usual else {}), "type": "translation"})
        new[1].pop("path", None)
        new[1]["translation"] = translate
    return new


def _place_06(dataset: Json, moved: Moved, index: int) -> None:
    """Set the transform from the array to the intrinsic system (0.6)."""
    steps = dataset.get("coordinateTransformations")
    if not isinstance(steps, list) or len(steps) != 1 or not isinstance(steps[0], dict):
        raise ExportError(
            f"{moved.image.name}: found several transforms of {dataset['path']}, expected one "
            "that leads to the image's system"
        )
    (old,) = steps
    scale, translate = (list(values) for values in moved.levels[index])
    kept = {k: v for k, v in old.items() if k in ("input", "output", "name")}
    if old.get("type") == "scale" and not any(translate):
        dataset["coordinateTransformations"] = [{**old, "scale": scale}]
        old = dataset["coordinateTransformations"][0]
        old.pop("path", None)
        return
    inner = old.get("transformations") if old.get("type") == "sequence" else []
    parts = _steps(inner if isinstance(inner, list) else [], scale, translate)
    new = {"type": "sequence", "transformations": parts, **kept}
    if old.get("type") == "sequence":
        new = {**old, "transformations": parts}
    dataset["coordinateTransformations"] = [new]
