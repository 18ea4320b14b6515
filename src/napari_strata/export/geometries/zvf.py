"""Writing a layer as a ZVF store: staged, validated, read back and compared, then put in place."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_strata.export.result import Exported
from napari_strata.export.safety.place import TargetExists, check_target, local_target
from napari_strata.export.safety.stage_folder import staged
from napari_strata.formats.zvf_keys import STORE_KEY
from napari_strata.model import Problem

if TYPE_CHECKING:
    from napari_strata.layers.annotations.annotation import Annotation

FORMAT = "zvf"

_METADATA_FILE = "zarr.json"


def write(
    layers: tuple[Any, ...], path: str | os.PathLike[str], *, replace: bool = False
) -> Exported:
    """Write one layer of napari; see `napari_strata.export.export`."""
    from napari_strata.layers.annotations.annotation import from_layer

    if len(layers) != 1:
        names = ", ".join(f"'{getattr(layer, 'name', layer)}'" for layer in layers) or "none"
        raise ValueError(
            f"a ZVF store holds one layer, found {len(layers)} ({names}): give each its own path"
        )
    return write_annotation(from_layer(layers[0]), path, replace=replace)


def write_layer_data(
    data: Any,
    meta: Mapping[str, Any],
    layer_type: str,
    path: str | os.PathLike[str],
    *,
    replace: bool = False,
) -> Exported:
    """Write a layer data tuple of napari; see `napari_strata.export.export`."""
    from napari_strata.layers.annotations.annotation import from_layer_data

    return write_annotation(from_layer_data(data, meta, layer_type), path, replace=replace)


def write_annotation(
    annotation: Annotation, path: str | os.PathLike[str], *, replace: bool = False
) -> Exported:
    """Write a layer that is geometry already; see `napari_strata.export.export`."""
    target = local_target(path)

    def check() -> None:
        check_target(target, replace=replace, may_replace=_check_replaceable)

    with staged(target, {"format": FORMAT}, check=check, discard=True, keep=False) as stage:
        levels, problems = fill(annotation, stage.folder)
        stage.place()
    problems = (*annotation.problems, *problems, *stage.problems)
    return Exported(target, FORMAT, levels, problems)


def fill(annotation: Annotation, folder: Path) -> tuple[tuple[int, ...], tuple[Problem, ...]]:
    """Make an empty folder a store; give the vertices of each level, and what went wrong.

    Raises
    ------
    ValueError, OSError : it cannot be written, or reads otherwise than it was to.
    """
    from napari_strata.export.geometries import zvf_store, zvf_verify

    problems = zvf_store.write(annotation, folder)
    return zvf_verify.verify(annotation, folder), tuple(problems)


def is_store(folder: Path) -> bool:
    """Tell whether a folder is a ZVF store and holds nothing that is not of it."""
    try:
        attributes = json.loads((folder / _METADATA_FILE).read_bytes())["attributes"]
        if not isinstance(attributes[STORE_KEY], dict):
            return False
        others = [entry for entry in folder.iterdir() if entry.name != _METADATA_FILE]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False
    return all((entry / _METADATA_FILE).is_file() for entry in others)


def _check_replaceable(target: Path) -> None:
    if not is_store(target):
        raise TargetExists(
            f"{target} is there and is no store of this format alone; it is not replaced"
        )
