"""CSV as napari reads it, and tracks as GEFF, beside what is exact anyway."""

from __future__ import annotations

import json

import numpy as np
import pytest
from napari.layers import Image, Layer, Points, Shapes, Tracks
from napari_builtins.io import napari_get_reader
from tests.export.annotations import make

import napari_strata as strata
from napari_strata.export.errors import ExportError

IMAGE = Image(np.zeros((4, 4, 4), np.uint8), name="em", units="um")


def read_by_napari(path) -> Layer:
    (found,) = napari_get_reader(str(path))(str(path))
    return Layer.create(*found)


def test_points_are_in_world(tmp_path):
    layer = Points(
        [[1, 2, 3], [0.1, 0, 1 / 3]],
        scale=(2, 3, 4),
        translate=(10, 20, 30),
        features={"n": [5, 6], "text, of": ["a, b", '"'], "axis-0": [0.25, 1e-300]},
        name="p q",
    )
    done = strata.export([IMAGE, layer], tmp_path / "a.ome.zarr", annotations="csv")
    again = read_by_napari(done.annotations / "p_q.csv")
    assert type(again) is Points
    assert again.data.tolist() == [[12, 26, 42], [10.2, 20, 30 + 4 * (1 / 3)]]
    assert again.properties["n"].tolist() == [5, 6]
    assert again.properties["text, of"].tolist() == ["a, b", '"']
    assert again.properties["feature axis-0"].tolist() == [0.25, 1e-300]


def test_every_number_reads_back_the_same(tmp_path):
    layer = make("points", 3, "identity")
    done = strata.export([IMAGE, layer], tmp_path / "a.ome.zarr", annotations=["csv"])
    assert read_by_napari(done.annotations / "cells.csv").data.tobytes() == layer.data.tobytes()


def test_shapes_keep_their_types(tmp_path):
    layer = make("shapes", 3, "identity")
    done = strata.export([IMAGE, layer], tmp_path / "a.ome.zarr", annotations="csv")
    again = read_by_napari(done.annotations / "outlines.csv")
    assert type(again) is Shapes
    assert again.shape_type == layer.shape_type
    for one, other in zip(again.data, layer.data, strict=True):
        np.testing.assert_array_equal(one, other)


def test_further_files_are_listed_and_may_be_replaced(tmp_path):
    layers = [IMAGE, make("points", 2, "identity"), make("tracks", 3, "identity")]
    done = strata.export(layers, tmp_path / "a.ome.zarr", annotations="csv")
    content = json.loads((done.annotations / "manifest.json").read_text(encoding="utf-8"))
    assert [entry.get("csv") for entry in content["layers"]] == ["cells.csv", None]
    opened = strata.open(done.path)
    assert len(opened.geometries) == 2
    strata.export(layers, tmp_path / "a.ome.zarr", replace=True)
    assert not (done.annotations / "cells.csv").exists()


def test_geff_that_is_missing_is_refused_first(tmp_path, monkeypatch):
    from napari_strata.export.geometries import geff

    monkeypatch.setattr(geff.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ExportError, match=r"pip install 'napari-strata\[geff\]'"):
        strata.export(
            [IMAGE, make("tracks", 3, "identity")], tmp_path / "a.zarr", annotations="geff"
        )
    assert list(tmp_path.iterdir()) == []


def test_edges_of_tracks():
    """Steps within a track; a division; and two tracks that merge. Worked out by hand."""
    from napari_strata.export.geometries.geff import edges
    from napari_strata.layers.annotations.annotation import from_layer

    rows = [[1, 0, 0, 0], [1, 1, 0, 1], [2, 2, 1, 0], [2, 3, 1, 1], [3, 2, 2, 0], [4, 4, 3, 3]]
    layer = Tracks(np.array(rows, float), graph={2: [1], 3: [1], 4: [2, 3]})
    found = edges(from_layer(layer))
    assert found.dtype == np.uint64
    assert sorted(found.tolist()) == [[0, 1], [1, 2], [1, 4], [2, 3], [3, 5], [4, 5]]


def test_tracks_as_geff(tmp_path):
    geff = pytest.importorskip("geff")
    layer = make("tracks", 4, "scaled")
    done = strata.export([IMAGE, layer], tmp_path / "a.ome.zarr", annotations="geff")
    store = done.annotations / "paths.geff"
    geff.validate_structure(str(store))
    graph, metadata = geff.read(str(store), backend="networkx")
    assert [axis.name for axis in metadata.axes] == ["t", "z", "y", "x"]
    assert [axis.unit for axis in metadata.axes] == ["second", *["micrometer"] * 3]
    assert metadata.directed
    assert graph.number_of_nodes() == len(layer.data)
    places = [[graph.nodes[i][a] for a in "tzyx"] for i in range(len(layer.data))]
    expected = [layer.data_to_world(row)[-4:] for row in layer.data[:, 1:]]
    np.testing.assert_allclose(places, expected, rtol=1e-12, atol=1e-9)
    tracks = [graph.nodes[i]["track_id"] for i in range(len(layer.data))]
    np.testing.assert_array_equal(tracks, layer.data[:, 0])
    # Five tracks, and three lines of descent between them.
    assert graph.number_of_edges() == len(layer.data) - 5 + 3
    strata.export([IMAGE, layer], tmp_path / "a.ome.zarr", replace=True)
    assert not store.exists()
