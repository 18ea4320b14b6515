"""A damaged skeleton loses edges; it never gets one that joins what is not joined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.geometries import stores

from napari_strata.geometries import zvf
from napari_strata.model import OpenError

# A winding tree: each node's parent is an earlier one, never just the one before.
COUNT = 48
NODES = np.random.default_rng(4).uniform(0, 190, (COUNT, 3))
PARENTS = {child: child // 2 for child in range(1, COUNT)}
EDGES = np.array(list(PARENTS.items()))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "s"
    return stores.skeleton(path, nodes=NODES, edges=EDGES)


def edges_of(path: Path) -> set[tuple[int, int]]:
    """The edges as pairs of nodes, told by their places."""
    found = zvf.read(stores.geometry(path), 0, "world", None)
    places = found.vertices[:, ::-1]  # z, y, x
    node = np.abs(places[:, None] - NODES[None]).max(axis=2).argmin(axis=1)
    if found.edges is None:
        return set()
    return {(int(child), int(parent)) for child, parent in node[found.edges]}


def chunks_below(path: Path, array: str) -> list[Path]:
    folder = path / "0" / array
    return sorted(f for f in folder.rglob("*") if f.is_file() and f.name != "zarr.json")


def test_the_sound_store_has_its_edges(sound: Path):
    assert edges_of(sound) == set(PARENTS.items())


@pytest.mark.parametrize("array", ["vertices", "links"])
@pytest.mark.parametrize("damage", ["missing", "cut short"])
def test_no_edge_is_made_up(sound: Path, array: str, damage: str):
    files = chunks_below(sound, array)
    assert len(files) > 3
    lost = 0
    for file in files:
        data = file.read_bytes()
        if damage == "missing":
            file.unlink()
        else:
            file.write_bytes(data[: len(data) // 2 + 1])
        try:
            found = edges_of(sound)
        except OpenError:
            found = set()
        finally:
            file.write_bytes(data)
        assert found <= set(PARENTS.items())
        lost += len(found) < len(PARENTS)
    assert lost
