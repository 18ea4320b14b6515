"""VISoR's samples: which raw images and channels are opened, and what is offered beside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_strata as strata
from napari_strata.formats import Context
from napari_strata.formats.discover import open_node
from napari_strata.layers.choose import choose
from napari_strata.model import OpenError
from napari_strata.store.container import open_container
from napari_strata.store.recognise import recognise

from .visor_stores import channels, multiscale, plain_image, stored, write_image, write_json
from .visor_stores import levels as two_levels

COMMENT = {"_comment": "see https://visor-tech.github.io/visor-data-schema/"}


def codes(found: Any) -> set[str]:
    problems = [*found.problems, *(p for image in found.images for p in image.problems)]
    return {p.code for p in problems}


def sample(folder: Path, selected: Any = None, count: int = 3, version: int = 3) -> Path:
    """Write slices 1 to ``count`` of a sample, each of two stacks and two channels."""
    raw = folder / "BB001.vsr" / "visor_raw_images"
    for k in range(1, count + 1):
        plain_image(raw / f"slice_{k}_10x.zarr", version=version)
    if selected is not None:
        write_json(raw / "selected.json", selected)
    write_json(raw.parent / "info.json", {"animal_id": "BB001"})
    return raw.parent


def opened(found: Any) -> list[tuple[str, list[str]]]:
    """The name of each image, and its channels."""
    return [(i.name, [c.label for c in i.display.channels]) for i in found.images]


BOTH = ["488", "561"]
TWO = [("slice_2_10x stack_1", BOTH), ("slice_2_10x stack_2", BOTH)]
ALL = [(f"slice_{k}_10x stack_{s}", BOTH) for k in (1, 2, 3) for s in (1, 2)]

SELECTIONS: dict[str, tuple[Any, list[Any], set[str]]] = {
    "by name": ([{"name": "slice_2_10x", "channels": BOTH}], TWO, set()),
    "by path": ([{"path": "slice_2_10x.zarr", "channels": BOTH}], TWO, set()),
    "without channels": ([{"name": "slice_2_10x"}], TWO, set()),
    "channels as numbers": ([{"name": "slice_2_10x", "channels": [488, 561]}], TWO, set()),
    "one channel after the other": (
        [{"name": "slice_2_10x", "channels": [w]} for w in BOTH],
        TWO,
        set(),
    ),
    "one channel": (
        [{"name": "slice_2_10x", "channels": ["561"]}],
        [(name, ["561"]) for name, _ in TWO],
        set(),
    ),
    "in the order of the list": (
        [{"name": "slice_3_10x"}, {"name": "slice_1_10x"}],
        [*ALL[4:], *ALL[:2]],
        set(),
    ),
    "a comment alone": (COMMENT, ALL, set()),
    "an empty object": ({}, ALL, set()),
    "no file": (None, ALL, set()),
    "no JSON": ("[{]", ALL, {"bad-visor"}),
    "an object with keys": ({"name": "slice_2_10x"}, ALL, {"bad-visor"}),
    "a channel that is not there": (
        [{"name": "slice_2_10x", "channels": [*BOTH, "640"]}],
        TWO,
        {"selected-channel-missing"},
    ),
    "no channel": ([{"name": "slice_2_10x", "channels": []}], TWO, {"bad-selection"}),
    "channels as a text": ([{"name": "slice_2_10x", "channels": "488"}], TWO, {"bad-selection"}),
    "channels of no name": ([{"name": "slice_2_10x", "channels": [{}]}], TWO, {"bad-selection"}),
    "an image that is not there": (
        [{"name": "slice_2_10x"}, {"name": "slice_9_10x"}],
        TWO,
        {"missing-image"},
    ),
    "only channels that are not there": (
        [{"name": "slice_2_10x"}, {"name": "slice_1_10x", "channels": ["640"]}],
        TWO,
        {"selected-channel-missing"},
    ),
    "a path that leads out": (
        [{"name": "slice_2_10x"}, {"name": "../../secret"}],
        TWO,
        {"bad-path"},
    ),
    "entries of other types": (
        [7, {"name": 7}, {}, None, {"name": ""}, {"name": "slice_2_10x"}],
        TWO,
        {"invalid-value", "bad-path"},
    ),
}


@pytest.mark.parametrize("inside", [False, True], ids=["sample", "folder"])
@pytest.mark.parametrize(("selected", "expected", "wrong"), SELECTIONS.values(), ids=SELECTIONS)
def test_what_is_selected_is_opened(
    selected: Any, expected: Any, wrong: set[str], inside: bool, tmp_path: Path
):
    path = sample(tmp_path, selected)
    found = strata.open(path / "visor_raw_images" if inside else path)
    assert opened(found) == expected
    assert codes(found) == wrong
    prefix = "" if inside else "visor_raw_images/"
    assert all(image.path.startswith(f"{prefix}slice_") for image in found.images)


def test_of_one_channel_its_values_are_read(tmp_path: Path):
    found = strata.open(sample(tmp_path, [{"name": "slice_1_10x", "channels": ["561"]}]))
    whole = stored((2, 2, 2, 4, 4))
    for index, image in enumerate(found.images):
        assert [axis.name for axis in image.axes] == list("czyx")
        level = image.levels[0]
        np.testing.assert_array_equal(np.asarray(level.data[...]), whole[index, 1:])
        np.testing.assert_array_equal(np.asarray(level.data[0, 1, ::-1]), whole[index, 1, 1, ::-1])


def test_all_channels_of_a_wavelength_are_selected(tmp_path: Path):
    raw = tmp_path / "A.vsr" / "visor_raw_images"
    listed = channels("488", "561", "488")
    shape = (2, 3, 2, 4, 4)
    write_image(raw / "a.zarr", multiscale(two_levels()), shape, version=3, channels=listed)
    write_json(raw / "selected.json", [{"name": "a", "channels": ["488"]}])
    (image,) = strata.open(raw.parent).images
    assert [axis.name for axis in image.axes] == list("cszyx")
    whole = stored(shape)[:, [0, 2]].swapaxes(0, 1)
    np.testing.assert_array_equal(np.asarray(image.levels[0].data[...]), whole)


def test_an_image_without_a_channel_axis_is_shown_whole(tmp_path: Path):
    raw = tmp_path / "A.vsr" / "visor_raw_images"
    entry = multiscale(two_levels(4), "szyx")
    write_image(raw / "a.zarr", entry, (2, 2, 4, 4), version=3)
    write_json(raw / "selected.json", [{"name": "a", "channels": ["488"]}])
    found = strata.open(raw.parent)
    assert len(found.images) == 1
    assert "selected-channel-missing" in codes(found)


def test_a_selected_image_that_is_damaged_costs_only_itself(tmp_path: Path):
    path = sample(tmp_path, [{"name": f"slice_{k}_10x"} for k in (1, 2)])
    write_json(path / "visor_raw_images" / "slice_1_10x.zarr" / "zarr.json", "{")
    found = strata.open(path)
    assert opened(found) == TWO
    assert codes(found) == {"not-json"}


def test_a_sample_of_zarr_2(tmp_path: Path):
    """2024.11.3: the same layout in Zarr v2."""
    found = strata.open(sample(tmp_path, [{"path": "slice_2_10x.zarr"}], version=2))
    assert opened(found) == TWO
    assert codes(found) == set()


@pytest.mark.parametrize(
    "listed",
    [
        {"featured_slices": [{"path": "slice_2_10x.zarr"}]},
        {"selected_images": [{"path": "visor_raw_images/slice_2_10x.zarr"}]},
    ],
    ids=["2024.11.1", "2024.11.2"],
)
def test_samples_before_selected_json(listed: Any, tmp_path: Path):
    path = sample(tmp_path, version=2)
    (path / "info.json").unlink()
    path = path.rename(tmp_path / "BB001")
    write_json(path / "visor_raw_images" / ".visor", {"project_info": {}, **listed})
    for folder in (path, path / "visor_raw_images", tmp_path):
        found = strata.open(folder)
        assert opened(found) == TWO
        assert codes(found) == set()


def test_processed_images_are_offered_beside(tmp_path: Path):
    path = sample(tmp_path, [{"name": "slice_2_10x"}])
    big = (2, 2, 4, 64, 64)
    for kind in ("compr", "icorr"):
        folder = path / f"visor_{kind}_images" / "xx_slice_2_10x_20250101.zarr"
        write_image(folder, multiscale(two_levels()), big, version=3)
    (path / "visor_recon_transforms" / "xx_2025").mkdir(parents=True)
    (path / "visor_recon_transforms" / "xx_2025" / "recon.json").write_text("{}")
    found = strata.open(path)
    assert [image.path.split("/")[0] for image in found.images] == [
        "visor_raw_images",
        "visor_raw_images",
        "visor_compr_images",
        "visor_icorr_images",
    ]
    assert codes(found) == {"transforms-not-applied", "stacks-unplaced"}
    shown, left_out = choose(found.images)
    assert [image.name for image in shown] == [name for name, _ in TWO]
    assert left_out == 2
    # By its own folder a processed image is opened as any other.
    compressed = strata.open(path / "visor_compr_images")
    assert [image.model.beside for image in compressed.images] == [False]
    # Where there are no raw images, the processed ones are all there is.
    (path / "visor_raw_images").rename(tmp_path / "away")
    shown, left_out = choose(strata.open(path).images)
    assert (len(shown), left_out) == (2, 0)


def test_other_images_of_a_sample_are_found_too(tmp_path: Path):
    path = sample(tmp_path, [{"name": "slice_2_10x"}])
    plain_image(path / "mri" / "t1.zarr")
    found = strata.open(path)
    assert [image.path for image in found.images][1:3] == [
        "visor_raw_images/slice_2_10x.zarr",
        "mri/t1.zarr",
    ]


def test_stacks_of_all_slices_are_sorted_by_their_numbers(tmp_path: Path):
    found = strata.open(sample(tmp_path, count=11))
    slices = list(dict.fromkeys(image.name.split(" ")[0] for image in found.images))
    assert slices == [f"slice_{k}_10x" for k in range(1, 12)]
    shown, left_out = choose(found.images)
    assert (len(shown), left_out) == (16, 3)  # eight slices of two stacks each


def test_a_sample_without_any_image_is_refused(tmp_path: Path):
    (tmp_path / "A.vsr" / "visor_raw_images").mkdir(parents=True)
    write_json(tmp_path / "A.vsr" / "visor_raw_images" / "selected.json", [{"name": "a"}])
    with pytest.raises(OpenError, match="expected one as selected") as caught:
        strata.open(tmp_path / "A.vsr")
    assert caught.value.problem.code == "missing-image"


def test_links_that_lead_out_are_not_followed(tmp_path: Path):
    path = sample(tmp_path, [{"name": "slice_1_10x"}, {"name": "away"}], count=1)
    plain_image(tmp_path / "secret.zarr")
    raw = path / "visor_raw_images"
    (raw / "away.zarr").symlink_to(tmp_path / "secret.zarr")
    found = strata.open(path)
    assert len(found.images) == 2
    assert codes(found) == {"link-outside"}
    (raw / "selected.json").unlink()
    assert len(strata.open(path).images) == 2
    write_json(tmp_path / "elsewhere.json", [{"name": "away"}])
    (raw / "selected.json").symlink_to(tmp_path / "elsewhere.json")
    found = strata.open(path)
    assert len(found.images) == 2
    assert codes(found) == {"bad-visor"}


def test_each_metadata_file_is_read_once(tmp_path: Path):
    path = sample(tmp_path, [{"name": f"slice_{k}_10x"} for k in (1, 2)])
    node = open_container(path)
    found, _ = open_node(Context(node, "center", None, lambda _: np.zeros(0)))
    assert len(found.images) == 4
    assert set(node.tree.reads.values()) == {1}
    read = [key for key in node.tree.reads if key.endswith("zarr.json") and Path(key).exists()]
    assert len(read) == 6  # of two groups and four arrays
    assert not [key for key in node.tree.reads if "slice_3" in key]


def test_a_folder_is_recognised_by_its_suffix(tmp_path: Path):
    path = sample(tmp_path, count=1)
    assert recognise(str(path))
    assert recognise(str(path / "visor_raw_images"))
    assert recognise("https://example.org/data/BB001.vsr")
    assert recognise(str(tmp_path))  # a folder of containers


def test_the_root_is_the_sample_or_the_image(tmp_path: Path):
    path = sample(tmp_path, count=1)
    raw = path / "visor_raw_images"
    assert open_container(raw).tree.root == path.as_posix()
    image = raw / "slice_1_10x.zarr"
    assert open_container(image / "0").tree.root == image.as_posix()
    for inside in (image, image / "0", image / "zarr.json"):
        assert [i.name for i in strata.open(inside).images] == [
            "slice_1_10x stack_1",
            "slice_1_10x stack_2",
        ]


@pytest.mark.parametrize("junk", [None, 7, "", {}, {"name": {}}, True, 1.5])
def test_a_selection_that_is_no_list_selects_all(junk: Any, tmp_path: Path):
    path = sample(tmp_path, json.dumps(junk), count=1)
    assert len(strata.open(path).images) == 2


@pytest.mark.parametrize("junk", [[], [[]], [{"name": {}}], [{"path": None}], [{"name": "/a"}]])
def test_where_nothing_can_be_selected_all_is_opened(junk: Any, tmp_path: Path):
    path = sample(tmp_path, json.dumps(junk), count=1)
    found = strata.open(path)
    assert len(found.images) == 2
    assert bool(junk) == bool(codes(found))
