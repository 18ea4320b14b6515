import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from dev_fakes import Commands
from devtools import venv
from devtools.process import Failure
from devtools.venv import Plan, Stamp

STAMP = Stamp("CPython 3.11 on linux-x86_64", "/home/me/strata", "abc")

PLANS = [
    ("none", None, False, False, Plan("make", "there is none")),
    ("half-made", None, True, True, Plan("make", "it is half-made, or was not made by dev.py")),
    ("fresh", STAMP, True, True, Plan("nothing")),
    ("broken", STAMP, False, True, Plan("make", "its Python or pip does not start")),
    (
        "moved",
        Stamp(STAMP.python, "/old/place", STAMP.project),
        True,
        True,
        Plan("make", "it was made for /old/place"),
    ),
    (
        "other-python",
        Stamp("CPython 3.13 on linux-x86_64", STAMP.root, STAMP.project),
        True,
        True,
        Plan("make", "it is for CPython 3.13 on linux-x86_64, and this is " + STAMP.python),
    ),
    (
        "other-project",
        Stamp(STAMP.python, STAMP.root, "def"),
        True,
        True,
        Plan("install", "pyproject.toml has changed"),
    ),
]


@pytest.mark.parametrize(
    ("found", "works", "exists", "expected"),
    [case[1:] for case in PLANS],
    ids=[case[0] for case in PLANS],
)
def test_what_the_environment_needs(
    found: Stamp | None, works: bool, exists: bool, expected: Plan
) -> None:
    assert venv.what_to_do(found, STAMP, works=works, exists=exists) == expected


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"python": "x"}'])
def test_a_damaged_stamp_is_none(folder: Path, text: str) -> None:
    (folder / ".venv").mkdir()
    venv.STAMP.write_text(text)
    assert venv.found_stamp() is None


def test_a_stamp_comes_back_as_written(folder: Path) -> None:
    (folder / ".venv").mkdir()
    venv.write_stamp(STAMP)
    assert venv.found_stamp() == STAMP


def test_the_stamp_follows_pyproject(folder: Path) -> None:
    before = venv.wanted_stamp()
    assert before == venv.wanted_stamp()
    (folder / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    after = venv.wanted_stamp()
    assert after.project != before.project
    assert (after.python, after.root) == (before.python, str(folder))


@pytest.fixture
def working(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """An environment that claims to work, but is not installed in."""
    (folder / ".venv").mkdir()
    monkeypatch.setattr(venv, "venv_works", lambda: True)
    return folder


def test_a_fresh_environment_runs_nothing(working: Path, ran: Commands) -> None:
    venv.write_stamp(venv.wanted_stamp())
    venv.prepare_venv()
    assert ran.seen == []


def test_a_changed_project_is_installed_again(working: Path, ran: Commands) -> None:
    wanted = venv.wanted_stamp()
    venv.write_stamp(Stamp(wanted.python, wanted.root, "old"))
    venv.prepare_venv()
    python = str(venv.program("python"))
    assert ran.seen == [
        [python, "-m", "pip", "install", "--quiet", "--upgrade", "pip"],
        [python, "-m", "pip", "install", "--editable", ".[dev]"],
    ]
    assert venv.found_stamp() == wanted


def test_when_pip_gives_up_the_old_stamp_comes_back(working: Path, ran: Commands) -> None:
    wanted = venv.wanted_stamp()
    old = Stamp(wanted.python, wanted.root, "old")
    venv.write_stamp(old)
    ran.codes = {"install": 1}
    with pytest.raises(Failure, match="pip could not install the project"):
        venv.prepare_venv()
    assert venv.found_stamp() == old


def test_an_interrupted_installation_is_made_afresh(working: Path, ran: Commands) -> None:
    wanted = venv.wanted_stamp()
    venv.write_stamp(Stamp(wanted.python, wanted.root, "old"))

    def interrupt(_: Sequence[str]) -> None:
        raise KeyboardInterrupt

    ran.effects = {"--editable": interrupt}
    with pytest.raises(KeyboardInterrupt):
        venv.prepare_venv()
    ran.seen.clear()
    # `python -m venv` makes the folder; here nothing does.
    ran.effects = {"venv": lambda _: venv.VENV.mkdir()}
    venv.prepare_venv()
    assert [command[1:3] for command in ran.seen] == [["-m", "venv"], ["-m", "pip"], ["-m", "pip"]]
    assert venv.found_stamp() == wanted


def test_a_failed_first_installation_leaves_no_stamp(working: Path, ran: Commands) -> None:
    ran.effects = {"venv": lambda _: venv.VENV.mkdir()}
    ran.codes = {"--editable": 1}
    with pytest.raises(Failure, match="pip could not install"):
        venv.prepare_venv()
    assert venv.found_stamp() is None


def test_a_link_is_removed_but_not_what_it_points_to(folder: Path) -> None:
    elsewhere = folder / "precious"
    elsewhere.mkdir()
    try:
        (folder / ".venv").symlink_to(elsewhere, target_is_directory=True)
    except OSError:
        pytest.skip("no symbolic links here")
    venv.remove_venv()
    assert elsewhere.is_dir()
    assert not (folder / ".venv").is_symlink()


def test_an_environment_without_python_does_not_work(folder: Path) -> None:
    (folder / ".venv").mkdir()
    assert not venv.venv_works()


def test_an_environment_of_another_place_does_not_work(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venv, "output_of", lambda *_: f"{folder / 'other' / '.venv'}\n")
    assert not venv.venv_works()
    monkeypatch.setattr(venv, "output_of", lambda *_: f"{folder / '.venv'}\n")
    assert venv.venv_works()


@pytest.fixture
def no_ensurepip(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_spec(name: str) -> object | None:
        return None if name == "ensurepip" else object()

    monkeypatch.setattr(venv.importlib.util, "find_spec", find_spec)


def test_without_ensurepip_the_package_is_named(
    folder: Path, ran: Commands, no_ensurepip: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venv, "is_debian", lambda: False)
    package = rf"python3\.{sys.version_info[1]}-venv"
    with pytest.raises(Failure, match=f"lacks the modules venv and ensurepip.*{package}"):
        venv.make_venv()
    assert ran.seen == []


def test_without_ensurepip_debian_gets_it(
    working: Path, ran: Commands, no_ensurepip: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[str] = []
    monkeypatch.setattr(venv, "is_debian", lambda: True)
    monkeypatch.setattr(venv, "apt_install", installed.extend)
    monkeypatch.setattr(sys, "base_prefix", "/usr")
    venv.make_venv()
    assert installed == [f"python3.{sys.version_info[1]}-venv"]
    assert ran.seen[0][1:] == ["-m", "venv", str(venv.VENV)]


def test_another_active_environment_does_not_leak_in(folder: Path) -> None:
    environment = venv.clean_environment(
        {
            "PATH": "/other/bin",
            "VIRTUAL_ENV": "/other",
            "PYTHONPATH": "/other/lib",
            "PYTHONHOME": "/other",
            "PIP_TARGET": "/other",
            "PIP_USER": "1",
            "PIP_INDEX_URL": "https://mirror.example",
            "HOME": "/home/me",
        }
    )
    programs = str(venv.program("python").parent)
    assert environment == {
        "PATH": f"{programs}{os.pathsep}/other/bin",
        "VIRTUAL_ENV": str(folder / ".venv"),
        "PIP_USER": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_INDEX_URL": "https://mirror.example",
        "HOME": "/home/me",
    }
