"""What was changed about a layer in napari, written back to the data it shows."""

import numpy as np
import pytest
from napari.layers import Image, Layer

import napari_strata as strata
from export import metadata_stores as stores
from export.layers import in_viewer, layers_of
from export.metadata_stores import close, cosem_places, ome_places, opened_places, read_json, tree
from napari_strata.export.errors import ExportError
from napari_strata.export.metadata.layer import edit_metadata_of_layer
from napari_strata.layers.build import build
from napari_strata.samples import write_sample

# What the sample declares, in nanometres; its layer is in micrometres.
SAMPLE = {f"s{k}": ([1000 * 2**k, 1250 * 2**k, 1250 * 2**k], [1700, 600, 300]) for k in range(3)}


@pytest.fixture
def ome(tmp_path):
    """An image in nanometres, strided, and its one layer."""
    path = write_sample("ome-zarr-0.5", tmp_path / "in").path
    (layer,) = in_viewer(layers_of(path))
    return path, layer


def test_the_sample_is_what_these_tests_take_it_for(ome):
    path, _ = ome
    found = list(ome_places(path).values())
    assert [(list(map(float, s)), list(map(float, t))) for s, t in found] == [
        (list(map(float, s)), list(map(float, t))) for s, t in SAMPLE.values()
    ]


def test_an_untouched_layer_changes_nothing(ome):
    path, layer = ome
    before = tree(path.parent)
    assert not edit_metadata_of_layer(layer)
    assert tree(path.parent) == before


def test_a_moved_and_scaled_layer(ome):
    path, layer = ome
    layer.translate = [1.7, 5, 0.3]
    layer.scale = [2, 1.25, 1.25]
    edit_metadata_of_layer(layer).write()
    # y in nm; z twice as thick, its strided levels too, all still beginning at 1700
    found = list(ome_places(path).values())
    for k, (scale, shift) in enumerate(found):
        assert np.allclose(scale, [2000 * 2**k, 1250 * 2**k, 1250 * 2**k], 1e-12)
        assert np.allclose(shift, [1700, 5000, 300], 1e-12)
    # opened again, the layer is where it was put
    (again,) = in_viewer(layers_of(path))
    assert np.allclose(again.translate, layer.translate, 1e-12)
    assert np.allclose(again.scale, layer.scale, 1e-12)


def test_axes_that_were_not_touched_keep_their_text(ome):
    _, layer = ome
    layer.translate = np.add(layer.translate, [0, 1, 0])
    lines = edit_metadata_of_layer(layer).diff().splitlines()
    assert [line.replace(" ", "") for line in lines if line[0] in "+-"][2:] == [
        "-600,", "+1600.0,",
    ] * 3  # fmt: skip


def test_the_affine_of_a_layer_counts(ome):
    path, layer = ome
    layer.affine = np.diag([1, 1, 2, 1])
    edit_metadata_of_layer(layer).write()
    scale, shift = next(iter(ome_places(path).values()))
    assert (scale[2], shift[2]) == (2500, 600)


def test_units_chosen_in_napari_are_declared(ome):
    path, layer = ome
    layer.units = ["mm", "mm", "mm"]
    layer.scale = [1, 2, 2]
    edit_metadata_of_layer(layer).write()
    image = strata.open(path).images[0]
    assert [a.unit for a in image.axes] == ["millimeter"] * 3
    assert image.levels[0].scale.tolist() == [1, 2, 2]
    assert np.allclose(image.levels[0].translate, [1.7, 0.6, 0.3], 1e-12)


def test_names_of_axes_chosen_in_napari_are_declared(ome):
    path, layer = ome
    layer.axis_labels = ["depth", "y", "x"]
    edit_metadata_of_layer(layer).write()
    assert [a.name for a in strata.open(path).images[0].axes] == ["depth", "y", "x"]


def test_a_layer_of_cosem_with_one_channel_of_its_container(tmp_path):
    path = stores.cosem(tmp_path / "a.n5")
    (layer,) = in_viewer(layers_of(path))
    layer.translate = [0.1, 0.25, 0.3]
    edit_metadata_of_layer(layer).write()
    expected = {"s0": ([40, 20, 20], [100, 250, 300]), "s1": ([40, 40, 40], [100, 260, 310])}
    by_arrays, by_group = cosem_places(path / "em")
    assert close(by_arrays, expected)
    assert close(by_group, expected)
    assert close(opened_places(strata.open(path).images[0]), expected)


