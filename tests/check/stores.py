"""Conforming stores of every version, as their metadata files; and ways to break them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

Files = dict[str, Any]

UNITS = {"t": "second", "c": None, "z": "micrometer", "y": "micrometer", "x": "micrometer"}
KINDS = {"t": "time", "c": "channel"}
RECOMMENDED = {"name": "cells", "type": "mean", "metadata": {"method": "by hand"}}
WINDOW = {"min": 0, "max": 255, "start": 10, "end": 200}


def axes(names: str) -> list[dict[str, str]]:
    """Axes with type, and a unit where it has one."""
    found = []
    for name in names:
        axis = {"name": name, "type": KINDS.get(name, "space")}
        unit = UNITS[name]
        found.append(axis | ({"unit": unit} if unit else {}))
    return found


def array2(shape: list[int], dtype: str = "|u1") -> dict[str, Any]:
    """A ``.zarray`` without chunks."""
    return {
        "zarr_format": 2,
        "shape": shape,
        "chunks": shape,
        "dtype": dtype,
        "compressor": None,
        "fill_value": 0,
        "filters": None,
        "order": "C",
        "dimension_separator": "/",
    }


def array3(shape: list[int], names: str, dtype: str = "uint8") -> dict[str, Any]:
    """A ``zarr.json`` of an array without chunks."""
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": shape,
        "data_type": dtype,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": shape}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0,
        "codecs": [{"name": "bytes"}],
        "attributes": {},
        "dimension_names": list(names),
    }


def group2(folder: str, **attributes: Any) -> Files:
    """The files of a Zarr v2 group."""
    prefix = f"{folder}/" if folder else ""
    return {f"{prefix}.zgroup": {"zarr_format": 2}, f"{prefix}.zattrs": attributes}


def group3(folder: str, version: str | None = "0.5", **ome: Any) -> Files:
    """The file of a Zarr v3 group; ``version`` None leaves OME's keys out."""
    attributes = {"ome": {"version": version, **ome}} if version else {}
    prefix = f"{folder}/" if folder else ""
    content = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    return {f"{prefix}zarr.json": content}


def sizes(names: str, level: int) -> list[int]:
    return [2 if name in "tc" else 16 >> level for name in names]


def factors(names: str, level: int) -> list[float]:
    return [1.0 if name in "tc" else float(1 << level) for name in names]


def early(folder: str = "", version: str = "0.1", names: str = "tczyx", **more: Any) -> Files:
    """An image of 0.1 to 0.3."""
    entry: dict[str, Any] = {"version": version, **RECOMMENDED}
    entry["datasets"] = [{"path": "0"}, {"path": "1"}]
    if version == "0.3":
        entry["axes"] = list(names)
    files = group2(folder, multiscales=[entry], **more)
    prefix = f"{folder}/" if folder else ""
    for level in range(2):
        files[f"{prefix}{level}/.zarray"] = array2(sizes(names, level))
        if version == "0.1":
            files[f"{prefix}{level}/.zarray"]["dimension_separator"] = "."
    return files


def multiscale(names: str) -> dict[str, Any]:
    """An entry of ``multiscales`` as in 0.4 and 0.5."""
    datasets = [
        {
            "path": str(level),
            "coordinateTransformations": [
                {"type": "scale", "scale": factors(names, level)},
                {"type": "translation", "translation": [0.5 * level] * len(names)},
            ],
        }
        for level in range(2)
    ]
    return {**copy.deepcopy(RECOMMENDED), "axes": axes(names), "datasets": datasets}


def image04(folder: str = "", names: str = "czyx", dtype: str = "|u1", **more: Any) -> Files:
    """An image of 0.4."""
    entry = multiscale(names) | {"version": "0.4"}
    files = group2(folder, multiscales=[entry], **more)
    prefix = f"{folder}/" if folder else ""
    for level in range(2):
        files[f"{prefix}{level}/.zarray"] = array2(sizes(names, level), dtype)
    return files


def image05(folder: str = "", names: str = "czyx", dtype: str = "uint8", **more: Any) -> Files:
    """An image of 0.5."""
    files = group3(folder, multiscales=[multiscale(names)], **more)
    prefix = f"{folder}/" if folder else ""
    for level in range(2):
        files[f"{prefix}{level}/zarr.json"] = array3(sizes(names, level), names, dtype)
    return files


def system(name: str, names: str) -> dict[str, Any]:
    return {"name": name, "axes": axes(names)}


def ends(source: dict[str, str], target: dict[str, str]) -> dict[str, Any]:
    return {"input": source, "output": target}


def image06(folder: str = "", names: str = "zyx", systems: Any = (), **more: Any) -> Files:
    """An image of 0.6; ``more`` goes into its ``multiscales`` entry."""
    datasets = []
    for level in range(2):
        parts = [
            {"type": "scale", "scale": factors(names, level)},
            {"type": "translation", "translation": [0.5 * level] * len(names)},
        ]
        transform = {"type": "sequence", "transformations": parts}
        transform |= ends({"path": str(level)}, {"name": "physical"})
        datasets.append({"path": str(level), "coordinateTransformations": [transform]})
    entry = {**copy.deepcopy(RECOMMENDED), "datasets": datasets, **more}
    entry["coordinateSystems"] = [system("physical", names), *systems]
    files = group3(folder, "0.6rc0", multiscales=[entry])
    prefix = f"{folder}/" if folder else ""
    for level in range(2):
        files[f"{prefix}{level}/zarr.json"] = array3(sizes(names, level), names)
    return files


def transformed(**transform: Any) -> Files:
    """A 0.6 image with one more system, ``world``, and a transform that leads to it."""
    add = {"name": "to world", **ends({"name": "physical"}, {"name": "world"}), **transform}
    return image06(systems=[system("world", "zyx")], coordinateTransformations=[add])


