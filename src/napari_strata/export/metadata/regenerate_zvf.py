"""Writing a ZVF store's ``multiscales`` block afresh, as the published page wants it.

The page is "Multiscale metadata" of zarr-vectors' specification: ``type``, and of each level its
number, ``bin_ratio`` and ``bin_shape``, with scale = bin_ratio and translation = bin_shape / 2.
They describe the bins. The vertices of stores that zarr-vectors writes are in world coordinates
already; a reader that applies the block to them would move them twice.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_strata.export.errors import ExportError
from napari_strata.export.metadata.change import MetadataChange
from napari_strata.export.metadata.files import Documents, Json
from napari_strata.model import Problem
from napari_strata.store.tree import Node

TYPE = "zarr_vectors_multiscale"

_STORE, _LEVEL = "zarr_vectors", "zarr_vectors_level"
_NUMBER = re.compile(r"(?:.*[^0-9])?([0-9]{1,9})")
_DEFAULT_AXES = ("x", "y", "z")


def is_zvf(node: Node) -> bool:
    """Tell whether a folder is a ZVF store's root."""
    document = node.json("zarr.json") or {}
    attributes = document.get("attributes")
    return isinstance(attributes, dict) and isinstance(attributes.get(_STORE), dict)


def regenerate_zvf(node: Node) -> MetadataChange:
    """Plan to write the block of the store at ``node`` from its level groups.

    Raises
    ------
    ExportError
        If the store does not say what its bins are.
    """
    documents = Documents(node.tree.root)
    root = documents.attributes(node, "zarr3")
    levels: dict[str, Json] = {}
    for child in node.folders([]):
        attributes = (child.json("zarr.json") or {}).get("attributes")
        if isinstance(attributes, dict) and isinstance(attributes.get(_LEVEL), dict):
            levels[child.name] = attributes
    root["multiscales"] = multiscales_block(root, levels)
    changes = documents.changes()
    message = (
        "the block describes bins; vertices that zarr-vectors wrote are in world coordinates, and "
        "readers that apply the block to them, as the page says, move them twice"
    )
    notes = (Problem("zvf-block-moves", "warning", "zarr.json", message),) if changes else ()
    return MetadataChange(Path(node.tree.root), changes, notes)


def multiscales_block(
    root: Mapping[str, Any], levels: Mapping[str, Mapping[str, Any]]
) -> list[Json]:
    """Return the block for a store, whatever keys of others the old one holds kept.

    Parameters
    ----------
    root : the root group's attributes.
    levels : the attributes of each level's group, by its path.

    Raises
    ------
    ExportError
        If there is no level, or the bins of one are not declared; vectors are in the store's own
        order of axes.
    """
    store = root.get(_STORE)
    if not isinstance(store, Mapping):
        raise ExportError(f"attributes: found no {_STORE}, expected a ZVF store's")
    key = "base_bin_shape" if store.get("base_bin_shape") is not None else "chunk_shape"
    base = _vector(store.get(key), f"{_STORE}.{key}", None)
    old = root.get("multiscales")
    first: Json = dict(old[0]) if isinstance(old, list) and old and _is_object(old[0]) else {}
    entries = first.get("datasets")
    known = {
        str(e.get("path")).strip("/"): e
        for e in (entries if isinstance(entries, list) else [])
        if _is_object(e)
    }
    numbered = sorted((_number(path, levels[path]), path) for path in levels)
    if not numbered or numbered[0][0] != 0:
        raise ExportError("found no level 0, expected the group of one")
    datasets = [
        _dataset(n, path, levels[path][_LEVEL], known.get(path, {}), base) for n, path in numbered
    ]
    block = {**first, "type": TYPE, "axes": _axes(first, len(base)), "datasets": datasets}
    return [block, *(old[1:] if isinstance(old, list) else [])]


def _dataset(
    number: int, path: str, level: Mapping[str, Any], old: Mapping[str, Any], base: list[float]
) -> Json:
    """Describe one level; bins are its group's, else what the old block says."""
    ratio = _ratio(number, path, level, old, base)
    shape = [b * r for b, r in zip(base, ratio, strict=True)]
    declared = level.get("bin_shape", old.get("bin_shape"))
    if declared is not None:
        found = _vector(declared, f"{path}: bin_shape", len(base))
        if not all(math.isclose(a, b, rel_tol=1e-6) for a, b in zip(found, shape, strict=True)):
            raise ExportError(
                f"{path}: bin_shape: found {found}, expected {shape}, the base times bin_ratio"
            )
    new: Json = {
        **old,
        "path": path,
        "level": number,
        "bin_ratio": [round(r) for r in ratio],
        "bin_shape": shape,
        "coordinateTransformations": [
            {"type": "scale", "scale": [float(round(r)) for r in ratio]},
            {"type": "translation", "translation": [edge / 2 for edge in shape]},
        ],
    }
    sparsity = level.get("object_sparsity")
    if isinstance(sparsity, int | float) and not isinstance(sparsity, bool) and 0 < sparsity <= 1:
        new["object_sparsity"] = sparsity
    return new


def _ratio(
    number: int, path: str, level: Mapping[str, Any], old: Mapping[str, Any], base: list[float]
) -> list[float]:
    for holder in (level, old):
        if holder.get("bin_ratio") is not None:
            found = _vector(holder["bin_ratio"], f"{path}: bin_ratio", len(base))
            break
        if holder.get("bin_shape") is not None:
            shape = _vector(holder["bin_shape"], f"{path}: bin_shape", len(base))
            found = [s / b for s, b in zip(shape, base, strict=True)]
            break
    else:
        if number:
            raise ExportError(f"{path}: found neither bin_ratio nor bin_shape, expected one")
        found = [1.0] * len(base)
    if any(abs(r - round(r)) > 1e-6 * r or round(r) < 1 for r in found):
        raise ExportError(f"{path}: bin_ratio: found {found}, expected a whole number an axis")
    if number == 0 and any(round(r) != 1 for r in found):
        raise ExportError(f"{path}: bin_ratio: found {found}, expected 1, as this is level 0")
    return found


def _number(path: str, attributes: Mapping[str, Any]) -> int:
    match = _NUMBER.fullmatch(path)
    declared = attributes[_LEVEL].get("level")
    if match is None or (declared is not None and declared != int(match[1])):
        raise ExportError(f"{path}: found level {declared!r}, expected the number the path ends in")
    return int(match[1])


def _axes(first: Mapping[str, Any], rank: int) -> Any:
    axes = first.get("axes")
    if isinstance(axes, list) and len(axes) == rank:
        return axes
    if axes is not None or rank > len(_DEFAULT_AXES):
        raise ExportError(f"multiscales: axes: found {axes!r}, expected {rank}, one a bin's edge")
    return [{"name": name, "type": "space"} for name in _DEFAULT_AXES[:rank]]


def _vector(value: Any, where: str, length: int | None) -> list[float]:
    sound = isinstance(value, list) and value and all(_is_positive(v) for v in value)
    if not sound or (length is not None and len(value) != length):
        raise ExportError(
            f"{where}: found {value!r}, expected a list of numbers above 0, one an axis"
        )
    return [float(v) for v in value]


def _is_positive(value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and value > 0


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)
