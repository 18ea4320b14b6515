"""Paths and URLs, taken apart."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from napari_strata.model import OpenError
from napari_strata.store.location import Location, is_url, parse_location

URLS = {
    "https://host/data/a.n5": Location("http", "https://host", "data/a.n5"),
    "http://host:8080/a.n5/em/": Location("http", "http://host:8080", "a.n5/em"),
    "HTTPS://Host/A.n5": Location("http", "https://Host", "A.n5"),
    "https://host/my%20data.n5/raw%231": Location("http", "https://host", "my data.n5/raw#1"),
    "https://host/a.n5?token=x%2Fy&b=1": Location(
        "http", "https://host", "a.n5", "token=x%2Fy&b=1"
    ),
    "https://host": Location("http", "https://host", ""),
    "s3://bucket/a/b.zarr/": Location("s3", "bucket", "a/b.zarr"),
    "s3://bucket": Location("s3", "bucket", ""),
    "S3://bucket/A": Location("s3", "bucket", "A"),
    "gs://bucket/a/b.zarr": Location("gs", "bucket", "a/b.zarr"),
    # public web addresses of buckets
    "https://bucket.s3.amazonaws.com/a.n5": Location("s3", "bucket", "a.n5"),
    "https://bucket.s3.eu-west-1.amazonaws.com/a.n5": Location(
        "s3", "bucket", "a.n5", region="eu-west-1"
    ),
    "https://bucket.s3-us-west-2.amazonaws.com/a.n5": Location(
        "s3", "bucket", "a.n5", region="us-west-2"
    ),
    "https://my.own.bucket.s3.amazonaws.com/a.n5": Location("s3", "my.own.bucket", "a.n5"),
    "https://s3.amazonaws.com/bucket/a.n5": Location("s3", "bucket", "a.n5"),
    "https://s3.us-east-2.amazonaws.com/bucket/a/b.n5": Location(
        "s3", "bucket", "a/b.n5", region="us-east-2"
    ),
    "https://s3-us-west-2.amazonaws.com/bucket/a.n5": Location(
        "s3", "bucket", "a.n5", region="us-west-2"
    ),
    "https://s3.amazonaws.com/": Location("http", "https://s3.amazonaws.com", ""),
    "https://storage.googleapis.com/bucket/a/b.n5": Location("gs", "bucket", "a/b.n5"),
    "https://storage.googleapis.com/": Location("http", "https://storage.googleapis.com", ""),
    # hosts that only look like it
    "https://s3.example.org/bucket/a.n5": Location("http", "https://s3.example.org", "bucket/a.n5"),
    "https://bucket.s3.amazonaws.com.evil.org/a": Location(
        "http", "https://bucket.s3.amazonaws.com.evil.org", "a"
    ),
    "https://bucket.s3-accelerate.amazonaws.com/a": Location(
        "http", "https://bucket.s3-accelerate.amazonaws.com", "a"
    ),
    "http://bucket.s3-website-us-east-1.amazonaws.com/a": Location(
        "http", "http://bucket.s3-website-us-east-1.amazonaws.com", "a"
    ),
    # a metadata file stands for its folder
    "https://host/a.n5/attributes.json": Location("http", "https://host", "a.n5"),
    "https://host/a.zarr/zarr.json?v=1": Location("http", "https://host", "a.zarr", "v=1"),
    "s3://bucket/a.zarr/.zattrs": Location("s3", "bucket", "a.zarr"),
    "s3://bucket/zarr.json": Location("s3", "bucket", ""),
    "https://bucket.s3.amazonaws.com/a.zarr/.zgroup": Location("s3", "bucket", "a.zarr"),
}


@pytest.mark.parametrize("text", URLS)
def test_urls(text: str):
    assert parse_location(text) == URLS[text]


SHOWN = {
    "https://host/my%20data.n5?token=secret": "https://host/my data.n5",
    "https://bucket.s3.amazonaws.com/a.n5": "s3://bucket/a.n5",
    "gs://bucket/a/": "gs://bucket/a",
}


@pytest.mark.parametrize("text", SHOWN)
def test_what_is_shown_has_no_secrets(text: str):
    assert str(parse_location(text)) == SHOWN[text]


REFUSED = {
    "ftp://host/a.n5": "found the scheme ftp://, expected a path, http",
    "nonsense://x": "found the scheme nonsense://",
    "http:///a.n5": "no host or bucket is named",
    "s3://": "no host or bucket is named",
    "gs:///a": "no host or bucket is named",
    "http://[bad/a.n5": "http://[bad/a.n5",
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused_urls(text: str):
    with pytest.raises(OpenError) as caught:
        parse_location(text)
    assert REFUSED[text] in str(caught.value)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://host/a", True),
        ("S3://b", True),
        ("file:///a", True),
        ("C:\\data\\a.n5", False),
        ("C:/data/a.n5", False),
        ("/data/a:b", False),
        ("a.n5", False),
        ("http:/host", False),
    ],
)
def test_a_drive_is_no_scheme(text: str, expected: bool):
    assert is_url(text) is expected


def test_local_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    expected = Location("file", "", f"{tmp_path}/a b.n5")
    for text in (
        f"{tmp_path}/a b.n5",
        f"{tmp_path}/x/../a b.n5/",
        "a b.n5",
        "./a b.n5",
        "~/a b.n5",
        f"file://{tmp_path}/a%20b.n5",
        f"file://localhost{tmp_path}/a%20b.n5/",
        tmp_path / "a b.n5",
    ):
        assert parse_location(text) == expected, text


@pytest.mark.parametrize("name", ["attributes.json", "zarr.json", ".zattrs", ".zgroup", ".zarray"])
def test_a_metadata_file_stands_for_its_folder(name: str, tmp_path: Path):
    assert parse_location(tmp_path / name).path == str(tmp_path)
    (tmp_path / name).mkdir()  # a group may have that name
    assert parse_location(tmp_path / name).path == f"{tmp_path}/{name}"


def test_other_files_stand_for_themselves(tmp_path: Path):
    assert parse_location(tmp_path / "info.json").path == f"{tmp_path}/info.json"


def test_a_drive_in_a_file_url(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os.path, "abspath", lambda path: path)  # as Windows would, no cwd before
    assert parse_location("file:///C:/data/a%20b.n5").path == "C:/data/a b.n5"
