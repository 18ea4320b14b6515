"""System packages on Debian and its relatives; elsewhere nothing here does anything."""

import os
import shutil
import sys
from collections.abc import Sequence

from devtools.process import Failure, output_of, run, say

# What Qt and OpenGL load at run time.
QT_LIBRARIES = (
    "libdbus-1-3",
    "libegl1",
    "libfontconfig1",
    "libgl1",
    "libglib2.0-0",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-keysyms1",
    "libxcb-shape0",
    "libxkbcommon-x11-0",
)

# An X server that needs no screen.
X_SERVER = ("xauth", "xvfb")


def is_debian() -> bool:
    """Tell whether packages of this system come by apt."""
    return sys.platform == "linux" and all(
        shutil.which(program) for program in ("apt-get", "dpkg-query")
    )


def prepare_system(display: bool) -> None:
    """Install what a window needs, as far as it is missing.

    Raises
    ------
    Failure
        Without a display, if something is missing and cannot be installed.
    """
    if not is_debian():
        return
    missing = missing_packages(QT_LIBRARIES if display else (*QT_LIBRARIES, *X_SERVER))
    if not missing:
        return
    if display and as_root(may_ask=False) is None:
        # A desktop may have the same libraries from elsewhere, so this is no reason to stop.
        say(f"system packages that napari's window may need are missing: {' '.join(missing)}")
        return
    apt_install(missing)


def missing_packages(wanted: Sequence[str]) -> list[str]:
    """Return those packages of ``wanted`` that are not installed."""
    form = "${db:Status-Status}\t${Package}\t${Provides}\n"
    listing = output_of(["dpkg-query", "--show", "--showformat", form])
    if listing is None:
        raise Failure("dpkg-query does not answer, so missing system packages cannot be found")
    installed = installed_packages(listing)
    return [name for name in wanted if name not in installed]


def installed_packages(listing: str) -> set[str]:
    """Return the names of all installed packages and of what they provide.

    Parameters
    ----------
    listing : lines of status, package and what it provides, separated by tabs.
    """
    names = set()
    for line in listing.splitlines():
        status, package, provided = line.split("\t")
        if status == "installed":
            names.add(package)
            # Newer releases rename libraries (libglib2.0-0t64) and provide the old name.
            names.update(name.split()[0] for name in provided.split(",") if name.strip())
    return names


def as_root(may_ask: bool = True) -> list[str] | None:
    """Return what goes before a command to run it as root, or None if that cannot be.

    Parameters
    ----------
    may_ask : sudo may ask for a password at the terminal.
    """
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        if output_of(["sudo", "-n", "true"]) is not None:
            return ["sudo", "-n"]
        if may_ask and sys.stdin.isatty():
            return ["sudo"]
    return None


def apt_install(packages: Sequence[str]) -> None:
    """Install packages.

    Raises
    ------
    Failure
        With the command to type, where that is not allowed or does not work.
    """
    by_hand = f"apt-get install --no-install-recommends {' '.join(packages)}"
    prefix = as_root()
    if prefix is None:
        raise Failure(
            f"system packages are missing and this user may not install them; as root: {by_hand}"
        )
    say(f"installing system packages: {' '.join(packages)}")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    apt += ["-o", "DPkg::Lock::Timeout=300"]
    if run([*apt, "update"]):
        say("apt-get update failed; trying with the package lists there are")
    if run([*apt, "install", "--yes", "--no-install-recommends", *packages]):
        raise Failure(f"apt-get failed, the lines above say why; by hand, as root: {by_hand}")
