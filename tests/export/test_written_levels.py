"""Levels as they are written: values by a reduction of the tests' own, places by its formula."""

from pathlib import Path

import numpy as np
import pytest
import zarr
from napari.layers import Image, Labels

import napari_strata as strata

from . import parsed
from .layers import exported, layers_of
from .slow_reduction import reduced_affine, slow_reduce

RNG = np.random.default_rng(11)


def values_of(shape, dtype):
    """Values over the whole range of a type, with ties; exact numbers for floats."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return (RNG.integers(-1000, 1000, shape) / 8).astype(dtype)
    info = np.iinfo(dtype)
    picks = np.array([info.min, info.max, info.max - 1, 1, 2, 3], dtype=dtype)
    return picks[RNG.integers(0, len(picks), shape)]


CASES = [
    # shape, factors of levels 1 and 2
    ((33, 21), [(2, 2), (2, 2)]),
    ((7, 19, 13), [(1, 2, 2), (2, 2, 3)]),
    ((2, 5, 9, 11), [(1, 1, 2, 2), (1, 2, 2, 2)]),
    ((2, 3, 5, 9, 11), [(1, 1, 2, 2, 2), (1, 1, 1, 2, 2)]),
]
NAMES = {2: "yx", 3: "zyx", 4: "tzyx", 5: "tczyx"}


def layer_of(values, kind=Image):
    n = values.ndim
    scale = [0.5, 0.25, 2.0, 0.5, 0.75][:n]
    shift = [3.0, -1.0, 10.5, 7.0, 0.125][:n]
    units = ["second" if a == "t" else "pixel" if a == "c" else "micrometer" for a in NAMES[n]]
    return kind(
        values, name="cells", axis_labels=NAMES[n], scale=scale, translate=shift, units=units
    )


def plan_of(layer, folder: Path, factors, **wishes):
    if layer.ndim == 5:  # a layer's axes are in space or time; a channel axis comes from a store
        pytest.fail("five axes are exported from a stored image")
    return exported([layer], folder, factors=factors, chunks=(4,) * layer.ndim, **wishes)


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
@pytest.mark.parametrize(("shape", "factors"), CASES[:3], ids=["2-D", "3-D", "4-D"])
def test_values_and_places_of_an_array_in_memory(shape, factors, version, tmp_path: Path):
    values = values_of(shape, "uint16")
    layer = layer_of(values)
    plan_of(layer, tmp_path / "o.zarr", factors, version=version)
    _compare(tmp_path / "o.zarr", values, layer, factors, "mean")


DTYPES = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8", ">u2", ">f4"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_type_of_images(dtype, tmp_path: Path):
    shape, factors = CASES[1]
    values = values_of(shape, dtype)
    plan_of(layer_of(values), tmp_path / "o.zarr", factors)
    _compare(tmp_path / "o.zarr", values, layer_of(values), factors, "mean")


@pytest.mark.parametrize("dtype", ["u1", "i1", "u8", "f4", ">i4"])
def test_types_in_0_4(dtype, tmp_path: Path):
    shape, factors = CASES[1]
    values = values_of(shape, dtype)
    plan_of(layer_of(values), tmp_path / "o.zarr", factors, version="0.4")
    _compare(tmp_path / "o.zarr", values, layer_of(values), factors, "mean")


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", "i4", "i8"])
def test_every_type_of_labels(dtype, tmp_path: Path):
    shape, factors = CASES[1]
    values = values_of(shape, dtype)
    plan_of(layer_of(values, Labels), tmp_path / "o.zarr", factors)
    _compare(tmp_path / "o.zarr", values, layer_of(values, Labels), factors, "mode")


@pytest.mark.parametrize("method", ["mean", "median", "mode", "nearest", "min", "max"])
def test_every_method(method, tmp_path: Path):
    shape, factors = CASES[1]
    values = values_of(shape, "i2")
    plan_of(layer_of(values), tmp_path / "o.zarr", factors, method=method)
    _compare(tmp_path / "o.zarr", values, layer_of(values), factors, method)


@pytest.mark.parametrize("method", ["mean", "median"])
def test_a_mean_of_labels_is_their_mode(method, tmp_path: Path):
    shape, factors = CASES[1]
    values = values_of(shape, "u2")
    plan_of(layer_of(values, Labels), tmp_path / "o.zarr", factors, method=method)
    _compare(tmp_path / "o.zarr", values, layer_of(values, Labels), factors, "mode")


@pytest.mark.parametrize("order", ["<", ">"])
def test_five_axes_from_a_store(order, tmp_path: Path):
    shape, factors = CASES[3]
    values = values_of(shape, f"{order}u2")
    source = _stored(tmp_path / "in.zarr", values)
    layers = layers_of(source)
    assert len(layers) == 3  # one a channel
    exported(layers, tmp_path / "o.zarr", factors=factors, chunks=(2, 3, 4, 4, 4))
    matrix = np.diag([2.0, 1.0, 1.0, 0.5, 0.5, 1.0])
    matrix[:5, 5] = [5.0, 0.0, 0.0, 1.0, -1.0]
    _compare_levels(tmp_path / "o.zarr", values, matrix, factors, "mean")
    assert parsed.axes(tmp_path / "o.zarr") == [
        ("t", "time", "second"), ("c", "channel", None), ("z", "space", "nanometer"),
        ("y", "space", "nanometer"), ("x", "space", "nanometer"),
    ]  # fmt: skip


def _stored(folder: Path, values):
    """Write an OME-Zarr 0.4 of one level by zarr-python."""
    units = {"t": "second", "z": "nanometer", "y": "nanometer", "x": "nanometer"}
    types = {"t": "time", "c": "channel"}
    root = zarr.create_group(folder, zarr_format=2)
    array = root.create_array("0", shape=values.shape, chunks=(1, 3, 5, 4, 4), dtype=values.dtype)
    array[...] = values
    axes = [
        {"name": a, "type": types.get(a, "space"), **({"unit": units[a]} if a in units else {})}
        for a in "tczyx"
    ]
    steps = [
        {"type": "scale", "scale": [2, 1, 1, 0.5, 0.5]},
        {"type": "translation", "translation": [5, 0, 0, 1, -1]},
    ]
    dataset = {"path": "0", "coordinateTransformations": steps}
    root.attrs["multiscales"] = [
        {"version": "0.4", "name": "cells", "axes": axes, "datasets": [dataset]}
    ]
    return folder


def _compare(folder: Path, values, layer, factors, method):
    matrix = np.diag([*layer.scale, 1.0])
    matrix[:-1, -1] = layer.translate
    _compare_levels(folder, values, matrix, factors, method)


def _compare_levels(folder: Path, values, matrix, factors, method):
    image = strata.open(folder).images[0]
    written = parsed.affines(folder)
    assert len(written) == len(factors) + 1
    for index, step in enumerate([(1,) * values.ndim, *factors]):
        if index:
            values, matrix = slow_reduce(values, step, method), reduced_affine(matrix, step, method)
        shape, dtype, _ = parsed.array(folder / str(index))
        assert shape == values.shape
        assert dtype == values.dtype.newbyteorder("=")
        parsed.same_place(written[index], matrix, shape)
        np.testing.assert_array_equal(np.asarray(image.levels[index].data), values)


def test_half_precision_is_widened_and_booleans_are_0_and_1(tmp_path: Path):
    half = values_of((9, 7), "f2")
    plan = plan_of(layer_of(half), tmp_path / "h.zarr", (2, 2), levels=2)
    assert [loss.code for loss in plan.losses] == ["type-widened"]
    assert plan.images[0].levels[0].dtype == np.float32
    _compare(tmp_path / "h.zarr", half.astype("f4"), layer_of(half), [(2, 2)], "mean")
    flags = RNG.integers(0, 2, (9, 7)).astype(bool)
    plan_of(layer_of(flags), tmp_path / "b.zarr", (2, 2), levels=2)
    _compare(tmp_path / "b.zarr", flags.astype("u1"), layer_of(flags), [(2, 2)], "mean")


def test_sharded(tmp_path: Path):
    values = values_of((20, 30, 26), "u2")
    wishes = {"factors": (2, 2, 2), "levels": 3, "chunks": (4, 4, 4), "shards": (8, 16, 16)}
    exported([layer_of(values)], tmp_path / "o.zarr", **wishes)
    _compare(tmp_path / "o.zarr", values, layer_of(values), [(2, 2, 2)] * 2, "mean")
    assert zarr.open_array(tmp_path / "o.zarr" / "0").shards == (8, 16, 16)
