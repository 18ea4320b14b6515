"""What every acceptance case asserts, in three places: the API, ``inspect --json``, a layer."""

from __future__ import annotations

import json
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import napari_strata as strata

# Written out rather than looked up in the project: (canonical name, factor to µm or s).
UNITS: dict[str | None, tuple[str, float | None]] = {
    None: ("pixel", None),
    "": ("pixel", None),
    "pixel": ("pixel", None),
    "pm": ("picometer", 1e-6),
    "angstrom": ("angstrom", 1e-4),
    "nm": ("nanometer", 1e-3),
    "nanometer": ("nanometer", 1e-3),
    "nanometers": ("nanometer", 1e-3),
    "um": ("micrometer", 1.0),
    "µm": ("micrometer", 1.0),
    "μm": ("micrometer", 1.0),
    "micron": ("micrometer", 1.0),
    "micrometer": ("micrometer", 1.0),
    "micrometre": ("micrometer", 1.0),
    "mm": ("millimeter", 1e3),
    "millimeter": ("millimeter", 1e3),
    "m": ("meter", 1e6),
    "meter": ("meter", 1e6),
    "km": ("kilometer", 1e9),
    "s": ("second", 1.0),
    "second": ("second", 1.0),
    "ms": ("millisecond", 1e-3),
    "millisecond": ("millisecond", 1e-3),
    "minute": ("minute", 60.0),
    "hour": ("hour", 3600.0),
}

Expect = dict[str, Any]


