"""Browsing finds what opening finds, at the same places, and reads only what is looked at."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from labelled import label, with_labels
from ome_stores import image, ome_group, under, write
from plates import fill, plate, well
from test_ome_collections import ome_xml, series

import napari_strata as strata
from formats.test_precomputed_mesh import volume, write_info, write_meshes
from napari_strata.dataset import Choices
from napari_strata.dataset.browse import browse
from napari_strata.dataset.entry import Cancelled, Entry, look_all
from napari_strata.formats import precomputed_mesh_segments
from napari_strata.samples import FORMATS, Sample
from napari_strata.store.backend import LocalBackend

PICTURE = {"0": ((8, 8), [2, 3], [5, 7])}


def below(entry: Entry) -> Iterator[Entry]:
    """Look at everything in an entry, itself first."""
    entry = entry.look()
    yield entry
    for child in entry.children().entries:
        yield from below(child)


def rows(page: Any) -> list[tuple[str, str]]:
    return [(entry.name, entry.kind) for entry in page.entries]


def places(images: Any) -> list[list[list[list[float]]]]:
    return [[level.affine.tolist() for level in found.levels] for found in images]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every file that is asked for, and every folder that is listed (with a ``/``)."""
    log: list[str] = []
    read, listed = LocalBackend.read_many, LocalBackend.list

    def read_many(self: LocalBackend, keys: Any) -> Any:
        log.extend(keys)
        return read(self, keys)

    def list_(self: LocalBackend, key: str) -> Any:
        log.append(f"{key}/")
        return listed(self, key)

    monkeypatch.setattr(LocalBackend, "read_many", read_many)
    monkeypatch.setattr(LocalBackend, "list", list_)
    return log


# --------------------------------------------------------------------- the same as opening


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_in_a_sample_and_where(name: str, samples: dict[str, Sample]):
    path = samples[name].path
    opened = strata.open(path)
    entries = list(below(browse(path)))
    found = [entry.image for entry in entries if entry.image is not None]
    assert [each.name for each in found] == [each.name for each in opened.images]
    assert places(found) == places(opened.images)
    geometries = [entry.geometry for entry in entries if entry.geometry is not None]
    assert [g.kind for g in geometries] == [g.kind for g in opened.geometries]
    assert [e.problems for e in entries if e.image] == [i.problems for i in opened.images]


@pytest.mark.parametrize("name", FORMATS)
def test_an_entry_opens_as_what_was_seen_and_is_found_again(name: str, samples: dict[str, Sample]):
    for entry in below(browse(samples[name].path)):
        if entry.image is None:
            continue
        dataset = entry.open()
        (alone,) = dataset.images
        assert places([alone]) == places([entry.image])
        assert (alone.name, alone.format) == (entry.image.name, entry.image.format)
        again = [i for i in strata.open(dataset.path).images if i.path == alone.path]
        assert places([entry.image])[0] in places(again)


def test_the_record_of_an_entry_leads_back_to_it(samples: dict[str, Sample]):
    (setup,) = browse(samples["bdv-n5"].path).children().entries
    dataset = setup.open()
    assert dataset.path == str(samples["bdv-n5"].path / "setup0")
    assert strata.open(dataset.path)[dataset.images[0].path].name == "specimen (setup 0)"


def test_a_level_stands_for_its_image(tmp_path: Path):
    root = write(tmp_path / "a.zarr", image("yx", PICTURE))
    entry = browse(root / "0")
    assert (entry.kind, entry.inner, entry.path) == ("image", "", str(root))
    assert entry.image is not None
    assert entry.image.levels[0].scale.tolist() == [2, 3]


def test_choices_hold_for_everything_below(samples: dict[str, Sample]):
    path, choices = samples["neuroglancer-n5"].path, Choices(origin="corner")
    (child,) = browse(path, choices=choices).children().entries
    assert places([child.look().image]) == places(strata.open(path, origin="corner").images)
    assert child.open().choices == choices


