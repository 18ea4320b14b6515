"""Stores that break one rule each, and what a check must find: (code, severity, place).

The places and codes are worked out from the specification. The store that keeps the rule is the
conforming one each case starts from.
"""

from __future__ import annotations

from typing import Any

from check.stores import (
    CONFORMING,
    MISSING,
    Files,
    array2,
    axes,
    changed,
    early,
    ends,
    image04,
    image05,
    image06,
    system,
    transformed,
)

Expected = set[tuple[str, str, str]]
Case = tuple[Files, Expected]

V2 = ".zattrs"
V3 = "zarr.json"
OME = ("attributes", "ome")
M2: tuple[str | int, ...] = ("multiscales", 0)
M3: tuple[str | int, ...] = (*OME, "multiscales", 0)


def spelled(keys: tuple[str | int, ...]) -> str:
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def error(code: str, file: str, *keys: str | int) -> tuple[str, str, str]:
    return (code, "error", f"{file}: {spelled(keys)}" if keys else file)


def warning(code: str, file: str, *keys: str | int) -> tuple[str, str, str]:
    return (code, "warning", f"{file}: {spelled(keys)}" if keys else file)


def at4(*keys: str | int, to: Any, name: str = "0.4") -> Files:
    """A 0.4 store with one value of its first multiscale changed."""
    return changed(CONFORMING[name], V2, ((*M2, *keys), to))


def at5(*keys: str | int, to: Any, name: str = "0.5", file: str = V3) -> Files:
    """A 0.5 store with one value of ``ome`` changed."""
    return changed(CONFORMING[name], file, ((*OME, *keys), to))


def at6(*keys: str | int, to: Any, name: str = "0.6") -> Files:
    """A 0.6 store with one value of its first multiscale changed."""
    return changed(CONFORMING[name], V3, ((*M3, *keys), to))


def label(*keys: str | int, to: Any) -> Files:
    return at5("image-label", *keys, to=to, name="0.5 labels", file="labels/cells/zarr.json")


def plate(*keys: str | int, to: Any) -> Files:
    return at5("plate", *keys, to=to, name="0.5 plate")


def well(*keys: str | int, to: Any) -> Files:
    return at5("well", *keys, to=to, name="0.5 plate", file="A/1/zarr.json")


def omero(*keys: str | int, to: Any) -> Files:
    return at5("omero", *keys, to=to, name="0.5 labels")


def in_scene(*keys: str | int, to: Any) -> Files:
    return at5("scene", *keys, to=to, name="0.6 scene")


D0 = (*M3, "datasets", 0)
T0 = (*D0, "coordinateTransformations", 0)
ADDED = (*M3, "coordinateTransformations", 0)
SYSTEMS = (*M3, "coordinateSystems")
AXES6 = (*SYSTEMS, 0, "axes")
LABEL_FILE = "labels/cells/zarr.json"
LABEL_KEY = (*OME, "image-label")
PLATE = (*OME, "plate")
WELL = (*OME, "well")
OMERO_KEY = (*OME, "omero")
SCENE = (*OME, "scene")


VERSIONS: dict[str, Case] = {
    "ome without version": (
        at5("version", to=MISSING),
        {error("missing-key", V3, *OME, "version")},
    ),
    "another version in ome": (
        at5("version", to="0.4"),
        {error("spec-version", V3, *OME, "version")},
    ),
    "a draft": (
        at5("version", to="0.6.dev3", name="0.6"),
        {warning("spec-version", V3, *OME, "version")},
    ),
    "an unheard-of 0.6": (
        at5("version", to="0.6rc02x", name="0.6"),
        {error("spec-version", V3, *OME, "version")},
    ),
    "another version in 0.4": (
        at4("version", to="0.3"),
        {error("spec-version", V2, *M2, "version")},
    ),
    "0.4 in Zarr v3": (
        {
            V3: {"zarr_format": 3, "node_type": "group", "attributes": CONFORMING["0.4"][V2]},
            **{k: v for k, v in image05().items() if k != V3},
        },
        {error("spec-zarr-version", V3, "attributes")},
    ),
    "systems outside multiscales": (
        at5("coordinateSystems", to=[], name="0.6"),
        {error("spec-misplaced-key", V3, *OME, "coordinateSystems")},
    ),
    "a group of another version": (
        at5("version", to="0.6.1", name="0.6 scene", file="one/zarr.json"),
        {error("spec-version", "one/zarr.json", *OME, "version")},
    ),
}

