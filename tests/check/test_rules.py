"""Every rule: a store that breaks it is found out, those that keep it have no findings."""

from __future__ import annotations

from pathlib import Path

import pytest

import napari_strata as strata
from check.cases import CASES
from check.stores import CONFORMING, write
from napari_strata.check import check, registry
from napari_strata.check.version import ome_root
from napari_strata.check.walk import walk
from napari_strata.model import Problem
from napari_strata.store.container import identify, open_container

STRICTNESS = {"info": 0, "warning": 1, "error": 2}

Found = list[tuple[str, str, str]]


def ruled(folder: Path) -> Found:
    """What the rules find by themselves."""
    found = walk(open_container(folder))
    problems = [finding.problem for _, finding in registry.findings(found.roots)]
    return [(p.code, p.severity, p.where) for p in problems]


@pytest.mark.parametrize("name", CASES)
def test_a_broken_rule_is_found_at_its_place(name: str, tmp_path: Path):
    files, expected = CASES[name]
    assert set(ruled(write(files, tmp_path / "s.zarr"))) == expected


@pytest.mark.parametrize("name", CASES)
def test_a_check_finds_what_opening_finds_too_and_each_defect_once(name: str, tmp_path: Path):
    files, expected = CASES[name]
    folder = write(files, tmp_path / "s.zarr")
    problems = [finding.problem for finding in check(folder).findings]
    assert len({(p.code, p.where) for p in problems}) == len(problems)
    for _, severity, where in expected:  # under the code that opening has for it, if it has one
        assert any(p.where == where and p.severity in (severity, "error") for p in problems), where
    for problem in opening(folder):
        (same,) = [p for p in problems if (p.code, p.where) == (problem.code, problem.where)]
        assert STRICTNESS[same.severity] >= STRICTNESS[problem.severity]
    ours = {where for _, _, where in expected}
    others = {p.where for p in problems} - {p.where for p in opening(folder)} - ours
    assert others == set(), "yaozarrs finds what no rule does"


def opening(folder: Path) -> list[Problem]:
    try:
        found = strata.open(folder)
    except strata.OpenError as error:
        return [error.problem]
    return [*found.problems, *(p for image in found.images for p in image.problems)]


@pytest.mark.parametrize("name", CONFORMING)
def test_a_conforming_store_has_no_findings(name: str, tmp_path: Path):
    report = check(write(CONFORMING[name], tmp_path / "s.zarr"))
    assert [f for f in report.findings if f.problem.severity != "info"] == []
    assert report.images > 0


@pytest.mark.parametrize("name", CONFORMING)
def test_the_version_is_told_by_structure(name: str, tmp_path: Path):
    group = identify(open_container(write(CONFORMING[name], tmp_path / "s.zarr")))
    assert group is not None
    root = ome_root(group)
    assert root is not None
    assert root.version == name.split()[0]


def test_every_rule_is_broken_by_a_case(tmp_path: Path):
    broken = set()
    for number, (files, _) in enumerate(CASES.values()):
        found = walk(open_container(write(files, tmp_path / f"{number}.zarr")))
        broken |= {(f.problem.code, f.rule) for _, f in registry.findings(found.roots)}
    rules = {(rule.code, f"{rule.section}: {rule.text}") for rule in registry.rules()}
    assert rules - broken == set()


def test_rules_hold_for_versions_there_are():
    for rule in registry.rules():
        assert "0.1" <= rule.since <= rule.until <= "0.6"
        assert rule.text