# ------------------------------------------------------------------------------ collections


def test_a_plate_is_rows_wells_and_fields(tmp_path: Path, reads: list[str]):
    wells = fill(["B/2", "A/1", "A/3"], 2)
    root = write(tmp_path / "p.zarr", plate(wells))
    entry = browse(root)
    assert entry.kind == "plate"
    page = entry.children()
    assert rows(page) == [("A", "row"), ("B", "row")]
    in_row = page.entries[0].children()
    assert rows(in_row) == [("1", "well"), ("3", "well")]
    assert not [key for key in reads if "/A/" in key]  # no well has been read so far
    fields = in_row.entries[1].children()
    assert rows(fields) == [("0", "field"), ("1", "field")]
    assert not [key for key in reads if "/A/3/0" in key or "/A/1" in key]
    one = fields.entries[1].look()
    assert (one.kind, one.inner, one.path) == ("field", "A/3/1", str(root / "A/3/1"))
    assert places([one.image]) == places(strata.open(root / "A/3/1").images)


def test_parts_of_a_plate_open_whole(tmp_path: Path):
    root = write(tmp_path / "p.zarr", plate(fill(["A/1", "A/2", "B/1"], 2)))
    entry = browse(root)
    row = entry.children().entries[0]
    inside = row.children().entries[0]
    for one, path in ((entry, root), (row, root / "A"), (inside, root / "A/1")):
        assert places(one.open().images) == places(strata.open(path).images)


def test_a_well_by_itself(tmp_path: Path):
    root = write(tmp_path / "w.zarr", well(fill(["A/1"], 2)["A/1"]))
    assert browse(root).kind == "well"
    assert rows(browse(root).children()) == [("0", "field"), ("1", "field")]


def test_a_plate_that_lists_no_wells_is_still_browsed(tmp_path: Path):
    files = plate(fill(["A/1"]))
    files |= ome_group({"plate": {"wells": "none"}})
    page = browse(write(tmp_path / "p.zarr", files)).children()
    assert rows(page) == [("A", "group")]
    assert [p.where for p in page.problems] == [".zattrs: plate.wells"]
    (found,) = [e for e in below(page.entries[0]) if e.image]
    assert found.inner == "A/1/0"


def test_a_series_by_its_names_and_in_its_order(tmp_path: Path, reads: list[str]):
    files = series(["1", "0"], listed=["1", "0"], xml=ome_xml("first", "second"))
    root = write(tmp_path / "s.zarr", files)
    entry = browse(root)
    assert entry.kind == "series"
    page = entry.children()
    assert rows(page) == [("first", "series"), ("second", "series")]
    assert not [key for key in reads if "s.zarr/0/" in key or "s.zarr/1/" in key]
    one = page.entries[1].look()
    assert one.image is not None
    assert one.image.levels[0].scale.tolist() == [2, 2]  # group 0 is the second
    assert (one.image.name, one.open().images[0].name) == ("second", "second")


def test_images_of_a_scene_are_where_the_scene_has_them(tmp_path: Path):
    moved = {
        "type": "translation",
        "translation": [100, 200],
        "input": {"path": "a", "name": "physical"},
        "output": {"name": "world"},
    }
    axes = [{"name": n, "type": "space", "unit": "micrometer"} for n in "yx"]
    scene = {
        "coordinateSystems": [{"name": "world", "axes": axes}],
        "coordinateTransformations": [moved],
    }
    files = ome_group({"scene": scene}, "0.6") | under("a", image("yx", PICTURE, version="0.6"))
    root = write(tmp_path / "s.zarr", files)
    entry = browse(root)
    (one,) = entry.children().entries
    assert (entry.kind, one.kind, one.inner) == ("scene", "image", "a")
    assert one.image is not None
    assert one.image.levels[0].translate.tolist() == [105, 207]
    (opened,) = one.open().images
    assert opened.levels[0].translate.tolist() == [105, 207]
    assert one.open().path == str(root)  # by which alone it lies there


