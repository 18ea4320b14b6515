"""Web servers and S3, over the loopback interface."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import numpy as np
import pytest
import zarr

import napari_strata as strata
from napari_strata.store.backend import ReadError
from napari_strata.store.location import parse_location
from napari_strata.store.remote import RemoteBackend

from .conftest import S3, Web

VALUES = np.arange(6 * 8 * 10, dtype="uint16").reshape(6, 8, 10)


@pytest.fixture(scope="module")
def pyramid(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of an OME-Zarr 0.5 image of two levels, by path below ``em/raw``."""
    folder = tmp_path_factory.mktemp("pyramid")
    datasets = []
    for name, step, translation in [("0", 1, [0, 0, 0]), ("1", 2, [0.5, 0.5, 0.5])]:
        data = VALUES[::step, ::step, ::step]
        array = zarr.create_array(
            folder / name, shape=data.shape, chunks=(2, 4, 4), dtype="uint16", zarr_format=3
        )
        array[...] = data
        transforms = [
            {"type": "scale", "scale": [step] * 3},
            {"type": "translation", "translation": translation},
        ]
        datasets.append({"path": name, "coordinateTransformations": transforms})
    axes = [{"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"]
    zarr.open_group(folder, zarr_format=3, mode="a").attrs["ome"] = {
        "version": "0.5",
        "multiscales": [{"axes": axes, "datasets": datasets}],
    }
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(Path(folder).rglob("*"))
        if file.is_file()
    }


def fill_bucket(s3: S3, pyramid: dict[str, bytes]) -> None:
    for image in ("em/raw", "em/other", "lm/raw"):
        s3.objects |= {f"data.zarr/{image}/{path}": data for path, data in pyramid.items()}


METADATA = ["zarr.json", "0/zarr.json", "1/zarr.json"]


# ------------------------------------------------------------------------------------- S3


def test_an_image_is_read_anonymously(s3: S3, pyramid: dict[str, bytes]):
    fill_bucket(s3, pyramid)
    image = strata.open("s3://lab/data.zarr/em/raw").images[0]
    asked = [*METADATA, "labels/zarr.json"]  # whether there are labels is asked once
    assert sorted(s3.keys) == sorted(f"data.zarr/em/raw/{name}" for name in asked)
    assert s3.listings == []
    assert image.levels[1].translate.tolist() == [0.5, 0.5, 0.5]  # type: ignore[union-attr]
    np.testing.assert_array_equal(np.asarray(image.levels[1].data), VALUES[::2, ::2, ::2])
    assert not any("authorization" in h for h in s3.headers)


def test_a_root_is_listed_folder_by_folder_and_page_by_page(s3: S3, pyramid: dict[str, bytes]):
    fill_bucket(s3, pyramid)
    dataset = strata.open("s3://lab/data.zarr")
    assert [image.path for image in dataset.images] == ["em/other", "em/raw", "lm/raw"]
    assert dataset.problems == ()
    assert sorted(s3.listings) == ["data.zarr/", "data.zarr/em/", "data.zarr/lm/"]
    assert len(set(s3.log)) == len(s3.log)


def test_a_listing_of_several_pages(s3: S3):
    s3.objects = {f"a.n5/{name}/x": b"" for name in "abcde"} | {"a.n5/attributes.json": b"{}"}
    found = RemoteBackend(parse_location("s3://lab/a.n5")).list("a.n5")
    assert found is not None
    assert found.folders == ("a", "b", "c", "d", "e")
    assert found.files == ("attributes.json",)
    assert s3.listings == ["a.n5/"] * 3


def test_names_that_xml_and_urls_escape(s3: S3):
    s3.objects = {"a&b <c> ü+%/attributes.json": b"{}"}
    backend = RemoteBackend(parse_location("s3://lab/"))
    assert backend.list("") is not None
    assert backend.list("").folders == ("a&b <c> ü+%",)  # type: ignore[union-attr]
    assert backend.read_many(["a&b <c> ü+%/attributes.json"]) == [b"{}"]


