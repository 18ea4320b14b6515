"""What importing the package and declining a folder cost, seen from a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from containers import build, load_cases

FORBIDDEN = {"qtpy", "PyQt5", "PyQt6", "PySide2", "PySide6", "dask", "napari", "tensorstore"}

DECLINE = """
import json, sys
seen = []
def hook(event, args):
    if event in ("open", "os.listdir", "os.scandir") and args and isinstance(args[0], (str, bytes)):
        seen.append((event, args[0] if isinstance(args[0], str) else args[0].decode()))
sys.addaudithook(hook)
from napari_strata.plugin import get_reader
seen.clear()
answer = get_reader(sys.argv[1])
inside = [(event, path) for event, path in seen if path.startswith(sys.argv[1])]
print(json.dumps({"declined": answer is None, "inside": inside,
                  "modules": sorted({name.split(".")[0] for name in sys.modules})}))
"""


def fresh(code: str, *arguments: str) -> Any:
    """Run ``code`` in a process of its own; return the JSON it prints last."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout.splitlines()[-1])


def test_importing_the_package():
    modules = fresh(
        "import json, sys; import napari_strata\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    )
    assert not FORBIDDEN & set(modules), FORBIDDEN & set(modules)


def test_importing_writes_and_prints_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-B", "-c", "import napari_strata"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_opening_needs_no_viewer(tmp_path):
    """Metadata is inspected without Qt, napari, dask or tensorstore."""
    case = next(c for c in load_cases("n5.json") if c["name"] == "cosem_order_F")
    path = build(case, tmp_path)
    modules = fresh(
        "import json, sys; import napari_strata as strata\n"
        "dataset = strata.open(sys.argv[1]); dataset.images[0].levels[0].affine\n"
        "print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))",
        str(path),
    )
    assert not {"qtpy", "PyQt6", "PySide6", "napari"} & set(modules)


def empty(folder: Path) -> None:
    folder.mkdir()


def pictures(folder: Path) -> None:
    folder.mkdir()
    for index in range(50):
        (folder / f"{index:03}.png").write_bytes(b"\x89PNG\r\n\x1a\n")


def many_folders(folder: Path) -> None:
    for index in range(50):
        (folder / f"s{index}").mkdir(parents=True)
        (folder / f"s{index}" / "data.bin").write_bytes(b"1")


def project(folder: Path) -> None:
    (folder / ".git").mkdir(parents=True)
    for name in ("package.json", "pyproject.toml", "index.json", "metadata.json", "settings.json"):
        (folder / name).write_text("{}")


def foreign_info(folder: Path) -> None:
    folder.mkdir()
    (folder / "info").write_text('{"about": "not precomputed"}')


def foreign_attributes(folder: Path) -> None:
    folder.mkdir()
    (folder / "attributes.json").write_text('{"color": "red"}')


def holds_an_n5_deep_inside(folder: Path) -> None:
    (folder / "a" / "b.n5").mkdir(parents=True)
    (folder / "a" / "b.n5" / "attributes.json").write_text('{"n5": "2.5.1"}')


FOREIGN = {
    f.__name__: f
    for f in (empty, pictures, many_folders, project, foreign_info, holds_an_n5_deep_inside)
}


@pytest.mark.parametrize("name", FOREIGN)
def test_declining_a_foreign_folder(name, tmp_path):
    folder = tmp_path / "folder"
    FOREIGN[name](folder)
    result = fresh(DECLINE, str(folder))
    assert result["declined"]
    check_cost(result)


def check_cost(result: dict[str, Any]) -> None:
    listings = [path for event, path in result["inside"] if event != "open"]
    reads = [path for event, path in result["inside"] if event == "open"]
    assert len(listings) <= 1, listings
    assert len(reads) <= 2, reads
    assert not FORBIDDEN & set(result["modules"]), FORBIDDEN & set(result["modules"])


def test_the_counter_counts(tmp_path):
    """The same recorder sees the reads where something IS read."""
    folder = tmp_path / "folder"
    folder.mkdir()
    code = DECLINE.replace(
        "answer = get_reader(sys.argv[1])",
        "import os; os.listdir(sys.argv[1]); open(sys.argv[1] + '/x', 'w').close(); answer = None",
    )
    assert fresh(code, str(folder))["inside"] == [
        ["os.listdir", str(folder)],
        ["open", f"{folder}/x"],
    ]


def test_an_attributes_file_of_something_else(tmp_path):
    """Claimed or declined (it carries the marker's name), it costs no more than another."""
    folder = tmp_path / "folder"
    foreign_attributes(folder)
    check_cost(fresh(DECLINE, str(folder)))


@pytest.mark.parametrize("name", ["a.tif", "notes.txt", "table.csv", "image.png", "data.json"])
def test_declining_a_foreign_file(name, tmp_path):
    path = tmp_path / name
    path.write_text("{}")
    result = fresh(DECLINE, str(path))
    assert result["declined"]
    check_cost(result)


@pytest.mark.parametrize(
    "path", ["/nowhere/at/all", "https://example.invalid/picture.png", "", "not a path\0"]
)
def test_declining_what_is_not_there(path):
    if "\0" in path:
        from napari_strata.plugin import get_reader

        assert get_reader(path) is None
        return
    result = fresh(DECLINE, path)
    assert result["declined"]
    if path:
        check_cost(result)


def test_a_stack_of_files_is_declined():
    """Napari hands over a list where the user asked for a stack."""
    from napari_strata.plugin import get_reader

    assert get_reader(["/a/1.tif", "/a/2.tif"]) is None


@pytest.mark.parametrize("name", ["data.n5", "data.zarr", "x.ome.zarr"], ids=lambda name: name)
def test_a_suffix_is_enough(name, tmp_path):
    (tmp_path / name).mkdir()
    result = fresh(DECLINE, str(tmp_path / name))
    assert not result["declined"]
    check_cost(result)


@pytest.mark.parametrize("case", load_cases("n5.json")[:3], ids=lambda case: case["name"])
def test_claiming_an_image_is_cheap_too(case, tmp_path):
    result = fresh(DECLINE, str(build(case, tmp_path)))
    assert not result["declined"]
    assert not FORBIDDEN & set(result["modules"])
