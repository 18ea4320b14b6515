"""Showing an image in another of its coordinate systems (OME-NGFF 0.6).

A system with more axes than the image gives it axes of length 1, one with fewer leaves the
image's own in front. So affines stay square. The voxels keep the order of their axes: where a
transform exchanges axes, the affine does. What cannot be shown that way is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_strata import affine
from napari_strata.formats.axis_assignment import across, assign, is_flat, unit_factors
from napari_strata.formats.level_axes import rearranged
from napari_strata.formats.transform_nesting import Chain, product
from napari_strata.formats.transform_types import homogeneous, is_singular
from napari_strata.model import (
    Axis,
    Contribution,
    CoordinateSystem,
    Display,
    Image,
    Level,
    OpenError,
    Problem,
)
from napari_strata.store.values import quote


def in_system(image: Image, name: str) -> Image:
    """Show an image in one of its coordinate systems.

    Raises
    ------
    OpenError
        If it has no such system, no linear transform leads there, or it would be projected.
    """
    system = _named(image, name)
    base = _intrinsic(image)
    if name == image.systems[0].name:
        return base
    assert system.transforms is not None  # told by _named
    view = _view(base, system, system.transforms)
    levels, problems = [], list(image.problems)
    for level in base.levels:
        try:
            levels.append(view.level(level))
        except OpenError as error:
            problems.append(error.problem)
    return replace(
        base,
        axes=view.axes,
        levels=tuple(levels),
        display=view.display(base.display),
        problems=tuple(problems),
        system=name,
        intrinsic=base,
    )


def _intrinsic(image: Image) -> Image:
    """Return an image as it is in its intrinsic system, by the name it has now."""
    if image.intrinsic is None:
        return image
    return replace(
        image.intrinsic,
        name=image.name,
        systems=image.systems,
        system=image.systems[0].name,
    )


def _named(image: Image, name: str) -> CoordinateSystem:
    where = image.path or "."
    if not image.systems:
        message = f'the image has no coordinate systems ({image.format}), expected "{name}"'
        raise OpenError(Problem("unknown-system", "error", where, message))
    for system in image.systems:
        if system.name == name:
            if system.problem is not None:
                raise OpenError(replace(system.problem, severity="error"))
            return system
    message = f'found the systems {quote([s.name for s in image.systems])}, expected "{name}"'
    raise OpenError(Problem("unknown-system", "error", where, message))


@dataclass(frozen=True)
class _View:
    """How an image's axes become those of a view in a system.

    Attributes
    ----------
    transforms : from the image's intrinsic system to the system, outermost first.
    old_axes, axes : of the image, and of the view: axes of the image that the system has not,
        then the system's.
    source : for each axis of the view the image's; None is an added one.
    front : the image's axes that the system has not.
    added : ``(m, a)``, the directions of the added axes in the system.
    names : what the image's axes are called in the system, each by the axis it lies along.
    """

    transforms: Chain
    old_axes: tuple[Axis, ...]
    axes: tuple[Axis, ...]
    source: tuple[int | None, ...]
    front: tuple[int, ...]
    added: affine.Matrix
    names: Mapping[str, str]

    def level(self, level: Level) -> Level:
        """Bring one level into the view; raises OpenError if that cannot be."""
        origin = self._origin(level)
        matrix = product(origin)
        if matrix is None or not np.isfinite(affine.log_volume(matrix)):
            message = "the transforms are together no longer finite or not invertible; left out"
            raise OpenError(Problem("not-drawable-in-system", "error", level.path, message))
        shape = tuple(1 if s is None else level.shape[s] for s in self.source)
        chunks = tuple(1 if s is None else level.chunks[s] for s in self.source)
        return replace(
            level,
            shape=shape,
            chunks=chunks,
            affine=matrix,
            location=rearranged(level.location, self.source),
            origin=origin,
        )

    def display(self, display: Display) -> Display:
        """Rename the axes that the first position is given for."""
        declared = display.first_position.items()
        first = {self.names[k]: v for k, v in declared if k in self.names}
        return replace(display, first_position=first)

    def _origin(self, level: Level) -> Chain:
        """Extend every matrix so that, composed, they are the view's affine.

        Coordinates along the view's own axes (in front, added) pass by all transforms.
        """
        front, added = len(self.front), self.added.shape[1]
        extra = front + added
        if not extra and self.source == tuple(range(len(self.source))):
            return (*self.transforms, *level.origin)
        chain = [
            replace(c, matrix=_extended(c.matrix, extra)) for c in (*self.transforms, *level.origin)
        ]
        where = level.origin[-1].where
        inner = Contribution("axes of the view", where, self._to_stored(len(self.old_axes)))
        if not extra:
            return (*chain, inner)
        m = len(self.axes) - front
        linear = np.zeros((front + m, m + extra))
        linear[:front, m : m + front] = np.eye(front)
        linear[front:, :m] = np.eye(m)
        linear[front:, m + front :] = self.added
        outer = Contribution("axes of the view", chain[0].where, homogeneous(linear))
        return (outer, *chain, inner)

    def _to_stored(self, n: int) -> affine.Matrix:
        """Map voxels of the view to voxels of the image, then those in front, then the added."""
        front = len(self.front)
        linear = np.zeros((n + front + self.added.shape[1], len(self.source)))
        missing = 0
        for index, source in enumerate(self.source):
            if source is None:
                linear[n + front + missing, index] = 1.0
                missing += 1
            else:
                linear[source, index] = 1.0
        for index in range(front):
            linear[n + index, index] = 1.0
        return homogeneous(linear)


def _extended(matrix: affine.Matrix, extra: int) -> affine.Matrix:
    """Let ``extra`` further coordinates pass by a matrix."""
    rows, columns = matrix.shape[0] - 1, matrix.shape[1] - 1
    linear = np.zeros((rows + extra, columns + extra))
    linear[:rows, :columns] = matrix[:-1, :-1]
    linear[rows:, columns:] = np.eye(extra)
    return homogeneous(linear, np.array([*matrix[:-1, -1], *[0.0] * extra]))


def _view(base: Image, system: CoordinateSystem, transforms: Chain) -> _View:
    """Decide once, by the finest level, how the axes of the view are made of the image's."""
    finest = base.levels[0]
    matrix = product((*transforms, *finest.origin))
    if matrix is None:
        raise _refusal(base, system, "its transforms are together no longer finite")
    with np.errstate(all="ignore"):
        terms = np.abs(finest.affine)
        for step in reversed(transforms):
            terms = np.abs(step.matrix) @ terms
    linear, terms = matrix[:-1, :-1], terms[:-1, :-1]
    flat = [is_flat(linear[:, j], terms[:, j]) for j in range(linear.shape[1])]
    front = tuple(j for j, f in enumerate(flat) if f)
    kept = [j for j, f in enumerate(flat) if not f]
    for j in front:
        if base.axes[j].type == "space" and any(v.shape[j] > 1 for v in base.levels):
            planes = max(v.shape[j] for v in base.levels)
            reason = f'its axis "{base.axes[j].name}" of {planes} voxels has no place there'
            raise _refusal(base, system, reason)
    if len(kept) > len(system.axes):
        reason = f"it has {len(kept)} axes, the system {len(system.axes)}"
        raise _refusal(base, system, reason)
    with np.errstate(all="ignore"):  # what is no longer finite is refused below
        filled = assign(linear[:, kept], system.axes)
        missing = [i for i in range(len(system.axes)) if i not in filled]
        added = _added(linear[:, kept], system.axes, filled, missing)
    source = [*front, *_sources(kept, filled, len(system.axes))]
    square = np.concatenate([linear[:, kept], added], axis=1)
    if not np.all(np.isfinite(square)):
        raise _refusal(base, system, "its transforms are together no longer finite")
    if is_singular(square):
        raise _refusal(base, system, "it would be projected: two of its axes coincide there")
    axes = (*_in_front(base.axes, front, system.axes), *system.axes)
    lying = [*range(len(front)), *(len(front) + i for i in filled)]
    names = {base.axes[j].name: axes[i].name for j, i in zip((*front, *kept), lying, strict=True)}
    view = _View(transforms, base.axes, axes, tuple(source), front, added, names)
    view.level(finest)  # if this one cannot be shown, nothing can
    return view