MULTISCALES: dict[str, Case] = {
    "no multiscales in the list": (
        at5("multiscales", to=[]),
        {error("invalid-value", V3, *OME, "multiscales")},
    ),
    "no datasets": (
        at5("multiscales", 0, "datasets", to=MISSING),
        {error("missing-key", V3, *M3, "datasets")},
    ),
    "a number as name": (at4("name", to=5), {error("invalid-value", V2, *M2, "name")}),
    "nothing recommended": (
        changed(
            CONFORMING["0.4"],
            V2,
            *(((*M2, k), MISSING) for k in ("version", "name", "type", "metadata")),
        ),
        {warning("spec-recommended", V2, *M2)},
    ),
}

AXES: dict[str, Case] = {
    "no axes": (at4("axes", to=MISSING), {error("missing-axes", V2, *M2, "axes")}),
    "an axis as text": (
        at4("axes", 1, to="z"),
        {error("invalid-value", V2, *M2, "axes", 1)},
    ),
    "an unknown letter": (
        changed(CONFORMING["0.3"], V2, ((*M2, "axes", 0), "w")),
        {error("invalid-value", V2, *M2, "axes", 0)},
    ),
    "letters out of order": (
        changed(CONFORMING["0.3"], V2, ((*M2, "axes"), ["c", "x", "y"])),
        {error("spec-axis-order", V2, *M2, "axes")},
    ),
    "six axes": (
        image04(names="tczyx")
        | changed(
            image04(names="tczyx"),
            V2,
            ((*M2, "axes"), [{"name": "w", "type": "time"}, *axes("tczyx")]),
        ),
        {
            error("spec-axis-count", V2, *M2, "axes"),
            error("spec-time-axes", V2, *M2, "axes"),
            warning("spec-recommended", V2, *M2, "axes", 0),
            *(
                error(
                    "wrong-length", V2, *M2, "datasets", level, "coordinateTransformations", i, kind
                )
                for level in range(2)
                for i, kind in enumerate(("scale", "translation"))
            ),
        },
    ),
    "two axes of one name": (
        at4("axes", 1, "name", to="y"),
        {error("repeated-axis", V2, *M2, "axes")},
    ),
    "one axis of space": (
        at4("axes", to=[*axes("tc"), {"name": "q", "type": "other"}, *axes("x")]),
        {error("spec-space-axes", V2, *M2, "axes"), error("spec-channel-axes", V2, *M2, "axes")},
    ),
    "two axes of time": (
        at4("axes", to=[*axes("t"), {"name": "u", "type": "time", "unit": "second"}, *axes("yx")]),
        {error("spec-time-axes", V2, *M2, "axes")},
    ),
    "two channel axes": (
        at4("axes", to=[*axes("c"), {"name": "d", "type": "channel"}, *axes("yx")]),
        {error("spec-channel-axes", V2, *M2, "axes")},
    ),
    "space before the channel": (
        changed(image05(names="zcyx"), V3),
        {error("spec-axis-order", V3, *M3, "axes")},
    ),
    "space as x, y, z": (
        changed(image05(names="xyz"), V3),
        {warning("spec-zyx-order", V3, *M3, "axes")},
    ),
    "an axis without name": (
        at4("axes", 1, "name", to=MISSING),
        {error("missing-name", V2, *M2, "axes", 1, "name")},
    ),
    "a number as type": (
        at4("axes", 0, "type", to=5),
        {error("invalid-value", V2, *M2, "axes", 0, "type")},
    ),
    "a number as unit": (
        at4("axes", 1, "unit", to=5),
        {error("unknown-unit", V2, *M2, "axes", 1, "unit")},
    ),
    "discrete as text": (
        at6("coordinateSystems", 0, "axes", 0, "discrete", to="no"),
        {error("invalid-value", V3, *AXES6, 0, "discrete")},
    ),
    "an axis without type": (
        at4("axes", 0, "type", to=MISSING),
        {warning("spec-recommended", V2, *M2, "axes", 0)},
    ),
    "space without unit": (
        at4("axes", 1, "unit", to=MISSING),
        {warning("spec-recommended", V2, *M2, "axes", 1)},
    ),
    "a unit by its sign": (
        at4("axes", 1, "unit", to="nm"),
        {warning("spec-unit", V2, *M2, "axes", 1, "unit")},
    ),
}

