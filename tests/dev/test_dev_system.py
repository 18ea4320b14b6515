import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dev_fakes import Commands
from devtools import debian, screen
from devtools.process import Failure


def test_installed_packages_count_with_what_they_provide() -> None:
    listing = (
        "installed\tlibglib2.0-0t64\tlibglib2.0-0 (= 2.80.0), libgio-2.0-0\n"
        "config-files\txvfb\txserver\n"
        "installed\txauth\t\n"
    )
    assert debian.installed_packages(listing) == {
        "libglib2.0-0t64",
        "libglib2.0-0",
        "libgio-2.0-0",
        "xauth",
    }


@pytest.fixture
def debian_without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Makes this a Debian that lacks one package; returns what gets installed."""

    def lack(missing: str) -> list[str]:
        packages = {*debian.QT_LIBRARIES, *debian.X_SERVER} - {missing}
        listing = "".join(f"installed\t{name}\t\n" for name in packages)
        installed: list[str] = []
        monkeypatch.setattr(debian, "is_debian", lambda: True)
        monkeypatch.setattr(debian, "output_of", lambda *_: listing)
        monkeypatch.setattr(debian, "apt_install", installed.extend)
        return installed

    return lack


LIBRARIES = [
    ("headless-all-there", "", False, []),
    ("headless-no-xvfb", "xvfb", False, ["xvfb"]),
    ("headless-no-library", "libegl1", False, ["libegl1"]),
    ("display-no-xvfb", "xvfb", True, []),
    ("display-no-library", "libegl1", True, ["libegl1"]),
]


@pytest.mark.parametrize(
    ("missing", "display", "expected"),
    [case[1:] for case in LIBRARIES],
    ids=[case[0] for case in LIBRARIES],
)
def test_only_what_is_missing_is_installed(
    debian_without: Callable[[str], list[str]],
    monkeypatch: pytest.MonkeyPatch,
    missing: str,
    display: bool,
    expected: list[str],
) -> None:
    installed = debian_without(missing)
    monkeypatch.setattr(debian, "as_root", lambda may_ask=True: [])
    debian.prepare_system(display)
    assert installed == expected


def test_a_desktop_is_not_asked_for_a_password(
    debian_without: Callable[[str], list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    installed = debian_without("libegl1")
    monkeypatch.setattr(debian, "as_root", lambda may_ask=True: ["sudo"] if may_ask else None)
    debian.prepare_system(display=True)
    assert installed == []
    assert "may need are missing: libegl1" in capsys.readouterr().out


ROOTS = [
    ("root", 0, False, False, False, []),
    ("no-sudo", 1000, False, False, True, None),
    ("sudo-without-password", 1000, True, True, False, ["sudo", "-n"]),
    ("sudo-asks-at-the-terminal", 1000, True, False, True, ["sudo"]),
    ("sudo-cannot-ask", 1000, True, False, False, None),
]


@pytest.mark.skipif(os.name == "nt", reason="no root there")
@pytest.mark.parametrize(
    ("user", "sudo", "free", "terminal", "expected"),
    [case[1:] for case in ROOTS],
    ids=[case[0] for case in ROOTS],
)
def test_becoming_root(
    monkeypatch: pytest.MonkeyPatch,
    user: int,
    sudo: bool,
    free: bool,
    terminal: bool,
    expected: list[str] | None,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(shutil, "which", lambda program: "/usr/bin/sudo" if sudo else None)
    monkeypatch.setattr(debian, "output_of", lambda command: "" if free else None)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: terminal, raising=False)
    assert debian.as_root() == expected


def test_without_root_the_command_is_shown(ran: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "as_root", lambda: None)
    with pytest.raises(Failure, match=r"as root: apt-get install --no-install-recommends a b$"):
        debian.apt_install(["a", "b"])
    assert ran.seen == []


def test_packages_are_installed_although_the_update_fails(
    ran: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "as_root", lambda: ["sudo", "-n"])
    ran.codes = {"update": 100}
    debian.apt_install(["a"])
    assert [command[-1] for command in ran.seen] == ["update", "a"]
    assert {tuple(command[:3]) for command in ran.seen} == {("sudo", "-n", "env")}


def test_a_failing_apt_is_said(ran: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "as_root", list)
    ran.codes = {"install": 100}
    with pytest.raises(Failure, match="apt-get failed"):
        debian.apt_install(["a"])


DISPLAYS = [
    ("x11", "linux", {"DISPLAY": ":0"}, True),
    ("wayland", "linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
    ("headless", "linux", {}, False),
    ("empty", "linux", {"DISPLAY": ""}, False),
    ("mac", "darwin", {}, True),
    ("windows", "win32", {}, True),
]


@pytest.mark.parametrize(
    ("system", "environment", "expected"),
    [case[1:] for case in DISPLAYS],
    ids=[case[0] for case in DISPLAYS],
)
def test_has_display(system: str, environment: dict[str, str], expected: bool) -> None:
    assert screen.has_display(environment, system) is expected


def test_without_a_display_xvfb_stands_in() -> None:
    assert screen.with_screen(["a", "b"], display=True) == ["a", "b"]
    assert screen.with_screen(["a", "b"], display=False) == [
        "xvfb-run",
        "-a",
        "-s",
        "-screen 0 1600x1200x24",
        "a",
        "b",
    ]


def test_qt_never_draws_offscreen() -> None:
    offscreen = {"QT_QPA_PLATFORM": "offscreen"}
    assert "QT_QPA_PLATFORM" not in screen.window_environment(offscreen, display=True)
    assert screen.window_environment(offscreen, display=False)["QT_QPA_PLATFORM"] == "xcb"
    wayland = {"QT_QPA_PLATFORM": "wayland"}
    assert screen.window_environment(wayland, display=True)["QT_QPA_PLATFORM"] == "wayland"


def test_without_display_and_xvfb_there_is_no_screen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    screen.need_screen(display=True)
    with pytest.raises(Failure, match="no display and no xvfb-run"):
        screen.need_screen(display=False)
