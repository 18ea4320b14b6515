"""Arrays without any description of space: bare N5 and Zarr arrays, one voxel a unit."""

from __future__ import annotations

from napari_strata import affine
from napari_strata.formats import _grid
from napari_strata.formats._assemble import Draft, contribution, image
from napari_strata.formats._protocol import Context
from napari_strata.formats._survey import Survey
from napari_strata.model import Axis, Image, Problem
from napari_strata.store.hierarchy import Array, read_array
from napari_strata.store.values import quote

N5_NAME = "n5-array"
ZARR_NAME = "zarr-array"


def probe(survey: Survey) -> str | None:
    """See an array."""
    return "a bare array" if survey.is_array else None


def parse(survey: Survey, context: Context) -> list[Image]:
    """Show the array as it is: scale 1, no translation, voxels as the unit."""
    problems: list[Problem] = []
    array = read_array(survey.node, survey.group.encoding)
    if array is None:
        raise survey.group.place().refuse("missing-array", "found no array, expected one")
    axes = _axes(array, problems)
    matrix = affine.from_scale_translate([1.0] * len(axes))
    where = array.place()
    return [
        image(
            survey,
            context,
            format_name=N5_NAME if array.encoding == "n5" else ZARR_NAME,
            axes=axes,
            drafts=[Draft(array, (contribution("nothing declared: voxels", where, matrix),))],
            problems=problems,
        )
    ]


def _axes(array: Array, problems: list[Problem]) -> list[Axis]:
    rank = len(array.shape)
    if array.encoding == "n5":
        names: list[str] = _grid.axis_names({}, rank)
        return [Axis(n, _grid.axis_type(n)) for n in names]
    names = _grid.default_names(rank)
    given = _dimension_names(array, problems)
    if given is not None:
        names = [g or n for g, n in zip(given, names, strict=True)]
    return [Axis(n, _grid.axis_type(n)) for n in names]


def _dimension_names(array: Array, problems: list[Problem]) -> list[str | None] | None:
    """Take Zarr v3's ``dimension_names``, else xarray's ``_ARRAY_DIMENSIONS``."""
    at, names = array.place("_ARRAY_DIMENSIONS"), array.attributes.get("_ARRAY_DIMENSIONS")
    if array.dimension_names is not None:
        at, names = array.stored("dimension_names"), list(array.dimension_names)
    if names is None:
        return None
    if _usable(names, len(array.shape)):
        result: list[str | None] = names
        return result
    message = f"found {quote(names)}, expected {len(array.shape)} different names; not used"
    problems.append(at.problem("bad-dimension-names", "warning", message))
    return None


def _usable(names: object, rank: int) -> bool:
    if not isinstance(names, list) or len(names) != rank:
        return False
    if not all(n is None or isinstance(n, str) for n in names):
        return False
    given = [n for n in names if n]
    return len(set(given)) == len(given)