DATASETS: dict[str, Case] = {
    "an empty list": (at4("datasets", to=[]), {error("invalid-value", V2, *M2, "datasets")}),
    "a coarser level first": (
        changed(
            CONFORMING["0.5"],
            V3,
            (
                (*M3, "datasets"),
                CONFORMING["0.5"][V3]["attributes"]["ome"]["multiscales"][0]["datasets"][::-1],
            ),
        ),
        {error("spec-level-order", V3, *M3, "datasets")},
    ),
    "a smaller level first": (
        changed(CONFORMING["0.2"], V2, ((*M2, "datasets"), [{"path": "1"}, {"path": "0"}])),
        {error("spec-level-order", V2, *M2, "datasets")},
    ),
    "no path": (
        at4("datasets", 1, "path", to=MISSING),
        {error("missing-key", V2, *M2, "datasets", 1, "path")},
    ),
    "a path that leaves the group": (
        at4("datasets", 1, "path", to="../1"),
        {error("bad-path", V2, *M2, "datasets", 1, "path")},
    ),
    "no transforms": (
        at4("datasets", 1, "coordinateTransformations", to=MISSING),
        {error("missing-key", V2, *M2, "datasets", 1, "coordinateTransformations")},
    ),
    "no scale": (
        at4(
            "datasets",
            1,
            "coordinateTransformations",
            to=[{"type": "translation", "translation": [0, 0, 0, 0]}],
        ),
        {error("missing-scale", V2, *M2, "datasets", 1, "coordinateTransformations")},
    ),
    "translation first": (
        at4(
            "datasets",
            1,
            "coordinateTransformations",
            to=[
                {"type": "translation", "translation": [0] * 4},
                {"type": "scale", "scale": [1, 2, 2, 2]},
            ],
        ),
        {error("spec-transforms", V2, *M2, "datasets", 1, "coordinateTransformations")},
    ),
    "a rotation in 0.4": (
        at4("datasets", 1, "coordinateTransformations", 1, "type", to="rotation"),
        {error("invalid-value", V2, *M2, "datasets", 1, "coordinateTransformations", 1, "type")},
    ),
    "a zero in a scale": (
        at4("datasets", 1, "coordinateTransformations", 0, "scale", 2, to=0),
        {
            error(
                "invalid-value", V2, *M2, "datasets", 1, "coordinateTransformations", 0, "scale", 2
            )
        },
    ),
    "a text in a scale": (
        at5("multiscales", 0, "datasets", 1, "coordinateTransformations", 0, "scale", 2, to="2"),
        {
            error(
                "invalid-value", V3, *M3, "datasets", 1, "coordinateTransformations", 0, "scale", 2
            )
        },
    ),
    "a scale that is too short": (
        at4("datasets", 1, "coordinateTransformations", 0, "scale", to=[1, 2]),
        {error("wrong-length", V2, *M2, "datasets", 1, "coordinateTransformations", 0, "scale")},
    ),
    "a scale without numbers": (
        at4("datasets", 1, "coordinateTransformations", 0, "scale", to=MISSING),
        {error("missing-key", V2, *M2, "datasets", 1, "coordinateTransformations", 0, "scale")},
    ),
    "no transforms of all levels": (
        at4("coordinateTransformations", to=[]),
        {error("invalid-value", V2, *M2, "coordinateTransformations")},
    ),
}

