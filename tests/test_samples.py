import json
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorstore as ts
import zarr
import zarr_vectors

from napari_strata.samples import FORMATS, Sample, write_sample

LANDMARK = (48.0, 72.0, 86.0)  # z, y, x in micrometres

# Every array with beads: sample, array, leading index, and the bead in voxels (z, y, x), worked
# out by hand from the place above and what the sample's metadata says of that level.
ARRAYS = [
    ("neuroglancer-n5", "specimen/s0", (), (32.0, 72.0, 86.0)),
    ("neuroglancer-n5", "specimen/s1", (), (15.75, 35.75, 42.75)),
    ("neuroglancer-n5", "specimen/s2", (), (7.625, 17.625, 21.125)),
    ("n5-viewer", "c0/s0", (), (24.0, 72.0, 86.0)),
    ("n5-viewer", "c0/s1", (), (24.0, 35.75, 42.75)),
    ("n5-viewer", "c0/s2", (), (24.0, 17.625, 21.125)),
    ("n5-viewer", "c1/s0", (), (24.0, 72.0, 86.0)),
    ("n5-viewer", "c1/s1", (), (24.0, 35.75, 42.75)),
    ("n5-viewer", "c1/s2", (), (24.0, 17.625, 21.125)),
    ("bdv-n5", "setup0/timepoint0/s0", (), (38.0, 56.3584, 66.7712)),
    ("bdv-n5", "setup0/timepoint0/s1", (), (18.75, 27.9292, 33.1356)),
    ("bdv-n5", "setup0/timepoint0/s2", (), (9.125, 13.7146, 16.3178)),
    ("bdv-n5", "setup0/timepoint1/s0", (), (38.0, 56.3584, 66.7712)),
    ("bdv-n5", "setup0/timepoint1/s1", (), (18.75, 27.9292, 33.1356)),
    ("bdv-n5", "setup0/timepoint1/s2", (), (9.125, 13.7146, 16.3178)),
    ("n5-array", "", (), (48.0, 72.0, 86.0)),
    ("cosem", "em/fibsem-uint8/s0", (), (39.25, 72.25, 85.6)),
    ("cosem", "em/fibsem-uint8/s1", (), (19.375, 35.875, 42.55)),
    ("cosem", "em/fibsem-uint8/s2", (), (9.4375, 17.6875, 21.025)),
    ("cosem", "labels/mito_pred/s0", (), (19.375, 43.3, 42.65)),
    ("cosem", "labels/mito_pred/s1", (), (9.4375, 21.4, 21.075)),
    ("ome-zarr-0.1", "0", (0, 0), (48.0, 72.0, 86.0)),
    ("ome-zarr-0.1", "0", (0, 1), (48.0, 72.0, 86.0)),
    ("ome-zarr-0.1", "1", (0, 0), (48.0, 36.0, 43.0)),
    ("ome-zarr-0.1", "1", (0, 1), (48.0, 36.0, 43.0)),
    ("ome-zarr-0.1", "2", (0, 0), (48.0, 14.4, 17.2)),
    ("ome-zarr-0.1", "2", (0, 1), (48.0, 14.4, 17.2)),
    ("ome-zarr-0.2", "0", (0, 0), (48.0, 72.0, 86.0)),
    ("ome-zarr-0.2", "1", (0, 0), (24.263736, 36.223602, 43.281046)),
    ("ome-zarr-0.2", "2", (0, 0), (12.131868, 18.335404, 21.921569)),
    ("ome-zarr-0.3", "0", (), (48.0, 72.0, 86.0)),
    ("ome-zarr-0.3", "1", (), (24.0, 36.0, 43.0)),
    ("ome-zarr-0.3", "2", (), (12.0, 14.4, 17.2)),
    ("ome-zarr-0.4", "0", (0,), (25.666667, 45.0, 55.0)),
    ("ome-zarr-0.4", "0", (1,), (25.666667, 45.0, 55.0)),
    ("ome-zarr-0.4", "1", (0,), (25.666667, 22.25, 27.25)),
    ("ome-zarr-0.4", "1", (1,), (25.666667, 22.25, 27.25)),
    ("ome-zarr-0.4", "2", (0,), (12.583333, 10.875, 13.375)),
    ("ome-zarr-0.4", "2", (1,), (12.583333, 10.875, 13.375)),
    ("ome-zarr-0.5", "s0", (), (46.3, 57.12, 68.56)),
    ("ome-zarr-0.5", "s1", (), (23.15, 28.56, 34.28)),
    ("ome-zarr-0.5", "s2", (), (11.575, 14.28, 17.14)),
    ("ome-zarr-0.6", "specimen/s0", (), (48.0, 96.7, 109.1)),
    ("ome-zarr-0.6", "specimen/s1", (), (23.75, 48.1, 54.3)),
    ("ome-zarr-0.6", "specimen/s2", (), (11.625, 23.8, 26.9)),
    ("visor", "visor_raw_images/slice_1_10x.zarr/0", (0, 0), (32.0, 67.961165, 82.524272)),
    ("visor", "visor_raw_images/slice_1_10x.zarr/0", (0, 1), (32.0, 67.961165, 82.524272)),
    ("visor", "visor_raw_images/slice_1_10x.zarr/0", (1, 0), (32.0, 29.902913, 79.61165)),
    ("visor", "visor_raw_images/slice_1_10x.zarr/0", (1, 1), (32.0, 29.902913, 79.61165)),
    ("visor", "visor_raw_images/slice_1_10x.zarr/1", (0, 0), (32.0, 33.980583, 41.262136)),
    ("visor", "visor_raw_images/slice_1_10x.zarr/1", (0, 1), (32.0, 33.980583, 41.262136)),
    ("visor", "visor_raw_images/slice_1_10x.zarr/1", (1, 0), (32.0, 14.951456, 39.805825)),
    ("visor", "visor_raw_images/slice_1_10x.zarr/1", (1, 1), (32.0, 14.951456, 39.805825)),
    ("precomputed", "1250_1250_1600", (), (34.0, 53.6, 68.8)),
    ("precomputed", "2500_2500_3200", (), (16.75, 26.55, 34.15)),
    ("precomputed", "5000_5000_6400", (), (8.125, 13.025, 16.825)),
    ("zarr-array", "", (), (48.0, 72.0, 86.0)),
]

