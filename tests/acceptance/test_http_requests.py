"""What opening costs over HTTP, counted by a server on the loopback interface.

Every request is recorded: also those that fail, HEADs and listings.
"""

from __future__ import annotations

import contextlib
import html
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from checks import as_json, check_levels, one_line, run_cli
from containers import build

import napari_strata as strata


class RecordingServer(ThreadingHTTPServer):
    """Knows its connections, so that none outlives the server by being kept alive."""

    daemon_threads = True

    def __init__(self, *arguments: Any) -> None:
        self.connections: list[socket.socket] = []
        super().__init__(*arguments)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.connections.append(connection)
        return connection, address

    def handle_error(self, *_: object) -> None:
        """A connection cut by ``hang_up`` is no error of the test."""

    def hang_up(self) -> None:
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Server:
    """A web server for one folder that remembers every request as (method, path)."""

    def __init__(self, folder: Path, *, listing: bool) -> None:
        self.folder = folder
        self.listing = listing
        self.requests: list[tuple[str, str]] = []
        self.answers: dict[str, tuple[int, bytes]] = {}  # path → fixed status and body
        self.missing: tuple[int, bytes] = (404, b"not found")
        self.lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.answer(self, body=True)

            def do_HEAD(self) -> None:
                server.answer(self, body=False)

            def log_message(self, *_: object) -> None:
                pass

        self.http = RecordingServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def answer(self, request: BaseHTTPRequestHandler, *, body: bool) -> None:
        path = unquote(request.path.split("?")[0])
        with self.lock:
            self.requests.append((request.command, path))
        status, content = self.find(path)
        wanted = request.headers.get("Range")
        if status == 200 and wanted and body:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start = int(first) if first else len(content) - int(last)
            stop = int(last) + 1 if first and last else len(content)
            status, total = 206, len(content)
            content = content[start:stop]
            request.send_response(status)
            end = start + len(content) - 1
            request.send_header("Content-Range", f"bytes {start}-{end}/{total}")
        else:
            request.send_response(status)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        if body:
            request.wfile.write(content)

    def find(self, path: str) -> tuple[int, bytes]:
        if path in self.answers:
            return self.answers[path]
        target = self.folder / path.strip("/")
        if target.is_file():
            return 200, target.read_bytes()
        if target.is_dir() and self.listing:
            names = sorted(f"{p.name}/" if p.is_dir() else p.name for p in target.iterdir())
            links = "".join(f'<li><a href="{quote(n)}">{html.escape(n)}</a></li>' for n in names)
            return 200, f"<html><body><ul>{links}</ul></body></html>".encode()
        return self.missing

    def counted(self) -> Counter[tuple[str, str]]:
        with self.lock:
            return Counter(self.requests)

    def forget(self) -> None:
        with self.lock:
            self.requests.clear()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.http.hang_up()
        self.thread.join()


@contextlib.contextmanager
def serving(folder: Path, *, listing: bool) -> Iterator[Server]:
    server = Server(folder, listing=listing)
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(params=[False, True], ids=["no-listing", "listing"])
def server(request, tmp_path):
    write(tmp_path)
    with serving(tmp_path, listing=request.param) as running:
        yield running


@pytest.fixture
def unlisted(tmp_path):
    write(tmp_path)
    with serving(tmp_path, listing=False) as running:
        yield running


NM = ["nm", "nm", "nm"]
ZYX = ["z", "y", "x"]
PYRAMID = {
    "em/{name}/s0": {"shape_c_order": [4, 8, 8], "dtype": "uint8"},
    "em/{name}/s1": {"shape_c_order": [4, 4, 4], "dtype": "uint8"},
}


def arrays(name: str) -> dict[str, dict[str, object]]:
    return {path.format(name=name): spec for path, spec in PYRAMID.items()}


def transform(scale: list[float], translate: list[float]) -> dict[str, object]:
    return {"axes": ZYX, "units": NM, "scale": scale, "translate": translate}


