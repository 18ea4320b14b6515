"""COSEM / CellMap: every array carries its own ``transform``, in N5 or Zarr.

Rules: formats.md 1b. An array's transform wins over the group's entry for it, and that over
Neuroglancer's keys; what disagrees is told, with by how much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_strata.formats import _factors, _grid
from napari_strata.formats._assemble import Draft, contribution, image
from napari_strata.formats._protocol import Context
from napari_strata.formats._st_transform import STTransform, read_st_transform
from napari_strata.formats._survey import Candidate, Sourced, Survey, dataset_entries
from napari_strata.model import Axis, Image, OpenError, Problem
from napari_strata.store.hierarchy import Array, read_array
from napari_strata.store.values import mapping, sequence

NAME = "cosem"
_TOLERANCE = 1e-6  # of a voxel
_LISTS = ("cosem", "unknown")  # a damaged list is refused by name where it is read


def probe(survey: Survey) -> str | None:
    """See ``multiscales`` with transforms or plain paths, or arrays with a ``transform``."""
    if survey.multiscales in ("ome", "ome-early", "ome-0.6"):
        return None
    if survey.multiscales in _LISTS:
        return "multiscales with one transform an array"
    if survey.is_array:
        return "a single array with a transform" if survey.own("transform") else None
    if survey.group.encoding != "n5" and not survey.numbered_children:
        return None
    if survey.group.encoding == "n5" and not _factors.has_levels(survey):
        return None
    arrays = _factors.level_arrays(survey)
    found = any("transform" in a.attributes for a in arrays)
    return "arrays s0, s1, … with a transform" if found else None


@dataclass(frozen=True)
class _Placed:
    array: Array
    transform: STTransform


def parse(survey: Survey, context: Context) -> list[Image]:
    """Place every array by its own transform."""
    problems: list[Problem] = []
    candidates = _candidates(survey, problems)
    grid_axes = survey.inherited.get("axes")
    placed: list[_Placed] = []
    without: list[Array] = []
    for candidate in candidates:
        if candidate.array is None:
            if candidate.error is not None:
                problems.append(candidate.error.problem)
            continue
        try:
            transform = _transform(candidate.array, candidate.declared, grid_axes, problems)
        except OpenError as error:
            problems.append(error.problem)
            continue
        if transform is None:
            without.append(candidate.array)
        else:
            placed.append(_Placed(candidate.array, transform))
    return [_image(survey, context, placed, without, problems)]


def _candidates(survey: Survey, problems: list[Problem]) -> list[Candidate]:
    if survey.multiscales in _LISTS:
        return _declared(survey, problems)
    if survey.is_array:
        array = read_array(survey.node, survey.group.encoding)
        return [Candidate("", survey.node, array, None)]
    candidates = _factors.level_candidates(survey)
    return [c for c in candidates if c.array is not None or c.error is not None]


def _declared(survey: Survey, problems: list[Problem]) -> list[Candidate]:
    """Read the arrays that the group's ``multiscales`` lists."""
    at = survey.group.place("multiscales")
    value = survey.ome.value["multiscales"]
    items = sequence(value, at)
    if not items:
        raise at.unexpected(value, "a list of one multiscale image")
    if len(items) > 1:
        message = f"found {len(items)} multiscale images, expected one; the first is shown"
        problems.append(at.problem("several-multiscales", "warning", message))
    first = mapping(items[0], at.item(0))
    at = at.item(0).child("datasets")
    entries = dataset_entries(first.get("datasets"), at, "transform", plain=True)
    return survey.declared_candidates(entries)


def _transform(
    array: Array, declared: Sourced | None, grid_axes: Sourced | None, problems: list[Problem]
) -> STTransform | None:
    """Take the array's transform, else the group's entry for it, and compare the two."""
    own = None
    if "transform" in array.attributes:
        source = Sourced(array.attributes["transform"], array.place("transform"))
        own = read_st_transform(source, array, grid_axes, problems)
    if declared is None or declared.value is None:
        return own
    noted: list[Problem] = []
    try:
        groups = read_st_transform(declared, array, grid_axes, noted)
    except OpenError as error:
        if own is None:
            raise
        message = f"{error.problem.message}; the array's own transform is used"
        problems.append(Problem(error.problem.code, "warning", error.problem.where, message))
        return own
    if own is None:
        problems += noted
        return groups
    problems += _disagreement(own, groups)
    return own


