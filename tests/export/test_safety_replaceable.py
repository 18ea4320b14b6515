"""Telling a dataset with nothing else in it."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorstore as ts
import zarr

from napari_strata.export.safety.replaceable import first_foreign, is_dataset, is_image_or_array
from napari_strata.samples import FORMATS


def written_by_zarr(folder: Path, zarr_format, separator, shards=None):
    group = zarr.create_group(folder, zarr_format=zarr_format)
    keys = {"name": "default" if zarr_format == 3 else "v2", "separator": separator}
    array = group.create_array(
        "a/0", shape=(9, 9), chunks=(2, 2), shards=shards, dtype="u2", chunk_key_encoding=keys
    )
    array[...] = 7


def written_by_tensorstore(folder: Path):
    spec = {
        "driver": "n5",
        "kvstore": {"driver": "file", "path": f"{folder}/deep/s0/"},
        "metadata": {
            "dimensions": [9, 9],
            "blockSize": [2, 2],
            "dataType": "uint8",
            "compression": {"type": "raw"},
        },
        "create": True,
    }
    ts.open(spec).result().write(np.ones((9, 9), "u1")).result()
    (folder / "attributes.json").write_text('{"n5": "2.5.0"}')


WRITERS = {
    "zarr 3": lambda folder: written_by_zarr(folder, 3, "/"),
    "zarr 3 with dots": lambda folder: written_by_zarr(folder, 3, "."),
    "zarr 3 with shards": lambda folder: written_by_zarr(folder, 3, "/", (4, 4)),
    "zarr 2": lambda folder: written_by_zarr(folder, 2, "/"),
    "zarr 2 with dots": lambda folder: written_by_zarr(folder, 2, "."),
    "n5 with groups without metadata": written_by_tensorstore,
}


@pytest.mark.parametrize("writer", WRITERS)
def test_what_libraries_write_is_all_known(writer, tmp_path):
    WRITERS[writer](tmp_path / "it")
    assert is_dataset(tmp_path / "it")
    assert first_foreign(tmp_path / "it") is None


@pytest.mark.parametrize(
    "place", ["note.txt", "a/note", "a/0/x", "a/0/c/0/0.txt", "a/0/c/9/9/9", "a/0/c/0/-1", "a/0/7"]
)
def test_anything_else_is_found(place, tmp_path):
    written_by_zarr(tmp_path, 3, "/")
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.parent.is_dir() and not path.exists():
        path.write_text("mine")
    found = first_foreign(tmp_path)
    assert found is not None
    assert str(path).startswith(str(found))


def test_links_are_foreign(tmp_path):
    written_by_zarr(tmp_path / "it", 3, "/")
    (tmp_path / "it/1").symlink_to(tmp_path)
    assert first_foreign(tmp_path / "it") == tmp_path / "it/1"


def test_what_the_system_and_a_killed_writer_leave_is_known(tmp_path):
    written_by_zarr(tmp_path, 3, "/")
    for name in (".DS_Store", "a/Thumbs.db", "a/0/zarr.json.__lock", "a/0/c/0/0.__lock"):
        (tmp_path / name).write_text("")
    assert first_foreign(tmp_path) is None


def test_the_file_of_bioformats2raw_is_known_only_where_it_belongs(tmp_path):
    zarr.create_group(tmp_path).create_group("OME")
    (tmp_path / "OME/METADATA.ome.xml").write_text("<OME/>")
    assert first_foreign(tmp_path) is None
    (tmp_path / "METADATA.ome.xml").write_text("<OME/>")
    assert first_foreign(tmp_path) == tmp_path / "METADATA.ome.xml"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("zarr.json", "[]"),
        ("zarr.json", '{"zarr_format": 3, "node_type": "cake"}'),
        ("zarr.json", "[" * 100_000),
        ("attributes.json", '{"colour": "blue"}'),
        (".zattrs", "{}"),
    ],
)
def test_files_that_only_look_like_metadata(name, text, tmp_path):
    (tmp_path / name).write_text(text)
    assert not is_dataset(tmp_path)
    assert first_foreign(tmp_path) == tmp_path


@pytest.mark.parametrize("shape", [None, "9", 9])
def test_an_array_of_no_shape_has_no_chunks(shape, tmp_path):
    metadata = {"zarr_format": 3, "node_type": "array", "shape": shape}
    (tmp_path / "zarr.json").write_text(json.dumps(metadata))
    (tmp_path / "0").write_text("mine")
    assert first_foreign(tmp_path) == tmp_path / "0"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("zarr.json", {"zarr_format": 3, "node_type": "group"}, False),
        ("zarr.json", {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {}}}, False),
        (
            "zarr.json",
            {"zarr_format": 3, "node_type": "group", "attributes": {"ome": {"multiscales": []}}},
            True,
        ),
        ("zarr.json", {"zarr_format": 3, "node_type": "array", "shape": [1]}, True),
        ("attributes.json", {"n5": "2"}, False),
        ("attributes.json", {"dimensions": [1]}, True),
        ("attributes.json", {"n5": "2", "multiscales": []}, True),
    ],
)
def test_images_and_arrays(name, text, expected, tmp_path):
    (tmp_path / name).write_text(json.dumps(text))
    assert is_image_or_array(tmp_path) is expected


# VISoR keeps a JSON file of its own, and precomputed volumes are no Zarr: neither is replaced.
REPLACEABLE = [name for name in FORMATS if name not in ("visor", "precomputed")]


@pytest.mark.parametrize("name", FORMATS)
def test_which_samples_may_be_replaced(name, samples):
    folder = Path(samples[name].path)
    assert (first_foreign(folder) is None) is (name in REPLACEABLE)
