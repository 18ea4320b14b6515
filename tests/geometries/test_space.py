"""Which space the vertices are in: the figures are worked out by hand from formats.md."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.geometries import stores

import napari_strata as strata
from napari_strata import geometries
from napari_strata.affine import from_scale_translate
from napari_strata.geometries.space import decide
from napari_strata.geometry import Geometry, GeometryLevel, GeometryLocation
from napari_strata.model import Axis

# Corners at (10, 20, 30) and (390, 380, 370) in world, in the store's order x, y, z; bins of 50.
CORNERS = np.array([[10.0, 20.0, 30.0], [390.0, 380.0, 370.0]])
LIBRARY = {0: (1.0, 25.0), 1: (2.0, 50.0)}
"""Scale and translation of levels 0 and 1 as zarr-vectors writes them (bin 50, ratio 2)."""


def level(path: Path, name: str, scale: object, translation: object) -> GeometryLevel:
    """The one level of a store, as a level of a geometry."""
    found = stores.geometry(path).levels[0]
    matrix = from_scale_translate(np.broadcast_to(scale, 3), np.broadcast_to(translation, 3))
    return replace(found, path=name, declared=matrix)


def pyramid(
    folder: Path, stored: list[np.ndarray], declared: list[tuple[object, object]]
) -> Geometry:
    """A geometry whose level i has these stored vertices and this scale and translation.

    Each level is the level 0 of a store of its own: how they are read is the same.
    """
    levels = []
    for i, (vertices, (scale, translation)) in enumerate(zip(stored, declared, strict=True)):
        path = stores.points(folder / str(i), vertices, lower=-1000.0, upper=2000.0)
        levels.append(level(path, str(i), scale, translation))
    geometry = stores.geometry(folder / "0")
    bounds = np.array([[0.0] * 3, [400.0] * 3])
    return replace(geometry, levels=tuple(levels), bounds=bounds)


@pytest.fixture(autouse=True)
def _one_store_a_level(monkeypatch: pytest.MonkeyPatch):
    from napari_strata.geometries import zvf_level, zvf_store

    def opened(geometry: Geometry, spec: dict[str, object]):
        return zvf_store.KvStore(spec)

    monkeypatch.setattr(zvf_level, "store_of", opened)


def spaces(geometry: Geometry) -> list[str]:
    return [decision.space for decision in decide(geometry)]


def in_level(scale: float, translation: float) -> np.ndarray:
    """The corners in a level's own coordinates: its transform gives world."""
    return (CORNERS - translation) / scale


def test_stores_as_the_library_writes_them_are_in_world(tmp_path: Path):
    geometry = pyramid(tmp_path, [CORNERS, CORNERS], list(LIBRARY.values()))
    first, second = decide(geometry)
    assert (first.space, second.space) == ("world", "world")
    # Level 1, as declared: (390, 380, 370) would be at (830, 810, 790), 440 = 8.8 bins away.
    assert "8.8 with the declared transform" in second.reason
    assert "0 bins from those of level 0 as stored" in second.reason
    assert first.problem is None
    assert second.problem is None
    assert second.box.tolist() == [[30.0, 20.0, 10.0], [370.0, 380.0, 390.0]]


def test_the_double_transform_of_the_library_s_own_pyramid(tmp_path: Path):
    # [315, 120, 75] must not land at [680, 290, 200].
    path = stores.points(tmp_path / "s", levels=[(2.0, 1.0)])
    geometry = stores.geometry(path)
    assert spaces(geometry) == ["world", "world"]
    found = geometries.read(geometry, 1, decide(geometry)[1].space)
    assert [75.0, 120.0, 315.0] in found.vertices.tolist()


