"""Labels are drawn where their own metadata puts them, and over their image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from checks import open_layers
from labelled import VERSIONS, ZYX, by_path, finest, label, scales, split, translates, with_labels
from napari.components import ViewerModel
from ome_stores import (
    early,
    image,
    multiscale_06,
    numbered,
    ome_group,
    read,
    serious,
    without,
    write,
)

import napari_strata as strata

# ------------------------------------------------------------------------- each at its own place


@pytest.mark.parametrize("version", VERSIONS)
def test_a_label_has_its_own_transforms_and_levels(version, tmp_path):
    """One level at half the image's spacing, moved: nothing is taken over from the image."""
    own = {"only": ((3, 4, 5), [1, 0.5, 0.25], [10, 20, 30])}
    files = with_labels(
        image("zyx", ZYX, version=version),
        {"nuclei": label(levels=own, version=version)},
        version=version,
    )
    dataset = strata.open(write(tmp_path / "a.zarr", files))
    found = by_path(dataset)
    assert list(found) == ["", "labels/nuclei"]
    assert [found[path].kind for path in found] == ["image", "labels"]
    assert scales(found[""]) == [[2, 1, 1], [2, 2, 2]]
    assert scales(found["labels/nuclei"]) == [[1, 0.5, 0.25]]
    assert translates(found["labels/nuclei"]) == [[10, 20, 30]]
    np.testing.assert_array_equal(read(found["labels/nuclei"].levels[0]), numbered((3, 4, 5)))
    images, labels = split(open_layers(tmp_path / "a.zarr"))
    assert len(images) == len(labels) == 1
    assert list(labels[0].scale) == [1, 0.5, 0.25]
    assert list(labels[0].translate) == [10, 20, 30]
    assert "nuclei" in labels[0].name


def test_more_levels_than_the_image(tmp_path):
    own = {str(k): ((8 >> k, 8 >> k, 8 >> k), [2**k] * 3) for k in range(4)}
    files = with_labels(image("zyx", ZYX), {"n": label(levels=own)})
    found = by_path(strata.open(write(tmp_path / "a.zarr", files)))
    assert scales(found["labels/n"]) == [[1] * 3, [2] * 3, [4] * 3, [8] * 3]
    assert len(found[""].levels) == 2


def test_labels_of_0_1_are_measured_by_their_own_sizes(tmp_path):
    """0.1: ratios of the label's own levels, 9 → 5 is 1.8."""
    files = with_labels(
        early({"0": (1, 1, 1, 9, 9), "1": (1, 1, 1, 3, 3)}),
        {"n": early({"a": (1, 1, 1, 9, 9), "b": (1, 1, 1, 5, 5)})},
    )
    found = by_path(strata.open(write(tmp_path / "a.zarr", files)))
    assert scales(found["labels/n"])[1][-1] == pytest.approx(1.8, rel=1e-15)
    assert scales(found[""])[1][-1] == 3


TO_LABEL = {
    # p = image point, q = label point; the place of q as seen from the image, for q = (10, 10, 10)
    "translation": ({"type": "translation", "translation": [1, 2, 3]}, [2, 1, 1], [9, 8, 7]),
    "scale": ({"type": "scale", "scale": [2, 4, 5]}, [1, 0.25, 0.2], [5, 2.5, 2]),
    "identity": ({"type": "identity"}, [2, 1, 1], [10, 10, 10]),
}


