"""Stores that break rules about labels, plates and series, and what the rules must find."""

from __future__ import annotations

from check.breaking import (
    LABEL_FILE,
    LABEL_KEY,
    M3,
    OME,
    PLATE,
    V2,
    V3,
    WELL,
    Case,
    at5,
    error,
    label,
    plate,
    warning,
    well,
)
from check.stores import CONFORMING, MISSING, changed, image05

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
    "a well of no row, in 0.4": (
        changed(CONFORMING["0.4 plate"], V2, (("plate", "wells", 1, "path"), "C/2")),
        {warning("unknown-well", V2, "plate", "wells", 1, "path")},
    ),
    "a well of no row, in 0.6": (
        changed(
            CONFORMING["0.5 plate"],
            V3,
            ((*OME, "version"), "0.6rc0"),
            ((*PLATE, "wells"), [{"path": "C/2", "rowIndex": 1, "columnIndex": 1}]),
        ),
        {warning("unknown-well", V3, *PLATE, "wells", 0, "path")},
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