def test_vertices_in_declared_space(tmp_path: Path):
    declared = [(0.5, 10.0), (1.0, 120.0)]
    geometry = pyramid(tmp_path, [in_level(*d) for d in declared], declared)
    first, second = decide(geometry)
    assert (first.space, second.space) == ("declared", "declared")
    assert first.problem is None
    np.testing.assert_allclose(first.box, [[30, 20, 10], [370, 380, 390]])
    np.testing.assert_allclose(second.box, first.box)


def test_levels_in_different_spaces(tmp_path: Path):
    geometry = pyramid(tmp_path, [CORNERS, in_level(2, 50), CORNERS], [*LIBRARY.values(), (4, 100)])
    assert spaces(geometry) == ["world", "declared", "world"]


def test_a_tie_at_level_0_follows_the_coarser_levels(tmp_path: Path):
    # Half a bin is a tie; a scale of 2 is none.
    geometry = pyramid(tmp_path, [in_level(*d) for d in LIBRARY.values()], list(LIBRARY.values()))
    first, second = decide(geometry)
    assert (first.space, second.space) == ("declared", "declared")
    assert first.problem.code == "vertex-space-undecided"
    assert first.reason.count("levels that are clear are in declared space") == 1
    assert second.problem is None


def thinned(geometry: Geometry, *kept: float) -> Geometry:
    """Let the levels say how much of the finer level's objects they keep."""
    levels = [
        replace(one, location=replace(one.location, metadata={**one.location.metadata, **more}))
        for one, more in zip(geometry.levels, ({"object_sparsity": k} for k in kept), strict=True)
    ]
    return replace(geometry, levels=tuple(levels))


def test_a_level_of_some_objects_need_not_fill_the_box_of_all(tmp_path: Path):
    # Kept: what lies in the lower half. Twice that is the box of level 0.
    geometry = pyramid(tmp_path, [CORNERS, CORNERS / 2], [LIBRARY[0], (2.0, 0.0)])
    assert [d.space for d in decide(thinned(geometry, 1, 1))] == ["declared", "declared"]
    first, second = decide(thinned(geometry, 1, 0.5))
    assert (first.space, second.space) == ("world", "world")
    assert first.problem.severity == "info"  # its own tie, which the other does not settle
    assert "levels that are clear" not in first.reason
    assert (second.problem.code, second.problem.severity) == ("vertex-space-undecided", "warning")
    assert "only some of the objects" in second.reason


def test_what_was_thinned_once_is_thin_at_all_coarser_levels(tmp_path: Path):
    stored = [CORNERS, CORNERS / 2, CORNERS / 2]
    geometry = pyramid(tmp_path, stored, [LIBRARY[0], (2.0, 0.0), (2.0, 0.0)])
    assert spaces(thinned(geometry, 1, 0.5, 1)) == ["world"] * 3


def test_a_thinned_level_that_only_fits_by_one_reading_is_clear(tmp_path: Path):
    geometry = pyramid(tmp_path, [CORNERS, CORNERS], list(LIBRARY.values()))
    first, second = decide(thinned(geometry, 1, 0.5))
    assert (first.space, second.space) == ("world", "world")
    assert (first.problem, second.problem) == (None, None)


def test_streamlines_that_zarr_vectors_thinned(tmp_path: Path):
    """Level 1 keeps one of two lines, each in another half: the library draws which."""
    t = np.linspace(0.0, 1.0, 60)[:, None]
    lower, upper = 5 + 190 * t * [1, 1, 1], 205 + 190 * t * [1, 1, 1]
    path = stores.polylines(
        tmp_path / "s", [lower, upper], kind="streamline", levels=[(2.0, 2.0)], bin_=10.0
    )
    (model,) = (g.model for g in strata.open(path).geometries)
    kept = geometries.read(model, 1, "world").bounds
    assert kept is not None
    assert (kept[1] < 210).all() or (kept[0] > 190).all()
    assert model.levels[1].location.metadata["object_sparsity"] == 0.5
    assert [d.space for d in decide(model)] == ["world", "world"]


