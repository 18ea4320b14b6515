"""Thumbnails: which level and plane, its colours and its shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import napari_strata as strata
from napari_strata.dataset.browse import browse
from napari_strata.dataset.thumbnail import thumbnail
from napari_strata.dataset.thumbnail_colours import label_colours, resized

MICROMETRE = "micrometer"


def store(
    folder: Path,
    axes: str,
    levels: list[tuple[np.ndarray, list[float]]],
    *,
    units: dict[str, str] | None = None,
    chunks: tuple[int, ...] | None = None,
    **attributes: Any,
) -> Path:
    """Write an OME-Zarr 0.4 image; a level is its data and its scale."""
    types = {"c": "channel", "t": "time"}
    described = [
        {"name": n, "type": types.get(n, "space")}
        | ({} if n == "c" else {"unit": (units or {}).get(n, MICROMETRE)})
        for n in axes
    ]
    root = zarr.open_group(folder, mode="w", zarr_format=2)
    datasets = []
    for index, (data, scale) in enumerate(levels):
        array = root.create_array(
            str(index), shape=data.shape, dtype=data.dtype, chunks=chunks or data.shape
        )
        array[...] = data
        steps = [{"type": "scale", "scale": scale}]
        datasets.append({"path": str(index), "coordinateTransformations": steps})
    entry = {"version": "0.4", "axes": described, "datasets": datasets}
    root.attrs.update({"multiscales": [entry], **attributes})
    return folder


def image(folder: Path) -> Any:
    return strata.open(folder).images[0]


def window(color: str, start: float, end: float, **more: Any) -> dict[str, Any]:
    limits = {"min": 0, "max": 255, "start": start, "end": end}
    return {"color": color, "window": limits, "active": True, **more}


RAMP = np.arange(16, dtype="u1").reshape(4, 4) * 17  # 0, 17, … 255


def test_bytes_are_shown_over_their_full_range(tmp_path: Path):
    found = thumbnail(image(store(tmp_path / "a.zarr", "yx", [(RAMP, [1, 1])])), size=4)
    assert found is not None
    assert found.rgb.dtype == np.uint8
    assert found.rgb.tolist() == [[[v] * 3 for v in row] for row in RAMP.tolist()]


def test_the_middle_plane_and_the_declared_time(tmp_path: Path):
    data = np.zeros((3, 5, 2, 2), "u1")
    data[1, 2] = 200  # t 1, z 2 of 0 … 4
    omero = {"rdefs": {"defaultT": 1}, "channels": []}
    root = store(tmp_path / "a.zarr", "tzyx", [(data, [1] * 4)], units={"t": "second"}, omero=omero)
    found = thumbnail(image(root), size=2)
    assert found is not None
    assert (found.rgb == 200).all()


def test_channels_in_their_colours_and_windows(tmp_path: Path):
    data = np.array([[[10, 20]], [[50, 100]], [[255, 255]]], "u1")
    channels = [
        window("FF0000", 10, 20),
        window("0000FF", 0, 100),
        window("00FF00", 0, 255, active=False),
    ]
    root = store(tmp_path / "a.zarr", "cyx", [(data, [1] * 3)], omero={"channels": channels})
    found = thumbnail(image(root), size=2)
    assert found is not None
    assert found.rgb.tolist() == [[[0, 0, 128], [255, 0, 255]]]


def test_inverted_is_bright_where_the_value_is_low(tmp_path: Path):
    omero = {"channels": [window("FFFFFF", 0, 255, inverted=True)]}
    root = store(tmp_path / "a.zarr", "cyx", [(RAMP[None], [1] * 3)], omero=omero)
    found = thumbnail(image(root), size=4)
    assert found is not None
    assert found.rgb[..., 0].tolist() == (255 - RAMP).tolist()


def test_two_channels_without_colours_are_napari_s_green_and_magenta(tmp_path: Path):
    data = np.array([[[255, 0]], [[0, 255]]], "u1")
    found = thumbnail(image(store(tmp_path / "a.zarr", "cyx", [(data, [1] * 3)])), size=2)
    assert found is not None
    assert found.rgb.tolist() == [[[0, 255, 0], [255, 0, 255]]]


def test_wide_integers_are_stretched(tmp_path: Path):
    data = np.array([[1000, 1000], [1000, 3000]], "u2")
    found = thumbnail(image(store(tmp_path / "a.zarr", "yx", [(data, [1, 1])])), size=2)
    assert found is not None
    assert found.rgb[0, 0].tolist() == [0, 0, 0]
    assert found.rgb[1, 1].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("scale", "units", "expected"),
    [
        pytest.param([2, 1], None, (8, 4), id="taller"),
        pytest.param([1, 4], None, (2, 8), id="wider"),
        pytest.param([1, 4], {"x": "second", "y": MICROMETRE}, (8, 8), id="not of one unit"),
    ],
)
def test_sides_are_as_in_the_world(scale: Any, units: Any, expected: Any, tmp_path: Path):
    found = thumbnail(image(store(tmp_path / "a.zarr", "yx", [(RAMP, scale)], units=units)), size=8)
    assert found is not None
    assert found.rgb.shape == (*expected, 3)


def test_an_axis_that_runs_backwards_is_turned(samples: Any):
    """COSEM's ``mito_pred`` has a negative scale along one axis."""
    found = strata.open(samples["cosem"].path)["labels/mito_pred"]
    scale = found.levels[0].scale
    flipped = [i for i in (1, 2) if scale[i] < 0]
    drawn = thumbnail(found, size=80)
    assert drawn is not None
    level = found.levels[drawn.level]
    plane = np.flip(np.asarray(level.data[level.shape[0] // 2]), [i - 1 for i in flipped])
    assert drawn.rgb.shape[:2] == plane.shape
    assert np.corrcoef(drawn.rgb[..., 0].ravel(), plane.ravel().astype(float))[0, 1] > 0.95


PYRAMID = [
    (np.full((2, 64, 64), 10, "u1"), [1.0, 1, 1]),
    (np.full((1, 32, 32), 20, "u1"), [2.0, 2, 2]),
    (np.full((1, 16, 16), 30, "u1"), [4.0, 4, 4]),
]


@pytest.mark.parametrize(
    ("size", "most", "level"),
    [
        pytest.param(16, 10_000, 2, id="the coarsest that is fine enough"),
        pytest.param(17, 10_000, 1, id="a finer one for more pixels"),
        pytest.param(500, 10_000, 0, id="the finest if none has as many"),
        pytest.param(500, 2 * 64 * 64 - 1, 1, id="a coarser one if chunks are too much"),
        pytest.param(500, 256, 2, id="the coarsest"),
        pytest.param(500, 255, None, id="none"),
    ],
)
def test_the_level_and_what_it_costs(size: int, most: int, level: int | None, tmp_path: Path):
    """A chunk is a whole level: of level 0 its two planes count, though one is shown."""
    found = thumbnail(image(store(tmp_path / "a.zarr", "zyx", PYRAMID)), size, most)
    assert (None if found is None else found.level) == level
    if found is not None and level is not None:
        assert int(found.rgb[0, 0, 0]) == 10 * (level + 1)


def test_only_the_chunks_of_the_plane_count(tmp_path: Path):
    data = np.zeros((64, 16, 16), "u1")
    root = store(tmp_path / "a.zarr", "zyx", [(data, [1] * 3)], chunks=(4, 8, 8))
    assert thumbnail(image(root), most_bytes=4 * 16 * 16) is not None
    assert thumbnail(image(root), most_bytes=4 * 16 * 16 - 1) is None


def test_labels_have_colours_of_their_own(tmp_path: Path):
    data = np.array([[0, 1], [2, 2]], "u4")
    look = {"colors": [{"label-value": 2, "rgba": [255, 0, 0, 255]}]}
    root = store(tmp_path / "a.zarr", "yx", [(data, [1, 1])], **{"image-label": look})
    found = thumbnail(image(root), size=2)
    assert found is not None
    assert found.rgb[0, 0].tolist() == [0, 0, 0]
    assert found.rgb[1].tolist() == [[255, 0, 0]] * 2
    assert found.rgb[0, 1].max() > 100


def test_labels_next_to_each_other_differ():
    colours = label_colours(np.arange(1, 41).reshape(1, -1), {})[0].astype(int)
    steps = np.abs(np.diff(colours, axis=0)).sum(axis=1)
    assert steps.min() > 60
    assert len({tuple(c) for c in colours.tolist()}) == 40
    assert label_colours(np.array([[2**64 - 1]], "u8"), {}).shape == (1, 1, 3)


def test_making_smaller_is_the_mean_and_larger_the_nearest():
    values = np.array([[0, 2, 4, 6], [0, 2, 4, 6]])
    assert resized(values, (1, 2), smooth=True).tolist() == [[1, 5]]
    assert resized(values, (1, 2), smooth=False).tolist() == [[2, 6]]
    assert resized(np.array([[1, 2]]), (1, 4), smooth=True).tolist() == [[1, 1, 2, 2]]
    assert resized(np.array([[0, 1, 5]]), (1, 2), smooth=True).tolist() == [[0, 3]]


@pytest.mark.parametrize("values", [[np.nan, np.inf], [3, 3], [-2, -2]], ids=str)
def test_values_that_show_nothing(values: Any, tmp_path: Path):
    data = np.array([values], "f4")
    found = thumbnail(image(store(tmp_path / "a.zarr", "yx", [(data, [1, 1])])), size=2)
    assert found is not None
    assert found.rgb.shape == (1, 2, 3)


def test_a_damaged_chunk_gives_no_picture(tmp_path: Path):
    root = store(tmp_path / "a.zarr", "yx", [(RAMP, [1, 1])])
    (chunk,) = (p for p in (root / "0").rglob("*") if p.is_file() and not p.name.startswith("."))
    chunk.write_bytes(b"no chunk")
    assert thumbnail(image(root)) is None


def test_of_an_entry(tmp_path: Path):
    root = store(tmp_path / "a.zarr", "yx", [(RAMP, [1, 1])])
    assert thumbnail(browse(root), size=4) is not None
    assert thumbnail(browse(tmp_path), size=4) is None


def test_what_cannot_be_drawn(tmp_path: Path):
    complex_numbers = np.zeros((2, 2), "c8")
    assert thumbnail(image(store(tmp_path / "c.zarr", "yx", [(complex_numbers, [1, 1])]))) is None
    zarr.create_array(tmp_path / "x.zarr", shape=(4,), dtype="u1", zarr_format=2)
    assert thumbnail(image(tmp_path / "x.zarr")) is None


def test_every_sample_has_one(samples: Any):
    for sample in samples.values():
        for found in strata.open(sample.path).images:
            picture = thumbnail(found)
            assert picture is not None
            assert max(picture.rgb.shape) == 128
            assert picture.rgb.max() > 50