@pytest.mark.parametrize("backwards", [False, True], ids=["to-label", "from-label"])
@pytest.mark.parametrize("name", TO_LABEL)
def test_0_6_a_transform_of_the_image_places_the_label(name, backwards, tmp_path):
    """``multiscales.coordinateTransformations`` between the image's and the label's system.

    To the label q = p + (1, 2, 3): seen from the image the label's voxel q lies at q − (1, 2, 3).
    Written from the label to the image with the inverse numbers it is the same place.
    """
    step, scale, place = TO_LABEL[name]
    ends = [{"name": "physical"}, {"name": "physical", "path": "labels/n"}]
    if backwards:
        ends = ends[::-1]
        if name == "translation":
            step = {"type": "translation", "translation": [-1, -2, -3]}
        if name == "scale":
            step = {"type": "scale", "scale": [0.5, 0.25, 0.2]}
    picture = image("zyx", ZYX, version="0.6")
    entry = picture["zarr.json"]["attributes"]["ome"]["multiscales"][0]
    entry["coordinateTransformations"] = [step | {"input": ends[0], "output": ends[1]}]
    own = {"0": ((4, 8, 8), [2, 1, 1], [10, 10, 10])}
    labels = {"n": label(levels=own, version="0.6", source={"image": "../../"})}
    files = with_labels(picture, labels, version="0.6")
    dataset = strata.open(write(tmp_path / "a.zarr", files))
    found = by_path(dataset)
    assert translates(found[""])[0] == [0, 0, 0]
    np.testing.assert_allclose(scales(found["labels/n"]), [scale], rtol=1e-12)
    np.testing.assert_allclose(translates(found["labels/n"]), [place], rtol=1e-12)
    assert not serious(dataset, *dataset.images)
    _, (layer,) = split(open_layers(tmp_path / "a.zarr"))
    np.testing.assert_allclose(layer.scale, scale, rtol=1e-12)
    np.testing.assert_allclose(layer.translate, place, rtol=1e-12)


# --------------------------------------------------------- image and label coincide as drawn

# image axes, sizes, scale, translation; label axes, sizes, scale, translation (by axis)
ALIGNED = {
    "same-axes": ("zyx", (4, 8, 8), "zyx", (4, 8, 8), [2, 1, 1], [0, 0, 0]),
    "image-with-channels": ("czyx", (2, 4, 8, 8), "zyx", (4, 8, 8), [2, 1, 1], [0, 0, 0]),
    "image-with-time": ("tzyx", (3, 4, 8, 8), "zyx", (4, 8, 8), [2, 1, 1], [0, 0, 0]),
    "image-5d-label-3d": ("tczyx", (3, 2, 4, 8, 8), "zyx", (2, 4, 4), [4, 2, 2], [1, 0.5, 0.5]),
    "image-5d-label-2d": ("tczyx", (3, 2, 4, 8, 8), "yx", (8, 8), [1, 1], [0, 0]),
    "image-5d-label-tyx": ("tczyx", (3, 2, 4, 8, 8), "tyx", (3, 8, 8), [1, 1, 1], [0, 0, 0]),
    "image-5d-label-tzyx": (
        "tczyx",
        (3, 2, 4, 8, 8),
        "tzyx",
        (3, 4, 8, 8),
        [1, 2, 1, 1],
        [0, 0, 0, 0],
    ),
    "image-5d-label-5d-c1": (
        "tczyx",
        (3, 2, 4, 8, 8),
        "tczyx",
        (3, 1, 4, 8, 8),
        [1, 1, 2, 1, 1],
        [0] * 5,
    ),
    "image-5d-label-5d-all-1": (
        "tczyx",
        (1, 2, 1, 8, 8),
        "tczyx",
        (1, 1, 1, 4, 4),
        [1, 1, 2, 2, 2],
        [0, 0, 0, 0.5, 0.5],
    ),
    "image-tcyx-label-tyx": ("tcyx", (3, 2, 8, 8), "tyx", (3, 8, 8), [1, 1, 1], [0, 0, 0]),
    "image-cyx-label-czyx": ("cyx", (2, 8, 8), "czyx", (1, 4, 8, 8), [1, 2, 1, 1], [0] * 4),
    "image-cyx-label-yx": ("cyx", (2, 8, 8), "yx", (8, 8), [1, 1], [0, 0]),
    "image-2d-label-2d-part": ("yx", (8, 8), "yx", (3, 3), [1, 1], [2, 4]),
    "sub-region": ("czyx", (2, 4, 8, 8), "zyx", (2, 3, 4), [2, 1, 1], [2, 3, 1]),
    "channels-last": ("yxc", (8, 8, 2), "yx", (8, 8), [1, 1], [0, 0]),
    "x-first": ("xyz", (8, 6, 4), "zyx", (4, 6, 8), [2, 1, 1], [0, 0, 0]),
}


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("name", ALIGNED)
def test_label_and_image_coincide_in_the_viewer(name, version, tmp_path):
    """What lies at one place by the metadata lies at one place of napari's world.

    napari aligns layers by their last axes. For every voxel of the label: the world point of each
    shared axis, and the image's voxel there by the metadata, is where napari has them.
    """
    axes, sizes, label_axes, label_sizes, scale, translation = ALIGNED[name]
    spacing = {"t": 1, "c": 1, "z": 2, "y": 1, "x": 1}
    picture = image(axes, {"0": (sizes, [spacing[a] for a in axes])}, version=version)
    own = label(label_axes, {"0": (label_sizes, scale, translation)}, version=version)
    files = with_labels(picture, {"n": own}, version=version)
    images, labels = split(open_layers(write(tmp_path / "a.zarr", files)))
    assert len(images) == (dict(zip(axes, sizes, strict=True)).get("c", 1))
    assert len(labels) == 1
    drawn = labels[0]
    check_axes_fit([*images, drawn])
    for index in np.ndindex(*label_sizes):
        place = dict(zip(label_axes, np.multiply(scale, index) + translation, strict=True))
        value = int(numbered(label_sizes)[index])
        assert value_at(drawn, place) == value
        for channel, layer in enumerate(images):
            voxel = {a: round(place.get(a, 0) / spacing[a]) for a in axes}
            if any(voxel[a] >= n for a, n in zip(axes, sizes, strict=True) if a != "c"):
                continue
            voxel["c"] = channel
            stored = int(numbered(sizes)[tuple(voxel[a] for a in axes)])
            assert value_at(layer, place) == stored


