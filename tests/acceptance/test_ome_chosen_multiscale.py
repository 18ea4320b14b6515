"""The entry of ``multiscales`` that is shown is read by the rules of its own version."""

from __future__ import annotations

from typing import Any

import pytest
from checks import run_cli
from ome_stores import (
    Files,
    array,
    axes_of,
    multiscale,
    multiscale_06,
    numbered,
    ome_group,
    serious,
    under,
    write,
)
from voxels import place_of

import napari_strata as strata

Entry = dict[str, Any]


def early_entry(path: str, **keys: Any) -> Entry:
    """0.3: names of axes and paths alone; a voxel is 1."""
    return {"version": "0.3", "axes": ["y", "x"], "datasets": [{"path": path}], **keys}


def entry_04(path: str, **keys: Any) -> Entry:
    """0.4, 0.5: half a micrometre a voxel, from (100, 20)."""
    return multiscale("yx", {path: ([0.5, 0.5], [100, 20])}, **keys)


def outer_05(path: str, **keys: Any) -> Entry:
    """0.4, 0.5: as above; the image's own transform comes after: twice as large, from (7, 7)."""
    moved = [
        {"type": "scale", "scale": [2, 2]},
        {"type": "translation", "translation": [7, 7]},
    ]
    return entry_04(path, coordinateTransformations=moved, **keys)


def entry_06(path: str, **keys: Any) -> Entry:
    """0.6: a quarter a voxel; the system "stage" lies 77 farther, and moves nothing."""
    entry = multiscale_06("yx", {path: ([0.25, 0.25], None)}, **keys)
    entry["coordinateSystems"].append({"name": "stage", "axes": axes_of("yx")})
    entry["coordinateTransformations"] = [
        {
            "type": "translation",
            "translation": [77, 77],
            "input": {"name": "physical"},
            "output": {"name": "stage"},
        }
    ]
    return entry


def stored(entries: Any, zarr: int, *paths: str) -> Files:
    """Return a group with these ``multiscales``; the arrays' values begin at 1, 101, 201 …."""
    attributes = {"multiscales": entries}
    files = ome_group(attributes, "0.4" if zarr == 2 else "0.5")
    for k, path in enumerate(paths):
        files |= under(path, array(numbered((8, 8), first=1 + 100 * k), zarr))
    return files


EARLY, LATER, SIX, OUTER = (0, 0), (100, 20), (0, 0), (207, 47)

# the entries a, b, c; the wanted name; which one is shown, its format and first and last voxel
MIXED: dict[str, Any] = {
    "3D-of-0.4-after-0.3": (
        2,
        [early_entry("a", name="2D"), entry_04("b", name="3D")],
        None,
        (1, "ome-zarr-0.4", LATER, 0.5),
    ),
    "3D-of-0.3-after-0.4": (
        2,
        [entry_04("a", name="2D"), early_entry("b", name="3D")],
        None,
        (1, "ome-zarr-0.3", EARLY, 1),
    ),
    "named-0.4-after-0.3": (
        2,
        [early_entry("a", name="old"), entry_04("b", name="new")],
        "new",
        (1, "ome-zarr-0.4", LATER, 0.5),
    ),
    "named-0.3-after-0.4": (
        2,
        [entry_04("a", name="new"), early_entry("b", name="old")],
        "old",
        (1, "ome-zarr-0.3", EARLY, 1),
    ),
    "first-0.4-before-0.3": (
        2,
        [entry_04("a", name="new"), early_entry("b", name="old")],
        None,
        (0, "ome-zarr-0.4", LATER, 0.5),
    ),
    "first-0.3-before-0.4": (
        2,
        [early_entry("a", name="old"), entry_04("b", name="new")],
        None,
        (0, "ome-zarr-0.3", EARLY, 1),
    ),
    "named-0.6-after-0.5": (
        3,
        [entry_04("a", name="old"), entry_06("b", name="new")],
        "new",
        (1, "ome-zarr-0.6", SIX, 0.25),
    ),
    "named-0.5-after-0.6": (
        3,
        [entry_06("a", name="new"), outer_05("b", name="old")],
        "old",
        (1, "ome-zarr-0.5", OUTER, 1),
    ),
    "3D-of-0.6-after-0.5": (
        3,
        [entry_04("a", name="2D"), entry_06("b", name="3D")],
        None,
        (1, "ome-zarr-0.6", SIX, 0.25),
    ),
    "3D-of-0.5-after-0.6": (
        3,
        [entry_06("a", name="2D"), outer_05("b", name="3D")],
        None,
        (1, "ome-zarr-0.5", OUTER, 1),
    ),
    "third-of-three": (
        3,
        [entry_06("a", name="x"), entry_04("b", name="y"), outer_05("c", name="z")],
        "z",
        (2, "ome-zarr-0.5", OUTER, 1),
    ),
    "after-no-object": (
        3,
        [7, entry_06("b", name="only")],
        None,
        (1, "ome-zarr-0.6", SIX, 0.25),
    ),
    "0.4-after-no-object": (
        2,
        [None, entry_04("b")],
        None,
        (1, "ome-zarr-0.4", LATER, 0.5),
    ),
}


