"""Contrast limits from a few blocks of a level."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_strata.layers.contrast import BUDGET_BYTES, estimate

MEBIBYTE = 2**20


class Level:
    """An array in chunks that remembers what was read of it; ``values`` None is all ones."""

    def __init__(self, values: Any, chunks: tuple[int, ...], shape: Any = None, dtype: Any = None):
        self.values = values
        self.chunks = chunks
        self.shape = values.shape if shape is None else shape
        self.dtype = values.dtype if dtype is None else np.dtype(dtype)
        self.blocks: list[tuple[slice, ...]] = []

    def __getitem__(self, block: tuple[slice, ...]) -> Any:
        self.blocks.append(block)
        if self.values is not None:
            return self.values[block]
        shape = [s.stop - s.start for s in block]
        return np.ones(shape, self.dtype)

    @property
    def bytes_read(self) -> int:
        voxels = (np.prod([s.stop - s.start for s in block]) for block in self.blocks)
        return int(sum(voxels)) * self.dtype.itemsize


def whole(values: Any) -> tuple[float, float] | None:
    array = np.asarray(values)
    return estimate(Level(array, array.shape))


def test_percentiles():
    # 0 … 1000: 0.5 % is 5, 99.8 % is 998
    assert whole(np.arange(1001, dtype="uint16")) == (5.0, 998.0)


VALUES: dict[str, tuple[Any, Any]] = {
    "one bright voxel": (np.array([0] * 9999 + [7], "uint16"), (0, 7)),
    "constant": (np.full(9, 5, "uint16"), (5, 6)),
    "constant zero": (np.zeros(9, "uint16"), (0, 1)),
    "constant below zero": (np.full(9, -5, "int16"), (-5, 0)),
    "two values": (np.array([3, 3, 9], "int16"), (3, 9)),
    "not a number": (np.array([np.nan, 1.0, 1.0, np.inf, -np.inf]), (1, 2)),
    "nothing finite": (np.array([np.nan, np.inf]), None),
    "bool-like": (np.array([0, 1] * 50, "uint8"), (0, 1)),
    "64 bits": (np.full(9, 2**40, "uint64"), (2.0**40, 2.0**40 + 1)),
}


@pytest.mark.parametrize("name", VALUES)
def test_values(name: str):
    values, expected = VALUES[name]
    found = whole(values)
    assert found is None if expected is None else found == pytest.approx(expected, rel=1e-2)
    if found is not None:
        assert found[0] < found[1]


def test_half_floats_do_not_overflow():
    low, high = whole(np.linspace(0, 60000, 1001, dtype="float16")) or (0, 0)
    assert 0 <= low < 1000
    assert 59000 < high <= 60000


SIZES: dict[str, tuple[tuple[int, ...], tuple[int, ...], str, int]] = {
    # shape, chunks, dtype, bytes that are read
    "small is read whole": ((64, 64, 64), (32, 32, 32), "uint16", 2**18 * 2),
    "just the budget": ((128, 256, 256), (64, 64, 64), "uint8", 8 * MEBIBYTE),
    "a large level": ((4096, 4096, 4096), (64, 64, 64), "uint16", 8 * MEBIBYTE),
    "a billion chunks": ((64_000, 64_000, 64_000), (64, 64, 64), "uint8", 27 * MEBIBYTE // 4),
    "one chunk at least": ((4096, 4096, 4096), (512, 512, 512), "uint8", 128 * MEBIBYTE),
    "planes": ((100_000, 2048, 2048), (1, 2048, 2048), "uint8", 8 * MEBIBYTE),
}


@pytest.mark.parametrize("name", SIZES)
def test_what_is_read(name: str):
    shape, chunks, dtype, expected = SIZES[name]
    level = Level(None, chunks, shape, dtype)
    assert estimate(level) == (1.0, 2.0)
    assert level.bytes_read == expected
    assert len({str(block) for block in level.blocks}) == len(level.blocks)
    if name != "one chunk at least":
        assert level.bytes_read <= BUDGET_BYTES


def test_the_middle_is_read_first_and_the_blocks_are_spread():
    level = Level(None, (64, 64, 64), (6400, 6400, 6400), "uint8")
    estimate(level)
    starts = np.array([[s.start // 64 for s in block] for block in level.blocks])
    assert starts[0].tolist() == [50, 50, 50]
    assert set(starts.ravel().tolist()) == {25, 50, 75}


def test_chunks_at_the_border():
    values = np.arange(10 * 10, dtype="uint16").reshape(10, 10)
    level = Level(values, (7, 7))
    assert estimate(level) is not None
    assert level.bytes_read == 200


def test_uneven_chunks():
    level = Level(np.arange(100, dtype="uint16"), ((30, 40, 30),))  # type: ignore[arg-type]
    assert estimate(level) == pytest.approx((0.5, 98.8), abs=0.1)


def test_a_level_that_cannot_be_read():
    class Broken(Level):
        def __getitem__(self, block: Any) -> Any:
            raise OSError("chunk (0,): truncated")

    with pytest.raises(OSError, match="truncated"):
        estimate(Broken(np.ones(4), (4,)))
