"""Metadata that is missing, malformed, lying, circular or pointing outside: one clear line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from checks import check_message, one_line, refused, run_cli
from containers import build, load_cases, write_n5_array

import napari_strata as strata

GOOD = {"scales": [[1, 1, 1]], "resolution": [4, 5, 6], "units": ["nm", "nm", "nm"]}
CUBE = {"shape_c_order": [4, 4, 4], "dtype": "uint8"}
OME = {
    "multiscales": [
        {
            "version": "0.4",
            "axes": [{"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"],
            "datasets": [
                {
                    "path": "0",
                    "coordinateTransformations": [{"type": "scale", "scale": [2, 3, 4]}],
                }
            ],
        }
    ]
}


def n5(tmp_path: Path, bad: dict[str, Any] | None = None) -> Path:
    """Write ``data.n5`` with a good image ``good`` and one to be spoilt, ``v``; return its path."""
    case = {
        "name": "bad-input",
        "container": "n5",
        "open": "",
        "tree": {"": {"n5": "2.5.1"}, "good": GOOD, "v": GOOD if bad is None else bad},
        "arrays": {"good/s0": CUBE, "v/s0": CUBE},
    }
    return build(case, tmp_path)


def ome(tmp_path: Path, container: str) -> Path:
    attributes = OME if container == "zarr2" else {"ome": {"version": "0.5", **OME}}
    case = {
        "name": "bad-input",
        "container": container,
        "open": "",
        "tree": {"": {}, "good": attributes, "v": attributes},
        "arrays": {"good/0": CUBE, "v/0": CUBE},
    }
    return build(case, tmp_path)


def problem_texts(dataset: Any) -> list[str]:
    problems = [*dataset.problems, *(p for image in dataset.images for p in image.problems)]
    return [f"{p.where} {p.message}" for p in problems]


def check_both(root: Path, expected: dict[str, Any]) -> str:
    """Opened by itself ``v`` is refused; from the root it is named, and ``good`` still opens."""
    message = refused(root / "v")
    check_message(message, expected)
    dataset = strata.open(root)
    assert [image.path for image in dataset.images] == ["good"]
    assert any("v/" in text for text in problem_texts(dataset)), problem_texts(dataset)
    return message


# -------------------------------------------------------------------------- not JSON at all

TEXTS: dict[str, tuple[str | bytes, dict[str, Any]]] = {
    "empty-file": ("", {"found": ["empty", "Expecting value", "JSON"]}),
    "blank-file": (" \n\t ", {"found": ["empty", "Expecting value", "JSON"]}),
    "not-json": ("this is not JSON", {"found": ["JSON"]}),
    "truncated": ('{"scales": [[1, 1, 1]', {"found": ["JSON"]}),
    "trailing-comma": ('{"scales": [[1, 1, 1]],}', {"found": ["JSON"]}),
    "two-documents": ('{"scales": [[1,1,1]]} {"a": 1}', {"found": ["JSON"]}),
    "not-utf8": (b'{"units": ["\xb5m"], "scales": [[1,1,1]]}', {"found": ["UTF-8", "JSON"]}),
    "binary": (bytes(range(256)), {"found": ["UTF-8", "JSON"]}),
    "html": ("<html><body>404</body></html>", {"found": ["JSON"]}),
    "deep-lists": ("[" * 100_000 + "]" * 100_000, {"found": ["nested", "deep", "JSON"]}),
    "deep-objects": (
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        {"found": ["nested", "deep", "JSON"]},
    ),
    "unclosed-lists": ("[" * 100_000, {"found": ["nested", "deep", "JSON"]}),
    "null": ("null", {"found": ["null", "None"], "expected": ["object"]}),
    "a-number": ("7", {"found": ["7", "number"], "expected": ["object"]}),
    "a-string": ('"scales"', {"found": ["string", "scales", "text"], "expected": ["object"]}),
    "a-list": ("[1, 2]", {"found": ["list", "array", "[1, 2]"], "expected": ["object"]}),
    "nan": (
        '{"scales": [[1, 1, 1]], "resolution": [4, NaN, 4]}',
        {"key": "resolution[1]", "found": ["NaN"], "expected": ["finite"]},
    ),
    "infinity": (
        '{"scales": [[1, 1, 1]], "resolution": [4, 4, Infinity]}',
        {"key": "resolution[2]", "found": ["inf", "infinity"], "expected": ["finite"]},
    ),
    "minus-infinity": (
        '{"scales": [[1, 1, 1]], "resolution": [-Infinity, 4, 4]}',
        {"key": "resolution[0]", "found": ["-inf", "-infinity"]},
    ),
    "integer-of-400-digits": (
        '{"scales": [[1, 1, 1]], "resolution": [4, 4, 1' + "0" * 400 + "]}",
        {"key": "resolution[2]"},
    ),
    "integer-of-10000-digits": (
        '{"scales": [[1, 1, 1]], "resolution": [4, 4, 1' + "0" * 10_000 + "]}",
        {},
    ),
    "float-that-overflows-when-multiplied": (
        '{"scales": [[1, 1, 1e200]], "resolution": [1, 1, 1e200]}',
        {"found": ["finite", "inf", "infinity"]},
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_group_file_is_no_metadata(name, tmp_path):
    text, expected = TEXTS[name]
    root = n5(tmp_path)
    write(root / "v/attributes.json", text)
    message = check_both(root, {"file": "v/attributes.json", **expected})
    assert len(message) < 1000, "the file's content does not belong in the message"


@pytest.mark.parametrize("name", ["empty-file", "not-json", "deep-lists", "null", "not-utf8"])
def test_zarr_files_are_no_metadata(name, tmp_path):
    text, expected = TEXTS[name]
    for container, group, array in [
        ("zarr2", ".zattrs", "0/.zarray"),
        ("zarr3", "zarr.json", "0/zarr.json"),
    ]:
        for file in (group, array):
            root = ome(tmp_path / container / file.replace("/", "-"), container)
            write(root / "v" / file, text)
            check_both(root, {"file": f"v/{file}", **expected})


def write(path: Path, text: str | bytes) -> None:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_a_byte_order_mark_is_read_over(tmp_path):
    root = n5(tmp_path)
    write(root / "v/attributes.json", "\ufeff" + json.dumps(GOOD))
    image = strata.open(root / "v").images[0]
    assert list(image.levels[0].scale) == [6, 5, 4]


def test_a_duplicate_key_is_not_a_crash(tmp_path):
    root = n5(tmp_path)
    write(
        root / "v/attributes.json", '{"resolution":[1,1,1],"resolution":[4,5,6],"scales":[[1,1,1]]}'
    )
    image = strata.open(root / "v").images[0]
    assert list(image.levels[0].scale) == [6, 5, 4]


def test_a_broken_array_file_under_a_sound_group(tmp_path):
    root = n5(tmp_path)
    write(root / "v/s0/attributes.json", '{"dimensions": [4,')
    check_both(root, {"file": "v/s0/attributes.json", "found": ["JSON"]})


def test_a_broken_ancestor_file_is_named(tmp_path):
    """The root's own file is broken: it is named, and what does not need it opens."""
    root = n5(tmp_path)
    write(root / "attributes.json", "{]")
    try:
        dataset = strata.open(root / "v")
    except strata.OpenError as error:
        check_message(one_line(str(error)), {"file": "attributes.json", "found": ["JSON"]})
    else:
        assert list(dataset.images[0].levels[0].scale) == [6, 5, 4]
        assert any("attributes.json" in t and "JSON" in t for t in problem_texts(dataset))


