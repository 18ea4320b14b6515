"""Every format in, OME-Zarr out, in again: the same places, units, names, looks, labels, voxels."""

from pathlib import Path

import numpy as np
import pytest

import napari_strata as strata
from napari_strata import units
from napari_strata.check import check
from napari_strata.export.errors import ExportError
from napari_strata.export.pixels.codecs import Codec
from napari_strata.export.planning.image_plan import plan_images
from napari_strata.export.planning.options import Options
from napari_strata.samples import FORMATS, write_sample

from . import parsed
from .layers import exported, layers_of

IMAGES = [name for name in FORMATS if name != "zvf"]


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    return {name: write_sample(name, folder).path for name in IMAGES}


@pytest.mark.parametrize("version", ["0.5", "0.6"])
@pytest.mark.parametrize("name", IMAGES)
def test_layers_come_back_as_they_were(name: str, version: str, samples, tmp_path: Path):
    before = layers_of(samples[name])
    turned = name in TURNED
    if turned and version == "0.5":
        pytest.skip("0.5 has no place for it; the test of refusals looks at it")
    target = tmp_path / "out.ome.zarr"
    wishes = {"version": version, "copy_levels": True, "codec": Codec("zstd", 1)}
    plan = exported(before, target, **wishes)
    _compare_files(plan, target, strata.open(samples[name]))
    opened = strata.open(target)
    after = layers_of(target)
    assert len(after) == len(before)
    for old in before:
        _compare_layers(old, _alike(old, after), opened)
    report = check(target)
    assert [str(f.problem) for f in report.findings if f.problem.severity == "error"] == []


TURNED = {"bdv-n5", "cosem", "ome-zarr-0.6"}


def _alike(old, layers):
    """Find the layer of the same kind and voxels."""
    voxels = np.asarray(_level(old, 0))
    same = [x for x in layers if x._type_string == old._type_string]
    (found,) = (x for x in same if np.array_equal(np.asarray(_level(x, 0)), voxels))
    return found


def _level(layer, index):
    return layer.data[index] if layer.multiscale else layer.data


def _count(layer):
    return len(layer.data) if layer.multiscale else 1


def _compare_layers(old, new, opened):
    own, other = old.metadata["strata"], new.metadata["strata"]
    assert new._type_string == old._type_string
    assert list(new.axis_labels) == list(old.axis_labels)
    assert [str(u) for u in new.units] == [str(u) for u in old.units]
    assert new.name == old.name
    # What is declared: per level the same matrix, in the same units.
    names = [axis["name"] for axis in own["axes"]]
    theirs = [axis["name"] for axis in other["axes"]]
    kept = [name for name in names if name in theirs]
    assert kept == names or len([o for o in names if o not in kept]) == 1  # a channel alone
    for name in kept:
        one = next(axis for axis in own["axes"] if axis["name"] == name)
        two = next(axis for axis in other["axes"] if axis["name"] == name)
        assert two["type"] == one["type"]
        assert units.parse(two["unit"] or "") == units.parse(one["unit"] or "")
    count = max(_count(old), len(own["levels"]))
    assert len(other["levels"]) >= count
    for one, two in zip(own["levels"], other["levels"], strict=False):
        a = _on(one["affine"], names, kept)
        b = _on(two["affine"], theirs, kept)
        shape = [one["shape"][names.index(name)] for name in kept]
        parsed.same_place(b, a, shape)
    for index in range(_count(old)):
        voxels = np.asarray(_level(old, index))
        assert _level(new, index).dtype == voxels.dtype
        np.testing.assert_array_equal(np.asarray(_level(new, index)), voxels)
    _compare_looks(old, new, opened)


def _on(matrix, names, kept):
    order = [*(names.index(name) for name in kept), -1]
    return np.array(matrix)[np.ix_(order, order)]


def _compare_looks(old, new, opened):
    if old._type_string == "labels":
        listed = getattr(old.colormap, "color_dict", None)
        if listed is not None:
            for value, color in listed.items():
                if value:
                    np.testing.assert_allclose(
                        new.colormap.color_dict[value], color, atol=0.6 / 255
                    )
        assert list(new.features.columns) == list(old.features.columns)
        assert new.features.to_dict("records") == old.features.to_dict("records")
        return
    assert new.gamma == old.gamma
    note = new.metadata["strata"]
    channels = opened[note["image"]].display.channels
    # Of several images all but the first are hidden when they are opened.
    declared = channels[note["channel"] or 0].visible if channels else True
    assert declared == old.visible
    np.testing.assert_allclose(new.colormap.colors[-1], old.colormap.colors[-1], atol=1 / 255)
    pending = old.metadata["strata"].get("pending_contrast")
    if not pending:
        np.testing.assert_allclose(new.contrast_limits, old.contrast_limits)


@pytest.mark.parametrize("name", sorted(TURNED))
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_older_versions_refuse_what_is_turned(name: str, version: str, samples):
    with pytest.raises(
        ExportError, match=f"OME-Zarr {version} can scale and move .* would be lost"
    ):
        plan_images(layers_of(samples[name]), Options(version=version))


@pytest.mark.parametrize("name", IMAGES)
def test_0_6_is_written_where_it_is_needed(name: str, samples):
    plan = plan_images(layers_of(samples[name]))
    assert plan.version == ("0.6" if name in TURNED else "0.5")


def _compare_files(plan, target: Path, source):
    """The transforms in the files, by a parser of the tests' own, are those of the source."""
    for image in plan.images:
        written = parsed.affines(target, image.path)
        names = [axis for axis, _, _ in parsed.axes(target / image.path)]
        origin = next(i for i in source.images if _fits(i, image))
        theirs = [axis.name for axis in origin.axes]
        kept = [axis for axis in names if axis in theirs]
        for level, matrix in zip(origin.levels, written, strict=False):
            shape = [level.shape[theirs.index(axis)] for axis in kept]
            parsed.same_place(_on(matrix, names, kept), _on(level.affine, theirs, kept), shape)


def _fits(image, planned):
    same = (image.kind, image.levels[0].dtype) == (planned.written.kind, planned.levels[0].dtype)
    return same and image.name.startswith(planned.written.name)
