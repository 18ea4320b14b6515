"""What verifying notices: each thing that can be wrong, made wrong in what was written."""

import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import zarr
from napari.layers import Image, Labels

from napari_strata.export.errors import ExportCancelled, ExportError
from napari_strata.export.verify import same_place, sample_blocks, verify

from .layers import exported

UM = "micrometer"


@pytest.fixture
def written(tmp_path: Path):
    """Two channels and a label, three levels each; the plan, and the folder."""
    rng = np.random.default_rng(3)
    usual = {"axis_labels": "zyx", "units": [UM] * 3, "scale": (2, 1, 1)}
    layers = [
        Image(rng.integers(0, 200, (8, 40, 50)).astype("u2"), name=f"cells {name}", **usual)
        for name in ("a", "b")
    ]
    label = Labels(
        rng.integers(0, 5, (8, 40, 50)).astype("u4"), name="nuclei",
        colormap={None: "transparent", 2: "red"}, features={"index": [2], "n": ["x"]}, **usual,
    )  # fmt: skip
    folder = tmp_path / "o.zarr"
    return exported([*layers, label], folder, chunks=(1, 4, 16, 16)), folder


def test_what_is_right_passes(written):
    verify(*written)


def edit(path: Path, change):
    found = json.loads(path.read_text())
    change(found["attributes"]["ome"])
    path.write_text(json.dumps(found))


def in_dataset(level, step, value):
    def change(ome):
        transforms = ome["multiscales"][0]["datasets"][level]["coordinateTransformations"]
        transforms[step][transforms[step]["type"]][-1] += value

    return change


def renamed(ome):
    ome["multiscales"][0]["name"] = "other"


def in_other_units(ome):
    ome["multiscales"][0]["axes"][3]["unit"] = "nanometer"


def without_a_level(ome):
    del ome["multiscales"][0]["datasets"][1]


def of_channel(key, value):
    def change(ome):
        ome["omero"]["channels"][1][key] = value

    return change


def without_colors(ome):
    ome["image-label"]["colors"] = []


def without_properties(ome):
    ome["image-label"].pop("properties")


METADATA = [
    ("zarr.json", in_dataset(1, 0, 1e-6), "the place of level 1 was not written right"),
    ("zarr.json", in_dataset(2, 1, 1e-6), "the place of level 2 was not written right"),
    ("labels/nuclei/zarr.json", in_dataset(0, 1, 1e-6), "labels/nuclei: the place of level 0"),
    ("zarr.json", renamed, "its name was not written right: found other, expected cells"),
    ("zarr.json", in_other_units, "place of level 0"),
    ("zarr.json", without_a_level, "its pyramid was not written right: found 2 levels"),
    ("zarr.json", of_channel("color", "123456"), "the colour of channel 1"),
    ("zarr.json", of_channel("active", False), "the visibility of channel 1"),
    ("zarr.json", of_channel("label", "x"), "the name of channel 1"),
    ("zarr.json", of_channel("window", {"min": 0, "max": 1, "start": 0, "end": 1}), "the contrast"),
    ("labels/nuclei/zarr.json", without_colors, "the colour of label 2"),
    ("labels/nuclei/zarr.json", without_properties, "the properties of label 2"),
]


@pytest.mark.parametrize(("path", "change", "message"), METADATA, ids=[m for _, _, m in METADATA])
def test_other_metadata_is_noticed(path, change, message, written):
    plan, folder = written
    edit(folder / path, change)
    with pytest.raises(ExportError, match=message):
        verify(plan, folder)


PLACES = [(0, 0, 0), (7, 39, 49), (7, 39, 0), (4, 20, 25)]


@pytest.mark.parametrize("path", ["0", "1", "2", "labels/nuclei/0", "labels/nuclei/2"])
def test_another_voxel_is_noticed_at_the_corners_and_in_the_middle(path, written):
    plan, folder = written
    array = zarr.open_array(folder / path)
    for place in (0, -1):
        index = (place,) * array.ndim
        before = array[index]
        array[index] = before + 1
        with pytest.raises(ExportError, match="other voxels at"):
            verify(plan, folder)
        array[index] = before
    verify(plan, folder)


def test_chunks_that_are_lost_are_noticed(written):
    plan, folder = written
    shutil.rmtree(folder / "0" / "c" / "1")
    with pytest.raises(ExportError, match="level 0 was not written right: found other voxels"):
        verify(plan, folder)


def test_a_lost_label_is_noticed(written):
    plan, folder = written
    shutil.rmtree(folder / "labels")
    with pytest.raises(ExportError, match="labels/nuclei: the image was not written right"):
        verify(plan, folder)


def test_what_cannot_be_opened_or_read_is_named(written):
    plan, folder = written
    (folder / "1" / "zarr.json").rename(folder / "1" / "lost.json")
    with pytest.raises(ExportError, match="what was written is not sound"):
        verify(plan, folder)
    (folder / "zarr.json").unlink()
    with pytest.raises(ExportError, match=r"cannot be opened|there are"):
        verify(plan, folder)


def test_damaged_chunks_are_named(written):
    plan, folder = written
    chunk = next(p for p in (folder / "0" / "c").rglob("*") if p.is_file())
    chunk.write_bytes(b"nonsense")
    with pytest.raises(ExportError, match="cannot be read"):
        verify(plan, folder)


def test_it_can_be_cancelled(written):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(ExportCancelled):
        verify(*written, cancel=cancel)


def test_far_origins_are_compared_as_exactly_as_numbers_go():
    place = np.diag([4.0, 4.0, 1.0])
    place[:2, 2] = 1e8
    assert same_place(place, place, (100, 100))
    moved = place.copy()
    moved[0, 2] += 1e-5
    assert not same_place(moved, place, (100, 100))


@pytest.mark.parametrize("shape", [(5,), (100, 70), (33, 1, 200), (2, 3, 100, 100)])
def test_samples_hold_the_corners_and_lie_inside(shape):
    blocks = list(sample_blocks(shape))
    assert all(0 <= s.start < s.stop <= n for b in blocks for s, n in zip(b, shape, strict=True))
    assert blocks[0] == tuple(slice(0, min(32, n)) for n in shape)
    assert tuple(s.stop for s in blocks[min(1, len(blocks) - 1)]) == shape
    assert len(set(map(str, blocks))) == len(blocks) <= 8
