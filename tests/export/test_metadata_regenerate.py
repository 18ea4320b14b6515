"""A group's metadata from its arrays', and back; a ZVF store's block from its level groups."""

import copy

import pytest

import napari_strata as strata
from export import metadata_stores as stores
from export.metadata_stores import close, cosem_places, opened_places, read_json, tree
from napari_strata.export.errors import ExportError
from napari_strata.export.metadata.regenerate import regenerate_metadata
from napari_strata.export.metadata.regenerate_zvf import multiscales_block

PLACES = {f"s{k}": (scale, shift) for k, (_, scale, shift) in enumerate(stores.COSEM)}
GROUP_KEYS = {
    "axes": ["x", "y", "z"],
    "units": ["nm", "nm", "nm"],
    "pixelResolution": {"dimensions": [20, 20, 40], "unit": "nm"},
    "scales": [[1, 1, 1], [2, 2, 1]],
}


def test_a_group_without_a_file_gets_one_from_its_arrays(tmp_path):
    path = stores.cosem(tmp_path / "a.n5", group=False)
    change = regenerate_metadata(path, source="arrays")
    assert [file.path for file in change.files] == ["em/attributes.json"]
    change.write()
    group = read_json(path / "em" / "attributes.json")
    assert {key: group[key] for key in GROUP_KEYS} == GROUP_KEYS
    by_arrays, by_group = cosem_places(path / "em")
    assert close(by_group, PLACES)
    assert close(by_arrays, PLACES)
    image = strata.open(path)["em"]
    assert close(opened_places(image), PLACES)
    assert not image.problems


def test_arrays_without_transforms_get_them_from_the_group(tmp_path):
    path = stores.cosem(tmp_path / "a.n5", arrays=False)
    change = regenerate_metadata(path, source="group")
    assert [file.path for file in change.files] == [
        "em/s0/attributes.json", "em/s1/attributes.json",
    ]  # fmt: skip
    change.write()
    assert close(cosem_places(path / "em")[0], PLACES)
    own = read_json(path / "em" / "s1" / "attributes.json")
    assert own["pixelResolution"] == {"dimensions": [40, 40, 40], "unit": "nm"}
    assert own["dimensions"] == [8, 8, 8]
    assert not strata.open(path)["em"].problems


def test_what_is_right_already_stays_as_it_is(tmp_path):
    path = stores.cosem(tmp_path / "a.n5")
    before = tree(tmp_path)
    for source in ("arrays", "group"):
        assert not regenerate_metadata(path, source=source)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("source", ["arrays", "group"])
def test_contradictions_are_told_with_both_numbers_and_one_side_wins(tmp_path, source):
    path = stores.cosem(tmp_path / "a.n5")
    group = read_json(path / "em" / "attributes.json")
    group["multiscales"][0]["datasets"][1]["transform"]["translate"] = [100, 777, 310]
    stores.write_json(path / "em" / "attributes.json", group)
    change = regenerate_metadata(path, source=source)
    (note,) = [n for n in change.notes if n.code == "regenerate-contradicts"]
    assert note.where == "s1"
    assert "777" in note.message
    assert "210" in note.message
    assert f"the {source} win" in note.message
    change.write()
    right = [100, 210, 310] if source == "arrays" else [100, 777, 310]
    by_arrays, by_group = cosem_places(path / "em")
    assert by_arrays["s1"][1] == right
    assert by_group["s1"][1] == right
    assert read_json(path / "em" / "attributes.json")["multiscales"][0]["mine"] == 1
    assert not strata.open(path)["em"].problems


def test_neuroglancers_grid_becomes_transforms_that_can_have_an_origin(tmp_path):
    path = stores.neuroglancer(tmp_path / "a.n5")
    regenerate_metadata(path, source="group", image="a").write()
    expected = {"s0": ([40, 4, 4], [0, 0, 0]), "s1": ([40, 8, 8], [0, 2, 2])}
    by_arrays, by_group = cosem_places(path / "a")
    assert close(by_arrays, expected)
    assert close(by_group, expected)
    found = strata.open(path)
    assert found["a"].format == "cosem"
    assert close(opened_places(found["a"]), expected)
    assert found["b"].format == "neuroglancer-n5"


def test_spacing_and_factors_of_arrays_become_a_groups(tmp_path):
    path = stores.n5_viewer(tmp_path / "a.n5")
    regenerate_metadata(path / "c0", source="arrays").write()
    group = read_json(path / "c0" / "attributes.json")
    assert group["pixelResolution"] == {"dimensions": [0.5, 0.5, 2], "unit": "um"}
    assert group["scales"] == [[1, 1, 1], [2, 2, 1]]
    assert "multiscales" not in group
    expected = {"s0": ([2, 0.5, 0.5], [0, 0, 0]), "s1": ([2, 1, 1], [0, 0.25, 0.25])}
    assert close(opened_places(strata.open(path / "c0").images[0]), expected)


def test_factors_of_arrays_go_where_they_get_transforms(tmp_path):
    path = stores.n5_viewer(tmp_path / "a.n5")
    regenerate_metadata(path / "c0", source="arrays").write()
    change = regenerate_metadata(path / "c0", source="group")
    assert "regenerate-removes" in [note.code for note in change.notes]
    change.write()
    own = read_json(path / "c0" / "s1" / "attributes.json")
    assert own["pixelResolution"] == {"dimensions": [1, 1, 2], "unit": "um"}
    assert "downsamplingFactors" not in own
    image = strata.open(path / "c0").images[0]
    expected = {"s0": ([2, 0.5, 0.5], [0, 0, 0]), "s1": ([2, 1, 1], [0, 0.25, 0.25])}
    assert close(opened_places(image), expected)
    assert not image.problems


