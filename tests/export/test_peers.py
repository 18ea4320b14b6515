"""What other libraries make of an export: the same places, and no complaint."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import yaozarrs
from napari.layers import Image, Labels

from napari_strata.check import check

from . import parsed
from .layers import exported

UM = "micrometer"
SCALE, SHIFT = (2.0, 0.5, 0.25), (10.0, -3.0, 7.0)
RNG = np.random.default_rng(4)
VOXELS = RNG.integers(0, 200, (2, 9, 40, 50)).astype("u2")


@pytest.fixture(params=["0.4", "0.5", "0.6"])
def written(request, tmp_path: Path):
    """Two channels and a label of other resolution, three levels; the version, and the folder."""
    usual = {"axis_labels": "zyx", "units": [UM] * 3, "scale": SCALE, "translate": SHIFT}
    layers = [Image(v, name=f"cells {n}", **usual) for v, n in zip(VOXELS, "ab", strict=True)]
    usual |= {"scale": (2.0, 1.0, 0.5), "translate": (10.0, -2.75, 7.125)}
    layers.append(Labels(VOXELS[0, :, ::2, ::2].astype("u4"), name="nuclei", **usual))
    folder = tmp_path / "o.ome.zarr"
    exported(layers, folder, version=request.param, chunks=(1, 9, 16, 16), levels=3)
    return request.param, folder


def test_our_own_check_finds_no_error(written):
    found = [str(f.problem) for f in check(written[1]).findings if f.problem.severity == "error"]
    assert found == []


def test_yaozarrs_finds_nothing(written):
    version, folder = written
    if version == "0.6":
        pytest.skip("yaozarrs knows 0.4 and 0.5")
    yaozarrs.validate_zarr_store(folder)
    yaozarrs.validate_zarr_store(folder / "labels" / "nuclei")


@pytest.mark.parametrize("several", [False, True], ids=["labels alone", "several images"])
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_yaozarrs_finds_nothing_in_other_layouts(several, version, tmp_path: Path):
    layers = [Labels(VOXELS[0].astype("i4"), name="nuclei")]
    if several:
        layers = [Image(VOXELS[0], name="a"), Image(VOXELS[0, :5], name="b")]
    exported(layers, tmp_path / "o.zarr", version=version)
    yaozarrs.validate_zarr_store(tmp_path / "o.zarr")


def test_ome_zarr_py_reads_the_same(written):
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    version, folder = written
    if version == "0.6":
        pytest.skip("ome-zarr-py knows 0.4 and 0.5")
    nodes = list(Reader(parse_url(folder))())
    levels = nodes[0].data
    np.testing.assert_array_equal(np.asarray(levels[0]), VOXELS)
    assert [a["name"] for a in nodes[0].metadata["axes"]] == ["c", "z", "y", "x"]
    transforms = nodes[0].metadata["coordinateTransformations"]
    _compare(folder, "", [(t[0]["scale"], t[1]["translation"]) for t in transforms])
    assert nodes[0].metadata["channel_names"] == ["a", "b"]
    (label,) = (n for n in nodes if "labels/nuclei" in str(n.zarr).replace("\\", "/"))
    np.testing.assert_array_equal(np.asarray(label.data[0]), VOXELS[0, :, ::2, ::2])


@pytest.mark.parametrize("path", ["", "labels/nuclei"])
def test_ngff_zarr_reads_the_same(path, written):
    import ngff_zarr

    _, folder = written
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = ngff_zarr.from_ngff_zarr(str(folder / path), validate=True)
    expected = VOXELS if not path else VOXELS[0, :, ::2, ::2]
    np.testing.assert_array_equal(np.asarray(found.images[0].data), expected)
    names = [name for name, _, _ in parsed.axes(folder / path)]
    _compare(folder, path, [
        ([i.scale.get(n, 1.0) for n in names], [i.translation.get(n, 0.0) for n in names])
        for i in found.images
    ])  # fmt: skip


def _compare(folder: Path, path: str, found):
    written = parsed.affines(folder, path)
    assert len(found) == len(written) == 3
    for matrix, (scale, shift) in zip(written, found, strict=True):
        np.testing.assert_allclose(np.diag(matrix)[:-1], scale, rtol=1e-12)
        np.testing.assert_allclose(matrix[:-1, -1], shift, rtol=1e-12)
