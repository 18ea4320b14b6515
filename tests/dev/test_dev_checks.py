from pathlib import Path

import pytest
from dev_fakes import Commands, write_report
from devtools import checks, venv
from devtools.checks import Counts, Outcome

REPORT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests"><testsuite name="pytest" tests="5">
<testcase name="a"/>
<testcase name="b"><failure message="x">no</failure></testcase>
<testcase name="c"><error message="x">no</error></testcase>
<testcase name="d"><skipped message="x"/></testcase>
<testcase name="e"><system-out>words</system-out></testcase>
</testsuite></testsuites>
"""


def test_counts_of_a_report(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert checks.read_counts(report) == Counts(passed=2, failed=2, skipped=1)


@pytest.mark.parametrize("text", [None, "", "<testsuites>"], ids=["none", "empty", "cut"])
def test_no_whole_report_gives_no_counts(tmp_path: Path, text: str | None) -> None:
    report = tmp_path / "report.xml"
    if text is not None:
        report.write_text(text)
    assert checks.read_counts(report) is None


JUDGED = [
    ("good", 0, Counts(3), True, Counts(3)),
    ("bad", 1, Counts(3, 1), False, Counts(3, 1)),
    ("died-early", -11, None, False, Counts(0, 1)),
    ("died-late", -11, Counts(3), False, Counts(3, 1)),
    ("interrupted", 2, Counts(3, 1), False, Counts(3, 1)),
    ("nothing-selected", 5, Counts(), True, Counts()),
]


@pytest.mark.parametrize(
    ("code", "counts", "passed", "expected"),
    [case[1:] for case in JUDGED],
    ids=[case[0] for case in JUDGED],
)
def test_a_run_of_pytest_is_judged(
    code: int, counts: Counts | None, passed: bool, expected: Counts
) -> None:
    outcome = checks.judge_pytest("tests", code, counts, 1.0)
    assert (outcome.passed, outcome.counts) == (passed, expected)


SUMMARIES = [
    ("good", [Outcome("a", True, 1.0, "", Counts(3))], 0, ["3 passed, 0 failed"]),
    (
        "lint",
        [Outcome("ruff", False, 1.0), Outcome("a", True, 1.0, "", Counts(3))],
        1,
        ["failed: ruff", "3 passed, 0 failed"],
    ),
    (
        "both-runs",
        [
            Outcome("a", False, 1.0, "", Counts(3, 1)),
            Outcome("b", False, 1.0, "", Counts(4, 2, 1)),
        ],
        1,
        ["failed: a, b", "7 passed, 3 failed"],
    ),
    (
        "nothing",
        [Outcome("a", True, 1.0)],
        1,
        ["failed: not one test was run", "0 passed, 0 failed"],
    ),
]


@pytest.mark.parametrize(
    ("outcomes", "code", "last"),
    [case[1:] for case in SUMMARIES],
    ids=[case[0] for case in SUMMARIES],
)
def test_summary(outcomes: list[Outcome], code: int, last: list[str]) -> None:
    lines, got = checks.summary(outcomes)
    assert lines[2 + len(outcomes) :] == last
    assert got == code


def test_every_step_runs_even_after_one_has_failed(
    folder: Path, ran: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    ran.codes = {"ruff": 1}
    ran.effects = {"pytest": write_report}
    assert checks.run_checks(["-k", "one thing"], display=False, screen_problem="") == 1
    python, lint = str(venv.program("python")), str(venv.program("lint-imports"))
    workers, extra = ["-n", "2", "--dist", "worksteal"], ["-k", "one thing"]
    assert [command[:-1] if "pytest" in command else command for command in ran.seen] == [
        [python, "-m", "ruff", "check"],
        [python, "-m", "ruff", "format", "--check"],
        [python, "-m", "mypy"],
        [lint],
        [python, "-m", "pytest", "-m", "not window", *workers, *extra],
        [
            *["xvfb-run", "-a", "-s", "-screen 0 1600x1200x24"],
            *[python, "-m", "pytest", "-m", "window", *workers, *extra],
        ],
    ]
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "failed: ruff check, ruff format",
        "2 passed, 0 failed",
    ]


def test_without_a_screen_only_the_window_tests_fail(
    folder: Path, ran: Commands, capsys: pytest.CaptureFixture[str]
) -> None:
    ran.effects = {"pytest": write_report}
    assert checks.run_checks([], display=False, screen_problem="no xvfb-run") == 1
    assert len(ran.seen) == 5
    out = capsys.readouterr().out
    assert "no xvfb-run" in out
    assert out.splitlines()[-2:] == ["failed: window tests", "1 passed, 0 failed"]
