"""What stands in for other programs in the tests of ``dev.py``."""

from collections.abc import Callable, Sequence
from pathlib import Path


class Commands:
    """Stands in for ``run``: keeps the commands, answers with exit codes by a word in them."""

    def __init__(self) -> None:
        self.seen: list[list[str]] = []
        self.codes: dict[str, int] = {}
        self.effects: dict[str, Callable[[Sequence[str]], None]] = {}

    def __call__(self, command: Sequence[str], *_: object) -> int:
        self.seen.append(list(command))
        for word, effect in self.effects.items():
            if word in command:
                effect(command)
        return next((code for word, code in self.codes.items() if word in command), 0)


def write_report(command: Sequence[str]) -> None:
    """What pytest does when its only test passes."""
    report = next(word for word in command if word.startswith("--junitxml="))
    Path(report.removeprefix("--junitxml=")).write_text(
        '<testsuites><testsuite><testcase name="a"/></testsuite></testsuites>'
    )