@pytest.mark.parametrize("case", MIXED)
def test_the_chosen_entry_tells_its_version(case, tmp_path):
    """Transforms are neither left out nor applied by the rules of the entry beside it."""
    zarr, entries, wanted, (number, name, start, step) = MIXED[case]
    files = stored(entries, zarr, *"abc"[: len(entries)])
    (found,) = strata.open(write(tmp_path / "a.zarr", files), multiscale=wanted).images
    assert found.format == name
    first = 1 + 100 * number
    assert place_of(found, first) == pytest.approx(dict(zip("yx", start, strict=True)))
    last = place_of(found, first + 63)
    assert last == pytest.approx({"y": start[0] + 7 * step, "x": start[1] + 7 * step})
    if name == "ome-zarr-0.6":
        assert found.systems == ("physical", "stage")
        assert place_of(found.in_system("stage"), first) == {"y": 77, "x": 77}
    else:
        assert found.systems == ()


def test_a_name_that_no_entry_has(tmp_path):
    files = stored([entry_04("a", name="old"), entry_06("b", name="new")], 3, "a", "b")
    with pytest.raises(strata.OpenError, match="other"):
        strata.open(write(tmp_path / "a.zarr", files), multiscale="other")


# -------------------------------------------------------------------------- no list of images

NO_LIST: dict[str, Any] = {
    "null": None,
    "object": entry_04("0"),
    "object-without-datasets": {"version": "0.4"},
    "early-object": early_entry("0"),
    "0.6-object": entry_06("0"),
    "empty-object": {},
    "empty": [],
    "text": "0",
    "number": 7,
    "list-of-null": [None],
}


def problems_of(path: Any) -> tuple[list[Any], list[Any]]:
    """Open; return the images and all that is said, also where it is refused."""
    try:
        dataset = strata.open(path)
    except strata.OpenError as error:
        return [], list(error.problems)
    return list(dataset.images), [p for s in (dataset, *dataset.images) for p in s.problems]


@pytest.mark.parametrize("zarr", [2, 3], ids=["zarr2", "zarr3"])
@pytest.mark.parametrize("case", NO_LIST)
def test_multiscales_that_are_no_list_are_told(case, zarr, tmp_path):
    """An array may be shown as bare voxels, but never without an error that names the key."""
    root = write(tmp_path / "a.zarr", stored(NO_LIST[case], zarr, "0"))
    images, problems = problems_of(root)
    told = [p for p in problems if "multiscales" in p.where and p.severity == "error"]
    assert told, problems
    assert all(found.format == "zarr-array" for found in images)


@pytest.mark.parametrize("zarr", [2, 3], ids=["zarr2", "zarr3"])
@pytest.mark.parametrize("case", ["null", "object", "0.6-object"])
def test_check_says_so_too(case, zarr, tmp_path, capsys, monkeypatch):
    root = write(tmp_path / "a.zarr", stored(NO_LIST[case], zarr, "0"))
    code, out, _ = run_cli(["check", str(root)], capsys, monkeypatch)
    assert code != 0
    assert "multiscales" in out
    assert "0 errors" not in out


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
def test_a_sound_image_beside_one_whose_multiscales_are_no_list(version, tmp_path):
    """Two images in a folder: one is told, the other opens without a word."""
    entry = entry_06("0") if version == "0.6" else entry_04("0")
    zarr = 2 if version == "0.4" else 3
    arrays = under("0", array((8, 8), zarr))
    sound = ome_group({"multiscales": [entry]}, version) | arrays
    wrong = ome_group({"multiscales": entry}, version) | arrays
    root = write(tmp_path / "both", under("a.zarr", sound) | under("b.zarr", wrong))
    dataset = strata.open(root)
    by_path = {found.path: found for found in dataset.images}
    assert place_of(by_path["a.zarr"], 1) == (
        {"y": 0, "x": 0} if version == "0.6" else {"y": 100, "x": 20}
    )
    assert not serious(by_path["a.zarr"])
    told = [p for p in dataset.problems if "multiscales" in p.where and p.severity == "error"]
    assert told
    assert all("b.zarr" in p.where for p in told)
