"""What napari calls: the manifest, the reader through a real viewer, and the commands."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import npe2
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.errors import MultipleReaderError
from napari.settings import get_settings
from napari.utils.notifications import Notification, notification_manager
from npe2 import PluginManifest

import napari_strata
from formats.helpers import add_attributes, write_n5_array, write_ome_04
from napari_strata import plugin
from napari_strata.model import OpenError
from napari_strata.samples import Sample

PACKAGE = Path(napari_strata.__file__).parent
TOP = Path(__file__).parent.parent


@pytest.fixture
def notifications() -> Iterator[list[Notification]]:
    heard: list[Notification] = []
    notification_manager.notification_ready.connect(heard.append)
    yield heard
    notification_manager.notification_ready.disconnect(heard.append)


def write(folder: Path, *names: str) -> Path:
    """Write ``a.n5`` with images of 4 × 4 × 4 voxels of 4 nm."""
    for name in names:
        write_n5_array(folder / "a.n5" / name / "s0", (4, 4, 4))
        add_attributes(
            folder / "a.n5" / name / "attributes.json", scales=[[1, 1, 1]], resolution=[4, 4, 4]
        )
    return folder / "a.n5"


# -------------------------------------------------------------------------------- manifest


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return PluginManifest.from_file(PACKAGE / "napari.yaml")


def test_the_manifest_is_valid(manifest: PluginManifest):
    manifest.validate_imports()
    assert manifest.name == "napari-strata"


def test_npe2_itself_accepts_it():
    script = "from npe2.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, "validate", str(PACKAGE / "napari.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_manifest_at_the_top_is_the_packages():
    link = TOP / "napari.yaml"
    assert link.is_symlink()
    assert link.resolve() == (PACKAGE / "napari.yaml").resolve()


def test_the_installed_package_names_it():
    found = PluginManifest.from_distribution("napari-strata")
    assert [r.command for r in found.contributions.readers] == ["napari-strata.read"]


def test_menus_are_those_one_may_contribute_to(manifest: PluginManifest):
    allowed = "napari/file/io_utilities", "napari/layers/"
    assert all(menu.startswith(allowed) for menu in manifest.contributions.menus)
    known = {command.id for command in manifest.contributions.commands}
    items = [item.command for menu in manifest.contributions.menus.values() for item in menu]
    assert set(items) <= known


PATHS = {
    "/data/a.n5/attributes.json": True,
    "/data/a.zarr/zarr.json": True,
    "/data/a.zarr/.zattrs": True,
    "/data/a.zarr/.zgroup": True,
    "/data/a.zarr/0/.zarray": True,
    "https://host/a.n5": True,
    "https://host/a.n5/": True,
    "https://host/a.n5/em/raw": True,
    "https://host/a.zarr?token=1": True,
    "s3://bucket/a.zarr/em": True,
    "s3://bucket/em/attributes.json": True,
    "/data/em.precomputed": True,
    "/data/em.precomputed/info": True,
    "/data/em/info": True,
    "https://host/em.precomputed/4_4_4": True,
    "precomputed://gs://bucket/em": True,
    "gs://bucket/em/|neuroglancer-precomputed:": True,
    "/data/BB001.vsr": True,
    "s3://bucket/BB001.vsr/visor_raw_images": True,
    "https://host/BB001.vsr?token=1": True,
    "/data/a.tif": False,
    "/data/notes.json": False,
    "/data/my.info": False,
    "https://host/a.png": False,
}


@pytest.mark.parametrize("path", PATHS)
def test_the_patterns_of_the_reader(path: str, manifest: PluginManifest):
    readers = npe2.PluginManager()
    readers.register(manifest)
    found = [reader.command for reader in readers.iter_compatible_readers(path)]
    assert found == (["napari-strata.read"] if PATHS[path] else [])


# ---------------------------------------------------------------------------------- reader


def test_several_paths_as_a_stack_are_declined(tmp_path: Path):
    root = str(write(tmp_path, "raw"))
    assert plugin.get_reader([root, root]) is None
    assert plugin.get_reader([]) is None
    assert plugin.get_reader([root]) is plugin.read
    assert plugin.get_reader(root) is plugin.read
    assert plugin.get_reader(Path(root)) is plugin.read
    (tmp_path / "empty").mkdir()
    assert plugin.get_reader(str(tmp_path / "empty")) is None


def test_a_folder_that_holds_a_container_is_ours(tmp_path: Path):
    write(tmp_path, "raw")
    (tmp_path / "days").mkdir()
    (tmp_path / "days/x.ozx").touch()
    (tmp_path / "other").mkdir()
    (tmp_path / "other/x.tif").touch()
    assert plugin.get_reader(str(tmp_path)) is plugin.read
    assert plugin.get_reader(str(tmp_path / "days")) is plugin.read
    assert plugin.get_reader(str(tmp_path / "other")) is None


def test_reading_by_list_or_path(tmp_path: Path):
    root = write(tmp_path, "raw")
    assert len(plugin.read([str(root)])) == len(plugin.read(root)) == 1


@pytest.fixture(scope="module", autouse=True)
def _plugins() -> None:
    npe2.PluginManager.instance().discover()


def test_through_a_viewer(samples: dict[str, Sample]):
    viewer = ViewerModel()
    for sample in samples.values():
        opened = viewer.open(str(sample.path), plugin="napari-strata")
        assert opened, sample.name
        for layer in opened:
            assert layer.metadata["strata"]["format"] == sample.format
            assert layer.source.path == str(sample.path)
            assert layer.source.reader_plugin == "napari-strata"


@pytest.mark.parametrize("name", ["n5-viewer", "ome-zarr-0.4", "ome-zarr-0.5", "zarr-array"])
def test_napari_chooses_it_for_metadata_files(name: str, samples: dict[str, Sample]):
    folder = samples[name].path
    names = ("attributes.json", "zarr.json", ".zattrs", ".zarray")
    file = next(f for n in names for f in sorted(folder.rglob(n)))
    opened = ViewerModel().open(str(file), plugin=None)
    assert {layer.source.reader_plugin for layer in opened} == {"napari-strata"}
    assert opened[0].metadata["strata"]["format"] == name


@pytest.mark.parametrize("name", ["a.n5", "a.zarr"])
def test_napari_chooses_it_for_folders_once_it_is_the_users_choice(name: str, tmp_path: Path):
    """napari's own reader takes every folder, so it asks the user, who can settle it for good."""
    write(tmp_path, "raw").rename(tmp_path / name)
    path = str(tmp_path / name)
    viewer = ViewerModel()
    with pytest.raises(MultipleReaderError) as caught:
        viewer.open(path, plugin=None)
    assert caught.value.available_plugins == ["napari", "napari-strata"]
    preferences = get_settings().plugins
    before = preferences.extension2reader
    preferences.extension2reader = {f"*{Path(name).suffix}/": "napari-strata"}
    try:
        (layer,) = viewer.open(path, plugin=None)
    finally:
        preferences.extension2reader = before
    assert layer.source.reader_plugin == "napari-strata"


