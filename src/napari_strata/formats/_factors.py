"""Levels that are described by downsampling factors of one full-resolution grid.

Shared by Neuroglancer, BigDataViewer and n5-viewer: they differ in where spacing and unit come
from, not in how factors place a level (formats.md, 1a).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from napari_strata import affine
from napari_strata.formats import _grid
from napari_strata.formats._assemble import Draft, contribution
from napari_strata.formats._survey import Candidate, Sourced, Survey
from napari_strata.model import GRID_SPACING, Axis, OpenError, Problem, first_error
from napari_strata.store.hierarchy import Array, read_array
from napari_strata.store.values import positive_vector, sequence

FACTOR_KEYS = ("downsamplingFactors", "downSamplingFactors")


@dataclass(frozen=True)
class Member:
    """A level's array with its factors (array order; None if it declares none)."""

    candidate: Candidate
    array: Array
    factors: list[float] | None
    factors_source: Sourced | None


def group_factors(survey: Survey) -> Sourced | None:
    """Return the group's factors: ``scales`` over both spellings of downsampling factors."""
    for key in ("scales", *FACTOR_KEYS):
        if key in survey.inherited:
            source = survey.inherited[key]
            if key == "scales" or _is_list_of_lists(source.value):
                return source
    return None


def _is_list_of_lists(value: object) -> bool:
    """Tell a group's factors from an array's own; an empty list claims to be a group's."""
    return isinstance(value, list) and (not value or not isinstance(value[0], int | float))


def own_factors(array: Array, problems: list[Problem]) -> Sourced | None:
    """Return an array's own factors; the guideline's spelling is accepted with a note."""
    for key in FACTOR_KEYS:
        if key in array.attributes:
            place = array.place(key)
            if key == FACTOR_KEYS[1]:
                problems.append(spelling_note(Sourced(None, place)))
            return Sourced(array.attributes[key], place)
    return None


def spelling_note(source: Sourced) -> Problem:
    """Note the spelling that Neuroglancer itself would not read."""
    return source.place.problem(
        "key-spelling",
        "info",
        "found downSamplingFactors, expected downsamplingFactors; read as the same",
    )


def level_candidates(survey: Survey) -> list[Candidate]:
    """Find what may be levels: exactly s0…sN-1 by the group's factors, else by listing."""
    source = group_factors(survey)
    if source is None:
        return list(survey.numbered_children)
    rows = source.value if isinstance(source.value, list) else []
    return survey.candidates([f"s{i}" for i in range(len(rows))])


def level_arrays(survey: Survey) -> list[Array]:
    """Return the arrays among the candidates for levels that can be read."""
    return [c.array for c in level_candidates(survey) if c.array is not None]


def has_levels(survey: Survey) -> bool:
    """Tell whether factors or numbered arrays make this group a pyramid.

    Factors from an ancestor describe every group below it; only one with levels is meant.
    """
    source = group_factors(survey)
    if source is not None and source.place.file == survey.group.place().file:
        return True
    return any(c.array is not None or c.error is not None for c in level_candidates(survey))


def members(survey: Survey, problems: list[Problem]) -> list[Member]:
    """Find the levels: by the group's factors exactly s0…sN-1, else by listing.

    A level that cannot be used is left out with an error among ``problems``.

    Raises
    ------
    OpenError
        If the group's factors are no list of lists of positive numbers.
    """
    if survey.is_array:
        return [_single(survey, problems)]
    source = group_factors(survey)
    if source is None:
        return _listed(survey, problems)
    if source.place.key.endswith(FACTOR_KEYS[1]):
        problems.append(spelling_note(source))
    rows = sequence(source.value, source.place)
    if not rows:
        raise source.place.unexpected(rows, "at least one level's factors")
    result = []
    for index, (row, candidate) in enumerate(zip(rows, level_candidates(survey), strict=True)):
        at = source.place.item(index)
        sequence(row, at)
        if candidate.array is None:
            problems.append(_left_out(candidate, Sourced(row, at)))
            continue
        rank = len(candidate.array.shape)
        factors = positive_vector(row, at, rank)[::-1]
        result.append(Member(candidate, candidate.array, factors, Sourced(row, at)))
    return result


def _left_out(candidate: Candidate, declared: Sourced) -> Problem:
    if candidate.error is not None:
        return candidate.error.problem
    return declared.place.problem(
        "missing-array",
        "error",
        f'found no array at "{candidate.path}", expected one; the level is left out',
    )


