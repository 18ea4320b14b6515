"""OME-Zarr 0.5 metadata over N5 blocks: N5 unchanged, pixels the same, for three readers."""

import struct
import subprocess
import sys

import numpy as np
import pytest

import napari_strata as strata
from export import metadata_stores as stores
from export.metadata_stores import close, ome_places, opened_places, read_json, tree
from napari_strata.arrays import open_level
from napari_strata.arrays.errors import CodecError
from napari_strata.export.errors import ExportError
from napari_strata.export.metadata.edit import edit_metadata
from napari_strata.export.metadata.ome_over_n5 import ome_over_n5
from napari_strata.export.metadata.regenerate import regenerate_metadata
from napari_strata.model import ArrayLocation

COMPRESSORS = [
    {"type": "raw"},
    {"type": "gzip", "level": 5},
    {"type": "zstd", "level": 3},
    {"type": "blosc", "cname": "zstd", "clevel": 5, "shuffle": 1},
]
TYPES = ["uint8", "int16", "uint32", "float32", "uint64"]


def container(path, compression=None, dtype="uint16"):
    """A COSEM image with sizes that blocks do not divide; returns it and its voxels."""
    shapes = ((7, 13, 9), (7, 6, 4))
    pixels = {}
    stores.write_json(path / "attributes.json", {"n5": "2.0.0"})
    for k, shape in enumerate(shapes):
        _, scale, shift = stores.COSEM[k]
        pixels[f"s{k}"] = stores.n5_array(
            path / "em" / f"s{k}",
            shape,
            {"transform": stores.cosem_transform(scale, shift)},
            block=(4, 5, 6),
            compression=compression,
            dtype=dtype,
        )
    return path, pixels


def read_by_zarr(folder, level):
    """Read a level by zarr-python with zarr-n5, in a process of its own."""
    script = (
        "import sys, warnings; warnings.simplefilter('ignore')\n"
        "import numpy, zarr, zarr_n5\n"
        "group = zarr.open_group(sys.argv[1], mode='r')\n"
        "numpy.save(sys.argv[3], group[sys.argv[2]][...])\n"
    )
    out = folder / f"{level}.npy"
    subprocess.run([sys.executable, "-c", script, str(folder), level, str(out)], check=True)
    found = np.load(out)
    out.unlink()
    return found


def read_by_us(folder):
    """Read a level's Zarr metadata as any Zarr v3 array's."""
    metadata = read_json(folder / "zarr.json")
    kvstore = {"driver": "file", "path": f"{folder}/"}
    location = ArrayLocation(kvstore, "zarr3", metadata, "zarr.json")
    chunks = metadata["chunk_grid"]["configuration"]["chunk_shape"]
    lazy = open_level(
        location,
        shape=tuple(metadata["shape"]),
        dtype=np.dtype(metadata["data_type"]),
        chunks=tuple(chunks),
    )
    return np.asarray(lazy)


def test_the_metadata_by_hand(tmp_path):
    path, _ = container(tmp_path / "a.n5", {"type": "gzip", "level": 5})
    ome_over_n5(path).write()
    assert read_json(path / "em" / "s0" / "zarr.json") == {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [9, 13, 7],
        "data_type": "uint16",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [6, 5, 4]}},
        "chunk_key_encoding": {"name": "v2", "configuration": {"separator": "/"}},
        "fill_value": 0,
        "codecs": [
            {
                "name": "n5_default",
                "configuration": {
                    "codecs": [
                        {"name": "transpose", "configuration": {"order": [2, 1, 0]}},
                        {"name": "bytes", "configuration": {"endian": "big"}},
                        {"name": "gzip", "configuration": {"level": 5}},
                    ]
                },
            }
        ],
        "attributes": {},
        "dimension_names": ["x", "y", "z"],
    }
    root = read_json(path / "zarr.json")
    assert root == {"zarr_format": 3, "node_type": "group", "attributes": {}}
    ome = read_json(path / "em" / "zarr.json")["attributes"]["ome"]
    assert ome["version"] == "0.5"
    (block,) = ome["multiscales"]
    assert [(a["name"], a["unit"]) for a in block["axes"]] == [
        ("x", "nanometer"), ("y", "nanometer"), ("z", "nanometer"),
    ]  # fmt: skip
    assert close(
        ome_places(path / "em"),
        {"s0": ([20, 20, 40], [300, 200, 100]), "s1": ([40, 40, 40], [310, 210, 100])},
    )