@pytest.mark.parametrize("part", ["raw", "raw/s0", "raw/attributes.json", "attributes.json"])
def test_any_part_of_a_container_leads_to_its_image(part: str, tmp_path: Path):
    root = write(tmp_path, "raw")
    add_attributes(root / "attributes.json", n5="4.0.0")
    (layer,) = ViewerModel().open(str(root / part), plugin="napari-strata")
    np.testing.assert_allclose(layer.scale, [0.004] * 3)


def test_what_cannot_be_opened_says_why_in_one_line(tmp_path: Path):
    (tmp_path / "a.n5").mkdir()
    (tmp_path / "a.n5/attributes.json").write_text("{")
    with pytest.raises(OpenError, match=r"attributes\.json: found a mistake at line 1"):
        ViewerModel().open(str(tmp_path / "a.n5"), plugin="napari-strata")


def test_an_image_that_cannot_be_drawn_is_refused_by_name(tmp_path: Path):
    write_n5_array(tmp_path / "a.n5/trace/s0", (50,))
    with pytest.raises(OpenError, match="trace: the image has one axis"):
        plugin.read(str(tmp_path / "a.n5"))


def test_how_many_more_images_there_are(tmp_path: Path, notifications: list[Notification]):
    root = write(tmp_path, *(f"i{index}" for index in range(11)))
    viewer = ViewerModel()
    assert len(viewer.open(str(root), plugin="napari-strata")) == 8
    (notification,) = notifications
    assert "3 more images" in notification.message
    assert str(notification.severity) == "info"


