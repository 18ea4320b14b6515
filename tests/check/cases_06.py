"""Stores that break rules of 0.6, and what the rules must find."""

from __future__ import annotations

from check.breaking import (
    ADDED,
    D0,
    M3,
    SCENE,
    SYSTEMS,
    T0,
    V3,
    Case,
    at6,
    error,
    in_scene,
    warning,
)
from check.stores import MISSING, ends, image06, system, transformed

SYSTEMS_06: dict[str, Case] = {
    "no systems": (at6("coordinateSystems", to=MISSING), {error("missing-key", V3, *SYSTEMS)}),
    "a text as system": (
        at6("coordinateSystems", 1, to="world", name="0.6 two systems"),
        {
            error("invalid-value", V3, *SYSTEMS, 1),
            error("unknown-system", V3, *ADDED, "output"),
        },
    ),
    "a system without name": (
        at6("coordinateSystems", 1, "name", to=MISSING, name="0.6 two systems"),
        {
            error("missing-name", V3, *SYSTEMS, 1, "name"),
            error("unknown-system", V3, *ADDED, "output"),
        },
    ),
    "two systems of one name": (
        at6("coordinateSystems", to=[system("physical", "zyx"), system("physical", "zyx")]),
        {error("repeated-system", V3, *SYSTEMS, 1, "name")},
    ),
    "a transform to no system": (
        at6("coordinateTransformations", 0, "output", "name", to="heaven", name="0.6 two systems"),
        {
            error("unknown-system", V3, *ADDED, "output"),
            error("unconnected-system", V3, *SYSTEMS, 1),
        },
    ),
    "a system nothing leads to": (
        image06(systems=[system("world", "zyx")]),
        {error("unconnected-system", V3, *SYSTEMS, 1)},
    ),
    "a transform without the intrinsic system": (
        image06(
            systems=[system("a", "zyx"), system("b", "zyx")],
            coordinateTransformations=[
                {"type": "identity", **ends({"name": "physical"}, {"name": "a"})},
                {"type": "identity", **ends({"name": "a"}, {"name": "b"})},
            ],
        ),
        {error("spec-transform-ends", V3, *M3, "coordinateTransformations", 1)},
    ),
    "an output as text": (
        at6("coordinateTransformations", 0, "output", to="world", name="0.6 two systems"),
        {
            error("spec-transform-ends", V3, *ADDED, "output"),
            error("unconnected-system", V3, *SYSTEMS, 1),
        },
    ),
    "a rotation to labels": (
        image06(
            coordinateTransformations=[
                {
                    "type": "mapAxis",
                    "mapAxis": [0, 1, 2],
                    **ends({"name": "physical"}, {"name": "physical", "path": "labels/cells"}),
                }
            ]
        ),
        {error("spec-transforms", V3, *ADDED, "type")},
    ),
    "two transforms of a dataset": (
        at6(
            "datasets",
            0,
            "coordinateTransformations",
            to=[{"type": "identity", **ends({"path": "0"}, {"name": "physical"})}] * 2,
        ),
        {error("spec-transforms", V3, *D0, "coordinateTransformations")},
    ),
    "a dataset that is turned": (
        at6(
            "datasets",
            0,
            "coordinateTransformations",
            0,
            "transformations",
            1,
            to={"type": "identity"},
        ),
        {error("spec-transforms", V3, *T0, "transformations")},
    ),
    "an input without path": (
        at6("datasets", 0, "coordinateTransformations", 0, "input", to={"name": "array"}),
        {error("spec-transform-ends", V3, *T0, "input")},
    ),
    "an input of another path": (
        at6("datasets", 0, "coordinateTransformations", 0, "input", "path", to="9"),
        {warning("spec-transform-ends", V3, *T0, "input", "path")},
    ),
    "an output without name": (
        at6("datasets", 1, "coordinateTransformations", 0, "output", to={"path": "physical"}),
        {
            error(
                "spec-transform-ends",
                V3,
                *M3,
                "datasets",
                1,
                "coordinateTransformations",
                0,
                "output",
            )
        },
    ),
    "datasets that lead to two systems": (
        at6(
            "datasets",
            1,
            "coordinateTransformations",
            0,
            "output",
            "name",
            to="world",
            name="0.6 two systems",
        ),
        {error("other-system", V3, *M3, "datasets", 1, "coordinateTransformations", 0, "output")},
    ),
}


