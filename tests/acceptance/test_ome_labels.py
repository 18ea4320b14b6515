"""Labels of OME-Zarr images: which there are, their colours, properties, values, source."""

from __future__ import annotations

import os

import numpy as np
import pytest
from checks import open_layers, refused
from labelled import VERSIONS, ZYX, by_path, finest, label, split, translates, with_labels
from ome_stores import (
    all_problems,
    array,
    codes,
    image,
    numbered,
    ome_group,
    read,
    serious,
    under,
    write,
)

import napari_strata as strata

# -------------------------------------------------------------------------------- which labels


@pytest.mark.parametrize("version", VERSIONS)
def test_a_label_without_image_label_is_still_one(version, tmp_path):
    files = with_labels(
        image("zyx", ZYX, version=version), {"n": label(version=version)}, version=version
    )
    found = by_path(strata.open(write(tmp_path / "a.zarr", files)))
    assert found["labels/n"].kind == "labels"
    assert not [p for p in found["labels/n"].problems if p.severity == "error"]


def test_a_group_the_list_omits_may_be_a_label_too(tmp_path):
    files = with_labels(
        image("zyx", ZYX), {"listed": label(), "not-listed": label()}, listed=["listed"]
    )
    dataset = strata.open(write(tmp_path / "a.zarr", files))
    found = by_path(dataset)
    assert set(found) == {"", "labels/listed", "labels/not-listed"}
    assert {found[path].kind for path in found if path} == {"labels"}
    assert "label-not-listed" in codes(dataset, *dataset.images)


def test_the_order_of_the_list_is_kept(tmp_path):
    files = with_labels(image("zyx", ZYX), {n: label() for n in "abc"}, listed=["c", "a", "b"])
    paths = [found.path for found in strata.open(write(tmp_path / "a.zarr", files)).images]
    assert sorted(paths) == ["", "labels/a", "labels/b", "labels/c"]
    _, layers = split(open_layers(tmp_path / "a.zarr"))
    assert len(layers) == 3


def test_a_listed_group_that_is_missing_costs_only_itself(tmp_path):
    files = with_labels(image("zyx", ZYX), {"n": label()}, listed=["n", "gone"])
    dataset = strata.open(write(tmp_path / "a.zarr", files))
    assert set(by_path(dataset)) == {"", "labels/n"}
    problems = all_problems(dataset)
    (missing,) = [p for p in problems if p.code == "missing-label"]
    assert missing.severity == "error"
    assert "labels[1]" in missing.where
    assert "gone" in missing.message


@pytest.mark.parametrize(
    "list_of", [None, {}, "n", 7, [7, "n"], [None, "n"], [["n"], "n"]], ids=str
)
def test_a_list_that_is_none_costs_no_label(list_of, tmp_path):
    """The group is there and is a multiscale image: it is found without the list."""
    files = with_labels(image("zyx", ZYX), {"n": label()})
    files["labels/.zattrs"] = {"labels": list_of}
    dataset = strata.open(write(tmp_path / "a.zarr", files))
    assert set(by_path(dataset)) == {"", "labels/n"}
    assert codes(dataset, *dataset.images)


def test_without_any_list_labels_are_found(tmp_path):
    files = with_labels(image("zyx", ZYX), {"n": label()})
    del files["labels/.zattrs"]
    assert set(by_path(strata.open(write(tmp_path / "a.zarr", files)))) == {"", "labels/n"}


def test_a_label_twice_in_the_list_is_one_label(tmp_path):
    files = with_labels(image("zyx", ZYX), {"n": label()}, listed=["n", "n"])
    dataset = strata.open(write(tmp_path / "a.zarr", files))
    assert [found.path for found in dataset.images] == ["", "labels/n"]


