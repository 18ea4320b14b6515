"""Coordinate transforms made of others: sequence, byDimension, bijection (OME-NGFF 0.6).

Fields of displacements or coordinates are no matrices: a transform with one in it is known, but
cannot be followed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from napari_strata import affine
from napari_strata.formats.transform_parameters import Fields, Reading
from napari_strata.formats.transform_types import (
    Space,
    homogeneous,
    is_linear_type,
    is_singular,
    read_linear,
)
from napari_strata.model import Contribution, Problem
from napari_strata.store.values import JsonPlace, mapping, quote, sequence

Chain = tuple[Contribution, ...]
"""Matrices, outermost (applied last) first."""

_DEEPEST = 20
_FIELDS = ("displacements", "coordinates")
_AXES_KEYS = {
    "input": ("inputAxes", "input_axes", "input"),
    "output": ("outputAxes", "output_axes", "output"),
}


@dataclass(frozen=True)
class Transform:
    """A transform in both directions; None where it cannot be followed.

    ``target`` are the axes it leads to. ``nonlinear`` names a field of displacements or
    coordinates in it; there always is one where ``forward`` is None.
    """

    forward: Chain | None
    backward: Chain | None
    target: Space
    nonlinear: Problem | None = None


def product(chain: Chain) -> affine.Matrix | None:
    """Compose a chain of matrices; None if the result is not finite."""
    with np.errstate(all="ignore"):
        matrix = affine.compose(*(c.matrix for c in chain))
    return matrix if np.all(np.isfinite(matrix)) else None


def inverted(chain: Chain) -> Chain | None:
    """Return the way back, each matrix by itself where that can be; None if there is none."""
    matrix = product(chain)
    if matrix is None or matrix.shape[0] != matrix.shape[1] or is_singular(matrix[:-1, :-1]):
        return None
    single = all(c.matrix.shape == matrix.shape for c in chain)
    parts = chain[::-1] if single else (Contribution("transform", chain[0].where, matrix),)
    result = []
    for part in parts:
        back = _inverse(part.matrix)
        if back is None:
            return None
        result.append(Contribution(f"inverse of {part.what}", part.where, back))
    return tuple(result)


def _inverse(matrix: affine.Matrix) -> affine.Matrix | None:
    try:
        with np.errstate(all="ignore"):
            back = affine.invert(matrix)
    except np.linalg.LinAlgError:  # numbers so small that their products vanish
        return None
    return back if np.all(np.isfinite(back)) else None


def read_transform(
    value: object, at: JsonPlace, source: Space, target: Space | None, reading: Reading
) -> Transform:
    """Read a transform of any type; ``target`` is None where the end is not known.

    Raises
    ------
    OpenError
        If its type is unknown, its parameters do not fit the axes, or it is nested absurdly deep.
    """
    return _Reader(reading).read(value, at, source, target, 0)


def read_transforms_in_order(
    items: list[Any], where: JsonPlace, source: Space, target: Space, reading: Reading
) -> Transform:
    """Read one transform or more that are applied in the order of their list.

    Raises
    ------
    OpenError
        As `read_transform`.
    """
    return _Reader(reading).in_order(items, where, source, target, 0)


@dataclass
class _Reader:
    reading: Reading

    def read(
        self, value: object, at: JsonPlace, source: Space, target: Space | None, depth: int
    ) -> Transform:
        if depth > _DEEPEST:
            message = f"found transforms nested more than {_DEEPEST} deep, expected fewer"
            raise at.refuse("nested-too-deep", message)
        fields = mapping(value, at)
        kind = fields.get("type")
        if is_linear_type(kind):
            found = read_linear(fields, at, source, target, self.reading)
            result = _of_chain((Contribution(str(kind), str(at), found.matrix),), found.target)
        elif kind == "sequence":
            result = self._sequence(fields, at, source, target, depth)
        elif kind == "byDimension":
            result = self._by_dimension(fields, at, source, target, depth)
        elif kind == "bijection":
            result = self._bijection(fields, at, source, target, depth)
        elif kind == "inverseOf":
            result = self._inverse_of(fields, at, source, target, depth)
        elif kind in _FIELDS:
            message = f"found {kind}, a field of vectors, which is not drawn"
            problem = at.problem("nonlinear-transform", "info", message)
            result = Transform(None, None, target or source, problem)
        else:
            raise at.child("type").unexpected(kind, "a type of transform", "unknown-transform")
        if target is not None and len(result.target) != len(target):
            message = (
                f"found a {kind} from {len(source)} to {len(result.target)} axes, "
                f"expected {len(target)} as its output has"
            )
            raise at.refuse("wrong-rank", message)
        return result

    def _items(self, fields: Fields, at: JsonPlace) -> list[Any]:
        items = sequence(fields.get("transformations"), at.child("transformations"))
        if not items:
            raise at.child("transformations").unexpected(items, "at least one transform")
        return items

    def _sequence(
        self, fields: Fields, at: JsonPlace, source: Space, target: Space | None, depth: int
    ) -> Transform:
        items, where = self._items(fields, at), at.child("transformations")
        return self.in_order(items, where, source, target, depth + 1)

    def in_order(
        self, items: list[Any], where: JsonPlace, source: Space, target: Space | None, depth: int
    ) -> Transform:
        parts: list[Transform] = []
        space = source
        for index, item in enumerate(items):
            end = target if index == len(items) - 1 else None
            part = self.read(item, where.item(index), space, end, depth)
            if part.forward is None and part.backward is None:
                return Transform(None, None, target or part.target, part.nonlinear)
            parts.append(part)
            space = part.target
        return _joined(parts, where)

    def _by_dimension(
        self, fields: Fields, at: JsonPlace, source: Space, target: Space | None, depth: int
    ) -> Transform:
        """Let transforms of fewer axes make up the output, each axis of it once."""
        items, where = self._items(fields, at), at.child("transformations")
        rows: list[tuple[list[int], list[int], Transform]] = []
        end = target or _listed_outputs(items, where)
        for index, item in enumerate(items):
            place = where.item(index)
            entry = mapping(item, place)
            inner: object = entry
            inner_at = place
            if "transformation" in entry:
                inner, inner_at = entry["transformation"], place.child("transformation")
            inputs = source.indices(*_axes_of(entry, place, "input"))
            outputs = end.indices(*_axes_of(entry, place, "output"))
            if not inputs or not outputs:
                message = "found no axes, expected inputAxes and outputAxes with one axis or more"
                raise place.refuse("wrong-length", message)
            part = self.read(inner, inner_at, source.take(inputs), end.take(outputs), depth + 1)
            rows.append((inputs, outputs, part))
        listed = [axis for _, outputs, _ in rows for axis in outputs]
        if sorted(listed) != list(range(len(end))):
            message = f"found {quote(listed)}, expected each of {len(end)} output axes once"
            raise where.refuse("wrong-axes", message)
        for _, _, part in rows:
            if part.forward is None:
                return Transform(None, None, end, part.nonlinear)
        return _of_chain((Contribution("byDimension", str(at), _stacked(rows, source, end)),), end)

    def _bijection(
        self, fields: Fields, at: JsonPlace, source: Space, target: Space | None, depth: int
    ) -> Transform:
        """Go forwards by ``forward`` and back by ``inverse``, or by forward's inverse."""
        forward = self.read(fields.get("forward"), at.child("forward"), source, target, depth + 1)
        if fields.get("inverse") is None:
            return forward
        inverse = self.read(
            fields["inverse"], at.child("inverse"), forward.target, source, depth + 1
        )
        back = inverse.forward if inverse.forward is not None else forward.backward
        if forward.forward is not None and inverse.forward is not None:
            self._compare(forward.forward, inverse.forward, at)
        return Transform(forward.forward, back, forward.target, forward.nonlinear)

    def _compare(self, forward: Chain, inverse: Chain, at: JsonPlace) -> None:
        there_and_back = product((*inverse, *forward))
        if there_and_back is None or not np.allclose(
            there_and_back, np.eye(len(there_and_back)), rtol=1e-6, atol=1e-6
        ):
            message = "found an inverse that does not undo forward; each is used in its direction"
            self.reading.problems.append(at.problem("contradicting-transforms", "warning", message))

    def _inverse_of(
        self, fields: Fields, at: JsonPlace, source: Space, target: Space | None, depth: int
    ) -> Transform:
        """Turn a transform round, as the first drafts write it."""
        place = at.child("transformation")
        inner = self.read(fields.get("transformation"), place, target or source, source, depth + 1)
        if inner.backward is None and inner.nonlinear is None:
            raise place.refuse("singular-transform", "found a transform that has no inverse")
        return Transform(inner.backward, inner.forward, target or source, inner.nonlinear)


