import re
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
IMAGES = ROOT / "docs" / "images"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "docs" / "screenshots.py"))


def test_every_picture_is_made_by_the_script(script: dict[str, Any]) -> None:
    assert sorted(path.stem for path in IMAGES.glob("*.png")) == sorted(script["PICTURES"])


def test_every_picture_is_shown_somewhere() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    shown = set(re.findall(r"!\[[^\]]+\]\((?:docs/)?images/([\w-]+)\.png\)", text))
    assert {path.stem for path in IMAGES.glob("*.png")} <= shown


def test_picture_that_is_not_there_is_told(
    script: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert script["take"](["demo", "inspektor"]) == 2
    assert capsys.readouterr().err.startswith("there is no picture inspektor; there are: demo, ")