def test_labels_are_below_their_image_and_lie_as_with_it(tmp_path: Path):
    """The label says no unit, and takes its image's."""
    spots = label("yx", {"0": ((8, 8), [2, 3], [5, 7])})
    for axis in spots[".zattrs"]["multiscales"][0]["axes"]:
        del axis["unit"]
    root = write(tmp_path / "a.zarr", with_labels(image("yx", PICTURE), {"spots": spots}))
    entry = browse(root)
    (one,) = entry.children().entries
    assert (entry.kind, one.kind, one.inner) == ("image", "labels", "labels/spots")
    assert entry.open().images[0].path == ""
    (opened,) = one.open().images
    together = strata.open(root)["labels/spots"]
    assert [a.unit for a in opened.axes] == [a.unit for a in together.axes]
    assert places([opened]) == places([together])
    assert len(entry.open().images) == 1


def test_a_layer_of_an_entry_can_be_found_again(tmp_path: Path):
    from napari_strata.layers.build import build

    spots = label("yx", {"0": ((8, 8), [2, 3], [5, 7])})
    root = write(tmp_path / "a.zarr", with_labels(image("yx", PICTURE), {"spots": spots}))
    (one,) = browse(root).children().entries
    ((_, arguments, kind),) = build(one.open()).layers  # type: ignore[misc]
    note = arguments["metadata"]["strata"]
    assert (kind, note["dataset"], note["image"]) == ("labels", str(root), "labels/spots")
    assert list(arguments["scale"]) == [2, 3]


def test_segments_in_pages_each_read_when_it_is_looked_at(tmp_path: Path):
    root = write_info(tmp_path / "v.precomputed", volume())
    write_meshes(root / "mesh", *range(1, 31))
    entry = browse(root)
    assert entry.kind in ("image", "labels")
    (folder,) = entry.children().entries
    assert (folder.kind, folder.inner) == ("segments", "mesh")
    page = folder.children(20, 5)
    assert rows(page) == [(str(n), "segment") for n in range(21, 26)]
    assert (page.total, page.more) == (30, True)
    assert folder.children(25, 5).more is False
    one = page.entries[0]
    assert (one.looked, one.geometry) == (False, None)
    one = one.look()
    assert one.geometry is not None
    assert one.geometry.kind == "mesh"
    (opened,) = one.open().geometries
    assert opened.model.segment == 21
    expected = strata.open(root).geometries[0].segment(21).read().bounds
    assert np.array_equal(opened.read().bounds, expected)  # type: ignore[arg-type]


def test_meshes_of_a_dataset_as_cosem_publishes_it(tmp_path: Path):
    """Their folder is found with all others, and lists its segments only when it is opened."""
    root = tmp_path / "jrc"
    (root / "jrc.n5").mkdir(parents=True)
    write_info(root / "neuroglancer/em/cell.precomputed", volume())
    write_meshes(root / "neuroglancer/mesh/cell", 7, 8)
    (folder,) = [e for e in below(browse(root)) if e.kind == "segments"]
    assert folder.inner == "neuroglancer/mesh/cell"
    assert folder.geometry is not None
    assert folder.geometry.segments is None
    page = folder.children()
    assert (rows(page), page.total) == ([("7", "segment"), ("8", "segment")], 2)
    (opened,) = page.entries[0].open().geometries
    (whole,) = [g for g in strata.open(root).geometries if g.name == "cell"]
    expected = whole.segment(7).read().bounds
    assert np.array_equal(opened.read().bounds, expected)  # type: ignore[arg-type]


def test_segments_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    root = write_info(tmp_path / "v.precomputed", volume())
    write_meshes(root / "mesh", 7)
    monkeypatch.setattr(precomputed_mesh_segments, "list_segments", lambda *_: None)
    monkeypatch.setattr("napari_strata.dataset.found_entries.list_segments", lambda *_: None)
    monkeypatch.setattr("napari_strata.formats.precomputed_mesh.list_segments", lambda *_: None)
    (folder,) = browse(root).children().entries
    page = folder.children()
    assert (page.entries, page.total, page.more) == ((), None, False)


