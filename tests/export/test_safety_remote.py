"""Writing into a bucket: the root's metadata last, and nothing foreign removed."""

import pytest
import zarr
from tests.export.bucket import Bucket
from tests.export.exporting import bytes_below, specimen

import napari_strata as strata
from napari_strata.export import verify
from napari_strata.export.errors import ExportError
from napari_strata.export.safety.place import TargetExists
from napari_strata.export.safety.remote import (
    check_apart_remote,
    foreign_key,
    is_remote,
    remote_target,
)


@pytest.fixture
def bucket(monkeypatch):
    server = Bucket()
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "somebody")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    yield server
    server.close()


@pytest.fixture
def image(tmp_path):
    array = zarr.create_array(tmp_path / "src.zarr", shape=(9, 9, 9), chunks=(4, 4, 4), dtype="u2")
    array[...] = specimen((9, 9, 9))
    return strata.open(tmp_path / "src.zarr").images[0]


WISHES = {"chunks": (4, 4, 4), "factors": (2, 2, 2), "scheduler": "threads"}


def test_a_bucket_gets_the_same_bytes_as_a_folder(bucket, image, tmp_path):
    done = strata.export(image, "s3://lab/deep/it.zarr", **WISHES)
    assert (done.path, done.format) == ("s3://lab/deep/it.zarr", "ome-zarr-0.5")
    strata.export(image, tmp_path / "it.zarr", **WISHES)
    found = {key.removeprefix("deep/it.zarr/"): data for key, data in bucket.objects.items()}
    assert found == bytes_below(tmp_path / "it.zarr")
    assert bucket.written[-1] == "deep/it.zarr/zarr.json"
    assert strata.open("s3://lab/deep/it.zarr").images[0].levels[0].shape == (9, 9, 9)


def test_what_is_there_stays_unless_replacing_is_asked_for(bucket, image):
    bucket.objects["it.zarr/zarr.json"] = b'{"zarr_format": 3, "node_type": "group"}'
    bucket.objects["it.zarr/old/zarr.json"] = b"{}"
    bucket.objects["it.zarr/old/c/7"] = b"1"
    before = dict(bucket.objects)
    with pytest.raises(TargetExists, match="is there already"):
        strata.export(image, "s3://lab/it.zarr", **WISHES)
    assert bucket.objects == before
    strata.export(image, "s3://lab/it.zarr", replace=True, **WISHES)
    assert bucket.removed[0] == "it.zarr/zarr.json"
    assert not [key for key in bucket.objects if "/old/" in key]


def test_foreign_files_in_a_bucket_are_never_removed(bucket, image):
    bucket.objects["it.zarr/zarr.json"] = b"{}"
    bucket.objects["it.zarr/thesis.docx"] = b"mine"
    before = dict(bucket.objects)
    with pytest.raises(TargetExists, match=r"thesis\.docx"):
        strata.export(image, "s3://lab/it.zarr", replace=True, **WISHES)
    assert bucket.objects == before


def test_a_neighbour_of_a_like_name_is_none_of_it(bucket, image):
    bucket.objects["it.zarr.backup/zarr.json"] = b"{}"
    strata.export(image, "s3://lab/it.zarr", **WISHES)
    assert bucket.objects["it.zarr.backup/zarr.json"] == b"{}"


def test_a_refused_write_leaves_nothing_that_opens(bucket, image):
    bucket.refuses = lambda method, key: key.endswith("1/c/0/0/0")
    with pytest.raises(ExportError) as caught:
        strata.export(image, "s3://lab/it.zarr", **WISHES)
    assert len(str(caught.value).splitlines()) == 1
    assert "it.zarr/zarr.json" not in bucket.objects


def test_what_reads_otherwise_than_planned_is_closed_again(bucket, image, monkeypatch):
    def refuse(plan, path, cancel=None):
        assert "it.zarr/zarr.json" in bucket.objects
        raise ExportError("level 0 was not written right")

    monkeypatch.setattr(verify, "verify", refuse)
    with pytest.raises(ExportError, match="not written right"):
        strata.export(image, "s3://lab/it.zarr", **WISHES)
    assert "it.zarr/zarr.json" not in bucket.objects


def test_resuming_in_a_bucket_is_refused(image):
    with pytest.raises(ExportError, match="cannot be resumed"):
        strata.export(image, "s3://lab/it.zarr", resume=True, **WISHES)


def test_a_bucket_that_is_its_own_source(bucket, image, tmp_path):
    strata.export(image, "s3://lab/a/it.zarr", **WISHES)
    stored = strata.open("s3://lab/a/it.zarr").images[0]
    before = dict(bucket.objects)
    for url in ("s3://lab/a/it.zarr", "s3://lab/a/it.zarr/0/new", "s3://lab/a"):
        with pytest.raises(ExportError, match="are in each other"):
            strata.export(stored, url, replace=True, **WISHES)
    assert bucket.objects == before


@pytest.mark.parametrize(
    ("source", "apart"),
    [
        ({"driver": "s3", "bucket": "lab", "path": "a/it.zarr2/0/"}, True),
        ({"driver": "s3", "bucket": "other", "path": "a/it.zarr/0/"}, True),
        ({"driver": "gcs", "bucket": "lab", "path": "a/it.zarr/0/"}, True),
        ({"driver": "file", "path": "/a/it.zarr/0/"}, True),
        ({"driver": "s3", "bucket": "lab", "path": "a/it.zarr/0/"}, False),
        ({"driver": "s3", "bucket": "lab", "path": "a/"}, False),
        (
            {"driver": "zip", "base": {"driver": "s3", "bucket": "lab", "path": "a/it.zarr/x.zip"}},
            False,
        ),
    ],
)
def test_sources_in_buckets(source, apart):
    target = {"driver": "s3", "bucket": "lab", "path": "a/it.zarr/"}
    if apart:
        check_apart_remote(target, [source], "s3://lab/a/it.zarr")
    else:
        with pytest.raises(ExportError, match="are in each other"):
            check_apart_remote(target, [source], "s3://lab/a/it.zarr")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://host/it.zarr", "http not"),
        ("https://host/it.zarr", "http not"),
        ("s3://lab", "a whole bucket"),
        ("s3://lab/", "a whole bucket"),
        ("ftp://host/it.zarr", "found the scheme ftp"),
    ],
)
def test_what_is_no_place_in_a_bucket(url, said, image):
    assert is_remote(url)
    with pytest.raises(ExportError, match=said):
        remote_target(url)
    with pytest.raises(ExportError, match=said):
        strata.export(image, url, **WISHES)


@pytest.mark.parametrize(
    ("keys", "foreign"),
    [
        (["zarr.json", "0/zarr.json", "0/c/0/1", "0/c/1.1"], None),
        ([".zgroup", "0/.zarray", "0/1.1", "0/.zattrs", ".zmetadata"], None),
        (["attributes.json", "s0/attributes.json", "s0/1/1"], None),
        (["zarr.json", "OME/METADATA.ome.xml", "OME/zarr.json"], None),
        (["zarr.json", "0/zarr.json", "0/c/0/note"], "0/c/0/note"),
        (["zarr.json", "readme.txt"], "readme.txt"),
        (["0/1/1"], "0/1/1"),
    ],
)
def test_foreign_keys(keys, foreign):
    assert foreign_key(keys) == foreign


def test_local_paths_are_not_remote(tmp_path):
    assert not is_remote(tmp_path)
    assert not is_remote("C:/data/it.zarr")
    assert not is_remote("file:///data/it.zarr")
