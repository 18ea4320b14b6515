"""Zip files, on disk and over the loopback interface."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import threading
import warnings
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

import napari_strata as strata
from napari_strata.plugin import get_reader
from napari_strata.samples import Sample
from napari_strata.store.backend import Listing, ReadError, open_backend
from napari_strata.store.container import encoding_hint, open_container
from napari_strata.store.location import parse_location, zip_in
from napari_strata.store.zip import ZipBackend

from .conftest import S3, Web

VALUES = np.arange(6 * 8 * 10, dtype="uint16").reshape(6, 8, 10)
AXES = [{"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"]


def multiscales() -> list[dict[str, Any]]:
    """Two levels; the second is 2 times as coarse, its first voxel's centre at 0.5 µm."""
    datasets = [
        {
            "path": name,
            "coordinateTransformations": [
                {"type": "scale", "scale": [step] * 3},
                {"type": "translation", "translation": [(step - 1) / 2] * 3},
            ],
        }
        for name, step in [("0", 1), ("1", 2)]
    ]
    return [{"version": "0.4", "axes": AXES, "datasets": datasets}]


def fill(store: Any, version: int, **how: Any) -> None:
    """Write an OME-Zarr 0.4 (v2) or 0.5 (v3) image of two levels to a store, each key once."""
    attributes: dict[str, Any] = (
        {"multiscales": multiscales()}
        if version == 2
        else {"ome": {"version": "0.5", "multiscales": multiscales()}}
    )
    zarr.create_group(store, zarr_format=version, attributes=attributes)  # type: ignore[arg-type]
    for name, step in [("0", 1), ("1", 2)]:
        data = VALUES[::step, ::step, ::step]
        array = zarr.create_array(
            store,
            name=name,
            shape=data.shape,
            chunks=(2, 4, 4),
            dtype="uint16",
            zarr_format=version,  # type: ignore[arg-type]
            **how,
        )
        array[...] = data


HOW: dict[str, tuple[int, dict[str, Any]]] = {
    "v2": (2, {}),
    "v3": (3, {}),
    "v3 raw": (3, {"compressors": None}),
    "v3 sharded": (3, {"shards": (4, 8, 8)}),
}
METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflated": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
}


def pack(file: Path, folder: Path, method: int = zipfile.ZIP_STORED, above: str = "") -> Path:
    """Zip a folder's files, each name behind ``above``."""
    with zipfile.ZipFile(file, "w", method) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                name = above + path.relative_to(folder).as_posix()
                archive.writestr(zipfile.ZipInfo(name), path.read_bytes(), method)
    return file


