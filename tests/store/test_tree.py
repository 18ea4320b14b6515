"""Nodes of a container: every file once, and no way out of the root."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from napari_strata.model import OpenError
from napari_strata.store.backend import Listing, LocalBackend
from napari_strata.store.container import open_container
from napari_strata.store.location import Location
from napari_strata.store.tree import Node, Tree, prefetch
from napari_strata.store.values import JsonPlace

PLACE = JsonPlace("group/attributes.json", "multiscales[0].datasets[2].path")


@pytest.fixture
def root(tmp_path: Path) -> Node:
    folder = tmp_path / "a.n5"
    for path in ("group/s0", "group/deep/er"):
        (folder / path).mkdir(parents=True)
    (folder / "attributes.json").write_text('{"n5": "4.0.0"}')
    (folder / "group/attributes.json").write_text('{"scales": [[1, 1, 1]]}')
    return Tree.at(Location("file", "", str(folder)))[1]


def test_a_file_is_read_once(root: Node):
    group = root.child("group")
    assert group.json("attributes.json") == {"scales": [[1, 1, 1]]}
    prefetch([root, group, root.child("group")], "attributes.json")
    assert root.child("group").json("attributes.json") == {"scales": [[1, 1, 1]]}
    assert root.json("attributes.json") == {"n5": "4.0.0"}
    assert root.tree.reads == {
        f"{root.path}/group/attributes.json": 1,
        f"{root.path}/attributes.json": 1,
    }


def test_what_is_missing_is_asked_for_once(root: Node):
    for _ in range(3):
        assert root.json("zarr.json") is None
        assert root.child("nothing").json("attributes.json") is None
    assert set(root.tree.reads.values()) == {1}
    assert len(root.tree.reads) == 2


def test_a_folder_is_listed_once(root: Node):
    for _ in range(3):
        assert root.child("group").listing() == Listing(("deep", "s0"), ("attributes.json",))
    assert root.tree.reads == {f"{root.path}/group/": 1}


def test_listing_nothing(root: Node):
    assert root.child("nothing").listing() == Listing((), ())


def test_a_listing_that_fails_is_named(root: Node, monkeypatch: pytest.MonkeyPatch):
    def refuse(path: str) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(OpenError, match=r"^group: cannot be listed: Permission denied$"):
        root.child("group").listing()


TEXTS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "found nothing, expected JSON"),
    "blank": (b" \n", "found nothing, expected JSON"),
    "mistake": (b'{\n  "a" 1\n}', "found a mistake at line 2, column 7, expected JSON"),
    "not text": (b"\xff\xfe\x00", "found bytes that are no text, expected JSON"),
    "deep": (b"[" * 100_000, "found brackets nested too deeply, expected JSON"),
    "digits": (b'{"a": 1' + b"0" * 5000 + b"}", "found a number of too many digits"),
    "list": (b"[1, 2]", "found [1, 2], expected an object"),
    "text": (b'"x"', 'found "x", expected an object'),
    "null": (b"null", "found null, expected an object"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_no_json_object(name: str, root: Node):
    data, message = TEXTS[name]
    Path(root.path, "group/attributes.json").write_bytes(data)
    for _ in range(2):  # the same every time, from one read
        with pytest.raises(OpenError) as caught:
            root.child("group").json("attributes.json")
        assert str(caught.value).startswith(f"group/attributes.json: {message}")
    assert set(root.tree.reads.values()) == {1}


def test_a_byte_order_mark_is_no_mistake(root: Node):
    Path(root.path, "attributes.json").write_bytes(b"\xef\xbb\xbf{}")
    assert root.json("attributes.json") == {}


def test_what_is_no_file_is_not_waited_for(root: Node):
    os.mkfifo(Path(root.path, "group/zarr.json"))
    Path(root.path, "group/.zattrs").mkdir()
    for name in ("zarr.json", ".zattrs"):
        with pytest.raises(OpenError, match=f"^group/{name}: is no file, expected one with JSON$"):
            root.child("group").json(name)


def test_a_file_that_is_too_large_is_not_read_whole(root: Node, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("napari_strata.store.backend.LARGEST_METADATA_FILE", 10)
    with pytest.raises(OpenError, match=r"^attributes\.json: is larger than 64 MiB"):
        root.json("attributes.json")


# ------------------------------------------------------- paths in metadata: formats.md, section 5

GOOD_PATHS = {
    "s0": "group/s0",
    "./s0": "group/s0",
    "s0/": "group/s0",
    "deep//er": "group/deep/er",
    "deep/./er": "group/deep/er",
    "not there": "group/not there",
    "...": "group/...",
    "%2e%2e": "group/%2e%2e",
    "~": "group/~",
    "-": "group/-",
    "é/µ": "group/é/µ",
}


@pytest.mark.parametrize("path", GOOD_PATHS)
def test_paths_that_stay_inside(path: str, root: Node):
    assert root.child("group").descend(path, PLACE).inner_path == GOOD_PATHS[path]


BAD_PATHS: dict[str, tuple[Any, str]] = {
    "absolute": ("/group/s0", "not an absolute one"),
    "absolute to the root": ("/", "not an absolute one"),
    "parent": ("..", "stays inside its group"),
    "out and back": ("../group/s0", "stays inside its group"),
    "hidden parent": ("s0/../../s0", "stays inside its group"),
    "parent and back inside": ("deep/../s0", "stays inside its group"),
    "backslash": ("s0\\s1", "not by a backslash"),
    "backslashed parent": ("..\\s0", "not by a backslash"),
    "drive": ("C:/data/s0", "without a drive or scheme"),
    "drive alone": ("c:", "without a drive or scheme"),
    "file scheme": ("file:///etc", "without a drive or scheme"),
    "web scheme": ("https://elsewhere/s0", "without a drive or scheme"),
    "bucket": ("s3://bucket/s0", "without a drive or scheme"),
    "itself": (".", "not the group itself"),
    "itself twice": ("././", "not the group itself"),
    "empty": ("", "not the group itself"),
    "zero": ("s0\0", "expected a path"),
    "surrogate": ("\ud800", "found"),
    "number": (0, "found 0, expected a path (text)"),
    "null": (None, "found null, expected a path (text)"),
    "true": (True, "found true, expected a path (text)"),
    "list": (["s0"], 'found ["s0"], expected a path (text)'),
    "object": ({"path": "s0"}, "expected a path (text)"),
}


@pytest.mark.parametrize("name", BAD_PATHS)
def test_paths_that_are_refused(name: str, root: Node):
    path, message = BAD_PATHS[name]
    group = root.child("group")
    with pytest.raises(OpenError) as caught:
        group.descend(path, PLACE)
    text = str(caught.value)
    assert text.startswith("group/attributes.json: multiscales[0].datasets[2].path: found ")
    assert message in text
    assert len(text.splitlines()) == 1
    assert not root.tree.reads


@pytest.mark.parametrize(
    ("link", "target"),
    [("s9", "/"), ("s9", "../../elsewhere"), ("s9", "../../a.n5x"), ("deep/s9", "../../..")],
)
def test_links_out_are_refused(link: str, target: str, root: Node):
    group = root.child("group")
    Path(group.path, link).symlink_to(target)
    with pytest.raises(OpenError, match=f"group/{link}' is a link that leads out of the dataset"):
        group.descend(link, PLACE)


def test_links_inside_are_followed(root: Node):
    group = root.child("group")
    Path(group.path, "s9").symlink_to("deep/er")
    assert group.descend("s9", PLACE).real_path() == f"{group.path}/deep/er"


def test_a_file_that_is_a_link_out_is_refused(root: Node, tmp_path: Path):
    (tmp_path / "secret.json").write_text('{"secret": 1}')
    Path(root.path, "group/zarr.json").symlink_to(tmp_path / "secret.json")
    with pytest.raises(OpenError, match=r"group/zarr\.json: the file is a link that leads out"):
        root.child("group").json("zarr.json")
    assert not root.tree.reads


def test_a_link_to_itself_is_missing(root: Node):
    Path(root.path, "group/loop").symlink_to("loop")
    with pytest.raises(OpenError, match="cannot be read: Too many levels"):
        root.child("group/loop").json("attributes.json")
    assert root.child("group").listing() == Listing(("deep", "s0"), ("attributes.json", "loop"))


# -------------------------------------------------------------------------------- the root


def named(path: Path, **files: Any) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        file = {"n5": "attributes.json", "zarr3": "zarr.json", "zarr2": ".zgroup"}[name]
        (path / file).write_text(json.dumps(value))
    return path


def test_the_root_is_the_nearest_container(tmp_path: Path):
    named(tmp_path / "outer.zarr", zarr3={})
    opened = named(tmp_path / "outer.zarr/inner.n5/em/raw")
    assert open_container(opened).tree.root == f"{tmp_path}/outer.zarr/inner.n5"
    assert open_container(tmp_path / "outer.zarr").tree.root == f"{tmp_path}/outer.zarr"


def test_else_the_topmost_of_an_unbroken_chain(tmp_path: Path):
    named(tmp_path / "top", n5={})  # cut off from what is below by a folder without a file
    named(tmp_path / "top/gap/a", n5={})
    named(tmp_path / "top/gap/a/b", zarr2={})
    opened = named(tmp_path / "top/gap/a/b/c")
    node = open_container(opened)
    assert node.tree.root == f"{tmp_path}/top/gap/a"
    assert node.inner_path == "b/c"
    assert [n.path for n in node.lineage()] == [
        f"{tmp_path}/top/gap/a/b/c",
        f"{tmp_path}/top/gap/a/b",
        f"{tmp_path}/top/gap/a",
    ]


def test_without_a_chain_the_root_is_what_was_named(tmp_path: Path):
    assert open_container(named(tmp_path / "x/y")).tree.root == f"{tmp_path}/x/y"


@pytest.mark.parametrize("name", ["gone", "gone.n5", "gone.n5/em"])
def test_what_does_not_exist(name: str, tmp_path: Path):
    with pytest.raises(OpenError, match=f"{tmp_path}/{name}: does not exist"):
        open_container(tmp_path / name)


def test_what_is_a_file_or_a_dead_link(tmp_path: Path):
    (tmp_path / "a.tif").write_text("x")
    (tmp_path / "dead.n5").symlink_to("nowhere")
    with pytest.raises(OpenError, match=r"a\.tif: is a file, expected a folder"):
        open_container(tmp_path / "a.tif")
    with pytest.raises(OpenError, match=r"dead\.n5: is a link that leads nowhere"):
        open_container(tmp_path / "dead.n5")


def test_relative_paths_of_nodes(root: Node):
    node = root.child("group").child("s0")
    assert node.relative_to(root.path) == "group/s0"
    assert node.relative_to(root.child("group").path) == "s0"
    assert node.relative_to(node.path) == ""
    assert node.shown_path == "group/s0"
    assert node.parent == root.child("group")
    assert root.parent is None


def test_the_specification_for_tensorstore(root: Node):
    kvstore = root.child("group").kvstore()
    assert kvstore == {"driver": "file", "path": f"{root.path}/group/"}
    assert LocalBackend().kvstore("/a/") == {"driver": "file", "path": "/a/"}
