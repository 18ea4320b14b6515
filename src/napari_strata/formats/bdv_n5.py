"""BigDataViewer's N5: ``setupN/timepointM/sK``, factors on the setup, places in the XML.

Rules: formats.md 1a. A setup is one image with its timepoints as the t axis; a timepoint opened
by itself has none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from napari_strata import affine
from napari_strata.formats import _factors, _grid, bdv_xml
from napari_strata.formats._assemble import Draft, contribution, image
from napari_strata.formats._protocol import Context
from napari_strata.formats._survey import Sourced, Survey
from napari_strata.model import Axis, Image, OpenError, Problem
from napari_strata.store.hierarchy import Array, Group
from napari_strata.store.tree import Node, prefetch
from napari_strata.store.values import JsonPlace

NAME = "bdv-n5"
_SETUP = re.compile(r"^setup([0-9]{1,9})\Z")
_TIMEPOINT = re.compile(r"^timepoint([0-9]{1,9})\Z")
_MOST_NAMED = 5
_LONGEST_GAP = 10_000  # timepoints that are missing one after the other, within one image


def probe(survey: Survey) -> str | None:
    """See ``setupN`` with timepoints in it, or a timepoint of one."""
    if survey.group.encoding != "n5" or survey.is_array:
        return None
    above = survey.node.parent
    if _TIMEPOINT.match(survey.node.name):
        if above is not None and _SETUP.match(above.name) and _factors.has_levels(survey):
            return "a timepoint of a setup"
        return None
    if _SETUP.match(survey.node.name) and _timepoints(survey.node):
        return "a setup with timepoints"
    return None


def _timepoints(setup: Node) -> list[int]:
    listing = setup.listing()
    names = listing.folders if listing is not None else ("timepoint0",)
    return sorted(int(m[1]) for n in names if (m := _TIMEPOINT.match(n)))


@dataclass
class _View:
    """One timepoint of a setup: its arrays and where they are."""

    timepoint: int
    survey: Survey
    members: list[_factors.Member] = field(default_factory=list)
    place: affine.Matrix | None = None  # voxel → world from the XML, array order


def parse(survey: Survey, context: Context) -> list[Image]:
    """Place every view by the XML's registration, else by ``resolution``."""
    problems: list[Problem] = []
    views = _read_xml(survey, problems)
    if match := _TIMEPOINT.match(survey.node.name):
        setup_node = survey.node.parent
        assert setup_node is not None  # the probe saw a setup above
        timepoints, stacked = [int(match[1])], False
    else:
        setup_node, timepoints, stacked = survey.node, _timepoints(survey.node), True
    number = int(setup_node.name.removeprefix("setup"))
    found = _read_views(survey, setup_node, timepoints, stacked, problems)
    if views is not None:
        for view in found:
            view.place = views.affines.get((number, view.timepoint))
            if view.place is None:
                problems.append(_unregistered(views, number, view.timepoint))
    images = []
    for run in _runs_of_equal_place(found):
        more = [*problems]
        if len(run) != len(found):
            more.append(_moving(survey, run))
        images.append(_image(survey, context, run, views, number, more, stacked=stacked))
    return images


def _read_xml(survey: Survey, problems: list[Problem]) -> bdv_xml.Views | None:
    try:
        return bdv_xml.read_views(survey.node.lineage()[-1])
    except OpenError as error:
        problems.append(bdv_xml.defect(error))
        return None


def _read_views(
    survey: Survey, setup: Node, timepoints: list[int], stacked: bool, problems: list[Problem]
) -> list[_View]:
    """Read the arrays of every timepoint; one without any is left out, with an error."""
    nodes = [setup.child(f"timepoint{t}") if stacked else survey.node for t in timepoints]
    prefetch(nodes, "attributes.json")
    found = []
    for timepoint, node in zip(timepoints, nodes, strict=True):
        try:
            attributes = node.json("attributes.json") or {}
            inner = Survey(Group(node, "n5", attributes)) if stacked else survey
            members = _factors.missing_factors(_factors.members(inner, problems), problems)
        except OpenError as error:
            problems.append(error.problem)
            continue
        if members:
            found.append(_View(timepoint, inner, _factors.of_one_rank(members, problems)))
    if not found:
        errors = [p for p in problems if p.severity == "error"]
        if errors:
            raise OpenError(errors[-1])
        raise survey.group.place().refuse("no-levels", "found no timepoint with levels")
    return found


def _unregistered(views: bdv_xml.Views, setup: int, timepoint: int) -> Problem:
    key = f"ViewRegistration[setup={setup}, timepoint={timepoint}]"
    message = "found no registration of this view, expected one; its place is taken from N5 alone"
    return views.place.child(key).problem("missing-registration", "warning", message)


