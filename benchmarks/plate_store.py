"""Plates to measure with: OME-Zarr 0.4, written by zarr-python.

Every field is filled with a number of its own, so that pixels tell which fields are shown.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import zarr

VERSION = "0.4"
CHANNELS = 2
DONE = "written.json"


@dataclass(frozen=True)
class Plate:
    """What a plate is like.

    Attributes
    ----------
    size : of a field, in voxels of the finest level, y and x.
    missing : wells that the plate lists and that were never written.
    small : wells whose fields are half as large.
    """

    name: str
    rows: int = 8
    columns: int = 12
    fields: int = 4
    levels: int = 3
    size: tuple[int, int] = (256, 256)
    missing: tuple[str, ...] = ()
    small: tuple[str, ...] = ()

    def wells(self) -> list[str]:
        """List the wells' paths, row by row."""
        return [f"{chr(65 + r)}/{c + 1}" for r in range(self.rows) for c in range(self.columns)]

    def values(self) -> dict[str, int]:
        """Give the number that fills each field that was written."""
        fields = [f"{well}/{field}" for well in self.wells() for field in range(self.fields)]
        numbered = {path: number for number, path in enumerate(fields, start=1)}
        return {p: n for p, n in numbered.items() if p.rpartition("/")[0] not in self.missing}


def write(folder: Path, plate: Plate) -> Path:
    """Write a plate, unless the folder holds the same one already."""
    path = folder / f"{plate.name}.zarr"
    note = folder / f"{plate.name}-{DONE}"
    wanted = json.dumps(asdict(plate))
    if note.is_file() and note.read_text() == wanted:
        return path
    root = zarr.open_group(path, mode="w", zarr_format=2)
    root.attrs["plate"] = _plate_metadata(plate)
    for well in plate.wells():
        if well in plate.missing:
            continue
        group = root.create_group(well)
        images = [{"path": str(field)} for field in range(plate.fields)]
        group.attrs["well"] = {"images": images, "version": VERSION}
    for field, value in plate.values().items():
        half = field.rpartition("/")[0] in plate.small
        size = tuple(n // 2 if half else n for n in plate.size)
        _write_field(root.create_group(field), plate.levels, size, value)
    note.write_text(wanted)
    return path


def _plate_metadata(plate: Plate) -> dict[str, object]:
    wells = [
        {"path": path, "rowIndex": n // plate.columns, "columnIndex": n % plate.columns}
        for n, path in enumerate(plate.wells())
    ]
    return {
        "name": plate.name,
        "rows": [{"name": chr(65 + row)} for row in range(plate.rows)],
        "columns": [{"name": str(column + 1)} for column in range(plate.columns)],
        "wells": wells,
        "field_count": plate.fields,
        "version": VERSION,
    }


def _write_field(group: zarr.Group, levels: int, size: tuple[int, ...], value: int) -> None:
    datasets = []
    for level in range(levels):
        step = 2**level
        shape = (CHANNELS, *(n // step for n in size))
        array = group.create_array(
            str(level),
            shape=shape,
            chunks=(1, *shape[1:]),
            dtype="u2",
            compressors=None,
            chunk_key_encoding={"name": "v2", "separator": "/"},
        )
        array[...] = np.full(shape, value, dtype="u2")
        scale = [1.0, 0.5 * step, 0.5 * step]
        shift = [0.0, 0.25 * (step - 1), 0.25 * (step - 1)]
        transforms = [
            {"type": "scale", "scale": scale},
            {"type": "translation", "translation": shift},
        ]
        datasets.append({"path": str(level), "coordinateTransformations": transforms})
    axes = [{"name": "c", "type": "channel"}]
    axes += [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]
    multiscale = {"version": VERSION, "axes": axes, "datasets": datasets, "name": group.name}
    group.attrs["multiscales"] = [multiscale]
    # With a declared window neither reader has to look for the values' range.
    window = {"min": 0, "max": 65535, "start": 0, "end": 500}
    channels = [
        {"label": label, "color": color, "window": window, "active": True}
        for label, color in (("DAPI", "0000FF"), ("GFP", "00FF00"))
    ]
    group.attrs["omero"] = {"channels": channels, "version": VERSION}