def test_a_channel_moves_the_whole_image(tmp_path):
    path = write_sample("ome-zarr-0.4", tmp_path / "in").path
    layers = in_viewer(layers_of(path))
    assert len(layers) == 2
    before = strata.open(path).images[0].levels[0].translate
    layers[1].translate = np.add(layers[1].translate, [0, 0, 10])
    edit_metadata_of_layer(layers[1]).write()
    after = strata.open(path).images[0].levels[0].translate
    assert np.allclose(after - before, [0, 0, 0, 10])


def test_what_moved_all_layers_near_zero_is_not_written(ome):
    path, layer = ome
    offset = [1.7, 0.6, 0.3]
    layer.translate = np.array(layer.translate) - offset
    record = {**layer.metadata["strata"], "common_origin": offset}
    layer.metadata = {**layer.metadata, "strata": record}
    assert not edit_metadata_of_layer(layer)
    layer.translate = np.add(layer.translate, [0, 0, 1])
    edit_metadata_of_layer(layer).write()
    assert np.allclose(next(iter(ome_places(path).values()))[1], [1700, 600, 1300], 1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rotate": [10, 0, 0]}, "turned or sheared"),
        ({"shear": [0, 0.5, 0]}, "turned or sheared"),
        ({"affine": [[1, 0.1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]}, "turned"),
    ],
    ids=["rotated", "sheared", "affine"],
)
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")
def test_what_the_format_cannot_hold_is_refused(ome, change, message):
    path, layer = ome
    for key, value in change.items():
        setattr(layer, key, value)
    before = tree(path.parent)
    with pytest.raises(ExportError, match=message):
        edit_metadata_of_layer(layer)
    assert tree(path.parent) == before


def test_a_layer_of_something_else_is_refused():
    with pytest.raises(ExportError, match="was not opened by napari-strata"):
        edit_metadata_of_layer(Image(np.zeros((4, 4))))


def test_a_layer_with_other_data_is_refused(ome):
    _, layer = ome
    layer.data = [np.zeros((8, 8, 8)), np.zeros((4, 4, 4)), np.zeros((2, 2, 2))]
    with pytest.raises(ExportError, match="no longer what was opened"):
        edit_metadata_of_layer(layer)


def test_a_dataset_that_changed_meanwhile_is_refused(ome):
    path, layer = ome
    document = read_json(path / "zarr.json")
    datasets = document["attributes"]["ome"]["multiscales"][0]["datasets"]
    datasets[0]["coordinateTransformations"][0]["scale"][0] = 7
    stores.write_json(path / "zarr.json", document)
    layer.translate = [9, 9, 9]
    with pytest.raises(ExportError, match="changed since"):
        edit_metadata_of_layer(layer)


def test_a_layer_in_a_scene_is_refused(tmp_path):
    path = write_sample("ome-zarr-0.6", tmp_path / "in").path
    (layer,) = in_viewer(layers_of(path))
    layer.translate = [9, 9, 9]
    with pytest.raises(ExportError, match="scene"):
        edit_metadata_of_layer(layer)


def test_a_layer_of_the_second_multiscale_moves_that_one(tmp_path):
    path = stores.ome_05(tmp_path / "a.zarr")
    document = read_json(path / "zarr.json")
    (first,) = document["attributes"]["ome"]["multiscales"]
    document["attributes"]["ome"]["multiscales"] = [first, {**first, "name": "other"}]
    stores.write_json(path / "zarr.json", document)
    (made,) = build(strata.open(path, multiscale="other")).layers
    layer = made if isinstance(made, Layer) else Layer.create(*made)
    layer.translate = [1, 2, 3]
    edit_metadata_of_layer(layer).write()
    one, two = read_json(path / "zarr.json")["attributes"]["ome"]["multiscales"]
    assert one == first
    steps = two["datasets"][0]["coordinateTransformations"]
    assert [s.get("translation") for s in steps] == [None, [1, 2, 3]]
