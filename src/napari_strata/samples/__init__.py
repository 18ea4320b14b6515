"""Small datasets, one a format, all of the same specimen at the same place.

Their metadata is written straight from the formats' own rules, their pixels by tensorstore and
zarr-python, their points by zarr-vectors: nothing of this package's readers is used, so that the
samples can judge them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari_strata.samples._bdv import bdv_n5
from napari_strata.samples._cosem import cosem
from napari_strata.samples._n5 import bare_n5_array, n5_viewer, neuroglancer_n5
from napari_strata.samples._ome_06 import ome_zarr_06
from napari_strata.samples._ome_early import ome_zarr_01, ome_zarr_02, ome_zarr_03
from napari_strata.samples._precomputed import precomputed
from napari_strata.samples._sample import Sample
from napari_strata.samples._visor import visor
from napari_strata.samples._zarr import bare_zarr_array, ome_zarr_04, ome_zarr_05
from napari_strata.samples._zvf import zvf

__all__ = ["FORMATS", "Sample", "write_sample", "write_samples"]

_WRITERS: dict[str, Callable[[Path], Sample]] = {
    "neuroglancer-n5": neuroglancer_n5,
    "n5-viewer": n5_viewer,
    "bdv-n5": bdv_n5,
    "n5-array": bare_n5_array,
    "cosem": cosem,
    "ome-zarr-0.1": ome_zarr_01,
    "ome-zarr-0.2": ome_zarr_02,
    "ome-zarr-0.3": ome_zarr_03,
    "ome-zarr-0.4": ome_zarr_04,
    "ome-zarr-0.5": ome_zarr_05,
    "ome-zarr-0.6": ome_zarr_06,
    "visor": visor,
    "precomputed": precomputed,
    "zarr-array": bare_zarr_array,
    "zvf": zvf,
}

FORMATS: tuple[str, ...] = tuple(_WRITERS)
"""The formats there is a sample of; each sample is named after its format."""


def write_samples(folder: Path) -> tuple[Sample, ...]:
    """Write a sample of every format into ``folder``, which is made where it is missing.

    Raises
    ------
    FileExistsError
        If one of them is there already; nothing is overwritten.
    """
    return tuple(write_sample(name, folder) for name in FORMATS)


def write_sample(name: str, folder: Path) -> Sample:
    """Write one sample into ``folder``, which is made where it is missing.

    Parameters
    ----------
    name : one of ``FORMATS``.

    Raises
    ------
    ValueError
        If there is no sample of that name.
    FileExistsError
        If it is there already; nothing is overwritten.
    """
    if name not in _WRITERS:
        raise ValueError(f"no sample is named {name!r}; there are {', '.join(FORMATS)}")
    folder = Path(folder).absolute()
    taken = sorted(folder.glob(f"{name}.*"))
    if taken:
        raise FileExistsError(f"{taken[0]}: a sample is there already; write to an empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    return _WRITERS[name](folder)
