"""Where an export may go, and what it never touches."""

import os
from pathlib import Path

import numpy as np
import pytest
import zarr

import napari_strata as strata
from napari_strata.export.errors import ExportError
from napari_strata.export.planning.dataset_image import dataset_image
from napari_strata.export.planning.origins import local_origins
from napari_strata.export.safety import place
from napari_strata.export.safety.place import (
    TargetExists,
    check_name,
    check_target,
    local_target,
    missing_room,
    roots_of,
)


def image(folder: Path, shape=(8, 8)):
    """Write a store: a group with an array in it."""
    group = zarr.create_group(folder)
    group.create_array("em/s0", shape=shape, chunks=(4, 4), dtype="u1")[...] = 1
    return folder


@pytest.mark.parametrize(
    "name", ["it.zarr", "two words.zarr", "größe 木.ome.zarr", ".hidden", "a'b\"c", "it.zarr/"]
)
def test_a_free_name_is_taken(name, tmp_path):
    target = local_target(f"{tmp_path}/{name}")
    assert target == tmp_path.resolve() / name.rstrip("/")
    check_target(target)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "no path"),
        ("  ", "no path"),
        ("http://host/it.zarr", "no path"),
        ("a\0b", "no path"),
        ("/", "whole drive"),
        ("/nowhere-at-all/it.zarr", "there is no folder /nowhere-at-all"),
    ],
)
def test_no_folder_can_be_made_there(path, said):
    with pytest.raises(ExportError, match=said):
        local_target(path)


def test_a_parent_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ExportError, match="there is no folder"):
        local_target(tmp_path / "file/it.zarr")


def test_a_folder_that_cannot_be_written_to(tmp_path, monkeypatch):
    # The superuser may write anywhere, so the system's answer is given here.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path.resolve())
    with pytest.raises(ExportError, match="cannot be written to"):
        local_target(tmp_path / "it.zarr")


def test_links_on_the_way_are_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "dangling.zarr").symlink_to(tmp_path / "real/new.zarr")
    assert local_target(tmp_path / "link/it.zarr") == tmp_path.resolve() / "real/it.zarr"
    assert local_target(tmp_path / "dangling.zarr") == tmp_path.resolve() / "real/new.zarr"


@pytest.mark.parametrize("target", ["src", "src/em", "src/em/s0", "src/em/s0/c", "src/new.zarr"])
def test_a_target_inside_its_source(target, tmp_path):
    sources = sources_of(image(tmp_path / "src"))
    with pytest.raises(ExportError, match=r"is inside|is exported"):
        check_target(local_target(tmp_path / target), sources=sources, replace=True)


@pytest.mark.parametrize("way", ["target", "source"])
def test_a_target_inside_its_source_through_a_link(way, tmp_path):
    source = image(tmp_path / "src")
    opened, target = source, tmp_path / "src/em/new.zarr"
    if way == "target":
        (tmp_path / "elsewhere").symlink_to(source / "em")
        target = tmp_path / "elsewhere/new.zarr"
    else:
        (tmp_path / "elsewhere").symlink_to(source)
        opened = tmp_path / "elsewhere"
    with pytest.raises(ExportError, match="is exported"):
        check_target(local_target(target), sources=sources_of(opened))


@pytest.mark.parametrize("target", ["kept/s0/new.zarr", "kept", "src"])
def test_a_level_that_is_a_link(target, tmp_path):
    """What it leads to counts, and so does the link itself."""
    (tmp_path / "kept/s0").mkdir(parents=True)
    (tmp_path / "src").mkdir()
    (tmp_path / "src/s0").symlink_to(tmp_path / "kept/s0")
    with pytest.raises(ExportError, match="is exported"):
        check_target(tmp_path / target, sources=[tmp_path / "src/s0"], replace=True)


def test_a_source_inside_a_target_that_would_be_replaced(tmp_path):
    target = image(tmp_path / "out.zarr")
    source = image(target / "inner")
    sources = [one for one in sources_of(source) if Path(one) != target]
    with pytest.raises(ExportError, match="would be lost"):
        check_target(local_target(target), sources=sources, replace=True)


def test_a_container_of_n5_without_metadata_in_between(tmp_path):
    folder = tmp_path / "a.n5/em/s0"
    folder.mkdir(parents=True)
    (tmp_path / "a.n5/attributes.json").write_text('{"n5": "2.5.0"}')
    assert list(roots_of(folder)) == [str(folder), str(tmp_path / "a.n5")]
    (tmp_path / "a.n5/attributes.json").unlink()
    assert list(roots_of(folder)) == [str(folder), str(tmp_path / "a.n5")]


