"""Staging beside the target: what is there after every kind of end."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from napari_strata.export.errors import ExportError
from napari_strata.export.safety import exchange, partial, stage_folder
from napari_strata.export.safety import lock as lock_module
from napari_strata.export.safety.lock import Lock, Locked
from napari_strata.export.safety.partial import partial_of, read_note
from napari_strata.export.safety.place import TargetExists, check_target
from napari_strata.export.safety.stage_folder import LeftoverError, leftover, staged

TOLD = {"source": "a", "level 0": "64 × 64"}
GROUP = '{"zarr_format": 3, "node_type": "group"}'


def files(folder: Path):
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def old_dataset(target: Path):
    (target / "em").mkdir(parents=True)
    (target / "zarr.json").write_text(GROUP)
    (target / "em/zarr.json").write_text(GROUP)
    return files(target)


def stage(target, told=TOLD, *, replace=False, **wishes):
    return staged(target, told, check=lambda: check_target(target, replace=replace), **wishes)


def fill(stage):
    (stage.folder / "zarr.json").write_text(GROUP)
    (stage.journals / "0").write_text("notes")


def broken_off(target, **wishes):
    """Leave what an export leaves that fails half-way."""

    def export():
        with stage(target, **wishes) as staging:
            fill(staging)
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        export()


@pytest.fixture(params=["one step", "two renames"])
def renaming(request, monkeypatch):
    """Exchange in one step, or as where the system cannot."""
    if request.param == "two renames":
        monkeypatch.setattr(exchange, "_rename_linux", lambda *_: False)
    elif sys.platform != "linux":
        pytest.skip("only Linux exchanges two names in one step")


@pytest.mark.parametrize("name", ["it.zarr", "zwei Worte 木.zarr"])
def test_a_new_target_holds_what_was_written_and_nothing_is_left(name, tmp_path, renaming):
    target = tmp_path / name
    with stage(target) as staging:
        assert staging.folder.name == name
        fill(staging)
        assert not target.exists()
        staging.place()
    assert files(target) == {"zarr.json": GROUP}
    assert os.listdir(tmp_path) == [name]


def test_what_is_replaced_is_there_until_the_new_one_is(tmp_path, renaming):
    target = tmp_path / "it.zarr"
    old = old_dataset(target)
    with stage(target, replace=True) as staging:
        fill(staging)
        assert files(target) == old
        staging.place()
        assert files(target) == {"zarr.json": GROUP}
    assert os.listdir(tmp_path) == ["it.zarr"]


def test_a_failure_leaves_the_target_and_something_to_resume(tmp_path):
    target = tmp_path / "it.zarr"
    old = old_dataset(target)
    broken_off(target, replace=True)
    assert files(target) == old
    assert leftover(target) == tmp_path / ".it.zarr.partial"
    with stage(target, replace=True, resume=True) as staging:
        assert files(staging.journals) == {"0": "notes"}
        assert files(staging.folder) == {"zarr.json": GROUP}
        staging.place()
    assert files(target) == {"zarr.json": GROUP}
    assert os.listdir(tmp_path) == ["it.zarr"]


def test_a_failure_of_what_cannot_be_resumed_leaves_nothing(tmp_path):
    broken_off(tmp_path / "it.zarr", keep=False)
    assert os.listdir(tmp_path) == []


def test_a_leftover_is_told_and_kept(tmp_path):
    target = tmp_path / "it.zarr"
    broken_off(target)
    before = files(tmp_path)
    with pytest.raises(LeftoverError, match=r"\.it\.zarr\.partial is left of it"), stage(target):
        pytest.fail("it was begun")
    assert files(tmp_path) == before


def test_a_leftover_is_discarded_on_request(tmp_path):
    target = tmp_path / "it.zarr"
    broken_off(target)
    with stage(target, {"source": "b"}, discard=True) as staging:
        assert files(staging.folder) == files(staging.journals) == {}


def test_locks_of_a_killed_writer_are_swept(tmp_path):
    with stage(tmp_path / "it.zarr") as staging:
        fill(staging)
        (staging.folder / "0/c").mkdir(parents=True)
        (staging.folder / "0/c/7.__lock").write_text("")
        (staging.folder / "0/c/7").write_text("")
        staging.sweep()
        assert set(files(staging.folder)) == {"zarr.json", "0/c/7"}


def test_notes_never_tell_of_what_is_gone(tmp_path, monkeypatch):
    """Discarding may be broken off too: then there is data without notes, not notes without."""
    target = tmp_path / "it.zarr"
    broken_off(target)
    remove = stage_folder.shutil.rmtree
    removed = []

    def once(path):
        if removed:
            raise KeyboardInterrupt
        removed.append(path)
        remove(path)

    monkeypatch.setattr(stage_folder.shutil, "rmtree", once)
    with pytest.raises(KeyboardInterrupt), stage(target, discard=True):
        pytest.fail("it was begun")
    assert not (partial_of(target) / "journals").exists()
    assert (partial_of(target) / "it.zarr/zarr.json").exists()


def test_a_new_one_that_cannot_be_moved_in_leaves_the_old_one(tmp_path, monkeypatch):
    target = tmp_path / "it.zarr"
    old = old_dataset(target)
    rename = os.rename

    def refuse_the_new(path, to):
        if Path(path).parent == partial_of(target) and Path(path).name == "it.zarr":
            raise PermissionError(13, "not allowed")
        rename(path, to)

    monkeypatch.setattr(exchange, "_rename_linux", lambda *_: False)
    monkeypatch.setattr(os, "rename", refuse_the_new)

    def export():
        with stage(target, replace=True) as staging:
            fill(staging)
            staging.place()

    with pytest.raises(PermissionError):
        export()
    assert files(target) == old
    monkeypatch.undo()
    with stage(target, replace=True, resume=True) as staging:
        staging.place()
    assert files(target) == {"zarr.json": GROUP}
    assert os.listdir(tmp_path) == ["it.zarr"]


def test_another_plan_is_not_resumed_and_says_why(tmp_path):
    target = tmp_path / "it.zarr"
    broken_off(target)
    before = files(tmp_path)
    other = {"source": "a", "level 0": "32 × 32"}
    with (
        pytest.raises(ExportError, match="level 0: then 64 × 64, now 32 × 32"),
        stage(target, other, resume=True),
    ):
        pytest.fail("it was begun")
    assert files(tmp_path) == before


def test_resuming_nothing_begins(tmp_path):
    with stage(tmp_path / "it.zarr", resume=True) as staging:
        fill(staging)
        staging.place()
    assert os.listdir(tmp_path) == ["it.zarr"]


def test_something_that_appeared_meanwhile_is_not_overwritten(tmp_path):
    target = tmp_path / "it.zarr"

    def export():
        with stage(target) as staging:
            fill(staging)
            target.mkdir()
            (target / "thesis.docx").write_text("mine")
            staging.place()

    with pytest.raises(TargetExists):
        export()
    assert files(target) == {"thesis.docx": "mine"}
    assert leftover(target) is not None


def test_something_that_appeared_in_the_last_moment_is_not_overwritten(tmp_path):
    target = tmp_path / "it.zarr"
    made = tmp_path / "made"
    made.mkdir()
    target.write_text("mine")
    with pytest.raises(OSError, match=r"it\.zarr"):
        exchange.move_to_free_name(made, target)
    assert target.read_text() == "mine"
    assert made.is_dir()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_a_foreign_thing_called_as_ours_is_left_alone(kind, tmp_path):
    target = tmp_path / "it.zarr"
    partial = partial_of(target)
    if kind == "file":
        partial.write_text("mine")
    elif kind == "link":
        (tmp_path / "elsewhere").mkdir()
        partial.symlink_to(tmp_path / "elsewhere")
    else:
        partial.mkdir()
        (partial / "thesis.docx").write_text("mine")
    with pytest.raises(ExportError, match="in the way"), stage(target, discard=True):
        pytest.fail("it was begun")
    assert kind == "link" or "mine" in (
        partial.read_text() if kind == "file" else files(partial).values()
    )


@pytest.mark.parametrize("text", ["{", "[]", '{"strata-export": 99}', "[" * 100_000])
def test_a_damaged_note_is_told(text, tmp_path):
    target = tmp_path / "it.zarr"
    broken_off(target)
    (partial_of(target) / "export.json").write_text(text)
    with pytest.raises(ExportError, match=r"export\.json"), stage(target, discard=True):
        pytest.fail("it was begun")


def test_a_folder_without_a_note_may_be_somebodys(tmp_path):
    target = tmp_path / "it.zarr"
    broken_off(target)
    (partial_of(target) / "export.json").unlink()
    with pytest.raises(ExportError, match="may not be ours"), stage(target, discard=True):
        pytest.fail("it was begun")
    assert (partial_of(target) / "it.zarr/zarr.json").exists()


# ------------------------------------------------------------------ killed while it is put in place

MOMENTS = range(1, 10)
AFTER = ("resume", "begin anew")

KILLED = """
import os, signal, sys
from pathlib import Path
from napari_strata.export.safety import exchange
from napari_strata.export.safety import stage_folder
from tests.export.test_safety_stage import AFTER, MOMENTS, fill, old_dataset, stage