# ------------------------------------------------------------------------- wrong types, each

VALUES = {
    "null": None,
    "true": True,
    "number": 7,
    "string": "x",
    "list": [],
    "object": {},
    "nested": [[[[]]]],
    "list-of-null": [None, None, None],
    "list-of-objects": [{}, {}, {}],
}
N5_KEYS = [
    "scales",
    "downsamplingFactors",
    "downSamplingFactors",
    "resolution",
    "units",
    "axes",
    "coordinateArrays",
    "pixelResolution",
    "affineTransform",
    "multiscales",
    "transform",
    "cellmap",
    "n5",
    "name",
    "multiScale",
]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("key", N5_KEYS)
def test_any_type_for_any_group_key(key, value, tmp_path):
    """It opens, or one line names file and key. Nothing else is raised; ``good`` always opens."""
    root = n5(tmp_path, {**GOOD, key: VALUES[value]})
    open_or_named(root, "v/attributes.json", key)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(
    "key", ["transform", "downsamplingFactors", "pixelResolution", "affineTransform", "resolution"]
)
def test_any_type_for_any_array_key(key, value, tmp_path):
    case = {
        "name": "x",
        "container": "n5",
        "open": "",
        "tree": {"": {}, "good": GOOD, "v/s0": {key: VALUES[value]}},
        "arrays": {"good/s0": CUBE, "v/s0": CUBE},
    }
    open_or_named(build(case, tmp_path), "v/s0/attributes.json", key)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("key", ["axes", "scale", "translate", "units", "order", "ordering"])