def test_a_refusal_is_answered_with_the_credentials_of_the_environment(
    s3: S3, pyramid: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
):
    fill_bucket(s3, pyramid)
    s3.allowed = lambda signed: signed
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    image = strata.open("s3://lab/data.zarr/em/raw").images[0]
    signed = [h["authorization"] for h in s3.headers if "authorization" in h]
    assert "authorization" not in s3.headers[0]  # anonymous first
    assert signed
    assert all("AKIDEXAMPLE" in s for s in signed)
    np.testing.assert_array_equal(np.asarray(image.levels[1].data), VALUES[::2, ::2, ::2])


def test_credentials_are_not_used_where_none_are_needed(
    s3: S3, pyramid: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
):
    fill_bucket(s3, pyramid)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    strata.open("s3://lab/data.zarr/em/raw")
    assert not any("authorization" in h for h in s3.headers)


def test_a_refusal_without_credentials_is_one_line(s3: S3):
    s3.allowed = lambda signed: False
    with pytest.raises(strata.OpenError, match=r"em/raw.*the server refuses permission \(403\)"):
        strata.open("s3://lab/data.zarr/em/raw")


def test_a_bucket_that_may_not_be_listed_says_so(s3: S3, pyramid: dict[str, bytes]):
    fill_bucket(s3, pyramid)
    s3.may_list = False
    assert len(strata.open("s3://lab/data.zarr/em/raw").images) == 1
    with pytest.raises(strata.OpenError, match=r"data\.zarr|does not list folders"):
        strata.open("s3://lab/data.zarr")


def test_no_such_bucket(s3: S3):
    with pytest.raises(strata.OpenError):
        strata.open("s3://other/data.zarr/em/raw")


@pytest.mark.parametrize("url", ["s3://Bad_Bucket!/x.n5", "gs://B!/x.n5", "http://a b/x.n5"])
def test_names_no_storage_has(url: str):
    with pytest.raises(strata.OpenError) as caught:
        strata.open(url)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
