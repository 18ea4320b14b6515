"""Stores that break rules about images to 0.5, and what the rules must find."""

from __future__ import annotations

from check.breaking import (
    AXES6,
    LABEL_KEY,
    M2,
    M3,
    OME,
    OMERO_KEY,
    V2,
    V3,
    Case,
    at4,
    at5,
    at6,
    error,
    omero,
    warning,
)
from check.stores import CONFORMING, MISSING, array2, axes, changed, early, image04, image05

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