folder, way = Path(sys.argv[1]), sys.argv[2]
calls = 0

def deadly(function, moment):
    def call(*arguments, **named):
        global calls
        calls += 1
        if calls == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)
    return call

def export(target, moment):
    if way == "two renames":
        exchange._rename_linux = lambda *_: False
    with stage(target, replace=True) as staging:
        fill(staging)
        exchange._rename_linux = deadly(exchange._rename_linux, moment)
        exchange.sync_folder = deadly(exchange.sync_folder, moment)
        stage_folder.shutil.rmtree = deadly(stage_folder.shutil.rmtree, moment)
        os.rename = deadly(os.rename, moment)
        os.replace = deadly(os.replace, moment)
        staging.place()

for after in AFTER:
    for moment in MOMENTS:
        target = folder / after / str(moment) / "it.zarr"
        old_dataset(target)
        child = os.fork()
        if not child:
            export(target, moment)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(after, moment, status, flush=True)
"""


@pytest.fixture(scope="module", params=["one step", "two renames"])
def killed(request, tmp_path_factory):
    """Kill an export at each step of putting it in place; return whether it was killed, by both."""
    folder = tmp_path_factory.mktemp("killed")
    command = [sys.executable, "-c", KILLED, str(folder), request.param]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    lines = [line.rsplit(" ", 2) for line in done.stdout.splitlines()]
    statuses = {(after, int(moment)): int(status) for after, moment, status in lines}
    assert set(statuses.values()) <= {0, signal.SIGKILL}, done.stderr
    return folder, request.param, statuses


def test_there_are_several_steps_to_be_killed_at(killed):
    _, way, statuses = killed
    count = sum(statuses["resume", moment] != 0 for moment in MOMENTS)
    assert count == {"one step": 5, "two renames": 8}[way]


@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_each_step_of_putting_in_place(moment, after, killed):
    folder, way, statuses = killed
    target = folder / after / str(moment) / "it.zarr"
    old = {"zarr.json": GROUP, "em/zarr.json": GROUP}
    new = {"zarr.json": GROUP}
    now = files(target) if target.exists() else None
    assert now in (old, new) or (now is None and way == "two renames")
    if after == "resume":
        with stage(target, replace=True, resume=True) as staging:
            if now == new and statuses[after, moment]:
                assert staging.is_placed
            elif statuses[after, moment]:
                assert files(staging.folder) == new
                assert files(target) == old
            if not staging.is_placed:
                fill(staging)
                staging.place()
    else:
        with stage(target, {"source": "b"}, replace=True, discard=True) as staging:
            assert files(target) == (now or old)
            assert files(staging.folder) == {}
            fill(staging)
            staging.place()
    assert files(target) == new
    assert os.listdir(target.parent) == ["it.zarr"]


def test_two_folders_of_which_none_is_known_are_left(tmp_path):
    target = tmp_path / "it.zarr"
    old = old_dataset(target)
    broken_off(target, replace=True)
    note = partial_of(target) / "export.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "placing": 1}))
    with pytest.raises(ExportError, match="cannot be told"), stage(target, discard=True):
        pytest.fail("it was begun")
    assert files(target) == old
    assert read_note(partial_of(target)) is not None


# --------------------------------------------------------------------------------------- the lock

HOLDER = """
import sys
from pathlib import Path
from tests.export.test_safety_stage import fill, stage
with stage(Path(sys.argv[1])) as staging:
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_export_at_a_time(tmp_path):
    target = tmp_path / "it.zarr"
    command = [sys.executable, "-c", HOLDER, str(target)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        for wish in ({}, {"resume": True}, {"discard": True}):
            with pytest.raises(Locked, match=f"process {holder.pid} on"), stage(target, **wish):
                pytest.fail("both write")
        holder.kill()
    # The lock of a killed process is none.
    with stage(target, resume=True) as staging:
        staging.place()
    assert os.listdir(tmp_path) == ["it.zarr"]


def test_one_export_at_a_time_in_one_process(tmp_path):
    target = tmp_path / "it.zarr"
    with stage(target), pytest.raises(Locked), stage(target, resume=True):
        pytest.fail("both write")
    assert leftover(target) is not None


@pytest.mark.parametrize(
    ("pid", "host", "is_free"),
    [
        (os.getpid(), None, False),
        (2**22 + 1, None, True),  # beyond the largest pid there can be
        (2**22 + 1, "another-computer", False),
        (-1, None, True),
    ],
    ids=["this process", "no such process", "another computer", "no process"],
)
def test_where_a_filesystem_has_no_locks_the_process_is_looked_for(
    pid, host, is_free, tmp_path, monkeypatch
):
    file = tmp_path / "lock"
    monkeypatch.setattr(lock_module, "_try_lock", lambda handle: None)
    text = {"pid": pid, "host": host or lock_module.socket.gethostname()}
    file.write_text(json.dumps(text))
    if is_free:
        Lock(file).release()
        assert not file.exists()
    else:
        with pytest.raises(Locked, match=str(pid)):
            Lock(file)


def test_another_version_does_not_go_on(tmp_path, monkeypatch):
    target = tmp_path / "it.zarr"
    broken_off(target)
    monkeypatch.setattr(partial, "version", lambda package: "9.9")

    def resume():
        with stage(target, resume=True):
            pass

    with pytest.raises(ExportError, match=r"program: then napari-strata \S+, now napari-strata 9"):
        resume()
    assert files(partial_of(target))["it.zarr/zarr.json"] == GROUP
