"""The shared chunk cache is bounded and its bound can be changed at any time."""

from __future__ import annotations

import numpy as np
import psutil
import pytest

from napari_strata.arrays import cache, cache_limit, set_cache_limit

from .conftest import FolderServer
from .helpers import locate, opened, values, write_n5


def test_a_tenth_of_memory_by_default(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cache, "_limit", None)
    assert cache_limit() == psutil.virtual_memory().total // 10


def test_a_negative_limit():
    with pytest.raises(ValueError, match="not -1"):
        set_cache_limit(-1)
    assert cache_limit() == 100_000_000


@pytest.mark.parametrize(("limit", "requests"), [(0, 4), (100_000, 2)], ids=["none", "some"])
def test_the_limit_holds_for_open_levels(server: FolderServer, limit: int, requests: int):
    data = values((8, 8), "uint8")
    write_n5(server.folder, data, (8, 4), {"type": "raw"})
    kvstore = {"driver": "http", "base_url": server.url, "path": "/"}
    level = opened(locate(server.folder, "n5", kvstore=kvstore))
    np.testing.assert_array_equal(np.asarray(level), data)
    set_cache_limit(limit)
    assert cache_limit() == limit
    server.log.clear()
    np.testing.assert_array_equal(np.asarray(level), data)
    np.testing.assert_array_equal(np.asarray(level), data)
    assert len(server.log) == requests


def test_every_level_shares_it(server: FolderServer):
    """Reading one level beyond the bound drops what another had cached."""
    kvstore = {"driver": "http", "base_url": server.url}
    levels = []
    for name in "ab":
        folder = server.folder / name
        write_n5(folder, values((64, 64), "uint8"), (64, 64), {"type": "raw"})
        levels.append(opened(locate(folder, "n5", kvstore={**kvstore, "path": f"/{name}/"})))
    set_cache_limit(6_000)  # one chunk of 4096 bytes, not two
    for level in (levels[0], levels[0], levels[1], levels[0]):
        np.asarray(level)
    assert server.paths == ["/a/0/0", "/b/0/0", "/a/0/0"]