def _sources(kept: Sequence[int], filled: Sequence[int], count: int) -> list[int | None]:
    """Put the image's axes, in their own order, where the system's axes are that they fill."""
    sources: list[int | None] = [None] * count
    for j, i in zip(sorted(kept), sorted(filled), strict=True):
        sources[i] = j
    return sources


def _added(
    linear: affine.Matrix, axes: tuple[Axis, ...], filled: list[int], missing: list[int]
) -> affine.Matrix:
    """Give the added axes their directions, as thick as the image's longest voxel side."""
    factors = unit_factors(axes)
    if not np.all(np.isfinite(linear * factors[:, None])):
        return np.full((len(axes), len(missing)), np.inf)
    directions = across(linear, axes, filled, missing)
    space = [i for i, a in enumerate(axes) if a.type == "space"]
    sides = np.linalg.norm(linear[space] * factors[space, None], axis=0)
    thickness = float(sides.max(initial=0.0)) or 1.0
    for k, i in enumerate(missing):
        directions[:, k] *= thickness if i in space else factors[i]
    return directions


def _in_front(axes: tuple[Axis, ...], front: Sequence[int], taken: Sequence[Axis]) -> list[Axis]:
    """Name the image's axes that stay; they count voxels, so they have no unit."""
    names = {a.name for a in taken}
    result = []
    for j in front:
        name = axes[j].name
        while name in names:
            name += "'"
        names.add(name)
        result.append(Axis(name, axes[j].type))
    return result


def _refusal(image: Image, system: CoordinateSystem, reason: str) -> OpenError:
    message = f'the image cannot be drawn in the system "{system.name}": {reason}'
    return OpenError(Problem("not-drawable-in-system", "error", image.path or ".", message))
