"""The manifest of annotations beside a dataset: which layer is in which store.

What a layer is, exactly, is in its store; the manifest says the same for people and other programs,
and it is what `napari_strata.formats.annotations_beside` goes by.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_strata.export.errors import ExportError
from napari_strata.export.geometries.zvf import is_store
from napari_strata.export.safety.exchange import sync_folder
from napari_strata.export.safety.replaceable import first_foreign
from napari_strata.formats.annotations_beside import (
    KEY,
    MANIFEST,
    ROOT_FILES,
    VERSION,
    dataset_suffix,
)
from napari_strata.formats.zvf_keys import SUFFIX as STORE

if TYPE_CHECKING:
    from napari_strata.layers.annotations.annotation import Annotation

EXTRA_SUFFIXES = (".csv", ".geff")
_OF_THE_SYSTEM = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Entry:
    """One layer in the folder.

    Attributes
    ----------
    file : name of its store.
    extras : by kind (``csv``, ``geff``), the name of a further file that holds the same.
    """

    annotation: Annotation
    file: str
    extras: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Describe the layer; vertices and exact features are in the store."""
        annotation, layer = self.annotation, self.annotation.layer
        ndim = len(annotation.axes)
        return {
            "file": self.file,
            **self.extras,
            "type": layer["type"],
            "name": layer["name"],
            "vertices": layer["vertices"],
            "items": layer["items"],
            "axes": [{"name": a.name, "type": a.type, "unit": a.unit} for a in annotation.axes],
            "units": layer["units"],
            "space": "world",
            "transform": [[float(i == k) for k in range(ndim + 1)] for i in range(ndim + 1)],
            "visible": bool(layer["style"].get("visible", True)),
            "style": layer["style"],
            "features": _summary(annotation),
        }


def write_manifest(folder: Path, entries: Sequence[Entry], dataset: Path, name: str) -> None:
    """Write the manifest of a folder's stores and have it on the disk.

    Parameters
    ----------
    dataset : the finished dataset, wherever it is by now; ``name`` : what it is going to be called.

    Raises
    ------
    OSError : it cannot be written.
    """
    content = {
        KEY: VERSION,
        "dataset": {"suffix": dataset_suffix(name), **_root_checksum(dataset)},
        "layers": [entry.as_json() for entry in entries],
    }
    with open(folder / MANIFEST, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2, allow_nan=False, ensure_ascii=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    sync_folder(folder)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Read a folder's manifest; None if there is none of ours, or it is damaged."""
    try:
        content = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    is_ours = isinstance(content, dict) and content.get(KEY) == VERSION
    return content if is_ours and isinstance(content.get("layers"), list) else None


def check_replaceable(folder: Path, name: str) -> None:
    """Refuse a folder that is not annotations of a dataset of this name, and nothing else.

    Raises
    ------
    ExportError : it is something else, or somebody keeps other files in it.
    """
    content = None if folder.is_symlink() else read_manifest(folder)
    if content is None:
        raise ExportError(f"{folder} is there and holds no annotations of ours; it is not replaced")
    dataset = content.get("dataset")
    suffix = dataset.get("suffix") if isinstance(dataset, dict) else None
    if suffix != dataset_suffix(name):
        raise ExportError(f"{folder} belongs to a dataset called …{suffix}; it is not replaced")
    foreign = _first_foreign(folder, content["layers"])
    if foreign is not None:
        raise ExportError(
            f"{folder} holds {foreign.relative_to(folder)}, which is no part of these annotations; "
            "it is not replaced"
        )


def _first_foreign(folder: Path, layers: Sequence[Any]) -> Path | None:
    listed: set[str] = set()
    for entry in layers:
        named = (
            [entry.get(key) for key in ("file", "csv", "geff")] if isinstance(entry, dict) else []
        )
        listed |= {name for name in named if isinstance(name, str)}
    for path in sorted(folder.iterdir()):
        if path.name in (MANIFEST, *_OF_THE_SYSTEM):
            continue
        if path.name not in listed or path.is_symlink():
            return path
        if path.name.endswith(STORE) and not is_store(path):
            return path
        foreign = first_foreign(path) if path.is_dir() else None
        if foreign is not None or not path.name.endswith((STORE, *EXTRA_SUFFIXES)):
            return foreign or path
    return None


def _root_checksum(dataset: Path) -> dict[str, str]:
    """Give the checksum of the dataset's root metadata, by which its annotations know it."""
    for file in ROOT_FILES:
        if (dataset / file).is_file():
            digest = hashlib.sha256((dataset / file).read_bytes()).hexdigest()
            return {"file": file, "sha256": digest}
    raise ExportError(f"{dataset} has no metadata to lay annotations beside")


def _summary(annotation: Annotation) -> dict[str, Any]:
    """Name the columns of the features and how each is described in the store."""
    features = annotation.layer["features"]
    return {"rows": annotation.layer["items"], "columns": features}
