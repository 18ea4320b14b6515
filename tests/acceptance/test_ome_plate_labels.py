"""A plate's grid and the labels in it: each label lies over its own field, at every level.

How wells are laid out is the reader's own matter. So a label's voxel is compared with its field's
first voxel: both are found by their values, and what lies between them is what they declare.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from labelled import with_labels
from ome_stores import (
    Files,
    codes,
    image,
    numbered,
    read,
    under,
    write,
)
from plates import Field, Opened, Wells, every, fill, opened, plate
from voxels import labels_of, pictures_of, place_of, places_of

import napari_strata as strata

FLAT: Any = [((12, 12), [1, 1], [0, 0])]
AWAY: Any = [((12, 12), [1, 1], [1000, 70])]
PAIR = ["A/1", "B/2"]

# One label: (sizes, scale, translation), in the order of its axes.
Spec = tuple[tuple[int, ...], list[float], list[float]]


def label_files(levels: list[Spec], first: int, axes: Any = "yx", version: str = "0.4") -> Files:
    """Return a label image whose values begin at ``first``; ``axes``: letters, or as written."""
    names = axes if isinstance(axes, str) else "".join("yx"[i] for i in range(len(axes)))
    data = {
        str(k): (numbered(size, "uint32", first + 400 * k), scale, translation)
        for k, (size, scale, translation) in enumerate(levels)
    }
    files = image(names, data, version=version, **{"image-label": {}})
    if not isinstance(axes, str):
        held = files[".zattrs"] if version == "0.4" else files["zarr.json"]["attributes"]["ome"]
        entry = held["multiscales"][0]
        (entry["coordinateSystems"][0] if version == "0.6" else entry)["axes"] = axes
    return files


def labelled_plate(
    wells: Wells,
    specs: dict[str, list[Spec] | None],
    *,
    axes: Any = "yx",
    version: str = "0.4",
    **keys: Any,
) -> Files:
    """Put a label "n" into the field 0 of wells; its values begin as those of its field do."""
    files = plate(wells, version=version, **keys)
    for path, levels in specs.items():
        if levels is not None:
            one = label_files(levels, wells[path]["0"].first, axes, version)
            files |= under(f"{path}/0", with_labels({}, {"n": one}, version=version))
    return files


def check_over(dataset: Any, one: Field, levels: list[Spec], factor: float = 1.0) -> None:
    """Each level of a label lies to its field as both declare; ``factor``: its unit, in µm."""
    found, drawn = pictures_of(dataset)[0], labels_of(dataset)[0]
    start = place_of(found, one.first)
    _, _, origin = one.levels[0]
    for k, (size, scale, translation) in enumerate(levels):
        count = int(np.prod(size))
        for value, index in ((0, np.zeros(2)), (count - 1, np.subtract(size, 1))):
            at = place_of(drawn, one.first + 400 * k + value, k)
            wanted = (np.multiply(scale, index) + translation) * factor - origin
            here = [at[n] - start[n] for n in "yx"]
            np.testing.assert_allclose(here, wanted, rtol=1e-9, atol=1e-6)


def unit(name: str | None, letters: str = "yx") -> list[dict[str, str]]:
    return [{"name": n, "type": "space"} | ({"unit": name} if name else {}) for n in letters]


# --------------------------------------------------------------------- labels unlike the fields

HALF: list[Spec] = [((6, 6), [2, 2], [0.5, 0.5])]
TWO: Any = [*FLAT, *HALF]
PART: list[Spec] = [((5, 5), [1, 1], [2, 4])]

# fields' levels; labels of A/1 and of B/2; axes of the labels; their unit in µm
OVER: dict[str, Any] = {
    "same": (FLAT, [((12, 12), [1, 1], [0, 0])], None, "yx", 1),
    "half": (TWO, HALF, None, "yx", 1),
    "finer": (FLAT, [((24, 24), [0.5, 0.5], [-0.25, -0.25])], None, "yx", 1),
    "two-levels": (TWO, [((12, 12), [1, 1], [0, 0]), *HALF], None, "yx", 1),
    "fewer-levels": (TWO, FLAT, None, "yx", 1),
    "part": (FLAT, PART, None, "yx", 1),
    "another-part-of-each": (FLAT, PART, [((5, 5), [1, 1], [7, 1])], "yx", 1),
    "the-second-begins-first": (FLAT, PART, [((5, 5), [1, 1], [0, 0])], "yx", 1),
    "of-other-sizes": (FLAT, PART, [((3, 9), [1, 1], [9, 3])], "yx", 1),
    "nanometers": (TWO, [((6, 6), [2000, 2000], [500, 500])], None, unit("nanometer"), 1e-3),
    "nanometers-part": (FLAT, [((5, 5), [1000, 1000], [2000, 4000])], None, unit("nm"), 1e-3),
    "without-unit": (FLAT, PART, None, unit(None), 1),
    "upper-case": (FLAT, PART, None, unit("micrometer", "YX"), 1),
    "stage": (AWAY, [((5, 5), [1, 1], [1002, 74])], None, "yx", 1),
    "far": (
        [((12, 12), [0.1, 0.1], [1e6, 1e6])],
        [((5, 5), [0.1, 0.1], [1e6, 1e6])],
        None,
        "yx",
        1,
    ),
}


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
@pytest.mark.parametrize("case", OVER)
def test_a_label_lies_over_its_field(case, version, tmp_path):
    """Resolution, size, place, unit and names of axes are the labels' own."""
    levels, first, second, axes, factor = OVER[case]
    wells = fill([*PAIR, "B/3"], levels=levels)
    specs = {"A/1": first, "B/2": second or first, "B/3": first}
    files = labelled_plate(wells, specs, axes=axes, version=version)
    found = opened(tmp_path, files)
    for path, fields in wells.items():
        found.check_field(fields["0"])
        check_over(found.dataset, fields["0"], specs[path], factor)
    assert len(labels_of(found.dataset)) == 1


