"""Every type of coordinate transform of OME-NGFF 0.6 against matrices worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr

from napari_strata.dataset.opening import _read_values
from napari_strata.formats._protocol import Context
from napari_strata.formats.transform_nesting import Transform, product, read_transform
from napari_strata.formats.transform_parameters import Reading
from napari_strata.formats.transform_types import Space
from napari_strata.model import OpenError
from napari_strata.store.container import open_container
from napari_strata.store.hierarchy import Group
from napari_strata.store.values import JsonPlace

AT = JsonPlace("zarr.json", "t")
ZYX, CBA = Space(("z", "y", "x")), Space(("c", "b", "a"))
YX, JI = Space(("y", "x")), Space(("j", "i"))


def read(
    value: Any,
    source: Space = CBA,
    target: Space | None = ZYX,
    folder: Path | None = None,
    problems: list[Any] | None = None,
) -> Transform:
    group: Any = None
    context: Any = None
    if folder is not None:
        node = open_container(folder)
        group = Group(node, "zarr3", {})
        context = Context(node, "center", None, _read_values)
    return read_transform(
        value, AT, source, target, Reading(group, context, [] if problems is None else problems)
    )


def matrix(chain: Any) -> np.ndarray:
    assert chain is not None
    result = product(chain)
    assert result is not None
    return result


def of(*rows: list[float]) -> np.ndarray:
    """Close the rows of a matrix with the homogeneous one."""
    return np.array([*rows, [0.0] * (len(rows[0]) - 1) + [1.0]], dtype=float)


# Written as functions of (c, b, a) = the input's axes; three rows z, y, x and the offset last.
LINEAR = {
    "identity": ({"type": "identity"}, of([1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0])),
    "scale": (
        {"type": "scale", "scale": [4, -0.5, 2]},
        of([4, 0, 0, 0], [0, -0.5, 0, 0], [0, 0, 2, 0]),
    ),
    "translation": (
        {"type": "translation", "translation": [7, 0, -1.5]},
        of([1, 0, 0, 7], [0, 1, 0, 0], [0, 0, 1, -1.5]),
    ),
    "rotation": (
        # a quarter turn about z: y = -a, x = b
        {"type": "rotation", "rotation": [[1, 0, 0], [0, 0, -1], [0, 1, 0]]},
        of([1, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0]),
    ),
    "rotation-flat-list": (
        {"type": "rotation", "rotation": [1, 0, 0, 0, 0, -1, 0, 1, 0]},
        of([1, 0, 0, 0], [0, 0, -1, 0], [0, 1, 0, 0]),
    ),
    "affine": (
        # rows are outputs, the last column the offset
        {"type": "affine", "affine": [[1, 2, 3, 4], [0, 5, 6, 7], [0, 0, 8, 9]]},
        of([1, 2, 3, 4], [0, 5, 6, 7], [0, 0, 8, 9]),
    ),
    "affine-flat-list": (
        {"type": "affine", "affine": [1, 2, 3, 4, 0, 5, 6, 7, 0, 0, 8, 9]},
        of([1, 2, 3, 4], [0, 5, 6, 7], [0, 0, 8, 9]),
    ),
    "mapAxis": (
        # z = in[1] = b, y = in[2] = a, x = in[0] = c
        {"type": "mapAxis", "mapAxis": [1, 2, 0]},
        of([0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0]),
    ),
    "mapAxis-names": (
        # a draft: output axis: input axis, in any order
        {"type": "mapAxis", "mapAxis": {"x": "c", "z": "b", "y": "a"}},
        of([0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0]),
    ),
    "sequence": (
        # first the translation: z = 2(c + 1), y = 3(b + 1), x = 4(a + 1)
        {
            "type": "sequence",
            "transformations": [
                {"type": "translation", "translation": [1, 1, 1]},
                {"type": "scale", "scale": [2, 3, 4]},
            ],
        },
        of([2, 0, 0, 2], [0, 3, 0, 3], [0, 0, 4, 4]),
    ),
    "sequence-nested": (
        # ((c, b, a) · 2, mapped to (2b, 2a, 2c)) + (0, 0, 5), z · 10
        {
            "type": "sequence",
            "transformations": [
                {
                    "type": "sequence",
                    "transformations": [
                        {"type": "scale", "scale": [2, 2, 2]},
                        {"type": "mapAxis", "mapAxis": [1, 2, 0]},
                    ],
                },
                {
                    "type": "sequence",
                    "transformations": [
                        {"type": "translation", "translation": [0, 0, 5]},
                        {
                            "type": "sequence",
                            "transformations": [{"type": "scale", "scale": [10, 1, 1]}],
                        },
                    ],
                },
            ],
        },
        of([0, 20, 0, 0], [0, 0, 2, 0], [2, 0, 0, 5]),
    ),
    "byDimension": (
        # x = 2c; (z, y) = (b, a) turned by a quarter: z = -a, y = b
        {
            "type": "byDimension",
            "transformations": [
                {
                    "transformation": {"type": "scale", "scale": [2]},
                    "inputAxes": [0],
                    "outputAxes": [2],
                },
                {
                    "transformation": {"type": "rotation", "rotation": [[0, -1], [1, 0]]},
                    "inputAxes": [1, 2],
                    "outputAxes": [0, 1],
                },
            ],
        },
        of([0, 0, -1, 0], [0, 1, 0, 0], [2, 0, 0, 0]),
    ),
    "byDimension-axes-in-another-order": (
        # its own first input is a and goes to its first output x: x = a + 0.5, z = b + 1.5
        {
            "type": "byDimension",
            "transformations": [
                {
                    "transformation": {"type": "translation", "translation": [0.5, 1.5]},
                    "input_axes": [2, 1],
                    "output_axes": [2, 0],
                },
                {
                    "transformation": {"type": "scale", "scale": [3]},
                    "input_axes": [0],
                    "output_axes": [1],
                },
            ],
        },
        of([0, 1, 0, 1.5], [3, 0, 0, 0], [0, 0, 1, 0.5]),
    ),
    "byDimension-names": (
        # dev2: items are transforms themselves, axes are named
        {
            "type": "byDimension",
            "transformations": [
                {"type": "scale", "scale": [2], "input_axes": ["c"], "output_axes": ["x"]},
                {
                    "type": "translation",
                    "translation": [8, 9],
                    "input_axes": ["b", "a"],
                    "output_axes": ["z", "y"],
                },
            ],
        },
        of([0, 1, 0, 8], [0, 0, 1, 9], [2, 0, 0, 0]),
    ),
    "byDimension-input-output": (
        # dev1: the lists are called input and output
        {
            "type": "byDimension",
            "transformations": [
                {"type": "scale", "scale": [2], "input": ["c"], "output": ["x"]},
                {
                    "type": "mapAxis",
                    "mapAxis": {"z": "a", "y": "b"},
                    "input": ["b", "a"],
                    "output": ["z", "y"],
                },
            ],
        },
        of([0, 0, 1, 0], [0, 1, 0, 0], [2, 0, 0, 0]),
    ),
    "byDimension-nested": (
        # inside, indices count among the axes handed in: its 0 is b and its 1 is a
        {
            "type": "byDimension",
            "transformations": [
                {
                    "transformation": {"type": "identity"},
                    "inputAxes": [0],
                    "outputAxes": [0],
                },
                {
                    "transformation": {
                        "type": "byDimension",
                        "transformations": [
                            {
                                "transformation": {"type": "scale", "scale": [5]},
                                "inputAxes": [1],
                                "outputAxes": [0],
                            },
                            {
                                "transformation": {
                                    "type": "sequence",
                                    "transformations": [
                                        {"type": "translation", "translation": [1]},
                                        {"type": "scale", "scale": [7]},
                                    ],
                                },
                                "inputAxes": [0],
                                "outputAxes": [1],
                            },
                        ],
                    },
                    "inputAxes": [1, 2],
                    "outputAxes": [1, 2],
                },
            ],
        },
        of([1, 0, 0, 0], [0, 0, 5, 0], [0, 7, 0, 7]),
    ),
    "byDimension-in-a-sequence": (
        # between the steps the axes have no names of their own
        {
            "type": "sequence",
            "transformations": [
                {
                    "type": "byDimension",
                    "transformations": [
                        {
                            "transformation": {"type": "scale", "scale": [2, 2]},
                            "inputAxes": [0, 1],
                            "outputAxes": [1, 2],
                        },
                        {
                            "transformation": {"type": "identity"},
                            "inputAxes": [2],
                            "outputAxes": [0],
                        },
                    ],
                },
                {"type": "translation", "translation": [1, 2, 3]},
            ],
        },
        of([0, 0, 1, 1], [2, 0, 0, 2], [0, 2, 0, 3]),
    ),
    "bijection": (
        {
            "type": "bijection",
            "forward": {"type": "scale", "scale": [2, 2, 2]},
            "inverse": {"type": "scale", "scale": [0.5, 0.5, 0.5]},
        },
        of([2, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0]),
    ),
    "inverseOf": (
        # dev1: c = 2z + 1 the other way round
        {
            "type": "inverseOf",
            "transformation": {
                "type": "affine",
                "affine": [[2, 0, 0, 1], [0, 4, 0, 0], [0, 0, 1, 0]],
            },
        },
        of([0.5, 0, 0, -0.5], [0, 0.25, 0, 0], [0, 0, 1, 0]),
    ),
}


@pytest.mark.parametrize(("value", "expected"), LINEAR.values(), ids=LINEAR.keys())
def test_matrix_and_inverse(value: dict[str, Any], expected: np.ndarray):
    found = read(value)
    np.testing.assert_allclose(matrix(found.forward), expected, atol=1e-12)
    np.testing.assert_allclose(matrix(found.backward) @ expected, np.eye(4), atol=1e-12)
    for part in (*(found.forward or ()), *(found.backward or ())):
        assert part.where.startswith("zarr.json: t"), part


OTHER_RANKS = {
    # The specification's examples: 2-D to 3-D, with a translation along the new axis.
    "affine-2-to-3": (
        {"type": "affine", "affine": [[0, 0, 1], [3, 4, 2], [6, 7, 5]]},
        (JI, ZYX),
        of([0, 0, 1], [3, 4, 2], [6, 7, 5]),
    ),
    "affine-3-to-2": (
        {"type": "affine", "affine": [0, 1, 0, 4, 0, 0, 1, 5]},
        (CBA, YX),
        of([0, 1, 0, 4], [0, 0, 1, 5]),
    ),
    # dev3's and dev4's examples, where an axis could be dropped and repeated
    "mapAxis-drop": ({"type": "mapAxis", "mapAxis": [1]}, (JI, Space(("y",))), of([0, 1, 0])),
    "mapAxis-repeat": (
        {"type": "mapAxis", "mapAxis": [1, 1, 0]},
        (JI, ZYX),
        of([0, 1, 0], [0, 1, 0], [1, 0, 0]),
    ),
    # drops c, then z = 0, y = b, x = a
    "projectAxis-drop-and-create": (
        {"type": "projectAxis", "createdOutputs": [0], "droppedInputs": [0]},
        (CBA, ZYX),
        of([0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]),
    ),
    "projectAxis-create": (
        {"type": "projectAxis", "createdOutputs": [0, 2]},
        (JI, Space(("t", "y", "z", "x"))),
        of([0, 0, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0]),
    ),
    "projectAxis-drop": (
        {"type": "projectAxis", "droppedInputs": [2, 0]},
        (Space(("t", "y", "c", "x")), YX),
        of([0, 1, 0, 0, 0], [0, 0, 0, 1, 0]),
    ),
    # byDimension may leave an input axis out: out (z, y, x) of in (l, j, k, i)
    "byDimension-4-to-3": (
        {
            "type": "byDimension",
            "transformations": [
                {
                    "transformation": {"type": "translation", "translation": [0.5, 1.5]},
                    "inputAxes": [3, 2],
                    "outputAxes": [1, 2],
                },
                {
                    "transformation": {"type": "scale", "scale": [2]},
                    "inputAxes": [1],
                    "outputAxes": [0],
                },
            ],
        },
        (Space(("l", "j", "k", "i")), ZYX),
        of([0, 2, 0, 0, 0], [0, 0, 0, 1, 0.5], [0, 0, 1, 0, 1.5]),
    ),
    "sequence-through-another-rank": (
        {
            "type": "sequence",
            "transformations": [
                {"type": "projectAxis", "createdOutputs": [0]},
                {"type": "translation", "translation": [9, 1, 1]},
                {"type": "projectAxis", "droppedInputs": [1]},
            ],
        },
        (JI, YX),
        of([0, 0, 9], [0, 1, 1]),
    ),
}


@pytest.mark.parametrize(("value", "ends", "expected"), OTHER_RANKS.values(), ids=OTHER_RANKS)
def test_between_ranks(value: dict[str, Any], ends: tuple[Space, Space], expected: np.ndarray):
    found = read(value, *ends)
    np.testing.assert_allclose(matrix(found.forward), expected, atol=1e-12)
    assert found.backward is None  # what is lost does not come back
    assert len(found.target) == len(ends[1])


def test_square_sequence_of_steps_that_are_not():
    value = {
        "type": "sequence",
        "transformations": [
            {"type": "affine", "affine": [[1, 0, 5], [0, 2, 0], [0, 0, 7]]},
            {"type": "projectAxis", "droppedInputs": [2]},
        ],
    }
    found = read(value, JI, YX)
    expected = of([1, 0, 5], [0, 2, 0])
    np.testing.assert_allclose(matrix(found.forward), expected)
    np.testing.assert_allclose(matrix(found.backward), np.linalg.inv(expected))


class TestBijection:
    def test_its_own_inverse_leads_back(self):
        problems: list[Any] = []
        value = {
            "type": "bijection",
            "forward": {"type": "scale", "scale": [2, 2]},
            "inverse": {"type": "scale", "scale": [0.4, 0.4]},
        }
        node = Reading(None, None, problems)  # type: ignore[arg-type]
        found = read_transform(value, AT, JI, YX, node)
        np.testing.assert_allclose(matrix(found.backward), np.diag([0.4, 0.4, 1]))
        assert [p.code for p in problems] == ["contradicting-transforms"]

    @pytest.mark.parametrize("inverse", [None, {"type": "displacements", "path": "field"}])
    def test_without_linear_inverse_forward_is_inverted(self, inverse: Any):
        value = {
            "type": "bijection",
            "forward": {"type": "scale", "scale": [2, 4]},
            "inverse": inverse,
        }
        found = read(value, JI, YX)
        np.testing.assert_allclose(matrix(found.backward), np.diag([0.5, 0.25, 1]))

    def test_field_forwards_leads_only_back(self):
        value = {
            "type": "bijection",
            "forward": {"type": "displacements", "path": "field"},
            "inverse": {"type": "translation", "translation": [1, 2]},
        }
        found = read(value, JI, YX)
        assert found.forward is None
        assert found.nonlinear is not None
        assert found.nonlinear.code == "nonlinear-transform"
        np.testing.assert_allclose(matrix(found.backward), of([1, 0, 1], [0, 1, 2]))


FIELDS = {
    "displacements": {"type": "displacements", "path": "field", "interpolation": "linear"},
    "coordinates": {"type": "coordinates", "path": "field"},
    "in-a-sequence": {
        "type": "sequence",
        "transformations": [
            {"type": "coordinates", "path": "field"},
            {"type": "scale", "scale": [1, 2, 3, 4, 5]},
        ],
    },
    "in-a-dimension": {
        "type": "byDimension",
        "transformations": [
            {
                "transformation": {"type": "coordinates", "path": "x"},
                "inputAxes": [0],
                "outputAxes": [0],
            },
            {"transformation": {"type": "identity"}, "inputAxes": [1], "outputAxes": [1]},
        ],
    },
}


@pytest.mark.parametrize("value", FIELDS.values(), ids=FIELDS)
def test_fields_are_known_and_not_followed(value: dict[str, Any]):
    found = read(value, JI, YX)
    assert (found.forward, found.backward) == (None, None)
    assert found.nonlinear is not None


STORED = {
    "scale": ([2.0, 3.0, 4.0], np.diag([2.0, 3.0, 4.0, 1.0])),
    "translation": ([1, 2, 3], of([1, 0, 0, 1], [0, 1, 0, 2], [0, 0, 1, 3])),
    "rotation": (
        [[1, 0, 0], [0, 0.6, -0.8], [0, 0.8, 0.6]],
        of([1, 0, 0, 0], [0, 0.6, -0.8, 0], [0, 0.8, 0.6, 0]),
    ),
    "affine": (
        [[1, 2, 3, 4], [0, 5, 6, 7], [0, 0, 8, 9]],
        of([1, 2, 3, 4], [0, 5, 6, 7], [0, 0, 8, 9]),
    ),
}


@pytest.mark.parametrize(("kind", "value", "expected"), [(k, *v) for k, v in STORED.items()])
def test_parameters_in_an_array(tmp_path: Path, kind: str, value: Any, expected: np.ndarray):
    folder = tmp_path / "a.zarr"
    zarr.open_group(folder, mode="w", zarr_format=3)
    zarr.create_array(folder / "deep" / "values", data=np.array(value, dtype=float))
    found = read({"type": kind, "path": "deep/values"}, folder=folder)
    np.testing.assert_allclose(matrix(found.forward), expected)


def test_rotation_in_float32_is_one(tmp_path: Path):
    folder = tmp_path / "a.zarr"
    zarr.open_group(folder, mode="w", zarr_format=3)
    turn = np.array([[np.cos(1), -np.sin(1)], [np.sin(1), np.cos(1)]], dtype=np.float32)
    zarr.create_array(folder / "values", data=turn)
    problems: list[Any] = []
    read({"type": "rotation", "path": "values"}, JI, YX, folder, problems)
    assert problems == []


@pytest.mark.parametrize("value", [[[2, 0], [0, 2]], [[1, 0], [0, -1]], [[1, 1], [0, 1]]])
def test_what_is_no_rotation_is_used_and_said(value: Any):
    problems: list[Any] = []
    reading = Reading(None, None, problems)  # type: ignore[arg-type]
    found = read_transform({"type": "rotation", "rotation": value}, AT, JI, YX, reading)
    np.testing.assert_allclose(matrix(found.forward)[:2, :2], value)
    assert [(p.code, p.where) for p in problems] == [("not-a-rotation", "zarr.json: t.rotation")]


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {"type": "identity"}
    for _ in range(depth):
        value = {"type": "sequence", "transformations": [value]}
    return value


def by_dimension(*parts: tuple[Any, Any]) -> dict[str, Any]:
    items = [
        {"transformation": {"type": "identity"}, "inputAxes": i, "outputAxes": o} for i, o in parts
    ]
    return {"type": "byDimension", "transformations": items}


REFUSED = {
    "no-object": (7, "invalid-value", "t"),
    "no-type": ({}, "unknown-transform", "t.type"),
    "type-is-a-list": ({"type": ["scale"]}, "unknown-transform", "t.type"),
    "unknown-type": ({"type": "spline"}, "unknown-transform", "t.type"),
    "no-scale": ({"type": "scale"}, "missing-key", "t.scale"),
    "scale-0": ({"type": "scale", "scale": [1, 0]}, "invalid-value", "t.scale[1]"),
    "scale-nan": ({"type": "scale", "scale": [1, float("nan")]}, "invalid-value", "t.scale[1]"),
    "scale-huge": ({"type": "scale", "scale": [1, 10**400]}, "invalid-value", "t.scale[1]"),
    "scale-text": ({"type": "scale", "scale": ["1", 1]}, "invalid-value", "t.scale[0]"),
    "scale-3": ({"type": "scale", "scale": [1, 1, 1]}, "wrong-length", "t.scale"),
    "translation-1": ({"type": "translation", "translation": [1]}, "wrong-length", "t.translation"),
    "affine-no-rows": ({"type": "affine", "affine": []}, "wrong-length", "t.affine"),
    "affine-ragged": ({"type": "affine", "affine": [[1, 0, 0], [0, 1]]}, "wrong-length", None),
    "affine-flat-5": ({"type": "affine", "affine": [1, 2, 3, 4, 5]}, "wrong-length", "t.affine"),
    "affine-to-3": ({"type": "affine", "affine": [[1, 0, 0]] * 3}, "wrong-rank", "t"),
    "affine-singular": (
        {"type": "affine", "affine": [[1, 2, 0], [2, 4, 0]]},
        "singular-transform",
        "t.affine",
    ),
    "affine-nearly-singular": (
        {"type": "affine", "affine": [[0.1, 0.3, 0], [0.2, 0.6, 0]]},
        "singular-transform",
        "t.affine",
    ),
    "rotation-0": ({"type": "rotation", "rotation": [[0, 0]] * 2}, "singular-transform", None),
    "rotation-1-row": ({"type": "rotation", "rotation": [[1, 0]]}, "wrong-length", "t.rotation"),
    "mapAxis-none": ({"type": "mapAxis"}, "invalid-value", "t.mapAxis"),
    "mapAxis-empty": ({"type": "mapAxis", "mapAxis": []}, "wrong-length", "t.mapAxis"),
    "mapAxis-2": ({"type": "mapAxis", "mapAxis": [0, 2]}, "unknown-axis", "t.mapAxis[1]"),
    "mapAxis-minus": ({"type": "mapAxis", "mapAxis": [0, -1]}, "unknown-axis", "t.mapAxis[1]"),
    "mapAxis-true": ({"type": "mapAxis", "mapAxis": [0, True]}, "unknown-axis", "t.mapAxis[1]"),
    "mapAxis-short": ({"type": "mapAxis", "mapAxis": [0]}, "wrong-rank", "t"),
    "mapAxis-name": (
        {"type": "mapAxis", "mapAxis": {"y": "q", "x": "i"}},
        "unknown-axis",
        "t.mapAxis.y",
    ),
    "mapAxis-lacks-x": ({"type": "mapAxis", "mapAxis": {"y": "j"}}, "wrong-length", "t.mapAxis"),
    "projectAxis-rank": ({"type": "projectAxis", "createdOutputs": [0]}, "wrong-rank", "t"),
    "projectAxis-all": ({"type": "projectAxis", "droppedInputs": [0, 1]}, "wrong-rank", "t"),
    "projectAxis-beyond": (
        {"type": "projectAxis", "droppedInputs": [2]},
        "unknown-axis",
        "t.droppedInputs[0]",
    ),
    "projectAxis-twice": (
        {"type": "projectAxis", "droppedInputs": [0, 0]},
        "repeated-axis",
        "t.droppedInputs",
    ),
    "sequence-empty": (
        {"type": "sequence", "transformations": []},
        "invalid-value",
        "t.transformations",
    ),
    "sequence-in": (
        {"type": "sequence", "transformations": [{"type": "identity"}, {"type": "scale"}]},
        "missing-key",
        "t.transformations[1].scale",
    ),
    "sequence-overflows": (
        {"type": "sequence", "transformations": [{"type": "scale", "scale": [1e200] * 2}] * 2},
        "not-finite",
        "t.transformations",
    ),
    "nested-too-deep": (nested(200), "nested-too-deep", None),
    "byDimension-output-twice": (
        by_dimension(([0], [1]), ([1], [1])),
        "wrong-axes",
        "t.transformations",
    ),
    "byDimension-output-missing": (by_dimension(([0], [0])), "wrong-axes", "t.transformations"),
    "byDimension-output-2": (
        by_dimension(([0], [2]), ([1], [0])),
        "unknown-axis",
        "t.transformations[0].outputAxes[0]",
    ),
    "byDimension-no-axes": (by_dimension((None, [0])), "invalid-value", None),
    "byDimension-ranks": (by_dimension(([0, 1], [0]), ([0], [1])), "wrong-rank", None),
    "bijection-no-forward": ({"type": "bijection"}, "invalid-value", "t.forward"),
    "inverseOf-projection": (
        {
            "type": "inverseOf",
            "transformation": {
                "type": "projectAxis",
                "droppedInputs": [0],
                "createdOutputs": [0],
            },
        },
        "singular-transform",
        "t.transformation",
    ),
}


@pytest.mark.parametrize(("value", "code", "key"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_by_its_place(value: Any, code: str, key: str | None):
    with pytest.raises(OpenError) as caught:
        read(value, JI, YX)
    assert caught.value.problem.code == code
    assert "\n" not in str(caught.value)
    if key is not None:
        assert caught.value.problem.where == f"zarr.json: {key}"


STORED_BADLY = {
    "outside": ("../values", None, "bad-path"),
    "missing": ("nothing", None, "missing-array"),
    "3-d": ("values", np.zeros((2, 2, 2)), "wrong-length"),
    "large": ("values", np.zeros(5000), "wrong-length"),
    "booleans": ("values", np.array([True, False]), "invalid-value"),
    "wrong-length": ("values", np.ones(3), "wrong-length"),
}


def test_array_in_another_container_is_not_looked_for_in_this_one(tmp_path: Path):
    folder = tmp_path / "a.zarr"
    zarr.open_group(folder, mode="w", zarr_format=3)
    zarr.create_array(folder / "values", data=np.ones(2))
    with pytest.raises(OpenError, match=r"t\.url: found the address of another container"):
        read({"type": "scale", "path": "values", "url": "file://b.zarr"}, JI, YX, folder)


@pytest.mark.parametrize(("path", "data", "code"), STORED_BADLY.values(), ids=STORED_BADLY)
def test_parameters_in_a_wrong_array(tmp_path: Path, path: str, data: Any, code: str):
    folder = tmp_path / "a.zarr"
    zarr.open_group(folder, mode="w", zarr_format=3)
    if data is not None:
        zarr.create_array(folder / "values", data=data)
    with pytest.raises(OpenError) as caught:
        read({"type": "scale", "path": path}, JI, YX, folder)
    assert caught.value.problem.code == code
