"""COSEM N5 as an export: metadata by hand, the reference's models, round trips, odd sizes."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorstore
from napari.layers import Image, Labels

import napari_strata as strata
from export.layers import layers_of
from export.metadata_stores import close, cosem_places, opened_places, read_json
from napari_strata.affine import from_scale_translate, frozen
from napari_strata.export import cosem_n5
from napari_strata.export.documents.cosem_metadata import cosem_documents
from napari_strata.export.documents.written import NotCarried, WrittenImage, WrittenLevel
from napari_strata.export.errors import ExportError
from napari_strata.export.pixels.codecs import Codec
from napari_strata.export.planning.options import Options
from napari_strata.model import Axis, Display

ZYX = tuple(Axis(name, "space", "nm") for name in "zyx")


def written(levels, axes=ZYX):
    found = [WrittenLevel(f"s{k}", from_scale_translate(*level)) for k, level in enumerate(levels)]
    return WrittenImage("em", "em", "image", axes, tuple(found), Display(), "mean")


def exported(layers, folder, **wishes):
    plan = cosem_n5.plan_images(layers, Options(**wishes))
    folder.mkdir()
    cosem_n5.write(plan, folder)
    cosem_n5.verify(plan, folder)
    return plan


# ----------------------------------------------------------------------------------- metadata


def test_the_documents_by_hand():
    found = cosem_documents(written([([40, 4, 8], [0, 0, 0]), ([40, 8, 16], [0, 2, 4])]))
    transforms = [
        {"axes": ["z", "y", "x"], "units": ["nm"] * 3, "scale": s, "translate": t}
        for s, t in (([40, 4, 8], [0, 0, 0]), ([40, 8, 16], [0, 2, 4]))
    ]
    assert found.group == {
        "multiscales": [
            {
                "name": "em",
                "datasets": [{"path": f"s{k}", "transform": t} for k, t in enumerate(transforms)],
            }
        ],
        "axes": ["x", "y", "z"],
        "units": ["nm", "nm", "nm"],
        "pixelResolution": {"dimensions": [8, 4, 40], "unit": "nm"},
        "scales": [[1, 1, 1], [2, 2, 1]],
    }
    assert found.arrays["s1"] == {
        "transform": transforms[1],
        "pixelResolution": {"dimensions": [16, 8, 40], "unit": "nm"},
    }
    assert not found.losses


def test_the_references_models_say_the_same(tmp_path):
    pytest.importorskip("cellmap_schemas")
    fixed = {"axes": ["z", "y", "x"], "units": ["nm"] * 3, "order": "C"}
    given = {
        "s0": {**fixed, "scale": [40, 4, 8], "translate": [0, 0, 0]},
        "s1": {**fixed, "scale": [40, 8, 16], "translate": [0, 2, 4]},
    }
    script = Path(__file__).parents[1] / "formats" / "cellmap_schemas_metadata.py"
    done = subprocess.run(
        [sys.executable, str(script), json.dumps(given)], capture_output=True, check=True
    )
    reference = json.loads(done.stdout)
    found = cosem_documents(written([([40, 4, 8], [0, 0, 0]), ([40, 8, 16], [0, 2, 4])]))
    datasets = reference["group"]["multiscales"][0]["datasets"]
    for one, other in zip(found.group["multiscales"][0]["datasets"], datasets, strict=True):
        assert one["path"] == other["path"]
        for key, value in one["transform"].items():
            assert other["transform"][key] == value
    for path, other in reference["arrays"].items():
        assert found.arrays[path]["pixelResolution"] == other["pixelResolution"]
        assert other["transform"].items() >= found.arrays[path]["transform"].items()


def test_a_mirrored_image_has_no_keys_of_neuroglancer():
    found = cosem_documents(written([([40, -4, 4], [0, 100, 0])]))
    assert found.group.keys() == {"multiscales"}
    assert found.arrays["s0"].keys() == {"transform"}


def test_axes_of_different_units_have_no_pixel_resolution():
    axes = (Axis("t", "time", "s"), *ZYX)
    found = cosem_documents(written([([0.5, 40, 4, 4], [0, 0, 0, 0])], axes))
    assert "pixelResolution" not in found.group
    assert found.group["resolution"] == [4, 4, 40, 0.5]
    assert found.group["units"] == ["nm", "nm", "nm", "s"]


def test_what_is_turned_is_refused():
    matrix = frozen([[0, -1, 0, 5], [1, 0, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1]])
    image = written([([1, 1, 1], [0, 0, 0])])
    image = WrittenImage("em", "em", "image", ZYX, (WrittenLevel("s0", matrix),), Display(), "mean")
    with pytest.raises(NotCarried, match="turn or shear"):
        cosem_documents(image)


# -------------------------------------------------------------------------------------- export


def by_numpy(values):
    """Halve all axes by the mean of the voxels there are, half to even."""
    shape = [-(-n // 2) for n in values.shape]
    result = np.empty(shape)
    for index in np.ndindex(*shape):
        result[index] = values[tuple(slice(2 * i, 2 * i + 2) for i in index)].mean()
    return result.astype("f4") if values.dtype.kind == "f" else np.rint(result).astype(values.dtype)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint32", "float32"])
def test_voxels_and_places_of_a_layer_of_odd_sizes(tmp_path, dtype):
    values = (np.arange(9 * 13 * 7) % 251).astype(dtype).reshape(9, 13, 7)
    layer = Image(
        values, name="em", scale=[2, 2, 2], translate=[1, 2, 3], units=["nm"] * 3,
        axis_labels=["z", "y", "x"],
    )  # fmt: skip
    folder = tmp_path / "a.n5"
    exported([layer], folder, levels=2, chunks=(4, 5, 6), codec=Codec("gzip", 3))
    expected = {"s0": ([2, 2, 2], [1, 2, 3]), "s1": ([4, 4, 4], [2, 3, 4])}
    by_arrays, by_group = cosem_places(folder / "em")
    assert close(by_arrays, expected)
    assert close(by_group, expected)
    kvstore = {"driver": "file", "path": f"{folder}/em/s0/"}
    stored = tensorstore.open({"driver": "n5", "kvstore": kvstore}).result()
    assert np.array_equal(stored.read().result().T, values)
    own = read_json(folder / "em" / "s1" / "attributes.json")
    assert own["dimensions"] == [4, 7, 5]
    assert own["blockSize"] == [4, 5, 4]  # 6 along x, but no more than there are
    image = strata.open(folder).images[0]
    assert np.array_equal(np.asarray(image.levels[1].data), by_numpy(values))
    assert (image.format, image.name, image.problems) == ("cosem", "em", ())
    assert close(opened_places(image), expected)


def test_labels_go_below_labels(tmp_path):
    values = np.arange(4 * 6 * 6).astype("uint32").reshape(4, 6, 6)
    place = {"units": ["nm"] * 3, "axis_labels": ["z", "y", "x"]}
    layers = [
        Image(values, name="em", **place),
        Labels(values, name="cells", **place),
        Labels(values, name="cells_pred", **place),
    ]
    folder = tmp_path / "a.n5"
    plan = exported(layers, folder)
    kinds = {image.path: image.kind for image in strata.open(folder).images}
    assert kinds == {
        "em": "image", "labels/cells": "labels", "labels/cells_pred_seg": "labels",
    }  # fmt: skip
    assert read_json(folder / "attributes.json") == {"n5": "4.0.0"}
    assert "display-not-carried" in [p.code for p in plan.losses]


@pytest.mark.parametrize("name", ["cosem", "ome-zarr-0.5", "n5-viewer", "neuroglancer-n5"])
def test_round_trips(tmp_path, samples, name):
    layers = layers_of(samples[name].path)
    folder = tmp_path / "a.n5"
    exported(layers, folder, copy_levels=True)
    before = {
        (tuple(level.shape), tuple(level.scale), tuple(level.translate))
        for image in strata.open(samples[name].path).images
        for level in image.levels
    }
    after = {
        (tuple(level.shape), tuple(level.scale), tuple(level.translate))
        for image in strata.open(folder).images
        for level in image.levels
    }
    assert after == before


def test_writing_again_what_was_broken_off(tmp_path):
    values = np.arange(4 * 6 * 6).astype("uint16").reshape(4, 6, 6)
    layer = Image(values, name="em", axis_labels=["z", "y", "x"])
    plan = cosem_n5.plan_images([layer])
    folder = tmp_path / "a.n5"
    folder.mkdir()
    cosem_n5.write(plan, folder)
    (folder / "attributes.json").unlink()
    cosem_n5.write(plan, folder)
    cosem_n5.verify(plan, folder)


@pytest.mark.parametrize(
    ("wishes", "message"),
    [({"version": "0.5"}, "none to choose"), ({"shards": True}, "N5 has none")],
    ids=["version", "shards"],
)
def test_what_n5_has_not_is_refused(wishes, message):
    with pytest.raises(ExportError, match=message):
        cosem_n5.plan_images([Image(np.zeros((4, 4)))], Options(**wishes))


def test_axes_that_n5_would_take_for_others_are_refused():
    layer = Image(np.zeros((4, 4, 4)), axis_labels=["depth", "y", "x"])
    with pytest.raises(ExportError, match="axis depth is one of space"):
        cosem_n5.plan_images([layer])


def test_a_turned_layer_is_refused():
    layer = Image(np.zeros((4, 4)), axis_labels=["y", "x"], rotate=30)
    with pytest.raises(ExportError, match="turn or shear"):
        cosem_n5.plan_images([layer])