@pytest.mark.parametrize("step", [2, 3, 4, 6])
def test_a_label_coarser_than_every_level_of_its_field(step, tmp_path):
    """12 voxels in steps of 2, 3, 4 or 6: cells begin where the labels' voxels begin too."""
    size, start = 12 // step, (step - 1) / 2
    spec: list[Spec] = [((size, size), [step, step], [start, start])]
    wells = fill([*PAIR, "B/3"], levels=FLAT)
    found = opened(tmp_path, labelled_plate(wells, dict.fromkeys(wells, spec)))
    for one in every(wells):
        found.check_field(one)
        check_over(found.dataset, one, spec)


def test_labels_of_fields_with_places_of_their_own(tmp_path):
    """Fields on the stage at 0 and (500, 30): each label is where it is in its own field."""
    wells = fill(PAIR, levels=FLAT)
    wells["B/2"]["0"].levels = [((12, 12), [1, 1], [500, 30])]
    specs: dict[str, Any] = {"A/1": PART, "B/2": [((5, 5), [1, 1], [502, 34])]}
    found = opened(tmp_path, labelled_plate(wells, specs))
    for path, fields in wells.items():
        check_over(found.dataset, fields["0"], specs[path])


@pytest.mark.parametrize("only", ["A/1", "B/2", "B/3"])
def test_only_one_field_has_labels(only, tmp_path):
    """Not the first one, perhaps: the label is there, over its own field."""
    wells = fill([*PAIR, "B/3"], levels=FLAT)
    found = opened(tmp_path, labelled_plate(wells, {only: PART}))
    check_over(found.dataset, wells[only]["0"], PART)
    assert int((read(labels_of(found.dataset)[0].levels[0]) != 0).sum()) == 25


def test_fields_with_labels_of_other_names(tmp_path):
    """A/1 has "cells", B/2 "nuclei": both are shown, each over its own field."""
    wells = fill(PAIR, levels=FLAT)
    files = plate(wells)
    for path, name in zip(PAIR, ("cells", "nuclei"), strict=True):
        one = label_files(PART, wells[path]["0"].first)
        files |= under(f"{path}/0", with_labels({}, {name: one}))
    dataset = opened(tmp_path, files).dataset
    by_name = {found.path.rpartition("/")[2]: found for found in labels_of(dataset)}
    assert set(by_name) == {"cells", "nuclei"}
    for path, name in zip(PAIR, ("cells", "nuclei"), strict=True):
        first = wells[path]["0"].first
        start, at = place_of(pictures_of(dataset)[0], first), place_of(by_name[name], first)
        assert {n: at[n] - start[n] for n in at} == {"y": 2, "x": 4}


# ------------------------------------------------------- labels that cannot stand in their cells

# labels of A/1 and of B/2; which of them still stand in the grid
UNFIT: dict[str, Any] = {
    "all-larger": ([((24, 24), [1, 1], [0, 0])], [((24, 24), [1, 1], [0, 0])], []),
    "one-larger": ([((12, 12), [1, 1], [0, 0])], [((24, 24), [1, 1], [0, 0])], ["A/1"]),
    "first-larger": ([((24, 24), [1, 1], [0, 0])], [((12, 12), [1, 1], [0, 0])], ["B/2"]),
    "beyond": ([((5, 5), [1, 1], [9, 9])], PART, ["B/2"]),
    "before": (PART, [((5, 5), [1, 1], [-3, 0])], ["A/1"]),
    "between-voxels": (PART, [((5, 5), [1, 1], [2.4, 4])], ["A/1"]),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_label_that_does_not_fit_costs_only_itself(case, tmp_path):
    """What reaches out of its field would lie over another: left out, and said; fields stay."""
    first, second, kept = UNFIT[case]
    wells, specs = fill(PAIR, levels=FLAT), {"A/1": first, "B/2": second}
    found = opened(tmp_path, labelled_plate(wells, specs))
    for one in every(wells):
        found.check_field(one)
    for path in kept:
        check_over(found.dataset, wells[path]["0"], specs[path])
    drawn = labels_of(found.dataset)
    voxels = sum(int((read(label.levels[0]) != 0).sum()) for label in drawn)
    assert voxels == sum(int(np.prod(specs[path][0][0])) for path in kept)
    assert {"not-in-grid", "no-grid"} & {p.code for p in found.problems if p.severity == "error"}


def test_a_well_by_itself_shows_its_labels(tmp_path):
    """A well opened by itself shows its labels over its fields too."""
    wells = fill(["A/1"], 2, levels=FLAT)
    files = labelled_plate(wells, {"A/1": PART})
    root = write(tmp_path / "p.zarr", files)
    found = Opened(strata.open(root / "A" / "1"))
    first = wells["A/1"]["0"].first
    drawn = labels_of(found.dataset)
    assert drawn
    assert not {c for c in codes(found.dataset) if c == "not-in-grid"}
    starts = {tuple(p.values()) for i in found.images for p in places_of(i, first)}
    for label in drawn:
        at = place_of(label, first)
        assert (at["y"] - 2, at["x"] - 4) in starts
