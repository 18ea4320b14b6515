"""Metadata files are written all or none, and what was there before can be brought back."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import napari_strata as strata
from export import metadata_stores as stores
from export.metadata_stores import read_json, tree
from napari_strata.export.errors import ExportError
from napari_strata.export.metadata import backup as metadata_backup
from napari_strata.export.metadata.backup import backups, restore
from napari_strata.export.metadata.edit import edit_metadata

CHANGE = {"image": "em", "scale": {"y": 30}, "translate": {"x": 1}}
OLD = {k: (s, t) for k, (_, s, t) in zip(("s0", "s1"), stores.COSEM, strict=True)}


def contents(folder):
    return {path: data for path, (_, _, data) in tree(folder).items()}


def chunks(folder):
    """Time, inode and bytes of every block: of what is no metadata file."""
    return {p: found for p, found in tree(folder).items() if Path(p).name.isdigit()}


def test_a_plan_writes_nothing(tmp_path):
    path = stores.cosem(tmp_path / "a.n5")
    before = tree(tmp_path)
    change = edit_metadata(path, **CHANGE)
    assert len(change.files) == 3
    assert change.diff()
    assert tree(tmp_path) == before


def test_the_difference_names_files_and_lines(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    lines = edit_metadata(path, scale={"y": 3}).diff().splitlines()
    assert lines[:2] == ["--- a/.zattrs", "+++ b/.zattrs"]
    assert [line.replace(" ", "") for line in lines if line[0] in "+-"][2:] == [
        "-2,", "+3.0,", "-4,", "+6.0,", "-21,", "+21.5,",
    ]  # fmt: skip


def test_no_chunk_is_touched_and_the_old_files_are_beside_the_container(tmp_path):
    path = stores.cosem(tmp_path / "a.n5")
    before, blocks = contents(path), chunks(path)
    change = edit_metadata(path, **CHANGE)
    folder = change.write()
    assert chunks(path) == blocks
    assert folder.parent == tmp_path / "a.n5.metadata-backup"
    for file in change.files:
        assert (folder / "before" / f"{file.path}.old").read_bytes() == before[file.path]
        assert (path / file.path).read_bytes() == file.after
    changed = {p for p, data in contents(path).items() if data != before[p]}
    assert changed == {file.path for file in change.files}


def test_a_backup_is_no_dataset(tmp_path):
    path = stores.cosem(tmp_path / "a.n5")
    edit_metadata(path, **CHANGE).write()
    assert [image.path for image in strata.open(tmp_path).images] == ["a.n5/em"]


def test_permissions_stay(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    (path / ".zattrs").chmod(0o640)
    edit_metadata(path, scale={"y": 3}).write()
    assert (path / ".zattrs").stat().st_mode & 0o777 == 0o640


def test_changes_are_undone_one_after_the_other(tmp_path):
    path = stores.n5_viewer(tmp_path / "a.n5")
    first = contents(path)
    edit_metadata(path / "c0", translate={"x": 3}).write()  # makes a file
    second = contents(path)
    edit_metadata(path / "c0", scale={"x": 3}).write()
    assert contents(path) not in (first, second)
    restore(path)
    assert contents(path) == second
    restore(path)
    assert contents(path) == first
    assert [backup.state for backup in backups(path)] == ["restored", "restored"]
    with pytest.raises(ExportError, match="no change of its metadata is left"):
        restore(path)


def test_a_backup_is_chosen_by_its_name(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    folder = edit_metadata(path, scale={"y": 3}).write()
    with pytest.raises(ExportError, match=f"there are {folder.name}"):
        restore(path, "yesterday")
    assert restore(path, folder.name).folder == folder


def test_what_others_changed_since_is_not_undone(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    original = (path / ".zattrs").read_bytes()
    edit_metadata(path, scale={"y": 3}).write()
    stores.write_json(path / ".zattrs", {**read_json(path / ".zattrs"), "later": 1})
    later = contents(path)
    with pytest.raises(ExportError, match="changed since by someone else"):
        restore(path)
    assert contents(path) == later
    restore(path, force=True)
    assert (path / ".zattrs").read_bytes() == original


def test_a_damaged_backup_is_not_used(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    folder = edit_metadata(path, scale={"y": 3}).write()
    (folder / "before" / ".zattrs.old").write_text("{}")
    after = contents(path)
    with pytest.raises(ExportError, match="damaged"):
        restore(path)
    assert contents(path) == after


def test_a_file_that_changed_after_the_plan_is_not_overwritten(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    change = edit_metadata(path, scale={"y": 3})
    stores.write_json(path / ".zattrs", {**read_json(path / ".zattrs"), "later": 1})
    before = tree(tmp_path)
    with pytest.raises(ExportError, match="changed by someone else meanwhile"):
        change.write()
    assert tree(tmp_path) == before


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_kill_between_two_files_is_undone(tmp_path, count):
    path = stores.cosem(tmp_path / "a.n5")
    before = contents(path)
    script = Path(__file__).with_name("killed_metadata_edit.py")
    done = subprocess.run(
        [sys.executable, str(script), str(path), str(count)], check=False, capture_output=True
    )
    assert done.returncode == -9, done.stderr.decode()
    torn = contents(path)
    changed = [p for p in before if torn[p] != before[p]]
    assert len(changed) == count
    assert [backup.state for backup in backups(path)] == ["begun"]
    # nothing is built upon it
    with pytest.raises(ExportError, match="interrupted"):
        edit_metadata(path, image="em", scale={"z": 41}).write()
    restore(path)
    assert contents(path) == before
    edit_metadata(path, **CHANGE).write()
    assert stores.close(
        stores.opened_places(strata.open(path)["em"]),
        {"s0": ([40, 30, 20], [100, 200, 1]), "s1": ([40, 60, 40], [100, 215, 11])},
    )


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_failure_between_two_files_leaves_all_as_they_were(tmp_path, monkeypatch, count):
    path = stores.cosem(tmp_path / "a.n5")
    before = contents(path)
    replace, calls = os.replace, []

    def failing(source, target):
        if "metadata-backup" not in str(target):
            calls.append(target)
            if len(calls) == count + 1:
                raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(metadata_backup.os, "replace", failing)
    with pytest.raises(ExportError, match="all files are as they were"):
        edit_metadata(path, **CHANGE).write()
    assert contents(path) == before
    assert [backup.state for backup in backups(path)] == ["restored"]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_full_disk_leaves_all_as_they_were(tmp_path, monkeypatch, count):
    """From the n-th new file on there is no room any more, not even to restore."""
    path = stores.cosem(tmp_path / "a.n5")
    before = contents(path)
    write, calls = metadata_backup._write, []

    def failing(target, data):
        if path in target.parents:
            calls.append(target)
            if len(calls) > count:
                target.write_bytes(data[:1])
                raise OSError(28, "No space left on device")
        write(target, data)

    monkeypatch.setattr(metadata_backup, "_write", failing)
    with pytest.raises(ExportError, match="No space left on device; all files are as they were"):
        edit_metadata(path, **CHANGE).write()
    assert contents(path) == before


def test_a_record_that_cannot_be_read_is_named(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    folder = edit_metadata(path, scale={"y": 3}).write()
    (folder / "record.json").write_text("[]")
    with pytest.raises(ExportError, match=r"record\.json"):
        edit_metadata(path, scale={"y": 4}).write()


@pytest.mark.parametrize("kind", ["change", "restore"])
def test_a_record_that_cannot_be_written_at_the_end(tmp_path, monkeypatch, kind):
    """The disk is full once the files are changed: they are as they were."""
    path = stores.cosem(tmp_path / "a.n5")
    before = contents(path)
    change = edit_metadata(path, **CHANGE)
    if kind == "restore":
        change.write()
    write, calls = metadata_backup._write, []

    def failing(target, data):
        if target.name.startswith("record"):
            calls.append(target)
            if kind == "restore" or len(calls) > 1:
                raise OSError(28, "No space left on device")
        write(target, data)

    monkeypatch.setattr(metadata_backup, "_write", failing)
    with pytest.raises(ExportError, match=r"as they were, but .*No space left on device"):
        restore(path) if kind == "restore" else change.write()
    assert contents(path) == before
    monkeypatch.undo()
    restore(path)
    assert contents(path) == before
    change.write()


def test_a_backup_is_found_by_whichever_name_the_container_has(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    before = contents(path)
    (tmp_path / "link.zarr").symlink_to(path)
    edit_metadata(tmp_path / "link.zarr", scale={"y": 3}).write()
    assert sorted(os.listdir(tmp_path)) == ["a.zarr", "a.zarr.metadata-backup", "link.zarr"]
    restore(path)
    assert contents(path) == before
