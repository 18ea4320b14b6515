"""Neuroglancer's N5: one grid for all levels, factors on the group or on the arrays.

Rules: formats.md 1a, after Neuroglancer's own parser.
"""

from __future__ import annotations

from napari_strata.formats import _factors, _grid
from napari_strata.formats._assemble import image
from napari_strata.formats._protocol import Context
from napari_strata.formats._survey import Survey
from napari_strata.model import Axis, Image, Problem
from napari_strata.store.values import JsonPlace

NAME = "neuroglancer-n5"
_GRID_KEYS = ("axes", "units", "resolution", "pixelResolution", "coordinateArrays")


def probe(survey: Survey) -> str | None:
    """See factors, or arrays named s0, s1, … , or a single array with a grid."""
    if survey.group.encoding != "n5" or survey.multiscales in ("ome", "ome-0.6"):
        return None
    seen = [k for k in (*_GRID_KEYS, "scales", *_factors.FACTOR_KEYS) if k in survey.inherited]
    if survey.is_array:
        return f"a single array with {', '.join(seen)}" if seen else None
    if not _factors.has_levels(survey):
        return None
    return f"levels s0, s1, … with {', '.join(seen) or 'factors on the arrays'}"


def parse(survey: Survey, context: Context) -> list[Image]:
    """Place every level on the group's grid."""
    problems: list[Problem] = []
    found = _factors.missing_factors(_factors.members(survey, problems), problems)
    if not found:
        raise _factors.nothing(survey, problems)
    found = _factors.of_one_rank(found, problems)
    rank = len(found[0].array.shape)
    names = _grid.axis_names(survey.inherited, rank)
    spacing = _grid.read_spacing(survey.inherited, rank)
    if spacing is None and survey.unreadable_ancestor is not None:
        raise survey.unreadable_ancestor
    axes = _axes(survey, names, spacing, problems)
    drafts = [
        _factors.place_on_grid(
            member,
            spacing.values if spacing else [1.0] * rank,
            spacing.source if spacing else None,
            corner=context.origin == "corner",
        )
        for member in found
    ]
    factors = [m.factors or [1.0] * rank for m in found]
    problems += _factors.contradicting_sizes(found, factors, axes)
    return [
        image(
            survey,
            context,
            format_name=NAME,
            axes=axes,
            drafts=drafts,
            problems=problems,
            display=_grid.channel_labels(survey.inherited, axes),
        )
    ]


def _axes(
    survey: Survey, names: list[str], spacing: _grid.Spacing | None, problems: list[Problem]
) -> list[Axis]:
    unit = spacing.unit if spacing and spacing.unit is not None else _grid.NEUROGLANCER_UNIT
    return _grid.make_axes(names, survey.inherited, unit, problems, _unit_place(survey))


def _unit_place(survey: Survey) -> JsonPlace | None:
    source = survey.inherited.get("pixelResolution")
    return None if source is None else source.place.child("unit")
