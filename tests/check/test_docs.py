"""docs/check.md: its example is real, and its table lists the rules there are."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from check.stores import OMERO, changed, image04, write
from napari_strata import cli
from napari_strata.check import registry

PAGE = (Path(__file__).parents[2] / "docs" / "check.md").read_text(encoding="utf-8")
SHOWN = "/home/me/cells.zarr"


def test_the_example_prints_what_it_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    files = changed(
        image04(omero=copy.deepcopy(OMERO)),
        ".zattrs",
        (("multiscales", 0, "axes", 1, "unit"), "nm"),
        (("multiscales", 0, "datasets", 1, "coordinateTransformations", 0, "scale"), [1, 2, 2]),
        (("omero", "channels", 0, "color"), "#00FF00"),
    )
    folder = write(files, tmp_path / "cells.zarr")
    with pytest.raises(SystemExit) as ended:
        cli.main(["check", str(folder)])
    assert ended.value.code == 1
    command, _, expected = PAGE.partition("```console\n")[2].partition("```")[0].partition("\n")
    assert command == f"$ napari-strata check {SHOWN}"
    assert capsys.readouterr().out.replace(str(folder), SHOWN) == expected


def test_the_table_lists_exactly_the_rules_there_are():
    rows = PAGE.partition("| --- | --- | --- | --- | --- |\n")[2].splitlines()
    listed = [tuple(cell.strip() for cell in row.strip("| ").split(" | ")) for row in rows]
    rules = [(f"`{r.code}`", r.severity, r.versions, r.section, r.text) for r in registry.rules()]
    assert listed == rules
