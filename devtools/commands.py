"""The commands: demo, test, docs-images and setup."""

import os
import shutil
import sys
from collections.abc import Callable, Sequence

from devtools.checks import run_checks
from devtools.debian import prepare_system
from devtools.process import Failure, run, say
from devtools.screen import has_display, need_screen, window_environment, with_screen
from devtools.venv import ROOT, prepare_venv, program

PICTURE = ROOT / "demo-output" / "demo.png"


def main(arguments: Sequence[str], usage: str) -> int:
    """Run one command and return the exit code."""
    if not arguments or arguments[0] not in COMMANDS:
        asked = bool(arguments) and arguments[0] in ("-h", "--help", "help")
        (sys.stdout if asked else sys.stderr).write(usage)
        return 0 if asked else 2
    rest = list(arguments[1:])
    if "--" in rest:
        rest.remove("--")
    try:
        return COMMANDS[arguments[0]](rest)
    except (Failure, OSError) as error:
        sys.stderr.write(f"dev.py: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\ndev.py: interrupted\n")
        return 130


def setup(arguments: Sequence[str]) -> int:
    """Make ready for the other commands."""
    if arguments:
        raise Failure(f"setup takes no arguments, found {' '.join(arguments)}")
    prepare_system(has_display(os.environ))
    prepare_venv()
    say(f"ready: {program('python')}")
    return 0


def test(arguments: Sequence[str]) -> int:
    """Run every check; ``arguments`` go to pytest."""
    display = has_display(os.environ)
    problem = ""
    try:
        prepare_system(display)
        need_screen(display)
    except Failure as failure:
        # One step fails for it, at the end; the others can still run.
        problem = str(failure)
    prepare_venv()
    return run_checks(arguments, display, problem)


def demo(arguments: Sequence[str]) -> int:
    """Show the demo in a window, or draw it in memory where there is no display."""
    display = has_display(os.environ)
    prepare_system(display)
    need_screen(display)
    prepare_venv()
    command = [str(program("napari-strata")), "demo", *arguments]
    if not display and not takes_picture(arguments):
        return demo_picture(command)
    return run(with_screen(command, display), window_environment(os.environ, display))


def takes_picture(arguments: Sequence[str]) -> bool:
    """Tell whether the arguments ask for a picture themselves."""
    return any(word == "--screenshot" or word.startswith("--screenshot=") for word in arguments)


def demo_picture(command: Sequence[str]) -> int:
    """Draw the demo in memory and say where its picture is."""
    # So that an old picture is never taken for this run's.
    PICTURE.unlink(missing_ok=True)
    PICTURE.parent.mkdir(exist_ok=True)
    drawn = with_screen([*command, "--screenshot", str(PICTURE)], display=False)
    code = run(drawn, window_environment(os.environ, display=False))
    if code:
        raise Failure(f"the demo failed with exit code {code}; the lines above say why")
    if not PICTURE.is_file():
        raise Failure(f"the demo ended well but left no picture at {PICTURE}")
    say(f"there is no display, so the demo was drawn in memory; its picture: {PICTURE}")
    return 0


def docs_images(arguments: Sequence[str]) -> int:
    """Take the pictures of the documentation anew; ``arguments`` name some of them.

    In memory also where there is a display, if it can be: all pictures are of one size then.
    """
    display = has_display(os.environ)
    prepare_system(display)
    display = display and shutil.which("xvfb-run", path=os.environ.get("PATH")) is None
    need_screen(display)
    prepare_venv()
    command = [str(program("python")), str(ROOT / "docs" / "screenshots.py"), *arguments]
    return run(with_screen(command, display), window_environment(os.environ, display))


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "demo": demo,
    "test": test,
    "docs-images": docs_images,
    "setup": setup,
}