def write(folder: Path) -> None:
    """One image of every kind; all of them with s0 = [30, 4, 4] and s1 = [30, 8, 8] nm."""
    s0, s1 = transform([30, 4, 4], [0, 0, 0]), transform([30, 8, 8], [0, 2, 2])
    n5 = {
        "name": "n5",
        "container": "n5",
        "open": "",
        "tree": {
            "": {"n5": "2.5.1"},
            "em/ng": {"scales": [[1, 1, 1], [2, 2, 1]], "resolution": [4, 4, 30], "units": NM},
            "em/cosem": {
                "multiscales": [
                    {
                        "datasets": [
                            {"path": "s0", "transform": s0},
                            {"path": "s1", "transform": s1},
                        ]
                    }
                ]
            },
            "em/cosem/s0": {"transform": s0},
            "em/cosem/s1": {"transform": s1},
        },
        "arrays": {**arrays("ng"), **arrays("cosem")},
    }
    build(n5, folder, name="container")
    multiscale = {
        "axes": [{"name": n, "type": "space", "unit": "nanometer"} for n in ZYX],
        "datasets": [
            {"path": "s0", "coordinateTransformations": [{"type": "scale", "scale": [30, 4, 4]}]},
            {
                "path": "s1",
                "coordinateTransformations": [
                    {"type": "scale", "scale": [30, 8, 8]},
                    {"type": "translation", "translation": [0, 2, 2]},
                ],
            },
        ],
    }
    ome04 = {"multiscales": [{"version": "0.4", **multiscale}]}
    ome05 = {"ome": {"version": "0.5", "multiscales": [multiscale]}}
    for name, kind, attributes in [("v2", "zarr2", ome04), ("v3", "zarr3", ome05)]:
        case = {"name": name, "container": kind, "open": "", "tree": {"": {}, "em/img": attributes}}
        build({**case, "arrays": arrays("img")}, folder, name=name)


N5_FILES = {
    name: [
        "/container.n5/attributes.json",
        "/container.n5/em/attributes.json",
        f"/container.n5/em/{name}/attributes.json",
        f"/container.n5/em/{name}/s0/attributes.json",
        f"/container.n5/em/{name}/s1/attributes.json",
    ]
    for name in ("ng", "cosem")
}
LEVELS = [
    {"path": "s0", "scale": [30, 4, 4], "translate": [0, 0, 0]},
    {"path": "s1", "scale": [30, 8, 8], "translate": [0, 2, 2]},
]


@pytest.mark.parametrize("name", ["ng", "cosem"])
@pytest.mark.parametrize("slash", ["", "/"], ids=["", "trailing-slash"])
def test_n5_reads_each_file_once_and_nothing_else(name, slash, server):
    dataset = strata.open(f"{server.url}/container.n5/em/{name}{slash}")
    check_levels(as_json(dataset.images[0])["levels"], LEVELS)
    assert server.counted() == Counter(("GET", path) for path in N5_FILES[name])


def test_ome_0_5_reads_each_file_once_and_asks_for_labels(server):
    dataset = strata.open(f"{server.url}/v3.zarr/em/img")
    check_levels(as_json(dataset.images[0])["levels"], LEVELS)
    assert server.counted() == Counter(
        ("GET", f"/v3.zarr/em/img/{path}")
        for path in ("zarr.json", "s0/zarr.json", "s1/zarr.json", "labels/zarr.json")
    )


def test_ome_0_4_costs_one_failed_probe_and_asks_for_labels(server):
    dataset = strata.open(f"{server.url}/v2.zarr/em/img")
    check_levels(as_json(dataset.images[0])["levels"], LEVELS)
    counted = server.counted()
    assert set(counted.values()) == {1}, counted
    needed = {
        ("GET", f"/v2.zarr/em/img/{path}")
        for path in (".zattrs", "s0/.zarray", "s1/.zarray", "labels/.zattrs")
    }
    assert needed <= set(counted)
    extra = set(counted) - needed
    assert len(extra) <= 1, extra
    assert all(server.find(path)[0] == 404 for _, path in extra), extra


IMAGES = ["container.n5/em/ng", "container.n5/em/cosem", "v2.zarr/em/img", "v3.zarr/em/img"]