def _disagreement(own: STTransform, groups: STTransform) -> list[Problem]:
    """Say by how much the group's entry would put the array elsewhere."""
    if (own.axes, own.units) != (groups.axes, groups.units):
        found = f"axes {list(groups.axes)} in {list(groups.units)}"
        expected = f"{list(own.axes)} in {list(own.units)}"
        message = f"found {found}, expected {expected} as on the array; the array's are used"
        return [groups.source.place.problem("transforms-disagree", "warning", message)]
    problems = []
    for key, one, other in (
        ("translate", own.translate, groups.translate),
        ("scale", own.scale, groups.scale),
    ):
        difference = np.abs(np.subtract(one, other))
        if np.any(difference > _TOLERANCE * np.abs(own.scale)):
            apart = ", ".join(f"{d:g}" for d in difference)
            message = (
                f"found {[float(v) for v in other]} (array order), expected "
                f"{[float(v) for v in one]} as on the array: {apart} {own.units[0]} apart; "
                "the array's transform is used"
            )
            at = groups.source.place.child(key)
            problems.append(at.problem("transforms-disagree", "warning", message))
    return problems


def _image(
    survey: Survey,
    context: Context,
    placed: list[_Placed],
    without: list[Array],
    problems: list[Problem],
) -> Image:
    placed, left_out = _agreeing(placed)
    problems += left_out
    axes: list[Axis] = []
    drafts = [
        Draft(p.array, (contribution("transform", p.transform.source.place, p.transform.affine),))
        for p in placed
    ]
    if placed:
        first = placed[0].transform
        axes = [
            Axis(
                n,
                _grid.axis_type(n),
                _grid.check_unit(u, first.source.place.child("units"), problems),
            )
            for n, u in zip(first.axes, first.units, strict=True)
        ]
        problems += [d for p in placed for d in _contradicting_resolution(p)]
    for array in without:
        drafts, axes, more = _by_grid(survey, context, array, drafts, axes)
        problems += more
    return image(
        survey,
        context,
        format_name=NAME,
        axes=axes,
        drafts=drafts,
        problems=problems,
    )


def _agreeing(placed: list[_Placed]) -> tuple[list[_Placed], list[Problem]]:
    """Leave out levels whose axes or units are not those of the first."""
    kept: list[_Placed] = []
    problems = []
    for item in placed:
        if kept and item.transform.axes != kept[0].transform.axes:
            key, found, expected = "axes", item.transform.axes, kept[0].transform.axes
        elif kept and item.transform.units != kept[0].transform.units:
            key, found, expected = "units", item.transform.units, kept[0].transform.units
        else:
            kept.append(item)
            continue
        at = item.transform.source.place.child(key)
        message = f"found {list(found)}, expected {list(expected)} as in the first level; left out"
        problems.append(at.problem("levels-disagree", "error", message))
    return kept, problems


def _contradicting_resolution(placed: _Placed) -> list[Problem]:
    """Compare the array's ``pixelResolution`` (its own spacing, x-first) with its transform."""
    value = placed.array.attributes.get("pixelResolution")
    dimensions = value.get("dimensions") if isinstance(value, dict) else value
    scale = [abs(s) for s in placed.transform.scale]
    if placed.array.encoding != "n5" or not isinstance(dimensions, list):
        return []
    if len(dimensions) != len(scale) or not all(_is_number(d) for d in dimensions):
        return []
    if np.allclose(dimensions[::-1], scale, rtol=_TOLERANCE, atol=0):
        return []
    at = placed.array.place("pixelResolution")
    message = (
        f"found {dimensions[::-1]} (array order), expected {scale} as in transform.scale; "
        "the transform is used"
    )
    return [at.problem("transforms-disagree", "warning", message)]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _by_grid(
    survey: Survey, context: Context, array: Array, drafts: list[Draft], axes: list[Axis]
) -> tuple[list[Draft], list[Axis], list[Problem]]:
    """Place a level that has no transform by Neuroglancer's keys, the last in precedence."""
    problems: list[Problem] = []
    at = array.place("transform")
    rank = len(array.shape)
    factors, grid = None, None
    if survey.group.encoding == "n5":
        members = _factors.members(survey, [])
        factors = next((m for m in members if m.array.node == array.node), None)
        grid = _grid.read_spacing(survey.inherited, rank)
    if factors is None or grid is None or (factors.factors is None and array.node.name != "s0"):
        message = "found no transform (nor the group's, nor factors), expected one; left out"
        return drafts, axes, [at.problem("missing-key", "error", message)]
    names = _grid.axis_names(survey.inherited, rank)
    own = _grid.make_axes(names, survey.inherited, grid.unit or _grid.NEUROGLANCER_UNIT, problems)
    if axes and [(a.name, a.unit) for a in axes] != [(a.name, a.unit) for a in own]:
        message = "found no transform, and the group's grid has other axes or units; left out"
        return drafts, axes, [at.problem("missing-key", "error", message)]
    draft = _factors.place_on_grid(
        factors, grid.values, grid.source, corner=context.origin == "corner"
    )
    message = "found no transform, expected one as on the other levels; the group's grid is used"
    problems.append(at.problem("missing-key", "warning", message))
    return [*drafts, draft], axes or own, problems