# Labels have no sub-voxel place: the nearest voxel, and how many are within 1.18 sigma.
LABELS = [
    ("s0", (15, 28, 43), 7),
    ("s1", (7, 14, 21), 3),
    ("s2", (4, 7, 11), 3),
]


def read(path: Path) -> np.ndarray:
    """A whole array, array order, by tensorstore."""
    if (path / "attributes.json").exists():
        spec = {"driver": "n5", "kvstore": {"driver": "file", "path": f"{path.as_posix()}/"}}
        return np.asarray(ts.open(spec).result().read().result()).T
    if (path.parent / "info").exists():
        kvstore = {"driver": "file", "path": f"{path.parent.as_posix()}/"}
        scale = {"driver": "neuroglancer_precomputed", "scale_metadata": {"key": path.name}}
        store = ts.open({**scale, "kvstore": kvstore}).result()
        return np.asarray(store.read().result())[..., 0].T
    driver = "zarr3" if (path / "zarr.json").exists() else "zarr"
    spec = {"driver": driver, "kvstore": {"driver": "file", "path": f"{path.as_posix()}/"}}
    return np.asarray(ts.open(spec).result().read().result())


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def peak(values: np.ndarray, voxel: tuple[int, ...]) -> list[float]:
    """The top of a Gaussian along each axis, from the logarithms of three voxels."""
    place = []
    for axis in range(values.ndim):
        step = np.eye(values.ndim, dtype=int)[axis]
        low, middle, high = (
            np.log(values[tuple(np.add(voxel, k * step))].astype(float)) for k in (-1, 0, 1)
        )
        place.append(float(voxel[axis] + 0.5 * (low - high) / (low - 2 * middle + high)))
    return place


@pytest.mark.parametrize(
    ("name", "array", "leading", "expected"),
    ARRAYS,
    ids=[f"{name}-{array}-{leading}" for name, array, leading, _ in ARRAYS],
)
def test_the_landmark_is_where_the_metadata_puts_it(
    samples: dict[str, Sample],
    name: str,
    array: str,
    leading: tuple[int, ...],
    expected: tuple[float, ...],
) -> None:
    values = read(samples[name].path / array)[leading]
    voxel = tuple(round(place) for place in expected)
    around = values[tuple(slice(place - 1, place + 2) for place in voxel)]
    assert np.unravel_index(around.argmax(), around.shape) == (1, 1, 1)
    assert (around == around.max()).sum() == 1
    top = 255 if values.dtype == np.uint8 else 4000 if values.dtype == np.uint16 else 1
    assert around.max() > 0.5 * top
    np.testing.assert_allclose(peak(values, voxel), expected, atol=0.03)