@pytest.mark.parametrize("name", ["image-5d-label-3d", "image-5d-label-tyx", "sub-region"])
def test_napari_shows_them_over_each_other(name, tmp_path):
    """Sliced by napari itself: under one point of the viewer lie the voxels of one place."""
    axes, sizes, label_axes, label_sizes, scale, translation = ALIGNED[name]
    spacing = {"t": 1, "c": 1, "z": 2, "y": 1, "x": 1}
    picture = image(axes, {"0": (sizes, [spacing[a] for a in axes])})
    own = label(label_axes, {"0": (label_sizes, scale, translation)})
    images, labels = split(
        open_layers(write(tmp_path / "a.zarr", with_labels(picture, {"n": own})))
    )
    viewer = ViewerModel()
    for layer in [*images, *labels]:
        viewer.add_layer(layer)
        layer.visible = True
    names = images[0].axis_labels
    for index in ((1, 2, 2), (0, 1, 2), (1, 1, 1)):  # the label's last three axes
        index = (*(0,) * (len(label_axes) - 3), *index)
        place = dict(zip(label_axes, np.multiply(scale, index) + translation, strict=True))
        point = [place.get(a, 0.0) for a in names]
        for step, value in enumerate(point[:-2]):
            viewer.dims.set_point(step, value)
        shown = labels[0].get_value(point, world=True)
        shown = shown[1] if isinstance(shown, tuple) else shown
        assert shown == int(numbered(label_sizes)[index])
        for channel, layer in enumerate(images):
            voxel = {a: round(place.get(a, 0) / spacing[a]) for a in axes} | {"c": channel}
            shown = layer.get_value(point, world=True)
            shown = shown[1] if isinstance(shown, tuple) else shown
            assert shown == int(numbered(sizes)[tuple(voxel[a] for a in axes)])


def check_axes_fit(layers: list[Any]) -> None:
    """Counted from the end, every layer has the same axis at the same place."""
    for layer in layers:
        for other in layers:
            count = min(layer.ndim, other.ndim)
            assert layer.axis_labels[-count:] == other.axis_labels[-count:]


def value_at(layer: Any, place: dict[str, float]) -> int:
    """Return the layer's value at a place that is given by axis; 0 on axes that are not given."""
    point = [place.get(name, 0.0) for name in layer.axis_labels]
    index = np.rint(layer.world_to_data(point)).astype(int)
    return int(finest(layer)[tuple(index)])


def drawn_sizes(layer: Any) -> dict[str, int]:
    return dict(zip(layer.axis_labels, finest(layer).shape, strict=True))


