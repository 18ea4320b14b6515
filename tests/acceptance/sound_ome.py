"""Sound stores of all versions, one of each kind: what the damaged ones are made from."""

from __future__ import annotations

import copy

from ome_stores import Files, early, group, image, ome_group, under
from plates import fill, plate, well

CYX = {
    "0": ((2, 8, 8), [1, 1, 1]),
    "1": ((2, 4, 4), [1, 2, 2], [0, 0.5, 0.5]),
    "2": ((2, 2, 2), [1, 4, 4], [0, 1.5, 1.5]),
}
YX = {"0": ((8, 8), [1, 1]), "1": ((4, 4), [2, 2], [0.5, 0.5])}
CHANNEL = {
    "active": True,
    "coefficient": 1,
    "color": "FF0000",
    "family": "linear",
    "inverted": False,
    "label": "DAPI",
    "window": {"start": 1, "end": 100, "min": 0, "max": 255},
}
OMERO = {
    "name": "cells",
    "channels": [
        copy.deepcopy(CHANNEL),
        copy.deepcopy(CHANNEL) | {"label": "GFP", "color": "00FF00"},
    ],
    "rdefs": {"defaultT": 0, "defaultZ": 0, "model": "color"},
}
LOOK = {
    "colors": [{"label-value": k, "rgba": [255, 0, k, 255]} for k in (1, 2)],
    "properties": [{"label-value": k, "area": k} for k in (1, 2)],
    "source": {"image": "../../"},
}
TURN = {"type": "rotation", "rotation": [[0, -1], [1, 0]]}


def _placed(files: Files) -> Files:
    """Add an array-wide translation of nothing, to be spoilt."""
    entry = files[".zattrs"]["multiscales"][0]
    entry["coordinateTransformations"] = [{"type": "scale", "scale": [1, 1, 1]}]
    return files


def _systems(files: Files) -> Files:
    """Add a second coordinate system, reached by a rotation."""
    entry = files["zarr.json"]["attributes"]["ome"]["multiscales"][0]
    axes = entry["coordinateSystems"][0]["axes"]
    entry["coordinateSystems"].append({"name": "world", "axes": axes})
    entry["coordinateTransformations"] = [
        TURN | {"input": {"name": "physical"}, "output": {"name": "world"}}
    ]
    return files


def _scene() -> Files:
    edges = [
        {
            "type": "translation",
            "translation": [k, 0],
            "input": {"name": "physical", "path": name},
            "output": {"name": "room"},
        }
        for k, name in enumerate("ab")
    ]
    axes = [{"name": n, "type": "space", "unit": "micrometer"} for n in "yx"]
    room = [{"name": "room", "axes": axes}]
    files = ome_group(
        {"scene": {"coordinateSystems": room, "coordinateTransformations": edges}}, "0.6"
    )
    for name in "ab":
        files |= under(name, image("yx", YX, version="0.6"))
    return files


def _series() -> Files:
    xml = "<OME><Image Name='one'/><Image Name='two'/></OME>"
    files = group({"bioformats2raw.layout": 3}) | under("OME", group({"series": ["0", "1"]}))
    files["OME/METADATA.ome.xml"] = xml
    for name in "01":
        files |= under(name, image("yx", YX))
    return files


def _labels() -> Files:
    files = image("yx", YX) | under("labels", group({"labels": ["n", "m"]}))
    for name in "nm":
        label = image("yx", YX, **{"image-label": copy.deepcopy(LOOK)})
        files |= under(f"labels/{name}", label)
    return files


def _plate() -> Files:
    wells = fill(["A/1", "A/3", "B/2"], 2)
    for fields in wells.values():
        for name, one in fields.items():
            one.acquisition = int(name)
    return plate(wells, acquisitions=[{"id": 0, "name": "a"}, {"id": 1, "name": "b"}])


def _flat_plate() -> Files:
    return plate(fill(["A/1", "A/3", "B/2"]))


BASES = {
    "0.4": lambda: _placed(image("cyx", CYX, omero=copy.deepcopy(OMERO))),
    "0.5": lambda: image("cyx", CYX, version="0.5", omero=copy.deepcopy(OMERO)),
    "0.6": lambda: _systems(image("yx", YX, version="0.6")),
    "0.1": lambda: early({"0": (1, 1, 1, 8, 8), "1": (1, 1, 1, 4, 4), "2": (1, 1, 1, 2, 2)}),
    "0.3": lambda: early({"0": (8, 8), "1": (4, 4)}, version="0.3", axes=["y", "x"]),
    "labels": _labels,
    "plate": _flat_plate,
    "runs": _plate,
    "well": lambda: well(fill(["A/1"], 3)["A/1"]),
    "series": _series,
    "scene": _scene,
}