@pytest.mark.parametrize(("level", "voxel", "count"), LABELS, ids=[case[0] for case in LABELS])
def test_the_landmark_is_a_label_of_its_own(
    samples: dict[str, Sample], level: str, voxel: tuple[int, ...], count: int
) -> None:
    values = read(samples["cosem"].path / "labels" / "mito_seg" / level)
    assert values.dtype == np.uint16
    assert values[voxel] == 1000
    assert (values == 1000).sum() == count
    # Mitochondria, and the other two beads.
    assert {1001, 1002} < set(np.unique(values[values > 0]))
    assert ((values > 0) & (values < 1000)).any()


def test_each_format_has_one_sample(samples: dict[str, Sample]) -> None:
    assert FORMATS == (
        "neuroglancer-n5",
        "n5-viewer",
        "bdv-n5",
        "n5-array",
        "cosem",
        "ome-zarr-0.1",
        "ome-zarr-0.2",
        "ome-zarr-0.3",
        "ome-zarr-0.4",
        "ome-zarr-0.5",
        "ome-zarr-0.6",
        "visor",
        "precomputed",
        "zarr-array",
        "zvf",
    )
    assert tuple(samples) == FORMATS
    for name, sample in samples.items():
        assert (sample.name, sample.format) == (name, name)
        assert sample.path.is_dir()
        assert sample.path.suffix in (".n5", ".zarr", ".vsr", ".precomputed", ".zarrvectors")
        assert sample.landmark == {"z": 48.0, "y": 72.0, "x": 86.0}
        assert len(sample.landmarks) == 3
    assert len({sample.title for sample in samples.values()}) == len(FORMATS)


EXTENTS = [
    ("neuroglancer-n5", (-0.75, 95.25), (-0.5, 159.5), (-0.5, 159.5)),
    ("bdv-n5", (-0.125, 96.125), (-19.775, 180.175), (-19.975, 179.975)),
    ("cosem", (0.3, 95.1), (-0.75, 158.25), (-0.1, 160.9)),
    ("ome-zarr-0.4", (0.9, 92.7), (3.75, 155.25), (2.75, 154.25)),
    ("ome-zarr-0.2", (-0.5, 90.5), (-0.5, 160.5), (-0.5, 152.5)),
    ("ome-zarr-0.6", (-0.5, 95.5), (-60.0, 220.0), (-60.0, 220.0)),
    ("ome-zarr-0.5", (1.2, 97.2), (-0.025, 159.975), (-0.325, 159.675)),
    ("precomputed", (-7.2, 95.2), (4.375, 154.375), (-0.625, 159.375)),
    ("zvf", (-7.968333, 102.971667), (-13.922086, 177.945294), (-13.996244, 182.959612)),
    ("visor", (-0.75, 95.25), (1.485, 116.845), (0.485, 148.805)),
]


@pytest.mark.parametrize(("name", "z", "y", "x"), EXTENTS, ids=[case[0] for case in EXTENTS])
def test_extent(
    samples: dict[str, Sample],
    name: str,
    z: tuple[float, float],
    y: tuple[float, float],
    x: tuple[float, float],
) -> None:
    extent = samples[name].extent
    assert extent["z"] == pytest.approx(z)
    assert extent["y"] == pytest.approx(y)
    assert extent["x"] == pytest.approx(x)


def test_neuroglancer_metadata_names_the_landmark(samples: dict[str, Sample]) -> None:
    path = samples["neuroglancer-n5"].path
    root, group = load(path / "attributes.json"), load(path / "specimen" / "attributes.json")
    assert root["units"] == ["nm", "nm", "nm"]
    factor = np.array(group["downsamplingFactors"][2])
    spacing = np.array(root["resolution"])
    place = spacing * factor * (21.125, 17.625, 7.625) + spacing * (factor - 1) / 2
    np.testing.assert_allclose(place, (86_000, 72_000, 48_000))
    assert read(path / "specimen" / "s2").shape == (16, 40, 40)
    assert load(path / "specimen" / "s0" / "attributes.json")["blockSize"] == [64, 64, 32]


def test_n5_viewer_metadata_names_the_landmark(samples: dict[str, Sample]) -> None:
    path = samples["n5-viewer"].path
    assert not (path / "c0" / "attributes.json").exists()
    array = load(path / "c1" / "s2" / "attributes.json")
    assert array["pixelResolution"] == {"unit": "um", "dimensions": [1.0, 1.0, 2.0]}
    assert array["downsamplingFactors"] == [4, 4, 1]
    place = np.multiply((1, 1, 2), (4 * 21.125 + 1.5, 4 * 17.625 + 1.5, 24))
    np.testing.assert_allclose(place, (86, 72, 48))


