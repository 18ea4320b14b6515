"""An export that kills its own process while it reads: ``SOURCE TARGET JOURNAL WAY READS``."""

import os
import signal
import sys
import threading
from pathlib import Path

from tests.export.exporting import export, level_source


class Deadly:
    """A source whose n-th read is the process's last act."""

    def __init__(self, source, reads):
        self._source = source
        self._left = reads
        self._lock = threading.Lock()

    def __getattr__(self, name):
        return getattr(self._source, name)

    def read(self, region):
        with self._lock:
            self._left -= 1
            if self._left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return self._source.read(region)


if __name__ == "__main__":
    folder, target, journal, way, reads = sys.argv[1:]
    source = Deadly(level_source(Path(folder)), int(reads))
    export(source, Path(target), way=way, journal=journal, workers=3)
