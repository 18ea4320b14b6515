"""The virtual environment ``.venv`` beside ``dev.py``, and the project installed in it."""

import hashlib
import importlib
import importlib.util
import json
import os
import platform
import shutil
import sys
import sysconfig
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from devtools.debian import apt_install, is_debian
from devtools.process import Environment, Failure, output_of, run, say

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "made-by-dev-py.json"

# What another environment may have set that would lead Python or pip astray in this one.
_FOREIGN = {"PYTHONHOME", "PYTHONPATH", "PIP_PREFIX", "PIP_TARGET", "__PYVENV_LAUNCHER__"}


@dataclass(frozen=True)
class Stamp:
    """What an installation was made for; written last, so its absence means half-made."""

    python: str
    root: str
    project: str


@dataclass(frozen=True)
class Plan:
    """What the environment needs, and why."""

    action: Literal["make", "install", "nothing"]
    why: str = ""


def program(name: str) -> Path:
    """Return where the virtual environment keeps a program."""
    return VENV / "Scripts" / f"{name}.exe" if os.name == "nt" else VENV / "bin" / name


def clean_environment(environment: Environment) -> dict[str, str]:
    """Return the environment as it is inside ``.venv``, whatever else is active."""
    kept = {name: value for name, value in environment.items() if name not in _FOREIGN}
    path = environment.get("PATH", os.defpath)
    return {
        **kept,
        "VIRTUAL_ENV": str(VENV),
        "PATH": f"{program('python').parent}{os.pathsep}{path}",
        "PIP_USER": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def prepare_venv() -> None:
    """Make ``.venv`` and install the project in it, as far as that is not done already."""
    wanted, found = wanted_stamp(), found_stamp()
    exists = os.path.lexists(VENV)
    plan = what_to_do(found, wanted, works=exists and venv_works(), exists=exists)
    if plan.action == "nothing":
        return
    if plan.action == "make":
        say(f"making {VENV}: {plan.why}")
        make_venv()
    else:
        say(f"installing again: {plan.why}")
    install(wanted, found if plan.action == "install" else None)


def what_to_do(found: Stamp | None, wanted: Stamp, *, works: bool, exists: bool) -> Plan:
    """Decide what the environment needs.

    Parameters
    ----------
    found : the stamp that is there; None if there is no whole one.
    works : its Python starts, is in its place and has pip.
    exists : there is anything at all.
    """
    if not exists:
        return Plan("make", "there is none")
    if found is None:
        return Plan("make", "it is half-made, or was not made by dev.py")
    if found.root != wanted.root:
        return Plan("make", f"it was made for {found.root}")
    if found.python != wanted.python:
        return Plan("make", f"it is for {found.python}, and this is {wanted.python}")
    if not works:
        return Plan("make", "its Python or pip does not start")
    if found.project != wanted.project:
        return Plan("install", "pyproject.toml has changed")
    return Plan("nothing")


def wanted_stamp() -> Stamp:
    """Describe the installation this run needs."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return Stamp(
        python=f"{platform.python_implementation()} {version} on {sysconfig.get_platform()}",
        root=str(ROOT),
        project=hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest(),
    )


def found_stamp() -> Stamp | None:
    """Read the stamp of the installation that is there, or None if there is no whole one."""
    try:
        read = json.loads(STAMP.read_text(encoding="utf-8"))
        return Stamp(str(read["python"]), str(read["root"]), str(read["project"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def venv_works() -> bool:
    """Tell whether the environment's own Python starts, is in its place and has pip."""
    code = "import pip, sys; print(sys.prefix)"
    prefix = output_of([str(program("python")), "-c", code], clean_environment(os.environ))
    return prefix is not None and Path(prefix.strip()).resolve() == VENV.resolve()


def make_venv() -> None:
    """Make ``.venv`` afresh, with pip."""
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        install_ensurepip()
    remove_venv()
    # Not sys.executable: that may be in the very environment that has just been removed.
    python = getattr(sys, "_base_executable", None) or sys.executable
    if run([python, "-m", "venv", str(VENV)], clean_environment(os.environ)):
        raise Failure(f"{python} cannot make {VENV}; the lines above say why")
    if not venv_works():
        raise Failure(f"{python} made {VENV}, but the Python in it does not start or has no pip")


def install_ensurepip() -> None:
    """Get the parts of Python's own library that Debian keeps in a package of their own."""
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if not (is_debian() and Path(sys.base_prefix) == Path("/usr")):
        raise Failure(
            f"{sys.executable} lacks the modules venv and ensurepip: install them "
            f"(on Debian and Ubuntu: apt-get install {package}), or use another Python"
        )
    apt_install([package])
    importlib.invalidate_caches()


def remove_venv() -> None:
    """Remove ``.venv``, whatever it is; of a link only the link."""
    try:
        if VENV.is_symlink() or VENV.is_file():
            VENV.unlink()
        elif VENV.exists():
            shutil.rmtree(VENV)
    except OSError as error:
        raise Failure(
            f"{VENV} is to be made afresh but cannot be removed ({error}): "
            "close what uses it, deactivate it, and run again"
        ) from error


def install(wanted: Stamp, found: Stamp | None) -> None:
    """Install the project, editable, with everything for development.

    The stamp is away meanwhile: an interrupted pip leaves an environment nobody can trust. If
    pip itself gives up, ``found`` comes back, since pip changes nothing before it has it all.
    """
    STAMP.unlink(missing_ok=True)
    pip = [str(program("python")), "-m", "pip", "install"]
    environment = clean_environment(os.environ)
    if run([*pip, "--quiet", "--upgrade", "pip"], environment, ROOT):
        say("pip could not be upgraded; going on with the one there is")
    if run([*pip, "--editable", ".[dev]"], environment, ROOT):
        if found is not None:
            write_stamp(found)
        raise Failure("pip could not install the project; the lines above say why")
    write_stamp(wanted)


def write_stamp(stamp: Stamp) -> None:
    """Say that the installation is whole."""
    STAMP.write_text(json.dumps(asdict(stamp), indent=1), encoding="utf-8")
