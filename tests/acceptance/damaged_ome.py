"""Damaged OME-Zarr stores as a table: what is spoilt, what must be said, and what must be left.

Each entry spoils one value of a sound store and so breaks one rule of the specifications.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import Any

from ome_stores import Files
from sound_ome import BASES, CHANNEL

MS = "multiscales[0]"
DS = f"{MS}.datasets[1]"
CT = f"{DS}.coordinateTransformations"
THREE = {"": ["0", "1", "2"]}
TWO = {"": ["0", "1"]}
FEWER = {"": ["0", "2"]}
LABELS = {"": ["0", "1"], "labels/n": ["0", "1"], "labels/m": ["0", "1"]}
SERIES = {"0": ["0", "1"], "1": ["0", "1"]}
SCENE = {"a": ["0", "1"], "b": ["0", "1"]}
FIELDS = {f"{well}/0": ["0", "1"] for well in ("A/1", "A/3", "B/2")}  # found without the plate
OF_WELL = {name: ["0", "1"] for name in "012"}
GONE = object()  # the key is taken away

Left = dict[str, Any]


@dataclass(frozen=True)
class Damage:
    """One spoilt value.

    Attributes
    ----------
    base : the sound store.
    file, key : what is spoilt; no key: the whole file.
    value : what stands there instead, or a function of what stood there; GONE: nothing.
    code, where : of the problem that must be told.
    left : the images and levels that must open, by their paths, or how many levels where they are
        made of many fields; None: refused.
    """

    base: str
    file: str
    key: str
    value: Any
    code: str
    where: str
    left: Left | None

    @property
    def id(self) -> str:
        short = "taken away" if self.value is GONE else str(self.value)[:16]
        short = "changed" if callable(self.value) else short
        return f"{self.base}-{self.file}-{self.key}-{short}".replace("multiscales[0]", "ms")

    def files(self) -> Files:
        files = BASES[self.base]()
        if not self.key:
            files[self.file] = self._new(files[self.file])
            if self.value is GONE:
                del files[self.file]
            return files
        steps = [int(s) if s.isdigit() else s for s in re.findall(r"[^.\[\]]+", self.key)]
        target = files[self.file] = copy.deepcopy(files[self.file])
        for step in steps[:-1]:
            target = target[step]
        if self.value is GONE:
            del target[steps[-1]]
        elif steps[-1] == "+":  # the end of a list
            target.append(self.value)
        else:
            old = target.get(steps[-1]) if isinstance(target, dict) else target[steps[-1]]
            target[steps[-1]] = self._new(old)
        return files

    def _new(self, old: Any) -> Any:
        return self.value(old) if callable(self.value) else self.value


def _v2(key: str, value: Any, code: str, left: Left | None, where: str | None = None) -> Damage:
    place = f".zattrs: {key}" if where is None else where
    return Damage("0.4", ".zattrs", key, value, code, place, left)


def _v3(
    base: str, key: str, value: Any, code: str, left: Left | None, where: str | None = None
) -> Damage:
    place = key if where is None else where
    return Damage(
        base, "zarr.json", f"attributes.ome.{key}", value, code,
        f"zarr.json: attributes.ome.{place}", left,
    )  # fmt: skip


def _array(
    base: str, file: str, key: str, value: Any, code: str, where: str | None = None
) -> Damage:
    """Spoil the metadata of level 1: the other levels must be left."""
    place = where if where is not None else (f"{file}: {key}" if key else file)
    return Damage(base, file, key, value, code, place, FEWER)


def _in(
    base: str, file: str, key: str, value: Any, code: str, left: Left | None, where: str = ""
) -> Damage:
    return Damage(base, file, key, value, code, where or (f"{file}: {key}" if key else file), left)


GROUP = [
    _in("0.4", ".zattrs", "", "{", "not-json", None),
    _in("0.4", ".zattrs", "", "[1]", "not-an-object", None),
    _v2("multiscales", 7, "invalid-value", None),
    _v2(
        "multiscales",
        lambda old: [7, *old],
        "invalid-value",
        THREE,
        where=".zattrs: multiscales[0]",
    ),
    _v2(f"{MS}.datasets", [], "invalid-value", None),
    _v2(DS, 7, "invalid-value", FEWER),
    _v2(f"{DS}.path", GONE, "invalid-value", FEWER),
    _v2(f"{DS}.path", "../../x", "bad-path", FEWER),
    _v2(f"{DS}.path", "gone", "missing-array", FEWER),
    _v2(f"{DS}.path", "0", "duplicate-path", FEWER),
    _v2(CT, GONE, "missing-key", FEWER),
    _v2(CT, {}, "invalid-value", FEWER),
    _v2(f"{CT}[0]", 7, "invalid-value", FEWER),
    _v2(f"{CT}[0].type", "warp", "invalid-value", FEWER),
    _v2(f"{CT}[0].scale", GONE, "missing-key", FEWER),
    _v2(f"{CT}[0].scale", "2", "invalid-value", FEWER),
    _v2(f"{CT}[0].scale", [1, 2], "wrong-length", FEWER),
    _v2(f"{CT}[0].scale[1]", 0, "invalid-value", FEWER),
    _v2(f"{CT}[0].scale[2]", float("nan"), "invalid-value", FEWER),
    _v2(f"{CT}[1].translation", [0, 1, 2, 3], "wrong-length", FEWER),
    _v2(f"{CT}[1].translation[0]", "a", "invalid-value", FEWER),
    _v2(f"{CT}[1].translation[1]", float("inf"), "invalid-value", FEWER),
    _v2(f"{MS}.coordinateTransformations[0].scale", [1], "wrong-length", None),
    _v2(f"{MS}.coordinateTransformations", "x", "invalid-value", None),
    _v2(f"{MS}.axes", GONE, "missing-axes", THREE),
    _v2(f"{MS}.axes", 7, "invalid-value", None),
    _v2(f"{MS}.axes[0]", 7, "invalid-value", None),
    _v2(f"{MS}.axes[1].name", GONE, "missing-name", THREE),
    _v2(f"{MS}.axes[1].name", "x", "repeated-axis", THREE, where=f".zattrs: {MS}.axes*"),
    _v2(f"{MS}.axes[2].unit", "furlongs", "unknown-unit", THREE),
    _v2(f"{MS}.axes[1].type", 7, "invalid-value", THREE),
]
OMERO_ENTRIES = [
    _v2("omero", 7, "bad-omero", THREE),
    _v2("omero.channels", 7, "bad-omero", THREE),
    _v2("omero.channels", [CHANNEL], "channels-shorter-than-axis", THREE),
    _v2("omero.channels[0]", 7, "bad-omero", THREE),
    _v2("omero.channels[0].color", "GGGGGG", "bad-color", THREE),
    _v2("omero.channels[1].color", 255, "bad-color", THREE),
    _v2("omero.channels[0].window", 7, "bad-window", THREE),
    _v2(
        "omero.channels[1].window.start",
        "1",
        "bad-window",
        THREE,
        where=".zattrs: omero.channels[1].window*",
    ),
    _v2("omero.channels[0].family", "cubic", "bad-family", THREE),
    _v2(
        "omero.channels[0]",
        CHANNEL | {"family": "polynomial", "coefficient": -1},
        "bad-coefficient",
        THREE,
        where=".zattrs: omero.channels[0].coefficient",
    ),
    _v2("omero.channels[0].label", 7, "bad-omero", THREE),
    _v2("omero.channels[0].active", "yes", "bad-omero", THREE),
    _v2("omero.channels[0].inverted", "no", "bad-omero", THREE),
    _v2("omero.rdefs", 7, "bad-omero", THREE),
    _v2("omero.rdefs.model", "colour", "unknown-model", THREE),
    _v2("omero.rdefs.defaultT", "a", "bad-omero", THREE),
]
ARRAYS_V2 = [
    _array("0.4", "1/.zarray", "", "{", "not-json"),
    _array("0.4", "1/.zarray", "", "7", "not-an-object"),
    _array("0.4", "1/.zarray", "shape", GONE, "missing-key"),
    _array(
        "0.4",
        "1/.zarray",
        "",
        lambda old: old | {"shape": [2, 4], "chunks": [2, 4]},
        "wrong-rank",
        where="*1*",
    ),
    _array("0.4", "1/.zarray", "shape[1]", -4, "invalid-value"),
    _array("0.4", "1/.zarray", "shape[2]", "4", "invalid-value"),
    _array("0.4", "1/.zarray", "chunks", GONE, "missing-key"),
    _array("0.4", "1/.zarray", "chunks", [4, 4], "wrong-length"),
    _array("0.4", "1/.zarray", "chunks[0]", 0, "invalid-value"),
    _array("0.4", "1/.zarray", "dtype", "<x9", "unknown-dtype"),
    _array("0.4", "1/.zarray", "dtype", [["a", "<u2"]], "invalid-value"),
    _array("0.4", "1/.zarray", "dtype", "<f4", "dtype-differs", where="*1*"),
    _array("0.4", "1/.zarray", "compressor", {"id": "nope"}, "unknown-codec", where="1/.zarray*"),
    _array("0.4", "1/.zarray", "zarr_format", 9, "invalid-value"),
]
ARRAYS_V3 = [
    _array("0.5", "1/zarr.json", "", "[", "not-json"),
    _array("0.5", "1/zarr.json", "shape", GONE, "missing-key"),
    _array("0.5", "1/zarr.json", "shape", "8", "invalid-value"),
    _array("0.5", "1/zarr.json", "data_type", "blob", "unknown-dtype"),
    _array("0.5", "1/zarr.json", "data_type", GONE, "missing-key"),
    _array("0.5", "1/zarr.json", "chunk_grid.configuration.chunk_shape", [2], "wrong-length"),
    _array(
        "0.5", "1/zarr.json", "chunk_grid", GONE, "missing-key", where="1/zarr.json: chunk_grid*"
    ),
    _array(
        "0.5", "1/zarr.json", "codecs", [{"name": "nope"}], "unknown-codec", where="1/zarr.json*"
    ),
    _array("0.5", "1/zarr.json", "node_type", "group", "missing-array", where="*datasets[1].path"),
    _in(
        "0.5",
        "1/zarr.json",
        "dimension_names",
        ["c", "x", "y"],
        "dimension-names-contradict",
        THREE,
    ),
    _in("0.5", "zarr.json", "", "{}}", "not-json", None),
    _in("0.5", "zarr.json", "attributes", 7, "invalid-value", None),
    _in("0.5", "zarr.json", "attributes.ome", 7, "invalid-value", None),
    _v3("0.5", "multiscales", {}, "invalid-value", None),
    _v3("0.5", f"{CT}[0].scale[0]", True, "invalid-value", FEWER),
    _v3("0.5", f"{DS}.path", "/etc", "bad-path", FEWER),
    _v3("0.5", "omero.channels[1].window", {"start": 5, "end": 5}, "bad-window", THREE),
]
EARLY = [
    _in("0.1", ".zattrs", f"{MS}.datasets[2].path", ["2"], "invalid-value", TWO),
    _in(
        "0.1",
        "2/.zarray",
        "",
        lambda old: old | {"shape": [1, 1, 2, 2], "chunks": [1, 1, 2, 2]},
        "wrong-rank",
        TWO,
        where="*2*",
    ),
    _in("0.1", "2/.zarray", "", GONE, "missing-array", TWO, where="*datasets[2].path"),
    _in("0.3", ".zattrs", f"{MS}.axes", ["x"], "wrong-length", None),
    _in("0.3", ".zattrs", f"{MS}.axes[1]", 7, "invalid-value", None),
]
LABEL_ENTRIES = [
    _in("labels", "labels/.zattrs", "", "{", "not-json", LABELS),
    _in("labels", "labels/.zattrs", "labels", 7, "invalid-value", LABELS),
    _in("labels", "labels/.zattrs", "labels[1]", 7, "invalid-value", LABELS),
    _in(
        "labels",
        "labels/.zattrs",
        "labels.+",
        "gone",
        "missing-label",
        LABELS,
        where="labels/.zattrs: labels[2]",
    ),
    _in(
        "labels",
        "labels/.zattrs",
        "labels.+",
        "../../x",
        "bad-path",
        LABELS,
        where="labels/.zattrs: labels[2]",
    ),
    _in(
        "labels",
        "labels/n/.zattrs",
        "multiscales",
        7,
        "invalid-value",
        {"": ["0", "1"], "labels/m": ["0", "1"]},
    ),
    _in("labels", "labels/n/.zattrs", "image-label", 7, "bad-image-label", LABELS),
    _in("labels", "labels/n/.zattrs", "image-label.colors", 7, "bad-image-label", LABELS),
    _in(
        "labels",
        "labels/n/.zattrs",
        "image-label.colors[0].rgba",
        [1, 2, 3, 4, 5],
        "bad-label-color",
        LABELS,
    ),
    _in(
        "labels",
        "labels/n/.zattrs",
        "image-label.colors[0].label-value",
        "1",
        "bad-label-value",
        LABELS,
    ),
    _in(
        "labels",
        "labels/n/.zattrs",
        "image-label.colors[1].label-value",
        1,
        "repeated-label-value",
        LABELS,
        where="labels/n/.zattrs: image-label.colors[1]*",
    ),
    _in("labels", "labels/n/.zattrs", "image-label.properties", {}, "bad-image-label", LABELS),
    _in("labels", "labels/n/.zattrs", "image-label.properties[1]", 7, "bad-image-label", LABELS),
    _in(
        "labels",
        "labels/n/.zattrs",
        "image-label.properties[1].label-value",
        GONE,
        "bad-label-value",
        LABELS,
    ),
    _in("labels", "labels/n/.zattrs", "image-label.source.image", "/etc", "label-source", LABELS),
]
PLATE_ENTRIES = [
    _in("plate", ".zattrs", "plate", 7, "invalid-value", FIELDS),
    _in("plate", ".zattrs", "plate.wells", GONE, "invalid-value", FIELDS),
    _in("plate", ".zattrs", "plate.wells[1]", 7, "invalid-value", {"": 2}),
    _in("plate", ".zattrs", "plate.wells[1].path", GONE, "invalid-value", {"": 2}),
    _in("plate", ".zattrs", "plate.wells[1].path", "../x", "bad-path", {"": 2}),
    _in(
        "plate",
        ".zattrs",
        "plate.wells[1].path",
        "A/2",
        "missing-well",
        {"": 2},
        where=".zattrs: plate.wells[1]*",
    ),
    _in("plate", ".zattrs", "plate.wells[1].rowIndex", 1, "well-contradicts", {"": 2}),
    _in(
        "plate",
        ".zattrs",
        "plate.wells.+",
        {"path": "B/2", "rowIndex": 1, "columnIndex": 1},
        "repeated-well",
        {"": 2},
        where=".zattrs: plate.wells[3]*",
    ),
    _in(
        "runs",
        ".zattrs",
        "plate.acquisitions[1].id",
        "b",
        "bad-acquisition",
        {"": 2, "*": 2},
        where=".zattrs: plate.acquisitions[1]*",
    ),
    _in("plate", "A/3/.zattrs", "", "{", "not-json", {"": 2}),
    _in("plate", "A/3/.zattrs", "well", GONE, "invalid-value", {"": 2}),
    _in("plate", "A/3/.zattrs", "well.images", 7, "invalid-value", {"": 2}),
    _in("plate", "A/3/.zattrs", "well.images[0]", 7, "invalid-value", {"": 2}),
    _in(
        "plate",
        "A/3/.zattrs",
        "well.images[0].path",
        "gone",
        "missing-field",
        {"": 2},
        where="A/3/.zattrs: well.images[0]*",
    ),
    _in("plate", "A/3/.zattrs", "well.images[0].path", "..", "bad-path", {"": 2}),
    _in(
        "plate",
        "A/3/.zattrs",
        "well.images.+",
        {"path": "0"},
        "repeated-field",
        {"": 2},
        where="A/3/.zattrs: well.images[1]*",
    ),
    _in("plate", "A/3/0/.zattrs", f"{MS}.datasets", 7, "invalid-value", {"": 2}),
    _in("plate", "A/3/0/0/.zarray", "dtype", "<f8", "field-differs", {"": 2}, where="A/3/0*"),
    _in("well", ".zattrs", "well", 7, "invalid-value", OF_WELL),
    _in("well", ".zattrs", "well.images", [], "invalid-value", OF_WELL),
]
SERIES_ENTRIES = [
    _in("series", "OME/.zattrs", "", "{", "not-json", SERIES),
    _in("series", "OME/.zattrs", "series", 7, "invalid-value", SERIES),
    _in("series", "OME/.zattrs", "series[0]", 7, "invalid-value", {"1": ["0", "1"]}),
    _in("series", "OME/.zattrs", "series[0]", "../x", "bad-path", {"1": ["0", "1"]}),
    _in(
        "series",
        "OME/.zattrs",
        "series.+",
        "gone",
        "missing-image",
        SERIES,
        where="OME/.zattrs: series[2]",
    ),
    _in(
        "series",
        ".zattrs",
        "",
        {"bioformats2raw.layout": 2},
        "bad-layout",
        SERIES,
        where=".zattrs*",
    ),
    _in("series", "OME/METADATA.ome.xml", "", "<OME>", "bad-xml", SERIES),
    _in(
        "series",
        "OME/METADATA.ome.xml",
        "",
        "<OME><Image Name='a'/></OME>",
        "series-count",
        SERIES,
        where="OME/*",
    ),
    _in("series", "1/.zattrs", "", "", "not-json", {"0": ["0", "1"]}),
]
SIX = [
    _v3("0.6", f"{MS}.coordinateSystems", 7, "invalid-value", None),
    _v3("0.6", f"{MS}.coordinateSystems[0]", 7, "unknown-system", None, where=f"{MS}.datasets[0]*"),
    _v3("0.6", f"{MS}.coordinateSystems[1].axes", "yx", "invalid-value", TWO),
    _v3("0.6", f"{MS}.coordinateSystems[1].name", GONE, "invalid-value", TWO),
    _v3("0.6", CT, [], "invalid-value", {"": ["0"]}),
    _v3(
        "0.6",
        f"{CT}[0].output.name",
        "nowhere",
        "unknown-system",
        {"": ["0"]},
        where=f"{CT}[0].output*",
    ),
    _v3("0.6", f"{CT}[0].type", "warp", "unknown-transform", {"": ["0"]}),
    _v3("0.6", f"{CT}[0].transformations", [], "invalid-value", {"": ["0"]}),
    _v3("0.6", f"{CT}[0].transformations[0].scale", [2], "wrong-length", {"": ["0"]}),
    _v3("0.6", f"{CT}[0].transformations[0].scale[1]", 0, "invalid-value", {"": ["0"]}),
    _v3("0.6", f"{MS}.coordinateTransformations", 7, "invalid-value", TWO),
    _v3(
        "0.6",
        f"{MS}.coordinateTransformations[0].output.name",
        "gone",
        "unknown-system",
        TWO,
        where=f"{MS}.coordinateTransformations[0].output*",
    ),
    _v3(
        "0.6",
        f"{MS}.coordinateTransformations[0].type",
        "displacements",
        "nonlinear-transform",
        TWO,
        where=f"{MS}.coordinate*",
    ),
    _v3(
        "0.6",
        f"{MS}.coordinateTransformations[0].rotation",
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        "wrong-length",
        TWO,
        where=f"{MS}.coordinateTransformations[0].rotation*",
    ),
    _v3("0.6", f"{MS}.coordinateTransformations[0].rotation[0][1]", "a", "invalid-value", TWO),
    _in("scene", "zarr.json", "attributes.ome.scene", 7, "invalid-value", SCENE),
    _v3("scene", "scene.coordinateTransformations", 7, "invalid-value", SCENE),
    _v3(
        "scene",
        "scene.coordinateTransformations[1].input.path",
        "gone",
        "missing-image",
        SCENE,
        where="scene*",
    ),
    _v3(
        "scene",
        "scene.coordinateTransformations[1].input.name",
        "gone",
        "unknown-system",
        SCENE,
        where="scene.coordinateTransformations[1].input*",
    ),
    _v3(
        "scene", "scene.coordinateTransformations[1].translation", [1, 2, 3], "wrong-length", SCENE
    ),
    _v3("scene", "scene.coordinateSystems[0].name", 7, "invalid-value", SCENE),
    _in("scene", "a/zarr.json", "", "{", "not-json", {"b": ["0", "1"]}),
]

TABLE = [
    *GROUP, *OMERO_ENTRIES, *ARRAYS_V2, *ARRAYS_V3, *EARLY, *LABEL_ENTRIES, *PLATE_ENTRIES,
    *SERIES_ENTRIES, *SIX,
]  # fmt: skip