ARRAYS: dict[str, Case] = {
    "no dimension names": (
        changed(CONFORMING["0.5"], "1/zarr.json", (("dimension_names",), MISSING)),
        {error("dimension-names-contradict", "1/zarr.json", "dimension_names")},
    ),
    "other dimension names": (
        changed(CONFORMING["0.5"], "1/zarr.json", (("dimension_names",), ["c", "z", "x", "y"])),
        {error("dimension-names-contradict", "1/zarr.json", "dimension_names")},
    ),
    "three axes in 0.2": (
        {
            **changed(early(version="0.2"), V2),
            "0/.zarray": array2([8, 16, 16]),
            "1/.zarray": array2([4, 8, 8]),
        },
        {
            error("spec-axis-count", "0/.zarray", "shape"),
            error("spec-axis-count", "1/.zarray", "shape"),
        },
    ),
    "labels of floats": (
        image05(
            names="yx",
            dtype="float32",
            **{"image-label": {"version": "0.5", "colors": [{"label-value": 1}]}},
        ),
        {error("labels-not-integer", V3, *LABEL_KEY)},
    ),
}

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

OMERO: dict[str, Case] = {
    "no channels": (
        omero("channels", to=MISSING),
        {error("bad-omero", V3, *OMERO_KEY, "channels")},
    ),
    "a color with #": (
        omero("channels", 0, "color", to="#00FF00"),
        {error("bad-color", V3, *OMERO_KEY, "channels", 0, "color")},
    ),
    "no window": (
        omero("channels", 0, "window", to=MISSING),
        {error("bad-window", V3, *OMERO_KEY, "channels", 0, "window")},
    ),
    "a window without end": (
        omero("channels", 0, "window", "end", to=MISSING),
        {error("bad-window", V3, *OMERO_KEY, "channels", 0, "window")},
    ),
    "active as text": (
        omero("channels", 0, "active", to="yes"),
        {error("bad-omero", V3, *OMERO_KEY, "channels", 0, "active")},
    ),
}