@pytest.mark.parametrize("path", IMAGES)
def test_pixels_cost_chunks_and_no_more_metadata(path, server):
    level = strata.open(f"{server.url}/{path}").images[0].levels[1]
    server.forget()
    # Flat C index + 1 of [2, 1, 3] in (4, 4, 4): 32 + 4 + 3 + 1.
    assert int(level.to_dask()[2, 1, 3].compute()) == 40
    requests = server.counted()
    assert requests, "no chunk was read"
    for (method, asked), count in requests.items():
        assert method == "GET"
        assert asked.startswith(f"/{path}/s1/"), asked
        assert not asked.endswith((".json", ".zarray", ".zattrs", ".zgroup")), asked
        assert count == 1, (asked, count)


@pytest.mark.parametrize("part", ["s1", "attributes.json", "s0/attributes.json"])
def test_a_part_of_an_n5_image_costs_the_same(part, server):
    dataset = strata.open(f"{server.url}/container.n5/em/ng/{part}")
    check_levels(as_json(dataset.images[0])["levels"], LEVELS)
    assert server.counted() == Counter(("GET", path) for path in N5_FILES["ng"])


@pytest.mark.parametrize("part", ["s1", "zarr.json", "s0/zarr.json"])
def test_a_part_of_a_v3_image_reads_no_file_twice(part, server):
    dataset = strata.open(f"{server.url}/v3.zarr/em/img/{part}")
    check_levels(as_json(dataset.images[0])["levels"], LEVELS)
    assert set(server.counted().values()) == {1}


def test_layers_cost_what_the_api_costs(server):
    """Making layers reads no further metadata, and no pixel of level 0."""
    from napari_strata.plugin import get_reader

    url = f"{server.url}/container.n5/em/ng"
    reader = get_reader(url)
    assert reader is not None
    assert len(reader(url)) == 1
    counted = server.counted()
    assert {key: counted[key] for key in counted if key[1].endswith(".json")} == {
        ("GET", path): 1 for path in N5_FILES["ng"]
    }
    assert not [path for _, path in counted if "/s0/" in path and not path.endswith(".json")]


def test_a_root_with_listing_finds_its_images_reading_nothing_twice(tmp_path):
    write(tmp_path)
    with serving(tmp_path, listing=True) as server:
        dataset = strata.open(f"{server.url}/container.n5")
        assert [image.path for image in dataset.images] == ["em/cosem", "em/ng"]
        assert max(server.counted().values()) == 1, server.counted()


def test_a_root_without_listing_says_so(tmp_path):
    write(tmp_path)
    with serving(tmp_path, listing=False) as server, pytest.raises(strata.OpenError) as caught:
        strata.open(f"{server.url}/container.n5")
    message = one_line(str(caught.value))
    assert "container.n5" in message
    assert "list" in message


# ------------------------------------------------------------------------------ what goes wrong


def timed_refusal(url: str, seconds: float = 10) -> str:
    started = time.monotonic()
    with pytest.raises(strata.OpenError) as caught:
        strata.open(url)
    assert time.monotonic() - started < seconds
    return one_line(str(caught.value))


