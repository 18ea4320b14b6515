"""Numbers in a store that cost little to write and much to believe; and warnings in threads."""

import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import numcodecs
import numpy as np
import pytest
from tests.geometries import stores

from napari_strata.geometries import read
from napari_strata.geometries.zvf_damage import heard
from napari_strata.geometry import Vertices
from napari_strata.model import Problem

MANY = (2**20).to_bytes(4, "little")
"""A count of byte strings, in chunks of far fewer bytes."""


def rich_points(path: Path) -> Path:
    return stores.points(
        path,
        object_ids=[0, 0, 1, 1, 2, 2],
        object_attributes={"k": np.array([10.0, 11.0, 12.0])},
        groups={0: [0, 1]},
    )


def everything(path: Path) -> Vertices:
    return read(stores.geometry(path), 0, "world")


# --- more parts than bytes --------------------------------------------------------------------


def chunk_of(path: Path, array: str) -> Path:
    return next(file for file in (path / array / "c").rglob("*") if file.is_file())


def codecs(path: Path, array: str) -> list[str]:
    import json

    document = json.loads((path / array / "zarr.json").read_text())
    return [codec["name"] for codec in document["codecs"]]


def test_a_chunk_that_counts_more_parts_than_it_can_hold(tmp_path: Path):
    path = stores.points(tmp_path / "s")
    file = path / "0/vertices/c/0/0/0"
    assert codecs(path, "0/vertices") == ["vlen-bytes"]
    file.write_bytes(MANY + file.read_bytes()[4:])
    found = everything(path)
    assert len(found.vertices) == 4
    (problem,) = (p for p in found.problems if p.code == "geometry-part-left-out")
    assert "counts 1048576 parts, more than its 56 bytes can hold" in problem.message


def test_a_packed_chunk_that_counts_more_parts_than_it_can_hold(tmp_path: Path):
    path = rich_points(tmp_path / "s")
    for array in ("0/object_index/manifests", "0/groups"):
        file = chunk_of(path, array)
        assert codecs(path, array) == ["vlen-bytes", "zstd"]
        packing = numcodecs.Zstd()
        data = packing.decode(file.read_bytes())
        file.write_bytes(packing.encode(MANY + data[4:]))
        found = everything(path)
        assert len(found.vertices) == 6
        assert any("counts 1048576 parts" in p.message for p in found.problems)
        file.write_bytes(packing.encode(data))
    assert everything(path).problems == ()


def test_a_chunk_packed_by_what_nobody_knows(tmp_path: Path):
    path = rich_points(tmp_path / "s")

    def change(document: dict) -> None:
        document["codecs"][1] = {"name": "secret", "configuration": {}}

    stores.change(path, "0/groups", change)
    found = everything(path)
    assert found.groups == {}
    assert len(found.vertices) == 6


# --- more rows than stored ---------------------------------------------------------------------


def rows(count: int, step: int) -> Callable[[dict], None]:
    def change(document: dict) -> None:
        document["shape"] = [count]
        document["chunk_grid"]["configuration"]["chunk_shape"] = [step]

    return change


@pytest.mark.parametrize(
    ("count", "step", "said"),
    [(20_000, 1, "at most 10000"), (5_000, 1, "not stored"), (1, 10**9, "at most 10000")],
    ids=["more than objects", "more than stored", "a huge chunk"],
)
def test_a_number_of_groups_that_lies(tmp_path: Path, count: int, step: int, said: str):
    path = rich_points(tmp_path / "s")
    stores.change(path, "0/groups", rows(count, step))
    found = everything(path)
    assert found.groups == {}
    assert found.object_ids is not None
    (problem,) = found.problems
    assert "the groups are left out" in problem.message
    assert said in problem.message


# --- ids ---------------------------------------------------------------------------------------

LARGEST = 2**63 - 1