def test_any_type_for_any_transform_key(key, value, tmp_path):
    transform = {
        "axes": ["z", "y", "x"],
        "scale": [4, 5, 6],
        "translate": [0, 0, 0],
        "units": ["nm", "nm", "nm"],
        key: VALUES[value],
    }
    case = {
        "name": "x",
        "container": "n5",
        "open": "",
        "tree": {"": {}, "good": GOOD, "v/s0": {"transform": transform}},
        "arrays": {"good/s0": CUBE, "v/s0": CUBE},
    }
    open_or_named(build(case, tmp_path), "v/s0/attributes.json", f"transform.{key}")


OME_PLACES = [
    ("multiscales",),
    ("multiscales", 0),
    ("multiscales", 0, "axes"),
    ("multiscales", 0, "axes", 1),
    ("multiscales", 0, "axes", 1, "name"),
    ("multiscales", 0, "axes", 1, "type"),
    ("multiscales", 0, "axes", 1, "unit"),
    ("multiscales", 0, "datasets"),
    ("multiscales", 0, "datasets", 0),
    ("multiscales", 0, "datasets", 0, "path"),
    ("multiscales", 0, "datasets", 0, "coordinateTransformations"),
    ("multiscales", 0, "datasets", 0, "coordinateTransformations", 0),
    ("multiscales", 0, "datasets", 0, "coordinateTransformations", 0, "type"),
    ("multiscales", 0, "datasets", 0, "coordinateTransformations", 0, "scale"),
    ("multiscales", 0, "datasets", 0, "coordinateTransformations", 0, "scale", 1),
    ("multiscales", 0, "coordinateTransformations"),
    ("multiscales", 0, "name"),
    ("multiscales", 0, "version"),
    ("omero",),
    ("omero", "channels"),
]


def replaced(value: Any, place: tuple[Any, ...], new: Any) -> Any:
    if not place:
        return new
    head, *rest = place
    if isinstance(value, list):
        return [replaced(v, tuple(rest), new) if i == head else v for i, v in enumerate(value)]
    return {**value, head: replaced(value.get(head, {}), tuple(rest), new)}


@pytest.mark.parametrize("container", ["zarr2", "zarr3"])
@pytest.mark.parametrize("place", OME_PLACES, ids=lambda place: ".".join(map(str, place)))
def test_any_type_at_any_place_of_ome(container, place, tmp_path):
    key = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in place).lstrip(".")
    for name, value in VALUES.items():
        root = ome(tmp_path / name, container)
        attributes = replaced(OME, place, value)
        file = "v/.zattrs"
        text = json.dumps(attributes)
        if container == "zarr3":
            file = "v/zarr.json"
            group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": attributes}}
            text = json.dumps(group)
        write(root / file, text)
        open_or_named(root, file, key)


def open_or_named(root: Path, file: str, key: str) -> None:
    """``v`` opens, or the line names the file and the top of the key; ``good`` opens anyway."""
    try:
        dataset = strata.open(root / "v")
        assert len(dataset.images) >= 1
        assert dataset.images[0].levels
    except strata.OpenError as error:
        message = one_line(str(error))
        assert file.rsplit("/", 1)[0] in message, message
        parent = key.rsplit(".", 1)[0].rsplit("[", 1)[0]
        assert parent in message, message
    dataset = strata.open(root)
    assert "good" in [image.path for image in dataset.images]


# ------------------------------------------------------------------------------ lying arrays

