"""Reductions are what a slow, independent one says, and what can be counted by hand."""

import numpy as np
import pytest
from tests.export.slow_reduction import slow_reduce

from napari_strata.export.pixels.ranks import _network
from napari_strata.export.pixels.reduce import METHODS, reduce_block

DTYPES = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]

# (shape, factors): odd sizes, cut windows, every rank, any factor, axes shorter than a window.
SHAPES = [
    pytest.param((7,), (2,), id="1-D"),
    pytest.param((9, 11), (2, 2), id="2-D odd"),
    pytest.param((8, 12), (2, 2), id="2-D even"),
    pytest.param((8, 10, 12), (2, 2, 2), id="3-D even"),
    pytest.param((7, 9, 11), (2, 2, 2), id="3-D odd"),
    pytest.param((5, 8, 9), (1, 2, 2), id="z kept"),
    pytest.param((7, 6, 8), (2, 2, 1), id="x kept"),
    pytest.param((7, 10, 8), (3, 3, 3), id="by three"),
    pytest.param((9, 6, 11), (2, 3, 4), id="each axis its own"),
    pytest.param((1, 1, 5), (2, 4, 2), id="shorter than a window"),
    pytest.param((2, 3, 5, 7), (1, 2, 2, 2), id="4-D"),
    pytest.param((2, 2, 4, 4, 5), (1, 1, 2, 2, 2), id="5-D"),
    pytest.param((3, 4, 4), (1, 1, 1), id="nothing to do"),
]


def values_of(dtype, shape, kinds=4):
    """Few different values, so that there are ties, and the type's extremes among them."""
    rng = np.random.default_rng(7)
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        some = np.array([-2.5, 0.25, 1.0, 3.5, 100.0], dtype)
    else:
        limits = np.iinfo(dtype)
        some = np.array([limits.min, limits.max, limits.max - 1, 1, 2, 3], dtype)
    return some[rng.integers(0, min(kinds, len(some)), shape)]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "factors"), SHAPES)
def test_it_is_what_a_slow_reduction_says(method, dtype, shape, factors):
    block = values_of(dtype, shape, kinds=6)
    result = reduce_block(block, factors, method)
    assert result.dtype == block.dtype
    np.testing.assert_array_equal(result, slow_reduce(block, factors, method))


@pytest.mark.parametrize("method", METHODS)
def test_a_block_in_any_order_of_memory(method):
    block = values_of("u2", (6, 7, 9))
    for view in (block.T, block[::-1, :, ::-1], block[1:, 1:, 1:-1], np.asfortranarray(block)):
        expected = slow_reduce(view, (2, 2, 2), method)
        np.testing.assert_array_equal(reduce_block(view, (2, 2, 2), method), expected)


@pytest.mark.parametrize("method", METHODS)
def test_more_than_one_slab(method):
    # 2 MB of bytes: cut into slabs along the second axis, and into columns of windows.
    block = np.random.default_rng(1).integers(0, 5, (2, 1025, 1023)).astype(np.uint8)
    result = reduce_block(block, (2, 2, 2), method)
    assert result.shape == (1, 513, 512)
    for z, y, x in ((0, 0, 0), (0, 255, 301), (0, 256, 8), (0, 512, 511), (0, 511, 0)):
        window = block[2 * z : 2 * z + 2, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2]
        assert result[z, y, x] == slow_reduce(window, (2, 2, 2), method).item()


@pytest.mark.parametrize(
    ("dtype", "values", "expected"),
    [
        pytest.param("u1", [0, 1], 0, id="0.5 goes to 0"),
        pytest.param("u1", [1, 2], 2, id="1.5 goes to 2"),
        pytest.param("u1", [2, 3], 2, id="2.5 goes to 2"),
        pytest.param("i2", [-1, 0], 0, id="-0.5 goes to 0"),
        pytest.param("i2", [-2, -1], -2, id="-1.5 goes to -2"),
        pytest.param("i4", [1, 1, 2], 1, id="4/3"),
        pytest.param("i4", [-1, -2, -2], -2, id="-5/3"),
        pytest.param("u1", [255, 255, 255, 254], 255, id="254.75"),
        pytest.param("u8", [2**64 - 1, 2**64 - 1], 2**64 - 1, id="the largest there is"),
        pytest.param("u8", [2**64 - 1, 2**64 - 2], 2**64 - 2, id="no float64 holds these"),
        pytest.param("i8", [-(2**63), -(2**63)], -(2**63), id="the smallest there is"),
        pytest.param("i8", [2**63 - 1, -(2**63)], 0, id="-0.5 of large ones"),
        pytest.param("u8", [2**53 + 1] * 3, 2**53 + 1, id="beyond float64"),
    ],
)
def test_means_by_hand(dtype, values, expected):
    block = np.array(values, dtype)
    assert reduce_block(block, (len(values),), "mean").tolist() == [expected]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([5, 5, 3, 3], 3, id="a tie goes to the smallest"),
        pytest.param([9, 7, 8, 6], 6, id="all differ"),
        pytest.param([9, 2, 9, 1], 9, id="the most frequent"),
        pytest.param([0, 0, 4, 4, 4, 1, 1, 9], 4, id="no half is needed"),
    ],
)
def test_modes_by_hand(values, expected):
    assert reduce_block(np.array(values, np.uint32), (len(values),), "mode").tolist() == [expected]


NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([NAN, NAN, NAN, 1], NAN, id="most are NaN"),
        pytest.param([NAN, 2, NAN, 2], 2, id="a tie"),
        pytest.param([NAN, 3, 1, 2], 1, id="each once"),
    ],
)
def test_modes_count_nan_as_one_value(values, expected):
    result = reduce_block(np.array(values, "f4"), (4,), "mode")
    np.testing.assert_array_equal(result, [expected])


def test_a_mode_invents_no_id():
    block = np.random.default_rng(3).integers(0, 2**32, (8, 8, 8)).astype(np.uint32)
    assert set(reduce_block(block, (2, 2, 2), "mode").ravel()) <= set(block.ravel())


def test_medians_by_hand():
    block = np.array([1, 9, 2, 4], np.uint8)
    assert reduce_block(block, (4,), "median").tolist() == [3]
    assert reduce_block(block, (2,), "median").tolist() == [5, 3]
    assert reduce_block(np.array([1, 2, 2, 3, 9], "f4"), (5,), "median").tolist() == [2.0]


@pytest.mark.parametrize("method", ["mean", "median", "min", "max"])
def test_nan_is_not_hidden(method):
    block = np.array([[1, np.nan, 2, 2], [1, 1, 2, 2]], "f4")
    result = reduce_block(block, (2, 2), method)
    assert np.isnan(result[0, 0])
    assert result[0, 1] == 2


@pytest.mark.parametrize("count", [*range(1, 20), 27, 32, 64])
def test_a_network_sorts(count):
    # Zeros and ones in any order are enough to prove a sorting network (Knuth's 0-1 principle).
    rng = np.random.default_rng(count)
    if count <= 12:
        columns = (np.arange(2**count) >> np.arange(count)[:, np.newaxis]) & 1
    else:
        columns = rng.integers(0, 2, (count, 4096))
    rows = list(columns.copy())
    for low, high in _network(count):
        assert low < high
        rows[low], rows[high] = np.minimum(rows[low], rows[high]), np.maximum(rows[low], rows[high])
    np.testing.assert_array_equal(np.stack(rows), np.sort(columns, axis=0))
