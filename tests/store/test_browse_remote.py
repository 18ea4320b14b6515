"""Browsing buckets and web servers: which requests it makes, and giving them up."""

from pathlib import Path

import pytest

import napari_strata as strata
from napari_strata.dataset.browse import browse
from napari_strata.dataset.entry import Cancelled
from napari_strata.model import OpenError
from napari_strata.store.backend import Listing
from napari_strata.store.cancel import cancelled_by, check_cancelled
from napari_strata.store.container import open_container

from .conftest import S3, Web

OME = (
    b'{"multiscales": [{"version": "0.4", "axes": [{"name": "y", "type": "space"},'
    b' {"name": "x", "type": "space"}], "datasets": [{"path": "0", "coordinateTransformations":'
    b' [{"type": "scale", "scale": [2, 3]}]}]}]}'
)
ARRAY = (
    b'{"zarr_format": 2, "shape": [2, 3], "chunks": [2, 3], "dtype": "|u1", "order": "C",'
    b' "compressor": null, "filters": null, "fill_value": 0}'
)


def image_at(prefix: str) -> dict[str, bytes]:
    return {f"{prefix}/.zattrs": OME, f"{prefix}/0/.zarray": ARRAY, f"{prefix}/0/0.0": bytes(6)}


def fill(s3: S3, *names: str) -> None:
    s3.objects = {"a.zarr/.zgroup": b'{"zarr_format": 2}'}
    for name in names:
        s3.objects |= image_at(f"a.zarr/{name}")


def test_names_come_from_the_listing_alone(s3: S3):
    fill(s3, "p", "q", "r", "s")
    entry = browse("s3://lab/a.zarr")
    before = list(s3.keys)
    page = entry.children(1, 2)
    assert [e.name for e in page.entries] == ["q", "r"]
    assert (page.total, page.more) == (4, True)
    assert s3.keys == before
    assert s3.listings == ["a.zarr/"] * 3  # of two names each; nothing below
    one = page.entries[0].look()
    assert one.image is not None
    assert {key.split("/")[1] for key in s3.keys[len(before) :]} == {"q"}
    assert s3.keys.count("a.zarr/q/.zattrs") == 1
    assert "a.zarr/q/0/0.0" not in s3.keys


def test_an_address_with_a_slip_in_it(s3: S3):
    """A bucket has no empty folders: where nothing is listed, nothing is."""
    s3.objects = {"a.n5/attributes.json": b"{}"}
    with pytest.raises(OpenError, match=r"s3://lab/b\.n5: there is nothing at this address"):
        browse("s3://lab/b.n5")


def test_a_listing_is_given_up_between_its_pages_and_can_be_asked_for_again(s3: S3):
    fill(s3, "p", "q", "r", "s")
    node = open_container("s3://lab/a.zarr")
    with pytest.raises(Cancelled), cancelled_by(lambda: len(s3.listings) == 2):
        node.listing()
    assert len(s3.listings) == 2
    assert node.listing() == Listing(("p", "q", "r", "s"), (".zgroup",))


def test_a_server_that_does_not_list(s3: S3):
    fill(s3, "p")
    s3.may_list = False
    entry = browse("s3://lab/a.zarr")
    assert [p.code for p in entry.problems] == ["no-listing"]
    page = entry.children()
    assert (page.entries, page.total, page.more) == ((), None, False)
    assert browse("s3://lab/a.zarr/p").image is not None


def test_by_a_profile(s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fill(s3, "p")
    s3.allowed = lambda signed: signed
    keys = "[lab]\naws_access_key_id = AKIDOFTHELAB\naws_secret_access_key = secret\n"
    (tmp_path / "credentials").write_text(keys)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    (one,) = browse("s3://lab/a.zarr", profile="lab").children().entries
    dataset = one.open()
    assert dataset.choices.profile == "lab"
    assert dataset.images[0].levels[0].data[0, 0] == 0
    signed = [h["authorization"] for h in s3.headers if "authorization" in h]
    assert all("AKIDOFTHELAB" in text for text in signed)


def test_names_and_secrets_of_an_address_reach_what_is_below(web: Web):
    folder = "/a b%/x.zarr"
    web.files = {
        f"{folder}/.zgroup": b'{"zarr_format": 2}',
        **{f"{folder}/{key}": data for key, data in image_at("c#d").items()},
    }
    web.pages = {f"{folder}/": b'<a href="c%23d/">c</a>'}
    host = web.url.removeprefix("http://")
    entry = browse(f"http://me:pass@{host}/a%20b%25/x.zarr?token=1")
    (one,) = entry.children().entries
    one = one.look()
    assert (one.name, one.inner) == ("c#d", "c#d")
    assert one.path == f"http://me:pass@{host}/a%20b%25/x.zarr/c%23d?token=1"
    assert strata.open(one.path).images[0].levels[0].shape == (2, 3)
    assert all(path.endswith("?token=1") for path in web.log)
    assert "pass" not in one.open().path
    assert "token" not in one.open().path


def test_only_what_is_inside_is_given_up():
    with pytest.raises(Cancelled), cancelled_by(lambda: True):
        raise AssertionError("it was given up before")
    check_cancelled()
    with cancelled_by(None):
        check_cancelled()
    asked = [False]
    with cancelled_by(lambda: asked[0]):
        check_cancelled()
        asked[0] = True
        with pytest.raises(Cancelled):
            check_cancelled()
        with cancelled_by(None):
            check_cancelled()