def test_what_neuroglancers_keys_cannot_say_is_told(tmp_path):
    path = stores.cosem(tmp_path / "a.n5", group=False)
    file = path / "em" / "s1" / "attributes.json"
    own = read_json(file)
    own["transform"]["translate"] = [100, 200, 300]  # strided: corners do not meet
    stores.write_json(file, own)
    codes = [note.code for note in regenerate_metadata(path, source="arrays").notes]
    assert "neuroglancer-without-origin" in codes
    assert "neuroglancer-shifted" in codes


@pytest.mark.parametrize("source", ["arrays", "group"])
def test_a_side_that_says_nothing_is_no_source(tmp_path, source):
    path = stores.cosem(tmp_path / "a.n5", group=source != "group", arrays=source != "arrays")
    before = tree(tmp_path)
    with pytest.raises(ExportError, match="found neither"):
        regenerate_metadata(path / "em", source=source)
    assert tree(tmp_path) == before


def test_zarr_has_no_two_sides(tmp_path):
    with pytest.raises(ExportError, match="is no N5 group"):
        regenerate_metadata(stores.ome_04(tmp_path / "a.zarr"), source="arrays")


# --------------------------------------------------------------------------------------- ZVF


def zvf(**store):
    axes = [{"name": n, "type": "space"} for n in "xyz"]
    return {
        "zarr_vectors": {"zv_version": "0.9.2", "chunk_shape": [50, 50, 100], **store},
        "multiscales": [{"name": "default", "axes": axes, "metadata": {"format": "zarr_vectors"}}],
        "other": 1,
    }


def level(number, **keys):
    return {"zarr_vectors_level": {"level": number, "object_sparsity": 1.0, **keys}}


def test_the_block_is_what_the_page_says():
    root = zvf(base_bin_shape=[10, 10, 20])
    levels = {
        "1": level(1, bin_ratio=[2, 2, 2], object_sparsity=0.5),
        "0": level(0),
        "2": level(2, bin_shape=[40, 40, 80]),
    }
    (block,) = multiscales_block(root, levels)
    assert block["type"] == "zarr_vectors_multiscale"
    assert block["metadata"] == {"format": "zarr_vectors"}
    assert [a["name"] for a in block["axes"]] == ["x", "y", "z"]
    assert block["datasets"] == [
        {
            "path": str(k),
            "level": k,
            "bin_ratio": [r] * 3,
            "bin_shape": [10 * r, 10 * r, 20 * r],
            "coordinateTransformations": [
                {"type": "scale", "scale": [r] * 3},
                {"type": "translation", "translation": [5 * r, 5 * r, 10 * r]},
            ],
            "object_sparsity": 0.5 if k == 1 else 1,
        }
        for k, r in enumerate((1, 2, 4))
    ]


def test_without_bins_of_its_own_a_store_has_those_of_its_chunks():
    (block,) = multiscales_block(zvf(), {"0": level(0)})
    assert block["datasets"][0]["bin_shape"] == [50, 50, 100]


@pytest.mark.parametrize(
    ("root", "levels", "message"),
    [
        ({}, {"0": level(0)}, "found no zarr_vectors"),
        (zvf(chunk_shape=[0, 1, 1]), {"0": level(0)}, "numbers above 0"),
        (zvf(), {}, "no level 0"),
        (zvf(), {"1": level(1, bin_ratio=[2, 2, 2])}, "no level 0"),
        (zvf(), {"0": level(0), "1": level(1)}, "neither bin_ratio nor bin_shape"),
        (zvf(), {"0": level(0), "1": level(1, bin_ratio=[1.5, 1, 1])}, "whole number"),
        (zvf(), {"0": level(0, bin_ratio=[2, 2, 2])}, "as this is level 0"),
        (zvf(), {"0": level(0), "2": level(1, bin_ratio=[2, 2, 2])}, "number the path ends in"),
        (
            zvf(),
            {"0": level(0), "1": level(1, bin_ratio=[2, 2, 2], bin_shape=[1, 1, 1])},
            "the base times bin_ratio",
        ),
        (zvf(), {"0": level(0), "1": level(1, bin_ratio=[2, 2])}, "one an axis"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_store_that_does_not_say_its_bins_is_refused(root, levels, message):
    before = copy.deepcopy((root, levels))
    with pytest.raises(ExportError, match=message):
        multiscales_block(root, levels)
    assert (root, levels) == before


def test_a_store_on_disk(tmp_path):
    path = tmp_path / "a.zarr"
    group = {"zarr_format": 3, "node_type": "group"}
    stores.write_json(path / "zarr.json", {**group, "attributes": zvf()})
    stores.write_json(path / "0" / "zarr.json", {**group, "attributes": level(0)})
    stores.write_json(
        path / "1" / "zarr.json", {**group, "attributes": level(1, bin_ratio=[2, 2, 2])}
    )
    change = regenerate_metadata(path, source="arrays")
    assert [file.path for file in change.files] == ["zarr.json"]
    assert [note.code for note in change.notes] == ["zvf-block-moves"]
    change.write()
    attributes = read_json(path / "zarr.json")["attributes"]
    assert attributes["other"] == 1
    assert [d["path"] for d in attributes["multiscales"][0]["datasets"]] == ["0", "1"]
    assert not regenerate_metadata(path, source="arrays")
    with pytest.raises(ExportError, match="only --from arrays"):
        regenerate_metadata(path, source="group")