@pytest.mark.parametrize("axis", ["t", "z"])
def test_an_axis_of_length_1_at_the_images_place_is_repeated(axis, tmp_path):
    """One plane for all: with the image's own scale and place on that axis it is shown at each."""
    sizes = {"t": 3, "c": 2, "z": 4, "y": 8, "x": 8}
    picture = image("tczyx", {"0": (tuple(sizes.values()), [1, 1, 2, 1, 1])})
    own = tuple((1 if a in ("c", axis) else n) for a, n in sizes.items())
    files = with_labels(picture, {"n": label("tczyx", {"0": (own, [1, 1, 2, 1, 1])})})
    _, (layer,) = split(open_layers(write(tmp_path / "a.zarr", files)))
    shown = drawn_sizes(layer)
    if axis in shown:
        assert shown[axis] == sizes[axis]
        index = layer.axis_labels.index(axis)
        planes = finest(layer)
        for k in range(sizes[axis]):
            np.testing.assert_array_equal(planes.take(k, index), planes.take(0, index))
    else:  # an axis before all others may be left out: napari then shows it at every step
        assert axis == "t"
    stored = numbered(own)
    for plane in range(sizes[axis]):
        step = {"t": 1, "z": 2}[axis] * plane
        at = {axis: step, "y": 3.0, "x": 5.0}
        assert value_at(layer, at) == int(stored[0, 0, 0, 3, 5])


def test_a_single_plane_elsewhere_stays_a_single_plane(tmp_path):
    """The translation says which plane it is: it must not be shown over all of them."""
    picture = image("zyx", {"0": ((4, 8, 8), [2, 1, 1])})
    own = label("zyx", {"0": ((1, 8, 8), [2, 1, 1], [4, 0, 0])})
    files = with_labels(picture, {"n": own})
    _, (layer,) = split(open_layers(write(tmp_path / "a.zarr", files)))
    assert drawn_sizes(layer) == {"z": 1, "y": 8, "x": 8}
    assert list(layer.translate) == [4, 0, 0]
    assert value_at(layer, {"z": 4, "y": 3, "x": 5}) == int(numbered((1, 8, 8))[0, 3, 5])


def test_a_single_timepoint_elsewhere_stays_a_single_timepoint(tmp_path):
    picture = image("tyx", {"0": ((4, 8, 8), [1, 1, 1])})
    own = label("tyx", {"0": ((1, 8, 8), [1, 1, 1], [2, 0, 0])})
    _, (layer,) = split(open_layers(write(tmp_path / "a.zarr", with_labels(picture, {"n": own}))))
    assert drawn_sizes(layer) == {"t": 1, "y": 8, "x": 8}
    assert list(layer.translate) == [2, 0, 0]


def test_a_repeated_axis_is_repeated_at_every_level(tmp_path):
    """Label levels with z of length 1: all of them reach through the whole stack."""
    picture = image("zyx", {"0": ((4, 8, 8), [2, 1, 1]), "1": ((2, 4, 4), [4, 2, 2])})
    own = label("zyx", {"0": ((1, 8, 8), [2, 1, 1]), "1": ((1, 4, 4), [2, 2, 2])})
    _, (layer,) = split(open_layers(write(tmp_path / "a.zarr", with_labels(picture, {"n": own}))))
    for level, size in zip(layer.data, (8, 4), strict=True):
        planes = np.asarray(level[...])
        assert planes.shape[-1] == size
        for plane in planes:
            np.testing.assert_array_equal(plane, numbered((1, size, size))[0])
    assert finest(layer).shape == (4, 8, 8)


def test_0_6_systems_of_labels_do_not_need_the_images_name(tmp_path):
    """A label's intrinsic system may have any name; without a transform the two spaces are one."""
    own = without(label(version="0.6"), "zarr.json")
    places = {"0": ([2, 1, 1], None), "1": ([2, 2, 2], [0, 0.5, 0.5])}
    entry = multiscale_06("zyx", places)
    entry["coordinateSystems"][0]["name"] = "mine"
    for dataset in entry["datasets"]:
        dataset["coordinateTransformations"][0]["output"] = {"name": "mine"}
    own |= ome_group({"multiscales": [entry], "image-label": {}}, "0.6")
    files = with_labels(image("zyx", ZYX, version="0.6"), {"n": own}, version="0.6")
    found = by_path(strata.open(write(tmp_path / "a.zarr", files)))["labels/n"]
    assert scales(found) == [[2, 1, 1], [2, 2, 2]]
    assert found.system in ("mine", "physical")  # they are one space