@pytest.mark.parametrize(
    "path",
    ["../x", "/etc", "..", ".", "", "../../b.zarr", "n/../../0", "c:\\n", "http://x/n", "a//b"],
)
def test_a_path_that_leaves_is_named_and_not_followed(path, tmp_path):
    files = with_labels(image("zyx", ZYX), {"n": label()}, listed=["n", path])
    files |= under("x", label())
    write(tmp_path / "b.zarr", image("zyx", ZYX))
    dataset = strata.open(write(tmp_path / "a.zarr", files))
    found = by_path(dataset)
    assert {"", "labels/n"} <= set(found) <= {"", "labels/n", "x"}
    assert not found.get("x") or "x" not in [p for p in found if p.startswith("labels")]
    problems = all_problems(dataset)
    assert [p for p in problems if "labels[1]" in p.where and p.severity != "info"]


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_label_that_is_a_link_outside_is_not_followed(tmp_path):
    secret = write(tmp_path / "elsewhere/secret", label())
    files = with_labels(image("zyx", ZYX), {"n": label()}, listed=["n", "linked"])
    root = write(tmp_path / "in/a.zarr", files)
    (root / "labels/linked").symlink_to(secret)
    dataset = strata.open(root)
    assert set(by_path(dataset)) == {"", "labels/n"}
    assert "link-outside" in codes(dataset, *dataset.images)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_labels_in_groups_of_labels(version, tmp_path):
    """The list's entries are paths: a label may lie deeper."""
    files = with_labels(
        image("zyx", ZYX, version=version),
        {"cells/nuclei": label(version=version), "cells/bodies": label(version=version)},
        version=version,
    )
    files |= under("labels/cells", ome_group({}, version))
    found = by_path(strata.open(write(tmp_path / "a.zarr", files)))
    assert set(found) == {"", "labels/cells/nuclei", "labels/cells/bodies"}
    assert {image.kind for path, image in found.items() if path} == {"labels"}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_label_opened_by_itself(version, tmp_path):
    own = {"0": ((3, 4, 5), [1, 0.5, 0.25], [10, 20, 30])}
    red = [{"label-value": 1, "rgba": [255, 0, 0, 255]}]
    labels = {"n": label(levels=own, version=version, colors=red)}
    files = with_labels(image("zyx", ZYX, version=version), labels, version=version)
    root = write(tmp_path / "a.zarr", files)
    for part in ("labels/n", "labels/n/0"):
        (found,) = strata.open(root / part).images
        assert found.kind == "labels"
        assert found.path == ""
        assert translates(found) == [[10, 20, 30]]
        assert found.display.label_colors == {1: (1, 0, 0, 1)}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_label_without_image_label_opened_by_itself(version, tmp_path):
    """It lies in a group named ``labels`` of an image: that makes it a label."""
    files = with_labels(
        image("zyx", ZYX, version=version), {"n": label(version=version)}, version=version
    )
    (found,) = strata.open(write(tmp_path / "a.zarr", files) / "labels/n").images
    assert found.kind == "labels"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_labels_group_opened_by_itself(version, tmp_path):
    files = with_labels(
        image("zyx", ZYX, version=version),
        {"b": label(version=version), "a": label(version=version)},
        version=version,
    )
    dataset = strata.open(write(tmp_path / "a.zarr", files) / "labels")
    assert sorted(found.path for found in dataset.images) == ["a", "b"]
    assert {found.kind for found in dataset.images} == {"labels"}


def test_a_damaged_label_costs_neither_the_image_nor_the_others(tmp_path):
    files = with_labels(image("zyx", ZYX), {"bad": label(), "good": label()})
    files["labels/bad/.zattrs"] = "{"
    dataset = strata.open(write(tmp_path / "a.zarr", files))
    assert set(by_path(dataset)) == {"", "labels/good"}
    problems = all_problems(dataset)
    assert [p for p in problems if "labels/bad/.zattrs" in p.where and p.severity == "error"]


def test_a_damaged_list_costs_no_image(tmp_path):
    files = with_labels(image("zyx", ZYX), {"n": label()})
    files["labels/.zattrs"] = "{"
    dataset = strata.open(write(tmp_path / "a.zarr", files))
    assert "" in by_path(dataset)
    problems = all_problems(dataset)
    assert [p for p in problems if "labels/.zattrs" in p.where]


# ------------------------------------------------------------------------ colours, properties

COLORS = [
    {"label-value": 1, "rgba": [255, 0, 0, 255]},
    {"label-value": 2, "rgba": [0, 51, 0, 102]},
    {"label-value": 4, "rgba": [0, 0, 255, 0]},
]