def test_beside_the_source_is_allowed(tmp_path):
    source = image(tmp_path / "src")
    check_target(local_target(tmp_path / "src2"), sources=sources_of(source))


@pytest.mark.parametrize("inner", ["em/s0/c", "em/s0"])
def test_a_target_inside_another_dataset(inner, tmp_path):
    folder = image(tmp_path / "other.zarr") / inner
    with pytest.raises(ExportError, match=r"is inside the dataset .*s0"):
        check_target(local_target(folder / "new.zarr"), replace=True)


def test_a_target_in_a_plain_group_is_allowed(tmp_path):
    folder = image(tmp_path / "many.zarr")
    check_target(local_target(folder / "new.zarr"))


def test_what_is_there_stays_unless_replacing_is_asked_for(tmp_path):
    target = image(tmp_path / "out.zarr")
    with pytest.raises(TargetExists, match="is there already"):
        check_target(target)
    check_target(target, replace=True)


@pytest.mark.parametrize("kind", ["file", "folder", "empty folder", "broken metadata", "fifo"])
def test_what_is_no_dataset_is_never_replaced(kind, tmp_path):
    target = tmp_path / "out.zarr"
    if kind == "file":
        target.write_text("mine")
    elif kind == "fifo":
        os.mkfifo(target)
    else:
        target.mkdir()
        if kind == "folder":
            (target / "thesis.docx").write_text("mine")
        elif kind == "broken metadata":
            (target / "zarr.json").write_text("{")
    with pytest.raises(TargetExists, match="is no Zarr or N5 dataset"):
        check_target(target, replace=True)


@pytest.mark.parametrize(
    "foreign", ["thesis.docx", "em/notes.txt", "em/s0/c/0/readme", "raw/a.tif"]
)
def test_a_dataset_with_foreign_files_is_never_replaced(foreign, tmp_path):
    target = image(tmp_path / "out.zarr")
    (target / foreign).parent.mkdir(exist_ok=True)
    (target / foreign).write_text("mine")
    with pytest.raises(TargetExists, match=f"holds ({foreign}|raw), which is no part"):
        check_target(target, replace=True)
    assert (target / foreign).read_text() == "mine"


def test_too_little_room_is_told(tmp_path, monkeypatch):
    class Usage:
        free = 10_000_000

    monkeypatch.setattr(place.shutil, "disk_usage", lambda path: Usage)
    assert missing_room(tmp_path / "it", 9_000_000) is None
    problem = missing_room(tmp_path / "it", 12_500_000_000)
    assert problem.severity == "warning"
    assert "12.5 GB" in problem.message
    assert "0.0 GB are free" in problem.message


def test_the_origins_of_a_zip_file(tmp_path):
    with zarr.storage.ZipStore(tmp_path / "a.zarr.zip", mode="w") as store:
        array = zarr.create_array(store, shape=(4, 4), dtype="u1")
        array[...] = np.ones((4, 4))
    origins = sources_of(tmp_path / "a.zarr.zip")
    assert str(tmp_path / "a.zarr.zip") in [origin.rstrip("/") for origin in origins]


def sources_of(folder):
    return local_origins([dataset_image(one) for one in strata.open(folder).images])


def test_a_target_inside_annotations(tmp_path):
    folder = tmp_path / "it.annotations"
    folder.mkdir()
    check_target(folder / "new.zarrvectors")
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(ExportError, match=r"is inside the dataset .*it\.annotations"):
        check_target(folder / "new.zarrvectors")


@pytest.mark.parametrize(
    ("name", "format", "expected"),
    [
        ("it.n5", "ome-zarr-0.5", "expected .zarr, as ome-zarr-0.5"),
        ("it.n5/", "ome-zarr-0.5", "expected .zarr"),
        ("s3://lab/it.n5", "ome-zarr-0.4", "expected .zarr"),
        ("it.ome.zarr", "cosem", "expected .n5, as cosem"),
        ("it.zarr", "ome-zarr-0.6", None),
        ("it.n5", "cosem", None),
        ("it", "ome-zarr-0.5", None),
        ("it", "cosem", None),
    ],
)
def test_a_name_that_says_another_kind_of_store(name, format, expected):
    if expected is None:
        check_name(name, format)
        return
    with pytest.raises(ExportError, match=expected):
        check_name(name, format)
