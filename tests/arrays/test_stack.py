"""Arrays stacked along a new first axis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_strata.arrays import LevelArray, open_level
from napari_strata.model import StackLocation

from .helpers import locate, values, write_n5

DATA = values((4, 6, 7), "uint8")
DATA[2] = 0  # the missing part


@pytest.fixture
def level(tmp_path: Path) -> LevelArray:
    parts = []
    for index, plane in enumerate(DATA):
        write_n5(tmp_path / str(index), plane, (4, 5), {"type": "gzip"})
        parts.append(None if index == 2 else locate(tmp_path / str(index), "n5"))
    return open_level(StackLocation(tuple(parts)), shape=(4, 6, 7), dtype="uint8", chunks=(1, 4, 5))


@pytest.mark.parametrize(
    "key",
    [
        (),
        1,
        2,
        -1,
        (slice(None, None, -1), 3),
        (slice(1, 4, 2), slice(None, None, -2), 5),
        (2, 3, 4),
        (slice(None), 3, 4),
        (slice(2, 3), slice(1, 5)),
        (slice(3, 3), 1),
    ],
    ids=repr,
)
def test_indexing(level: LevelArray, key: Any):
    view = level[key]
    expected = np.asarray(DATA[key])
    np.testing.assert_array_equal(np.asarray(view), expected)
    np.testing.assert_array_equal(np.asarray(view.T), expected.T)
    assert view.tensorstore().shape == expected.shape
    np.testing.assert_array_equal(view.tensorstore().read().result(), expected)
    np.testing.assert_array_equal(view.T.tensorstore().read().result(), expected.T)
    np.testing.assert_array_equal(view.to_dask().compute(), expected)


def test_a_stack_of_nothing():
    level = open_level(
        StackLocation((None,) * 3), shape=(3, 10**6, 10**6), dtype="f4", chunks=(1, 64, 64)
    )
    assert np.asarray(level[1, 5, 10:13]).tolist() == [0, 0, 0]
    assert np.asarray(level[:, 5, 10]).dtype == np.float32


def test_only_the_parts_that_are_looked_at_are_opened(tmp_path: Path):
    write_n5(tmp_path, DATA[0], (4, 5), {"type": "gzip"})
    good = locate(tmp_path, "n5")
    bad = locate(tmp_path, "n5", {"dimensions": "?"})
    level = open_level(StackLocation((good, bad)), shape=(2, 6, 7), dtype="uint8", chunks=(1, 4, 5))
    np.testing.assert_array_equal(np.asarray(level[0, ::2]), DATA[0, ::2])


def test_a_stack_of_another_length(tmp_path: Path):
    with pytest.raises(ValueError, match="2 stacked arrays do not have shape"):
        open_level(StackLocation((None, None)), shape=(3, 6, 7), dtype="u1", chunks=(1, 4, 5))