TRANSFORMS: dict[str, Case] = {
    "an unknown type": (
        transformed(type="wobble"),
        {error("unknown-transform", V3, *ADDED, "type")},
    ),
    "no matrix": (transformed(type="affine"), {error("missing-key", V3, *ADDED, "affine")}),
    "a matrix and a path": (
        transformed(type="rotation", rotation=[[1, 0, 0], [0, 1, 0], [0, 0, 1]], path="r"),
        {error("invalid-value", V3, *ADDED, "path")},
    ),
    "a matrix that is a list": (
        transformed(type="affine", affine=[1, 0, 0, 0]),
        {error("invalid-value", V3, *ADDED, "affine")},
    ),
    "an affine of two rows": (
        transformed(type="affine", affine=[[1, 0, 0, 0], [0, 1, 0, 0]]),
        {error("wrong-length", V3, *ADDED, "affine")},
    ),
    "a mirror as rotation": (
        transformed(type="rotation", rotation=[[1, 0, 0], [0, 1, 0], [0, 0, -1]]),
        {error("not-a-rotation", V3, *ADDED, "rotation")},
    ),
    "a rotation that stretches": (
        transformed(type="rotation", rotation=[[1.5, 0, 0], [0, 1, 0], [0, 0, 1]]),
        {error("not-a-rotation", V3, *ADDED, "rotation")},
    ),
    "an axis twice": (
        transformed(type="mapAxis", mapAxis=[0, 0, 1]),
        {error("invalid-value", V3, *ADDED, "mapAxis")},
    ),
    "an axis too many": (
        transformed(type="mapAxis", mapAxis=[0, 1, 2, 3]),
        {error("wrong-length", V3, *ADDED, "mapAxis")},
    ),
    "nothing projected": (transformed(type="projectAxis"), {error("invalid-value", V3, *ADDED)}),
    "an axis that is not there": (
        transformed(type="projectAxis", droppedInputs=[3], createdOutputs=[0]),
        {error("wrong-length", V3, *ADDED, "droppedInputs", 0)},
    ),
    "an axis lost": (
        transformed(type="projectAxis", droppedInputs=[0]),
        {error("wrong-length", V3, *ADDED)},
    ),
    "an empty sequence": (
        transformed(type="sequence", transformations=[]),
        {error("invalid-value", V3, *ADDED, "transformations")},
    ),
    "a short scale in a sequence": (
        transformed(
            type="sequence",
            transformations=[{"type": "identity"}, {"type": "scale", "scale": [1, 2]}],
        ),
        {
            error("wrong-length", V3, *ADDED, "transformations", 1, "scale"),
            error("wrong-length", V3, *ADDED, "transformations"),
        },
    ),
    "a bijection of one direction": (
        transformed(type="bijection", forward={"type": "identity"}),
        {error("missing-key", V3, *ADDED, "inverse")},
    ),
    "a dimension that nothing leads to": (
        transformed(
            type="byDimension",
            transformations=[
                {"transformation": {"type": "identity"}, "inputAxes": [0, 1], "outputAxes": [0, 1]},
            ],
        ),
        {error("wrong-length", V3, *ADDED, "transformations")},
    ),
    "a dimension that two lead to": (
        transformed(
            type="byDimension",
            transformations=[
                {"transformation": {"type": "identity"}, "inputAxes": [0, 1], "outputAxes": [0, 1]},
                {"transformation": {"type": "identity"}, "inputAxes": [1, 2], "outputAxes": [1, 2]},
            ],
        ),
        {error("invalid-value", V3, *ADDED, "transformations", 1, "outputAxes", 0)},
    ),
    "an unknown interpolation": (
        transformed(type="displacements", path="field", interpolation="guess"),
        {error("invalid-value", V3, *ADDED, "interpolation")},
    ),
    "a negative scale": (
        transformed(type="scale", scale=[1, -1, 1]),
        {warning("spec-negative-scale", V3, *ADDED, "scale", 1)},
    ),
    "a number as name of a transform": (
        transformed(type="identity", name=5),
        {error("invalid-value", V3, *ADDED, "name")},
    ),
}


SCENES: dict[str, Case] = {
    "no transforms": (
        in_scene("coordinateTransformations", to=[]),
        {
            error("missing-key", V3, *SCENE, "coordinateTransformations"),
        },
    ),
    "a system an image has not": (
        in_scene("coordinateTransformations", 0, "input", "name", to="moon"),
        {error("unknown-system", V3, *SCENE, "coordinateTransformations", 0, "input")},
    ),
    "a path to no image": (
        in_scene("coordinateTransformations", 1, "input", "path", to="three"),
        {error("missing-image", V3, *SCENE, "coordinateTransformations", 1, "input")},
    ),
}
