"""Finding values in shards that tensorstore wrote, and meshes in shards written by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorstore as ts

import napari_strata as strata
from geometries.mesh_files import multiscale_info
from geometries.test_mesh import COARSE_XYZ, FINE_XYZ, INDEX, LODS, read
from napari_strata import geometries
from napari_strata.geometries import mesh_shards
from napari_strata.geometries.mesh_bytes import MeshFiles
from napari_strata.geometry import GeometryLocation

SHARDING: dict[str, Any] = {
    "@type": "neuroglancer_uint64_sharded_v1",
    "preshift_bits": 0,
    "hash": "identity",
    "minishard_bits": 0,
    "shard_bits": 0,
    "minishard_index_encoding": "raw",
    "data_encoding": "raw",
}
WAYS = {
    "one shard": {},
    "identity": {"preshift_bits": 1, "minishard_bits": 2, "shard_bits": 3},
    "murmur": {"hash": "murmurhash3_x86_128", "minishard_bits": 3, "shard_bits": 6},
    "packed": {
        "hash": "murmurhash3_x86_128", "preshift_bits": 2, "minishard_bits": 1, "shard_bits": 4,
        "minishard_index_encoding": "gzip", "data_encoding": "gzip",
    },
}  # fmt: skip
IDS = [0, 1, 2, 3, 7, 300, 301, 2**32 - 1, 2**32, 2**53 + 1, 2**63, 2**64 - 1]


def files(folder: Path) -> MeshFiles:
    kvstore = {"driver": "file", "path": f"{folder}/"}
    return MeshFiles(GeometryLocation(kvstore, "multiscale-mesh", {}, "mesh/info"))


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_values_that_tensorstore_wrote(tmp_path: Path, way: dict[str, Any]):
    sharding = {**SHARDING, **way}
    store = ts.KvStore.open(
        {
            "driver": "neuroglancer_uint64_sharded",
            "base": {"driver": "file", "path": f"{tmp_path}/"},
            "metadata": sharding,
        }
    ).result()
    with ts.Transaction() as transaction:
        target = store.with_transaction(transaction)
        for number in IDS:
            target[number.to_bytes(8, "big")] = f"value {number}".encode()
    for number in IDS:
        place = mesh_shards.find(files(tmp_path), sharding, number)
        assert place is not None
        value = mesh_shards.value(files(tmp_path), sharding, place)
        assert value == f"value {number}".encode()
    assert mesh_shards.find(files(tmp_path), sharding, 5) is None


def write_shard(folder: Path, *, index: bytes = b"", start: int | None = None) -> Path:
    """One shard with the fragments of segment 7, its manifest behind them, and the index."""
    data = b"".join(fragment for nodes in LODS for _, fragment in nodes)
    where = len(data) if start is None else start
    index = index or np.array([7, where, len(INDEX)], "<u8").tobytes()
    low = len(data) + len(INDEX)
    head = np.array([low, low + len(index)], "<u8").tobytes()
    folder.mkdir(parents=True)
    (folder / "info").write_text(json.dumps(multiscale_info(sharding=SHARDING)))
    (folder / "0.shard").write_bytes(head + data + INDEX + index)
    return folder


def test_a_mesh_in_a_shard_by_hand(tmp_path: Path):
    (geometry,) = strata.open(write_shard(tmp_path / "mesh"), origin="corner").geometries
    assert geometry.segments is None
    assert [(p.code, p.severity) for p in geometry.model.problems] == [
        ("segments-not-listed", "info")
    ]
    segment = geometries.segment(geometry.model, 7)
    assert [level.path for level in segment.levels] == ["7/0", "7/1"]
    np.testing.assert_allclose(read(segment).vertices, np.array(FINE_XYZ)[:, ::-1])
    np.testing.assert_allclose(read(segment, 1).vertices, np.array(COARSE_XYZ)[:, ::-1])
    with pytest.raises(strata.OpenError, match="no mesh of segment 8"):
        geometries.segment(geometry.model, 8)


BROKEN = {
    "an index of 23 bytes": (b"\1" * 23, "23 bytes, expected a multiple of 24"),
    "a manifest beyond the end": (np.array([7, 10**6, 4], "<u8").tobytes(), "found its end"),
    "a manifest before the file": (np.array([7, 2**63, 4], "<u8").tobytes(), "from byte"),
    "a manifest of 2^63 bytes": (np.array([7, 0, 2**63], "<u8").tobytes(), "from byte"),
    "no room for the fragments": (np.array([7, 0, 30], "<u8").tobytes(), "manifest"),
}


@pytest.mark.parametrize(("index", "text"), BROKEN.values(), ids=BROKEN)
def test_a_broken_shard(tmp_path: Path, index: bytes, text: str):
    (geometry,) = strata.open(write_shard(tmp_path / "mesh", index=index)).geometries
    with pytest.raises(strata.OpenError, match=text):
        geometries.segment(geometry.model, 7)


def test_the_head_of_a_shard_lies(tmp_path: Path):
    folder = write_shard(tmp_path / "mesh")
    data = (folder / "0.shard").read_bytes()
    (geometry,) = strata.open(folder).geometries
    for head in ([0, 2**62], [9, 3], [2**63, 2**63 + 24]):
        (folder / "0.shard").write_bytes(np.array(head, "<u8").tobytes() + data[16:])
        with pytest.raises(strata.OpenError, match=r"0\.shard"):
            geometries.segment(geometry.model, 7)
    (folder / "0.shard").write_bytes(data[:5])
    with pytest.raises(strata.OpenError, match=r"0\.shard: found its end"):
        geometries.segment(geometry.model, 7)
    (folder / "0.shard").unlink()
    with pytest.raises(strata.OpenError, match="no mesh of segment 7"):
        geometries.segment(geometry.model, 7)