def test_bdv_metadata_names_the_landmark(samples: dict[str, Sample]) -> None:
    path = samples["bdv-n5"].path
    assert load(path / "setup0" / "attributes.json")["downsamplingFactors"][1] == [2, 2, 2]
    tree = ElementTree.parse(path.with_suffix(".xml"))
    assert tree.findtext(".//ImageLoader/n5") == path.name
    assert tree.findtext(".//voxelSize/unit") == "micrometer"
    assert tree.findtext(".//ViewSetup/size") == "129 129 77"
    views = tree.findall(".//ViewRegistration")
    assert [view.get("timepoint") for view in views] == ["0", "1"]
    for view in views:
        place = np.array([2 * 33.1356 + 0.5, 2 * 27.9292 + 0.5, 2 * 18.75 + 0.5])
        for element in reversed(view.findall("ViewTransform/affine")):
            matrix = np.array((element.text or "").split(), dtype=float).reshape(3, 4)
            place = matrix[:, :3] @ place + matrix[:, 3]
        np.testing.assert_allclose(place, (86, 72, 48))


def test_the_second_timepoint_differs(samples: dict[str, Sample]) -> None:
    setup = samples["bdv-n5"].path / "setup0"
    first, second = read(setup / "timepoint0" / "s2"), read(setup / "timepoint1" / "s2")
    assert first.shape == second.shape == (19, 32, 32)
    assert second.sum() > 1.05 * first.sum()


COSEM = [
    ("em/fibsem-uint8", 2, (9.4375, 17.6875, 21.025)),
    ("labels/mito_pred", 1, (9.4375, 21.4, 21.075)),
    ("labels/mito_seg", 2, (3.708333, 6.9, 10.675)),
]


@pytest.mark.parametrize(("group", "level", "voxel"), COSEM, ids=[case[0] for case in COSEM])
def test_cosem_metadata_names_the_landmark(
    samples: dict[str, Sample], group: str, level: int, voxel: tuple[float, ...]
) -> None:
    path = samples["cosem"].path / group
    transform = load(path / f"s{level}" / "attributes.json")["transform"]
    assert transform["axes"] == ["z", "y", "x"]
    assert transform["units"] == ["nm", "nm", "nm"]
    place = np.multiply(transform["scale"], voxel) + transform["translate"]
    np.testing.assert_allclose(place, (48_000, 72_000, 86_000), atol=0.01)
    if group != "labels/mito_pred":
        entry = load(path / "attributes.json")["multiscales"][0]["datasets"][level]
        assert entry == {"path": f"s{level}", "transform": transform}


def test_cosem_folders_have_no_attributes(samples: dict[str, Sample]) -> None:
    path = samples["cosem"].path
    for group in ("em", "labels", "labels/mito_pred"):
        assert (path / group).is_dir()
        assert not (path / group / "attributes.json").exists()
    assert load(path / "labels" / "mito_pred" / "s0" / "attributes.json")["transform"]["scale"] == [
        2400,
        -2000,
        2000,
    ]


def test_ome_zarr_04_metadata_names_the_landmark(samples: dict[str, Sample]) -> None:
    group = zarr.open_group(samples["ome-zarr-0.4"].path, mode="r", zarr_format=2)
    attributes = group.attrs.asdict()
    multiscale = attributes["multiscales"][0]
    assert [axis["name"] for axis in multiscale["axes"]] == ["c", "z", "y", "x"]
    inner = multiscale["datasets"][2]["coordinateTransformations"]
    outer = multiscale["coordinateTransformations"]
    place = np.array([1, 12.583333, 10.875, 13.375])
    for scale, translation in (inner, outer):
        assert translation["translation"][1:] != [0, 0, 0]
        place = place * scale["scale"] + translation["translation"]
    np.testing.assert_allclose(place, (1, 48, 72, 86), atol=1e-5)
    assert [channel["color"] for channel in attributes["omero"]["channels"]] == ["00FFFF", "FF00FF"]
    assert [group[str(level)].shape for level in range(3)] == [
        (2, 51, 101, 101),
        (2, 51, 51, 51),
        (2, 26, 26, 26),
    ]


