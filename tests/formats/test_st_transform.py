"""COSEM's ``transform``: order, its two spellings, and the evidence that C means F."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import napari_strata as strata

from .helpers import add_attributes, codes, write_n5_array

ZYX, XYZ = ["z", "y", "x"], ["x", "y", "z"]


def transform(axes: list[str], scale: list[float], **keys: Any) -> dict[str, Any]:
    base = {"axes": axes, "units": ["nm"] * 3, "scale": scale, "translate": [1, 2, 3]}
    return {"transform": base | keys}


def opened(folder: Path, array: dict[str, Any], group: dict[str, Any] | None = None) -> Any:
    """Open the one level of ``a.n5/v``; the array has these keys, the group those."""
    write_n5_array(folder / "a.n5/v/s0", (4, 6, 8), **array)
    add_attributes(folder / "a.n5/v/attributes.json", **(group or {}))
    (image,) = strata.open(folder / "a.n5/v").images
    return image


def resolution(*x_first: float) -> dict[str, Any]:
    return {"pixelResolution": {"dimensions": list(x_first), "unit": "nm"}}


C, F = [30.0, 6.0, 4.0], [4.0, 6.0, 30.0]
# name: array's keys, group's keys, scale in array order, the code of a problem
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[float], list[str]]] = {
    "no order is C": (transform(ZYX, C), {}, C, []),
    "C": (transform(ZYX, C, order="C"), {}, C, []),
    "null is C": (transform(ZYX, C, order=None), {}, C, []),
    "F": (transform(XYZ, F, order="F"), {}, C, []),
    "ordering F": (transform(XYZ, F, ordering="F"), {}, C, []),
    "both F": (transform(XYZ, F, order="F", ordering="F"), {}, C, []),
    "null and F": (transform(XYZ, F, order=None, ordering="F"), {}, C, []),
    # declared C, written x-first
    "axes as the group's": (transform(XYZ, F), {"axes": XYZ}, C, ["order-repaired"]),
    "scale as the resolution": (transform(XYZ, F) | resolution(*F), {}, C, ["order-repaired"]),
    "both say so": (transform(XYZ, F) | resolution(*F), {"axes": XYZ}, C, ["order-repaired"]),
    "flipped, scale as the resolution": (
        transform(XYZ, [4, -6, 30]) | resolution(*F), {}, [30.0, -6.0, 4.0],
        ["order-repaired", "negative-scale"],
    ),
    # no evidence, or evidence for C
    "x-first without evidence stays": (transform(XYZ, F), {}, F, []),
    "axes as the group's, reversed": (transform(ZYX, C), {"axes": XYZ}, C, []),
    "scale as the resolution, reversed": (transform(ZYX, C) | resolution(*F), {}, C, []),
    "reversed scale beats equal axes": (
        transform(XYZ, C) | resolution(*F), {"axes": XYZ}, C, [],
    ),
    "isotropic says nothing": (transform(ZYX, [4.0] * 3) | resolution(4, 4, 4), {}, [4.0] * 3, []),
    "isotropic, axes decide": (
        transform(XYZ, [4.0] * 3) | resolution(4, 4, 4), {"axes": XYZ}, [4.0] * 3,
        ["order-repaired"],
    ),
    "F is believed": (transform(XYZ, F, order="F") | resolution(*F), {"axes": XYZ}, C, []),
    # metres: differences are tiny numbers, but no smaller as a share
    "in metres": (
        transform(XYZ, [4e-9, 4e-9, 8e-9], units=["m"] * 3)
        | {"pixelResolution": {"dimensions": [4e-9, 4e-9, 8e-9], "unit": "m"}},
        {}, [8e-9, 4e-9, 4e-9], ["order-repaired"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_order(name: str, tmp_path: Path):
    array, group, scale, expected = CASES[name]
    image = opened(tmp_path, array, group)
    level = image.levels[0]
    assert level.scale.tolist() == scale
    turned = [p for p in expected if p == "order-repaired"] or "F" in str(array["transform"])
    assert level.translate.tolist() == ([3, 2, 1] if turned else [1, 2, 3])
    assert codes(image) == expected
    assert image.format == "cosem"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "contradiction": (transform(ZYX, C, order="C", ordering="F"), "transform.ordering"),
    "lower case": (transform(ZYX, C, order="f"), "transform.order: found"),
    "a list": (transform(ZYX, C, order=["C"]), "transform.order: found"),
    "scale zero": (transform(ZYX, [30, 0, 4]), "transform.scale[1]"),
    "scale nan": (transform(ZYX, [30, float("nan"), 4]), "transform.scale[1]"),
    "scale text": (transform(ZYX, [30, "6", 4]), "transform.scale[1]"),  # type: ignore[list-item]
    "two scales": (transform(ZYX, [30, 6]), "transform.scale"),
    "axis twice": (transform(["z", "y", "y"], C), "transform.axes"),
    "translate infinite": (transform(ZYX, C, translate=[0, 0, float("inf")]), "translate[2]"),
    "not an object": ({"transform": [1, 2, 3]}, "transform: found"),
    "units missing": ({"transform": {"axes": ZYX, "scale": C, "translate": C}}, "transform.units"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_transforms(name: str, tmp_path: Path):
    array, place = REFUSED[name]
    with pytest.raises(strata.OpenError) as caught:
        opened(tmp_path, array)
    assert place in str(caught.value)
    assert "s0/attributes.json" in str(caught.value)


def test_the_array_wins_and_the_difference_is_told(tmp_path: Path):
    entry = transform(ZYX, C, translate=[1, 2, 7])["transform"]
    group = {"multiscales": [{"datasets": [{"path": "s0", "transform": entry}]}]}
    image = opened(tmp_path, transform(ZYX, C), group)
    assert image.levels[0].translate.tolist() == [1, 2, 3]
    (problem,) = image.problems
    assert problem.code == "transforms-disagree"
    assert problem.where == "v/attributes.json: multiscales[0].datasets[0].transform.translate"
    assert "0, 0, 4 nm apart" in problem.message


def test_a_broken_entry_of_the_group_costs_nothing(tmp_path: Path):
    entry = transform(ZYX, [0, 0, 0])["transform"]
    group = {"multiscales": [{"datasets": [{"path": "s0", "transform": entry}]}]}
    image = opened(tmp_path, transform(ZYX, C), group)
    assert image.levels[0].scale.tolist() == C
    assert [p.severity for p in image.problems] == ["warning"]
