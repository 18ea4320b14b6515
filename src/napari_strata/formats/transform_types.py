"""Every linear type of coordinate transform as a matrix (OME-NGFF 0.6, "Transformation types").

A transform maps points of n axes to points of m axes: a matrix of shape ``(m + 1, n + 1)``, axes
in the order of their coordinate systems. Spellings of the drafts are told by structure: flat
lists of numbers, axes by name instead of by index.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from napari_strata import affine
from napari_strata.formats.transform_parameters import (
    MOST_AXES,
    Fields,
    Reading,
    read_matrix,
    read_vector,
)
from napari_strata.store.values import JsonPlace, mapping, quote, sequence

_ROUNDING = 1e-4  # a rotation written in float32, or with few decimals, is still one


@dataclass(frozen=True)
class Space:
    """The axes at one end of a transform; the drafts refer to them by name.

    ``others`` are further names of the same axes, such as ``dim_0`` of an array's.
    """

    names: tuple[str, ...]
    others: tuple[str, ...] = ()

    @classmethod
    def unnamed(cls, count: int) -> Space:
        """Take axes nobody gave names to, as between the steps of a sequence."""
        return cls(("",) * count)

    def __len__(self) -> int:
        """Count the axes."""
        return len(self.names)

    def take(self, axes: list[int]) -> Space:
        """Choose some of the axes, in the order given."""
        others = tuple(self.others[i] for i in axes) if self.others else ()
        return Space(tuple(self.names[i] for i in axes), others)

    def index(self, value: object, at: JsonPlace) -> int:
        """Find an axis by its index, or by its name; raises OpenError if there is none."""
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(self):
            return value
        if isinstance(value, str) and value:
            for names in (self.names, self.others):
                if value in names:
                    return names.index(value)
        known = ", ".join(n for n in self.names if n)
        expected = f"an axis from 0 to {len(self) - 1}" + (f" ({known})" if known else "")
        raise at.unexpected(value, expected, "unknown-axis")

    def indices(self, value: object, at: JsonPlace) -> list[int]:
        """Find several axes, each at most once; raises OpenError if that is not what it says."""
        found = [self.index(item, at.item(i)) for i, item in enumerate(sequence(value, at))]
        if len(set(found)) != len(found):
            raise at.unexpected(value, "every axis at most once", "repeated-axis")
        return found


@dataclass(frozen=True)
class Mapped:
    """A matrix, and the axes it leads to."""

    matrix: affine.Matrix
    target: Space


def is_singular(linear: affine.Matrix) -> bool:
    """Tell whether a square matrix without inverse, whatever the units of its axes are."""
    with np.errstate(all="ignore"):
        scaled = linear / np.abs(linear).max(axis=0, keepdims=True)
        scaled = scaled / np.abs(scaled).max(axis=1, keepdims=True)
        if not np.all(np.isfinite(scaled)):
            return True
        return bool(np.linalg.cond(scaled) > 1e12)


def homogeneous(linear: affine.Matrix, offset: affine.Vector | None = None) -> affine.Matrix:
    """Put an ``(m, n)`` matrix and an offset of m into one ``(m + 1, n + 1)`` matrix."""
    rows, columns = linear.shape
    matrix = np.zeros((rows + 1, columns + 1))
    matrix[:rows, :columns] = linear
    if offset is not None:
        matrix[:rows, columns] = offset
    matrix[rows, columns] = 1.0
    return affine.frozen(matrix)


def _identity(
    fields: Fields, at: JsonPlace, source: Space, target: Space | None, reading: Reading
) -> Mapped:
    return Mapped(homogeneous(np.eye(len(source))), source)


def _scale(
    fields: Fields, at: JsonPlace, source: Space, target: Space | None, reading: Reading
) -> Mapped:
    found = read_vector(fields, "scale", at, reading, len(source))
    if 0.0 in found.values:
        index = found.values.index(0.0)
        raise found.place.item(index).unexpected(0, "a number other than 0")
    return Mapped(homogeneous(np.diag(found.values)), source)


def _translation(
    fields: Fields, at: JsonPlace, source: Space, target: Space | None, reading: Reading
) -> Mapped:
    found = read_vector(fields, "translation", at, reading, len(source))
    return Mapped(homogeneous(np.eye(len(source)), np.array(found.values)), source)


def _rotation(
    fields: Fields, at: JsonPlace, source: Space, target: Space | None, reading: Reading
) -> Mapped:
    n = len(source)
    found = read_matrix(fields, "rotation", at, reading, n)
    if len(found.values) != n:
        message = f"found {len(found.values)} rows, expected {n}, one per axis"
        raise found.place.refuse("wrong-length", message)
    matrix = np.array(found.values)
    _refuse_singular(matrix, found.place)
    with np.errstate(all="ignore"):
        off = np.abs(matrix @ matrix.T - np.eye(n)).max()
        turned = np.linalg.det(matrix) > 0
    if not off < _ROUNDING or not turned:
        message = "found a matrix that is not a rotation (it scales, shears or mirrors); used as is"
        reading.problems.append(found.place.problem("not-a-rotation", "warning", message))
    return Mapped(homogeneous(matrix), source)


def _affine(
    fields: Fields, at: JsonPlace, source: Space, target: Space | None, reading: Reading
) -> Mapped:
    n = len(source)
    found = read_matrix(fields, "affine", at, reading, n + 1)
    matrix = np.array(found.values)
    if len(matrix) == n:
        _refuse_singular(matrix[:, :n], found.place)
    end = source if len(matrix) == n else Space.unnamed(len(matrix))
    return Mapped(homogeneous(matrix[:, :n], matrix[:, n]), end)


def _map_axis(
    fields: Fields, at: JsonPlace, source: Space, target: Space | None, reading: Reading
) -> Mapped:
    """Output axis i is input axis ``mapAxis[i]``; in drafts an object from output to input.

    The last text wants every input once; the drafts also dropped and repeated axes so.
    """
    value, where = fields.get("mapAxis"), at.child("mapAxis")
    if isinstance(value, dict):
        return _map_names(value, where, source, target)
    items = sequence(value, where)
    if not 1 <= len(items) <= MOST_AXES:
        raise where.unexpected(value, f"1 to {MOST_AXES} axes", "wrong-length")
    order = [source.index(item, where.item(i)) for i, item in enumerate(items)]
    return Mapped(homogeneous(np.eye(len(source))[order]), source.take(order))


def _map_names(
    value: dict[str, object], where: JsonPlace, source: Space, target: Space | None
) -> Mapped:
    named = list(value)
    if target is not None:
        missing = [name for name in target.names if name not in value]
        if missing or len(value) != len(target):
            expected = f"one entry for each of the axes {', '.join(target.names)}"
            raise where.unexpected(value, expected, "wrong-length")
        named = list(target.names)
    order = [source.index(value[name], where.child(name)) for name in named]
    if not order:
        raise where.unexpected(value, "at least one axis", "wrong-length")
    return Mapped(homogeneous(np.eye(len(source))[order]), Space(tuple(named)))


def _project_axis(
    fields: Fields, at: JsonPlace, source: Space, target: Space | None, reading: Reading
) -> Mapped:
    """Drop input axes first, then put in output axes that are 0."""
    dropped = source.indices(fields.get("droppedInputs") or [], at.child("droppedInputs"))
    kept = [i for i in range(len(source)) if i not in dropped]
    value, where = fields.get("createdOutputs") or [], at.child("createdOutputs")
    count = len(kept) + len(sequence(value, where))
    if not 1 <= count <= MOST_AXES:
        message = f"leaves {count} axes, expected 1 to {MOST_AXES}"
        raise at.refuse("wrong-rank", message)
    end = target if target is not None and len(target) == count else Space.unnamed(count)
    created = end.indices(value, where)
    linear = np.zeros((count, len(source)))
    linear[[i for i in range(count) if i not in created], kept] = 1.0
    return Mapped(homogeneous(linear), end)


def _refuse_singular(matrix: affine.Matrix, where: JsonPlace) -> None:
    if is_singular(matrix):
        message = f"found {quote(matrix.tolist())}, expected a matrix that has an inverse"
        raise where.refuse("singular-transform", message)


_Read = Callable[[Fields, JsonPlace, Space, Space | None, Reading], Mapped]

_LINEAR: dict[str, _Read] = {
    "identity": _identity,
    "scale": _scale,
    "translation": _translation,
    "rotation": _rotation,
    "affine": _affine,
    "mapAxis": _map_axis,
    "projectAxis": _project_axis,
}


def is_linear_type(value: object) -> bool:
    """Tell whether a transform's ``type`` is one of those that are a matrix by themselves."""
    return isinstance(value, str) and value in _LINEAR


def read_linear(
    value: object, at: JsonPlace, source: Space, target: Space | None, reading: Reading
) -> Mapped:
    """Read a transform of one of the linear types.

    Parameters
    ----------
    source : the axes it starts from.
    target : those it leads to; None between the steps of a sequence.

    Raises
    ------
    OpenError
        If its parameters are missing, of the wrong number for the axes, or have no inverse.
    """
    fields = mapping(value, at)
    return _LINEAR[fields["type"]](fields, at, source, target, reading)