def _moving(survey: Survey, run: list[_View]) -> Problem:
    first, last = run[0].timepoint, run[-1].timepoint
    message = (
        f"timepoints are registered at different places, or far apart in time, so timepoints "
        f"{first} to {last} are an image of their own"
    )
    return Problem("registration-moves", "info", survey.node.shown_path, message)


def _runs_of_equal_place(views: list[_View]) -> list[list[_View]]:
    """Group timepoints that follow each other, without a long gap, at the same place."""
    runs: list[list[_View]] = []
    for view in views:
        last = runs[-1][-1] if runs else None
        near = last is not None and view.timepoint - last.timepoint <= _LONGEST_GAP
        if last is not None and near and _same(last.place, view.place):
            runs[-1].append(view)
        else:
            runs.append([view])
    return runs


def _same(a: affine.Matrix | None, b: affine.Matrix | None) -> bool:
    if a is None or b is None:
        return a is b
    return bool(np.allclose(a, b, rtol=1e-12, atol=0))


def _image(
    survey: Survey,
    context: Context,
    run: list[_View],
    views: bdv_xml.Views | None,
    setup: int,
    problems: list[Problem],
    *,
    stacked: bool,
) -> Image:
    first = run[0]
    rank = len(first.members[0].array.shape)
    unit = views.units.get(setup) if views is not None else None
    names = _grid.axis_names({}, rank)
    axes = _grid.make_axes(names, {}, unit, problems, _unit_place(views, setup))
    drafts = []
    for member in first.members:
        draft = _draft(first, member, rank, views, setup, context)
        drafts.append(_stack(draft, run, problems) if stacked else draft)
    if stacked:
        axes = [Axis("t", "time"), *axes]
    title = views.names.get(setup) if views is not None else None
    if title and len(run) > 1:
        title = f"{title} (setup {setup})"
    return image(
        survey,
        context,
        format_name=NAME,
        axes=axes,
        drafts=drafts,
        problems=problems,
        name=title,
    )


def _unit_place(views: bdv_xml.Views | None, setup: int) -> JsonPlace | None:
    return None if views is None else views.place.child(f"ViewSetup[{setup}]/voxelSize/unit")


def _draft(
    view: _View,
    member: _factors.Member,
    rank: int,
    views: bdv_xml.Views | None,
    setup: int,
    context: Context,
) -> Draft:
    if view.place is not None and views is not None and rank == 3:
        unit = [1.0] * rank
        on_grid = _factors.place_on_grid(member, unit, None, corner=False)
        place = contribution("ViewRegistration", views.place, view.place)
        return Draft(member.array, (place, on_grid.contributions[-1]))
    spacing = _grid.read_spacing(view.survey.inherited, rank)
    values = spacing.values if spacing else [1.0] * rank
    source = spacing.source if spacing else None
    if spacing is None and views is not None and rank == 3 and setup in views.sizes:
        values = views.sizes[setup]
        source = Sourced(values, views.place.child(f"ViewSetup[{setup}]/voxelSize/size"))
    return _factors.place_on_grid(member, values, source, corner=context.origin == "corner")


def _stack(draft: Draft, run: Sequence[_View], problems: list[Problem]) -> Draft:
    """Put the same level of all timepoints along a new first axis t."""
    first, last = run[0].timepoint, run[-1].timepoint
    parts: list[Array | None] = [None] * (last - first + 1)
    name = draft.array.node.name
    for view in run:
        member = next((m for m in view.members if m.array.node.name == name), None)
        if member is None:
            continue
        array = member.array
        if (array.shape, array.dtype, array.chunks) != (
            draft.array.shape,
            draft.array.dtype,
            draft.array.chunks,
        ):
            message = (
                f"found {array.shape} {array.dtype}, expected {draft.array.shape} "
                f"{draft.array.dtype} as in the first timepoint; it is shown empty"
            )
            problems.append(array.place().problem("timepoint-differs", "error", message))
            continue
        parts[view.timepoint - first] = array
    missing = [first + i for i, part in enumerate(parts) if part is None]
    if missing:
        shown = ", ".join(str(t) for t in missing[:_MOST_NAMED]) + ", …" * (
            len(missing) > _MOST_NAMED
        )
        message = f"found no usable array for {len(missing)} timepoints ({shown}), shown empty"
        problems.append(draft.array.place().problem("missing-view", "warning", message))
    start = np.eye(len(draft.array.shape) + 2)
    start[0, -1] = first
    contributions = (
        contribution("first timepoint", draft.array.node.shown_path, affine.frozen(start)),
        *(
            contribution(c.what, c.where, affine.prepend_axes(c.matrix, 1))
            for c in draft.contributions
        ),
    )
    return Draft(draft.array, contributions, tuple(parts))