def test_nobody_answers_at_the_port(capsys, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/a.n5/em/vol"
    message = timed_refusal(url)
    assert "127.0.0.1" in message
    code, out, err = run_cli(["inspect", url], capsys, monkeypatch)
    assert (code, out) == (2, "")
    one_line(err)


def test_a_server_that_went_away(tmp_path):
    write(tmp_path)
    with serving(tmp_path, listing=False) as server:
        url = f"{server.url}/container.n5/em/ng"
        assert strata.open(url).images
    assert "127.0.0.1" in timed_refusal(url)


def test_a_name_that_does_not_resolve():
    assert "nowhere.invalid" in timed_refusal("http://nowhere.invalid/a.n5/em", 20)


@pytest.mark.parametrize("path", IMAGES)
def test_nothing_at_the_address(path, server):
    message = timed_refusal(f"{server.url}/{path}x")
    assert f"em/{path.rsplit('/', 1)[1]}x" in message  # at least from the container on


@pytest.mark.parametrize(
    ("status", "file"),
    [
        (403, "container.n5/em/ng/attributes.json"),
        (403, "container.n5/em/ng/s0/attributes.json"),
        (403, "v2.zarr/em/img/.zattrs"),
        (403, "v3.zarr/em/img/zarr.json"),
        (403, "v3.zarr/em/img/s0/zarr.json"),
        (500, "container.n5/em/ng/attributes.json"),
        (500, "container.n5/em/ng/s0/attributes.json"),
        (500, "v2.zarr/em/img/.zattrs"),
        (500, "v3.zarr/em/img/zarr.json"),
    ],
)
def test_a_status_for_metadata_is_named(status, file, unlisted):
    server = unlisted
    server.answers[f"/{file}"] = (status, b"no")
    image = file.split("/em/", 1)[0] + "/em/" + file.split("/em/", 1)[1].split("/")[0]
    started = time.monotonic()
    try:
        dataset = strata.open(f"{server.url}/{image}")
    except strata.OpenError as error:
        message = one_line(str(error))
    else:  # the other level opens, and a problem says what happened to this one
        assert "/s0/" in file
        assert len(dataset.images[0].levels) == 1
        texts = [f"{p.where} {p.message}" for p in dataset.images[0].problems]
        message = next(text for text in texts if str(status) in text)
    assert str(status) in message
    assert file.split("/em/")[1] in message
    assert time.monotonic() - started < 15


def test_a_forbidden_ancestor_without_file(server):
    """S3 without list permission says 403 for what is not there: the image opens all the same."""
    server.missing = (403, b"AccessDenied")
    dataset = strata.open(f"{server.url}/container.n5/em/ng")
    check_levels(as_json(dataset.images[0])["levels"], LEVELS)


def test_an_ancestor_that_cannot_be_read_is_not_passed_over(unlisted):
    """A 500 above the image may hide the resolution: it is refused or told, never ignored."""
    unlisted.answers["/container.n5/attributes.json"] = (500, b"no")
    try:
        dataset = strata.open(f"{unlisted.url}/container.n5/em/ng")
    except strata.OpenError as error:
        text = one_line(str(error))
    else:
        problems = [*dataset.problems, *dataset.images[0].problems]
        text = " ".join(f"{p.where} {p.message}" for p in problems)
    assert "500" in text
    assert "attributes.json" in text


def test_a_web_page_where_metadata_should_be(server):
    """Some servers answer 200 with a page for everything that is missing."""
    server.missing = (200, b"<html><body>This page does not exist</body></html>")
    message = timed_refusal(f"{server.url}/container.n5/em/nothing")
    assert "JSON" in message
    assert "nothing" in message


def test_a_server_that_says_429_once_is_asked_again(tmp_path):
    """Short retries: one temporary refusal does not cost the image."""
    write(tmp_path)
    with serving(tmp_path, listing=False) as server:
        path = "/container.n5/em/ng/attributes.json"
        real = server.find

        def find(asked: str) -> tuple[int, bytes]:
            if asked == path and server.counted()[("GET", path)] == 1:
                return 503, b"busy"
            return real(asked)

        server.find = find  # type: ignore[method-assign]
        dataset = strata.open(f"{server.url}/container.n5/em/ng")
        check_levels(as_json(dataset.images[0])["levels"], LEVELS)


def test_a_path_outside_is_never_asked_for(tmp_path):
    """A dataset path that leaves its group, over HTTP: not one request above the container."""
    case = {
        "name": "x",
        "container": "n5",
        "open": "",
        "tree": {
            "": {"n5": "2.5.1"},
            "v": {
                "multiscales": [
                    {
                        "datasets": [
                            {"path": "../../secret/s0", "transform": transform([1] * 3, [0] * 3)},
                            {"path": "/secret/s0", "transform": transform([1] * 3, [0] * 3)},
                            {
                                "path": "%2e%2e/%2e%2e/secret/s0",
                                "transform": transform([1] * 3, [0] * 3),
                            },
                        ]
                    }
                ]
            },
        },
        "arrays": {"v/s0": {"shape_c_order": [4, 4, 4], "dtype": "uint8"}},
    }
    build(case, tmp_path, name="container")
    build({**case, "tree": {}, "arrays": {"s0": case["arrays"]["v/s0"]}, "suffix": ""}, tmp_path, name="secret")  # fmt: skip  # noqa: E501
    with serving(tmp_path, listing=True) as server:
        message = timed_refusal(f"{server.url}/container.n5/v")
        assert "multiscales[0].datasets[" in message
        assert not [path for _, path in server.counted() if "/secret" in path.replace("/v/", "//")
                    and not path.startswith("/container.n5/v/")]  # fmt: skip
        assert not [path for _, path in server.counted() if path.startswith("/secret")]
