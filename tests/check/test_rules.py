"""Every rule: a store that breaks it is found out, those that keep it have no findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from check.cases import CASES
from check.stores import CONFORMING, write
from napari_strata.check import check, registry
from napari_strata.check.version import ome_root
from napari_strata.check.walk import walk
from napari_strata.store.container import identify, open_container


def serious(folder: Path) -> set[tuple[str, str, str]]:
    problems = [finding.problem for finding in check(folder).findings]
    found = [(p.code, p.severity, p.where) for p in problems if p.severity != "info"]
    assert len(set(found)) == len(found)
    return {(code, level, where.replace(f"{folder}/", "")) for code, level, where in found}


@pytest.mark.parametrize("name", CASES)
def test_a_broken_rule_is_found_at_its_place(name: str, tmp_path: Path):
    files, expected = CASES[name]
    assert serious(write(files, tmp_path / "s.zarr")) == expected


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
        for root in walk(open_container(write(files, tmp_path / f"{number}.zarr"))).roots:
            broken |= {(f.problem.code, f.rule) for f in registry.findings(root)}
    rules = {(rule.code, f"{rule.section}: {rule.text}") for rule in registry.rules()}
    assert rules - broken == set()


def test_rules_hold_for_versions_there_are():
    for rule in registry.rules():
        assert "0.1" <= rule.since <= rule.until <= "0.6"
        assert rule.text
