"""The test command: every check of the project, and what came of them in a few lines."""

import os
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from devtools.process import Environment, run, say
from devtools.screen import window_environment, with_screen
from devtools.venv import ROOT, clean_environment, program

_NO_TESTS_COLLECTED = 5
# Two halves, so that tests of a module share what is made for it; who is done first takes over.
_TWO_WORKERS = ("-n", "2", "--dist", "worksteal")


@dataclass(frozen=True)
class Counts:
    """How many tests of a run ended how."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass(frozen=True)
class Outcome:
    """How a step ended; ``counts`` are those of its tests, if it has any."""

    name: str
    passed: bool
    seconds: float
    note: str = ""
    counts: Counts = Counts()


def run_checks(arguments: Sequence[str], display: bool, screen_problem: str) -> int:
    """Run every step, even after one has failed, and return the exit code.

    Parameters
    ----------
    arguments : for pytest.
    screen_problem : why there is nothing to draw windows on; empty if there is.
    """
    python = str(program("python"))
    pytest = [python, "-m", "pytest"]
    window = with_screen([*pytest, "-m", "window", *_TWO_WORKERS, *arguments], display)
    outcomes = [
        run_check("ruff check", [python, "-m", "ruff", "check"]),
        run_check("ruff format", [python, "-m", "ruff", "format", "--check"]),
        run_check("mypy", [python, "-m", "mypy"]),
        run_check("import contract", [str(program("lint-imports"))]),
        run_pytest(
            "tests",
            [*pytest, "-m", "not window", *_TWO_WORKERS, *arguments],
            clean_environment(os.environ),
        ),
        Outcome("window tests", False, 0.0, screen_problem)
        if screen_problem
        else run_pytest("window tests", window, window_environment(os.environ, display)),
    ]
    lines, code = summary(outcomes)
    say("\n".join(lines))
    return code


def run_check(name: str, command: Sequence[str]) -> Outcome:
    """Run one step that is judged by its exit code alone."""
    start = time.monotonic()
    say(f"\n== {name}")
    code = run(command, clean_environment(os.environ), ROOT)
    return Outcome(name, code == 0, time.monotonic() - start)


def run_pytest(name: str, command: Sequence[str], environment: Environment) -> Outcome:
    """Run one step that is judged by its tests; ``command`` takes pytest's options."""
    start = time.monotonic()
    say(f"\n== {name}")
    with tempfile.TemporaryDirectory(prefix="napari-strata-test-") as folder:
        report = Path(folder) / "report.xml"
        code = run([*command, f"--junitxml={report}"], environment, ROOT)
        counts = read_counts(report)
    return judge_pytest(name, code, counts, time.monotonic() - start)


def read_counts(report: Path) -> Counts | None:
    """Count the tests of a JUnit report, or return None if there is no whole one."""
    try:
        cases = list(ElementTree.parse(report).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return None
    failed = skipped = 0
    for case in cases:
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            failed += 1
        elif "skipped" in kinds:
            skipped += 1
    return Counts(len(cases) - failed - skipped, failed, skipped)


def judge_pytest(name: str, code: int, counts: Counts | None, seconds: float) -> Outcome:
    """Judge a run of pytest by its exit code and report.

    A run that died is a failure even where its report names none.
    """
    if counts is None:
        note = f"pytest ended with {code} and left no report"
        return Outcome(name, False, seconds, note, Counts(failed=1))
    if code == _NO_TESTS_COLLECTED and counts == Counts():
        return Outcome(name, True, seconds, "no test was selected")
    if code and not counts.failed:
        note = f"{counts}, then pytest ended with {code}"
        return Outcome(name, False, seconds, note, counts + Counts(failed=1))
    return Outcome(name, code == 0, seconds, str(counts), counts)


def summary(outcomes: Sequence[Outcome]) -> tuple[list[str], int]:
    """Return the last lines, and the exit code."""
    lines = ["", "summary"]
    for outcome in outcomes:
        word = "ok    " if outcome.passed else "FAILED"
        lines.append(
            f"  {word}  {outcome.name:<16} {outcome.seconds:6.1f} s  {outcome.note}".rstrip()
        )
    counts = sum((outcome.counts for outcome in outcomes), Counts())
    broken = [outcome.name for outcome in outcomes if not outcome.passed]
    if broken:
        lines.append(f"failed: {', '.join(broken)}")
    nothing = counts.passed + counts.failed == 0
    if nothing:
        lines.append("failed: not one test was run")
    lines.append(f"{counts.passed} passed, {counts.failed} failed")
    return lines, 1 if broken or nothing else 0
