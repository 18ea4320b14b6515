"""Handing an annotation to zarr-vectors, which writes the store.

What zarr-vectors 0.9.2 does is why this is as it is: its own ``add_…`` methods write float32
whatever the store declares, so those of `zarr_vectors.building` are used; coarser levels are
float32; the links it makes between levels are wrong for float64, so none are made; coarser levels
of a mesh have no faces.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_strata.export.geometries.zvf_grid import (
    Grid,
    choose_grid,
    coarser_levels,
    is_coarse_exact,
)
from napari_strata.formats.zvf_keys import OURS
from napari_strata.model import Axis, Problem
from napari_strata.store.backend import LARGEST_METADATA_FILE
from napari_strata.store.warned import silenced

if TYPE_CHECKING:
    from napari_strata.layers.annotations.annotation import Annotation

_DTYPE = "float64"
_USUAL = {"x", "y", "z", "t"}
_SPARSER = 4.0
_FINER = 64  # bins of vectors: at coarser levels there are fewer of them, but none is moved far


def write(annotation: Annotation, folder: Path) -> list[Problem]:
    """Write an annotation to an empty folder.

    Raises
    ------
    ValueError
        If its description is larger than a metadata file may be.
    OSError
        If zarr-vectors cannot write it.
    """
    size = len(json.dumps(annotation.layer, allow_nan=False))
    if size > LARGEST_METADATA_FILE // 2:
        raise ValueError(
            f"Layer '{annotation.name}' cannot be written as ZVF: what is known of it beside its "
            f"geometry is {size} bytes of JSON, more than {LARGEST_METADATA_FILE // 2}"
        )
    columns = column_order(annotation.axes)
    vertices = np.ascontiguousarray(annotation.vertices.vertices[:, columns])
    grid = choose_grid(vertices, finer=_FINER if annotation.stored == "line" else 1)
    with silenced():
        from zarr_vectors.exceptions import ZVError

        try:
            _write(annotation, folder, vertices, grid, [annotation.axes[i] for i in columns])
            return _coarsen(annotation, folder, vertices, grid)
        except ZVError as error:
            raise OSError(f"zarr-vectors cannot write the store: {error}") from error


def column_order(axes: tuple[Axis, ...]) -> list[int]:
    """Give the store's columns: x, y, z, t where the axes are called that, else as they are."""
    order = list(range(len(axes)))
    return order[::-1] if {axis.name for axis in axes} <= _USUAL else order


def _write(
    annotation: Annotation,
    folder: Path,
    vertices: npt.NDArray[np.float64],
    grid: Grid,
    axes: list[Axis],
) -> None:
    import zarr_vectors as zv
    from zarr_vectors import building

    low, high = vertices.min(axis=0), vertices.max(axis=0)
    group = building.create_store(
        str(folder),
        bounds=(low.tolist(), high.tolist()),
        chunk_shape=grid.chunk,
        base_bin_shape=grid.bin,
        ndim=len(axes),
        vertex_dtype=_DTYPE,
        axes=[zv.Axis(name=a.name, unit=a.unit, type=a.type).to_ngff() for a in axes],
    )
    given = annotation.vertices
    common = {"chunk_shape": grid.chunk, "bin_shape": grid.bin, "dtype": _DTYPE}
    attributes = dict(given.vertex_attributes)
    objects = dict(given.object_attributes) or None
    if annotation.stored == "point_cloud":
        building.write_points(group, vertices, vertex_attributes=attributes, **common)
    elif annotation.stored == "mesh":
        building.write_mesh(group, vertices, given.faces, vertex_attributes=attributes, **common)
    elif annotation.stored == "line":
        building.write_lines(
            group,
            vertices.reshape(-1, 2, vertices.shape[1]),
            vertex_attributes={n: v.reshape(-1, 2) for n, v in attributes.items()},
            object_attributes=objects,
            **common,
        )
    else:
        assert given.parts is not None
        building.write_polylines(
            group,
            _split(vertices, given.parts),
            vertex_attributes=_split_all(attributes, given.parts),
            object_attributes=objects,
            geometry_type=annotation.stored,
            **common,
        )
    zv.open(str(folder), mode="r+").metadata.namespace(OURS).update(annotation.layer)


def _split(values: npt.NDArray[Any], parts: npt.NDArray[np.int64]) -> list[npt.NDArray[Any]]:
    return [values[a:b] for a, b in itertools.pairwise(parts.tolist())]


def _split_all(
    attributes: Mapping[str, npt.NDArray[Any]], parts: npt.NDArray[np.int64]
) -> dict[str, list[npt.NDArray[Any]]]:
    return {name: _split(values, parts) for name, values in attributes.items()}


def _coarsen(
    annotation: Annotation, folder: Path, vertices: npt.NDArray[np.float64], grid: Grid
) -> list[Problem]:
    """Build coarser levels: of points and paths with wider bins, of vectors with fewer of them."""
    import zarr_vectors as zv

    wanted = coarser_levels(len(vertices), vertices.shape[1])
    if not wanted:
        return []
    reason = _why_not(annotation, vertices, grid)
    if reason is not None:
        message = f"it has no coarser levels: {reason}"
        return [Problem("no-coarser-levels", "info", annotation.name, message)]
    if annotation.stored == "line":
        factors = [(1.0, _SPARSER ** (i + 1)) for i in range(wanted)]
    else:
        factors = [(2.0, 1.0)] * wanted
    zv.open(str(folder), mode="r+").build_pyramid(
        factors=factors, sparsity_seed=0, cross_level_depth=0, cross_level_storage="none"
    )
    return []


def _why_not(annotation: Annotation, vertices: npt.NDArray[np.float64], grid: Grid) -> str | None:
    if annotation.stored == "mesh":
        return "zarr-vectors keeps no faces there"
    if not is_coarse_exact(vertices, grid):
        return "zarr-vectors writes them in float32, too coarse for coordinates this far from 0"
    return None
