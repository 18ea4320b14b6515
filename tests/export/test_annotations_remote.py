"""Annotations beside a dataset on a server: one request where there are none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Image, Layer, Points

import napari_strata as strata
from napari_strata.layers.build import build


class Server(ThreadingHTTPServer):
    """Serves a folder; keeps the paths that were asked for, and what to answer for the missing."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self.missing = 404
        self.broken: set[str] = set()
        server = self

        class Handler(SimpleHTTPRequestHandler):
            def __init__(self, *given: Any) -> None:
                super().__init__(*given, directory=str(folder))

            def do_GET(self) -> None:
                server.asked.append(self.path)
                path = Path(self.translate_path(self.path))
                if path.name in server.broken:
                    self.send_error(400)
                elif path.is_file():
                    super().do_GET()
                else:
                    self.send_error(server.missing)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def beside(self) -> list[str]:
        """What was asked for outside of the dataset."""
        return [path for path in self.asked if not path.startswith("/a.ome.zarr/")]


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    serving = Server(tmp_path)
    thread = threading.Thread(target=serving.serve_forever, args=(0.01,))
    thread.start()
    yield serving
    serving.shutdown()
    thread.join()
    serving.server_close()


def write(folder: Path, *layers: Layer) -> None:
    em = Image(np.arange(64, dtype=np.uint8).reshape(4, 4, 4), name="em", units="um")
    strata.export([em, *layers], folder / "a.ome.zarr")


def test_come_back_and_can_be_opened_again(tmp_path, server):
    write(tmp_path, Points([[1.0, 2.0, 3.0]], scale=(2, 2, 2), name="p", units="um"))
    opened = strata.open(f"{server.url}/a.ome.zarr")
    assert opened.problems == ()
    assert [g.name for g in opened.geometries] == ["p"]
    assert opened.geometries[0].read().vertices.tolist() == [[2, 4, 6]]
    (_, layer) = build(opened).layers
    path = layer[1]["metadata"]["strata"]["path"]
    assert path == f"{server.url}/a.annotations/p.zarrvectors"
    assert strata.open(path).geometries[0].name == "p"
    assert strata.open(f"{server.url}/a.annotations").geometries[0].name == "p"


@pytest.mark.parametrize("status", [404, 403])
def test_one_request_where_there_are_none(tmp_path, server, status):
    write(tmp_path)
    server.missing = status
    opened = strata.open(f"{server.url}/a.ome.zarr")
    assert not [p for p in opened.problems if "annotations" in p.where]
    assert server.beside() == ["/a.annotations/manifest.json"]


def test_a_manifest_that_cannot_be_read_is_told(tmp_path, server):
    write(tmp_path, Points([[1.0, 2.0, 3.0]], name="p"))
    server.broken = {"manifest.json"}
    opened = strata.open(f"{server.url}/a.ome.zarr")
    assert len(opened.images) == 1
    assert opened.geometries == ()
    assert [p.code for p in opened.problems] == ["unreadable"]