def check_image(dataset: strata.Dataset) -> None:
    """The one image has both levels, in their places, with their pixels."""
    (image,) = dataset.images
    assert dataset.problems == ()
    assert [level.shape for level in image.levels] == [(6, 8, 10), (3, 4, 5)]
    assert image.levels[1].scale.tolist() == [2, 2, 2]  # type: ignore[union-attr]
    assert image.levels[1].translate.tolist() == [0.5, 0.5, 0.5]  # type: ignore[union-attr]
    np.testing.assert_array_equal(np.asarray(image.levels[0].data), VALUES)
    np.testing.assert_array_equal(np.asarray(image.levels[1].data), VALUES[::2, ::2, ::2])


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a Zarr v3 image."""
    folder = tmp_path_factory.mktemp("image") / "x.zarr"
    fill(folder, 3)
    return folder


# -------------------------------------------------------------------------------- pixels


@pytest.mark.parametrize("name", ["x.ozx", "x.zarr.zip", "x.ZIP", "no-suffix"])
@pytest.mark.parametrize("how", HOW)
def test_what_zarr_python_wrote(how: str, name: str, tmp_path: Path):
    version, options = HOW[how]
    store = zarr.storage.ZipStore(tmp_path / name, mode="w")
    fill(store, version, **options)
    store.close()
    check_image(strata.open(tmp_path / name))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("how", HOW)
def test_members_stored_and_compressed(how: str, method: str, tmp_path: Path):
    version, options = HOW[how]
    fill(tmp_path / "x.zarr", version, **options)
    file = pack(tmp_path / "x.ozx", tmp_path / "x.zarr", METHODS[method])
    check_image(strata.open(file))


@pytest.mark.parametrize("wrapped", [True, False])
def test_every_sample_is_the_same_in_a_zip(
    samples: dict[str, Sample], wrapped: bool, tmp_path: Path
):
    for sample in samples.values():
        beside = sample.path.with_suffix(".xml")  # BigDataViewer's, which only a wrapped one has
        if beside.exists() and not wrapped:
            continue
        file = tmp_path / f"{sample.path.name}.zip"
        pack(file, sample.path, above=f"{sample.path.name}/" if wrapped else "")
        if beside.exists():
            with zipfile.ZipFile(file, "a") as archive:
                archive.write(beside, beside.name)
        expected, found = strata.open(sample.path), strata.open(file)
        assert [i.path for i in found.images] == [i.path for i in expected.images]
        assert [p.code for p in found.problems] == [p.code for p in expected.problems]
        for one, other in zip(found.images, expected.images, strict=True):
            assert (one.format, one.kind, one.axes) == (other.format, other.kind, other.axes)
            for a, b in zip(one.levels, other.levels, strict=True):
                np.testing.assert_array_equal(a.affine, b.affine)
                np.testing.assert_array_equal(np.asarray(a.data), np.asarray(b.data))
                assert [c.where for c in a.origin] == [c.where for c in b.origin]


def test_several_threads(image: Path, tmp_path: Path):
    file = pack(tmp_path / "x.ozx", image, zipfile.ZIP_DEFLATED)
    backend = open_backend(parse_location(file))
    keys = [f"{file}/{name}" for name in ("zarr.json", "0/zarr.json", "1/zarr.json", "none")]
    expected = [*((image / k).read_bytes() for k in ("zarr.json", "0/zarr.json")), None]
    data = strata.open(file).images[0].levels[0].data
    start = threading.Barrier(8)

    def work(_: int) -> bool:
        start.wait()
        found = backend.read_many([keys[0], keys[1], keys[3]])
        return found == expected and bool((np.asarray(data[1:5]) == VALUES[1:5]).all())

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


# -------------------------------------------------------------------------------- places


INSIDE = {
    # what is named: path, in the zip, of the image that is opened
    "": "",
    "/": "",
    "/zarr.json": "",
    "/0": "",
    "/1/zarr.json": "",
}


@pytest.mark.parametrize("named", INSIDE)
def test_a_node_inside(named: str, image: Path, tmp_path: Path):
    file = pack(tmp_path / "x.zarr.zip", image)
    dataset = strata.open(f"{file}{named}")
    check_image(dataset)
    assert dataset.path == f"{file}{INSIDE[named]}"
    check_image(strata.open(dataset.path))


@pytest.mark.parametrize("named", ["", "/x.zarr", "/x.zarr/1", "/1", "/zarr.json"])
@pytest.mark.parametrize("name", ["a.zip", "x.zarr.zip", "no-suffix"])
def test_one_folder_around_everything(name: str, named: str, image: Path, tmp_path: Path):
    file = pack(tmp_path / name, image, above="x.zarr/")
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("__MACOSX/x.zarr/._zarr.json", b"\0")
    dataset = strata.open(f"{file}{named}")
    check_image(dataset)
    assert dataset.path == f"{file}/x.zarr"
    check_image(strata.open(dataset.path))


@pytest.mark.parametrize(("name", "folder"), [("x.zip", "x"), ("x.zarr.zip", "x")])
def test_a_folder_called_as_the_zip(name: str, folder: str, image: Path, tmp_path: Path):
    node = open_container(pack(tmp_path / name, image, above=f"{folder}/"))
    assert (node.path, node.tree.root) == (f"{tmp_path}/{name}/{folder}",) * 2


def test_several_images_in_a_zip(image: Path, tmp_path: Path):
    file = pack(tmp_path / "all.zip", image, above="b.zarr/")
    with zipfile.ZipFile(file, "a") as archive:
        for path in sorted(p for p in image.rglob("*") if p.is_file()):
            archive.write(path, "em/a.zarr/" + path.relative_to(image).as_posix())
    dataset = strata.open(file)
    assert [i.path for i in dataset.images] == ["b.zarr", "em/a.zarr"]
    for found in dataset.images:
        check_image(strata.open(f"{dataset.path}/{found.path}"))
    node = open_container(f"{file}/em/a.zarr/0")
    assert (node.tree.root, node.inner_path) == (f"{file}/em/a.zarr", "0")


def test_the_root_is_in_the_zip_whatever_is_above(image: Path, tmp_path: Path):
    (tmp_path / "above.zarr").mkdir()
    node = open_container(pack(tmp_path / "above.zarr/x.ozx", image))
    assert node.path == node.tree.root == f"{tmp_path}/above.zarr/x.ozx"
    assert node.parent is None
    assert [n.name for n in node.child("0").lineage()] == ["0", "x.ozx"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("x.n5.zip", "n5"), ("x.ozx", "zarr3"), ("x.zarr.zip", "zarr3"), ("x.zip", None)],
)
def test_which_encoding_is_tried_first(name: str, expected: str, image: Path, tmp_path: Path):
    assert encoding_hint(open_container(pack(tmp_path / name, image))) == expected


def test_a_folder_called_like_a_zip_is_a_folder(image: Path, tmp_path: Path):
    folder = tmp_path / "x.zarr.zip"
    fill(folder, 3)
    check_image(strata.open(folder))
    assert zip_in(parse_location(folder / "0")) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h/a/x.ozx", "a/x.ozx"),
        ("https://h/a/x.OZX/0?k=v", "a/x.OZX"),
        ("s3://b/x.zarr.zip/labels/nuclei", "x.zarr.zip"),
        ("s3://b/x.zip/y.zip/0", "x.zip"),
        ("gs://b/x.zip/zarr.json", "x.zip"),
        ("https://h/x.zipped/a", None),
        ("https://h/x.zarr", None),
    ],
)
def test_the_zip_in_an_address(url: str, expected: str | None):
    assert zip_in(parse_location(url)) == expected


def test_all_names_behind_a_dot(image: Path, tmp_path: Path):
    check_image(strata.open(pack(tmp_path / "x.ozx", image, above="./")))


@pytest.mark.parametrize("flagged", [True, False])
def test_names_beyond_ascii(flagged: bool, image: Path, tmp_path: Path):
    file = pack(tmp_path / "x.zip", image, above="Zürich µ.zarr/")
    if not flagged:  # as some programs on macOS write them
        data = file.read_bytes()
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                at = info.header_offset
                data = data[: at + 6] + b"\0\0" + data[at + 8 :]
        file.write_bytes(edit_entries(data, 8, "<H", 0))
    check_image(strata.open(f"{file}/Zürich µ.zarr/0"))


def test_listing_and_reading(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a.json", "{}")
        archive.writestr("b/c/d.json", "[]")
        archive.mkdir("empty")
    path = f"{tmp_path}/x.zip"
    backend = open_backend(parse_location(path))
    assert isinstance(backend, ZipBackend)
    assert backend.list(path) == Listing(("b", "empty"), ("a.json",))
    assert backend.list(f"{path}/b") == Listing(("c",), ())
    assert backend.list(f"{path}/b/c") == Listing((), ("d.json",))
    assert backend.list(f"{path}/empty") == backend.list(f"{path}/none") == Listing((), ())
    assert backend.list(str(tmp_path)) == Listing((), ())
    keys = [f"{path}/b/c/d.json", f"{path}/../x.zip", f"{path}/b", path, f"{path}/a.json"]
    assert backend.read_many(keys) == [b"[]", None, None, None, b"{}"]


# -------------------------------------------------------------------------------- oddities


def entries(data: bytes) -> list[int]:
    """Where the directory's entries start (its offset is at byte 16 of the end record)."""
    end = data.rfind(b"PK\5\6")
    count, _, at = struct.unpack_from("<HLL", data, end + 10)
    found = []
    for _ in range(count):
        found.append(at)
        at += 46 + sum(struct.unpack_from("<3H", data, at + 28))
    return found


