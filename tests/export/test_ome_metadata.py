"""Blocks of OME-Zarr metadata: axes, transforms, looks, labels."""

import numpy as np
import pytest

from napari_strata.affine import from_scale_translate
from napari_strata.export.documents.image_label import image_label
from napari_strata.export.documents.ome_axes import axes_as_json
from napari_strata.export.documents.ome_multiscales import intrinsic, multiscales, scene
from napari_strata.export.documents.omero import is_needed, omero
from napari_strata.export.documents.written import NotCarried, WrittenImage, WrittenLevel
from napari_strata.export.planning.names import folder_names
from napari_strata.model import Axis, ChannelDisplay, Display

Z, Y, X = (Axis(name, "space", "um") for name in "zyx")
T, C = Axis("t", "time", "sec"), Axis("c", "channel")
SHEAR = np.array([[2, 0, 1], [0, 3, 5], [0, 0, 1.0]])
SHEAR[0, 1] = 1.5


def image_of(*affines, axes=(Y, X), display=None, path="", name="i", method="mean"):
    levels = tuple(WrittenLevel(str(k), np.asarray(a, float)) for k, a in enumerate(affines))
    return WrittenImage(name, path, "image", axes, levels, display or Display(), method)


def test_axes_have_the_names_of_units_that_the_specification_has():
    assert axes_as_json((T, C, Axis("z", "space", "Å"), Y, Axis("x", "space", "px"))) == [
        {"name": "t", "type": "time", "unit": "second"},
        {"name": "c", "type": "channel"},
        {"name": "z", "type": "space", "unit": "angstrom"},
        {"name": "y", "type": "space", "unit": "micrometer"},
        {"name": "x", "type": "space"},
    ]
    assert axes_as_json((Axis("w", "other"), Y, X))[0] == {"name": "w"}


REFUSED = [
    ((X,), "2 to 5 axes, this one has 1: x"),
    ((T, C, Axis("a", "other"), Z, Y, X), "2 to 5 axes, this one has 6"),
    ((T, X), "2 or 3 spatial axes, this one has 1"),
    ((Axis("a", "space"), Z, Y, X), "2 or 3 spatial axes, this one has 4"),
    ((T, Axis("u", "time"), Y, X), "one time axis at most"),
    ((C, Axis("a", "other"), Y, X), "one channel or other axis at most"),
    ((Y, Y), "each axis needs a name of its own"),
    ((C, T, Y, X), "wants the order time, channel, space"),
]


@pytest.mark.parametrize(("axes", "message"), REFUSED, ids=[m for _, m in REFUSED])
def test_axes_that_no_version_has(axes, message):
    with pytest.raises(NotCarried, match=message):
        axes_as_json(axes)


STEPS = [
    {"type": "scale", "scale": [2.0, 3.0]},
    {"type": "translation", "translation": [1.0, 5.0]},
]


@pytest.mark.parametrize(
    ("version", "first"), [("0.4", {"version": "0.4", "name": "i"}), ("0.5", {"name": "i"})]
)
def test_multiscales_before_0_6(version, first):
    (block,) = multiscales(image_of(from_scale_translate([2, 3], [1, 5])), version)
    assert block == {
        **first,
        "axes": axes_as_json((Y, X)),
        "datasets": [{"path": "0", "coordinateTransformations": STEPS}],
        "type": "mean",
    }


def test_multiscales_of_0_6_lead_to_a_system_of_their_own():
    (block,) = multiscales(image_of(from_scale_translate([2, 3], [1, 5]), method=""), "0.6")
    one = {
        "type": "sequence",
        "transformations": STEPS,
        "input": {"path": "0"},
        "output": {"name": "physical"},
    }
    assert block == {
        "name": "i",
        "coordinateSystems": [{"name": "physical", "axes": axes_as_json((Y, X))}],
        "datasets": [{"path": "0", "coordinateTransformations": [one]}],
    }


def test_what_shears_is_in_the_scene_and_what_scales_in_the_image():
    half = SHEAR @ np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]])
    image = image_of(SHEAR, half, path="a")
    found = intrinsic(image)
    for (scale, shift), matrix in zip(found.levels, (SHEAR, half), strict=True):
        assert (scale > 0).all()
        np.testing.assert_allclose(
            found.to_world @ from_scale_translate(scale, shift), matrix, atol=1e-12
        )
    (edge,) = scene([image])["coordinateTransformations"]
    assert (edge["type"], edge["input"]) == ("affine", {"name": "physical", "path": "a"})
    np.testing.assert_array_equal(edge["affine"], found.to_world[:-1])
    with pytest.raises(NotCarried, match="level 1 of i is turned or sheared against its finest"):
        intrinsic(image_of(SHEAR, np.diag([2.0, 2, 1])))


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("matrix", [SHEAR, np.diag([-1.0, 1, 1])], ids=["sheared", "mirrored"])
def test_older_versions_say_what_would_be_lost(matrix, version):
    with pytest.raises(NotCarried, match=r"the place of i would be lost; write 0\.6, or resample"):
        multiscales(image_of(matrix), version)


def test_looks():
    shown = ChannelDisplay("a", "00FF00", (1, 2), (0, 9), gamma=0.5, visible=False, inverted=True)
    display = Display((shown, ChannelDisplay(window=(3, 4))), {"t": 1, "Z": 2, "q": 3})
    assert omero(image_of(np.eye(3), display=display), 2) == {
        "channels": [
            {
                "active": False, "color": "00FF00", "label": "a",
                "window": {"min": 0, "max": 9, "start": 1, "end": 2},
                "family": "polynomial", "coefficient": 0.5, "inverted": True,
            },
            {
                "active": True, "color": "FFFFFF",
                "window": {"min": 3, "max": 4, "start": 3, "end": 4},
                "family": "linear", "coefficient": 1.0, "inverted": False,
            },
        ],
        "rdefs": {"model": "color", "defaultT": 1, "defaultZ": 2},
    }  # fmt: skip


PLAIN = [
    (ChannelDisplay(), False),
    (ChannelDisplay(color="FFFFFF", gamma=1.0), False),
    (ChannelDisplay(color="FF0000"), True),
    (ChannelDisplay(window=(0, 1)), True),
    (ChannelDisplay(visible=False), True),
    (ChannelDisplay(gamma=2.0), True),
    (ChannelDisplay(label="x"), True),
]


@pytest.mark.parametrize(("channel", "needed"), PLAIN)
def test_a_plain_look_is_not_described(channel, needed):
    assert is_needed(Display((channel,))) is needed
    assert (omero(image_of(np.eye(3), display=Display((channel,))), 1) is not None) is needed


def test_labels():
    display = Display(
        label_colors={7: (0.2, 0.4, 1.0, 0.5), 3: (2.0, -1.0, 0, 1)},
        label_properties={7: {"name": "seven"}},
    )
    assert image_label(display, "0.4", source="../../") == {
        "version": "0.4",
        "colors": [
            {"label-value": 3, "rgba": [255, 0, 0, 255]},
            {"label-value": 7, "rgba": [51, 102, 255, 128]},
        ],
        "properties": [{"label-value": 7, "name": "seven"}],
        "source": {"image": "../../"},
    }
    assert image_label(Display(), "0.6", source=None) == {}


def test_names_of_folders():
    names = ["a b", "A B", "a/b", ".hidden", "labels", "con.txt", "é 2", ""]
    assert folder_names(names) == [
        "a_b", "A_B_2", "a_b_3", "hidden", "labels_", "con.txt_", "é_2", "image",
    ]  # fmt: skip
