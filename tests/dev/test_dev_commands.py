import ast
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from dev_fakes import Commands
from devtools import commands, process, venv
from devtools.process import Failure

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """No set-up, and nothing of this machine's display."""
    monkeypatch.setattr(commands, "prepare_system", lambda display: None)
    monkeypatch.setattr(commands, "prepare_venv", lambda: None)
    monkeypatch.setattr(commands, "need_screen", lambda display: None)
    monkeypatch.setattr(commands, "has_display", lambda environment: False)


def draw(command: Sequence[str]) -> None:
    Path(command[command.index("--screenshot") + 1]).write_bytes(b"png")


def test_the_demo_says_where_its_picture_is(
    ready: None, ran: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    ran.effects = {"demo": draw}
    assert commands.main(["demo", "--", "--seconds", "1"], "") == 0
    program = str(venv.program("napari-strata"))
    shot = ["--screenshot", str(commands.PICTURE)]
    assert ran.seen[0][4:] == [program, "demo", "--seconds", "1", *shot]
    assert capsys.readouterr().out.rstrip().endswith(f"its picture: {commands.PICTURE}")


def test_an_old_picture_is_not_taken_for_a_new_one(
    ready: None, ran: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.PICTURE.parent.mkdir()
    commands.PICTURE.write_bytes(b"old")
    assert commands.main(["demo"], "") == 1
    assert "left no picture" in capsys.readouterr().err


def test_a_failing_demo_fails(
    ready: None, ran: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    ran.codes = {"demo": 3}
    assert commands.main(["demo"], "") == 1
    assert "the demo failed with exit code 3" in capsys.readouterr().err


def test_a_picture_asked_for_goes_where_it_is_asked(ready: None, ran: Commands) -> None:
    assert commands.main(["demo", "--screenshot=mine.png"], "") == 0
    assert ran.seen[0][4:] == [str(venv.program("napari-strata")), "demo", "--screenshot=mine.png"]


def test_on_a_display_the_demo_opens_its_window(
    ready: None, ran: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "has_display", lambda environment: True)
    assert commands.main(["demo"], "") == 0
    assert ran.seen == [[str(venv.program("napari-strata")), "demo"]]


@pytest.mark.parametrize(
    ("display", "xvfb", "in_memory"),
    [
        pytest.param(False, "/usr/bin/xvfb-run", True, id="no display"),
        pytest.param(True, "/usr/bin/xvfb-run", True, id="both"),
        pytest.param(True, None, False, id="display alone"),
    ],
)
def test_pictures_of_the_docs_are_drawn_in_memory_if_they_can_be(
    ready: None,
    ran: Commands,
    monkeypatch: pytest.MonkeyPatch,
    display: bool,
    xvfb: str | None,
    in_memory: bool,
) -> None:
    monkeypatch.setattr(commands, "has_display", lambda environment: display)
    monkeypatch.setattr(shutil, "which", lambda name, **_: xvfb)
    ran.codes = {"browser": 3}
    assert commands.main(["docs-images", "browser"], "") == 3
    (command,) = ran.seen
    assert (command[0] == "xvfb-run") is in_memory
    script = str(ROOT / "docs" / "screenshots.py")
    assert command[-3:] == [str(venv.program("python")), script, "browser"]


def test_a_failure_is_one_line(
    ready: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise Failure("something is missing")

    monkeypatch.setattr(commands, "prepare_venv", fail)
    assert commands.main(["setup"], "") == 1
    assert capsys.readouterr().err == "dev.py: something is missing\n"


def test_a_program_that_cannot_start_is_named() -> None:
    with pytest.raises(Failure, match="no-such-program cannot be started: "):
        process.run(["no-such-program"])
    assert process.output_of(["no-such-program"]) is None


@pytest.mark.parametrize(
    ("arguments", "code"), [([], 2), (["tset"], 2), (["--help"], 0)], ids=["none", "typo", "help"]
)
def test_usage(arguments: list[str], code: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "dev.py"), *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code
    assert "python3 dev.py test" in (done.stderr if code else done.stdout)


def test_a_too_old_python_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    with pytest.raises(
        SystemExit, match=r"needs Python 3\.11 or newer, and this is Python 3\.10\.4"
    ):
        runpy.run_path(str(ROOT / "dev.py"), run_name="__main__")


def test_any_python_can_read_the_first_file() -> None:
    source = (ROOT / "dev.py").read_bytes()
    assert source.isascii()
    ast.parse(source, feature_version=(3, 4))


@pytest.mark.skipif(os.name == "nt" or shutil.which("bash") is None, reason="needs bash")
def test_ci_runs_both_commands_even_if_the_first_fails(tmp_path: Path) -> None:
    (tmp_path / "python3").write_text(
        f'#!/bin/sh\necho "$PWD $*" >> "{tmp_path}/seen"\ntest "$2" != test\n'
    )
    (tmp_path / "python3").chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", str(ROOT / ".ci" / "run")], cwd=tmp_path, env={"PATH": path}, check=False
    )
    assert done.returncode == 1
    assert (tmp_path / "seen").read_text().splitlines() == [
        f"{ROOT} dev.py test",
        f"{ROOT} dev.py demo",
    ]
