"""OME-NGFF 0.4/0.5 ``coordinateTransformations``: scale and translation, in listed order."""

from __future__ import annotations

from napari_strata import affine
from napari_strata.formats._assemble import contribution
from napari_strata.formats._protocol import Context
from napari_strata.formats._survey import Survey
from napari_strata.formats.transform_parameters import Reading, read_parameter
from napari_strata.model import Contribution
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
    reading = Reading(survey.group, context)
    for index, item in enumerate(sequence(value, place)):
        at = place.item(index)
        fields = mapping(item, at)
        kind = fields.get("type")
        if kind == "identity":
            matrix = affine.from_scale_translate([1.0] * rank)
        elif kind in ("scale", "translation"):
            numbers, where = read_parameter(fields, kind, at, reading)
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
