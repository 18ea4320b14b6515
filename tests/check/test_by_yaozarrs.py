"""The second opinion by itself: its errors get our codes and our way to write a place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from check.stores import CONFORMING, MISSING, axes, changed, write
from napari_strata.check import by_yaozarrs, check
from napari_strata.check.version import ome_root
from napari_strata.store.container import identify, open_container

OME = ("attributes", "ome")
IMAGE = (*OME, "multiscales", 0)
FIRST = (*IMAGE, "datasets", 0, "coordinateTransformations")
SCALE = {"type": "scale", "scale": [1, 1, 1, 1]}
SHIFT = {"type": "translation", "translation": [0, 0, 0, 0]}
OTHER = {"name": "q", "type": "other"}

CASES: dict[str, tuple[str, tuple[str | int, ...], Any, set[tuple[str, str]]]] = {
    "a missing key": (
        "0.5",
        (*IMAGE, "datasets", 0, "path"),
        MISSING,
        {("missing-key", "attributes.ome.multiscales[0].datasets[0].path")},
    ),
    "a wrong type": (
        "0.5",
        (*IMAGE, "datasets"),
        5,
        {("invalid-value", "attributes.ome.multiscales[0].datasets")},
    ),
    "equal items": (
        "0.5 plate",
        (*OME, "plate", "rows"),
        [{"name": "A"}, {"name": "B"}, {"name": "B"}],
        {("spec-repeated-item", "attributes.ome.plate.rows")},
    ),
    "a name twice": (
        "0.5",
        (*IMAGE, "axes", 1),
        {"name": "y", "type": "space", "unit": "meter"},
        {("repeated-axis", "attributes.ome.multiscales[0].axes")},
    ),
    "too little space": (
        "0.5",
        (*IMAGE, "axes"),
        [*axes("tc"), OTHER, *axes("x")],
        {("spec-space-axes", "attributes.ome.multiscales[0].axes")},
    ),
    "time twice": (
        "0.5",
        (*IMAGE, "axes"),
        [*axes("t"), {"name": "u", "type": "time"}, *axes("yx")],
        {("spec-time-axes", "attributes.ome.multiscales[0].axes")},
    ),
    "two channels": (
        "0.5",
        (*IMAGE, "axes"),
        [*axes("c"), {"name": "d", "type": "channel"}, *axes("yx")],
        {("spec-channel-axes", "attributes.ome.multiscales[0].axes")},
    ),
    "space first": (
        "0.5",
        (*IMAGE, "axes"),
        axes("zcyx"),
        {("spec-axis-order", "attributes.ome.multiscales[0].axes")},
    ),
    "no scale": (
        "0.5",
        FIRST,
        [SHIFT],
        {("missing-scale", "attributes.ome.multiscales[0].datasets[0].coordinateTransformations")},
    ),
    "two translations": (
        "0.5",
        FIRST,
        [SCALE, SHIFT, SHIFT | {"translation": [1, 1, 1, 1]}],
        {
            (
                "spec-transforms",
                "attributes.ome.multiscales[0].datasets[0].coordinateTransformations",
            )
        },
    ),
    "translation first": (
        "0.5",
        FIRST,
        [SHIFT, SCALE],
        {
            (
                "spec-transforms",
                "attributes.ome.multiscales[0].datasets[0].coordinateTransformations",
            )
        },
    ),
    "an index too large": (
        "0.5 plate",
        (*OME, "plate", "wells", 0, "rowIndex"),
        9,
        {("well-contradicts", "attributes.ome.plate")},
    ),
    "a name Zarr has not": (
        "0.5",
        (*IMAGE, "datasets", 0, "path"),
        "../0",
        {("bad-path", "attributes.ome.multiscales[0].datasets[0].path")},
    ),
    "no color": (
        "0.5 labels",
        (*OME, "omero", "channels", 0, "color"),
        "green",
        {("bad-omero", "attributes.ome.omero.channels[0].color")},
    ),
    "a coarser level first, which is ours": (
        "0.5",
        (*FIRST, 0, "scale"),
        [1, 9, 9, 9],
        set(),
    ),
    "another version, which is ours": ("0.5", (*OME, "version"), "0.3", set()),
    "a type of transform, which is ours": ("0.5", (*FIRST, 0, "type"), "turn", set()),
    "nothing wrong": ("0.5", (*IMAGE, "name"), "cells", set()),
}


@pytest.mark.parametrize("name", CASES)
def test_its_errors_in_our_words(name: str, tmp_path: Path):
    store, keys, value, expected = CASES[name]
    files = changed(CONFORMING[store], "zarr.json", (keys, value))
    group = identify(open_container(write(files, tmp_path / "s.zarr")))
    assert group is not None
    root = ome_root(group)
    assert root is not None
    problems = [finding.problem for finding in by_yaozarrs.findings(root)]
    assert {(p.code, p.where.removeprefix("zarr.json: ")) for p in problems} == expected
    assert all("\n" not in p.message and p.severity == "error" for p in problems)


def test_what_it_alone_finds_is_in_the_report(tmp_path: Path):
    """A list of no labels: the text does not forbid it, the schema does."""
    files = changed(CONFORMING["0.5 labels"], "labels/zarr.json", ((*OME, "labels"), []))
    findings = check(write(files, tmp_path / "s.zarr")).findings
    found = [f for f in findings if f.problem.severity != "info"]
    assert [(f.problem.code, f.problem.where) for f in found] == [
        ("invalid-value", "labels/zarr.json: attributes.ome.labels")
    ]
    assert found[0].rule == "labels: the models of yaozarrs"
    assert found[0].problem.message.startswith("found []")


@pytest.mark.parametrize("store", ["0.1", "0.2", "0.3", "0.6", "0.6 scene"])
def test_it_is_not_asked_about_other_versions(store: str, tmp_path: Path):
    group = identify(open_container(write(CONFORMING[store], tmp_path / "s.zarr")))
    assert group is not None
    root = ome_root(group)
    assert root is not None
    assert list(by_yaozarrs.findings(root)) == []
