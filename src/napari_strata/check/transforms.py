"""Rules about the parameters of single transforms: of all that are nested, too."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from napari_strata.check.element import Element, Fault, multiscales, repeated
from napari_strata.check.rules import Rules

TYPES = (
    "identity",
    "mapAxis",
    "projectAxis",
    "translation",
    "scale",
    "affine",
    "rotation",
    "sequence",
    "displacements",
    "coordinates",
    "bijection",
    "byDimension",
)
_INTERPOLATIONS = ("nearest", "linear", "cubic", "bspline-cubic")
_TOLERANCE = 1e-4  # of a rotation's numbers, which may have been rounded
_DEEPEST = 32


def outermost(root: Element) -> Iterator[Element]:
    """Go through the transforms of datasets, multiscales and the scene."""
    for multiscale in multiscales(root):
        for dataset in multiscale["datasets"].objects():
            yield from dataset["coordinateTransformations"].items()
        yield from multiscale["coordinateTransformations"].items()
    yield from root["scene"]["coordinateTransformations"].items()


def parts(transform: Element) -> Iterator[Element]:
    """Go to the transforms one is made of."""
    kind = transform["type"].value
    if kind == "sequence":
        yield from transform["transformations"].items()
    elif kind == "bijection":
        yield from (transform[key] for key in ("forward", "inverse") if key in transform)
    elif kind == "byDimension":
        for item in transform["transformations"].objects():
            if "transformation" in item:
                yield item["transformation"]


def _all(root: Element) -> Iterator[Element]:
    layer = list(outermost(root))
    for _ in range(_DEEPEST):
        yield from layer
        layer = [part for transform in layer for part in parts(transform)]


RULES = Rules("coordinateTransformations", _all)


@RULES.must("unknown-transform", "a transform is an object with a known type", since="0.6")
def _type(transform: Element) -> Iterator[Fault]:
    if not transform.is_object:
        yield transform.expected("an object {…} with a type")
    elif transform["type"].value not in TYPES:
        yield transform["type"].expected(f"one of {', '.join(TYPES)}")


@RULES.must("missing-key", "a transform has its parameters", since="0.4")
def _parameters(transform: Element) -> Iterator[Fault]:
    kind = transform["type"].value
    needed: tuple[str, ...] = ()
    if kind in ("scale", "translation"):
        needed = (kind,)
        if transform.version < "0.6" and "path" in transform:
            needed = ()
    elif transform.version < "0.6":
        needed = ()
    elif kind in ("affine", "rotation"):
        needed = () if "path" in transform else (kind,)
    elif kind in ("sequence", "byDimension"):
        needed = ("transformations",)
    elif kind == "bijection":
        needed = ("forward", "inverse")
    elif kind in ("displacements", "coordinates"):
        needed = ("path",)
    elif kind == "mapAxis":
        needed = ("mapAxis",)
    for key in needed:
        if key not in transform:
            yield transform[key].place, f"found no {key}, expected it in a {kind}"


@RULES.must("invalid-value", "scale and translation are lists of numbers", since="0.4")
def _vectors(transform: Element) -> Iterator[Fault]:
    kind = transform["type"].value
    if kind not in ("scale", "translation") or kind not in transform:
        return
    listed = transform[kind]
    if not listed.items():
        yield listed.expected("a list of numbers")
    for item in listed.items():
        if not item.is_number:
            yield item.expected("a finite number")
        elif kind == "scale" and item.value == 0:
            yield item.expected("a number other than 0")


@RULES.must("invalid-value", "an affine or rotation is a matrix of numbers", since="0.6")
def _matrices(transform: Element) -> Iterator[Fault]:
    kind = transform["type"].value
    if kind not in ("affine", "rotation"):
        return
    if kind in transform and "path" in transform:
        yield transform["path"].place, f"found path beside {kind}, expected one of them"
    if "path" in transform and not transform["path"].is_text:
        yield transform["path"].expected("a path (text)")
    if kind in transform and matrix(transform[kind]) is None:
        yield transform[kind].expected("a list of rows of numbers, all of one length")


def matrix(listed: Element) -> list[list[float]] | None:
    """Read a matrix; None if it is none."""
    rows = [row.items() for row in listed.items()]
    if not rows or not rows[0] or any(len(row) != len(rows[0]) for row in rows):
        return None
    if not all(item.is_number for row in rows for item in row):
        return None
    return [[float(item.value) for item in row] for row in rows]


@RULES.must("not-a-rotation", "a rotation is square, orthonormal, of determinant 1", since="0.6")
def _rotation(transform: Element) -> Iterator[Fault]:
    if transform["type"].value != "rotation":
        return
    listed = transform["rotation"]
    rows = matrix(listed)
    if rows is None:
        return
    if len(rows) != len(rows[0]) or len(rows) < 2:
        yield listed.place, f"found {len(rows)} rows of {len(rows[0])}, expected a square matrix"
        return
    found = np.array(rows)
    if not np.all(np.abs(found) < 2):
        yield listed.expected("a rotation, whose numbers are between -1 and 1")
    elif not np.allclose(found @ found.T, np.eye(len(rows)), atol=_TOLERANCE):
        yield listed.expected("orthonormal rows")
    elif np.linalg.det(found) < 0:
        yield listed.expected("a rotation, not a mirror image")


def _indices(listed: Element) -> Iterator[Fault]:
    if not listed.items():
        yield listed.expected("a list of axes' indices")
    for item in listed.items():
        if not item.is_whole or not 0 <= item.value < 5:
            yield item.expected("an index of an axis, 0 to 4")
    if any(repeated(listed.items())):
        yield listed.expected("each index once")


@RULES.must("invalid-value", "mapAxis has each index once", since="0.6")
def _map_axis(transform: Element) -> Iterator[Fault]:
    if transform["type"].value == "mapAxis" and "mapAxis" in transform:
        listed = transform["mapAxis"]
        faults = list(_indices(listed))
        values = [item.value for item in listed.items()]
        if not faults and (sorted(values) != list(range(len(values))) or len(values) < 2):
            faults = [listed.expected(f"each index from 0 to {max(len(values), 2) - 1} once")]
        yield from faults


@RULES.must("invalid-value", "projectAxis drops or creates axes, each once", since="0.6")
def _project_axis(transform: Element) -> Iterator[Fault]:
    if transform["type"].value != "projectAxis":
        return
    present = [key for key in ("droppedInputs", "createdOutputs") if key in transform]
    if not present:
        yield transform.place, "found neither droppedInputs nor createdOutputs, expected one"
    for key in present:
        yield from _indices(transform[key])
        if len(transform[key].items()) > 3:
            yield transform[key].expected("three axes at most")


@RULES.must("invalid-value", "a sequence or byDimension holds transforms", since="0.6")
def _wrapped(transform: Element) -> Iterator[Fault]:
    kind, listed = transform["type"].value, transform["transformations"]
    if kind not in ("sequence", "byDimension") or "transformations" not in transform:
        return
    if not listed.items():
        yield listed.expected("a list of at least one transform")
    for item in listed.items():
        if kind == "byDimension" and not item.is_object:
            yield item.expected("an object {…} with transformation, inputAxes and outputAxes")


@RULES.must("invalid-value", "byDimension says which axes each part is for", since="0.6")
def _by_dimension(transform: Element) -> Iterator[Fault]:
    if transform["type"].value != "byDimension":
        return
    outputs: list[Element] = []
    for item in transform["transformations"].objects():
        if "transformation" not in item:
            yield item["transformation"].expected("a transform")
        for key in ("inputAxes", "outputAxes"):
            listed = item[key]
            if not listed.items() or not all(i.is_whole and i.value >= 0 for i in listed.items()):
                yield listed.expected("a list of axes' indices")
        outputs += item["outputAxes"].items()
    for item in repeated(outputs):
        yield item.expected("an axis that no other part leads to")


@RULES.must("invalid-value", "interpolation is nearest, linear or cubic", since="0.6")
def _interpolation(transform: Element) -> Iterator[Fault]:
    if transform["type"].value not in ("displacements", "coordinates"):
        return
    if "path" in transform and not transform["path"].is_text:
        yield transform["path"].expected("a path (text)")
    if "interpolation" in transform and transform["interpolation"].value not in _INTERPOLATIONS:
        yield transform["interpolation"].expected('"nearest", "linear" or "bspline-cubic"')


@RULES.should("spec-negative-scale", "numbers of a scale are greater than 0", since="0.6")
def _negative(transform: Element) -> Iterator[Fault]:
    if transform["type"].value == "scale":
        for item in transform["scale"].items():
            if item.is_number and item.value < 0:
                yield item.expected("a number greater than 0")


@RULES.must("invalid-value", "the name of a transform is a text", since="0.6")
def _name(transform: Element) -> Iterator[Fault]:
    if "name" in transform and not isinstance(transform["name"].value, str):
        yield transform["name"].expected("a text")
