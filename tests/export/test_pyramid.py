"""Levels are where arithmetic by hand says, whatever the base transform, factors and sizes."""

import numpy as np
import pytest

from napari_strata.affine import from_scale_translate
from napari_strata.export.errors import ExportError
from napari_strata.export.pixels.pyramid import isotropic_factors, plan_pyramid

ZYX = ("space", "space", "space")
TCZYX = ("time", "channel", "space", "space", "space")
U2 = np.dtype(np.uint16)


def plan(shape, scale=None, types=ZYX, dtype=U2, method="mean", **wishes):
    matrix = from_scale_translate(scale or [1.0] * len(shape))
    return plan_pyramid(shape, matrix, types, dtype, method, **wishes)


def test_the_issue_s_volume():
    levels = plan((1024, 512, 512)).levels
    assert [level.shape for level in levels] == [
        (1024, 512, 512), (512, 256, 256), (256, 128, 128), (128, 64, 64)
    ]  # fmt: skip
    assert [level.factors for level in levels] == [(1, 1, 1), (2, 2, 2), (2, 2, 2), (2, 2, 2)]
    assert [level.chunks for level in levels] == [(128,) * 3] * 3 + [(128, 64, 64)]
    assert levels[0].nbytes == 536_870_912
    assert [level.shards for level in levels] == [None] * 4


# Level 0: world = 4 z + 100, 2 y + 10, 0.5 x. Level k of a mean: s_k = s·f^k, t_k = t_{k-1} +
# s_{k-1}·(f - 1)/2; of nearest t_k = t.
@pytest.mark.parametrize(
    ("method", "factors", "scales", "translations"),
    [
        pytest.param(
            "mean", (2, 2, 2),
            [(4, 2, 0.5), (8, 4, 1), (16, 8, 2)],
            [(100, 10, 0), (102, 11, 0.25), (106, 13, 0.75)],
            id="mean by two",
        ),
        pytest.param(
            "mode", (1, 3, 4),
            [(4, 2, 0.5), (4, 6, 2), (4, 18, 8)],
            [(100, 10, 0), (100, 12, 0.75), (100, 18, 3.75)],
            id="mode, each axis its own",
        ),
        pytest.param(
            "nearest", (2, 3, 2),
            [(4, 2, 0.5), (8, 6, 1), (16, 18, 2)],
            [(100, 10, 0)] * 3,
            id="nearest stays",
        ),
        pytest.param(
            "max", [(1, 2, 2), (2, 2, 2)],
            [(4, 2, 0.5), (4, 4, 1), (8, 8, 2)],
            [(100, 10 + 1, 0.25), (102, 13, 0.75)],
            id="a list a level",
        ),
    ],
)  # fmt: skip
def test_scale_and_translation(method, factors, scales, translations):
    matrix = from_scale_translate([4, 2, 0.5], [100, 10, 0])
    pyramid = plan_pyramid((101, 77, 1001), matrix, ZYX, U2, method, factors=factors, levels=3)
    found = [level.affine for level in pyramid.levels]
    assert [tuple(np.diagonal(a)[:3]) for a in found] == scales
    if len(translations) == 2:
        translations = [(100, 10, 0), *translations]
    assert [tuple(a[:3, 3]) for a in found] == translations


def test_sizes_are_rounded_up_and_never_decide_the_scale():
    levels = plan((5, 7, 9), factors=(2, 2, 2), levels=4).levels
    assert [level.shape for level in levels] == [(5, 7, 9), (3, 4, 5), (2, 2, 3), (1, 1, 2)]
    # 5 / 3 is not 2: the scale is the factor's.
    assert levels[1].affine[0, 0] == 2.0


def test_any_base_transform():
    """Two pixels of level 1 are where the middle of their windows is in level 0."""
    matrix = np.array([[0.8, -0.6, 0, 5], [1.2, 1.6, 0.3, -7], [0, 0, 2.5, 11], [0, 0, 0, 1.0]])
    pyramid = plan_pyramid((64, 64, 64), matrix, ZYX, U2, "median", factors=(2, 3, 1), levels=2)
    for voxel in ((0, 0, 0), (5, 7, 9)):
        window = np.array([2 * voxel[0] + 0.5, 3 * voxel[1] + 1, voxel[2], 1])
        np.testing.assert_allclose(pyramid.levels[1].affine @ (*voxel, 1), matrix @ window)


@pytest.mark.parametrize(
    ("shape", "scale", "types", "expected"),
    [
        pytest.param((64, 64, 64), (1, 1, 1), ZYX, (2, 2, 2), id="isotropic"),
        pytest.param((64, 64, 64), (4, 1, 1), ZYX, (1, 2, 2), id="flat voxels"),
        pytest.param((64, 64, 64), (1.9, 1, 1), ZYX, (2, 2, 2), id="nearly isotropic"),
        pytest.param((64, 64, 64), (2, 1, 1), ZYX, (1, 2, 2), id="exactly twice"),
        pytest.param((64, 64, 64), (1, 1, 3), ZYX, (2, 2, 1), id="long in x"),
        pytest.param((1, 64, 64), (1e-9, 1, 1), ZYX, (1, 2, 2), id="one plane"),
        pytest.param((9, 3, 64, 64, 64), (1, 1, 5, 1, 1), TCZYX, (1, 1, 1, 2, 2), id="5-D"),
    ],
)
def test_default_factors(shape, scale, types, expected):
    spatial = tuple(axis for axis, kind in enumerate(types) if kind == "space")
    assert isotropic_factors(shape, np.diag(scale), spatial) == expected


