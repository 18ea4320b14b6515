"""n5-viewer and Fiji exports: ``pixelResolution`` on the arrays, often no group file.

Rules: formats.md 1a. An array's ``pixelResolution`` is the FULL-resolution spacing where the
array has factors, and its own spacing where it has none.
"""

from __future__ import annotations

from napari_strata import affine
from napari_strata.formats import _factors, _grid
from napari_strata.formats._assemble import Draft, contribution, image
from napari_strata.formats._protocol import Context
from napari_strata.formats._survey import Sourced, Survey
from napari_strata.model import Axis, Image, OpenError, Problem

NAME = "n5-viewer"
KEY = "pixelResolution"
AFFINE_KEY = "affineTransform"


def probe(survey: Survey) -> str | None:
    """See ``pixelResolution`` on arrays, a group's that has no unit, or an ``affineTransform``."""
    if survey.group.encoding != "n5" or survey.multiscales in ("ome", "ome-0.6"):
        return None
    if survey.own(AFFINE_KEY):
        return f"{AFFINE_KEY} on the group"
    if survey.is_array or not _factors.has_levels(survey):
        return _without_unit(survey)
    arrays = _factors.level_arrays(survey)
    if any(AFFINE_KEY in a.attributes for a in arrays):
        return f"{AFFINE_KEY} on arrays"
    if KEY in survey.inherited or "resolution" in survey.inherited:
        return _without_unit(survey)
    return f"{KEY} on arrays" if any(KEY in a.attributes for a in arrays) else None


def _without_unit(survey: Survey) -> str | None:
    source = survey.inherited.get(KEY)
    if source is None or "units" in survey.inherited:
        return None
    if isinstance(source.value, list):
        return f"{KEY} as a plain list"
    if isinstance(source.value, dict) and source.value.get("unit") is None:
        return f"{KEY} without a unit"
    return None


def parse(survey: Survey, context: Context) -> list[Image]:
    """Place every level by its own spacing and factors."""
    problems: list[Problem] = []
    found = _factors.members(survey, problems)
    if not found:
        raise _factors.nothing(survey, problems)
    found = _factors.of_one_rank(found, problems)
    rank = len(found[0].array.shape)
    names = _grid.axis_names(survey.inherited, rank)
    placed = [(m, s) for m in found if (s := _spacing(m, survey, rank, problems)) is not None]
    if _factors.group_factors(survey) is not None:
        # The group's factors count from one grid, so one spacing serves all levels.
        placed = [(m, placed[0][1]) for m, _ in placed]
    if not placed:
        raise _factors.nothing(survey, problems)
    axes = _axes(names, survey, placed[0][1], problems)
    corner = context.origin == "corner"
    drafts, ratios = [], []
    base = placed[0][1].values
    for member, spacing in placed:
        outer = _affine(member, survey, axes)
        own = member.factors is None and spacing.source.place.file == member.array.place().file
        if own:
            drafts.append(_own_spacing(member, spacing, base, outer, corner=corner))
            ratios.append([s / b for s, b in zip(spacing.values, base, strict=True)])
        else:
            drafts.append(
                _factors.place_on_grid(
                    member, spacing.values, spacing.source, corner=corner, outer=outer
                )
            )
            ratios.append(member.factors or [1.0] * rank)
    problems += _differing([s for m, s in placed if m.factors is not None])
    problems += _factors.contradicting_sizes([m for m, _ in placed], ratios, axes)
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


def _spacing(
    member: _factors.Member, survey: Survey, rank: int, problems: list[Problem]
) -> _grid.Spacing | None:
    """Read an array's spacing, else the group's, else 1; None with an error if it is unusable."""
    try:
        if KEY in member.array.attributes:
            source = Sourced(member.array.attributes[KEY], member.array.place(KEY))
            return _grid.read_pixel_resolution(source, rank)
        spacing = _grid.read_spacing(survey.inherited, rank)
    except OpenError as error:
        problems.append(error.problem)
        return None
    if spacing is None:
        spacing = _grid.Spacing([1.0] * rank, "pixel", Sourced(None, survey.group.place(KEY)))
    if member.factors is None and member.candidate.path not in ("", "s0"):
        place = member.array.place(_factors.FACTOR_KEYS[0])
        message = "found neither factors nor a spacing of its own; the level is left out"
        problems.append(place.problem("missing-key", "error", message))
        return None
    return spacing


def _axes(
    names: list[str], survey: Survey, spacing: _grid.Spacing, problems: list[Problem]
) -> list[Axis]:
    """Give units: an array's own, else the group's ``units``, else the group's, else µm."""
    inherited = spacing.source.place in [s.place for s in survey.inherited.values()]
    if "units" in survey.inherited and (inherited or spacing.unit is None):
        return _grid.make_axes(names, survey.inherited, None, problems)
    if spacing.unit is not None:
        return _grid.make_axes(
            names, {}, spacing.unit, problems, spacing.source.place.child("unit")
        )
    neuroglancers = spacing.source.place.key.endswith("resolution")
    default = _grid.NEUROGLANCER_UNIT if neuroglancers else _grid.N5_VIEWER_UNIT
    return _grid.make_axes(names, {}, default, problems)


def _affine(
    member: _factors.Member, survey: Survey, axes: list[Axis]
) -> tuple[Sourced, affine.Matrix] | None:
    source = survey.own(AFFINE_KEY)
    if AFFINE_KEY in member.array.attributes:
        source = Sourced(member.array.attributes[AFFINE_KEY], member.array.place(AFFINE_KEY))
    return None if source is None else (source, _grid.read_affine_transform(source, axes))


def _own_spacing(
    member: _factors.Member,
    spacing: _grid.Spacing,
    base: list[float],
    outer: tuple[Sourced, affine.Matrix] | None,
    *,
    corner: bool,
) -> Draft:
    """Place a level by its own spacing; its corner is the finest level's corner."""
    shift = [
        (s - b) / 2 + (b / 2 if corner else 0) for s, b in zip(spacing.values, base, strict=True)
    ]
    matrix = affine.from_scale_translate(spacing.values, shift)
    parts = [contribution("the level's own spacing", spacing.source.place, matrix)]
    if outer is not None:
        parts.insert(0, contribution(AFFINE_KEY, outer[0].place, outer[1]))
    return Draft(member.array, tuple(parts))


def _differing(spacings: list[_grid.Spacing]) -> list[Problem]:
    """Levels with factors all declare the full-resolution spacing, so it should be one."""
    for spacing in spacings[1:]:
        if spacing.values != spacings[0].values:
            return [
                spacing.source.place.problem(
                    "spacing-differs",
                    "warning",
                    "found another full-resolution spacing than in the finest level; each level "
                    "is placed by its own spacing times its factors, as written",
                )
            ]
    return []