def test_a_tie_alone_is_world_with_a_problem(tmp_path: Path):
    geometry = pyramid(tmp_path, [CORNERS], [LIBRARY[0]])
    (only,) = decide(geometry)
    assert only.space == "world"
    assert only.problem.code == "vertex-space-undecided"
    assert only.problem.severity == "info"  # the readings are half a bin apart
    assert "a tie" in only.reason
    # (10, 20, 30) to 0: 30 = 0.6 bins; as declared, 390 + 25 to 400 is less, 30 + 25 is 1.1
    assert "0.6 bins" in only.reason
    assert "1.1 with" in only.reason


def test_of_a_tie_in_a_store_of_ours_nothing_is_undecided(tmp_path: Path):
    geometry = pyramid(tmp_path, [CORNERS], [(1.0, 5.0)])
    assert decide(geometry)[0].problem is not None
    (only,) = decide(replace(geometry, layer={"space": "world"}))
    assert only.space == "world"
    assert only.problem is None
    assert "wrote world coordinates" in only.reason


def test_vertices_in_a_corner_of_the_bounds_do_not_speak_for_a_far_transform(tmp_path: Path):
    # 10 to 20 of 0 to 400: as declared 200 to 400 is nearer, but matches nothing either.
    small = np.array([[10.0] * 3, [20.0] * 3])
    (only,) = decide(pyramid(tmp_path, [small], [(20.0, 0.0)]))
    assert only.space == "world"
    assert only.problem.severity == "warning"


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        (0.0, "cannot be inverted"),
        ([1.0, 0.0, 1.0], "cannot be inverted"),
        (float("nan"), "cannot be inverted"),
        (float("inf"), "cannot be inverted"),
    ],
    ids=["zero", "one-zero", "nan", "infinite"],
)
def test_a_transform_that_cannot_be_inverted_is_never_chosen(tmp_path: Path, scale, said: str):
    geometry = pyramid(tmp_path, [CORNERS], [(scale, 200.0)])
    for asked in (None, "declared"):
        (only,) = decide(replace(geometry, space=asked))
        assert only.space == "world"
        assert said in only.reason
        assert only.problem.code == "vertex-space-not-invertible"


def test_a_reversed_transform_is_chosen_where_it_alone_matches(tmp_path: Path):
    # x' = 400 - x: stored −390 … −10 mirrored twice; as stored it lies outside the bounds.
    geometry = pyramid(tmp_path, [-CORNERS], [(-1.0, 0.0)])
    (only,) = decide(geometry)
    assert only.space == "declared"
    assert only.box.tolist() == [[30.0, 20.0, 10.0], [370.0, 380.0, 390.0]]


def test_a_reversed_transform_of_vertices_in_world_is_not(tmp_path: Path):
    assert spaces(pyramid(tmp_path, [CORNERS], [(-1.0, 0.0)])) == ["world"]


def test_without_a_transform_nothing_is_read(tmp_path: Path):
    geometry = pyramid(tmp_path, [CORNERS], [(1.0, 0.0)])
    nowhere = replace(geometry.levels[0], location=replace(geometry.levels[0].location, kvstore={}))
    for declared, said in ((None, "declares no transform"), (np.eye(4), "changes nothing")):
        only = replace(nowhere, declared=declared)
        (decision,) = decide(replace(geometry, levels=(only,)))
        assert (decision.space, decision.problem) == ("world", None)
        assert said in decision.reason


def test_what_is_asked_for_is_taken_and_the_evidence_told(tmp_path: Path):
    geometry = pyramid(tmp_path, [CORNERS, CORNERS], list(LIBRARY.values()))
    decisions = decide(replace(geometry, space="declared"))
    assert [d.space for d in decisions] == ["declared", "declared"]
    assert all("it was asked for" in d.reason for d in decisions)
    assert "the evidence would have chosen world" in decisions[1].reason
    assert decisions[1].problem.code == "vertex-space-contradicted"
    # 2 x + 50 of the corners
    assert decisions[1].box.tolist() == [[110.0, 90.0, 70.0], [790.0, 810.0, 830.0]]


