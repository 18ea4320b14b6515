"""What a layer loses by showing another level is in its record."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from geometry_cases import Store
from napari.layers import Layer

from napari_strata import dataset
from napari_strata.dataset import Dataset
from napari_strata.geometry import Vertices
from napari_strata.layers.geometry import view as geometry_view
from napari_strata.layers.geometry.build import geometry_layers

FINE = np.array([[0.0, 0, 0], [0, 0, 10], [0, 10, 0], [10, 10, 10]])
COARSE = np.array([[1.0, 1, 1], [9, 9, 9]])


def test_what_another_level_has_not_is_in_the_record(monkeypatch: pytest.MonkeyPatch):
    store = Store()
    store.install(monkeypatch)
    named = {"ident": np.arange(4), "val": np.arange(4) / 8}
    geometry = store.geometry("points", [Vertices(FINE, vertex_attributes=named), Vertices(COARSE)])
    opened = Dataset("/data/a", [], [], [geometry.model])
    monkeypatch.setattr(dataset, "open", lambda path, **_: opened)
    ((data, arguments, type_),) = geometry_layers("/data/a", geometry, [])
    layer: Any = Layer.create(data, arguments, type_)
    layer.size = [1, 2, 3, 4]
    geometry_view.show(layer, level=1)
    found = layer.metadata["strata"]["problems"]
    assert [p["code"] for p in found] == ["attributes-missing", "item-looks-not-kept"]
    assert found[0]["message"] == "level 1 stores no attributes: ident, val"
    geometry_view.show(layer, level=0)
    found = layer.metadata["strata"]["problems"]
    assert "attributes-missing" not in [p["code"] for p in found]
