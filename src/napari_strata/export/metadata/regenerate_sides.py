"""Where levels are by the metadata of the arrays alone, and by that of their group alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from napari_strata import affine
from napari_strata.export.documents.cosem_metadata import Placed
from napari_strata.export.errors import ExportError
from napari_strata.formats import _factors, _grid
from napari_strata.formats._st_transform import STTransform, read_st_transform
from napari_strata.formats._survey import Sourced, Survey, first_object
from napari_strata.model import Axis, Problem
from napari_strata.store.hierarchy import Array, Group, read_array
from napari_strata.store.values import positive_vector

_LEVEL = re.compile(r"s(0|[1-9][0-9]{0,8})")


@dataclass(frozen=True)
class Side:
    """What one side says: axes, and where each level is, finest first.

    ``by_grid`` says that it has a spacing and factors, and no transforms.
    """

    name: str
    axes: tuple[Axis, ...]
    levels: tuple[Placed, ...]
    by_grid: bool = False


def of_arrays(group: Group) -> Side:
    """Read every array's own ``transform``, else its own spacing and factors.

    Raises
    ------
    ExportError
        If an array says neither, or axes or units differ.
    """
    arrays = _arrays(group)
    transforms = []
    for path, array in arrays:
        if "transform" in array.attributes:
            source = Sourced(array.attributes["transform"], array.place("transform"))
            transforms.append((path, _transform(source, array, group)))
    if len(transforms) == len(arrays):
        return _side(group, transforms)
    if transforms:
        missing = [p for p, a in arrays if "transform" not in a.attributes]
        raise ExportError(f"{missing[0]}: found no transform, expected one as on the other levels")
    return _side_by_spacing(group, arrays)


def of_group(group: Group) -> Side:
    """Read the group's ``multiscales``, else its grid of Neuroglancer.

    Raises
    ------
    ExportError
        If it has neither.
    """
    arrays = dict(_arrays(group))
    first = first_object(group.attributes.get("multiscales")) or {}
    datasets = first.get("datasets")
    transforms = []
    at = group.place("multiscales").item(0).child("datasets")
    for index, entry in enumerate(datasets if isinstance(datasets, list) else []):
        if not isinstance(entry, dict) or "transform" not in entry:
            continue
        path = str(entry.get("path")).strip("/")
        if path not in arrays:
            raise ExportError(f"{at.item(index).child('path')}: found no array at {path!r}")
        source = Sourced(entry["transform"], at.item(index).child("transform"))
        transforms.append((path, _transform(source, arrays[path], group)))
    if transforms:
        return _side(group, transforms)
    return _side_by_grid(group, list(arrays.items()))


def _arrays(group: Group) -> list[tuple[str, Array]]:
    """Read the arrays that are levels: those the group lists, and those named s0, s1 …"""
    first = first_object(group.attributes.get("multiscales")) or {}
    datasets = first.get("datasets")
    entries = datasets if isinstance(datasets, list) else []
    paths = [e.get("path") if isinstance(e, dict) else e for e in entries]
    listing = group.node.listing()
    names = [n for n in (listing.folders if listing else ()) if _LEVEL.fullmatch(n)]
    at = group.place("multiscales")
    found: dict[str, Array] = {}
    for path in [*paths, *sorted(names, key=lambda n: int(n[1:]))]:
        node = group.node.descend(path, at)
        array = read_array(node, "n5")
        if array is not None:
            found[node.relative_to(group.node.path)] = array
    if not found:
        raise ExportError(f"{group.node.shown_path}: found no array s0, s1, …, expected one")
    return list(found.items())


def _transform(source: Sourced, array: Array, group: Group) -> STTransform:
    problems: list[Problem] = []
    axes = group.attributes.get("axes")
    grid_axes = None if axes is None else Sourced(axes, group.place("axes"))
    return read_st_transform(source, array, grid_axes, problems)


def _side(group: Group, transforms: Sequence[tuple[str, STTransform]]) -> Side:
    first = transforms[0][1]
    for path, each in transforms:
        if (each.axes, each.units) != (first.axes, first.units):
            raise ExportError(
                f"{path}: found axes {list(each.axes)} in {list(each.units)}, expected "
                f"{list(first.axes)} in {list(first.units)} as in the first level"
            )
    axes = tuple(
        Axis(n, _grid.axis_type(n), u or None) for n, u in zip(first.axes, first.units, strict=True)
    )
    return _sorted(group, axes, [Placed(p, t.scale, t.translate) for p, t in transforms])


def _side_by_spacing(group: Group, arrays: Sequence[tuple[str, Array]]) -> Side:
    """Place levels as n5-viewer does: spacing times factors, else each level's own spacing."""
    placed: list[Placed] = []
    units: set[str | None] = set()
    base: list[float] | None = None
    rank = len(arrays[0][1].shape)
    for path, array in arrays:
        if "pixelResolution" not in array.attributes:
            raise ExportError(f"{path}: found neither a transform nor a pixelResolution of its own")
        value = Sourced(array.attributes["pixelResolution"], array.place("pixelResolution"))
        spacing = _grid.read_pixel_resolution(value, rank)
        units.add(spacing.unit)
        base = base or spacing.values
        source = _factors.own_factors(array, [])
        if source is not None:
            factors = positive_vector(source.value, source.place, rank)[::-1]
        else:
            factors = [s / b for s, b in zip(spacing.values, base, strict=True)]
        placed.append(_on_grid(path, spacing.values if source else base, factors))
    if len(units) > 1:
        raise ExportError(
            f"{group.node.shown_path}: found different units {sorted(map(str, units))}"
        )
    (unit,) = units
    names = _grid.axis_names({}, rank)
    axes = [Axis(n, _grid.axis_type(n), unit or _grid.N5_VIEWER_UNIT) for n in names]
    return replace(_sorted(group, axes, placed), by_grid=True)


