"""What napari reads of a level, and what it makes of its chunks."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels
from napari.layers.utils import layer_utils

from napari_strata.arrays import LevelArray

from .conftest import FolderServer
from .helpers import locate, opened, values, write_n5

FINE = values((8, 64, 96), "uint8")
COARSE = values((4, 32, 48), "uint8")


@pytest.fixture
def levels(server: FolderServer) -> list[LevelArray]:
    opened_levels = []
    for name, data in [("s0", FINE), ("s1", COARSE)]:
        folder = server.folder / name
        write_n5(folder, data, (2, 16, 16), {"type": "gzip"})
        kvstore = {"driver": "http", "base_url": server.url, "path": f"/{name}/"}
        opened_levels.append(opened(locate(folder, "n5", kvstore=kvstore)))
    return opened_levels


@pytest.mark.parametrize("kind", [Image, Labels])
def test_a_layer_reads_one_plane(server: FolderServer, levels: list[LevelArray], kind: type):
    options = {"contrast_limits": (0, 255)} if kind is Image else {}
    viewer = ViewerModel()
    layer = viewer.add_layer(kind(levels, multiscale=True, **options))
    assert layer.data[0] is levels[0]
    requests = set(server.paths)
    assert requests <= {f"/s1/{x}/{y}/{z}" for x in range(3) for y in range(2) for z in range(2)}
    layer.locked_data_level = 1
    server.log.clear()
    viewer.dims.set_point(0, 7)
    np.testing.assert_array_equal(layer._slice.image.raw, COARSE[3])
    assert all(path.startswith("/s1/") and path.endswith("/1") for path in server.paths)
    layer.locked_data_level = 0
    server.log.clear()
    viewer.dims.set_point(0, 6)
    np.testing.assert_array_equal(layer._slice.image.raw, FINE[6])
    assert set(server.paths) <= {f"/s0/{x}/{y}/3" for x in range(6) for y in range(4)}
    assert len(server.paths) == len(set(server.paths))


def test_arithmetic_as_users_write_it(levels: list[LevelArray]):
    layer = Image(levels, multiscale=True, contrast_limits=(0, 255))
    np.testing.assert_array_equal((layer.data[0] > 3).compute(), FINE > 3)


def test_a_duplicate_shares_the_level(levels: list[LevelArray]):
    layer = Image(levels, multiscale=True, contrast_limits=(0, 255))
    again = copy.deepcopy(layer.as_layer_data_tuple())
    assert again[0][0] is levels[0]


@pytest.mark.skipif(
    not hasattr(layer_utils, "expand_corners_to_chunk_boundaries"), reason="napari before 0.9"
)
@pytest.mark.parametrize(
    ("view", "corners", "expected"),
    [
        (lambda a: a, [[0, 20, 20], [0, 30, 40]], [[0, 16, 16], [0, 31, 47]]),
        (lambda a: a[:, 8:], [[0, 10, 0], [0, 20, 95]], [[0, 8, 0], [0, 23, 95]]),
        (lambda a: a[3], [[20, 20], [30, 40]], [[16, 16], [31, 47]]),
        (lambda a: a.T[:, 5], [[17, 0], [18, 7]], [[16, 0], [31, 7]]),
        (lambda a: a[:, ::-1, 3::2], [[0, 1, 8], [0, 2, 9]], [[0, 0, 7], [0, 15, 14]]),
    ],
    ids=["whole", "cropped", "plane", "transposed", "strided"],
)
def test_corners_grow_to_chunks(levels: list[LevelArray], view, corners, expected):
    level = view(levels[0])
    axes = [level.ndim - 2, level.ndim - 1]
    grown = layer_utils.expand_corners_to_chunk_boundaries(np.array(corners), level, axes)
    assert grown.tolist() == expected