ARRAY_KEYS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "negative-dimension": (
        {"dimensions": [4, -4, 4]},
        {"key": "dimensions[1]", "found": ["-4"]},
    ),
    "zero-dimension": ({"dimensions": [4, 0, 4]}, {"key": "dimensions[1]", "found": ["0"]}),
    "float-dimension": ({"dimensions": [4, 4, 4.5]}, {"key": "dimensions[2]", "found": ["4.5"]}),
    "string-dimension": ({"dimensions": ["4", 4, 4]}, {"key": "dimensions[0]", "found": ["4"]}),
    "huge-dimension": ({"dimensions": [10**30, 4, 4]}, {"key": "dimensions[0]"}),
    "boolean-dimension": ({"dimensions": [True, 4, 4]}, {"key": "dimensions[0]"}),
    "null-dimension": ({"dimensions": [None, 4, 4]}, {"key": "dimensions[0]"}),
    "dimensions-no-list": ({"dimensions": 4}, {"key": "dimensions", "expected": ["list"]}),
    "dimensions-empty": ({"dimensions": []}, {"key": "dimensions"}),
    "block-negative": ({"blockSize": [4, -4, 4]}, {"key": "blockSize[1]", "found": ["-4"]}),
    "block-zero": ({"blockSize": [4, 0, 4]}, {"key": "blockSize[1]", "found": ["0"]}),
    "block-huge": ({"blockSize": [10**30, 4, 4]}, {"key": "blockSize[0]"}),
    "block-rank": ({"blockSize": [4, 4]}, {"key": "blockSize", "expected": ["3", "three"]}),
    "dtype-unknown": ({"dataType": "uint7"}, {"key": "dataType", "found": ["uint7"]}),
    "dtype-object": ({"dataType": "object"}, {"key": "dataType", "found": ["object"]}),
    "dtype-string": ({"dataType": "string"}, {"key": "dataType", "found": ["string"]}),
    "dtype-number": ({"dataType": 8}, {"key": "dataType", "found": ["8"]}),
    "codec-unknown": (
        {"compression": {"type": "wavelet"}},
        {"key": "compression.type", "found": ["wavelet"]},
    ),
    "codec-no-object": ({"compression": "gzip?"}, {"key": "compression"}),
    "codec-without-type": ({"compression": {}}, {"key": "compression"}),
    "codec-null": ({"compression": None}, {"key": "compression"}),
}


@pytest.mark.parametrize("name", ARRAY_KEYS)
def test_n5_array_keys_that_lie(name, tmp_path):
    change, expected = ARRAY_KEYS[name]
    root = n5(tmp_path)
    file = root / "v/s0/attributes.json"
    write(file, json.dumps(json.loads(file.read_text()) | change))
    check_both(root, {"file": "v/s0/attributes.json", **expected})


ZARR2_KEYS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "negative": ({"shape": [4, -4, 4]}, {"key": "shape[1]", "found": ["-4"]}),
    "huge": ({"shape": [10**30, 4, 4]}, {"key": "shape[0]"}),
    "float": ({"shape": [4.5, 4, 4]}, {"key": "shape[0]", "found": ["4.5"]}),
    "no-list": ({"shape": "4"}, {"key": "shape"}),
    "chunk-rank": ({"chunks": [4, 4]}, {"key": "chunks"}),
    "chunk-zero": ({"chunks": [4, 0, 4]}, {"key": "chunks[1]", "found": ["0"]}),
    "dtype": ({"dtype": "<q9"}, {"key": "dtype", "found": ["<q9"]}),
    "dtype-object": ({"dtype": "|O"}, {"key": "dtype", "found": ["|O"]}),
    "structured": ({"dtype": [["a", "<u1"], ["b", "<u2"]]}, {"key": "dtype"}),
    "codec": ({"compressor": {"id": "wavelet"}}, {"key": "compressor.id", "found": ["wavelet"]}),
    "filter": ({"filters": [{"id": "wavelet"}]}, {"key": "filters[0].id", "found": ["wavelet"]}),
    "order": ({"order": "K"}, {"key": "order", "found": ["K"]}),
    "separator": ({"dimension_separator": "-"}, {"key": "dimension_separator", "found": ["-"]}),
    "format": ({"zarr_format": 7}, {"key": "zarr_format", "found": ["7"]}),
}