def test_levels_too_large_to_read_are_judged_by_their_chunks(tmp_path, monkeypatch):
    geometry = pyramid(tmp_path, [CORNERS, CORNERS], list(LIBRARY.values()))
    monkeypatch.setattr(geometries, "MOST_VERTICES", 1)
    for name in "01":
        for file in (tmp_path / name / "0/vertices/c").rglob("*"):
            if file.is_file():
                file.unlink()  # no vertex is read
    first, second = decide(geometry)
    assert (first.space, second.space) == ("world", "world")
    assert first.box is None
    assert "no vertex was read" in second.reason
    # chunks of 100: 0 to 400, as declared 50 to 850: 4.5 chunks
    assert "4.5 with the declared transform" in second.reason


def test_a_number_of_vertices_that_lies_reads_nothing(tmp_path: Path):
    geometry = pyramid(tmp_path, [CORNERS, CORNERS], list(LIBRARY.values()))
    lying = tuple(replace(one, vertex_count=10**12) for one in geometry.levels)
    assert spaces(replace(geometry, levels=lying)) == ["world", "world"]


def test_a_level_that_cannot_be_read_costs_no_other(tmp_path: Path):
    geometry = pyramid(tmp_path, [CORNERS, CORNERS, CORNERS], [*LIBRARY.values(), (4.0, 100.0)])
    (tmp_path / "1/0/vertices/zarr.json").unlink()
    decisions = decide(geometry)
    assert [d.space for d in decisions] == ["world"] * 3
    assert [d.problem and d.problem.severity for d in decisions] == [None, "error", None]


def test_the_columns_are_compared_by_axis(tmp_path: Path):
    # Only x is out of its bounds as stored: 800 to 1600 of 0 to 400, half of it is not.
    stored = CORNERS * [4.0, 1.0, 1.0]
    geometry = pyramid(tmp_path, [stored / [1.0, 1.0, 1.0]], [([1.0, 1.0, 0.25], 0.0)])
    (only,) = decide(replace(geometry, levels=(geometry.levels[0],)))
    assert only.space == "declared"
    assert only.box.tolist() == [[30.0, 20.0, 10.0], [370.0, 380.0, 390.0]]


def test_vertices_that_are_no_numbers_do_not_decide(tmp_path: Path):
    geometry = pyramid(tmp_path, [CORNERS, CORNERS], list(LIBRARY.values()))
    file = tmp_path / "1/0/vertices/c/0/0/0"
    x = np.array([10.0]).tobytes()
    data = file.read_bytes()
    assert data.count(x) == 1
    file.write_bytes(data.replace(x, np.array([np.nan]).tobytes()))
    # What is left, (390, 380, 370), would be at (830, 810, 790).
    assert spaces(geometry) == ["world", "world"]


def test_a_transform_beyond_all_numbers_is_not_chosen(tmp_path: Path):
    (only,) = decide(pyramid(tmp_path, [CORNERS], [(1e307, 0.0)]))
    assert only.space == "world"


def test_precomputed_meshes_are_in_world():
    location = GeometryLocation({}, "legacy-mesh", {}, "info")
    geometry = Geometry(
        name="7",
        path="",
        format="precomputed",
        kind="mesh",
        stored_kind="mesh",
        axes=tuple(Axis(n, "space", "nm") for n in "zyx"),
        columns=(2, 1, 0),
        levels=(GeometryLevel("7", None, None, location),),
    )
    (only,) = decide(geometry)
    assert only.space == "world"
    for said in ("transform of their folder", "shifted", "nanometres"):
        assert said in only.reason
    (asked,) = decide(replace(geometry, space="declared"))
    assert asked.space == "declared"  # the format's own transform is always applied