def edit_entries(data: bytes, at: int, form: str, value: int) -> bytes:
    """Overwrite a field of every directory entry."""
    edited = bytearray(data)
    for entry in entries(data):
        struct.pack_into(form, edited, entry + at, value)
    return bytes(edited)


def renamed(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    assert len(old) == len(new)
    return lambda data: data.replace(old, new)


def twice(data: bytes) -> bytes:
    stream = io.BytesIO(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with zipfile.ZipFile(stream, "a") as archive:
            archive.writestr("0/c/0/0/0", b"other")
    return stream.getvalue()


def end_with(field: int, form: str, value: int) -> Callable[[bytes], bytes]:
    def edit(data: bytes) -> bytes:
        edited = bytearray(data)
        struct.pack_into(form, edited, data.rfind(b"PK\5\6") + field, value)
        return bytes(edited)

    return edit


DAMAGED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty file": (lambda data: b"", "no directory at its end"),
    "no zip": (lambda data: b"not a zip " * 99, "it is no zip file, it is cut off"),
    "cut off": (lambda data: data[:-40], "it is cut off"),
    "cut off at the front": (lambda data: data[100:], "not where its end says"),
    "something put before": (lambda data: b"#!/bin/sh\n" + data, "not where its end says"),
    "something put behind": (lambda data: data + b"\n\n", "no directory at its end"),
    "end mark in the comment": (
        lambda data: data[:-2] + b"\x06\0PK\5\6..",  # tensorstore stumbles over it
        "no directory at its end",
    ),
    "directory damaged": (lambda d: d[: entries(d)[2]] + b"QQ" + d[entries(d)[2] + 2 :], "damaged"),
    "too many counted": (end_with(10, "<H", 999), "one part of several"),
    "too few counted": (
        lambda data: end_with(8, "<H", 2)(end_with(10, "<H", 2)(data)),
        "more in its directory than it counts",
    ),
    "second disk": (end_with(4, "<H", 1), "one part of several"),
    "backslash": (renamed(b"1/zarr.json", b"1\\zarr.json"), "'1\\\\zarr.json'"),
    "absolute": (renamed(b"1/zarr.json", b"/zarr2.json"), "'/zarr2.json'"),
    "drive": (renamed(b"1/zarr.json", b"C:zarr.json"), "'C:zarr.json'"),
    "upwards": (renamed(b"1/zarr.json", b"../arr.json"), "'../arr.json'"),
    "upwards within": (renamed(b"0/c/0/0/0", b"0/../0/00"), "'0/../0/00'"),
    "empty part": (renamed(b"0/c/0/0/0", b"0//0/0/00"), "'0//0/0/00'"),
    "zero byte": (renamed(b"1/zarr.json", b"1/zarr.jso\0"), "relative path"),
    "no UTF-8": (renamed(b"1/zarr.json", b"\xff/zarr.json"), "no UTF-8"),
    "twice": (twice, "two members named '0/c/0/0/0'"),
    "encrypted": (lambda data: edit_entries(data, 8, "<H", 1), "is encrypted"),
    "xz": (lambda data: edit_entries(data, 10, "<H", 95), "compressed by xz"),
    "method 77": (lambda data: edit_entries(data, 10, "<H", 77), "compressed by method 77"),
    "two sizes": (lambda data: edit_entries(data, 24, "<L", 7), "gives two sizes"),
    "zip64 without its field": (
        lambda data: edit_entries(data, 42, "<L", 2**32 - 1),
        "does not say how large",
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_what_cannot_be_read_honestly_is_refused(case: str, image: Path, tmp_path: Path):
    damage, expected = DAMAGED[case]
    file = pack(tmp_path / "x.ozx", image)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(strata.OpenError) as caught:
        strata.open(file)
    problem = caught.value.problem
    assert (problem.code, problem.where) == ("bad-zip", str(file))
    assert problem.message.startswith("the zip file ")
    assert expected in problem.message
    assert "\n" not in str(caught.value)


def test_lzma_is_refused(image: Path, tmp_path: Path):
    """Tensorstore passes over such a chunk, and would show zeros."""
    file = pack(tmp_path / "x.ozx", image, zipfile.ZIP_LZMA)
    with pytest.raises(strata.OpenError, match="compressed by LZMA, expected stored or deflated"):
        strata.open(file)


def test_a_zip64_file(image: Path, tmp_path: Path):
    """Sizes, offsets, counts and the place of the directory in the 64-bit fields."""
    with zipfile.ZipFile(tmp_path / "x.ozx", "w") as archive:
        for path in sorted(p for p in image.rglob("*") if p.is_file()):
            name = path.relative_to(image).as_posix()
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(path.read_bytes())
        archive.comment = b'{"ome": {"version": "0.5"}}'
    data = (tmp_path / "x.ozx").read_bytes()
    (tmp_path / "x.ozx").write_bytes(as_zip64(data))
    with zipfile.ZipFile(tmp_path / "x.ozx") as archive:
        assert archive.testzip() is None  # it is what Python takes for one
    check_image(strata.open(tmp_path / "x.ozx"))


def test_a_directory_beyond_every_file(image: Path, tmp_path: Path):
    file = pack(tmp_path / "x.ozx", image)
    data = bytearray(as_zip64(padded(file)))
    struct.pack_into("<Q", data, data.rfind(b"PK\6\6") + 48, 2**64 - 100)
    file.write_bytes(data)
    with pytest.raises(strata.OpenError, match="not where its end says"):
        strata.open(file)


def as_zip64(data: bytes) -> bytes:
    """Move every number of the directory and the end record to where zip64 has it."""
    directory = b""
    for at in entries(data):
        entry = bytearray(data[at : at + 46])
        stored, size, name, extra, comment = struct.unpack_from("<2L3H", entry, 20)
        (offset,) = struct.unpack_from("<L", entry, 42)
        struct.pack_into("<2L3H", entry, 20, 2**32 - 1, 2**32 - 1, name, 28, comment)
        struct.pack_into("<L", entry, 42, 2**32 - 1)
        wide = struct.pack("<2H3Q", 1, 24, size, stored, offset)
        directory += bytes(entry) + data[at + 46 : at + 46 + name] + wide
        assert extra == comment == 0
    end = data.rfind(b"PK\5\6")
    start, count = entries(data)[0], len(entries(data))
    numbers = (count, count, len(directory), start)
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, *numbers)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, start + len(directory), 1)
    last = struct.pack("<4s4H2L", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1)
    return data[:start] + directory + end64 + locator + last + data[end + 20 :]


def test_a_long_comment_and_a_member_that_looks_like_the_end(image: Path, tmp_path: Path):
    file = pack(tmp_path / "x.ozx", image)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("notes.txt", b"PK\5\6" + bytes(18))
        archive.comment = b"c" * 65_535
    check_image(strata.open(file))


def test_an_empty_zip(tmp_path: Path):
    zipfile.ZipFile(tmp_path / "x.ozx", "w").close()
    with pytest.raises(strata.OpenError, match=r"x\.ozx: found no image"):
        strata.open(tmp_path / "x.ozx")


def test_a_node_that_is_not_there(image: Path, tmp_path: Path):
    file = pack(tmp_path / "x.ozx", image)
    with pytest.raises(strata.OpenError, match=r"/none: does not exist in x\.ozx") as caught:
        strata.open(f"{file}/none")
    assert caught.value.problem.code == "not-found"


def test_a_file_that_is_no_zip(tmp_path: Path):
    (tmp_path / "x.tif").write_bytes(b"II*\0")
    with pytest.raises(strata.OpenError, match="expected a folder, a metadata file in one, or a"):
        strata.open(tmp_path / "x.tif")


BAD_MEMBERS: dict[str, tuple[Callable[[bytes, int], bytes], str]] = {
    "checksum": (lambda d, at: d[: at + 45] + b"#" + d[at + 46 :], "(checksum)"),
    "no header": (lambda d, at: d[:at] + b"QQQQ" + d[at + 4 :], "is not where the zip's directory"),
    "name too long": (lambda d, at: d[: at + 26] + b"\xff\xff" + d[at + 28 :], "breaks off"),
}


@pytest.mark.parametrize("case", BAD_MEMBERS)
def test_damaged_metadata_names_the_file_and_costs_only_its_level(
    case: str, image: Path, tmp_path: Path
):
    damage, expected = BAD_MEMBERS[case]
    file = pack(tmp_path / "x.ozx", image)
    with zipfile.ZipFile(file) as archive:
        at = archive.getinfo("1/zarr.json").header_offset
    file.write_bytes(damage(file.read_bytes(), at))
    (found,) = strata.open(file).images
    assert [level.path for level in found.levels] == ["0"]
    (problem,) = (p for p in found.problems if p.severity == "error")
    assert problem.where == "1/zarr.json"
    assert expected in problem.message


def test_a_deflated_member_that_is_damaged_or_swells(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", b" " * 10_000)
        archive.writestr("b.json", json.dumps(list(range(1000))))
        archive.writestr("c.json", "{}")
    file = tmp_path / "x.zip"
    data = bytearray(file.read_bytes())
    first, second, _ = entries(bytes(data))
    struct.pack_into("<L", data, first + 24, 5)  # of the 10,000 bytes it declares 5
    (start,) = struct.unpack_from("<L", data, second + 42)
    data[start + 36 : start + 44] = b"\xff" * 8
    file.write_bytes(data)
    swollen, damaged, sound = open_backend(parse_location(file)).read_many(
        [f"{file}/{name}.json" for name in "abc"]
    )
    assert isinstance(swollen, ReadError)
    assert "(checksum)" in str(swollen)
    assert isinstance(damaged, ReadError)
    assert "cannot be decompressed" in str(damaged)
    assert sound == b"{}"


def test_a_bomb_is_not_unpacked(image: Path, tmp_path: Path):
    file = pack(tmp_path / "x.ozx", image, zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels/zarr.json", b" " * (64 * 2**20 + 1))
    keys = [f"{file}/labels/zarr.json", f"{file}/zarr.json"]
    found, sound = open_backend(parse_location(file)).read_many(keys)
    assert sound == (image / "zarr.json").read_bytes()
    assert isinstance(found, ReadError)
    assert str(found) == "is larger than 64 MiB, which no metadata file is"


def test_extra_fields_longer_than_usual(image: Path, tmp_path: Path):
    file = tmp_path / "x.ozx"
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(p for p in image.rglob("*") if p.is_file()):
            info = zipfile.ZipInfo(path.relative_to(image).as_posix())
            info.extra = struct.pack("<2H", 0xABCD, 3000) + bytes(3000)
            archive.writestr(info, path.read_bytes())
    # Only the members' own headers keep the field: the directory does not announce it.
    data = file.read_bytes()
    start, directory = entries(data)[0], b""
    for at in entries(data):
        (name,) = struct.unpack_from("<H", data, at + 28)
        entry = bytearray(data[at : at + 46 + name])
        struct.pack_into("<H", entry, 30, 0)
        directory += entry
    end = bytearray(data[data.rfind(b"PK\5\6") :])
    struct.pack_into("<L", end, 12, len(directory))
    file.write_bytes(data[:start] + directory + bytes(end))
    check_image(strata.open(file))


# -------------------------------------------------------------------------------- remote


TAIL = "bytes=-65633"


def padded(file: Path) -> bytes:
    """A zip with 100,000 bytes more, not to be compressed, than its image."""
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("notes.txt", np.random.default_rng(1).bytes(100_000))
    return file.read_bytes()


def test_over_http(web: Web, image: Path, tmp_path: Path):
    web.files["/lab/x y.ozx"] = padded(pack(tmp_path / "x.ozx", image))
    dataset = strata.open(f"{web.url}/lab/x%20y.ozx/0")
    assert web.ranges[0] == TAIL
    assert len(web.log) == 4  # the directory and three zarr.json
    check_image(dataset)
    check_image(strata.open(f"{web.url}/lab/x%20y.ozx/zarr.json"))
    assert dataset.path == f"{web.url}/lab/x y.ozx"
    assert None not in web.ranges  # never the whole file


def test_a_file_shorter_than_the_longest_end_is_read_whole(web: Web, image: Path, tmp_path: Path):
    web.files["/x.ozx"] = pack(tmp_path / "x.ozx", image).read_bytes()
    check_image(strata.open(f"{web.url}/x.ozx"))
    assert web.ranges[:2] == [TAIL, None]


def test_a_large_directory_takes_one_request_more_and_is_read_once(web: Web, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for number in range(2000):
            archive.writestr(f"a/{number}/attributes.json", b"{}")
        size = archive.start_dir
    data = (tmp_path / "x.zip").read_bytes()
    web.files["/x.zip"] = data
    backend = open_backend(parse_location(f"{web.url}/x.zip"))
    end = data.rfind(b"PK\5\6")
    assert web.ranges == [TAIL, f"bytes={size}-{end - 1}"]
    assert backend.list("x.zip/a") is not None
    assert len(backend.list("x.zip/a").folders) == 2000  # type: ignore[union-attr]
    keys = ["x.zip/a/7/attributes.json", "x.zip/a/7/zarr.json", "x.zip/a/1999/attributes.json"]
    assert backend.read_many(keys) == [b"{}", None, b"{}"]
    assert len(web.log) == 4


@pytest.mark.parametrize("how", HOW)
def test_pixels_over_http(how: str, web: Web, tmp_path: Path):
    version, options = HOW[how]
    fill(tmp_path / "x.zarr", version, **options)
    file = pack(tmp_path / "x.zip", tmp_path / "x.zarr", zipfile.ZIP_DEFLATED, above="x.zarr/")
    web.files["/x.zip"] = padded(file)
    check_image(strata.open(f"{web.url}/x.zip"))
    assert None not in web.ranges


def test_query_and_password_are_kept(web: Web, image: Path, tmp_path: Path):
    web.files["/x.ozx"] = pack(tmp_path / "x.ozx", image).read_bytes()
    check_image(strata.open(web.url.replace("//", "//me:secret@") + "/x.ozx?token=t%2F1"))
    assert all(path == "/x.ozx?token=t%2F1" for path in web.log)
    assert all("authorization" in headers for headers in web.headers)


@pytest.mark.parametrize(
    ("arrange", "code", "expected"),
    [
        (lambda web: None, "not-found", "does not exist"),
        (lambda web: web.statuses.update({"/x.ozx": 403}), "unreadable", "refuses permission"),
        (lambda web: web.files.update({"/x.ozx": b"<html>" * 99}), "bad-zip", "it is no zip file"),
        (lambda web: web.files.update({"/x.ozx": b""}), "bad-zip", "it is no zip file"),
    ],
)
def test_what_a_server_refuses(web: Web, arrange: Any, code: str, expected: str):
    arrange(web)
    with pytest.raises(strata.OpenError, match=expected) as caught:
        strata.open(f"{web.url}/x.ozx/0")
    assert (caught.value.problem.code, caught.value.problem.where) == (code, f"{web.url}/x.ozx")


def test_a_server_without_byte_ranges(web: Web, image: Path, tmp_path: Path):
    web.honours_ranges = False
    web.files["/x.ozx"] = pack(tmp_path / "x.ozx", image).read_bytes()
    with pytest.raises(strata.OpenError, match="does not answer byte ranges"):
        strata.open(f"{web.url}/x.ozx")


def test_in_a_bucket(s3: S3, image: Path, tmp_path: Path):
    file = pack(tmp_path / "x.zip", image, above="labels/nuclei/")
    s3.objects["a/x.zarr.zip"] = file.read_bytes()
    check_image(strata.open("s3://lab/a/x.zarr.zip/labels/nuclei"))
    assert s3.listings == []
    assert set(s3.keys) == {"a/x.zarr.zip"}
    (found,) = strata.open("s3://lab/a/x.zarr.zip").images
    assert found.path == "labels/nuclei"


def test_in_a_private_bucket(s3: S3, image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    s3.objects["x.ozx"] = pack(tmp_path / "x.ozx", image).read_bytes()
    s3.allowed = lambda signed: signed
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    check_image(strata.open("s3://lab/x.ozx"))
    assert "authorization" not in s3.headers[0]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x.ozx", True),
        ("X v1.2.OZX", True),
        ("x.zarr.zip", True),
        ("x.n5.zip", True),
        ("x.ome.zip", True),
        ("photos.zip", False),
    ],
)
def test_napari_offers_us_files_by_their_names(
    name: str, expected: bool, image: Path, tmp_path: Path
):
    """A file, unlike a folder, reaches a reader only by the patterns of its manifest."""
    import npe2

    manager = npe2.PluginManager()
    manager.register(npe2.PluginManifest.from_distribution("napari-strata"))
    file = str(pack(tmp_path / name, image))
    assert bool(list(manager.iter_compatible_readers(file))) is expected
    assert (get_reader(file) is not None) is expected


def test_a_local_zip_needs_no_tensorstore_for_its_metadata(image: Path, tmp_path: Path):
    file = pack(tmp_path / "x.ozx", image)
    code = (
        "import sys; from napari_strata.store.container import open_container;"
        f"open_container({str(file)!r}).json('zarr.json'); assert 'tensorstore' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