def test_a_segment_that_is_damaged_says_so(tmp_path: Path):
    root = write_info(tmp_path / "v.precomputed", volume())
    write_meshes(root / "mesh", 7)
    (root / "mesh/7:0").write_text("{")
    (folder,) = browse(root).children().entries
    one = folder.children().entries[0].look()
    assert one.geometry is None
    assert [p.severity for p in one.problems] == ["error"]


def test_annotations_beside_are_in_the_image_they_belong_to(
    tmp_path: Path, samples: dict[str, Sample]
):
    import hashlib

    root = write(tmp_path / "a.zarr", image("yx", PICTURE))
    beside = tmp_path / "a.annotations"
    shutil.copytree(samples["zvf"].path, beside / "spots.zarrvectors")
    checksum = hashlib.sha256((root / ".zattrs").read_bytes()).hexdigest()
    manifest = {
        "strata-annotations": 1,
        "dataset": {"suffix": ".zarr", "file": ".zattrs", "sha256": checksum},
        "layers": [{"file": "spots.zarrvectors"}],
    }
    (beside / "manifest.json").write_text(json.dumps(manifest))
    entry = browse(root)
    assert entry.kind == "image"
    (spots,) = entry.children().entries
    assert (spots.kind, spots.inner) == ("points", "../a.annotations/spots.zarrvectors")
    assert Path(spots.path).is_dir()
    assert len(spots.open().geometries) == 1


# ----------------------------------------------------------------------------- lazy and safe


def test_ten_thousand_groups_are_one_listing(tmp_path: Path, reads: list[str]):
    root = tmp_path / "many.zarr"
    for index in range(10_000):
        (root / f"g{index}").mkdir(parents=True)
    write(root, ome_group({}))
    write(root / "g7", image("yx", PICTURE))
    entry = browse(root)
    reads.clear()
    page = entry.children(0, 100)
    assert (len(page.entries), page.total, page.more) == (100, 10_000, True)
    assert [e.name for e in page.entries[:3]] == ["g0", "g1", "g2"]
    assert [e.name for e in entry.children(9_998).entries] == ["g9998", "g9999"]
    assert reads == []  # it was listed, once, when it was looked at
    looked = look_all(page.entries[6:9])
    assert [e.kind for e in looked] == ["group", "image", "group"]
    assert {key.removeprefix(f"{root}/").partition("/")[0] for key in reads} == {"g6", "g7", "g8"}


def test_a_folder_of_containers(tmp_path: Path):
    write(tmp_path / "b.zarr", image("yx", PICTURE))
    write(tmp_path / "c/d.zarr", image("yx", PICTURE))
    (tmp_path / ".hidden").mkdir()
    entry = browse(tmp_path)
    assert rows(entry.children()) == [("b.zarr", "group"), ("c", "group")]
    assert [e.inner for e in below(entry) if e.image] == ["b.zarr", "c/d.zarr"]


def test_an_empty_folder(tmp_path: Path):
    entry = browse(tmp_path)
    assert (entry.kind, entry.has_children) == ("container", False)
    assert entry.children().total == 0


def test_a_link_out_of_the_dataset_is_shown_and_not_followed(tmp_path: Path):
    write(tmp_path / "secret", image("yx", PICTURE))
    root = write(tmp_path / "a.zarr", ome_group({}))
    (root / "x").symlink_to(tmp_path / "secret")
    (one,) = browse(root).children().entries
    one = one.look()
    assert [p.code for p in one.problems] == ["link-outside"]
    assert (one.image, one.has_children) == (None, False)
    with pytest.raises(strata.OpenError, match="x: is a link that leads out of the dataset"):
        one.open()
    assert strata.open(tmp_path / "secret").images  # it is for the user to name it


