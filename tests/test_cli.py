"""The command line, in this process and as the program people run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from check.stores import CONFORMING, Files, changed, image04, write
from formats.helpers import add_attributes, write_n5_array, write_ome_04
from napari_strata.cli import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    streams = capsys.readouterr()
    code = stop.value.code
    return (code if isinstance(code, int) else int(code is not None)), streams.out, streams.err


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    script = "from napari_strata.cli import main; main()"
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, capture_output=True, env=os.environ | environment, check=False)


LONG = "a-very-long-name-of-a-sample-that-somebody-took-care-to-describe-in-full-2024-11-21"
SHAPE = (1, 2, 3, 4, 5)
SCALES = [1.0, 1.0, 0.123456789, 0.987654321, 12345.6789]
SHIFTS = [0.0, 0.0, -1234567.25, 9876543.5, 0.000123456]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Five axes, long names and numbers of many digits."""
    levels = {LONG: (SHAPE, {"scale": SCALES, "translation": SHIFTS})}
    return write_ome_04(tmp_path / "data.zarr" / LONG / "deeper", levels, "tczyx")


@pytest.mark.parametrize("columns", ["80", "40", "300"])
def test_nothing_is_cut_off(
    columns: str, image: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", columns)
    code, out, err = run(capsys, "inspect", str(image.parent.parent))
    assert (code, err) == (0, "")
    assert "…" not in out
    assert str(image.parent.parent) in out
    assert f"{LONG}/deeper" in out
    unfolded = out.replace("\n", " ")
    for number in ("0.123456789", "0.987654321", "12345.6789", "-1234567.25", "9876543.5"):
        assert number in unfolded, out
    assert "0.000123456" in unfolded
    assert "ome-zarr-0.4" in out
    assert "z (micrometer)" in out
    assert "1 × 2 × 3 × 4 × 5" in out


def test_a_level_that_is_more_than_scale_and_translation(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    turned = [0, -1, 0, 5, 1, 0, 0, 6, 0, 0, 1, 7]
    write_n5_array(tmp_path / "a.n5/s0", (4, 4, 4), pixelResolution=[1, 1, 1])
    add_attributes(tmp_path / "a.n5/attributes.json", affineTransform=turned)
    _, out, _ = run(capsys, "inspect", str(tmp_path / "a.n5"))
    assert "see affine" in out
    assert "affine of s0" in out
    _, out, _ = run(capsys, "inspect", str(tmp_path / "a.n5"), "--json")
    (level,) = json.loads(out)["images"][0]["levels"]
    assert (level["scale"], level["translate"]) == (None, None)
    assert level["affine"] == [[1, 0, 0, 7], [0, 0, 1, 6], [0, -1, 0, 5], [0, 0, 0, 1]]


def test_problems_are_listed_with_file_and_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_n5_array(tmp_path / "a.n5/s0", (4, 4, 4))
    attributes = {"scales": [[1, 1, 1], [2, 2, 2]], "units": ["nm", "nm", "[furlong]"]}
    add_attributes(tmp_path / "a.n5/attributes.json", **attributes)
    code, out, _ = run(capsys, "inspect", str(tmp_path / "a.n5"))
    assert code == 0
    assert 'error attributes.json: scales[1]: found no array at "s1"' in out
    assert 'warning attributes.json: units[2]: found "[furlong]"' in out


def test_json(image: Path, capsys: pytest.CaptureFixture[str]):
    code, out, err = run(capsys, "inspect", str(image), "--json")
    assert (code, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    assert list(found) == ["path", "geometries", "images", "problems"]
    assert found["path"] == str(image)
    assert found["geometries"] == found["problems"] == []
    (only,) = found["images"]
    assert list(only) == ["path", "name", "format", "kind", "axes", "levels", "problems"]
    assert only["axes"][0] == {"name": "t", "type": "time", "unit": None}
    assert only["axes"][2] == {"name": "z", "type": "space", "unit": "micrometer"}
    (level,) = only["levels"]
    assert list(level) == ["path", "shape", "dtype", "chunks", "scale", "translate", "affine"]
    assert (level["scale"], level["translate"]) == (SCALES, SHIFTS)
    assert (level["path"], level["shape"], level["dtype"]) == (LONG, list(SHAPE), "uint8")


def test_the_corner_convention(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write_n5_array(tmp_path / "a.n5/s0", (4, 4, 4))
    add_attributes(tmp_path / "a.n5/attributes.json", scales=[[1, 1, 1]], resolution=[4, 6, 30])
    _, out, _ = run(capsys, "inspect", str(tmp_path / "a.n5"), "--json", "--origin", "corner")
    assert json.loads(out)["images"][0]["levels"][0]["translate"] == [15, 3, 2]


def unreadable(folder: Path, name: str) -> str:
    (folder / "empty").mkdir()
    (folder / "a.tif").write_text("x")
    (folder / "bad.n5").mkdir()
    (folder / "bad.n5/attributes.json").write_text("{")
    (folder / "odd.zarr").mkdir()
    (folder / "odd.zarr/.zattrs").write_text('{"multiscales": [{"datasets": [5]}]}')
    (folder / "odd.zarr/.zgroup").write_text('{"zarr_format": 2}')
    return name if "://" in name else str(folder / name)


@pytest.mark.parametrize(
    "name",
    ["gone.n5", "empty", "a.tif", "bad.n5", "odd.zarr", "ftp://host/a.n5", "http://[bad/a.n5"],
)
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_what_cannot_be_opened(
    name: str, options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    code, out, err = run(capsys, "inspect", unreadable(tmp_path, name), *options)
    assert (code, out) == (2, "")
    assert err.startswith("napari-strata: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [["inspect"], ["nonsense"], ["inspect", ".", "--origin", "middle"]]
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert "Usage" in out + err


def test_help(capsys: pytest.CaptureFixture[str]):
    _, out, _ = run(capsys, "--help")
    for command in ("inspect", "check", "demo"):
        assert command in out


# ------------------------------------------------------------------------------ check

UNIT = ("multiscales", 0, "axes", 1, "unit")
SCALE = ("multiscales", 0, "datasets", 1, "coordinateTransformations", 0, "scale", 3)
CHECKED: dict[str, tuple[Files, int, str]] = {
    "nothing wrong": (image04(), 0, "0 errors, 0 warnings in 1 images"),
    "a warning": (
        changed(image04(), ".zattrs", (UNIT, "nm")),
        0,
        "0 errors, 1 warnings in 1 images",
    ),
    "an error": (changed(image04(), ".zattrs", (SCALE, 0)), 1, "1 errors, 0 warnings in 1 images"),
    "damaged": ({**image04(), ".zattrs": "{"}, 1, "1 errors, 0 warnings in 0 images"),
}


@pytest.mark.parametrize("name", CHECKED)
def test_check_ends_with_the_worst_it_found(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    files, expected, summary = CHECKED[name]
    folder = write(files, tmp_path / "s.zarr")
    code, out, err = run(capsys, "check", str(folder))
    assert (code, err) == (expected, "")
    assert out.splitlines()[0] == str(folder)
    assert out.splitlines()[-1] == summary
    code, out, err = run(capsys, "check", str(folder), "--json")
    assert (code, err) == (expected, "")
    found = json.loads(out)
    assert list(found) == ["path", "findings", "images", "geometries"]
    assert found["path"] == str(folder)
    for finding in found["findings"]:
        assert list(finding) == ["code", "severity", "where", "rule", "message"]
    errors = [f for f in found["findings"] if f["severity"] == "error"]
    assert bool(errors) == bool(expected)


@pytest.mark.parametrize(
    "name", ["gone.n5", "empty", "a.tif", "ftp://host/a.n5", "http://[bad/a.n5"]
)
@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_check_of_what_is_not_there(
    name: str, options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    code, out, err = run(capsys, "check", unreadable(tmp_path, name), *options)
    assert (code, out) == (2, "")
    assert err.startswith("napari-strata: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("name", ["bad.n5", "odd.zarr"])
def test_check_of_damaged_metadata(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    code, out, err = run(capsys, "check", unreadable(tmp_path, name))
    assert (code, err) == (1, "")
    assert "error " in out


def test_check_names_code_place_and_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    files = changed(CONFORMING["0.4 plate"], "A/1/0/.zattrs", (UNIT, LONG))
    _, out, _ = run(capsys, "check", str(write(files, tmp_path / "s.zarr")))
    (line,) = [line for line in out.splitlines() if "unknown-unit" in line]
    assert line.startswith(
        "warning unknown-unit A/1/0/.zattrs: multiscales[0].axes[1].unit: found "
    )
    assert LONG in line
    assert line.endswith("[axes: a unit has one of the listed names]")
    assert "A/1/0  ome-zarr-0.4" in out.splitlines()


@pytest.mark.parametrize("columns", ["40", "300"])
def test_check_in_a_terminal_is_a_table_that_cuts_nothing_off(
    columns: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    files = changed(CONFORMING["0.4 plate"], "A/1/0/.zattrs", (UNIT, "odd [bold]unit"))
    _, out, _ = run(capsys, "check", str(write(files, tmp_path / "s.zarr")))
    assert "…" not in out
    text = re.sub(r"\x1b\[[0-9;]*m", "", out)
    assert any(line.split() == ["code", "where", "found", "rule"] for line in text.splitlines())
    for word in ("unknown-unit", "A/1/0/.zattrs", "[bold]unit", "listed", "names"):
        assert word in text


def test_check_needs_no_viewer():
    script = (
        "import sys, napari_strata.check; "
        "print([m for m in ('napari', 'qtpy', 'dask', 'yaozarrs') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_names_no_terminal_can_show(encoding: str, tmp_path: Path):
    """A file system's odd bytes and JSON's lone surrogates end no listing half-way."""
    root = tmp_path / os.fsdecode(b"caf\xe9.n5")
    write_n5_array(tmp_path / "plain.n5/s0", (4, 4, 4))
    (tmp_path / "plain.n5").rename(root)
    add_attributes(root / "attributes.json", scales=[[1, 1, 1]], axes=["\ud800", "\u65e5", "z"])
    for options in ([], ["--json"]):
        done = program("inspect", str(root), *options, PYTHONIOENCODING=encoding)
        assert done.returncode == 0, done.stderr
        assert done.stderr == b""
        assert b"s0" in done.stdout


def test_a_pipe_that_is_closed_early_is_no_traceback(tmp_path: Path):
    write_n5_array(tmp_path / "a.n5/s0", (4, 4, 4))
    script = "from napari_strata.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", script, "inspect", str(tmp_path / "a.n5"), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    error = process.stderr.read()
    process.stderr.close()
    process.wait()
    assert b"Traceback" not in error, error
