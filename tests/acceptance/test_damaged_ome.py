"""Damaged stores of OME-Zarr 0.1 to 0.6 (``damaged_ome.py``): told or refused, never a crash."""

from __future__ import annotations

import copy
import json
from fnmatch import fnmatchcase
from typing import Any

import pytest
from checks import one_line, open_layers, run_cli
from damaged_ome import TABLE, Damage
from ome_stores import all_problems, serious, write
from sound_ome import BASES

import napari_strata as strata
from sampling import kind_of_place, sampled

IDS = [damage.id for damage in TABLE]


def test_the_table():
    """At least 60 stores, all different, no two with the same code at the same place."""
    assert len(TABLE) >= 60
    assert len(set(IDS)) == len(IDS)
    places = [(d.code, d.where) for d in TABLE]
    twice = {place for place in places if places.count(place) > 1}
    assert not twice
    assert {d.base for d in TABLE} == set(BASES)


@pytest.mark.parametrize("base", BASES)
def test_the_sound_store_has_no_problem(base, tmp_path):
    dataset = strata.open(write(tmp_path / "a.zarr", BASES[base]()))
    assert dataset.images
    assert not serious(dataset, *dataset.images)


def matches(where: str, pattern: str) -> bool:
    """Compare a place with a pattern in which only ``*`` stands for anything."""
    return fnmatchcase(where, pattern.replace("[", "[[]"))


def tells(problem: Any, damage: Damage) -> bool:
    return problem.code == damage.code and matches(problem.where, damage.where)


def levels_left(dataset: Any) -> dict[str, list[str]]:
    return {
        found.path: [level.path.removeprefix(found.path).lstrip("/") for level in found.levels]
        for found in dataset.images
    }


@pytest.mark.parametrize("damage", [d for d in TABLE if d.left is None], ids=lambda d: d.id)
def test_refused(damage, tmp_path, capsys, monkeypatch):
    root = write(tmp_path / "a.zarr", damage.files())
    with pytest.raises(strata.OpenError) as caught:
        strata.open(root)
    assert tells(caught.value.problem, damage), repr(caught.value.problem)
    message = one_line(str(caught.value))
    code, out, err = run_cli(["inspect", str(root)], capsys, monkeypatch)
    assert (code, out) == (2, "")
    assert message in one_line(err)


@pytest.mark.parametrize("damage", [d for d in TABLE if d.left is not None], ids=lambda d: d.id)
def test_opened(damage, tmp_path, capsys, monkeypatch):
    root = write(tmp_path / "a.zarr", damage.files())
    dataset = strata.open(root)
    problems = all_problems(dataset)
    assert any(tells(p, damage) for p in problems), [(p.code, p.where) for p in problems]
    check_left(dataset, damage.left)
    for problem in problems:
        one_line(str(problem))
    code, out, err = run_cli(["inspect", str(root), "--json"], capsys, monkeypatch)
    assert (code, err) == (0, "")
    assert len(json.loads(out)["images"]) == len(dataset.images)
    assert run_cli(["inspect", str(root)], capsys, monkeypatch)[0] == 0
    assert open_layers(root)


def check_left(dataset: Any, expected: dict[str, Any]) -> None:
    """These images with these levels, and no others."""
    found = levels_left(dataset)
    if "*" in expected:  # one image an acquisition or one for all: the levels alone are fixed
        assert {len(levels) for levels in found.values()} == set(expected.values())
    elif any(isinstance(levels, int) for levels in expected.values()):
        assert {path: len(levels) for path, levels in found.items()} == expected
    else:
        assert found == expected


# ------------------------------------------------------------------ any value, anywhere

VALUES = [
    None, True, -1, 0, 7, 10**400, 1e308, -0.0, float("nan"), float("inf"), "", "x", "../..", "é\n",
    [], {}, [[]], [None], [{}], {"a": {}}, ["0", "0"], [10**30] * 3, "A" * 5000,
]  # fmt: skip


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """List every key and index of a JSON value."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    found = []
    for key, child in items:
        found += [(*path, key), *places_in(child, (*path, key))]
    return found


def spoilings(files: dict[str, Any]) -> list[tuple[str, tuple[Any, ...], Any]]:
    """List files, places in them, and what is put there: three values a place."""
    return [
        (file, place, VALUES[(number * 5 + step * 8) % len(VALUES)])
        for file, content in files.items()
        if isinstance(content, dict)
        for number, place in enumerate(places_in(content))
        for step in range(3)
    ]


def kind_of_spoiling(case: tuple[str, tuple[Any, ...], Any]) -> tuple[Any, ...]:
    file, place, _ = case
    return file.rpartition("/")[2], *kind_of_place(place)


@pytest.mark.parametrize("base", BASES)
def test_no_value_anywhere_raises(base, tmp_path):
    """Values of each metadata file are replaced by others: opened, or one line."""
    files = BASES[base]()
    root = write(tmp_path / "a.zarr", files)
    cases = spoilings(files)
    assert len(cases) > 50
    for file, place, value in sampled(cases, kind_of_spoiling, most=300):
        spoilt = copy.deepcopy(files[file])
        target: Any = spoilt
        for key in place[:-1]:
            target = target[key]
        target[place[-1]] = value
        write(root, {file: spoilt})
        try:
            dataset = strata.open(root)
        except strata.OpenError as error:
            one_line(str(error))
        else:
            for problem in all_problems(dataset):
                one_line(str(problem))
        write(root, {file: files[file]})
