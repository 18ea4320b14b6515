"""How a case is written: what of a conforming store is changed, and how places are spelled."""

from __future__ import annotations

from typing import Any

from check.stores import (
    CONFORMING,
    Files,
    changed,
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
