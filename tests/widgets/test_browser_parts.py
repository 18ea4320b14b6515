"""Parts of the browser without a window: what is kept, what is written, what is listed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browser_window import _own_settings, write_group
from pytestqt.qtbot import QtBot

from formats.helpers import write_ome_04, write_zarr_array
from napari_strata.dataset.browse import browse
from napari_strata.dataset.entry import Cancelled, Entry, look_all
from napari_strata.model import OpenError, Problem
from napari_strata.widgets import captions
from napari_strata.widgets.browser import history
from napari_strata.widgets.browser.entry_text import columns, lines
from napari_strata.widgets.browser.listing import BATCH, Opened, key_of, narrowed, next_part
from napari_strata.widgets.browser.reading import Reading

__all__ = ["_own_settings"]


# ---------------------------------------------------------------------------------- history

SECRETS = {
    "https://me:secret@host:8080/a%20b.zarr?token=1": "https://host:8080/a%20b.zarr",
    "https://lab.s3.eu-west-1.amazonaws.com/a.zarr?X-Amz-Signature=1": (
        "https://lab.s3.eu-west-1.amazonaws.com/a.zarr"
    ),
    "s3://Lab/a.zarr": "s3://Lab/a.zarr",
    "precomputed://https://me:secret@host/em": "https://host/em",
    "/data/a.zarr": "/data/a.zarr",
    "ftp://me:secret@host/a": "",
}


@pytest.mark.parametrize(("address", "kept"), SECRETS.items())
def test_secrets_are_not_kept(address: str, kept: str):
    assert history.without_secrets(address) == kept


def test_the_last_addresses_are_kept():
    assert history.addresses() == []
    for number in range(25):
        history.remember(f"/data/{number}", "")
    history.remember("s3://lab/a.zarr", "lab")
    history.remember("/data/20", None)
    kept = history.addresses()
    assert kept[:3] == [("/data/20", ""), ("s3://lab/a.zarr", "lab"), ("/data/24", "")]
    assert len(kept) == history.MOST == len(set(kept))
    history.clear()
    assert history.addresses() == []


@pytest.mark.parametrize("value", ["{", "5", '[1, ["a"], ["a", 2], ["b", ""]]'])
def test_a_damaged_history_is_no_error(value: str):
    history._settings().setValue("addresses", value)
    assert history.addresses() == ([("b", "")] if "b" in value else [])


# ------------------------------------------------------------------------------------- text


@pytest.fixture
def image(tmp_path: Path) -> Callable[..., Entry]:
    def write(axes: str, shape: tuple[int, ...], scale: list[float], units: list[Any]) -> Entry:
        root = write_ome_04(tmp_path / "a.zarr", {"0": (shape, {"scale": scale})}, axes=axes)
        attributes = json.loads((root / ".zattrs").read_text())
        for axis, unit in zip(attributes["multiscales"][0]["axes"], units, strict=True):
            axis.update({} if unit is None else {"unit": unit})
        (root / ".zattrs").write_text(json.dumps(attributes))
        return browse(root)

    return write


TEXTS: dict[str, tuple[Any, tuple[str, str, str]]] = {
    "one unit": (
        ("zyx", (4, 5, 6), [40, 8, 8], ["nanometer"] * 3),
        ("4 × 5 × 6", "40 × 8 × 8 nm", "160 × 40 × 48 nm"),
    ),
    "thousands": (
        ("yx", (500, 600), [40, 8], ["nanometer"] * 2),
        ("500 × 600", "40 × 8 nm", "20 × 4.8 µm"),
    ),
    "one of them not": (
        ("yx", (500, 100), [40, 8], ["nanometer"] * 2),
        ("500 × 100", "40 × 8 nm", "20000 × 800 nm"),
    ),
    "times": (
        ("tyx", (3, 5, 6), [2, 0.5, 0.5], ["second", "micrometer", "micrometer"]),
        ("3 × 5 × 6", "2 s, 0.5 × 0.5 µm", "6 s, 2.5 × 3 µm"),
    ),
    "channels and frames": (
        ("tcyx", (3, 2, 5, 6), [1, 1, 0.5, 0.5], [None, None, "micrometer", "micrometer"]),
        ("3 × 2 × 5 × 6", "0.5 × 0.5 µm", "2.5 × 3 µm"),
    ),
}


@pytest.mark.parametrize(("written", "expected"), TEXTS.values(), ids=TEXTS)
def test_columns(image: Callable[..., Entry], written: Any, expected: tuple[str, str, str]):
    shape, voxel, extent = expected
    assert columns(image(*written)) == ("a", "ome-zarr-0.4", shape, "uint8", voxel, extent)


def test_voxels_without_a_size(tmp_path: Path):
    write_zarr_array(tmp_path / "a.zarr", (5, 6))
    expected = ("a", "zarr-array", "5 × 6", "uint8", "1 × 1 px", "5 × 6 px")
    assert columns(browse(tmp_path / "a.zarr")) == expected


def test_what_has_not_been_looked_at_has_a_name(tmp_path: Path):
    write_group(tmp_path / "a.zarr", "em")
    (one,) = browse(tmp_path / "a.zarr").children().entries
    assert columns(one) == ("em", "", "", "", "", "")
    assert lines(one) == [("", "Not looked at yet.")]
    assert lines(browse(tmp_path / "a.zarr"), 1) == [("Kind", "container"), ("Holds", "1")]


def test_an_empty_folder_says_so(tmp_path: Path):
    (tmp_path / "a" / "tiffs").mkdir(parents=True)
    (tmp_path / "a" / "tiffs" / "1.tif").write_bytes(b"II*")
    (folder,) = browse(tmp_path / "a").children().entries
    assert lines(folder.look()) == [("Kind", "group"), ("Holds", "nothing that can be opened")]


SIZES = {0: "0 bytes", 999: "999 bytes", 1500: "1.5 kB", 250e6: "250 MB", 3e15: "3,000 TB"}


@pytest.mark.parametrize(("nbytes", "text"), SIZES.items())
def test_sizes(nbytes: float, text: str):
    assert captions.size(int(nbytes)) == text


# ---------------------------------------------------------------------------------- listing


@pytest.fixture
def many(tmp_path: Path) -> Entry:
    """450 folders ``g000`` … and one called ``Other``."""
    root = tmp_path / "a.zarr"
    for name in [f"g{number:03}" for number in range(450)] + ["Other"]:
        (root / name).mkdir(parents=True)
    (root / ".zgroup").write_text('{"zarr_format": 2}')
    return browse(root)


def never() -> bool:
    return False


def test_parts_follow_each_other(many: Entry):
    names: list[str] = []
    start, more, sizes = 0, True, []
    while more:
        part = next_part(many, "", start, never)
        names += [entry.name for entry in part.entries]
        sizes.append(len(part.entries))
        start, more = part.following, part.more
        assert part.total == 451
    assert sizes == [BATCH, BATCH, 51]
    assert len(set(names)) == 451


def test_parts_of_what_is_looked_for_follow_each_other(many: Entry):
    first = next_part(many, "G", 0, never)
    second = next_part(many, "G", first.following, never)
    third = next_part(many, "G", second.following, never)
    found = [e.name for part in (first, second, third) for e in part.entries]
    assert found == [f"g{number:03}" for number in range(450)]
    assert (first.more, third.more) == (True, False)
    assert [e.name for e in next_part(many, "other", 0, never).entries] == ["Other"]


def test_looking_can_be_given_up(many: Entry):
    with pytest.raises(Cancelled):
        next_part(many, "x", 0, lambda: True)


def test_below_what_is_looked_for_all_is_listed(tmp_path: Path):
    write_group(tmp_path / "a.zarr/masks", "er", "golgi")
    write_group(tmp_path / "a.zarr/other", "er", "masks")
    (tmp_path / "a.zarr/.zgroup").write_text('{"zarr_format": 2}')
    root = browse(tmp_path / "a.zarr")
    children = look_all(root.children().entries)
    opened = Opened(root, {key_of(child): Opened(child) for child in children})
    branch = narrowed(opened, "mask", never)
    found = {e.name: [x.name for x in branch.below[key_of(e)].listed.entries]
             for e in branch.listed.entries}  # fmt: skip
    assert found == {"masks": ["er", "golgi"], "other": ["masks"]}


# ---------------------------------------------------------------------------------- reading


class Heard:
    def __init__(self) -> None:
        self.done: list[Any] = []
        self.failed: list[str] = []

    def run(self, reading: Reading, subject: object, work: Callable[..., Any]) -> None:
        reading.run(subject, work, self.done.append, self.failed.append)


@pytest.fixture
def reading(qtbot: QtBot) -> Reading:
    return Reading()


@pytest.mark.window
def test_the_newest_about_a_subject_counts(reading: Reading, qtbot: QtBot):
    heard = Heard()
    begun, gate, given_up = threading.Event(), threading.Event(), threading.Event()

    def slow(cancel: Callable[[], bool]) -> str:
        begun.set()
        assert gate.wait(60)
        if cancel():
            given_up.set()
            raise Cancelled
        return "old"

    heard.run(reading, "a", slow)
    assert begun.wait(60)
    heard.run(reading, "a", lambda _: "new")
    heard.run(reading, "b", lambda _: "other")
    gate.set()
    assert given_up.wait(60)
    qtbot.waitUntil(lambda: not reading.awaited())
    assert sorted(heard.done) == ["new", "other"]
    assert heard.failed == []


ERRORS = {
    "open": (OpenError(Problem("x", "error", "a.zarr", "is damaged")), "a.zarr: is damaged"),
    "value": (ValueError("no such thing"), "no such thing"),
    "memory": (MemoryError(), "There is not enough memory for it."),
}


@pytest.mark.window
@pytest.mark.parametrize(("error", "said"), ERRORS.values(), ids=ERRORS)
def test_errors_are_sentences(reading: Reading, qtbot: QtBot, error: Exception, said: str):
    heard = Heard()

    def fail(_: Any) -> None:
        raise error

    heard.run(reading, "a", fail)
    qtbot.waitUntil(lambda: bool(heard.failed))
    assert heard.failed == [said]
    assert reading.awaited() == []


@pytest.mark.window
def test_a_defect_is_shown_and_ends_the_wait(reading: Reading, qtbot: QtBot):
    heard = Heard()

    def fail(_: Any) -> None:
        raise KeyError("defect")

    with qtbot.captureExceptions() as raised:
        heard.run(reading, "a", fail)
        qtbot.waitUntil(lambda: bool(heard.failed))
    assert [kind for kind, _, _ in raised] == [KeyError]
    assert reading.awaited() == []


@pytest.mark.window
def test_what_is_given_up_is_not_heard_of(reading: Reading, qtbot: QtBot):
    heard = Heard()
    begun, gate, over = threading.Event(), threading.Event(), threading.Event()

    def slow(cancel: Callable[[], bool]) -> str:
        begun.set()
        assert gate.wait(60)
        over.set()
        return "old"

    heard.run(reading, ("x", 1), slow)
    assert begun.wait(60)
    reading.forget(lambda subject: subject == ("x", 1))
    assert reading.awaited() == []
    gate.set()
    assert over.wait(60)
    heard.run(reading, "next", lambda _: "next")
    qtbot.waitUntil(lambda: bool(heard.done))
    assert heard.done == ["next"]
    reading.stop()
