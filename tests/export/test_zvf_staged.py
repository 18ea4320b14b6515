"""The target is as it was before, whatever goes wrong, and never anything between."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from napari.layers import Points

import napari_strata as strata
from napari_strata.export.geometries import zvf_store, zvf_verify
from napari_strata.export.safety import stage_folder

OLD = Points([[1.0, 2.0]], name="old")
NEW = Points([[3.0, 4.0], [5.0, 6.0]], name="new")


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def name_in(path: Path) -> str:
    return strata.open(path).geometries[0].model.layer["name"]


def broken(*_, **__):
    raise OSError("injected")


def interrupted(*_, **__):
    raise KeyboardInterrupt


FAULTS = {
    "writing": (zvf_store, "_write"),
    "coarsening": (zvf_store, "_coarsen"),
    "validating": (zvf_verify, "_validate"),
    "comparing": (zvf_verify, "_compare"),
    "putting in place": (stage_folder, "put_in_place"),
}


@pytest.mark.parametrize("fault", [broken, interrupted])
@pytest.mark.parametrize("there", [False, True], ids=["new", "replacing"])
@pytest.mark.parametrize(("module", "step"), FAULTS.values(), ids=FAULTS)
def test_fault_leaves_the_target(tmp_path, monkeypatch, module, step, there, fault):
    target = tmp_path / "it.zarrvectors"
    if there:
        strata.export(OLD, target)
    before = contents(tmp_path)
    monkeypatch.setattr(module, step, fault)
    with pytest.raises((OSError, KeyboardInterrupt)):
        strata.export(NEW, target, replace=True)
    assert contents(tmp_path) == before
    assert os.listdir(tmp_path) == (["it.zarrvectors"] if there else [])


def test_library_fault_is_an_os_error(tmp_path, monkeypatch):
    import zarr_vectors.building as building
    from zarr_vectors.exceptions import ArrayError

    def refuse(*_, **__):
        raise ArrayError("no")

    monkeypatch.setattr(building, "write_points", refuse)
    with pytest.raises(OSError, match="zarr-vectors cannot write the store: no"):
        strata.export(NEW, tmp_path / "it")
    assert os.listdir(tmp_path) == []


def test_what_is_stored_wrong_is_found(tmp_path, monkeypatch):
    split = zvf_store.column_order
    monkeypatch.setattr(zvf_store, "column_order", lambda axes: split(axes)[::-1])
    layer = Points([[1.0, 2.0, 3.0]], axis_labels=("z", "y", "x"))
    real = zvf_store._write

    def mixed(annotation, folder, vertices, grid, axes):
        real(annotation, folder, vertices, grid, axes[::-1])

    monkeypatch.setattr(zvf_store, "_write", mixed)
    with pytest.raises(OSError, match="the vertices that are read back differ"):
        strata.export(layer, tmp_path / "it")
    assert os.listdir(tmp_path) == []


def test_existing_target_is_refused(tmp_path):
    target = tmp_path / "it.zarrvectors"
    strata.export(OLD, target)
    with pytest.raises(FileExistsError, match="there already"):
        strata.export(NEW, target)
    assert name_in(target) == "old"


def test_replaced(tmp_path):
    target = tmp_path / "it.zarrvectors"
    strata.export(OLD, target)
    strata.export(NEW, target, replace=True)
    assert name_in(target) == "new"
    assert os.listdir(tmp_path) == ["it.zarrvectors"]


def _file(target: Path) -> None:
    target.write_text("mine")


def _folder(target: Path) -> None:
    target.mkdir()
    (target / "notes.txt").write_text("mine")


def _empty(target: Path) -> None:
    target.mkdir()


def _image(target: Path) -> None:
    target.mkdir()
    (target / "zarr.json").write_text('{"zarr_format": 3, "node_type": "group", "attributes": {}}')


def _store_and_more(target: Path) -> None:
    strata.export(OLD, target)
    (target / "notes.txt").write_text("mine")


@pytest.mark.parametrize(
    "make", [_file, _folder, _empty, _image, _store_and_more], ids=lambda make: make.__name__
)
def test_what_is_no_store_is_never_replaced(tmp_path, make):
    target = tmp_path / "it.zarrvectors"
    make(target)
    before = target.read_bytes() if target.is_file() else contents(target)
    with pytest.raises(FileExistsError, match="not replaced"):
        strata.export(NEW, target, replace=True)
    assert (target.read_bytes() if target.is_file() else contents(target)) == before


def test_link_is_followed(tmp_path):
    real, link = tmp_path / "real.zarrvectors", tmp_path / "link.zarrvectors"
    strata.export(OLD, real)
    link.symlink_to(real)
    done = strata.export(NEW, link, replace=True)
    assert done.path == real
    assert link.is_symlink()
    assert name_in(real) == "new"


def test_inside_a_store(tmp_path):
    target = tmp_path / "it.zarrvectors"
    strata.export(OLD, target)
    with pytest.raises(ValueError, match="inside the dataset"):
        strata.export(NEW, target / "0" / "more")
    assert name_in(target) == "old"


def test_what_is_not_ours_beside_the_target_is_kept(tmp_path):
    foreign = tmp_path / ".it.zarrvectors.partial/notes.txt"
    foreign.parent.mkdir()
    foreign.write_text("mine")
    with pytest.raises(ValueError, match=r"holds notes\.txt, which is not ours"):
        strata.export(NEW, tmp_path / "it.zarrvectors")
    assert foreign.read_text() == "mine"


def test_leftover_of_a_killed_export_is_discarded(tmp_path, monkeypatch):
    target = tmp_path / "it.zarrvectors"
    with monkeypatch.context() as patched:
        patched.setattr(stage_folder.Stage, "remove", lambda self: None)
        patched.setattr(zvf_verify, "verify", broken)
        with pytest.raises(OSError, match="injected"):
            strata.export(OLD, target)
    assert os.listdir(tmp_path) == [".it.zarrvectors.partial"]
    strata.export(NEW, target)
    assert name_in(target) == "new"
    assert os.listdir(tmp_path) == ["it.zarrvectors"]


def test_target_that_appears_meanwhile(tmp_path, monkeypatch):
    target = tmp_path / "it.zarrvectors"
    verify = zvf_verify.verify

    def slow(annotation, folder):
        _folder(target)
        return verify(annotation, folder)

    monkeypatch.setattr(zvf_verify, "verify", slow)
    with pytest.raises(FileExistsError, match="there already"):
        strata.export(NEW, target)
    assert contents(target) == {"notes.txt": b"mine"}


@pytest.mark.parametrize("path", ["s3://bucket/it", "https://a.org/it", " "])
def test_only_local_folders(path):
    with pytest.raises(ValueError, match="no path of a folder on this computer"):
        strata.export(NEW, path)


def test_folder_that_is_not_there(tmp_path):
    with pytest.raises(ValueError, match="there is no folder"):
        strata.export(NEW, tmp_path / "a" / "it")
