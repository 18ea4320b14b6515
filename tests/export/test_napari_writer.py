"""File > Save Selected Layers, through npe2 as napari calls it."""

from __future__ import annotations

import npe2
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Points
from tests.export.annotations import MAKERS

import napari_strata as strata
from napari_strata.export import napari_writer

PLUGIN = "napari-strata"


@pytest.fixture(autouse=True)
def plugins():
    npe2.PluginManager.instance().discover()


@pytest.mark.parametrize("kind", MAKERS)
def test_saved_by_napari(tmp_path, kind):
    maker, ranks = MAKERS[kind]
    viewer = ViewerModel()
    viewer.add_layer(maker(ranks[0]))
    saved = viewer.layers.save(str(tmp_path / "it.zarrvectors"), plugin=PLUGIN)
    assert saved == [str(tmp_path / "it.zarrvectors")]
    geometry = strata.open(saved[0]).geometries[0]
    assert geometry.model.layer["type"] == kind
    assert geometry.levels[0].space == "world"


def test_suffix_is_put_at_the_end(tmp_path):
    (saved,) = napari_writer.save_points(str(tmp_path / "cells"), np.array([[1.0, 2.0]]), {})
    assert saved == str(tmp_path / "cells.zarrvectors")
    assert strata.open(saved).geometries[0].read().vertices.tolist() == [[1.0, 2.0]]


def test_what_is_there_is_not_replaced(tmp_path):
    strata.export(Points([[1.0, 2.0]], name="old"), tmp_path / "it.zarrvectors")
    with pytest.raises(FileExistsError):
        napari_writer.save_points(str(tmp_path / "it"), np.array([[5.0, 6.0]]), {})
    assert strata.open(tmp_path / "it.zarrvectors").geometries[0].model.layer["name"] == "old"