LABELS: dict[str, Case] = {
    "labels as text": (
        at5("labels", to="cells", name="0.5 labels", file="labels/zarr.json"),
        {error("invalid-value", "labels/zarr.json", *OME, "labels")},
    ),
    "a label outside": (
        at5("labels", 0, to="../..", name="0.5 labels", file="labels/zarr.json"),
        {error("bad-path", "labels/zarr.json", *OME, "labels", 0)},
    ),
    "a label that is no image": (
        {
            **CONFORMING["0.5 labels"],
            "labels/cells/zarr.json": {
                "zarr_format": 3,
                "node_type": "group",
                "attributes": {"ome": {"version": "0.5"}},
            },
        },
        {error("missing-label", "labels/zarr.json", *OME, "labels", 0)},
    ),
    "a label image that does not say so": (
        at5("image-label", to=MISSING, name="0.5 labels", file=LABEL_FILE),
        {warning("spec-recommended", LABEL_FILE, *OME)},
    ),
    "a label image of one level": (
        at5("multiscales", 0, "datasets", 1, to=MISSING, name="0.5 labels", file=LABEL_FILE),
        {error("spec-label-levels", LABEL_FILE, *M3, "datasets")},
    ),
    "image-label as text": (
        at5("image-label", to="x", name="0.5 labels", file=LABEL_FILE),
        {error("bad-image-label", LABEL_FILE, *LABEL_KEY)},
    ),
    "image-label without image": (
        {
            V3: {
                "zarr_format": 3,
                "node_type": "group",
                "attributes": {
                    "ome": {
                        "version": "0.5",
                        "image-label": {
                            "colors": [{"label-value": 1, "rgba": 5}],
                            "version": "0.5",
                        },
                    }
                },
            }
        },
        {
            warning("missing-key", V3, *OME, "multiscales"),
            error("bad-label-color", V3, *LABEL_KEY, "colors", 0, "rgba"),
        },
    ),
    "no colors": (
        label("colors", to=MISSING),
        {warning("spec-recommended", LABEL_FILE, *LABEL_KEY)},
    ),
    "no version": (
        label("version", to=MISSING),
        {warning("spec-recommended", LABEL_FILE, *LABEL_KEY, "version")},
    ),
    "a source as text": (
        label("source", to="../../"),
        {error("label-source", LABEL_FILE, *LABEL_KEY, "source")},
    ),
    "an empty list of colors": (
        label("colors", to=[]),
        {error("bad-image-label", LABEL_FILE, *LABEL_KEY, "colors")},
    ),
    "a label value as text": (
        label("colors", 0, "label-value", to="1"),
        {error("bad-label-value", LABEL_FILE, *LABEL_KEY, "colors", 0, "label-value")},
    ),
    "a label value twice": (
        label("colors", 1, "label-value", to=1),
        {error("repeated-label-value", LABEL_FILE, *LABEL_KEY, "colors", 1, "label-value")},
    ),
    "a color of three numbers": (
        label("colors", 0, "rgba", to=[1, 2, 3]),
        {error("bad-label-color", LABEL_FILE, *LABEL_KEY, "colors", 0, "rgba")},
    ),
    "a color out of range": (
        label("colors", 0, "rgba", to=[1, 2, 3, 256]),
        {error("bad-label-color", LABEL_FILE, *LABEL_KEY, "colors", 0, "rgba")},
    ),
}

