"""A napari without the private parts: plain layers, visibly marked."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from layer_cases import PYRAMIDS
from layer_drawing import settle
from napari.layers import Image, Labels
from napari.layers._scalar_field.scalar_field import ScalarFieldBase, ScalarFieldSlicingState

from napari_strata.layers.drawing import placed
from napari_strata.layers.placement import Placement

OURS = [
    f"napari_strata.layers.drawing.{name}"
    for name in ("slicing", "tiles", "boxes", "exact", "placed", "guard")
]


@pytest.fixture(
    params=[
        "napari.layers._scalar_field._slice._ScalarFieldSliceRequest",
        "napari.layers.image._slice._ImageSliceRequest",
        "napari.layers.labels._slice._LabelsSliceRequest",
        "napari.layers._scalar_field.scalar_field.ScalarFieldSlicingState",
    ]
)
def without(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`drawing.placed`, imported with one of napari's private names removed."""
    package = sys.modules["napari_strata.layers.drawing"]
    for name in OURS:
        importlib.import_module(name)  # all of them first: they import each other
    for name in OURS:
        monkeypatch.delitem(sys.modules, name)
        # The import below would otherwise leave its module behind on the package.
        short = name.rpartition(".")[2]
        monkeypatch.setattr(package, short, getattr(package, short))
    monkeypatch.delattr(request.param)
    return importlib.import_module("napari_strata.layers.drawing.placed")


def test_this_napari_allows_exact_drawing():
    assert placed.exact_drawing() is None


def test_removed_name_is_told(without: ModuleType):
    reason = without.exact_drawing()
    assert reason is not None
    assert reason.startswith("napari ")
    assert "lacks what exact placement needs" in reason


@pytest.mark.parametrize(
    ("owner", "name", "told"),
    [
        (ScalarFieldBase, "_get_value_ray", "Image._get_value_ray, Labels._get_value_ray"),
        (ScalarFieldBase, "_update_level_and_corners", "Image._update_level_and_corners"),
        (ScalarFieldSlicingState, "_update_slice_response", "_update_slice_response"),
    ],
)
def test_renamed_method_is_told(monkeypatch: pytest.MonkeyPatch, owner: type, name: str, told: str):
    monkeypatch.delattr(owner, name)
    if name == "_update_level_and_corners":
        # napari's base class has one too, for layers of a single scale.
        monkeypatch.delattr("napari.layers.base.base.Layer._update_level_and_corners")
    assert told in (placed.exact_drawing() or "")


@pytest.mark.window
@pytest.mark.parametrize(
    "without", ["napari.layers.image._slice._ImageSliceRequest"], indirect=True
)
@pytest.mark.parametrize(("kind", "cls"), [("image", Image), ("labels", Labels)])
def test_plain_layer_says_that_it_is_misplaced(
    without: ModuleType, window: Any, notified: Any, kind: str, cls: type
):
    pyramid = PYRAMIDS["mean"]
    data = [np.zeros(shape, np.uint8) for shape in pyramid.shapes]
    look = {"contrast_limits": (0, 255)} if kind == "image" else {}
    layer = without.place(
        kind, data, pyramid.placement, name="raw", metadata={"strata": {"path": "em/raw"}}, **look
    )
    window.viewer.add_layer(layer)
    settle(window.viewer)
    assert type(layer) is cls
    assert layer.name == "raw ⚠ misplaced up to 4.8 voxels"
    (problem,) = layer.metadata["strata"]["problems"]
    assert problem["code"] == "misplaced-levels"
    assert problem["severity"] == "warning"
    assert problem["where"] == "em/raw"
    assert problem["message"].startswith("Layer 'raw' is misplaced up to 4.8 voxels: napari ")
    assert notified() == [problem["message"]]


def test_plain_layer_that_is_right_is_not_marked(without: ModuleType, notified: Any):
    same = Placement(((1.0,) * 3, (1.0,) * 3), ((0.0,) * 3,) * 2)
    data = [np.zeros((9, 9, 9), np.uint8)] * 2
    layer = without.place("image", data, same, name="raw", contrast_limits=(0, 255))
    assert layer.name == "raw"
    assert notified() == []
