"""The metadata files of an image."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import napari_strata as strata
from formats.helpers import write_ome_04
from napari_strata.dataset import Choices, OpenError
from napari_strata.dataset.documents import Document, documents

# What is opened in a sample, the image in it, and its files by the rules of the format.
CASES = [
    (
        "neuroglancer-n5", "", "specimen",
        [
            "attributes.json",
            "specimen/attributes.json",
            *(f"specimen/s{k}/attributes.json" for k in range(3)),
        ],
    ),
    (
        "neuroglancer-n5", "specimen", "",
        ["../attributes.json", "attributes.json", *(f"s{k}/attributes.json" for k in range(3))],
    ),
    (
        "neuroglancer-n5", "specimen/s1", "",
        ["../attributes.json", "attributes.json", *(f"s{k}/attributes.json" for k in range(3))],
    ),
    (
        "cosem", "", "labels/mito_pred",
        ["attributes.json", *(f"labels/mito_pred/s{k}/attributes.json" for k in range(2))],
    ),
    ("ome-zarr-0.4", "", "", [".zattrs", "0/.zarray", "1/.zarray", "2/.zarray"]),
    (
        "ome-zarr-0.6", "", "specimen",
        ["zarr.json", "specimen/zarr.json", *(f"specimen/s{k}/zarr.json" for k in range(3))],
    ),
    (
        "visor", "", "visor_raw_images/slice_1_10x.zarr",
        [
            "visor_raw_images/selected.json",
            "visor_raw_images/slice_1_10x.zarr/zarr.json",
            "visor_raw_images/slice_1_10x.zarr/0/zarr.json",
            "visor_raw_images/slice_1_10x.zarr/1/zarr.json",
        ],
    ),
    ("precomputed", "", "", ["info"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("sample", "opened", "image", "expected"), CASES, ids=[f"{c[0]} {c[1]}" for c in CASES]
)
def test_from_the_root_to_the_arrays(
    samples: dict[str, Any], sample: str, opened: str, image: str, expected: list[str]
):
    folder = samples[sample].path / opened
    found = documents(folder, image)
    assert [document.path for document in found] == expected
    base = Path(strata.open(folder).path)  # of an array that is opened, its image
    for document in found:
        assert document.bytes == (base / document.path).resolve().read_bytes()
        assert json.loads(document.text) == json.loads(document.bytes)


def test_the_xml_of_bigdataviewer_is_beside_the_container(samples: dict[str, Any]):
    found = documents(samples["bdv-n5"].path, "setup0")
    assert found[0].path == "../bdv-n5.xml"
    assert found[0].text.startswith("<?xml")


def test_another_image_is_not_among_them(tmp_path: Path):
    group = tmp_path / "all.zarr"
    group.mkdir()
    (group / ".zgroup").write_text('{"zarr_format": 2}')
    for name in "ab":
        write_ome_04(group / name, {"0": ((4, 5, 6), {"scale": [1, 1, 1]})})
    found = documents(group, "a")
    assert {document.path.split("/")[0] for document in found} <= {"a", ".zgroup", ".zattrs"}


def test_what_was_looked_at_above_the_root_is_not_among_them(tmp_path: Path):
    """Any file called ``info`` is read to find out where the container begins."""
    (tmp_path / "info").write_text('{"about": "the experiment"}')
    write_ome_04(tmp_path / "plain", {"0": ((4, 5, 6), {"scale": [1, 1, 1]})})
    found = documents(tmp_path / "plain", "")
    assert [document.path for document in found] == [".zattrs", "0/.zarray"]


def test_it_is_opened_by_the_same_choices(samples: dict[str, Any]):
    folder = samples["ome-zarr-0.1"].path
    assert documents(folder, "", Choices(multiscale="3D"))
    with pytest.raises(OpenError, match="4D"):
        documents(folder, "", Choices(multiscale="4D"))


def test_an_image_that_is_gone(samples: dict[str, Any]):
    with pytest.raises(OpenError, match="there is no such image any more"):
        documents(samples["cosem"].path, "em/other")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(
            b'{"scale":[1.0,2.50,1e-09],"n":123456789012345678901,"none":[],"o":{}}',
            '{\n  "scale": [1.0, 2.50, 1e-09],\n  "n": 123456789012345678901,\n'
            '  "none": [],\n  "o": {}\n}',
            id="numbers are as written",
        ),
        pytest.param(
            '{"a": [{"b": "µm\\n"}, true]}'.encode(),
            '{\n  "a": [\n    {\n      "b": "µm\\n"\n    },\n    true\n  ]\n}',
            id="nested",
        ),
        pytest.param(
            json.dumps({"a": ["x" * 60, "y" * 60]}).encode(),
            '{\n  "a": [\n    "' + "x" * 60 + '",\n    "' + "y" * 60 + '"\n  ]\n}',
            id="a long list is broken",
        ),
        pytest.param(
            b'{"a": "' + b"x" * 200 + b'"}', '{\n  "a": "' + "x" * 200 + '"\n}', id="text"
        ),
        pytest.param(b"{broken", "{broken", id="no JSON"),
        pytest.param(b"NaN", "NaN", id="NaN"),
        pytest.param(b"\xff", "\ufffd", id="no text"),
        pytest.param(b"[" * 100_000, "[" * 100_000, id="deep"),
    ],
)
def test_text(raw: bytes, expected: str):
    assert Document("a", raw).text == expected


def test_members_of_one_name_are_all_shown():
    """The last one counts, as every reader has it; the others are in the file all the same."""
    raw = b'{"scale": [1], "scale": [2.50], "e": {}}'
    expected = '{\n  "scale": [1],\n  "scale": [2.50],\n  "e": {}\n}'
    assert Document("a", raw).text == expected