def _of_chain(chain: Chain, target: Space) -> Transform:
    return Transform(chain, inverted(chain), target)


def _joined(parts: Sequence[Transform], at: JsonPlace) -> Transform:
    """Follow transforms one after the other; back by each one's own way back if it has one."""
    end = parts[-1].target
    blocked = next((p.nonlinear for p in parts if p.nonlinear is not None), None)
    forward: Chain | None = ()
    backward: Chain | None = ()
    for part in parts:
        forward = None if forward is None or part.forward is None else part.forward + forward
        backward = None if backward is None or part.backward is None else backward + part.backward
    if forward is not None:
        if product(forward) is None:
            message = "found transforms whose product is no longer finite"
            raise at.refuse("not-finite", message)
        backward = backward if backward is not None else inverted(forward)
    return Transform(forward, backward, end, blocked)


def _axes_of(entry: Fields, place: JsonPlace, end: str) -> tuple[object, JsonPlace]:
    """Find which axes a part of byDimension takes (or makes), in any draft's spelling."""
    for key in _AXES_KEYS[end]:
        if isinstance(entry.get(key), list):
            return entry[key], place.child(key)
    key = _AXES_KEYS[end][0]
    raise place.child(key).unexpected(entry.get(key), "a list of axes")


def _listed_outputs(items: Sequence[object], where: JsonPlace) -> Space:
    """Take the output axes as they are listed, where the end of a byDimension is not known."""
    listed: list[object] = []
    for index, item in enumerate(items):
        place = where.item(index)
        axes, at = _axes_of(mapping(item, place), place, "output")
        listed += sequence(axes, at)
    if all(isinstance(axis, str) for axis in listed):
        return Space(tuple(str(axis) for axis in listed))
    return Space.unnamed(len(listed))


def _stacked(
    rows: Sequence[tuple[list[int], list[int], Transform]], source: Space, end: Space
) -> affine.Matrix:
    linear = np.zeros((len(end), len(source)))
    offset = np.zeros(len(end))
    for inputs, outputs, part in rows:
        assert part.forward is not None  # the others were turned away
        matrix = affine.compose(*(c.matrix for c in part.forward))
        linear[np.ix_(outputs, inputs)] = matrix[:-1, :-1]
        offset[outputs] = matrix[:-1, -1]
    return homogeneous(linear, offset)
