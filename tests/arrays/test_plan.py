"""What cannot be decoded is known from metadata alone, and said in one sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_strata.arrays import CodecError, check_codec, open_level
from napari_strata.model import ArrayLocation, StackLocation

N5 = {
    "dimensions": [5, 3],
    "blockSize": [4, 2],
    "dataType": "uint8",
    "compression": {"type": "raw"},
}
Z2 = {"shape": [3, 5], "chunks": [2, 4], "dtype": "|u1", "compressor": None}
B = {"name": "bytes"}
Z3 = {
    "shape": [3, 5],
    "data_type": "uint8",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 4]}},
    "codecs": [B],
    "fill_value": 0,
}

REFUSED: list[tuple[Any, dict[str, Any], dict[str, Any], str]] = [
    (
        "n5",
        N5,
        {"compression": {"type": "jpeg"}},
        "compression.type is 'jpeg', expected one of raw",
    ),
    ("n5", N5, {"compression": {"type": "foo"}}, "compression.type is 'foo'"),
    ("n5", N5, {"compression": {}}, "compression is {}"),
    ("n5", N5, {"compression": 3}, "compression is 3"),
    (
        "n5",
        N5,
        {"compression": None, "compressionType": "lzf"},
        "compressionType.type is 'lzf', expected one of raw",
    ),
    ("n5", N5, {"dataType": "string"}, "dataType is 'string', expected one of uint8"),
    ("n5", N5, {"dataType": ["uint8"]}, r"dataType is \['uint8'\]"),
    ("n5", N5, {"dimensions": None}, "dimensions is None, expected a list of whole numbers"),
    ("n5", N5, {"dimensions": [5, -3]}, r"dimensions is \[5, -3\]"),
    ("n5", N5, {"dimensions": [5, 2.5]}, r"dimensions is \[5, 2.5\]"),
    ("n5", N5, {"dimensions": [True, 3]}, r"dimensions is \[True, 3\]"),
    ("n5", N5, {"blockSize": [4]}, r"blockSize is \[4\], expected a list of 2 whole numbers"),
    ("n5", N5, {"blockSize": [4, 0]}, r"blockSize is \[4, 0\].*from 1 up"),
    ("n5", N5, {"blockSize": [10**5, 10**5]}, "takes 10,000,000,000 bytes, at most 2 GiB"),
    ("zarr2", Z2, {"compressor": {"id": "foo"}}, 'compressor.id: found "foo"'),
    ("zarr2", Z2, {"compressor": {"name": "lz4"}}, "compressor is .*expected an object"),
    ("zarr2", Z2, {"compressor": "lz4"}, "compressor is 'lz4'"),
    ("zarr2", Z2, {"filters": [{"id": "bar"}]}, r'filters\[0\].id: found "bar"'),
    ("zarr2", Z2, {"filters": {"id": "bar"}}, "filters is .*expected a list"),
    ("zarr2", Z2, {"filters": [{"id": "delta"}]}, r'filters\[0\].id: found "delta"'),
    ("zarr2", Z2, {"dtype": "|O"}, r"dtype is '\|O', expected one number per voxel"),
    ("zarr2", Z2, {"dtype": [["a", "<u2"]]}, "dtype is .*expected one number"),
    ("zarr2", Z2, {"dtype": "wat"}, "dtype is 'wat'"),
    ("zarr2", Z2, {"dtype": "<M8[ns]"}, "dtype is '<M8"),
    ("zarr2", Z2, {"order": "A"}, "order is 'A', expected 'C' or 'F'"),
    ("zarr2", Z2, {"dimension_separator": "_"}, "dimension_separator is '_'"),
    ("zarr2", Z2, {"fill_value": 300}, "fill_value is 300, which is no uint8"),
    ("zarr2", Z2, {"fill_value": "NaN"}, "fill_value is 'NaN', which is no uint8"),
    ("zarr2", Z2, {"fill_value": {}}, "fill_value is {}, which is no uint8"),
    ("zarr3", Z3, {"codecs": [B, {"name": "foo"}]}, r'codecs\[1\].name: found "foo"'),
    (
        "zarr3",
        Z3,
        {
            "codecs": [
                {
                    "name": "sharding_indexed",
                    "configuration": {"chunk_shape": [1, 1], "codecs": [B, {"name": "foo"}]},
                }
            ]
        },
        r'codecs\[1\].name: found "foo"',
    ),
    ("zarr3", Z3, {"codecs": None}, "codecs is None, expected a list"),
    ("zarr3", Z3, {"codecs": [3]}, r"codecs\[0\] is 3, expected an object with a name"),
    (
        "zarr3",
        Z3,
        {"codecs": [{"name": "sharding_indexed", "configuration": {"codecs": [B]}}]},
        "sharding_indexed's chunk_shape is None",
    ),
    ("zarr3", Z3, {"data_type": "string"}, "data_type is 'string'"),
    ("zarr3", Z3, {"data_type": "r16"}, "data_type is 'r16'"),
    ("zarr3", Z3, {"chunk_grid": {"name": "rectilinear"}}, "chunk_grid.name is 'rectilinear'"),
    ("zarr3", Z3, {"chunk_grid": None}, "chunk_grid is None"),
    ("zarr3", Z3, {"chunk_key_encoding": "fanout"}, "chunk_key_encoding.name is 'fanout'"),
    ("zarr3", Z3, {"storage_transformers": [{"name": "x"}]}, "storage_transformers is"),
    ("zarr3", Z3, {"magic": 1}, "magic is an extension unknown here"),
    ("zarr3", Z3, {"fill_value": -1}, "fill_value is -1, which is no uint8"),
]


@pytest.mark.parametrize(("encoding", "base", "change", "message"), REFUSED)
def test_refused(encoding: Any, base: dict[str, Any], change: dict[str, Any], message: str):
    location = ArrayLocation({"driver": "memory"}, encoding, {**base, **change}, "a/meta.json")
    reason = check_codec(location)
    assert reason is not None
    assert "\n" not in reason
    level = open_level(location, shape=(3, 5), dtype="uint8", chunks=(2, 4))
    with pytest.raises(CodecError, match=message) as caught:
        np.asarray(level)
    assert str(caught.value) == f"a/meta.json: {reason}"


@pytest.mark.parametrize(("encoding", "base"), [("n5", N5), ("zarr2", Z2), ("zarr3", Z3)])
def test_the_unchanged_metadata_is_fine(encoding: Any, base: dict[str, Any]):
    location = ArrayLocation({"driver": "memory"}, encoding, base, "a/meta.json")
    assert check_codec(location) is None
    level = open_level(location, shape=(3, 5), dtype="uint8", chunks=(2, 4))
    assert np.asarray(level).tolist() == [[0] * 5] * 3


def test_a_stack_is_as_good_as_its_worst_part():
    good = ArrayLocation({"driver": "memory"}, "n5", N5, "a")
    bad = ArrayLocation({"driver": "memory"}, "n5", {**N5, "compression": {"type": "x"}}, "b")
    assert check_codec(StackLocation((None, good, None))) is None
    assert check_codec(StackLocation((good, None, bad))) is not None


def test_an_error_survives_pickling():
    import pickle

    error = CodecError("a/meta.json", "why", (1, 2), unreachable=True)
    copy = pickle.loads(pickle.dumps(error))
    assert isinstance(copy, CodecError)
    assert (copy.where, copy.reason, copy.chunk) == ("a/meta.json", "why", (1, 2))
    assert str(copy) == "a/meta.json: chunk (1, 2): why"
    assert copy.unreachable


PROGRAM = """
import sys
from napari_strata.arrays import check_codec, open_level
from napari_strata.model import ArrayLocation
meta = {"dimensions": [5, 3], "blockSize": [4, 2], "dataType": "uint8",
        "compression": {"type": "lz4"}}
where = ArrayLocation({"driver": "file", "path": sys.argv[1] + "/"}, "n5", meta, "a")
assert check_codec(where) is None
level = open_level(where, shape=(3, 5), dtype="uint8", chunks=(2, 4))
view = level[1:, ::-1].T[2]
assert (view.shape, view.chunks, level.nbytes) == ((2,), (1,), 15)
heavy = {"tensorstore", "dask", "zarr", "numcodecs", "napari", "qtpy"} & set(sys.modules)
assert not heavy, heavy
"""


def test_opening_imports_nothing_heavy(tmp_path: Path):
    subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], check=True)