@pytest.mark.parametrize("name", ZARR2_KEYS)
def test_zarr2_array_keys_that_lie(name, tmp_path):
    change, expected = ZARR2_KEYS[name]
    root = ome(tmp_path, "zarr2")
    file = root / "v/0/.zarray"
    write(file, json.dumps(json.loads(file.read_text()) | change))
    check_both(root, {"file": "v/0/.zarray", **expected})


ZARR3_KEYS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "negative": ({"shape": [4, -4, 4]}, {"key": "shape[1]", "found": ["-4"]}),
    "huge": ({"shape": [10**30, 4, 4]}, {"key": "shape[0]"}),
    "no-list": ({"shape": None}, {"key": "shape"}),
    "dtype": ({"data_type": "uint7"}, {"key": "data_type", "found": ["uint7"]}),
    "grid": (
        {"chunk_grid": {"name": "rectangular", "configuration": {}}},
        {"key": "chunk_grid.name", "found": ["rectangular"]},
    ),
    "grid-rank": (
        {"chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [4, 4]}}},
        {"key": "chunk_grid.configuration.chunk_shape"},
    ),
    "codec": (
        {"codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "wavelet"}]},
        {"key": "codecs[1].name", "found": ["wavelet"]},
    ),
    "codecs-no-list": ({"codecs": {}}, {"key": "codecs"}),
    # By its own word no array: the group's entry may be what is named.
    "node-type": (
        {"node_type": "picture"},
        {"file": "v/", "key": "node_type", "also_key": ["multiscales[0].datasets[0].path"]},
    ),
    "format": ({"zarr_format": 7}, {"key": "zarr_format", "found": ["7"]}),
}


@pytest.mark.parametrize("name", ZARR3_KEYS)
def test_zarr3_array_keys_that_lie(name, tmp_path):
    change, expected = ZARR3_KEYS[name]
    root = ome(tmp_path, "zarr3")
    file = root / "v/0/zarr.json"
    write(file, json.dumps(json.loads(file.read_text()) | change))
    check_both(root, {"file": "v/0/zarr.json", **expected})


def test_a_lying_size_opens_without_building_anything(tmp_path):
    """2**40 voxels a side with 64-voxel chunks: opening and slicing stay instant."""
    root = n5(tmp_path)
    file = root / "v/s0/attributes.json"
    lie = json.loads(file.read_text()) | {"dimensions": [2**40] * 3, "blockSize": [64] * 3}
    write(file, json.dumps(lie))
    level = strata.open(root / "v").images[0].levels[0]
    assert level.shape == (2**40, 2**40, 2**40)
    corner = level.data[2**39, 2**39 : 2**39 + 3, 5:7]
    assert corner.shape == (3, 2)


# --------------------------------------------------------------------- outside the root, loops


@pytest.fixture
def bait(tmp_path):
    """An array and a file outside the container, whose access time tells of a read."""
    write_n5_array(tmp_path / "outside/s0", (4, 4, 4), "uint8")
    return tmp_path / "outside"


def opened_files(code: str, *arguments: str) -> tuple[str, list[str]]:
    """Run ``code`` in a fresh process; return its output and every path it opened or listed."""
    recorder = (
        "import sys\nseen = []\n"
        "def hook(event, args):\n"
        "    if event in ('open', 'os.listdir', 'os.scandir') and args and args[0] is not None:\n"
        "        seen.append(str(args[0]))\n"
        "sys.addaudithook(hook)\n"
    )
    report = "\nimport json\nprint(json.dumps([p for p in seen]))"
    done = subprocess.run(
        [sys.executable, "-c", recorder + code + report, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    *output, seen = done.stdout.strip().splitlines()
    return "\n".join(output), json.loads(seen)


OPEN = """
import napari_strata as strata
for path in sys.argv[1:]:
    try:
        dataset = strata.open(path)
        print([image.path for image in dataset.images], [str(p) for p in dataset.problems])
        for image in dataset.images:
            for level in image.levels:
                print(level.data[0, 0, 0])
    except strata.OpenError as error:
        print(error)
"""


@pytest.mark.parametrize(
    "path",
    ["../../outside/s0", "../outside/s0", "{absolute}/s0", "file://{absolute}/s0", "..\\outside"],
)
def test_a_path_that_leaves_the_root_reads_nothing_there(path, tmp_path, bait):
    transform = {
        "axes": ["z", "y", "x"],
        "scale": [4, 4, 4],
        "translate": [0, 0, 0],
        "units": ["nm", "nm", "nm"],
    }
    text = path.format(absolute=bait)
    root = n5(tmp_path, {"multiscales": [{"datasets": [{"path": text, "transform": transform}]}]})
    (root / "v/s0/attributes.json").unlink()
    message = refused(root / "v")
    check_message(
        message,
        {
            "file": "v/attributes.json",
            "key": "multiscales[0].datasets[0].path",
            "expected": ["inside", "relative", "absolute", "scheme", "drive", "backslash"],
            "found": [text.split("pytest")[0].split("outside")[0]],  # a long one may be cut
        },
    )
    _, seen = opened_files(OPEN, str(root), str(root / "v"))
    assert not [p for p in seen if "outside" in p], seen
    assert [p for p in seen if p.endswith("attributes.json")], "the recorder saw nothing at all"


@pytest.mark.parametrize("what", ["level", "group", "file"])
def test_a_symbolic_link_that_leaves_the_root(what, tmp_path, bait):
    root = n5(tmp_path)
    secret = {**GOOD, "resolution": [77, 77, 77]}
    write(bait / "attributes.json", json.dumps(secret))
    if what == "level":
        remove(root / "v/s0")
        (root / "v/s0").symlink_to(bait / "s0")
    elif what == "group":
        remove(root / "v")
        (root / "v").symlink_to(bait)
    else:
        (root / "v/attributes.json").unlink()
        (root / "v/attributes.json").symlink_to(bait / "attributes.json")
    dataset = strata.open(root)
    assert [image.path for image in dataset.images] == ["good"]
    _, seen = opened_files(OPEN, str(root))
    assert not [p for p in seen if "outside" in p], seen


def remove(path: Path) -> None:
    for item in sorted(path.rglob("*"), reverse=True):
        item.rmdir() if item.is_dir() else item.unlink()
    path.rmdir()


def test_a_symbolic_link_inside_the_root_is_fine(tmp_path):
    root = n5(tmp_path)
    remove(root / "v/s0")
    (root / "v/s0").symlink_to(root / "good/s0")
    image = strata.open(root / "v").images[0]
    assert list(image.levels[0].scale) == [6, 5, 4]


def test_the_container_itself_may_be_a_link(tmp_path):
    root = n5(tmp_path / "really")
    (tmp_path / "link.n5").symlink_to(root)
    dataset = strata.open(tmp_path / "link.n5")
    assert [image.path for image in dataset.images] == ["good", "v"]


def test_links_that_go_round(tmp_path):
    root = n5(tmp_path)
    (root / "loop").symlink_to(root)
    (root / "v/loop").symlink_to(root / "v")
    (root / "good/self").symlink_to(root / "good/self")
    (root / "a").symlink_to(root / "b")
    (root / "b").symlink_to(root / "a")
    dataset = strata.open(root)
    assert [image.path for image in dataset.images] == ["good", "v"]
    refused(root / "a")


@pytest.mark.parametrize("path", [".", "", "./", "..", "../v", "s0/.."])
def test_a_group_that_names_itself(path, tmp_path):
    transform = {
        "axes": ["z", "y", "x"],
        "scale": [4, 4, 4],
        "translate": [0, 0, 0],
        "units": ["nm", "nm", "nm"],
    }
    root = n5(tmp_path, {"multiscales": [{"datasets": [{"path": path, "transform": transform}]}]})
    check_both(root, {"file": "v/attributes.json", "key": "multiscales[0].datasets[0].path"})


def test_a_hundred_thousand_levels(tmp_path):
    """A list of levels that are not there costs neither minutes nor a message of megabytes."""
    datasets = [
        {"path": f"s{i}", "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 1]}]}
        for i in range(2000)
    ]
    root = ome(tmp_path, "zarr2")
    attributes = {"multiscales": [{**OME["multiscales"][0], "datasets": datasets}]}
    write(root / "v/.zattrs", json.dumps(attributes))
    assert len(refused(root / "v")) < 2000


# ---------------------------------------------------------------------- the file system itself


def test_nothing_there(tmp_path, capsys, monkeypatch):
    missing = tmp_path / "nowhere.n5"
    check_message(refused(missing), {"file": "nowhere.n5"})
    code, out, err = run_cli(["inspect", str(missing)], capsys, monkeypatch)
    assert (code, out) == (2, "")
    assert "nowhere.n5" in one_line(err)


@pytest.mark.parametrize(
    "name", ["a.txt", "a.n5", "a.zarr", "attributes.json", "zarr.json", ".zattrs"]
)
def test_a_plain_file(name, tmp_path):
    (tmp_path / name).write_text("hello")
    check_message(refused(tmp_path / name), {"file": name})


@pytest.mark.parametrize("name", ["a.n5", "a.zarr", "folder"])
def test_an_empty_folder(name, tmp_path):
    (tmp_path / name).mkdir()
    check_message(refused(tmp_path / name), {"file": name})


@pytest.mark.parametrize(
    "text", ["", " ", "\0", "a\0b", "http://", "s3://", "nonsense://x/y", "~~", "\n"]
)
def test_strange_addresses(text):
    with pytest.raises(strata.OpenError) as caught:
        strata.open(text)
    one_line(str(caught.value))


def test_a_metadata_file_that_is_a_folder(tmp_path):
    root = n5(tmp_path)
    (root / "v/attributes.json").unlink()
    (root / "v/attributes.json").mkdir()
    write_n5_array(root / "v/attributes.json/s0", (4, 4, 4), "uint8")
    dataset = strata.open(root)
    assert "good" in [image.path for image in dataset.images]
    root = ome(tmp_path, "zarr2")
    (root / "v/.zattrs").unlink()
    (root / "v/.zattrs").mkdir()
    check_message(refused(root / "v"), {"file": "v"})


def test_no_permission(tmp_path):
    """Refused by a hook, not by the file's mode: root may read every file."""
    root = n5(tmp_path)
    target = root / "v/attributes.json"
    refusal = {"on": True}

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and refusal["on"] and str(arguments[0]) == str(target):
            raise PermissionError(13, "Permission denied", str(target))

    sys.addaudithook(hook)
    try:
        check_both(root, {"file": "v/attributes.json", "found": ["permission"]})
    finally:
        refusal["on"] = False


def test_a_device_or_pipe_is_not_waited_for(tmp_path):
    root = n5(tmp_path)
    (root / "v/attributes.json").unlink()
    os.mkfifo(root / "v/attributes.json")
    output, _ = opened_files(OPEN, str(root))
    assert "good" in output


# --------------------------------------------------------------------------- unreadable pixels


def test_a_truncated_chunk_is_an_error_not_zeros(tmp_path):
    root = n5(tmp_path)
    chunk = root / "v/s0/0/0/0"
    chunk.write_bytes(chunk.read_bytes()[:-9])
    level = strata.open(root / "v").images[0].levels[0]
    with pytest.raises(Exception, match=r"s0") as caught:
        level.to_dask().compute()
    assert not isinstance(caught.value, AssertionError)


def test_the_command_line_never_shows_a_traceback(tmp_path, capsys, monkeypatch):
    for name, (text, _) in TEXTS.items():
        root = n5(tmp_path / name)
        write(root / "v/attributes.json", text)
        code, out, err = run_cli(["inspect", str(root / "v")], capsys, monkeypatch)
        assert (code, out) == (2, ""), name
        one_line(err)


def test_given_cases_open_in_any_order(tmp_path):
    """One process, many files, good and bad in turn: nothing is remembered from one to the next."""
    cases = load_cases("n5.json")
    first, second = [], []
    for results in (first, second):
        for case in cases if results is first else cases[::-1]:
            folder = tmp_path / ("a" if results is first else "b") / case["name"]
            try:
                images = strata.open(build(case, folder)).images
                results.append((case["name"], [image.path for image in images]))
            except strata.OpenError as error:
                results.append((case["name"], str(error).replace(str(folder), "")))
    assert first == second[::-1]
