"""Running other programs, and saying what goes wrong."""

import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

Environment = Mapping[str, str]


class Failure(Exception):
    """Something the person at the keyboard has to know, in one sentence."""


def say(text: str) -> None:
    """Print at once, so that it stays in order with what other programs print."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run(
    command: Sequence[str], environment: Environment | None = None, cwd: Path | None = None
) -> int:
    """Run a command in the open and return its exit code.

    Raises
    ------
    Failure
        If it cannot be started at all.
    """
    say(f"$ {shlex.join(command)}")
    try:
        return subprocess.run(command, env=environment, cwd=cwd, check=False).returncode
    except OSError as error:
        raise Failure(f"{command[0]} cannot be started: {error}") from error


def output_of(command: Sequence[str], environment: Environment | None = None) -> str | None:
    """Return what a command prints, or None if it fails or cannot be started."""
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
