"""A web server on the loopback interface that remembers what it was asked for."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

METADATA = (".zattrs", ".zgroup", ".zarray", ".zmetadata", "zarr.json", "attributes.json")


class Served:
    """A folder on the web; ``found`` and ``missing`` count metadata files by path, whole reads."""

    def __init__(self, folder: Path) -> None:
        self.found: Counter[str] = Counter()
        self.missing: Counter[str] = Counter()
        lock = threading.Lock()
        served = self

        class Handler(SimpleHTTPRequestHandler):
            def __init__(self, *arguments: object) -> None:
                super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

            def send_head(self) -> object:
                key = self.path.split("?")[0].strip("/")
                if key.endswith(METADATA):
                    counter = served.found if (folder / key).is_file() else served.missing
                    with lock:
                        counter[key] += 1
                return super().send_head()

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[[Path], Served]]:
    """Serve folders until the test ends."""
    servers: list[Served] = []

    def start(folder: Path) -> Served:
        servers.append(Served(folder))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
