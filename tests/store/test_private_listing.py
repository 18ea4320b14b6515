"""A private bucket's folders, listed with the user's credentials."""

import sys
from urllib.parse import parse_qs, urlsplit

import pytest

import napari_strata as strata
from napari_strata.store.backend import Listing, ReadError
from napari_strata.store.location import parse_location
from napari_strata.store.remote import RemoteBackend

from .conftest import S3


@pytest.fixture
def private(s3: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    s3.objects = {"a.n5/attributes.json": b"{}", "a.n5/em/s0/0/0": b"", "a.n5/lm/x": b""}
    s3.allowed = lambda signed: signed
    s3.page_size = 1000
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return s3


def test_one_folder_is_listed_and_nothing_below(private: S3):
    backend = RemoteBackend(parse_location("s3://lab/a.n5"))
    assert backend.list("a.n5") == Listing(("em", "lm"), ("attributes.json",))
    listed = [parse_qs(urlsplit(p).query) for p in private.log if "list-type" in p]
    assert {q["prefix"][0] for q in listed} == {"a.n5/"}


def test_wrong_credentials_are_one_line(private: S3):
    private.allowed = lambda signed: False
    with pytest.raises(ReadError, match="cannot be listed"):
        RemoteBackend(parse_location("s3://lab/a.n5")).list("a.n5")


def test_no_usual_credentials_are_one_line(private: S3, monkeypatch: pytest.MonkeyPatch, tmp_path):
    """There is a profile of another name alone: botocore's error is no OSError."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    file = tmp_path / "credentials"
    file.write_text("[lab]\naws_access_key_id = a\naws_secret_access_key = b\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    with pytest.raises(ReadError, match="cannot be listed: Unable to locate credentials"):
        RemoteBackend(parse_location("s3://lab/a.n5")).list("a.n5")


def test_without_s3fs_the_extra_is_named(private: S3, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(strata.OpenError, match=r"napari-strata\[s3\]"):
        strata.open("s3://lab/a.n5")
