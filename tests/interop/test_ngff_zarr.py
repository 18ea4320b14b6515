"""Stores written by ngff-zarr: 0.4, 0.5 and 0.6, sharded, with omero, plates and scenes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ngff_zarr as nz
import numpy as np
import pytest
import zarr
from ngff_zarr.v06 import zarr_metadata as v06

import napari_strata as strata
from napari_strata.model import ChannelDisplay

from .conftest import Served
from .expected import C, Image, Level, check, check_grid, space

VERSIONS = ["0.4", "0.5", "0.6"]
PIXELS = np.arange(4 * 8 * 12, dtype="u2").reshape(4, 8, 12)
SIZE = {"z": 2.0, "y": 0.5, "x": 0.25}
ORIGIN = {"z": 10.0, "y": -3.0, "x": 7.0}
MICROMETRES = {"z": "micrometer", "y": "micrometer", "x": "micrometer"}


def mean_of_blocks(pixels: np.ndarray, *block: int) -> np.ndarray:
    """What bin shrinking means: the mean of each block, a half rounded up."""
    split = [n for size, b in zip(pixels.shape, block, strict=True) for n in (size // b, b)]
    mean = pixels.reshape(split).mean(axis=tuple(range(1, 2 * pixels.ndim, 2)))
    return np.floor(mean + 0.5).astype(pixels.dtype)


def volume(name: str = "vol") -> Any:
    """A stack whose level 1 halves y and x, and level 2 everything once more."""
    image = nz.to_ngff_image(
        PIXELS,
        dims=("z", "y", "x"),
        scale=SIZE,
        translation=ORIGIN,
        name=name,
        axes_units=MICROMETRES,
    )
    factors = [{"z": 1, "y": 2, "x": 2}, {"z": 2, "y": 4, "x": 4}]
    return nz.to_multiscales(
        image, scale_factors=factors, method=nz.Methods.DASK_BIN_SHRINK, chunks=4
    )


def volume_levels(path: str = "") -> tuple[Level, ...]:
    """Each level is centred on its blocks: half a coarse voxel less half a fine one further."""
    first = mean_of_blocks(PIXELS, 1, 2, 2)
    return (
        Level(f"{path}scale0/vol", (2.0, 0.5, 0.25), (10.0, -3.0, 7.0), PIXELS),
        Level(f"{path}scale1/vol", (2.0, 1.0, 0.5), (10.0, -2.75, 7.125), first),
        Level(
            f"{path}scale2/vol",
            (4.0, 2.0, 1.0),
            (11.0, -2.25, 7.375),
            mean_of_blocks(first, 2, 2, 2),
        ),
    )


STORAGE = [("0.4", None), ("0.5", None), ("0.5", 2), ("0.6", None), ("0.6", 2)]


@pytest.mark.parametrize(("version", "chunks_per_shard"), STORAGE)
def test_volume(version: str, chunks_per_shard: int | None, tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    nz.to_ome_zarr(str(path), volume(), version=version, chunks_per_shard=chunks_per_shard)
    dataset = strata.open(path)
    assert dataset.problems == ()
    axes = space("zyx", "micrometer")
    check(path, dataset, Image("vol", f"ome-zarr-{version}", axes, volume_levels()))
    assert dataset[""].levels[0].chunks == (4, 4, 4)


@pytest.mark.parametrize("version", ["0.5", "0.6"])
def test_zip(version: str, tmp_path: Path) -> None:
    path = tmp_path / "vol.ozx"
    nz.to_ome_zarr(str(path), volume(), version=version)
    image = strata.open(path)[""]
    assert (image.name, image.format) == ("vol", f"ome-zarr-{version}")
    for level, wanted in zip(image.levels, volume_levels(), strict=True):
        np.testing.assert_allclose(level.scale, wanted.scale)
        np.testing.assert_allclose(level.translate, wanted.translate)
        np.testing.assert_array_equal(level.data, wanted.pixels)


def field(number: int) -> Any:
    """Two channels of 8 × 12, level 1 half as fine, with an omero block."""
    pixels = np.arange(2 * 8 * 12, dtype="u2").reshape(2, 8, 12) + 1000 * number + 1
    image = nz.to_ngff_image(
        pixels,
        dims=("c", "y", "x"),
        scale={"c": 1.0, "y": 0.5, "x": 0.25},
        translation={"c": 0.0, "y": 0.0, "x": 0.0},
        name="field",
        axes_units={"y": "micrometer", "x": "micrometer"},
    )
    result = nz.to_multiscales(
        image, scale_factors=[{"y": 2, "x": 2}], method=nz.Methods.DASK_BIN_SHRINK, chunks=8
    )
    windows = [(1, 200), (2, 300)]
    result.metadata.omero = nz.Omero(
        channels=[
            nz.OmeroChannel(
                color=color,
                window=nz.OmeroWindow(min=0, max=65535, start=start, end=end),
                label=label,
            )
            for label, color, (start, end) in zip("ab", ["FF0000", "00ff00"], windows, strict=True)
        ]
    )
    return result


CHANNELS = (
    ChannelDisplay("a", "FF0000", (1.0, 200.0), (0.0, 65535.0)),
    ChannelDisplay("b", "00FF00", (2.0, 300.0), (0.0, 65535.0)),
)


@pytest.mark.parametrize("version", VERSIONS)
def test_omero(version: str, tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    nz.to_ome_zarr(str(path), field(0), version=version)
    dataset = strata.open(path)
    pixels = np.arange(2 * 8 * 12, dtype="u2").reshape(2, 8, 12) + 1
    levels = (
        Level("scale0/field", (1.0, 0.5, 0.25), (0.0, 0.0, 0.0), pixels),
        Level("scale1/field", (1.0, 1.0, 0.5), (0.0, 0.25, 0.125), mean_of_blocks(pixels, 1, 2, 2)),
    )
    axes = (C, *space("yx", "micrometer"))
    check(path, dataset, Image("field", f"ome-zarr-{version}", axes, levels))
    assert dataset[""].display.channels == CHANNELS


def write_plate(folder: Path, version: str) -> Path:
    path = folder / "screen.zarr"
    plate = nz.Plate(
        columns=[nz.PlateColumn("1"), nz.PlateColumn("2")],
        rows=[nz.PlateRow("A"), nz.PlateRow("B")],
        wells=[nz.PlateWell("A/2", 0, 1), nz.PlateWell("B/1", 1, 0)],
        version=version,
        name="screen",
        field_count=2,
        acquisitions=[nz.PlateAcquisition(id=0, name="first")],
    )
    with nz.HCSPlateWriter(str(path), plate) as writer:
        for number, (row, column, index) in enumerate(
            [("A", "2", 0), ("A", "2", 1), ("B", "1", 0)]
        ):
            writer.write_well_image(field(number), row, column, index)
    return path


@pytest.mark.parametrize("version", VERSIONS)
def test_plate(version: str, tmp_path: Path) -> None:
    path = write_plate(tmp_path, version)
    dataset = strata.open(path)
    assert [image.name for image in dataset.images] == ["screen"]
    assert [p.code for p in dataset.problems if p.severity != "info"] == []
    image = dataset[""]
    assert image.display.channels == CHANNELS
    np.testing.assert_allclose(image.levels[0].affine, np.diag([1.0, 0.5, 0.25, 1.0]))
    np.testing.assert_allclose(image.levels[1].scale, (1.0, 1.0, 0.5))
    np.testing.assert_allclose(image.levels[1].translate, (0.0, 0.25, 0.125))
    for level in (0, 1):
        places = [(0, 2, "A/2/0"), (0, 3, "A/2/1"), (1, 0, "B/1/0")]
        names = [(y, x, f"{f}/scale{level}/field") for y, x, f in places]
        check_grid(path, dataset, "", level, names)


@pytest.mark.parametrize("version", VERSIONS)
def test_plate_is_read_once(version: str, tmp_path: Path, serve: Callable[[Path], Served]) -> None:
    """Its levels lie two folders deep, in scale0/field: each file is still read once."""
    path = write_plate(tmp_path, version)
    server = serve(path.parent)
    strata.open(f"{server.url}/{path.name}")
    of_group, of_array = (".zattrs", ".zarray") if version == "0.4" else ("zarr.json",) * 2
    fields = ["A/2/0", "A/2/1", "B/1/0"]
    wanted = {f"{group}/{of_group}" for group in ("A/2", "B/1", *fields)}
    for field_path in fields:
        wanted |= {f"{field_path}/scale{level}/field/{of_array}" for level in (0, 1)}
    root = f"{path.name}/{of_group}"
    assert server.found == dict.fromkeys({root, *(f"{path.name}/{key}" for key in wanted)}, 1)


def system(name: str, unit: str = "micrometer") -> Any:
    axes = [v06.Axis(name=axis, type="space", unit=unit) for axis in ("z", "y", "x")]
    return nz.CoordinateSystem(name=name, axes=axes)


def named(name: str, path: str | None = None) -> Any:
    return nz.CoordinateSystemIdentifier(name=name, path=path)


# Of a point in micrometres, z y x: turned by a quarter about z, and moved.
TURNED = [[1.0, 0.0, 0.0, 100.0], [0.0, 0.0, -1.0, 20.0], [0.0, 1.0, 0.0, 3.0]]


def test_coordinate_systems_of_an_image(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    image = volume()
    image.metadata = image.metadata.to_version("0.6")
    image.metadata.coordinateSystems.append(system("stage"))
    image.metadata.coordinateTransformations = [
        v06.Affine(affine=TURNED, input=named("intrinsic"), output=named("stage"))
    ]
    nz.to_ome_zarr(str(path), image, version="0.6")
    dataset = strata.open(path)
    # It does not move the image: the intrinsic system is what is shown.
    axes = space("zyx", "micrometer")
    check(path, dataset, Image("vol", "ome-zarr-0.6", axes, volume_levels()))
    model = dataset[""].model
    assert model.system == "intrinsic"
    assert [s.name for s in model.systems] == ["intrinsic", "stage"]
    assert [a.unit for a in model.systems[1].axes] == ["micrometer"] * 3
    (step,) = model.systems[1].transforms or ()
    np.testing.assert_allclose(step.matrix[:3], TURNED)


def test_scene(tmp_path: Path) -> None:
    """Two images in one space: one moved by a translation, one turned by an affine."""
    path = tmp_path / "scene.zarr"
    scene = nz.NgffScene(
        images={"left": volume(), "right": volume()},
        coordinateSystems=[system("room")],
        coordinateTransformations=[
            v06.Translation(
                translation=[0.0, 5.0, -2.0],
                input=named("intrinsic", "left"),
                output=named("room"),
            ),
            v06.Affine(affine=TURNED, input=named("intrinsic", "right"), output=named("room")),
        ],
    )
    scene.to_ome_zarr(str(path), version="0.6")
    dataset = strata.open(path)
    assert [image.path for image in dataset.images] == ["left", "right"]
    left, right = dataset["left"], dataset["right"]
    assert {left.model.system, right.model.system} == {"room"}
    # Left: each level's own place, and 5 µm further in y, 2 µm back in x.
    moved = [(10.0, 2.0, 5.0), (10.0, 2.25, 5.125), (11.0, 2.75, 5.375)]
    for level, wanted in zip(left.levels, moved, strict=True):
        np.testing.assert_allclose(level.translate, wanted)
    # Right, a stored voxel k i j of level 0: z = (2 k + 10) + 100, y = 20 - (0.25 j + 7) and
    # x = (0.5 i - 3) + 3.
    wanted_affine = [[2.0, 0, 0, 110.0], [0, 0, -0.25, 13.0], [0, 0.5, 0, 0.0], [0, 0, 0, 1]]
    np.testing.assert_allclose(right.levels[0].affine, wanted_affine, atol=1e-12)
    np.testing.assert_array_equal(left.levels[0].data, PIXELS)
    np.testing.assert_array_equal(right.levels[0].data, PIXELS)


def test_its_version_0_9_is_like_0_6(tmp_path: Path) -> None:
    """What it writes as 0.9.dev1 has the structure of 0.6, which counts."""
    path = tmp_path / "a.zarr"
    nz.to_ome_zarr(str(path), volume(), version="0.9.dev1")
    assert zarr.open_group(path, mode="r").attrs["ome"]["version"] == "0.9.dev1"
    dataset = strata.open(path)
    levels = volume_levels()
    assert [level.path for level in dataset[""].levels] == [level.path for level in levels]
    for level, wanted in zip(dataset[""].levels, levels, strict=True):
        np.testing.assert_allclose(level.scale, wanted.scale)
        np.testing.assert_allclose(level.translate, wanted.translate)
