"""Where a window can be drawn: on a display, or in memory by Xvfb."""

import os
import shutil
import sys
from collections.abc import Sequence

from devtools.process import Environment, Failure
from devtools.venv import clean_environment


def has_display(environment: Environment, system: str = sys.platform) -> bool:
    """Tell whether a window can be opened on a screen."""
    if system in ("darwin", "win32", "cygwin"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def with_screen(command: Sequence[str], display: bool) -> list[str]:
    """Return the command so that it has a screen to draw on."""
    if display:
        return list(command)
    return ["xvfb-run", "-a", "-s", "-screen 0 1600x1200x24", *command]


def window_environment(environment: Environment, display: bool) -> dict[str, str]:
    """Return the environment in which Qt really draws: its offscreen platform does not."""
    result = clean_environment(environment)
    if not display:
        result["QT_QPA_PLATFORM"] = "xcb"
    elif result.get("QT_QPA_PLATFORM") in ("offscreen", "minimal"):
        del result["QT_QPA_PLATFORM"]
    return result


def need_screen(display: bool) -> None:
    """Make sure that there is a display, or what stands in for one.

    Raises
    ------
    Failure
        If there is neither.
    """
    if not display and shutil.which("xvfb-run", path=os.environ.get("PATH")) is None:
        raise Failure(
            "there is no display and no xvfb-run to stand in for one: "
            "install Xvfb, or set DISPLAY, and run again"
        )
