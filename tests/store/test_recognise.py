"""Which paths the reader takes, and what finding out costs."""

from __future__ import annotations

import builtins
import os
from pathlib import Path
from typing import Any

import pytest

from napari_strata.store.recognise import recognise

URLS = {
    "https://h/a.n5": True,
    "https://h/a.n5/em/raw": True,
    "https://h/A.ZARR/": True,
    "https://h/a.zarr?x=1": True,
    "s3://b/a.n5/em": True,
    "https://h/a.ozx": True,
    "https://h/a.OZX/0?x=1": True,
    "s3://b/a.zarr.zip/labels/nuclei": True,
    "s3://b/a.n5.zip": True,
    "s3://b/a.ome.zip/0": True,
    "https://h/a.zip": False,
    "https://h/photos.zip/0": False,
    "https://h/a.ozx.png": False,
    "https://h/em/attributes.json": True,
    "https://h/em/zarr.json": True,
    "https://h/em/.zattrs": True,
    "https://h/a.tif": False,
    "https://h/a.n5.tif": False,
    "https://h/?f=a.zarr": False,
    "https://h/bazarr.json": False,
    "https://h/my_attributes.json": False,
}


@pytest.mark.parametrize("url", URLS)
def test_urls(url: str):
    assert recognise(url) is URLS[url]


FOLDERS: dict[str, tuple[dict[str, str], bool]] = {
    "a.n5": ({}, True),
    "a.zarr": ({}, True),
    "a.n5/em/fibsem": ({}, True),
    "plain": ({}, False),
    "photos": ({"a.jpg": "", "b.jpg": ""}, False),
    "group": ({"zarr.json": '{"zarr_format": 3, "node_type": "group"}'}, True),
    "group v2": ({".zgroup": '{"zarr_format": 2}'}, True),
    "array v2": ({".zarray": "{}"}, True),
    "pyramid": ({"attributes.json": '{"downsamplingFactors": [[1, 1, 1]]}'}, True),
    "array": ({"attributes.json": '{"dimensions": [4, 4]}'}, True),
    "somebody else's": ({"attributes.json": '{"colour": "red"}'}, False),
    "somebody else's list": ({"attributes.json": "[1, 2]"}, False),
    "somebody else's zarr.json": ({"zarr.json": '{"name": "x"}'}, False),
    "damaged but ours": ({"attributes.json": '{"dimensions": [4, 4'}, True),
    "damaged and not ours": ({"attributes.json": "{'colour'"}, False),
    "damaged v3": ({"zarr.json": "{"}, True),
    "deep": ({"attributes.json": "[" * 100_000}, False),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_folders_and_what_they_cost(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    files, expected = FOLDERS[name]
    folder = tmp_path / name
    folder.mkdir(parents=True)
    for file, text in files.items():
        (folder / file).write_text(text)
    costs: list[str] = []
    scandir, open_file = os.scandir, builtins.open

    def counted_scandir(path: Any) -> Any:
        costs.append("listing")
        return scandir(path)

    def counted_open(file: Any, *args: Any, **kwargs: Any) -> Any:
        costs.append("read")
        return open_file(file, *args, **kwargs)

    monkeypatch.setattr(os, "scandir", counted_scandir)
    monkeypatch.setattr(builtins, "open", counted_open)
    answer = recognise(str(folder))
    monkeypatch.undo()
    assert answer is expected
    assert costs.count("listing") <= 1
    assert costs.count("read") <= 2
    if files and expected and not name.endswith((".n5", ".zarr")):
        assert costs[0] == "listing"


def test_metadata_files(tmp_path: Path):
    (tmp_path / "attributes.json").write_text('{"n5": "4.0.0"}')
    (tmp_path / ".zattrs").write_text("{}")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/attributes.json").write_text("{}")
    assert recognise(str(tmp_path / "attributes.json"))
    assert recognise(str(tmp_path / ".zattrs"))
    assert not recognise(str(tmp_path / "other/attributes.json"))
    assert not recognise(str(tmp_path / "zarr.json"))


def test_what_is_not_there(tmp_path: Path):
    assert not recognise(str(tmp_path / "gone.n5"))
    assert not recognise(str(tmp_path / "gone"))
    (tmp_path / "file.zarr").write_text("")
    assert not recognise(str(tmp_path / "file.zarr"))


ZIPS = {
    "a.ozx": True,
    "A.OZX": True,
    "a.zarr.zip": True,
    "a.n5.zip": True,
    "a.ome.zip": True,
    "a.zip": False,
    "azarr.zip": False,
    "a.ozx.bak": False,
}


@pytest.mark.parametrize("name", ZIPS)
def test_zip_files_go_by_name_alone(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / name).write_bytes(b"whatever is in it")

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("a zip was looked into")

    monkeypatch.setattr(builtins, "open", refuse)
    paths = [str(tmp_path / name) + inside for inside in ("", "/0", "/0/zarr.json", "/x.zarr/0")]
    found = [recognise(path) for path in paths]
    monkeypatch.undo()
    assert found == [ZIPS[name]] * 4


def test_a_folder_called_like_a_zip(tmp_path: Path):
    folder = tmp_path / "a.ozx"
    folder.mkdir()
    assert not recognise(str(folder))
    (folder / "zarr.json").write_text('{"zarr_format": 3}')
    assert recognise(str(folder))
    assert recognise(str(folder / "zarr.json"))
    assert not recognise(str(tmp_path / "gone.ozx"))