def test_ome_zarr_05_metadata_names_the_landmark(samples: dict[str, Sample]) -> None:
    group = zarr.open_group(samples["ome-zarr-0.5"].path, mode="r", zarr_format=3)
    multiscale = group.attrs.asdict()["ome"]["multiscales"][0]
    assert {axis["unit"] for axis in multiscale["axes"]} == {"nanometer"}
    scale, translation = multiscale["datasets"][1]["coordinateTransformations"]
    place = np.multiply(scale["scale"], (23.15, 28.56, 34.28)) + translation["translation"]
    np.testing.assert_allclose(place, (48_000, 72_000, 86_000))
    array = group["s1"]
    assert (array.shape, array.chunks, array.shards) == ((48, 64, 64), (16, 32, 32), (32, 64, 64))


def test_precomputed_metadata_names_the_landmark(samples: dict[str, Sample]) -> None:
    found = load(samples["precomputed"].path / "info")
    assert (found["type"], found["data_type"], found["num_channels"]) == ("image", "uint8", 1)
    assert [scale["encoding"] for scale in found["scales"]] == ["raw", "png", "raw"]
    assert ["sharding" in scale for scale in found["scales"]] == [True, False, False]
    half = np.divide(found["scales"][0]["resolution"], 2)
    voxels = [(68.8, 53.6, 34.0), (34.15, 26.55, 16.75), (16.825, 13.025, 8.125)]
    for scale, voxel in zip(found["scales"], voxels, strict=True):
        corner = np.add(voxel, scale["voxel_offset"]) + 0.5
        np.testing.assert_allclose(corner * scale["resolution"] - half, (86000, 72000, 48000))


def test_visor_metadata_names_the_landmark(samples: dict[str, Sample]) -> None:
    raw = samples["visor"].path / "visor_raw_images"
    assert load(raw / "selected.json") == [{"name": "slice_1_10x", "channels": ["488", "561"]}]
    group = zarr.open_group(raw / "slice_1_10x.zarr", mode="r", zarr_format=3)
    attributes = group.attrs.asdict()
    multiscale = attributes["ome"]["multiscales"][0]
    assert [axis["type"] for axis in multiscale["axes"][:2]] == ["visor_stack", "channel"]
    (inner,) = multiscale["datasets"][1]["coordinateTransformations"]
    (outer,) = multiscale["coordinateTransformations"]
    for stack, voxel in ((0, (32, 33.980583, 41.262136)), (1, (32, 14.951456, 39.805825))):
        x, y = attributes["visor"]["visor_stacks"][stack]["position"]
        place = np.multiply(inner["scale"][2:], outer["scale"][2:]) * voxel
        place = np.add(place, (0, 1000 * y, 1000 * x))
        np.testing.assert_allclose(place, (48, 72, 86), atol=1e-5)


def test_plain_arrays_carry_nothing_else(samples: dict[str, Sample]) -> None:
    assert set(load(samples["n5-array"].path / "attributes.json")) == {
        "dimensions",
        "blockSize",
        "dataType",
        "compression",
    }
    array = zarr.open_array(samples["zarr-array"].path, mode="r")
    assert array.metadata.dimension_names == ("z", "y", "x")
    assert array.attrs.asdict() == {}


def test_all_samples_together_are_small(samples: dict[str, Sample]) -> None:
    (folder,) = {sample.path.parent for sample in samples.values()}
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 30e6


def test_a_sample_is_the_same_every_time(samples: dict[str, Sample], tmp_path: Path) -> None:
    again = write_sample("ome-zarr-0.5", tmp_path)
    first = samples["ome-zarr-0.5"].path
    np.testing.assert_array_equal(read(again.path / "s0"), read(first / "s0"))


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "bdv-n5.xml").write_text("mine")
    with pytest.raises(FileExistsError, match=r"bdv-n5\.xml: a sample is there already"):
        write_sample("bdv-n5", tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["bdv-n5.xml"]


def test_an_unknown_name_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no sample is named 'n6'; there are neuroglancer-n5, "):
        write_sample("n6", tmp_path)


def test_importing_the_samples_is_light() -> None:
    code = (
        "import sys, napari_strata.samples;"
        "heavy = {'tensorstore', 'zarr', 'dask', 'napari', 'qtpy'} & set(sys.modules);"
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_zvf_has_the_landmarks_at_every_level(samples: dict[str, Sample]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        store = zarr_vectors.open(str(samples["zvf"].path))
        assert store.levels == (0, 1, 2)
        for level in store:
            beads = level.read(objects=[30, 31, 32])  # after 30 cells
            expected = [[86e3, 72e3, 48e3], [107e3, 57e3, 35e3], [63e3, 103e3, 61e3]]
            np.testing.assert_allclose(beads.positions, expected)
        counts = [level.vertex_count for level in store]
    assert counts[0] == 30 * 600 + 3
    assert counts[0] > counts[1] > counts[2]
