"""Change a dataset's scale and be killed just before the n-th file is replaced.

Run by itself: ``killed_metadata_edit.py PATH N``.
"""

import os
import signal
import sys
from pathlib import Path

from napari_strata.export.metadata.edit import edit_metadata

path, count = Path(sys.argv[1]), int(sys.argv[2])
replace, done = os.replace, 0


def counted(source, target):
    global done
    if "metadata-backup" not in str(target):
        if done == count:
            os.kill(os.getpid(), signal.SIGKILL)
        done += 1
    replace(source, target)


os.replace = counted
edit_metadata(path, image="em", scale={"y": 30}, translate={"x": 1}).write()
