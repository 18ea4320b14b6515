"""What cannot be written exactly is refused by name, and nothing is left behind."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from napari.layers import Image, Labels, Points, Shapes, Surface, Tracks, Vectors

import napari_strata as strata

FACES = np.array([[0, 1, 2]])
CASES = {
    "image": (lambda: Image(np.zeros((4, 4)), name="A"), "'A'.*of type image; ZVF holds points"),
    "labels": (lambda: Labels(np.zeros((4, 4), int), name="A"), "'A'.*of type labels"),
    "no points": (lambda: Points(None, ndim=3, name="A"), "'A'.*empty"),
    "no shapes": (lambda: Shapes(None, name="A"), "'A'.*empty"),
    "no vectors": (lambda: Vectors(None, ndim=2, name="A"), "'A'.*empty"),
    "NaN": (lambda: Points([[1, 2], [np.nan, 1]], name="A"), r"'A'.*1 of its 2.*\[nan, 1.0\]"),
    "infinite": (lambda: Vectors([[[1, 2], [np.inf, 1]]], name="A"), "'A'.*no finite number"),
    "overflow": (lambda: Points([[1e300, 2]], scale=(1e300, 1), name="A"), "'A'.*no finite"),
    "five axes": (lambda: Points(np.zeros((3, 5)), name="A"), "'A'.*5 axes; ZVF holds 2 to 4"),
    "no faces": (lambda: Surface((np.eye(3), np.zeros((0, 3), int)), name="A"), "'A'.*no faces"),
    "values over time": (
        lambda: Surface((np.eye(3), FACES, np.ones((5, 3))), name="A"),
        r"'A'.*values have the shape \(5, 3\).*each time point by itself",
    ),
    "times below 0": (
        lambda: Tracks(
            [[1, 0, 0, 9], [1, 1, 2, 3]],
            affine=[[1, 0, -1, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
            name="A",
        ),
        "'A'.*mixes time with space; some times come out below 0",
    ),
    "complex feature": (
        lambda: Points([[1, 2]], features={"c": [1j]}, name="A"),
        "'A'.*feature 'c' holds a complex",
    ),
    "lists": (
        lambda: Points([[1, 2]], features={"c": pd.Series([[1]], dtype=object)}, name="A"),
        "'A'.*feature 'c' holds a list.*convert it to text",
    ),
    "dates of a zone": (
        lambda: Points(
            [[1, 2]], features={"c": pd.to_datetime(["2020-01-01"]).tz_localize("CET")}, name="A"
        ),
        "'A'.*feature 'c'.*time zone",
    ),
}


@pytest.mark.filterwarnings("ignore")  # napari's own, about what these layers are
@pytest.mark.parametrize(("make", "message"), CASES.values(), ids=CASES)
def test_refused(tmp_path, make, message):
    with pytest.raises(ValueError, match=message):
        strata.export(make(), tmp_path / "it.zarrvectors", format="zvf")
    assert list(tmp_path.iterdir()) == []


def test_one_layer_a_store(tmp_path):
    layers = [Points([[1, 2]], name="A"), Points([[1, 2]], name="B")]
    with pytest.raises(ValueError, match="found 2 \\('A', 'B'\\): give each its own path"):
        strata.export(layers, tmp_path / "it.zarrvectors")
    with pytest.raises(ValueError, match="found 0"):
        strata.export([], tmp_path / "it.zarrvectors", format="zvf")
    assert strata.export(layers[:1], tmp_path / "it.zarrvectors").levels == (1,)


def test_unknown_format(tmp_path):
    with pytest.raises(ValueError, match="found 'png', expected one of ome-zarr, cosem, zvf"):
        strata.export(Points([[1, 2]]), tmp_path / "it", format="png")


def test_not_a_layer(tmp_path):
    with pytest.raises(ValueError, match="found a int, expected a layer"):
        strata.export(3, tmp_path / "it", format="zvf")
    with pytest.raises(ValueError, match="int cannot be exported; expected layers"):
        strata.export(3, tmp_path / "it")


def test_what_is_left_of_a_track_is_kept(tmp_path):
    """A track of one point, which is drawn as nothing, is no error."""
    done = strata.export(Tracks([[1, 0, 1, 2], [2, 0, 3, 4], [2, 1, 3, 4]]), tmp_path / "it")
    assert done.levels == (3,)
