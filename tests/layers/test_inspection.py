"""What is known of a layer without reading a file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
from layer_drawing import settle
from napari.layers import Image, Labels, Layer, Points

import napari_strata as strata
from formats.helpers import add_attributes, write_n5_array, write_ome_04
from napari_strata.layers.build import build
from napari_strata.layers.inspecting.inspection import inspect
from napari_strata.layers.inspecting.problem_text import as_json, as_text


def layers_of(path: Path) -> list[Layer]:
    """Open a dataset; layers by themselves, in no viewer."""
    built = build(strata.open(path)).layers
    return [each if isinstance(each, Layer) else Layer.create(*each) for each in built]


def test_a_layer_of_ours(samples: dict[str, Any]):
    layer = layers_of(samples["cosem"].path)[0]
    found = inspect(layer)
    assert (found.kind, found.format, found.name) == ("ours", "cosem", "fibsem-uint8")
    assert found.path == f"{samples['cosem'].path}/em/fibsem-uint8"
    assert found.evidence
    assert found.axes == ("z", "y", "x")
    assert found.units == ("micrometer",) * 3
    assert (found.locked, found.problems) == (None, ())
    assert [row.index for row in found.levels] == [0, 1, 2]
    row = found.levels[1]  # the numbers are the sample's own
    assert row.path == "em/fibsem-uint8/s1"
    assert (row.shape, row.chunks, row.dtype) == ((39, 79, 80), (32, 64, 64), "uint8")
    assert row.nbytes == 39 * 79 * 80
    assert (row.scale, row.translate) == ((2400, 2000, 2000), (1500, 250, 900))
    assert row.units == ("nm", "nm", "nm")
    assert row.extent == pytest.approx((39 * 2.4, 79 * 2.0, 80 * 2.0))
    assert row.vertices is None


def test_axes_are_the_layers_and_the_channel_is_gone(tmp_path: Path):
    write_ome_04(
        tmp_path / "a.zarr",
        {"0": ((2, 4, 6, 8), {"scale": [1, 30, 6, 4], "translation": [0, 3, 2, 1]})},
        axes="cxyz",
    )
    first, second = layers_of(tmp_path / "a.zarr")
    for layer in (first, second):
        found = inspect(layer)
        (row,) = found.levels
        assert found.axes == ("z", "y", "x")
        assert (row.shape, row.chunks) == ((8, 6, 4), (8, 6, 4))
        assert (row.scale, row.translate) == ((4, 6, 30), (1, 2, 3))
        assert row.units == ("micrometer",) * 3
        assert row.extent == (32, 36, 120)
        assert row.nbytes == 8 * 6 * 4


def test_extent_is_as_the_layer_is_now(samples: dict[str, Any]):
    layer = layers_of(samples["cosem"].path)[0]
    layer.scale = (2.4, 1.0, 3.0)  # was 1.2, 1, 1
    layer.rotate = np.array([[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]])
    row = inspect(layer).levels[2]
    assert row.extent == pytest.approx((19 * 9.6, 39 * 4.0, 40 * 12.0))
    assert row.scale == (4800, 4000, 4000)  # what is declared has not changed


def test_rotated_levels_have_no_scale(samples: dict[str, Any]):
    (layer,) = layers_of(samples["ome-zarr-0.6"].path)
    row = inspect(layer).levels[0]
    assert (row.scale, row.translate) == (None, None)
    assert row.extent == pytest.approx([96, 200, 200])


def test_two_axes_of_one_name(tmp_path: Path):
    axes = [{"name": "y", "type": "space"}, {"name": "y", "type": "space"}]
    write_ome_04(tmp_path / "a.zarr", {"0": ((4, 6), {"scale": [3, 2]})}, axes="yx")
    file = tmp_path / "a.zarr/.zattrs"
    value = json.loads(file.read_text())
    value["multiscales"][0]["axes"] = axes
    file.write_text(json.dumps(value))
    (layer,) = layers_of(tmp_path / "a.zarr")
    assert inspect(layer).kind == "ours"
    assert inspect(layer).levels[0].scale == (3, 2)


def test_every_layer_of_every_sample(samples: dict[str, Any]):
    for sample in samples.values():
        for layer in layers_of(sample.path):
            found = inspect(layer)
            assert found.kind == ("geometry" if sample.name == "zvf" else "ours")
            assert found.format == sample.format
            assert found.levels
            assert all(len(row.units) == layer.ndim for row in found.levels)


def test_a_geometry(samples: dict[str, Any]):
    (layer,) = layers_of(samples["zvf"].path)
    found = inspect(layer)
    note = layer.metadata["strata"]
    assert (found.kind, found.drawn, found.locked) == ("geometry", note["level"], None)
    row = found.levels[1]
    assert (row.shape, row.chunks, row.dtype, row.nbytes) == ((), None, "", None)
    assert row.vertices == note["levels"][1]["vertex_count"]
    assert row.units == ("nanometer",) * 3
    low, high = np.array(note["levels"][1]["bounds"])
    order = [[a["name"] for a in note["axes"]].index(name) for name in note["layer_axes"]]
    assert row.extent == pytest.approx((high - low)[order] / 1000)


@pytest.mark.parametrize(
    ("wrap", "chunks"),
    [
        pytest.param(lambda a: a, None, id="numpy"),
        pytest.param(lambda a: da.from_array(a, chunks=(4, 3, 3)), (4, 3, 3), id="dask"),
    ],
)
def test_a_multiscale_layer_of_another_reader(wrap: Any, chunks: tuple[int, ...] | None):
    levels = [wrap(np.zeros(s, dtype="u2")) for s in [(8, 8, 8), (4, 4, 4)]]
    layer = Image(levels, multiscale=True, scale=(3, 2, 1), contrast_limits=(0, 1))
    found = inspect(layer)
    assert (found.kind, found.format, found.path, found.evidence) == ("multiscale", "", "", "")
    row = found.levels[1]
    assert (row.shape, row.dtype, row.nbytes) == ((4, 4, 4), "uint16", 128)
    assert row.chunks == chunks
    assert (row.scale, row.translate, row.units) == (None, None, ())
    assert row.extent == (24, 16, 8)  # 4 voxels, twice as large as level 0's


def test_colours_are_no_axis():
    layer = Image([np.zeros((8, 8, 3), "u1"), np.zeros((4, 4, 3), "u1")], rgb=True, multiscale=True)
    row = inspect(layer).levels[0]
    assert (row.shape, row.nbytes) == ((8, 8), 192)


def test_layers_without_levels():
    single = inspect(Labels(np.zeros((4, 5), "u1"), scale=(2, 3)))
    assert (single.kind, single.drawn) == ("single", 0)
    assert single.levels[0].extent == (8, 15)
    points = inspect(Points(np.zeros((1, 2))))
    assert (points.kind, points.drawn, points.levels) == ("other", None, ())


def test_a_part_of_one_of_ours_is_not_ours(samples: dict[str, Any]):
    layer = layers_of(samples["cosem"].path)[0]
    crop = Image([level[:5] for level in layer.data], multiscale=True, metadata=layer.metadata)
    found = inspect(crop)
    assert (found.kind, found.format) == ("multiscale", "cosem")
    assert found.path.endswith("em/fibsem-uint8")  # where it came from
    assert found.levels[0].scale is None


@pytest.mark.parametrize(
    "note",
    [
        "text", None, {}, {"levels": 3}, {"problems": "none"}, {"problems": [1, {"code": 2}]},
        {"axes": [{"name": "y", "type": "space", "unit": None}], "layer_axes": ["y"], "levels": [],
         "layer_levels": []},
        {"axes": ["y", "x"], "layer_axes": ["y", "x"], "levels": [{}], "layer_levels": [{}]},
        {"axes": [{"name": n, "type": "space", "unit": None} for n in "yx"],
         "layer_axes": ["y", "x"], "levels": [{"shape": [4, 5]}],
         "layer_levels": [{"affine": np.zeros((3, 3)).tolist()}]},
    ],
)  # fmt: skip
def test_what_somebody_else_calls_strata(note: Any):
    layer = Image(np.zeros((4, 5)), metadata={"strata": note})
    assert inspect(layer).kind == "single"


def test_no_file_is_needed(tmp_path: Path, samples: dict[str, Any]):
    shutil.copytree(samples["ome-zarr-0.5"].path, tmp_path / "a.zarr")
    (layer,) = layers_of(tmp_path / "a.zarr")
    shutil.rmtree(tmp_path / "a.zarr")
    assert len(inspect(layer).levels) == 3


def problematic(folder: Path) -> Layer:
    write_n5_array(folder / "a.n5/s0", (4, 6, 8))
    add_attributes(
        folder / "a.n5/attributes.json", resolution=[4, 6, 30], units=["nm", "nm", "?\n"]
    )
    (layer,) = layers_of(folder / "a.n5")
    return layer


def test_problems_as_text(tmp_path: Path, samples: dict[str, Any]):
    found = inspect(problematic(tmp_path))
    head, line = as_text(found).splitlines()
    assert head == f"{tmp_path}/a.n5"
    start = 'warning [unknown-unit] attributes.json: units[2]: found "?\\n"'
    assert line.startswith(start)
    none = inspect(layers_of(samples["cosem"].path)[0])
    assert as_text(none) == f"{samples['cosem'].path}/em/fibsem-uint8: no problems"


def test_problems_as_json(tmp_path: Path):
    value = json.loads(as_json(inspect(problematic(tmp_path))))
    assert list(value) == ["name", "format", "path", "problems"]
    (problem,) = value["problems"]
    assert list(problem) == ["code", "severity", "where", "message"]
    assert problem["where"] == "attributes.json: units[2]"


@pytest.mark.window
def test_the_level_that_is_drawn(window: Any, samples: dict[str, Any]):
    viewer = window.viewer
    layer = viewer.add_layer(layers_of(samples["cosem"].path)[0])
    settle(viewer)
    assert inspect(layer).locked is None
    for level in (2, 0, 1):
        layer.locked_data_level = level
        settle(viewer)
        assert (inspect(layer).drawn, inspect(layer).locked) == (level, level)
    viewer.dims.ndisplay = 3
    settle(viewer)
    assert inspect(layer).drawn == 1
    layer.locked_data_level = None
    settle(viewer)
    assert (inspect(layer).drawn, inspect(layer).locked) == (2, None)  # napari: the coarsest
