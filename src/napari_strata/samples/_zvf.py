"""A sample of ZVF: points, each with the object it belongs to, written by zarr-vectors."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from napari_strata.samples._sample import Sample, described, grid
from napari_strata.samples._specimen import BEAD_LABEL, BEADS, outlines

_POINTS_A_CELL = 600
_NANOMETRES = 1000.0
_CHUNK = (80_000.0, 80_000.0, 50_000.0)  # x, y, z in nanometres
_BINS_A_CHUNK = 32
_BIN = tuple(edge / _BINS_A_CHUNK for edge in _CHUNK)


def zvf(folder: Path) -> Sample:
    """The outlines of the cells and the beads as points; nanometres, x first."""
    path = folder / "zvf.zarrvectors"
    surfaces, cells = outlines(_POINTS_A_CELL)
    places = np.concatenate([BEADS, surfaces])
    objects = np.concatenate([BEAD_LABEL + np.arange(len(BEADS)), cells])
    _write(path, places[:, ::-1] * _NANOMETRES, objects)
    low, high = places.min(axis=0), places.max(axis=0)
    return described(
        "zvf",
        "ZVF points",
        path,
        "Points in nanometres, x first, on three levels; the bins they are kept in look like "
        "transforms and are none.",
        (2, 2, 2),  # the box of the points as a grid whose faces are half a step outside
        grid((high - low) / 2, low + (high - low) / 4),
    )


def _write(path: Path, places: np.ndarray, objects: np.ndarray) -> None:
    """Write places (x, y, z in nanometres) and build two coarser levels."""
    with warnings.catch_warnings():
        # The library warns of an attribute type of its own that Zarr has not specified yet.
        warnings.simplefilter("ignore")
        import zarr_vectors
        from zarr_vectors import building

        names, numbers = np.unique(objects, return_inverse=True)
        axes = [{"name": n, "type": "space", "unit": "nanometer"} for n in "xyz"]
        schema = zarr_vectors.Schema(
            ndim=3,
            kind="point_cloud",
            bounds=(tuple(places.min(axis=0)), tuple(places.max(axis=0))),
            axes=tuple(zarr_vectors.Axis(**axis) for axis in axes),
            layout=zarr_vectors.Layout(cell_size=_CHUNK, subcells=_BINS_A_CHUNK),
        )
        store = zarr_vectors.create(str(path), schema=schema)
        building.write_points(
            store.store,
            places,
            chunk_shape=_CHUNK,
            bin_shape=_BIN,
            object_ids=numbers,
            object_attributes={"label": names},
            dtype="float64",
        )
        store.build_pyramid(factors=[(2.0, 1.0), (2.0, 1.0)], cross_level_storage="none")