PLATES: dict[str, Case] = {
    "rows as text": (plate("rows", to="AB"), {error("bad-plate", V3, *PLATE, "rows")}),
    "no wells": (
        plate("wells", to=[]),
        {error("invalid-value", V3, *PLATE, "wells")},
    ),
    "a row of odd name": (
        plate("rows", to=[{"name": "A"}, {"name": "B"}, {"name": "C 1"}]),
        {error("spec-name", V3, *PLATE, "rows", 2, "name")},
    ),
    "two columns of one name": (
        plate("columns", to=[{"name": "1"}, {"name": "2"}, {"name": "2"}]),
        {error("spec-repeated-name", V3, *PLATE, "columns", 2, "name")},
    ),
    "no name of the plate": (plate("name", to=MISSING), {warning("spec-recommended", V3, *PLATE)}),
    "no fields": (plate("field_count", to=0), {error("invalid-value", V3, *PLATE, "field_count")}),
    "a well twice": (
        plate("wells", 1, to={"path": "A/1", "rowIndex": 0, "columnIndex": 0}),
        {error("repeated-well", V3, *PLATE, "wells", 1)},
    ),
    "a well without path": (
        plate("wells", 1, "path", to=MISSING),
        {error("missing-key", V3, *PLATE, "wells", 1, "path")},
    ),
    "a well of no row": (
        plate("wells", 1, "path", to="C/2"),
        {
            error("unknown-well", V3, *PLATE, "wells", 1, "path"),
        },
    ),
    "a well without index": (
        plate("wells", 1, "rowIndex", to=MISSING),
        {error("missing-key", V3, *PLATE, "wells", 1, "rowIndex")},
    ),
    "an index that contradicts": (
        plate("wells", 1, "rowIndex", to=0),
        {error("well-contradicts", V3, *PLATE, "wells", 1, "rowIndex")},
    ),
    "acquisitions as text": (
        plate("acquisitions", to="two"),
        {error("bad-acquisition", V3, *PLATE, "acquisitions")},
    ),
    "an id twice": (
        plate("acquisitions", 1, "id", to=0),
        {
            error("bad-acquisition", V3, *PLATE, "acquisitions", 1),
            *(
                error("bad-acquisition", f"{w}/zarr.json", *WELL, "images", 1, "acquisition")
                for w in ("A/1", "B/2")
            ),
        },
    ),
    "a time as text": (
        plate("acquisitions", 0, "starttime", to="noon"),
        {error("invalid-value", V3, *PLATE, "acquisitions", 0, "starttime")},
    ),
    "an acquisition without name": (
        plate("acquisitions", 0, "name", to=MISSING),
        {warning("spec-recommended", V3, *PLATE, "acquisitions", 0)},
    ),
    "an acquisition without id": (
        plate(
            "acquisitions",
            to=[
                {"name": "run", "maximumfieldcount": 1},
                {"id": 0, "name": "b", "maximumfieldcount": 1},
                {"id": 1, "name": "c", "maximumfieldcount": 1},
            ],
        ),
        {error("bad-acquisition", V3, *PLATE, "acquisitions", 0)},
    ),
    "no images in a well": (
        well("images", to=[]),
        {error("invalid-value", "A/1/zarr.json", *WELL, "images")},
    ),
    "an image twice": (
        well("images", 1, "path", to="0"),
        {error("repeated-field", "A/1/zarr.json", *WELL, "images", 1)},
    ),
    "an image without path": (
        well("images", 1, "path", to=MISSING),
        {error("missing-key", "A/1/zarr.json", *WELL, "images", 1, "path")},
    ),
    "an image in another folder": (
        well("images", 1, "path", to="../1"),
        {error("bad-path", "A/1/zarr.json", *WELL, "images", 1, "path")},
    ),
    "an acquisition as text": (
        well("images", 1, "acquisition", to="1"),
        {error("bad-acquisition", "A/1/zarr.json", *WELL, "images", 1, "acquisition")},
    ),
    "an acquisition the plate has not": (
        well("images", 1, "acquisition", to=7),
        {error("bad-acquisition", "A/1/zarr.json", *WELL, "images", 1, "acquisition")},
    ),
    "an image of a name only 0.6 allows": (
        {
            **{
                k: v
                for k, v in well("images", 1, "path", to="f_1").items()
                if not k.startswith("A/1/1/")
            },
            **image05("A/1/f_1", "yx"),
        },
        {warning("spec-name", "A/1/zarr.json", *WELL, "images", 1, "path")},
    ),
    "a well without version": (
        changed(CONFORMING["0.4 plate"], "A/1/.zattrs", (("well", "version"), MISSING)),
        {warning("spec-recommended", "A/1/.zattrs", "well")},
    ),
}

SERIES: dict[str, Case] = {
    "layout 2": (
        at5("bioformats2raw.layout", to=2, name="0.5 series"),
        {error("bad-layout", V3, *OME, "bioformats2raw.layout")},
    ),
    "no OME-XML": (
        {k: v for k, v in CONFORMING["0.5 series"].items() if not k.endswith(".xml")},
        {warning("spec-recommended", V3, *OME, "bioformats2raw.layout")},
    ),
    "a gap in the numbers": (
        {
            k.replace("1/", "2/", 1) if k.startswith("1/") else k: v
            for k, v in CONFORMING["0.4 series"].items()
        },
        {error("spec-series-numbers", V2, "bioformats2raw.layout")},
    ),
    "series as text": (
        at5("series", to="0, 1", name="0.5 series", file="OME/zarr.json"),
        {error("invalid-value", "OME/zarr.json", *OME, "series")},
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

CASES: dict[str, Case] = {
    f"{subject}: {name}": case
    for subject, cases in {
        "version": VERSIONS,
        "multiscales": MULTISCALES,
        "axes": AXES,
        "datasets": DATASETS,
        "arrays": ARRAYS,
        "coordinate systems": SYSTEMS_06,
        "transforms": TRANSFORMS,
        "omero": OMERO,
        "labels": LABELS,
        "plates": PLATES,
        "series": SERIES,
        "scenes": SCENES,
    }.items()
    for name, case in cases.items()
}
