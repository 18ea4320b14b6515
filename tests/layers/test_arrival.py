"""What happens to a layer once it is in a viewer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask.array
import numpy as np
import pytest
import zarr
from layer_drawing import settle as drawn
from napari.components import ViewerModel
from napari.layers import Image

from napari_strata.layers import arrival
from napari_strata.layers.arrival import settle, watch
from napari_strata.layers.run import run_at_once

VALUES = np.arange(1001, dtype="uint16").reshape(7, 11, 13)  # 0.5 % is 5, 99.8 % is 998


class Later:
    """A runner that works when it is told to."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []

    def __call__(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.jobs.append((work, done))

    def finish(self) -> None:
        for work, done in self.jobs:
            done(work())
        self.jobs = []


def pending(values: Any = VALUES, limits: Any = (0, 65535), **note: Any) -> Image:
    note = {"pending_contrast": True, "format": "cosem", **note}
    level = dask.array.from_array(values, chunks=5)
    return Image(level, contrast_limits=limits, metadata={"strata": note})


def test_contrast_is_set_after_the_layer_is_there():
    viewer, later = ViewerModel(), Later()
    watch(viewer, later)
    layer = viewer.add_layer(pending())
    assert layer.contrast_limits == [0, 65535]
    assert len(later.jobs) == 1
    later.finish()
    assert layer.contrast_limits == [5, 998]
    assert layer.contrast_limits_range == [0, 65535]
    assert layer.metadata["strata"] == {"format": "cosem"}


def test_contrast_the_user_has_changed_is_kept():
    later, layer = Later(), pending()
    settle(layer, later)
    layer.contrast_limits = (100, 200)
    later.finish()
    assert layer.contrast_limits == [100, 200]


def test_watching_twice_is_watching_once():
    viewer, later = ViewerModel(), Later()
    for _ in range(3):
        watch(viewer, later)
    viewer.add_layer(pending())
    assert len(later.jobs) == 1


def test_a_layer_is_settled_once():
    later, layer = Later(), pending()
    settle(layer, later)
    settle(layer, later)
    assert len(later.jobs) == 1


RANGES: dict[str, tuple[Any, Any, list[float], list[float]]] = {
    "float": (VALUES.astype("float32"), (0, 1), [5, 998], [5, 998]),
    "int32": (VALUES.astype("int32"), (-(2**31), 2**31 - 1), [5, 998], [5, 998]),
    "uint64": (VALUES.astype("uint64"), (0, 2**64 - 1), [5, 998], [5, 998]),
    "int16": (VALUES.astype("int16"), (-(2**15), 2**15 - 1), [5, 998], [-(2**15), 2**15 - 1]),
}


@pytest.mark.parametrize("name", RANGES)
def test_the_slider_has_a_range_one_can_use(name: str):
    values, limits, expected, slider = RANGES[name]
    layer = pending(values, limits)
    settle(layer, run_at_once)
    np.testing.assert_allclose(layer.contrast_limits, expected)
    np.testing.assert_allclose(layer.contrast_limits_range, slider)


@pytest.mark.parametrize(
    ("declared", "slider"),
    [([0, 4000], [0, 4000]), ([100, 200], [5, 998]), ([-7, 500], [-7, 998])],
)
@pytest.mark.parametrize("dtype", ["int16", "int32", "float32"])
def test_a_declared_range_outlives_the_estimate(dtype: str, declared: Any, slider: list[float]):
    limits = (0, 1) if dtype == "float32" else (-(2**15), 2**15 - 1)
    layer = pending(VALUES.astype(dtype), limits, contrast_limits_range=declared)
    settle(layer, run_at_once)
    np.testing.assert_allclose(layer.contrast_limits, [5, 998])
    np.testing.assert_allclose(layer.contrast_limits_range, slider)


def test_nothing_to_go_by_changes_nothing():
    layer = pending(np.full((4, 4), np.nan, "float32"), (0, 1))
    settle(layer, run_at_once)
    assert layer.contrast_limits == [0, 1]


def test_a_level_that_cannot_be_read_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    def fail(level: Any) -> Any:
        raise OSError("truncated")

    monkeypatch.setattr(arrival, "estimate", fail)
    layer = pending()
    settle(layer, run_at_once)
    assert layer.contrast_limits == [0, 65535]


@pytest.mark.parametrize(
    ("declared", "expected"),
    [([0, 4000], [0, 4000]), ([150, 160], [100, 200]), ([150, 4000], [100, 4000])],
)
def test_the_declared_range_of_the_limits(declared: list[float], expected: list[float]):
    layer = Image(
        VALUES,
        contrast_limits=(100, 200),
        metadata={"strata": {"contrast_limits_range": declared}},
    )
    settle(layer, run_at_once)
    assert layer.contrast_limits_range == expected
    assert layer.contrast_limits == [100, 200]


@pytest.mark.parametrize("metadata", [{}, {"strata": "x"}, {"strata": None}, {"strata": {}}])
def test_layers_of_others_are_left_alone(metadata: dict[str, Any]):
    viewer, later = ViewerModel(), Later()
    watch(viewer, later)
    layer = viewer.add_image(VALUES, contrast_limits=(1, 2), metadata=metadata)
    assert later.jobs == []
    assert layer.contrast_limits == [1, 2]
    viewer.add_points([[0, 0]])


# ------------------------------------------------------------------------- in a real window


@pytest.fixture
def sixteen_bits(tmp_path: Path) -> Path:
    """An OME-Zarr of two levels; the coarsest has 1001 values from 0."""
    group = zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2)
    shapes = {"0": (14, 22, 26), "1": (7, 11, 13)}
    for path, shape in shapes.items():
        array = group.create_array(path, shape=shape, chunks=shape, dtype="uint16")
        array[...] = VALUES if path == "1" else 60_000
    group.attrs["multiscales"] = [
        {
            "axes": [{"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"],
            "datasets": [
                {
                    "path": path,
                    "coordinateTransformations": [
                        {"type": "scale", "scale": [2.0 ** int(path)] * 3}
                    ],
                }
                for path in shapes
            ],
        }
    ]
    return tmp_path / "a.zarr"


@pytest.mark.window
def test_contrast_comes_from_the_coarsest_level_in_a_window(
    sixteen_bits: Path, make_napari_viewer: Callable[..., Any], qtbot: Any
):
    viewer = make_napari_viewer(show=True)
    (layer,) = viewer.open(str(sixteen_bits), plugin="napari-strata")
    drawn(viewer)
    qtbot.waitUntil(lambda: list(layer.contrast_limits) == [5, 998], timeout=10_000)
    assert "pending_contrast" not in layer.metadata["strata"]


@pytest.mark.window
def test_the_users_contrast_in_a_window_is_kept(
    sixteen_bits: Path,
    make_napari_viewer: Callable[..., Any],
    qtbot: Any,
    monkeypatch: pytest.MonkeyPatch,
):
    finished: list[Any] = []
    estimate = arrival.estimate

    def remembered(level: Any) -> Any:
        finished.append(estimate(level))
        return finished[0]

    monkeypatch.setattr(arrival, "estimate", remembered)
    viewer = make_napari_viewer(show=True)
    (layer,) = viewer.open(str(sixteen_bits), plugin="napari-strata")
    layer.contrast_limits = (10, 20)  # before the window's events are handled again
    qtbot.waitUntil(lambda: bool(finished), timeout=10_000)
    drawn(viewer)
    qtbot.wait(50)  # the result arrives as an event of the window
    assert list(layer.contrast_limits) == [10, 20]