def close(found: Any, expected: Any) -> bool:
    """Compare numbers as the cases ask: rtol 1e-9, and an absolute floor for zeros."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    if found.shape != expected.shape:
        return False
    floor = 1e-9 * max(1e-12, float(np.abs(expected).max(initial=0.0)))
    return bool(np.allclose(found, expected, rtol=1e-9, atol=floor))


def affine_of(level: Expect) -> np.ndarray:
    """Return the (n + 1, n + 1) matrix an expected level stands for."""
    if "affine" in level:
        return np.asarray(level["affine"], float)
    n = len(level["scale"])
    matrix = np.eye(n + 1)
    matrix[range(n), range(n)] = level["scale"]
    matrix[:n, n] = level["translate"]
    return matrix


# ------------------------------------------------------------------------------ public API


def as_json(image: Any) -> dict[str, Any]:
    """Turn a public Image into the object ``inspect --json`` prints for it."""
    return {
        "path": image.path,
        "name": image.name,
        "format": image.format,
        "kind": image.kind,
        "axes": [{"name": a.name, "type": a.type, "unit": a.unit} for a in image.axes],
        "levels": [
            {
                "path": level.path,
                "shape": list(level.shape),
                "dtype": str(np.dtype(level.dtype)),
                "chunks": list(level.chunks),
                "scale": None if level.scale is None else [float(v) for v in level.scale],
                "translate": (
                    None if level.translate is None else [float(v) for v in level.translate]
                ),
                "affine": np.asarray(level.affine).tolist(),
            }
            for level in image.levels
        ],
        "problems": [
            {"code": p.code, "severity": p.severity, "where": p.where, "message": p.message}
            for p in image.problems
        ],
    }


def check_levels(levels: list[dict[str, Any]], expected: list[Expect]) -> None:
    assert len(levels) == len(expected), [level["path"] for level in levels]
    for found, wanted in zip(levels, expected, strict=True):
        label = f"level {found['path']!r}"
        if wanted.get("path") is not None:
            assert found["path"] == wanted["path"], label
        assert close(found["affine"], affine_of(wanted)), (label, found["affine"])
        if "affine" in wanted and wanted.get("scale") is None:
            assert found["scale"] is None, label
            assert found["translate"] is None, label
        else:
            assert close(found["scale"], wanted["scale"]), (label, found["scale"])
            assert close(found["translate"], wanted["translate"]), (label, found["translate"])
        if "shape" in wanted:
            assert found["shape"] == wanted["shape"], label
        if "dtype" in wanted:
            assert found["dtype"] == wanted["dtype"], label


def check_image(image: dict[str, Any], expect: Expect, case: Expect) -> None:
    """Compare one image, as JSON, with what a case expects."""
    if "format" in expect:
        assert image["format"] in [expect["format"], *case.get("also_format", [])]
    if "kind" in expect:
        assert image["kind"] == expect["kind"]
    if "levels" in expect:
        check_levels(image["levels"], expect["levels"])
    if expect.get("axes") is not None:
        names = [axis["name"] for axis in image["axes"]]
        assert names in [expect["axes"], *case.get("axes_alt", [])]
    if "axis_types" in expect:
        assert [axis["type"] for axis in image["axes"]] == expect["axis_types"]
    if expect.get("units") is not None:
        found = [UNITS[axis["unit"]][0] for axis in image["axes"]]
        alternatives = [expect["units"], *case.get("units_alt", [])]
        assert found in [[UNITS[unit][0] for unit in units] for units in alternatives]
    check_problems(image["problems"], expect)


def check_problems(problems: list[dict[str, Any]], expect: Expect) -> None:
    """``problems``: for each list of words, one problem mentions them all; ``clean``: none."""
    texts = [f"{p['where']} {p['message']}" for p in problems]
    for words in expect.get("problems", []):
        assert any(all(w.lower() in t.lower() for w in words) for t in texts), (words, texts)
    if expect.get("clean"):
        bad = [p for p in problems if p["severity"] != "info"]
        assert not bad, bad
    for problem in problems:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", problem["code"]), problem
        assert problem["severity"] in ("error", "warning", "info"), problem
        assert problem["message"].strip(), problem
        assert "\n" not in problem["message"], problem


# ------------------------------------------------------------------------------------- CLI


def run_cli(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> tuple[int, str, str]:
    """Run ``napari-strata ARGUMENTS`` in this process; return exit code, stdout, stderr."""
    from napari_strata.cli import main

    monkeypatch.setattr(sys, "argv", ["napari-strata", *arguments])
    capsys.readouterr()
    code = 0
    try:
        main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    streams = capsys.readouterr()
    return code, streams.out, streams.err


def inspect_json(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """Return what ``napari-strata inspect PATH --json`` prints."""
    code, out, err = run_cli(["inspect", str(path), "--json"], capsys, monkeypatch)
    assert code == 0, err
    result: dict[str, Any] = json.loads(out)
    return result


# ---------------------------------------------------------------------------------- layers


def open_layers(path: Path) -> list[Any]:
    """Open ``path`` through the reader contribution; return napari layers, no window needed."""
    from napari.layers import Layer

    from napari_strata.plugin import get_reader

    reader = get_reader(str(path))
    assert reader is not None, f"the reader declined {path}"
    layers = []
    with warnings.catch_warnings():
        # napari's own remark on a shear between sliced and displayed axes.
        warnings.filterwarnings("ignore", message="Non-orthogonal slicing")
        items = reader(str(path))
    for item in items:
        if isinstance(item, Layer):
            layers.append(item)
            continue
        data, meta, kind = (*item, {}, "image")[:3] if len(item) < 3 else item
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Non-orthogonal slicing")
            layers.append(Layer.create(data, meta, kind))
    return layers


def layer_matrix(layer: Any) -> np.ndarray:
    """Return data → world of level 0 as the layer has it, in its own (µm, s) units."""
    n = layer.ndim
    matrix = np.eye(n + 1)
    matrix[:n, :n] = layer.affine.linear_matrix @ (
        np.asarray(layer.rotate) @ np.asarray(_shear(layer.shear, n)) @ np.diag(layer.scale)
    )
    matrix[:n, n] = layer.affine.linear_matrix @ layer.translate + layer.affine.translate
    return matrix


def _shear(values: Any, n: int) -> np.ndarray:
    values = np.asarray(values, float)
    if values.ndim == 2:
        return values
    matrix = np.eye(n)
    matrix[np.triu_indices(n, 1)] = values
    return matrix


def check_layer(layer: Any, expect: Expect, drop: int | None = None) -> None:
    """Level 0 of the layer sits where the case says, in micrometres and seconds.

    ``drop`` is the index of a channel axis that became layers of their own.
    """
    units = expect["units"]
    keep = [i for i in range(len(units)) if i != drop]
    names = [expect["axes"][i] for i in keep]
    if set(names) <= set("tzyx"):  # layers align by trailing axes: z, y, x whatever the array has
        keep.sort(key=lambda i: "tzyx".index(expect["axes"][i]))
    factors = np.array([UNITS[units[i]][1] for i in keep], float)
    wanted = affine_of(expect["levels"][0])[np.ix_([*keep, len(units)], [*keep, len(units)])]
    wanted = np.diag([*factors, 1.0]) @ wanted
    assert layer.ndim == len(keep)
    assert close(layer_matrix(layer), wanted), (layer_matrix(layer).tolist(), wanted.tolist())
    for unit, index in zip(layer.units, keep, strict=True):
        dimension = "second" if UNITS[units[index]][0].endswith("second") else "micrometer"
        assert str(unit) == dimension, layer.units
    assert layer.multiscale or len(expect["levels"]) == 1
    record = layer.metadata["strata"]
    check_record(record, expect)
    assert json.loads(json.dumps(record, allow_nan=False)) == record, "not plain JSON"


def check_record(record: dict[str, Any], expect: Expect) -> None:
    """``layer.metadata["strata"]``: format, path, per-level transforms (as declared), problems."""
    assert record["format"]
    assert record["path"]
    check_problems(record["problems"], {})
    for found, wanted in zip(record["levels"], expect["levels"], strict=True):
        assert close(found["affine"], affine_of(wanted)), (found["path"], found["affine"])


# ------------------------------------------------------------------------------------ errors


def refused(path: Path | str) -> str:
    """Open ``path``; return the one line it is refused with."""
    assert issubclass(strata.OpenError, ValueError)
    with pytest.raises(strata.OpenError) as caught:
        strata.open(str(path))
    return one_line(str(caught.value))


def one_line(text: str) -> str:
    text = text.strip()
    assert text
    assert len(text.splitlines()) == 1, text
    assert "Traceback" not in text
    return text


def check_message(message: str, expected: Expect) -> None:
    """The line names file and JSON key, what was found and what was expected.

    ``found`` and ``expected`` list alternatives: one of each must occur.
    """
    if "file" in expected:
        assert expected["file"] in message.replace("\\\\", "\\"), message
    if expected.get("key"):
        keys = [expected["key"], *expected.get("also_key", [])]
        assert any(key in message for key in keys), (keys, message)
    for part in ("found", "expected"):
        if part in expected:
            assert any_word(expected[part], message), (part, expected[part], message)


def any_word(words: list[str], text: str) -> bool:
    """Tell whether one of the words stands in the text by itself, not as part of another."""
    patterns = (
        (r"(?<![\w.])" if word[0].isalnum() else "")
        + re.escape(word)
        + (r"(?!\w)" if word[-1].isalnum() else "")
        for word in words
    )
    return any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns)
