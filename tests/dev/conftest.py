from pathlib import Path

import pytest
from dev_fakes import Commands
from devtools import checks, commands, debian, venv


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Commands:
    fake = Commands()
    for module in (venv, debian, checks, commands):
        monkeypatch.setattr(module, "run", fake)
    return fake


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A project of its own, so that nothing of this one is touched."""
    root = tmp_path / "a project"
    root.mkdir()
    (root / "pyproject.toml").write_text("[project]\n")
    monkeypatch.setattr(venv, "ROOT", root)
    monkeypatch.setattr(checks, "ROOT", root)
    monkeypatch.setattr(venv, "VENV", root / ".venv")
    monkeypatch.setattr(venv, "STAMP", root / ".venv" / "made-by-dev-py.json")
    monkeypatch.setattr(commands, "PICTURE", root / "demo-output" / "demo.png")
    return root
