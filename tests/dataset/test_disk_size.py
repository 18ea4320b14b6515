"""The size of a level's chunks on this computer."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

import napari_strata as strata
from formats.helpers import write_n5_array, write_ome_04
from napari_strata.dataset.disk_size import stored_bytes

METADATA = ("attributes.json", ".zarray", ".zattrs", ".zgroup", "zarr.json")


def chunks_of(folder: Path) -> int:
    """Add up the files below a folder by hand."""
    files = [f for f in folder.rglob("*") if f.is_file() and f.name not in METADATA]
    return sum(len(file.read_bytes()) for file in files)


def test_chunks_count_and_metadata_does_not(tmp_path: Path):
    write_n5_array(tmp_path / "a.n5/s0", (100, 70, 70))
    (level,) = strata.open(tmp_path / "a.n5/s0").images[0].levels
    found = stored_bytes(level)
    assert found == chunks_of(tmp_path / "a.n5/s0")
    assert found is not None
    assert found > 1000
    assert stored_bytes(level.data[3:5]) == found  # of a view, the whole level


def test_each_level_has_its_own(samples: dict[str, Any]):
    root = samples["ome-zarr-0.5"].path
    levels = strata.open(root).images[0].levels
    assert [stored_bytes(level) for level in levels] == [
        chunks_of(root / "s0"), chunks_of(root / "s1"), chunks_of(root / "s2")
    ]  # fmt: skip


def test_a_scale_of_a_precomputed_volume(samples: dict[str, Any]):
    root = samples["precomputed"].path
    levels = strata.open(root).images[0].levels
    names = ["1250_1250_1600", "2500_2500_3200", "5000_5000_6400"]
    assert [stored_bytes(level) for level in levels] == [chunks_of(root / n) for n in names]


def test_all_arrays_of_a_stack_count(samples: dict[str, Any]):
    root = samples["bdv-n5"].path / "setup0"
    level = strata.open(samples["bdv-n5"].path).images[0].levels[2]
    expected = chunks_of(root / "timepoint0/s2") + chunks_of(root / "timepoint1/s2")
    assert stored_bytes(level) == expected


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_in_a_zip_file(tmp_path: Path, method: int):
    folder = write_ome_04(tmp_path / "a.zarr", {"0": ((40, 50, 60), {"scale": [1, 1, 1]})})
    shutil.copytree(folder / "0", folder / "00")  # another array whose name begins alike
    with zipfile.ZipFile(tmp_path / "a.zarr.zip", "w", method) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
        members = archive.infolist()
    expected = sum(
        m.compress_size for m in members
        if m.filename.startswith("0/") and not m.filename.endswith((".zarray", ".zattrs", "/"))
    )  # fmt: skip
    assert expected > 0
    (level,) = strata.open(tmp_path / "a.zarr.zip").images[0].levels
    assert stored_bytes(level) == expected


def test_more_files_than_are_counted(tmp_path: Path):
    write_n5_array(tmp_path / "a.n5/s0", (70, 70, 70))  # 8 chunks in 2 + 4 folders
    (level,) = strata.open(tmp_path / "a.n5/s0").images[0].levels
    assert stored_bytes(level, most_files=14) is not None
    assert stored_bytes(level, most_files=13) is None


def test_what_is_gone_has_no_size(tmp_path: Path):
    write_n5_array(tmp_path / "a.n5/s0", (4, 4, 4))
    (level,) = strata.open(tmp_path / "a.n5/s0").images[0].levels
    shutil.rmtree(tmp_path / "a.n5")
    assert stored_bytes(level) is None


def test_a_folder_that_links_to_itself_ends(tmp_path: Path):
    write_n5_array(tmp_path / "a.n5/s0", (4, 4, 4))
    (tmp_path / "a.n5/s0/0/loop").symlink_to(tmp_path / "a.n5/s0/0")
    (level,) = strata.open(tmp_path / "a.n5/s0").images[0].levels
    assert stored_bytes(level) is None


def test_on_a_server_it_is_not_known(tmp_path: Path):
    write_n5_array(tmp_path / "a.n5/s0", (4, 4, 4))
    (level,) = strata.open(tmp_path / "a.n5/s0").images[0].levels
    array = level.data
    remote = dict(array.location.kvstore) | {"driver": "http", "base_url": "http://localhost:1"}
    object.__setattr__(array.location, "kvstore", remote)
    assert stored_bytes(array) is None