@pytest.mark.parametrize("compression", COMPRESSORS, ids=lambda c: c["type"])
@pytest.mark.parametrize("dtype", TYPES)
def test_our_reader_sees_the_same_voxels(tmp_path, compression, dtype):
    path, pixels = container(tmp_path / "a.n5", compression, dtype)
    ome_over_n5(path).write()
    for level, values in pixels.items():
        found = read_by_us(path / "em" / level)
        assert found.dtype == values.dtype
        assert np.array_equal(found, values.T)


@pytest.mark.parametrize("compression", COMPRESSORS, ids=lambda c: c["type"])
def test_zarr_python_with_zarr_n5_sees_the_same_voxels(tmp_path, compression):
    pytest.importorskip("zarr_n5")
    path, pixels = container(tmp_path / "a.n5", compression)
    ome_over_n5(path).write()
    for level, values in pixels.items():
        assert np.array_equal(read_by_zarr(path / "em", level), values.T)


def test_cut_blocks_at_the_edge(tmp_path):
    """Java's N5 writes them; a missing block is 0. One block by hand, 2 voxels along x."""
    path, pixels = container(tmp_path / "a.n5")
    values = pixels["s0"][:4, :5, 6:8]
    header = struct.pack(">HHIII", 0, 3, 2, 5, 4)
    block = path / "em" / "s0" / "1" / "0" / "0"
    block.write_bytes(header + values.astype(">u2").tobytes())
    ome_over_n5(path).write()
    expected = pixels["s0"].copy()
    expected[:4, :5, 8:] = 0
    assert np.array_equal(read_by_us(path / "em" / "s0"), expected.T)


def test_the_n5_stays_an_n5(tmp_path):
    path, _ = container(tmp_path / "a.n5")
    before = {p: found for p, found in tree(path).items() if found[2] is not None}
    change = ome_over_n5(path)
    assert all(file.path.endswith("zarr.json") and file.before is None for file in change.files)
    change.write()
    after = {p: found for p, found in tree(path).items() if not p.endswith("zarr.json")}
    assert {p: found for p, found in after.items() if found[2] is not None} == before
    assert not ome_over_n5(path)  # and once is enough


def test_an_image_with_a_file_of_n5_opens_as_that(tmp_path):
    path = stores.cosem(tmp_path / "a.n5")
    before = opened_places(strata.open(path).images[0])
    ome_over_n5(path).write()
    image = strata.open(path).images[0]
    assert image.format == "cosem"
    assert opened_places(image) == before


def test_what_is_regenerated_moves_both(tmp_path):
    path = stores.cosem(tmp_path / "a.n5")
    ome_over_n5(path).write()
    group = read_json(path / "em" / "attributes.json")
    group["multiscales"][0]["datasets"][1]["transform"]["translate"] = [100, 777, 310]
    stores.write_json(path / "em" / "attributes.json", group)
    regenerate_metadata(path, source="group").write()
    assert ome_places(path / "em")["s1"] == ([40, 40, 40], [310, 777, 100])


@pytest.mark.parametrize("make", [stores.cosem, stores.n5_viewer], ids=["cosem", "n5-viewer"])
def test_both_metadata_move_together(tmp_path, make):
    path = make(tmp_path / "a.n5")
    group = path / ("em" if make is stores.cosem else "c0")
    ome_over_n5(group).write()
    edit_metadata(group, scale={"y": 3}, translate={"x": 7}, axes=["z", "Y", "x"]).write()
    by_zarr = ome_places(group)
    for name in ("zarr.json", "s0/zarr.json", "s1/zarr.json"):
        (group / name).unlink()
    (path / "zarr.json").unlink()
    image = strata.open(group).images[0]
    assert image.levels[0].scale[1] == 3
    assert image.levels[0].translate[2] == 7
    assert [a.name for a in image.axes] == ["z", "Y", "x"]
    by_n5 = {k: (s[::-1], t[::-1]) for k, (s, t) in opened_places(image).items()}
    assert close(by_zarr, by_n5)


