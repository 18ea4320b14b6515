"""What a link leads out of the container is never even read, on whatever way it is reached."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

import napari_strata as strata
from formats.helpers import add_attributes, write_n5_array
from napari_strata.store.backend import LocalBackend

FACTORS = {"downsamplingFactors": [[1, 1, 1], [2, 2, 2]]}


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The real paths of the metadata files that were read."""
    found: list[str] = []
    original = LocalBackend.read_many

    def remembered(self: LocalBackend, keys: Sequence[str]) -> list:
        found.extend(os.path.realpath(key) for key in keys)
        return original(self, keys)

    monkeypatch.setattr(LocalBackend, "read_many", remembered)
    return found


def link(target: Path, name: Path) -> None:
    name.parent.mkdir(parents=True, exist_ok=True)
    name.symlink_to(target)


def level(root: Path, outside: Path) -> None:
    write_n5_array(root / "v/s0", (8, 8, 8))
    add_attributes(root / "v/attributes.json", **FACTORS)
    write_n5_array(outside / "s1", (4, 4, 4))
    link(outside / "s1", root / "v/s1")


def group_file(root: Path, outside: Path) -> None:
    write_n5_array(root / "v/s0", (8, 8, 8))
    outside.mkdir()
    (outside / "m.json").write_text(json.dumps(FACTORS))
    link(outside / "m.json", root / "v/attributes.json")


def timepoint(root: Path, outside: Path) -> None:
    write_n5_array(root / "setup0/timepoint0/s0", (8, 8, 8))
    write_n5_array(outside / "timepoint1/s0", (8, 8, 8))
    add_attributes(outside / "timepoint1/attributes.json", resolution=[7, 7, 7])
    link(outside / "timepoint1", root / "setup0/timepoint1")


@pytest.mark.parametrize("build", [level, group_file, timepoint])
def test_nothing_outside_is_read(tmp_path: Path, build, reads: list[str]):
    root, outside = tmp_path / "a.n5", tmp_path / "outside"
    add_attributes(root / "attributes.json", n5="2.5.1")
    write_n5_array(root / "sound", (4, 4, 4))
    build(root, outside)
    dataset = strata.open(root)
    assert "sound" in [image.path for image in dataset.images]
    problems = [*dataset.problems, *(p for image in dataset.images for p in image.problems)]
    assert "link-outside" in [p.code for p in problems]
    assert reads
    assert [path for path in reads if path.startswith(f"{outside.resolve()}/")] == []