@pytest.mark.parametrize("version", VERSIONS)
def test_colours(version, tmp_path):
    """51/255 = 0.2, 102/255 = 0.4; opacity is the fourth number."""
    files = with_labels(
        image("zyx", ZYX, version=version),
        {"n": label(version=version, colors=COLORS)},
        version=version,
    )
    found = by_path(strata.open(write(tmp_path / "a.zarr", files)))["labels/n"]
    assert found.display.label_colors == {1: (1, 0, 0, 1), 2: (0, 0.2, 0, 0.4), 4: (0, 0, 1, 0)}
    _, (layer,) = split(open_layers(tmp_path / "a.zarr"))
    np.testing.assert_allclose(layer.get_color(1), [1, 0, 0, 1], atol=1e-6)
    np.testing.assert_allclose(layer.get_color(2), [0, 0.2, 0, 0.4], atol=1e-6)
    np.testing.assert_allclose(layer.get_color(4)[3], 0, atol=1e-6)
    others = [layer.get_color(value) for value in (3, 5, 6, 7, 100)]
    assert all(color is not None and color[3] > 0 for color in others), "labels that are not seen"
    assert len({tuple(np.round(color, 4)) for color in others}) > 1, "labels that look alike"


def test_a_colour_for_the_background(tmp_path):
    """0.4's own example gives label 0 a colour; without one the background is transparent."""
    files = with_labels(
        image("zyx", ZYX),
        {
            "with": label(colors=[{"label-value": 0, "rgba": [0, 0, 128, 128]}]),
            "without": label(colors=COLORS),
        },
    )
    _, layers = split(open_layers(write(tmp_path / "a.zarr", files)))
    by_name = {("without" if "without" in layer.name else "with"): layer for layer in layers}
    # get_color() answers None for the background whatever it is drawn in.
    shown = by_name["with"].colormap.map(np.array([0]))[0]
    np.testing.assert_allclose(shown, [0, 0, 128 / 255, 128 / 255], atol=1e-6)
    assert by_name["without"].colormap.map(np.array([0]))[0, 3] == 0


def test_the_last_of_a_repeated_colour_wins(tmp_path):
    repeated = [*COLORS, {"label-value": 1, "rgba": [0, 255, 0, 255]}]
    files = with_labels(image("zyx", ZYX), {"n": label(colors=repeated)})
    found = by_path(strata.open(write(tmp_path / "a.zarr", files)))["labels/n"]
    assert found.display.label_colors[1] == (0, 1, 0, 1)
    (problem,) = [p for p in found.problems if p.code == "repeated-label-value"]
    assert "colors[3]" in problem.where


@pytest.mark.parametrize("version", VERSIONS)
def test_properties(version, tmp_path):
    properties = [
        {"label-value": 1, "area": 12, "class": "nucleus"},
        {"label-value": 4, "class": "other", "extra": {"deep": [1]}},
        {"label-value": 2},
    ]
    files = with_labels(
        image("zyx", ZYX, version=version),
        {"n": label(version=version, properties=properties)},
        version=version,
    )
    found = by_path(strata.open(write(tmp_path / "a.zarr", files)))["labels/n"]
    stored = found.display.label_properties
    assert dict(stored[1]) == {"area": 12, "class": "nucleus"}
    assert stored[4]["class"] == "other"
    _, (layer,) = split(open_layers(tmp_path / "a.zarr"))
    rows = layer.features.set_index("index")
    assert rows.loc[1, "area"] == 12
    assert rows.loc[1, "class"] == "nucleus"
    assert rows.loc[4, "class"] == "other"


def test_the_last_of_repeated_properties_wins(tmp_path):
    repeated = [{"label-value": 1, "area": 12}, {"label-value": 1, "area": 13}]
    files = with_labels(image("zyx", ZYX), {"n": label(properties=repeated)})
    found = by_path(strata.open(write(tmp_path / "a.zarr", files)))["labels/n"]
    assert dict(found.display.label_properties[1]) == {"area": 13}
    assert "repeated-label-value" in codes(found)