@pytest.mark.parametrize(
    "text", ["[1]", "{", '{"multiscales": 3}', '{"plate": []}', '{"multiscales": [{}]}']
)
def test_damaged_metadata_cost_only_their_entry(text: str, tmp_path: Path):
    root = write(tmp_path / "a.zarr", ome_group({}) | under("good", image("yx", PICTURE)))
    (root / "bad").mkdir()
    (root / "bad/.zattrs").write_text(text)
    (root / "bad/.zgroup").write_text('{"zarr_format": 2}')
    bad, good = [e.look() for e in browse(root).children().entries]
    told = [*bad.problems, *bad.children().problems]
    assert [p.where.partition(":")[0] for p in told] == ["bad/.zattrs"]
    assert good.image is not None


def test_what_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(strata.OpenError, match="does not exist"):
        browse(tmp_path / "none.zarr")


def test_nothing_is_read_once_it_is_cancelled(tmp_path: Path, reads: list[str]):
    root = write(tmp_path / "a.zarr", ome_group({}) | under("b", image("yx", PICTURE)))
    (child,) = browse(root).children().entries
    reads.clear()
    answers = iter([False, False, True])
    with pytest.raises(Cancelled):
        child.look(cancel=lambda: next(answers))
    asked = len(reads)
    assert asked <= 2
    with pytest.raises(Cancelled):
        look_all([child], cancel=lambda: True)
    assert len(reads) == asked
    assert child.look().image is not None  # what was given up can be read after all


def test_cancelling_before_the_first_request(tmp_path: Path, reads: list[str]):
    root = write(tmp_path / "a.zarr", image("yx", PICTURE))
    with pytest.raises(Cancelled):
        browse(root, cancel=lambda: True)
    assert reads == []


def test_opening_a_group_is_given_up_among_its_folders(tmp_path: Path, reads: list[str]):
    files = ome_group({}) | under("g0/a", image("yx", PICTURE))
    for i in range(40):
        files |= under(f"g{i}", ome_group({}))
    entry = browse(write(tmp_path / "a.zarr", files))
    reads.clear()
    with pytest.raises(Cancelled):
        entry.open(cancel=lambda: len(reads) >= 4)
    assert len(reads) < 100  # all of the 40 take more; their metadata are read ahead at once
    assert len(entry.open().images) == 1


# ---------------------------------------------------------------------------------- details


def test_details_of_an_image(tmp_path: Path):
    levels = {"0": ((2, 10, 8, 6), [1, 3, 2, 0.5]), "1": ((2, 5, 4, 3), [1, 6, 4, 1])}
    root = write(tmp_path / "a.zarr", image("czyx", levels, dtype="uint16"))
    told = browse(root).details()
    assert told is not None
    assert (told.axes, told.shape, told.dtype) == (("c", "z", "y", "x"), (2, 10, 8, 6), "uint16")
    assert told.voxel_size == (None, 3, 2, 0.5)
    assert told.extent == (None, 30, 16, 3)
    assert told.units == (None, "micrometer", "micrometer", "micrometer")
    assert (told.levels, told.nbytes) == (2, 2 * 10 * 8 * 6 * 2)


def test_details_of_a_turned_image_are_lengths_along_its_own_axes(samples: dict[str, Sample]):
    (entry,) = browse(samples["ome-zarr-0.6"].path).children().entries
    told = entry.details()
    assert told is not None
    assert told.voxel_size == pytest.approx((1, 1, 1))


def test_details_of_a_geometry_and_of_a_folder(samples: dict[str, Sample], tmp_path: Path):
    told = browse(samples["zvf"].path).details()
    assert told is not None
    opened = strata.open(samples["zvf"].path).geometries[0]
    assert (told.levels, told.vertices) == (len(opened.levels), opened.levels[0].vertex_count)
    assert browse(tmp_path).details() is None
