"""What every test may rely on."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from napari_strata.samples import FORMATS, Sample, write_sample

if TYPE_CHECKING:
    from shared_viewer import SharedViewer

pytest.register_assert_rewrite("shared_viewer")

# napari resets its settings for every viewer of a test: those must not be the developer's own.
os.environ["NAPARI_CONFIG"] = ""


class Samples(Mapping[str, Sample]):
    """A sample of every format by name, each written when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._written: dict[str, Sample] = {}

    def __getitem__(self, name: str) -> Sample:
        if name not in FORMATS:
            raise KeyError(name)
        if name not in self._written:
            self._written[name] = write_sample(name, self._folder)
        return self._written[name]

    def __iter__(self) -> Iterator[str]:
        return iter(FORMATS)

    def __len__(self) -> int:
        return len(FORMATS)


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """A sample of every format, by name; to be read only."""
    return Samples(tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="module")
def _shared() -> "Iterator[SharedViewer]":
    from shared_viewer import SharedViewer

    shared = SharedViewer()
    yield shared
    shared.close()


@pytest.fixture
def shared_viewer(_shared: "SharedViewer", qtbot: Any) -> Iterator[Any]:
    """A napari viewer, shown and empty; the same one for all tests of a module."""
    yield _shared.get()
    _shared.empty()


@pytest.fixture
def _no_shared_viewer(_shared: "SharedViewer") -> None:
    _shared.close()


@pytest.fixture
def make_napari_viewer(
    _no_shared_viewer: None, make_napari_viewer: Callable[..., Any]
) -> Callable[..., Any]:
    """napari's own, for tests of a viewer that begins or ends: the shared one is closed before."""
    return make_napari_viewer


def pytest_runtest_setup(item: pytest.Item) -> None:
    # Without a display Qt ends the whole process, and pytest with it.
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform == "linux" and not display and item.get_closest_marker("window"):
        pytest.fail("this test opens a window: run it by `python3 dev.py test`", pytrace=False)