BAD_LOOKS = {
    "colours-no-list": {"colors": 7},
    "entry-no-object": {"colors": [7, *COLORS]},
    "no-value": {"colors": [{"rgba": [1, 2, 3, 4]}, *COLORS]},
    "value-a-text": {"colors": [{"label-value": "1", "rgba": [1, 2, 3, 4]}, *COLORS]},
    "value-a-fraction": {"colors": [{"label-value": 1.5, "rgba": [1, 2, 3, 4]}, *COLORS]},
    "value-true": {"colors": [{"label-value": True, "rgba": [9, 9, 9, 9]}, *COLORS]},
    "five-numbers": {"colors": [{"label-value": 9, "rgba": [1, 2, 3, 4, 5]}, *COLORS]},
    "256": {"colors": [{"label-value": 9, "rgba": [256, 0, 0, 0]}, *COLORS]},
    "negative": {"colors": [{"label-value": 9, "rgba": [-1, 0, 0, 0]}, *COLORS]},
    "text-in-rgba": {"colors": [{"label-value": 9, "rgba": ["a", 0, 0, 0]}, *COLORS]},
    "rgba-null": {"colors": [{"label-value": 9, "rgba": None}, *COLORS]},
    "properties-no-list": {"properties": {"1": 2}, "colors": COLORS},
    "property-no-object": {"properties": [None], "colors": COLORS},
    "property-no-value": {"properties": [{"area": 3}], "colors": COLORS},
    "source-no-object": {"source": 7, "colors": COLORS},
    "source-leaves": {"source": {"image": "../../../secret"}, "colors": COLORS},
}


@pytest.mark.parametrize("name", BAD_LOOKS)
def test_a_bad_entry_never_costs_the_others(name, tmp_path):
    files = with_labels(image("zyx", ZYX), {"n": label(**BAD_LOOKS[name])})
    dataset = strata.open(write(tmp_path / "a.zarr", files))
    found = by_path(dataset)["labels/n"]
    assert found.kind == "labels"
    if name != "colours-no-list":
        assert {1, 2, 4} <= set(found.display.label_colors)
        assert found.display.label_colors[1] == (1, 0, 0, 1)
    if name != "rgba-null":  # null is as good as no colour at all
        assert [p for p in all_problems(dataset) if "image-label" in p.where]
    split(open_layers(tmp_path / "a.zarr"))


def test_true_is_no_label_value(tmp_path):
    """Python's True equals 1: label 1 must not get its colour."""
    files = with_labels(
        image("zyx", ZYX), {"n": label(colors=[{"label-value": True, "rgba": [9] * 4}])}
    )
    found = by_path(strata.open(write(tmp_path / "a.zarr", files)))["labels/n"]
    assert not found.display.label_colors
    assert "bad-label-value" in codes(found)


def test_an_image_label_that_is_no_object(tmp_path):
    """A list, a text, null: the key alone still says that these are labels."""
    for count, bad in enumerate(([], "x", None, 7)):
        files = with_labels(image("zyx", ZYX), {"n": label()})
        files["labels/n/.zattrs"]["image-label"] = bad
        found = by_path(strata.open(write(tmp_path / f"{count}.zarr", files)))
        assert found["labels/n"].kind == "labels"


# ----------------------------------------------------------------------------- kinds of values


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "uint32", "int64"])
def test_all_whole_numbers_are_labels(dtype, tmp_path):
    data = (numbered((8, 8), "uint8") % 2).astype(dtype)
    files = with_labels(
        image("yx", {"0": ((8, 8), [1, 1])}), {"n": label("yx", {"0": (data, [1, 1])})}
    )
    found = by_path(strata.open(write(tmp_path / "a.zarr", files)))["labels/n"]
    assert found.kind == "labels"
    _, (layer,) = split(open_layers(tmp_path / "a.zarr"))
    np.testing.assert_array_equal(finest(layer).astype(int), data.astype(int))


def test_fractions_are_no_labels(tmp_path):
    """Probability maps are put there, too: shown as an image, and a problem says so."""
    data = numbered((8, 8), "float32") / 64
    files = with_labels(
        image("yx", {"0": ((8, 8), [1, 1])}),
        {"n": label("yx", {"0": (data, [1, 1])}, colors=COLORS)},
    )
    found = by_path(strata.open(write(tmp_path / "a.zarr", files)))["labels/n"]
    assert found.kind == "image"
    assert "labels-not-integer" in serious(found)
    images, labels = split(open_layers(tmp_path / "a.zarr"))
    assert len(images) == 2
    assert not labels


