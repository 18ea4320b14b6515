"""Index arithmetic against numpy's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_strata.arrays.level_axes import LevelAxes
from napari_strata.arrays.selection import Selection

KEYS: list[tuple[Any, ...]] = [
    (),
    (3,),
    (-1, -1, -1),
    (np.int64(2), np.array(3)),
    (slice(None, None, -1),),
    (slice(2, 29, 3), slice(None, None, -2), 5),
    (slice(5, 5), slice(100, None)),
    (slice(-4, None), slice(20, 3, -4), slice(np.int32(1), np.int32(9))),
    (slice(None), 4, slice(1, 2)),
]


@pytest.mark.parametrize("key", KEYS, ids=repr)
@pytest.mark.parametrize(
    "second", [(), (slice(None, None, 2),), (slice(None, None, -3),)], ids=repr
)
def test_indexing_like_numpy(key: tuple[Any, ...], second: tuple[Any, ...]):
    data = np.arange(12 * 10 * 9).reshape(12, 10, 9)
    selection = Selection.whole(data.shape).index(key)
    expected = data[key]
    if expected.ndim:
        selection, expected = selection.index(second), expected[second]
    read = selection.arrange(np.asarray(data[selection.ascending()]))
    assert selection.shape == expected.shape
    np.testing.assert_array_equal(read, expected)
    turned = selection.transpose(tuple(reversed(range(expected.ndim))))
    np.testing.assert_array_equal(turned.arrange(np.asarray(data[turned.ascending()])), expected.T)


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        ((12,), IndexError, "index 12 is out of bounds for axis 0 with size 12"),
        ((0, -11), IndexError, "index -11 is out of bounds for axis 1 with size 10"),
        ((0, 0, 0, 0), IndexError, "too many indices: the array has 3 axes, but 4"),
        ((slice(0.5, 2),), TypeError, "integers"),
        ((slice(None, None, 0),), ValueError, "zero"),
    ],
)
def test_bad_indices(key: tuple[Any, ...], error: type[Exception], message: str):
    with pytest.raises(error, match=message):
        Selection.whole((12, 10, 9)).index(key)


@pytest.mark.parametrize("axes", [(0, 1), (0, 0, 1), (0, 1, 3)], ids=repr)
def test_bad_transposes(axes: tuple[int, ...]):
    with pytest.raises(ValueError, match="no permutation"):
        Selection.whole((12, 10, 9)).transpose(axes)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (slice(None), 8),
        (slice(16, None), 8),
        (slice(3, None), (5, 8, 8, 8, 8)),
        (slice(3, 9), 5),  # 5 and 1: regular from 0
        (slice(3, 15), (5, 7)),
        (slice(3, 8), 5),
        (slice(None, None, 2), 4),
        (slice(None, None, 3), (3, 3, 2, 3, 3)),
        (slice(None, None, 16), 1),
        (slice(None, None, -1), 8),
        (slice(38, None, -1), (7, 8, 8, 8, 8)),
        (slice(5, 5), 8),
    ],
)
def test_chunks_of_a_sliced_axis(key: slice, expected: Any):
    assert Selection.whole((40,)).index((key,)).chunks((8,)) == (expected,)


def test_chunks_agree_with_the_chunk_of_every_voxel():
    for size in (1, 3, 8):
        for start in range(0, 20):
            for stop in range(start + 1, 21, 3):
                for step in (1, 2, 5, -1, -4):
                    key = slice(start, stop) if step > 0 else slice(stop, start, step)
                    shown = Selection.whole((20,)).index((key,))
                    owners = np.arange(20)[key] // size
                    if not owners.size:
                        continue
                    sizes = np.diff(np.flatnonzero(np.diff(owners, prepend=-1, append=-1)))
                    (chunks,) = shown.chunks((size,))
                    if isinstance(chunks, int):
                        n = len(owners)
                        chunks = tuple(min(chunks, n - i) for i in range(0, n, chunks))
                    assert chunks == tuple(sizes), (size, key)
                    assert shown.block_count((size,)) >= len(sizes)


def test_pieces_cover_a_view_once():
    selection = Selection.whole((10, 9, 4)).index((slice(8, 0, -3), slice(1, 9, 2), 3))
    selection = selection.transpose((1, 0))
    seen = np.zeros(selection.shape, int)
    chunks = set()
    axes = LevelAxes((10, 9, 4), None)
    for place, piece in selection.pieces((4, 5, 2)):
        seen[place] += 1
        assert piece.shape == seen[place].shape
        chunks.add(axes.chunk_at(piece.ascending(), (4, 5, 2)))
    assert (seen == 1).all()
    assert chunks == {(2, 0, 1), (1, 0, 1), (0, 0, 1), (2, 1, 1), (1, 1, 1), (0, 1, 1)}
    assert axes.chunk_at(selection.ascending(), (4, 5, 2)) is None  # in several


@pytest.mark.parametrize(
    ("key", "axes"),
    [
        ((slice(8, 0, -3), slice(1, 9, 2), 3), (1, 0)),
        ((slice(None), slice(None, None, -1), slice(3, 0, -1)), (2, 0, 1)),
        ((4, slice(2, 9, 3)), (1, 0)),
        ((4, 2, 1), ()),
    ],
    ids=repr,
)
def test_a_view_filled_in_ascending_order(key: Any, axes: tuple[int, ...]):
    data = np.arange(360).reshape(10, 9, 4)
    selection = Selection.whole((10, 9, 4)).index(key).transpose(axes)
    view = np.empty(selection.shape, int)
    inside = selection.as_ascending(view)
    assert inside.base is view
    inside[...] = data[selection.ascending()]
    np.testing.assert_array_equal(view, data[key].transpose(axes))
    assert Selection.of_index(selection.ascending()).ascending() == selection.ascending()


@pytest.mark.parametrize("most", [1, 2, 7, 1000])
def test_windows_cover_a_view_once_and_are_small(most: int):
    selection = Selection.whole((10, 9, 4)).index((slice(None, None, -3), slice(1, 9, 2), 3))
    seen = np.zeros(selection.shape, int)
    for place, window in selection.windows((4, 5, 2), most):
        seen[place] += 1
        assert window.shape == seen[place].shape
        assert window.block_count((4, 5, 2)) <= most
    assert (seen == 1).all()


def test_an_empty_view_has_no_windows():
    assert list(Selection.whole((10, 0)).windows((4, 4), 9)) == []
    assert len(list(Selection.whole(()).windows((), 9))) == 1
