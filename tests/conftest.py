"""What every test may rely on."""

import os
import sys
from pathlib import Path

import pytest

from napari_strata.samples import Sample, write_samples

# napari resets its settings for every viewer of a test: those must not be the developer's own.
os.environ["NAPARI_CONFIG"] = ""


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sample]:
    """A sample of every format, by name; to be read only."""
    folder: Path = tmp_path_factory.mktemp("samples")
    return {sample.name: sample for sample in write_samples(folder)}


def pytest_runtest_setup(item: pytest.Item) -> None:
    # Without a display Qt ends the whole process, and pytest with it.
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform == "linux" and not display and item.get_closest_marker("window"):
        pytest.fail("this test opens a window: run it by `python3 dev.py test`", pytrace=False)