def test_values_beyond_2_to_the_63(tmp_path):
    """No two labels become one, and none becomes negative."""
    big = [2**63, 2**63 + 1, 2**64 - 1, 2**53 + 1]
    data = np.zeros((4, 4), "uint64")
    data[0] = big
    colors = [{"label-value": value, "rgba": [255, k, 0, 255]} for k, value in enumerate(big)]
    properties = [{"label-value": value, "rank": k} for k, value in enumerate(big)]
    files = with_labels(
        image("yx", {"0": ((4, 4), [1, 1])}),
        {"n": label("yx", {"0": (data, [1, 1])}, colors=colors, properties=properties)},
    )
    found = by_path(strata.open(write(tmp_path / "a.zarr", files)))["labels/n"]
    np.testing.assert_array_equal(read(found.levels[0]), data)
    assert set(found.display.label_colors) == set(big)
    assert {value: p["rank"] for value, p in found.display.label_properties.items()} == {
        value: k for k, value in enumerate(big)
    }
    _, (layer,) = split(open_layers(tmp_path / "a.zarr"))
    shown = finest(layer)
    np.testing.assert_array_equal(shown, data)


def test_negative_values(tmp_path):
    data = np.array([[-1, 0, 1, 2]] * 4, "int32")
    colors = [
        {"label-value": -1, "rgba": [255, 0, 0, 255]},
        {"label-value": 1, "rgba": [0, 255, 0, 255]},
    ]
    files = with_labels(
        image("yx", {"0": ((4, 4), [1, 1])}),
        {"n": label("yx", {"0": (data, [1, 1])}, colors=colors)},
    )
    found = by_path(strata.open(write(tmp_path / "a.zarr", files)))["labels/n"]
    assert found.display.label_colors[-1] == (1, 0, 0, 1)
    _, (layer,) = split(open_layers(tmp_path / "a.zarr"))
    np.testing.assert_allclose(layer.get_color(-1), [1, 0, 0, 1], atol=1e-6)
    np.testing.assert_allclose(layer.get_color(1), [0, 1, 0, 1], atol=1e-6)
    np.testing.assert_array_equal(finest(layer), data)


# ------------------------------------------------------------------------------------- source


@pytest.mark.parametrize("source", ["../../", "../..", "../../."], ids=str)
def test_the_usual_source_is_right(source, tmp_path):
    files = with_labels(image("zyx", ZYX), {"n": label(source={"image": source})})
    dataset = strata.open(write(tmp_path / "a.zarr", files))
    assert not serious(dataset, *dataset.images)


@pytest.mark.parametrize("source", ["../../../..", "/etc", "http://x", "..\\..", 7], ids=str)
def test_a_source_is_never_followed_outside(source, tmp_path):
    files = with_labels(image("zyx", ZYX), {"n": label(source={"image": source})})
    dataset = strata.open(write(tmp_path / "a.zarr", files))
    assert set(by_path(dataset)) == {"", "labels/n"}
    assert [p for p in all_problems(dataset) if "labels/n" in p.where and "source" in p.where]


def test_the_image_may_be_missing(tmp_path):
    """A folder ``labels`` in a group that is no image."""
    files = ome_group({}) | under("labels", ome_group({"labels": ["n"]}), under("n", label()))
    dataset = strata.open(write(tmp_path / "a.zarr", files))
    assert [found.path for found in dataset.images] == ["labels/n"]
    assert dataset.images[0].kind == "labels"


def test_nothing_but_missing_labels_is_refused(tmp_path):
    files = ome_group({}) | under("labels", ome_group({"labels": ["gone"]}))
    root = write(tmp_path / "a.zarr", files)
    assert "gone" in refused(root / "labels")


def test_a_label_array_without_metadata_is_not_lost_silently(tmp_path):
    """Some writers list a bare array: it is shown, or a problem names it."""
    files = with_labels(image("zyx", ZYX), {"n": label()}, listed=["n", "bare"])
    files |= under("labels/bare", array((4, 8, 8)))
    dataset = strata.open(write(tmp_path / "a.zarr", files))
    found = by_path(dataset)
    assert {"", "labels/n"} <= set(found)
    if "labels/bare" in found:
        assert found["labels/bare"].kind == "labels"
    else:
        problems = all_problems(dataset)
        assert [p for p in problems if "labels[1]" in p.where]
