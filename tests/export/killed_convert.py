"""Runs ``convert`` many times, each in a process of its own, killed at a moment of its own.

``FOLDER KILLS SEED``: FOLDER holds ``src.zarr`` and ``old.zarr``. For each number there is then a
folder with what the kill left, ``killed``, and what resuming made of it, ``resumed``. Processes
are forked from this one, which has imported everything and used nothing, to save the time that
starting takes. A process's own timer ends it wherever it is, as a kill does: without any of its
code running.
"""

import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import tensorstore  # noqa: F401  # imported before all forks

from napari_strata import cli
from napari_strata.export import convert, ome_zarr, verify  # noqa: F401
from napari_strata.export.pixels import blocks

OPTIONS = ("--all", "--replace", "--chunks", "8,8,8", "--shards", "16,16,16", "--factors", "2,2,2")
OPTIONS += ("--scheduler", "threads")


def forked(seconds, *arguments):
    """Run the command in a process that ends after so many seconds; return its status."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    code = 99
    try:
        blocks._LEAST_BYTES = 1
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        if seconds is not None:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, seconds)
        cli.main([str(argument) for argument in arguments])
    except SystemExit as stop:
        code = stop.code or 0
    finally:
        os._exit(code)


def kill_and_resume(source, old, folder, seconds):
    """Kill one export and resume it; keep what was there in between."""
    folder.mkdir()
    target = folder / "it.ome.zarr"
    if old is not None:
        shutil.copytree(old, target)
    killed = forked(seconds, "convert", source, target, *OPTIONS)
    shutil.copytree(folder, folder.with_name(f"{folder.name}-killed"))
    resumed = forked(None, "convert", source, target, *OPTIONS, "--resume")
    print(folder.name, killed, resumed, flush=True)


if __name__ == "__main__":
    root, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    begin = time.perf_counter()
    assert forked(None, "convert", root / "src.zarr", root / "whole", *OPTIONS) == 0
    duration = time.perf_counter() - begin
    moments = random.Random(seed)
    for number in range(kills):
        old = root / "old.zarr" if number % 2 else None
        seconds = (0.15 + moments.random()) * duration
        kill_and_resume(root / "src.zarr", old, root / str(number), seconds)

__all__ = ["np"]
