"""Which space the stored vertices of each level are in: decided by evidence, never silently.

Published pages say that a level's vertices are mapped to world by its declared scale and
translation. What zarr-vectors writes is in world already, and carries the same block. So both
readings are compared with what is known: level 0 with the declared bounds, coarser levels with
level 0 (formats.md, section 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_strata import geometries
from napari_strata.affine import Matrix, Vector, mapped_box
from napari_strata.geometry import Box, Geometry, SpaceDecision, VertexSpace
from napari_strata.model import OpenError, Problem, Severity

UNDECIDED = "vertex-space-undecided"
NOT_INVERTIBLE = "vertex-space-not-invertible"
CONTRADICTED = "vertex-space-contradicted"

_NEAR = 0.1  # of the extent compared with: a reading this near is a match by itself
_PRECOMPUTED = (
    "the vertices of precomputed meshes are always mapped to nanometres by the transform of "
    "their folder, and shifted to where world 0 is"
)


@dataclass(frozen=True)
class _Evidence:
    """What a level's vertices say.

    Attributes
    ----------
    world, declared : the box of its vertices under each reading; None if it is not known.
    bin : ``(n,)`` how exactly: the edges of a bin, or of a chunk where no vertex was read.
    read : whether vertices were read.
    failed : why they could not be.
    """

    world: Box | None
    declared: Box | None
    bin: Vector
    read: bool
    failed: Problem | None = None


@dataclass(frozen=True)
class _Verdict:
    space: VertexSpace
    reason: str
    clear: bool
    problem: str | None = None
    mild: bool = False
    tie: bool = False


def decide(geometry: Geometry) -> tuple[SpaceDecision, ...]:
    """Decide for each level which space its stored vertices are in.

    Levels of up to `napari_strata.geometries.MOST_VERTICES` are read, of others only which
    chunks have vertices. A level that cannot be read is taken as in world, with a problem.
    """
    if not geometry.levels or geometry.levels[0].location.encoding != "zvf":
        return tuple(
            SpaceDecision(geometry.space or "world", _PRECOMPUTED) for _ in geometry.levels
        )
    with np.errstate(over="ignore", invalid="ignore"):  # a transform may be of any size
        found = [_evidence(geometry, i) for i in range(len(geometry.levels))]
        verdicts = _verdicts(geometry, found)
    pairs = zip(found, verdicts, strict=True)
    return tuple(_decision(geometry, i, e, v) for i, (e, v) in enumerate(pairs))


def _is_singular(declared: Matrix | None) -> bool:
    """Tell whether there is a declared transform that cannot be inverted."""
    if declared is None:
        return False
    if not np.isfinite(declared).all():
        return True
    return bool(np.linalg.matrix_rank(declared[:-1, :-1]) < len(declared) - 1)


def _unusable(declared: Matrix | None) -> str | None:
    """Say why a declared transform cannot be a reading of its own; None if it can."""
    if declared is None:
        return "the metadata declares no transform"
    if np.array_equal(declared, np.eye(len(declared))):
        return "the declared transform changes nothing"
    return "the declared transform cannot be inverted" if _is_singular(declared) else None


def _evidence(geometry: Geometry, index: int) -> _Evidence:
    from napari_strata.geometries import zvf

    level, n = geometry.levels[index], geometry.ndim
    cell = np.ones(n) if level.cell is None else np.asarray(level.cell, np.float64)
    if _unusable(level.declared) is not None and not _needed(geometry, index):
        return _Evidence(None, None, cell, read=False)
    count = level.vertex_count
    small = count is not None and 0 <= count <= geometries.MOST_VERTICES
    try:
        if small:
            box, edges = zvf.box_of(geometry, index), cell
        else:
            known = zvf.box_of_chunks(geometry, index)
            box, edges = (None, cell) if known is None else known
    except OpenError as error:
        return _Evidence(None, None, cell, read=False, failed=error.problem)
    if box is None:
        message = (
            f"the level declares {count} vertices, but none is stored: the nonempty_chunks of "
            "vertices/zarr.json list no chunk with any"
        )
        failed = Problem(UNDECIDED, "error", level.location.where, message) if count else None
        return _Evidence(None, None, cell, read=False, failed=failed)
    if level.cell is None and small:
        edges = np.maximum(0.01 * (box[1] - box[0]), np.finfo(np.float64).tiny)
    usable = level.declared if _unusable(level.declared) is None else None
    other = None if usable is None else mapped_box(usable, box)
    return _Evidence(box, other, _positive(edges), read=small)


def _needed(geometry: Geometry, index: int) -> bool:
    """Tell whether a level without a reading of its own is what others are compared with."""
    coarser = (_unusable(level.declared) is None for level in geometry.levels[1:])
    return index == 0 and any(coarser)


def _positive(edges: Vector) -> Vector:
    good = np.isfinite(edges) & (edges > 0)
    return np.where(good, edges, 1.0)


def _verdicts(geometry: Geometry, found: Sequence[_Evidence]) -> list[_Verdict]:
    """Decide level 0 by the bounds, the others by level 0; and what was a tie by the others."""
    first = _verdict(geometry, 0, found[0], geometry.bounds, "the declared bounds")
    reference, named = _box(found[0], first.space), "level 0"
    if reference is None:
        reference, named = geometry.bounds, "the declared bounds"
    others = [_verdict(geometry, i, e, reference, named) for i, e in enumerate(found[1:], start=1)]
    verdicts = _by_the_others(geometry, [first, *others])
    again = _box(found[0], verdicts[0].space)
    if verdicts[0].space == first.space or again is None:
        return verdicts
    anew = [_verdict(geometry, i, e, again, "level 0") for i, e in enumerate(found[1:], 1)]
    settled = _by_the_others(geometry, [first, *anew])
    if settled[0].space == verdicts[0].space:
        return settled
    return [first, *others]  # the others speak against themselves, so for nothing


def _by_the_others(geometry: Geometry, verdicts: Sequence[_Verdict]) -> list[_Verdict]:
    """Settle ties: if all levels that are clear are in one space, the others are in the same."""
    clear = {v.space for v in verdicts if v.clear}
    ours = geometry.layer.get("space") == "world"
    return [_settled(v, clear, ours) if v.tie else v for v in verdicts]


def _settled(verdict: _Verdict, clear: set[VertexSpace], ours: bool) -> _Verdict:
    if ours and not clear:
        reason = f"{verdict.reason}, and napari-strata says that it wrote world coordinates"
        return replace(verdict, problem=None, reason=reason)
    if clear == {"world"}:
        reason = f"{verdict.reason}, and levels that are clear are in world space"
        return replace(verdict, problem=None, reason=reason)
    if clear == {"declared"}:
        reason = f"{verdict.reason}, but levels that are clear are in declared space: so is this"
        return replace(verdict, space="declared", reason=reason, problem=reason, mild=False)
    return verdict


def _box(evidence: _Evidence, space: VertexSpace) -> Box | None:
    return evidence.declared if space == "declared" else evidence.world


def _verdict(
    geometry: Geometry, index: int, evidence: _Evidence, reference: Box | None, named: str
) -> _Verdict:
    declared = geometry.levels[index].declared
    why_not = _unusable(declared)
    if why_not is not None:
        thin = why_not if _is_singular(declared) else None
        return _Verdict("world", why_not, clear=False, problem=thin)
    if evidence.failed is not None:
        reason = f"its vertices cannot be read ({evidence.failed})"
        return _Verdict("world", reason, clear=False, problem=reason)
    if evidence.world is None or evidence.declared is None:
        return _Verdict("world", "it has no vertices", clear=False)
    if reference is None or not np.isfinite(reference).all():
        reason = "there is nothing to compare its vertices with"
        return _Verdict("world", reason, clear=False, problem=reason)
    thinned = _thinned(geometry, index)
    return _compared(evidence.world, evidence.declared, evidence, reference, named, thinned)


def _thinned(geometry: Geometry, index: int) -> bool:
    """Tell whether a level has not all objects of level 0: each says what it keeps of the finer."""
    kept = (
        level.location.metadata.get("object_sparsity") for level in geometry.levels[: index + 1]
    )
    return any(one is not None and one < 1 for one in kept)


def _compared(
    world: Box, declared: Box, evidence: _Evidence, reference: Box, named: str, thinned: bool
) -> _Verdict:
    unit = "bins" if evidence.read else "chunks (no vertex was read)"
    as_is, moved = (_distance(box, reference, evidence.bin) for box in (world, declared))
    figures = (
        f"the corners of its box lie up to {as_is:.3g} {unit} from those of {named} as stored, "
        f"{moved:.3g} with the declared transform"
    )
    if not np.isfinite([as_is, moved]).all():
        reason = f"{figures}, which is beyond what numbers can say"
        return _Verdict("world", reason, clear=False, problem=reason)
    if abs(as_is - moved) <= 1:
        tie = f"{figures}: a tie"
        near_anyway = _distance(world, declared, evidence.bin) <= 1
        return _Verdict("world", tie, clear=False, problem=tie, mild=near_anyway, tie=True)
    near = max(1.0, _NEAR * float(np.max((reference[1] - reference[0]) / evidence.bin)))
    within, other = (_within(box, reference, evidence.bin) for box in (world, declared))
    if thinned and within and (as_is > moved or (other and as_is > near)):
        reason = (
            f"{figures}, but it has only some of the objects, which lie within that box as "
            "stored and need not fill it"
        )
        return _Verdict("world", reason, clear=False, problem=reason, tie=True)
    if as_is < moved:
        return _Verdict("world", figures, clear=True)
    if within and moved > near:
        reason = f"{figures}, but as stored it lies within it, and neither matches"
        return _Verdict("world", reason, clear=False, problem=reason)
    return _Verdict("declared", figures, clear=True)


def _within(box: Box, reference: Box, margin: Vector) -> bool:
    return bool(((box >= reference[0] - margin) & (box <= reference[1] + margin)).all())


def _distance(box: Box, reference: Box, unit: Vector) -> float:
    """Give how far corresponding corners are apart, along the axis where they are farthest."""
    return float(np.max(np.abs(box - reference) / unit))


def _decision(
    geometry: Geometry, index: int, evidence: _Evidence, verdict: _Verdict
) -> SpaceDecision:
    where = geometry.levels[index].location.where
    name = f"level {geometry.levels[index].path or index}"
    space, reason, problem = verdict.space, verdict.reason, None
    if geometry.space is not None:
        return _asked(geometry, index, evidence, verdict)
    if verdict.problem is not None:
        message = (
            f"{name}: {verdict.problem}; its vertices are taken as in {space} space, "
            'choose the other by vertices="world" or "declared"'
        )
        grade: Severity = "info" if verdict.mild else "warning"
        if evidence.failed is not None:
            problem = Problem(UNDECIDED, "error", where, message)
        elif _unusable(geometry.levels[index].declared) is not None:
            problem = Problem(NOT_INVERTIBLE, "warning", where, message)
        else:
            problem = Problem(UNDECIDED, grade, where, message)
    return SpaceDecision(space, f"{space}: {reason}", _shown(evidence, space), problem)


def _asked(geometry: Geometry, index: int, evidence: _Evidence, verdict: _Verdict) -> SpaceDecision:
    """Take what was asked for, and say what the vertices themselves speak for."""
    level, asked = geometry.levels[index], geometry.space or "world"
    name = f"level {level.path or index}"
    evident = f"the evidence would have chosen {verdict.space}: {verdict.reason}"
    problem = None
    if asked == "declared" and _is_singular(level.declared):
        message = (
            f"{name}: declared space was asked for, but the declared transform cannot be inverted"
        )
        problem = Problem(NOT_INVERTIBLE, "error", level.location.where, message)
        return SpaceDecision("world", f"world: {message}", _shown(evidence, "world"), problem)
    if verdict.clear and verdict.space != asked:
        message = f"{name}: {asked} space was asked for, {evident}"
        problem = Problem(CONTRADICTED, "info", level.location.where, message)
    box = _shown(evidence, "world" if evidence.declared is None else asked)
    return SpaceDecision(asked, f"{asked}: it was asked for; {evident}", box, problem)


def _shown(evidence: _Evidence, space: VertexSpace) -> Box | None:
    return _box(evidence, space) if evidence.read else None