def _side_by_grid(group: Group, arrays: Sequence[tuple[str, Array]]) -> Side:
    """Place levels on the group's grid, as Neuroglancer does."""
    survey = Survey(group)
    rank = len(arrays[0][1].shape)
    source = _factors.group_factors(survey)
    spacing = _grid.read_spacing(survey.inherited, rank)
    if source is None or spacing is None or not isinstance(source.value, list):
        raise ExportError(
            f"{group.node.shown_path}: found neither multiscales with transforms nor a spacing and "
            "factors (pixelResolution or resolution, and scales or downsamplingFactors)"
        )
    known = dict(arrays)
    placed = []
    for index, row in enumerate(source.value):
        factors = positive_vector(row, source.place.item(index), rank)[::-1]
        if f"s{index}" not in known:
            raise ExportError(f"{source.place.item(index)}: found no array at s{index}")
        placed.append(_on_grid(f"s{index}", spacing.values, factors))
    names = _grid.axis_names(survey.inherited, rank)
    unit = spacing.unit or _grid.NEUROGLANCER_UNIT
    axes = _grid.make_axes(names, survey.inherited, unit, [])
    return replace(_sorted(group, axes, placed), by_grid=True)


def _on_grid(path: str, spacing: Sequence[float], factors: Sequence[float]) -> Placed:
    split = affine.scale_translate(_grid.factors_to_affine(spacing, factors, corner=False))
    assert split is not None
    return Placed(path, tuple(split[0].tolist()), tuple(split[1].tolist()))


def _sorted(group: Group, axes: Sequence[Axis], placed: Sequence[Placed]) -> Side:
    """Put the finest level first, as it is read."""

    def size(level: Placed) -> float:
        result = 1.0
        for value in level.scale:
            result *= abs(value)
        return result

    first: Any = first_object(group.attributes.get("multiscales")) or {}
    name = first.get("name")
    return Side(
        name if isinstance(name, str) else group.node.name,
        tuple(axes),
        tuple(sorted(placed, key=size)),
    )