def test_factors_of_a_turned_volume_go_by_the_length_of_its_voxels():
    turn = np.array([[0, 4, 0], [-1, 0, 0], [0, 0, 1.0]])
    assert isotropic_factors((64, 64, 64), turn, (0, 1, 2)) == (2, 1, 2)


def test_a_window_is_no_longer_than_its_axis():
    level = plan((3, 64, 64), factors=(4, 4, 4), levels=2).levels[1]
    assert level.factors == (3, 4, 4)
    assert level.affine[0, 3] == 1.0  # the middle of three planes


@pytest.mark.parametrize(
    ("shape", "types", "wishes", "chunks"),
    [
        pytest.param((300, 300, 300), ZYX, {}, (128, 128, 128), id="volume"),
        pytest.param((3000, 3000), ZYX[:2], {}, (1024, 1024), id="flat image"),
        pytest.param((5, 9000, 9000), ZYX, {}, (5, 512, 512), id="few planes"),
        pytest.param((9, 2, 300, 300, 300), TCZYX, {}, (1, 1, 128, 128, 128), id="5-D"),
        pytest.param((300,) * 3, ZYX, {"factors": (3, 3, 3)}, (126,) * 3, id="whole windows"),
        pytest.param((300, 40, 300), ZYX, {"chunks": (64, 64, 32)}, (64, 40, 32), id="as wished"),
    ],
)
def test_chunks(shape, types, wishes, chunks):
    assert plan(shape, types=types, **wishes).levels[0].chunks == chunks


@pytest.mark.parametrize(
    ("dtype", "wishes", "shards"),
    [
        pytest.param("u2", {"shards": True}, (256, 256, 256), id="32 MB"),
        pytest.param("u4", {"shards": True}, (128, 256, 256), id="32 MB of larger voxels"),
        pytest.param(
            "u2", {"shards": (128, 64, 64), "chunks": (64, 64, 64)}, (128, 64, 64), id="as wished"
        ),
        pytest.param("u2", {"shards": (1024,) * 3}, (384,) * 3, id="no more than there is"),
    ],
)
def test_shards(dtype, wishes, shards):
    level = plan((300, 300, 300), dtype=np.dtype(dtype), **wishes).levels[0]
    assert level.shards == shards
    assert all(s % c == 0 for s, c in zip(shards, level.chunks, strict=True))


def test_levels_end_where_a_chunk_holds_everything_or_where_they_are_told_to():
    assert len(plan((129, 129, 129)).levels) == 2
    assert len(plan((128, 64, 64)).levels) == 1
    assert len(plan((128, 64, 64), levels=3).levels) == 3
    assert len(plan((1000, 1000, 1000), levels=1).levels) == 1
    assert plan((4, 4, 4), levels=10).levels[-1].shape == (1, 1, 1)


def test_booleans_and_foreign_byte_order_are_written_as_numbers():
    assert plan((9, 9, 9), dtype=np.dtype(bool)).dtype == np.dtype("u1")
    assert plan((9, 9, 9), dtype=np.dtype(">f4")).dtype == np.dtype("f4")
    assert plan((9, 9, 9), dtype=np.dtype(">f4")).dtype.isnative


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        pytest.param({"factors": (2, 2)}, "expected 3 numbers", id="too few factors"),
        pytest.param({"factors": (0, 2, 2)}, "from 1 up", id="factor 0"),
        pytest.param({"factors": (1, 1, 1)}, "above 1", id="no factor"),
        pytest.param({"factors": []}, "expected 3 numbers", id="empty"),
        pytest.param({"factors": [(2, 2, 2)], "levels": 3}, "one a level", id="list too short"),
        pytest.param({"levels": 0}, "expected 1 to", id="no level"),
        pytest.param({"chunks": (64, 64)}, "expected 3 numbers", id="too few chunks"),
        pytest.param({"chunks": (64,) * 3, "shards": (96,) * 3}, "multiple of 64", id="shards"),
        pytest.param({"method": "average"}, "expected one of mean", id="method"),
        pytest.param({"dtype": np.dtype("c8")}, "complex64 cannot be written", id="complex"),
        pytest.param({"shape": (0, 4, 4)}, "no voxels", id="empty image"),
        pytest.param({"scale": [1, np.nan, 1]}, "not finite", id="NaN"),
        pytest.param({"types": ("space",)}, "1 axis types", id="axis types"),
    ],
)
def test_wishes_that_do_not_fit(wishes, message):
    with pytest.raises(ExportError, match=message):
        plan(**{"shape": (64, 64, 64), **wishes})
