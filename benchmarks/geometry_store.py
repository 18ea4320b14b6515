"""Write the geometries that are measured: by zarr-vectors, and a precomputed mesh by its text."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

_SIDE = 100_000.0  # nanometres
_CELL = (25_000.0,) * 3
_SUBCELLS = 4


def _store(path: Path, kind: str) -> Any:
    import zarr_vectors

    axes = tuple(zarr_vectors.Axis(name=n, type="space", unit="nanometer") for n in "xyz")
    layout = zarr_vectors.Layout(cell_size=_CELL, subcells=_SUBCELLS)
    bounds = ((0.0,) * 3, (_SIDE,) * 3)
    schema = zarr_vectors.Schema(ndim=3, kind=kind, bounds=bounds, axes=axes, layout=layout)
    return zarr_vectors.create(str(path), schema=schema)


def _points(path: Path) -> None:
    rng = np.random.default_rng(0)
    places = rng.uniform(0, _SIDE, (1_000_000, 3))
    _store(path, "point_cloud").add_points(
        places, attributes={"intensity": rng.random(len(places))}
    )


def _polylines(path: Path) -> None:
    rng = np.random.default_rng(1)
    starts = rng.uniform(0.1 * _SIDE, 0.9 * _SIDE, (100_000, 1, 3))
    steps = rng.uniform(-300, 300, (100_000, 9, 3)).cumsum(axis=1)
    lines = np.concatenate([starts, starts + steps], axis=1)
    _store(path, "polyline").add_polylines(list(lines))


def _grid() -> tuple[np.ndarray, np.ndarray]:
    """A wavy sheet of 708 × 708 squares, two triangles each: about a million faces."""
    n = 709
    x, y = np.meshgrid(np.linspace(0, _SIDE, n), np.linspace(0, _SIDE, n), indexing="ij")
    z = _SIDE / 2 + 2_000 * np.sin(x / 5_000) * np.cos(y / 7_000)
    corner = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    halves = ([0, n, 1], [n, n + 1, 1])
    faces = np.concatenate([corner[:, None] + half for half in halves])
    return np.column_stack([x.ravel(), y.ravel(), z.ravel()]), faces


def _mesh(path: Path) -> None:
    _store(path, "mesh").add_mesh(*_grid())


def _precomputed(path: Path) -> None:
    vertices, faces = _grid()
    path.mkdir()
    (path / "info").write_text(json.dumps({"@type": "neuroglancer_legacy_mesh"}))
    (path / "1:0").write_text(json.dumps({"fragments": ["1:0:all"]}))
    count = np.array([len(vertices)], "<u4").tobytes()
    parts = (count, vertices.astype("<f4").tobytes(), faces.astype("<u4").tobytes())
    (path / "1:0:all").write_bytes(b"".join(parts))


CASES = {
    "1 M points": ("points.zarrvectors", _points),
    "100 k polylines": ("polylines.zarrvectors", _polylines),
    "1 M-face mesh": ("mesh.zarrvectors", _mesh),
    "1 M-face mesh, precomputed": ("mesh.precomputed", _precomputed),
}


def write(name: str, folder: Path) -> Path:
    """Write a geometry, unless it is there from before."""
    file, writer = CASES[name]
    path = folder / file
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            writer(path)
    return path