def test_problems_are_told_once_and_in_few_words(tmp_path: Path, notifications: list[Notification]):
    root = write(tmp_path, "raw", "second")
    for name in ("raw", "second"):
        add_attributes(root / name / "attributes.json", scales=[[1, 1, 1], [2, 2, 2]])
    ViewerModel().open(str(root), plugin="napari-strata")
    (notification,) = notifications
    assert str(notification.severity) == "warning"
    assert 'found no array at "raw/s1"' in notification.message or "raw/" in notification.message
    assert "and 1 more" in notification.message


def test_a_sound_dataset_is_opened_quietly(
    samples: dict[str, Sample], notifications: list[Notification]
):
    for sample in samples.values():
        ViewerModel().open(str(sample.path), plugin="napari-strata")
    assert notifications == []


def write_with_first_plane(folder: Path, name: str, index: int) -> str:
    """Write two channels of 9 planes, 4 µm apart from z = 100 µm; the first shown is ``index``."""
    levels: dict[str, Any] = {
        "0": ((2, 9, 8, 8), {"scale": [1, 4, 1, 1], "translation": [0, 100, 0, 0]}),
        "1": ((2, 9, 4, 4), {"scale": [1, 4, 2, 2], "translation": [0, 100, 0.5, 0.5]}),
    }
    omero = {"rdefs": {"defaultZ": index}}
    return str(write_ome_04(folder / name, levels, "czyx", omero=omero))


@pytest.mark.window
def test_the_declared_plane_is_shown_first(
    tmp_path: Path, make_napari_viewer: Callable[..., Any], qtbot: Any
):
    viewer = make_napari_viewer(show=True)
    viewer.open(write_with_first_plane(tmp_path, "a.zarr", 7), plugin="napari-strata")
    assert len(viewer.layers) == 2
    assert viewer.dims.point[0] == 128  # 100 + 4 · 7
    qtbot.wait(50)  # whatever the window still has to do
    assert viewer.dims.current_step[0] == 7
    assert viewer.window._qt_viewer.dims.slider_widgets[0].slider.value() == 7
    viewer.dims.set_current_step(0, 2)  # the user's move is not undone
    viewer.open(write_with_first_plane(tmp_path, "b.zarr", 5), plugin="napari-strata")
    assert viewer.dims.current_step[0] == 2
    viewer.layers.clear()
    viewer.open(write_with_first_plane(tmp_path, "c.zarr", 5), plugin="napari-strata")
    assert viewer.dims.current_step[0] == 5  # another reading, into an empty viewer


def test_without_a_viewer_the_declared_plane_is_told(tmp_path: Path):
    (first, second) = plugin.read(write_with_first_plane(tmp_path, "a.zarr", 7))
    for layer in (first, second):
        assert layer.metadata["strata"]["first_position"] == {"z": 7}


# --------------------------------------------------------------------------------- commands


@pytest.mark.parametrize("command", [plugin.open_samples, plugin.move_to_common_origin])
def test_commands_without_a_viewer_say_so(command: Callable[[], None]):
    with pytest.raises(RuntimeError, match="no napari viewer is open"):
        command()


@pytest.mark.window
def test_the_command_moves_a_far_image_home(tmp_path: Path, make_napari_viewer: Callable[..., Any]):
    viewer = make_napari_viewer(show=True)
    transform = {"axes": ["z", "y", "x"], "units": ["nm"] * 3, "scale": [4] * 3}
    far = transform | {"translate": [0, 0, 1e8]}
    write_n5_array(tmp_path / "a.n5/raw/s0", (4, 4, 4), transform=far)
    (layer,) = viewer.open(str(tmp_path / "a.n5"), plugin="napari-strata")
    assert layer.translate.tolist() == [0, 0, 1e5]
    plugin.move_to_common_origin()
    assert layer.translate.tolist() == [0, 0, 0]


@pytest.mark.window
def test_the_samples_leave_the_users_layers_alone(make_napari_viewer: Callable[..., Any]):
    viewer = make_napari_viewer(show=True)
    own = viewer.add_image(np.zeros((9, 9)), name="mine", opacity=0.7, visible=False)
    plugin.open_samples()
    assert len(viewer.layers) > 8
    assert (own.visible, own.opacity, own.blending) == (False, 0.7, "translucent_no_depth")