@pytest.mark.parametrize("write", [rich_points, stores.polylines], ids=["points", "lines"])
@pytest.mark.parametrize("largest", [LARGEST, LARGEST + 1])
def test_ids_beyond_signed_numbers_are_left_out_never_negative(tmp_path: Path, write, largest: int):
    path = write(tmp_path / "s")
    table = path / "0/object_index/object_ids"
    if not table.exists():  # lines are numbered as they come: give them the table of points
        other = rich_points(tmp_path / "other")
        (other / "0/object_index/object_ids").rename(table)

    def change(document: dict) -> None:
        document["data_type"] = "uint64"
        document["codecs"] = [{"name": "bytes", "configuration": {"endian": "little"}}]

    stores.change(path, "0/object_index/object_ids", change)
    chunk_of(path, "0/object_index/object_ids").write_bytes(
        np.array([largest, 7, 8], "<u8").tobytes()
    )
    found = everything(path)
    ids = [p for p in found.problems if "the ids of objects are left out" in p.message]
    if largest > LARGEST:
        assert found.object_ids is None
        assert found.object_attributes == {}
        assert found.groups == {}
        assert [p.where for p in ids] == ["0/object_index/object_ids/zarr.json"]
        assert "found 9223372036854775808" in ids[0].message
    else:
        assert ids == []
        assert set(found.object_ids.tolist()) == {LARGEST, 7, 8}


# --- warnings in threads -----------------------------------------------------------------------


def test_two_threads_that_hear_warnings_do_not_mix_them_up():
    """The one that comes second would leave last, and put back what the first had set."""
    before = list(warnings.filters), warnings.showwarning
    inside, second, first_left = (threading.Event() for _ in range(3))
    told: dict[str, list[Problem]] = {"first": [], "second": []}

    def first() -> None:
        with heard("first", told["first"]):
            inside.set()
            second.wait(0.2)  # never comes: it has to wait
            warnings.warn("of the first", stacklevel=1)
        first_left.set()

    def after() -> None:
        inside.wait()
        with heard("second", told["second"]):
            second.set()
            first_left.wait(0.2)
            warnings.warn("of the second", stacklevel=1)

    threads = [threading.Thread(target=target) for target in (first, after)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with warnings.catch_warnings(record=True) as after_all:
        warnings.simplefilter("always")
        warnings.warn("heard", stacklevel=1)
    assert [str(w.message) for w in after_all] == ["heard"]
    assert (list(warnings.filters), warnings.showwarning) == before
    for name, problems in told.items():
        (problem,) = problems
        assert (problem.where, f"of the {name}" in problem.message) == (name, True)


# --- vertices a rounding away --------------------------------------------------------------------


def test_a_vertex_that_was_rounded_out_of_its_chunk_is_read(tmp_path: Path):
    path = stores.points(tmp_path / "s")
    file = path / "0/vertices/c/2/1/3"
    below = float(np.nextafter(200.0, 0.0))
    data = file.read_bytes()
    assert data.count(np.array([200.0]).tobytes()) == 1
    file.write_bytes(data.replace(np.array([200.0]).tobytes(), np.array([below]).tobytes()))
    geometry = stores.geometry(path)
    assert read(geometry, 0, "world").problems == ()
    around = np.array([[299.0, 99.0, 199.0], [301.0, 101.0, below]])
    assert read(geometry, 0, "world", around).vertices.tolist() == [[300.0, 100.0, below]]


def test_edges_that_are_stored_in_each_of_their_chunks_are_read_once(tmp_path: Path):
    path = stores.graph(tmp_path / "s", edge_attributes={"w": np.arange(4.0)})
    stores.change(path, "0/links/0", lambda d: d["attributes"].update(store="duplicate"))
    array = "0.0.0"
    for key, size in ((f"0/links/0/{array}", 16), (f"0/link_attributes/w/0/{array}", 8)):
        file = path / key / "c/0/0/0"
        data = file.read_bytes()
        length = int.from_bytes(data[4:8], "little")
        assert length == 2 * size
        twice = data[8 : 8 + length] * 2
        file.write_bytes(data[:4] + len(twice).to_bytes(4, "little") + twice)
    found = everything(path)
    ends = [tuple(edge) for edge in found.edges.tolist()]
    assert len(ends) == len(set(ends)) == 4
    assert sorted(found.edge_attributes["w"].tolist()) == [0.0, 1.0, 2.0, 3.0]
