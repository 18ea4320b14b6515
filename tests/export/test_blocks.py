"""Blocks tile every level, hold whole units, and make a tree that loses no voxel."""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest

from napari_strata.affine import from_scale_translate
from napari_strata.export.pixels import blocks as blocks_module
from napari_strata.export.pixels.blocks import Block, block_grid
from napari_strata.export.pixels.one_pass import OnePass
from napari_strata.export.pixels.pyramid import plan_pyramid

CASES = [
    pytest.param((50, 70, 90), {"factors": (2, 2, 2), "chunks": (16, 16, 16)}, (8, 8, 8), id="3-D"),
    pytest.param((51, 33), {"factors": (2, 2), "chunks": (10, 12)}, (1, 33), id="rows"),
    pytest.param((51, 64), {"factors": (3, 2), "chunks": (10, 8)}, (7, 5), id="by three"),
    pytest.param(
        (9, 50, 70), {"factors": (1, 2, 2), "chunks": (1, 16, 16)}, (1, 50, 70), id="planes"
    ),
    pytest.param(
        (60, 60, 60),
        {"factors": (2, 2, 2), "chunks": (8, 8, 8), "shards": (16, 16, 32)},
        (20, 20, 20),
        id="shards",
    ),
    pytest.param(
        (40, 100), {"factors": [(1, 2), (2, 2), (3, 5)], "chunks": (7, 9)}, (6, 6), id="mixed"
    ),
]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(blocks_module, "_LEAST_BYTES", 1)
    monkeypatch.setattr(blocks_module, "_MOST_BYTES", 40_000)


def grid_of(shape, wishes, source_chunks):
    types = ("space",) * len(shape)
    matrix = from_scale_translate([1.0] * len(shape))
    pyramid = plan_pyramid(shape, matrix, types, np.dtype("u1"), "mean", **wishes)
    return pyramid, block_grid(pyramid, source_chunks)


@pytest.mark.parametrize(("shape", "wishes", "source_chunks"), CASES)
def test_blocks_tile_each_level_in_whole_units(shape, wishes, source_chunks):
    pyramid, grid = grid_of(shape, wishes, source_chunks)
    for level, plan in enumerate(pyramid.levels):
        seen = np.zeros(plan.shape, np.uint8)
        for block in grid.of_level(level):
            region = grid.region(block)
            seen[region] += 1
            for place, unit, n in zip(region, plan.unit, plan.shape, strict=True):
                assert place.start % unit == 0
                assert place.stop % unit == 0 or place.stop == n
        assert (seen == 1).all()


@pytest.mark.parametrize(("shape", "wishes", "source_chunks"), CASES)
def test_each_block_is_made_of_whole_blocks_above(shape, wishes, source_chunks):
    pyramid, grid = grid_of(shape, wishes, source_chunks)
    for level in range(1, len(pyramid.levels)):
        families = {block: grid.children(block) for block in grid.of_level(level)}
        children = list(itertools.chain.from_iterable(families.values()))
        assert sorted(c.index for c in children) == sorted(
            b.index for b in grid.of_level(level - 1)
        )
        for block, family in families.items():
            seen = np.zeros(grid.shape(block), np.uint8)
            for child in family:
                assert grid.parent(child) == block
                for place, f in zip(grid.region(child), grid.factors[level], strict=True):
                    assert place.start % f == 0
                seen[grid.place(child, block)] += 1
            assert (seen == 1).all()


def test_blocks_hold_whole_source_chunks_where_memory_allows():
    _, grid = grid_of((64, 64, 64), {"factors": (2, 2, 2), "chunks": (8, 8, 8)}, (16, 4, 12))
    # lcm(8, 16) = 16, lcm(8, 4) = 8, lcm(8, 12) = 24: 3072 voxels, fewer than 40000.
    assert grid.sizes[0] == (16, 8, 24)
    _, grid = grid_of((64, 64, 64), {"factors": (2, 2, 2), "chunks": (8, 8, 8)}, (1, 64, 64))
    # (8, 64, 64) is 32768 bytes.
    assert grid.sizes[0] == (8, 64, 64)
    _, grid = grid_of((64, 96, 96), {"factors": (2, 2, 2), "chunks": (8, 8, 8)}, (1, 96, 96))
    assert grid.sizes[0] == (8, 8, 96) or grid.sizes[0] == (8, 96, 8)


def test_small_chunks_are_worked_on_together(monkeypatch):
    monkeypatch.setattr(blocks_module, "_LEAST_BYTES", 4096)
    _, grid = grid_of((10, 300, 300), {"factors": (1, 2, 2), "chunks": (1, 32, 32)}, (1, 32, 32))
    assert math.prod(grid.sizes[0]) > 2048
    assert all(n % 32 == 0 or n == 300 for n in grid.sizes[0][1:])


def test_neighbours_follow_each_other():
    """Depth first: with factor 2 the first eight blocks are one block of the next level."""
    _, grid = grid_of((64, 64, 64), {"factors": (2, 2, 2), "chunks": (8, 8, 8)}, (8, 8, 8))
    first = list(itertools.islice(grid.of_level(0), 9))
    assert {grid.parent(b).index for b in first[:8]} == {(0, 0, 0)}
    assert grid.parent(first[8]).index == (0, 0, 1)


def test_one_pass_goes_on_from_finished_blocks():
    """Of a finished block nothing is read but itself; of a finished root nothing at all."""
    _, grid = grid_of((64, 64, 64), {"factors": (2, 2, 2), "chunks": (8, 8, 8)}, (8, 8, 8))
    done = Block(1, (0, 0, 1))
    inside = {done, *grid.children(done)}
    tasks = list(OnePass(SimpleNamespace(grid=grid), inside.__contains__).blocks())
    assert len(tasks) == 8**3 - 8 + 1
    assert done in tasks
    assert not set(grid.children(done)) & set(tasks)
    roots = set(grid.roots())
    assert list(OnePass(SimpleNamespace(grid=grid), roots.__contains__).blocks()) == []