def test_a_group_without_a_file_opens_as_ome_zarr_at_the_same_place(tmp_path):
    path = stores.n5_viewer(tmp_path / "a.n5")
    before = strata.open(path / "c0").images[0]
    places, pixels = opened_places(before), np.asarray(before.levels[1].data)
    ome_over_n5(path / "c0").write()
    after = strata.open(path / "c0").images[0]
    assert after.format == "ome-zarr-0.5"
    assert close(opened_places(after), {k: (s[::-1], t[::-1]) for k, (s, t) in places.items()})
    assert np.array_equal(np.asarray(after.levels[1].data), pixels.T)
    assert [p for p in after.problems if p.severity != "info"] == []


@pytest.mark.parametrize(
    ("compression", "name"),
    [
        ({"type": "bzip2", "blockSize": 9}, "'bzip2'"),
        ({"type": "xz", "preset": 6}, "'xz'"),
        ({"type": "lz4", "blockSize": 65536}, "'lz4'"),
        ({"type": "gzip", "level": 5, "useZlib": True}, "zlib's framing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_compressor_that_zarr_has_not_is_named(tmp_path, compression, name):
    path, _ = container(tmp_path / "a.n5")
    file = path / "em" / "s1" / "attributes.json"
    stores.write_json(file, {**read_json(file), "compression": compression})
    before = tree(tmp_path)
    with pytest.raises(ExportError, match=name):
        ome_over_n5(path)
    assert tree(tmp_path) == before


def test_axes_that_ome_zarr_does_not_allow_are_refused(tmp_path):
    """N5 has channels last when x is first; OME-Zarr has them first."""
    path = tmp_path / "a.n5"
    stores.write_json(path / "attributes.json", {"n5": "2.0.0"})
    transform = stores.cosem_transform([1, 40, 20, 20], [0, 0, 0, 0], "czyx")
    stores.n5_array(path / "em" / "s0", (2, 4, 4, 4), {"transform": transform})
    with pytest.raises(ExportError, match="order time, channel, space"):
        ome_over_n5(path)


def test_a_zarr_array_beside_the_n5_is_not_overwritten(tmp_path):
    path, _ = container(tmp_path / "a.n5")
    stores.zarr3_array(path / "em" / "s0", (7, 13, 9))
    with pytest.raises(ExportError, match="chunks of its own"):
        ome_over_n5(path)


@pytest.mark.parametrize("make", [stores.ome_05], ids=["zarr"])
def test_what_is_no_n5_is_refused(tmp_path, make):
    with pytest.raises(ExportError, match="expected N5"):
        ome_over_n5(make(tmp_path / "a.zarr"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m["codecs"].append({"name": "gzip", "configuration": {"level": 1}}), "after"),
        (lambda m: m.update(chunk_key_encoding={"name": "default"}), "expected v2 with /"),
        (lambda m: m.update(fill_value=7), "expected N5's, 0"),
        (
            lambda m: m["codecs"][0]["configuration"]["codecs"][0]["configuration"].update(
                order=[0, 1, 2]
            ),
            "expected transpose with order",
        ),
        (
            lambda m: m["codecs"][0]["configuration"]["codecs"][1]["configuration"].update(
                endian="little"
            ),
            "expected bytes with endian big",
        ),
        (
            lambda m: m["codecs"][0]["configuration"]["codecs"].append({"name": "numcodecs.lz4"}),
            "expected gzip, zstd or blosc",
        ),
        (lambda m: m["codecs"][0].pop("configuration"), "expected transpose, bytes, compressor"),
        (
            lambda m: m["codecs"][0]["configuration"].update(codecs=[1, 2]),
            "expected transpose, bytes, compressor",
        ),
    ],
    ids=["codecs after", "keys", "fill", "order", "endian", "compressor", "none", "no objects"],
)
def test_a_codec_that_is_not_as_it_must_be_is_refused_on_reading(tmp_path, change, message):
    path, _ = container(tmp_path / "a.n5")
    ome_over_n5(path).write()
    file = path / "em" / "s0" / "zarr.json"
    metadata = read_json(file)
    change(metadata)
    stores.write_json(file, metadata)
    with pytest.raises(CodecError, match=message):
        read_by_us(path / "em" / "s0")
