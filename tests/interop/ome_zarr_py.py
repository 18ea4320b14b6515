"""What the tests of ome-zarr-py share: its formats, and pixels to write."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import zarr
from ome_zarr import format as ngff

with warnings.catch_warnings():  # it uses a class of its own that it has deprecated
    warnings.filterwarnings("ignore", "Call to deprecated class Scaler", DeprecationWarning)
    from ome_zarr import writer

__all__ = ["EARLY", "FORMATS", "PIXELS", "VERSIONS", "new_group", "writer"]

VERSIONS = {
    "0.1": ngff.FormatV01(),
    "0.2": ngff.FormatV02(),
    "0.3": ngff.FormatV03(),
    "0.4": ngff.FormatV04(),
    "0.5": ngff.FormatV05(),
}
# Told by their structure: what it writes as 0.1 has the nested chunks of 0.2, and says so.
FORMATS = {
    "0.1": "ome-zarr-0.2",
    "0.2": "ome-zarr-0.2",
    "0.3": "ome-zarr-0.3",
    "0.4": "ome-zarr-0.4",
    "0.5": "ome-zarr-0.5",
}
EARLY = ("0.1", "0.2", "0.3")
PIXELS = np.arange(1 * 2 * 3 * 9 * 10, dtype="u2").reshape(1, 2, 3, 9, 10)


def new_group(folder: Path, version: str) -> tuple[Path, zarr.Group]:
    path = folder / version / "cells.zarr"
    return path, zarr.open_group(path, mode="w", zarr_format=VERSIONS[version].zarr_format)
