"""OME-NGFF 0.4/0.5 ``coordinateTransformations``: scale and translation, in listed order."""

from __future__ import annotations

from napari_strata import affine
from napari_strata.formats._assemble import contribution
from napari_strata.formats._protocol import Context
from napari_strata.formats._survey import Survey
from napari_strata.model import Contribution
from napari_strata.store.hierarchy import read_array
from napari_strata.store.values import (
    JsonPlace,
    mapping,
    nonzero_vector,
    sequence,
    vector,
)


def read_transforms(
    value: object,
    place: JsonPlace,
    rank: int,
    x_first: bool,
    survey: Survey,
    context: Context,
) -> tuple[Contribution, ...]:
    """Read a list of transforms; the result is outermost (applied last) first, array order.

    Raises
    ------
    OpenError
        If a transform is of another type, its numbers are not ``rank`` finite ones, or a scale
        is zero.
    """
    found = []
    for index, item in enumerate(sequence(value, place)):
        at = place.item(index)
        fields = mapping(item, at)
        kind = fields.get("type")
        if kind == "identity":
            matrix = affine.from_scale_translate([1.0] * rank)
        elif kind in ("scale", "translation"):
            numbers, where = _parameters(fields, kind, at, survey, context)
            if kind == "scale":
                scale = nonzero_vector(numbers, where, rank)
                matrix = affine.from_scale_translate(scale)
            else:
                matrix = affine.from_scale_translate([1.0] * rank, vector(numbers, where, rank))
        else:
            raise at.child("type").unexpected(kind, '"identity", "scale" or "translation"')
        if x_first:
            matrix = affine.reversed_axes(matrix)
        found.append(contribution(str(kind), at, matrix))
    return tuple(reversed(found))


def _parameters(
    fields: dict[str, object] | object, kind: str, at: JsonPlace, survey: Survey, context: Context
) -> tuple[object, JsonPlace]:
    """Take the numbers inline, or from the array that ``path`` names."""
    values = mapping(fields, at)
    if kind in values or "path" not in values:
        if kind not in values:
            raise at.child(kind).refuse("missing-key", f"found no {kind}, expected a list")
        return values[kind], at.child(kind)
    where = at.child("path")
    node = survey.node.descend(values["path"], where)
    array = read_array(node, survey.group.encoding, attributes=False)
    if array is None:
        message = f'found no array at "{node.inner_path}", expected one with the {kind}'
        raise where.refuse("missing-array", message)
    if len(array.shape) != 1 or array.shape[0] > 32:
        raise where.refuse("wrong-length", f"found an array of shape {array.shape}, expected 1-D")
    try:
        return context.read_values(array).tolist(), where
    except OSError as error:
        raise where.refuse("unreadable", str(error)) from error