def _single(survey: Survey, problems: list[Problem]) -> Member:
    array = read_array(survey.node, survey.group.encoding)
    if array is None:
        raise survey.group.place().refuse("missing-array", "found no array, expected one")
    candidate = Candidate("", survey.node, array, None)
    source = own_factors(array, problems)
    if source is None:
        return Member(candidate, array, None, None)
    factors = positive_vector(source.value, source.place, len(array.shape))[::-1]
    return Member(candidate, array, factors, source)


def _listed(survey: Survey, problems: list[Problem]) -> list[Member]:
    result = []
    for candidate in survey.numbered_children:
        if candidate.array is None:
            if candidate.error is not None:
                problems.append(candidate.error.problem)
            continue
        array = candidate.array
        source = own_factors(array, problems)
        factors = None
        try:
            if source is not None:
                factors = positive_vector(source.value, source.place, len(array.shape))[::-1]
        except OpenError as error:
            problems.append(error.problem)
            continue
        result.append(Member(candidate, array, factors, source))
    return result


def place_on_grid(
    member: Member,
    spacing: Sequence[float],
    spacing_source: Sourced | None,
    *,
    corner: bool,
    outer: tuple[Sourced, affine.Matrix] | None = None,
) -> Draft:
    """Place a level on the full-resolution grid; ``outer`` is applied after the scaling."""
    rank = len(member.array.shape)
    factors = member.factors or [1.0] * rank
    where = member.factors_source.place if member.factors_source else member.array.place()
    unit_grid = _grid.factors_to_affine([1.0] * rank, factors, corner=corner)
    declared = spacing_source.place if spacing_source else "default"
    parts = [
        contribution(GRID_SPACING, declared, affine.from_scale_translate(spacing)),
        contribution("downsampling factors", where, unit_grid),
    ]
    if outer is not None:
        parts.insert(0, contribution("affineTransform", outer[0].place, outer[1]))
    return Draft(member.array, tuple(parts))


def nothing(survey: Survey, problems: Sequence[Problem]) -> OpenError:
    """Make the error for a group of which no level is left: the first of its problems."""
    error = first_error(problems)
    if error is not None:
        return OpenError(error)
    return survey.group.place().refuse("no-levels", "found no array s0, s1, …, expected one")


def of_one_rank(found: Sequence[Member], problems: list[Problem]) -> list[Member]:
    """Keep the levels that have as many axes as the first; the others are errors."""
    kept = []
    for member in found:
        rank = len(found[0].array.shape)
        if len(member.array.shape) == rank:
            kept.append(member)
            continue
        message = (
            f"found {len(member.array.shape)} axes, expected {rank} as in the finest level; "
            "the level is left out"
        )
        problems.append(member.array.place("dimensions").problem("wrong-rank", "error", message))
    return kept


def missing_factors(found: list[Member], problems: list[Problem]) -> list[Member]:
    """Apply Neuroglancer's rule: every level but s0 declares its own factors."""
    kept = []
    for member in found:
        if member.factors is None and member.candidate.path not in ("", "s0"):
            place = member.array.place(FACTOR_KEYS[0])
            problems.append(
                place.problem(
                    "missing-key",
                    "error",
                    "found no downsamplingFactors, expected one number an axis; "
                    "the level is left out, since its place is unknown",
                )
            )
        else:
            rank = len(member.array.shape)
            kept.append(replace(member, factors=member.factors or [1.0] * rank))
    return kept


def _fits(size: int, exact: float) -> bool:
    """Tell whether a size is ``exact``, rounded down or up."""
    if not math.isfinite(exact):
        return False
    return math.floor(exact + 1e-9) <= size <= math.ceil(exact - 1e-9)


def contradicting_sizes(
    found: Sequence[Member], ratios: Sequence[Sequence[float]], axes: Sequence[Axis]
) -> list[Problem]:
    """Compare sizes with factors: a level of factor f should have about 1/f of the voxels."""
    problems = []
    base, base_ratio = found[0].array.shape, ratios[0]
    for member, ratio in list(zip(found, ratios, strict=True))[1:]:
        for i, axis in enumerate(axes):
            exact = base[i] * base_ratio[i] / ratio[i]
            if not _fits(member.array.shape[i], exact):
                problems.append(
                    member.array.place().problem(
                        "sizes-contradict",
                        "warning",
                        f"found {member.array.shape[i]} voxels along {axis.name}, expected about "
                        f"{exact:.6g} by the declared spacing; the metadata is used as written",
                    )
                )
                break
    return problems