def channel(color: str = "00FF00") -> dict[str, Any]:
    look = {"label": "one", "family": "linear", "active": True, "inverted": False}
    return {"color": color, "window": dict(WINDOW), "coefficient": 1, **look}


OMERO = {"channels": [channel(), channel("FF0000")]}
LABEL = {
    "colors": [{"label-value": 1, "rgba": [255, 0, 0, 255]}, {"label-value": 2}],
    "properties": [{"label-value": 1, "class": "cell"}],
    "source": {"image": "../../"},
}


def labelled04() -> Files:
    return {
        **image04(omero=copy.deepcopy(OMERO)),
        **group2("labels", labels=["cells"]),
        **image04(
            "labels/cells", "zyx", **{"image-label": copy.deepcopy(LABEL) | {"version": "0.4"}}
        ),
    }


def labelled05() -> Files:
    return {
        **image05(omero=copy.deepcopy(OMERO)),
        **group3("labels", labels=["cells"]),
        **image05(
            "labels/cells", "zyx", **{"image-label": copy.deepcopy(LABEL) | {"version": "0.5"}}
        ),
    }


def plate_block(version: str | None) -> dict[str, Any]:
    wells: list[dict[str, Any]] = [{"path": "A/1"}, {"path": "B/2"}]
    if version is None or version >= "0.4":
        for index, well in enumerate(wells):
            well |= {"rowIndex": index, "columnIndex": index}
    acquisitions = [
        {"id": number, "name": f"run {number}", "maximumfieldcount": 1, "starttime": 1700000000}
        for number in (0, 1)
    ]
    return {
        "name": "plate",
        "field_count": 2,
        "rows": [{"name": "A"}, {"name": "B"}],
        "columns": [{"name": "1"}, {"name": "2"}],
        "wells": wells,
        "acquisitions": acquisitions,
        **({"version": version} if version else {}),
    }


WELL = {"images": [{"path": "0", "acquisition": 0}, {"path": "1", "acquisition": 1}]}


def plate04() -> Files:
    files = group2("", plate=plate_block("0.4"))
    for well in ("A/1", "B/2"):
        files |= group2(well.split("/")[0])
        files |= group2(well, well=copy.deepcopy(WELL) | {"version": "0.4"})
        for field in "01":
            files |= image04(f"{well}/{field}", "yx")
    return files


def plate02() -> Files:
    files = group2("", plate=plate_block("0.2"))
    for well in ("A/1", "B/2"):
        files |= group2(well, well=copy.deepcopy(WELL) | {"version": "0.2"})
        for field in "01":
            files |= early(f"{well}/{field}", "0.2")
    return files


def plate05() -> Files:
    files = group3("", plate=plate_block(None))
    for well in ("A/1", "B/2"):
        files |= group3(well.split("/")[0], None)
        files |= group3(well, well=copy.deepcopy(WELL))
        for field in "01":
            files |= image05(f"{well}/{field}", "yx")
    return files


_XML = '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">{}</OME>'
XML = _XML.format('<Image Name="first"/><Image Name="second"/>')


def series05() -> Files:
    return {
        **group3("", **{"bioformats2raw.layout": 3}),
        **group3("OME", series=["0", "1"]),
        "OME/METADATA.ome.xml": XML,
        **image05("0", "yx"),
        **image05("1", "yx"),
    }


def series04() -> Files:
    return {
        **group2("", **{"bioformats2raw.layout": 3}),
        "OME/METADATA.ome.xml": XML,
        **image04("0", "yx"),
        **image04("1", "yx"),
    }


ROTATION = [[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]]


def scene() -> Files:
    parts = [
        {"type": "rotation", "rotation": ROTATION},
        {"type": "translation", "translation": [0, 1, 2]},
    ]
    first = ends({"path": "one", "name": "physical"}, {"name": "world"})
    second = ends({"path": "two", "name": "physical"}, {"path": "one", "name": "physical"})
    transforms = [
        {"type": "sequence", "transformations": parts, **first},
        {"type": "affine", "affine": [[1, 0, 0, 5], [0, 1, 0, 6], [0, 0, 1, 7]], **second},
    ]
    block = {"coordinateSystems": [system("world", "zyx")], "coordinateTransformations": transforms}
    return {**group3("", "0.6rc0", scene=block), **image06("one"), **image06("two")}


CONFORMING: dict[str, Files] = {
    "0.1": early(),
    "0.2": early(version="0.2"),
    "0.3": early(version="0.3", names="cyx"),
    "0.4": image04(),
    "0.4 labels": labelled04(),
    "0.4 plate": plate04(),
    "0.4 series": series04(),
    "0.2 plate": plate02(),
    "0.5": image05(),
    "0.5 labels": labelled05(),
    "0.5 plate": plate05(),
    "0.5 series": series05(),
    "0.6": image06(),
    "0.6 two systems": transformed(type="scale", scale=[1, 2, 3]),
    "0.6 scene": scene(),
}


def write(files: Files, folder: Path) -> Path:
    """Write a store; a text is written as it stands, anything else as JSON."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


MISSING = object()


def changed(files: Files, file: str, *changes: tuple[tuple[str | int, ...], Any]) -> Files:
    """Copy a store with values at some keys replaced, or left out where MISSING."""
    result = copy.deepcopy(files)
    for keys, value in changes:
        holder = result[file]
        for key in keys[:-1]:
            holder = holder[key]
        if value is MISSING:
            del holder[keys[-1]]
        else:
            holder[keys[-1]] = value
    return result


def at(*keys: str | int) -> tuple[str | int, ...]:
    """Keys in the first multiscale of a Zarr v3 group."""
    return ("attributes", "ome", "multiscales", 0, *keys)