def test_the_endpoint_of_the_environment(variable: str, s3: S3, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv(variable, s3.url)
    kvstore = RemoteBackend(parse_location("s3://lab/a.n5")).kvstore("a.n5/s0")
    assert kvstore["endpoint"] == s3.url
    assert kvstore["path"] == "a.n5/s0/"
    assert kvstore["aws_region"] == "us-east-1"
    assert kvstore["context"]["aws_credentials"] == {"type": "anonymous"}


def test_the_region_of_an_address_wins(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    for url, region in [
        ("https://lab.s3.us-west-2.amazonaws.com/a.n5", "us-west-2"),
        ("s3://lab/a.n5", "eu-central-1"),
    ]:
        assert RemoteBackend(parse_location(url)).kvstore("a.n5")["aws_region"] == region


# ------------------------------------------------------------------------------------ web


def page(*names: str) -> bytes:
    return "".join(f'<a href="{name}">{name}</a>' for name in names).encode()


def serve(web: Web, pyramid: dict[str, bytes]) -> None:
    web.files = {f"/my data.zarr/em/raw/{path}": data for path, data in pyramid.items()}
    web.pages = {"/my data.zarr/": page("em/"), "/my data.zarr/em/": page("raw/")}


ANNOTATIONS = "/my%20data.annotations/manifest.json"
"""The one file beside a dataset that is asked for, by a name that is derived from its own."""


def outside(web: Web) -> list[str]:
    return [path for path in web.log if not path.startswith("/my%20data.zarr/")]


def test_a_web_root_with_index_pages(web: Web, pyramid: dict[str, bytes]):
    serve(web, pyramid)
    dataset = strata.open(f"{web.url}/my%20data.zarr")
    assert [image.path for image in dataset.images] == ["em/raw"]
    assert outside(web) == [ANNOTATIONS]
    assert len(set(web.log)) == len(web.log)


def test_a_web_root_without_index_pages(web: Web, pyramid: dict[str, bytes]):
    serve(web, pyramid)
    web.pages = {}
    assert len(strata.open(f"{web.url}/my%20data.zarr/em/raw").images) == 1
    with pytest.raises(strata.OpenError, match="does not list folders"):
        strata.open(f"{web.url}/my%20data.zarr")


def test_the_query_goes_with_every_request(web: Web, pyramid: dict[str, bytes]):
    serve(web, pyramid)
    dataset = strata.open(f"{web.url}/my%20data.zarr?token=a%2Fb")
    assert np.asarray(dataset.images[0].levels[1].data[0, 0, 0]) == 0
    assert web.log
    assert all(path.endswith("?token=a%2Fb") for path in web.log)


def test_a_name_and_password_go_with_every_request_and_are_never_shown(
    web: Web, pyramid: dict[str, bytes]
):
    serve(web, pyramid)
    address = web.url.replace("//", "//me:p%40ss@")
    dataset = strata.open(f"{address}/my%20data.zarr")
    assert [image.path for image in dataset.images] == ["em/raw"]
    np.asarray(dataset.images[0].levels[1].data)
    basic = "Basic bWU6cEBzcw=="  # me:p@ss
    assert {headers.get("authorization") for headers in web.headers} == {basic}
    assert dataset.path == f"{web.url}/my data.zarr"


def test_a_server_that_never_answers(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("napari_strata.store.remote._LONGEST_WAIT_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:  # connects, and that is all
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a.n5/raw"
        with pytest.raises(strata.OpenError) as caught:
            strata.open(url)
    assert "answer" in str(caught.value)


def test_hostile_index_pages_lead_nowhere_else(web: Web, pyramid: dict[str, bytes]):
    serve(web, pyramid)
    web.pages["/my data.zarr/"] = page(
        "em/",
        "../",
        "/secret/",
        "//[x/",
        "http://elsewhere/",
        "..%2f..%2fsecret/",
        "9" * 5000 + "/",
    )
    dataset = strata.open(f"{web.url}/my%20data.zarr")
    assert [image.path for image in dataset.images] == ["em/raw"]
    assert outside(web) == [ANNOTATIONS]


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_no_listing_is_no_error(status: int, web: Web):
    web.statuses["/a.n5/"] = status
    assert RemoteBackend(parse_location(f"{web.url}/a.n5")).list("a.n5") is None


def test_a_listing_that_fails_is_named(web: Web, pyramid: dict[str, bytes]):
    serve(web, pyramid)
    web.statuses["/my data.zarr/"] = 500
    with pytest.raises(strata.OpenError, match=r"cannot be listed: .*error 500"):
        strata.open(f"{web.url}/my%20data.zarr")


def test_metadata_of_half_a_storage_is_not_read_whole(web: Web, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("napari_strata.store.remote.LARGEST_METADATA_FILE", 10)
    web.files["/a.n5/attributes.json"] = b'{"n5": "2.5.1"}'
    with pytest.raises(strata.OpenError, match="is larger than 64 MiB"):
        strata.open(f"{web.url}/a.n5")


@pytest.mark.parametrize(
    "answer",
    [
        b"220 ftp.example.org ready\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc",
        b"",
    ],
    ids=["not-http", "cut-off-chunk", "cut-off", "nothing"],
)
def test_a_listing_that_is_broken_off(answer: bytes):
    """Whatever a server sends, a listing is a listing, none, or an error in one line."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def reply() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=reply)
        thread.start()
        outcome: object
        try:
            url = f"http://127.0.0.1:{server.getsockname()[1]}/a.n5"
            outcome = RemoteBackend(parse_location(url)).list("a.n5")
        except ReadError as error:
            outcome = str(error)[:16]
        thread.join()
    assert outcome in (None, "cannot be listed")
