"""Coarser levels: where there are any, and that known vertices are at their known places."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Points, Surface, Tracks, Vectors

import napari_strata as strata
from napari_strata.export.geometries import zvf_grid
from napari_strata.geometry import Vertices


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(zvf_grid, "COARSEN_ABOVE", 100)


def levels(path) -> list[Vertices]:
    return [level.read() for level in strata.open(path).geometries[0].levels]


def pairs(ndim: int, offset: float) -> np.ndarray:
    """Points two by two, a hundredth apart, the pairs ten apart on each axis."""
    corner = np.stack(np.meshgrid(*[np.arange(6) * 10.0] * ndim, indexing="ij"), -1)
    corner = corner.reshape(-1, ndim) + offset + 1
    return np.concatenate([corner, corner + 0.01])


@pytest.mark.parametrize("offset", [0, -30, 12345.0])
@pytest.mark.parametrize("ndim", [2, 3])
def test_points_of_a_level_are_means_of_neighbours(tmp_path, monkeypatch, ndim, offset):
    monkeypatch.setattr(zvf_grid, "COARSEN_ABOVE", 6**ndim)
    data = pairs(ndim, offset)
    done = strata.export(Points(data), tmp_path / "it")
    finest, *coarser = levels(done.path)
    assert len(coarser) >= 1
    assert len(finest.vertices) == len(data)
    first = coarser[0].vertices
    assert len(first) < len(data)
    # every bin holds whole pairs: a mean lies at a place between the points of its bin
    cell = strata.open(done.path).geometries[0].levels[1].model.cell
    assert cell is not None
    for vertex in first:
        near = data[np.all(np.abs(data - vertex) <= cell + 1e-3, axis=1)]
        assert len(near)
        assert np.all(vertex >= near.min(axis=0) - 1e-3)
        assert np.all(vertex <= near.max(axis=0) + 1e-3)
    # and all of them together are where the points are
    mean = data.mean(axis=0)
    for level in coarser:
        np.testing.assert_allclose(level.vertices.mean(axis=0), mean, atol=2 * cell.max())


def test_level_of_known_points(tmp_path, monkeypatch):
    """Clusters far apart: a coarser level has each once, at the mean worked out by hand."""
    monkeypatch.setattr(zvf_grid, "COARSEN_ABOVE", 10)
    centres = np.array([[2000.0, 10.0], [10.0, 2000.0], [-500.0, -700.0], [3000.0, -3000.0]])
    cluster = np.array([[0, 0], [0.25, 0], [0, 0.5], [0.25, 0.5]])
    data = (centres[:, None] + cluster).reshape(-1, 2)
    done = strata.export(Points(data), tmp_path / "it")
    coarse = levels(done.path)[1].vertices
    expected = centres + np.array([0.125, 0.25])
    order, wanted = np.lexsort(coarse.T), np.lexsort(expected.T)
    np.testing.assert_allclose(coarse[order], expected[wanted], rtol=1e-6)


def test_vectors_get_fewer_not_moved(tmp_path):
    random = np.random.default_rng(0)
    data = random.normal(size=(400, 2, 3)) * 10
    done = strata.export(Vectors(data), tmp_path / "it")
    starts, tips = data[:, 0], data[:, 0] + data[:, 1]
    ends = np.concatenate([starts, tips])
    counts = [800]
    for level in strata.open(done.path).geometries[0].levels[1:]:
        found = level.read().vertices
        counts.append(len(found))
        for vertex in found:
            assert np.all(np.abs(ends - vertex) <= level.model.cell, axis=1).any()
        assert level.model.cell.max() < 0.2
    assert len(counts) > 1
    assert sorted(set(counts), reverse=True) == counts


def test_tracks_get_levels(tmp_path):
    steps = np.linspace(0, 1, 300)
    data = np.concatenate(
        [
            np.column_stack([np.full(300, k), steps * 299, steps * 100 + k, steps * 50])
            for k in (1, 2)
        ]
    )
    done = strata.export(Tracks(data), tmp_path / "it")
    finest, first, *_ = levels(done.path)
    assert len(first.vertices) < len(finest.vertices)
    time, y = first.vertices[:, 0], first.vertices[:, 1]
    across = np.minimum(np.abs(y - time / 2.99 - 1), np.abs(y - time / 2.99 - 2))
    assert across.max() < 1  # on one of the two tracks, or between them


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (
            Surface((np.random.default_rng(0).random((150, 3)), np.array([[0, 1, 2]]))),
            "keeps no faces there",
        ),
        (Points(1e9 + np.random.default_rng(0).random((150, 3))), "this far from 0"),
    ],
    ids=["mesh", "far"],
)
def test_no_levels_and_why(tmp_path, layer, reason):
    done = strata.export(layer, tmp_path / "it")
    assert done.levels == (150,)
    (problem,) = done.problems
    assert (problem.code, problem.severity) == ("no-coarser-levels", "info")
    assert reason in problem.message


def test_few_vertices_have_one_level(tmp_path):
    done = strata.export(Points(np.random.default_rng(0).random((100, 3))), tmp_path / "it")
    assert (done.levels, done.problems) == ((100,), ())
