"""What is created says what it is in each container's own words, and others can read it."""

import json

import numpy as np
import pytest
import zarr
from tests.export.exporting import ArraySource, pyramid_of, specimen

from napari_strata.export.errors import ExportError
from napari_strata.export.pixels.codecs import Codec
from napari_strata.export.pixels.targets import Target, open_target

CODECS = [Codec("blosc", 3), Codec("zstd", 3), Codec("gzip", 4), Codec("none", 0)]
WHOLE = (slice(0, 37), slice(0, 45), slice(0, 29))


def written(folder, container, codec, dtype="u2", **wishes):
    source = ArraySource(specimen(dtype=dtype))
    plan = pyramid_of(source, levels=1, **wishes).levels[0]
    target = Target({"driver": "file", "path": f"{folder}/"}, container, codec)
    open_target(target, plan, create=True).begin(WHOLE, source.read(WHOLE)).result()
    name = {"zarr3": "zarr.json", "zarr2": ".zarray", "n5": "attributes.json"}[container]
    return json.loads((folder / name).read_text())


@pytest.mark.parametrize("codec", CODECS, ids=lambda codec: codec.name)
@pytest.mark.parametrize("container", ["zarr3", "zarr2"])
@pytest.mark.parametrize("dtype", ["u1", "u8", "f4"])
def test_zarr_python_reads_every_codec(tmp_path, container, codec, dtype):
    written(tmp_path / "0", container, codec, dtype)
    found = zarr.open_array(tmp_path / "0", mode="r")
    assert found.dtype == dtype
    np.testing.assert_array_equal(found[...], specimen(dtype=dtype))


def test_zarr3(tmp_path):
    found = written(tmp_path / "0", "zarr3", Codec("zstd", 3))
    assert found["shape"] == [37, 45, 29]
    assert found["chunk_grid"]["configuration"]["chunk_shape"] == [8, 8, 8]
    assert found["chunk_key_encoding"]["name"] == "default"
    assert [codec["name"] for codec in found["codecs"]] == ["bytes", "zstd"]
    assert (tmp_path / "0/c/4/5/3").is_file()


def test_zarr3_in_shards(tmp_path):
    found = written(tmp_path / "0", "zarr3", Codec(), shards=(16, 16, 16))
    assert found["chunk_grid"]["configuration"]["chunk_shape"] == [16, 16, 16]
    (sharding,) = found["codecs"]
    assert sharding["name"] == "sharding_indexed"
    assert sharding["configuration"]["chunk_shape"] == [8, 8, 8]
    found = zarr.open_array(tmp_path / "0", mode="r")
    assert found.shards == (16, 16, 16)
    np.testing.assert_array_equal(found[...], specimen())


def test_zarr2(tmp_path):
    found = written(tmp_path / "0", "zarr2", Codec("blosc", 3))
    assert found["dtype"] == "<u2"
    assert found["dimension_separator"] == "/"
    assert found["compressor"]["id"] == "blosc"
    assert (tmp_path / "0/4/5/3").is_file()


def test_n5_is_x_first(tmp_path):
    found = written(tmp_path / "0", "n5", Codec("gzip", 4))
    assert found["dimensions"] == [29, 45, 37]
    assert found["blockSize"] == [8, 8, 8]
    assert found["dataType"] == "uint16"
    assert found["compression"]["type"] == "gzip"
    assert (tmp_path / "0/3/5/4").is_file()


def test_members_of_a_format(tmp_path):
    plan = pyramid_of(ArraySource(specimen()), levels=1).levels[0]
    members = {"dimension_names": ["z", "y", "x"], "attributes": {"a": 1}}
    target = Target({"driver": "file", "path": f"{tmp_path}/0/"}, members=members)
    open_target(target, plan, create=True)
    found = json.loads((tmp_path / "0/zarr.json").read_text())
    assert found["dimension_names"] == ["z", "y", "x"]
    assert found["attributes"] == {"a": 1}


@pytest.mark.parametrize(
    ("name", "level", "message"),
    [
        pytest.param("lzma", 1, "found 'lzma'", id="unknown"),
        pytest.param("gzip", 10, "expected 1 to 9", id="too high"),
        pytest.param("blosc", 0, "expected 1 to 9", id="too low"),
    ],
)
def test_codecs_there_are_not(name, level, message):
    with pytest.raises(ExportError, match=message):
        Codec(name, level)


def test_n5_has_no_half_floats(tmp_path):
    with pytest.raises(ExportError, match="no type for voxels of float16"):
        written(tmp_path / "0", "n5", Codec(), "f2")
