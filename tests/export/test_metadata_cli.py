"""The metadata commands: a dry run by default, one line an error."""

import subprocess
import sys

import pytest
import typer.testing

from export import metadata_stores as stores
from export.metadata_stores import ome_places, read_json, tree
from napari_strata.cli_metadata import app


def run(*arguments):
    return typer.testing.CliRunner().invoke(app, [str(a) for a in arguments])


def test_edit_shows_and_writes_only_when_asked(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    before = tree(tmp_path)
    arguments = ("edit", path, "--scale", "y=3", "--translate", "x=100", "--unit", "nm")
    done = run(*arguments)
    assert done.exit_code == 0
    assert "+++ b/.zattrs" in done.stdout
    assert "1 file would change; --write writes it." in done.stdout
    assert tree(tmp_path) == before
    done = run(*arguments, "--write")
    assert done.exit_code == 0
    assert "a.zarr.metadata-backup" in done.stdout
    assert ome_places(path)["1"] == ([4, 6, 4], [10, 21.5, 101])
    axes = read_json(path / ".zattrs")["multiscales"][0]["axes"]
    assert [a["unit"] for a in axes] == ["nanometer"] * 3
    assert "Nothing changes." in run(*arguments, "--write").stdout


def test_edit_by_a_level_with_units_by_axis_and_names(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    done = run(
        "edit", path, "--scale", "y=8", "--level", "1", "--unit", "z=nm,x=none",
        "--axes", "z, v, x", "--write",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert ome_places(path)["0"][0] == [4, 4, 2]
    axes = read_json(path / ".zattrs")["multiscales"][0]["axes"]
    assert [(a["name"], a.get("unit")) for a in axes] == [
        ("z", "nanometer"), ("v", "micrometer"), ("x", None),
    ]  # fmt: skip


def test_restore(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    before = (path / ".zattrs").read_bytes()
    run("edit", path, "--scale", "y=3", "--write")
    listed = run("restore", path, "--list").stdout
    assert "done" in listed
    done = run("restore", path)
    assert done.exit_code == 0
    assert "1 file" in done.stdout
    assert (path / ".zattrs").read_bytes() == before
    again = run("restore", path)
    assert again.exit_code == 2
    assert "no change of its metadata is left" in again.stderr


def test_regenerate(tmp_path):
    path = stores.cosem(tmp_path / "a.n5", group=False)
    assert not (path / "em" / "attributes.json").exists()
    done = run("regenerate", path, "--from", "arrays", "--write")
    assert done.exit_code == 0, done.output
    assert "neuroglancer-without-origin" not in done.stderr  # codes are for programs
    assert "Neuroglancer's keys have no origin" in done.stderr
    assert read_json(path / "em" / "attributes.json")["scales"] == [[1, 1, 1], [2, 2, 1]]


def test_ome_over_n5(tmp_path):
    path = stores.cosem(tmp_path / "a.n5")
    done = run("ome-over-n5", path, "--image", "em", "--write")
    assert done.exit_code == 0, done.output
    assert (path / "em" / "s1" / "zarr.json").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("edit", "{}", "--scale", "q=1"), "found no axis q"),
        (("edit", "{}/nowhere", "--scale", "x=1"), "does not exist"),
        (("edit", "s3://bucket/a.zarr", "--scale", "x=1"), "no folder of this computer"),
        (("regenerate", "{}", "--from", "arrays"), "is no N5 group"),
        (("ome-over-n5", "{}"), "expected N5"),
        (("restore", "{}"), "no change of its metadata"),
    ],
    ids=["axis", "missing", "remote", "regenerate", "ome-over-n5", "restore"],
)
def test_a_refusal_is_one_line(tmp_path, arguments, message):
    path = stores.ome_04(tmp_path / "a.zarr")
    done = run(*(a.format(path) for a in arguments))
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("napari-strata: ")
    assert message in done.stderr


@pytest.mark.parametrize("text", ["x", "x=a", "=1", "x=1,x=2", ""])
def test_numbers_that_cannot_be_read(tmp_path, text):
    path = stores.ome_04(tmp_path / "a.zarr")
    assert run("edit", path, "--scale", text).exit_code == 2


def test_neither_napari_nor_qt_is_imported(tmp_path):
    path = stores.ome_04(tmp_path / "a.zarr")
    script = (
        "import sys\n"
        "from napari_strata.cli_metadata import app\n"
        "app(sys.argv[1:], standalone_mode=False)\n"
        "print(sorted({'napari', 'qtpy', 'vispy', 'dask', 'zarr'} & sys.modules.keys()))\n"
    )
    arguments = ["edit", str(path), "--scale", "y=3", "--write"]
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
