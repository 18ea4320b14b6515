"""Writing into a bucket: the root's metadata last, and nothing foreign removed."""

import threading

import numpy as np
import pytest
import zarr
from napari.layers import Image, Points
from tests.export.bucket import Bucket
from tests.export.exporting import bytes_below, specimen

import napari_strata as strata
from napari_strata.cli import main
from napari_strata.export import verify
from napari_strata.export.errors import ExportCancelled, ExportError
from napari_strata.export.pixels.distributed import Crew
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
    names = [key.rpartition("/")[2] for key in bucket.written]
    chunks = [k for k, name in enumerate(names) if name.isdigit()]
    assert chunks[-1] < names.index("zarr.json")  # of whichever array or group
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
    assert not [key for key in bucket.objects if key.endswith(".json")]
    with pytest.raises(strata.OpenError):
        strata.open("s3://lab/it.zarr")


@pytest.mark.parametrize("format", ["ome-zarr", "cosem"])
def test_what_a_broken_off_export_left_is_replaced(format, bucket, image):
    target = f"s3://lab/it.{'n5' if format == 'cosem' else 'zarr'}"
    bucket.refuses = lambda method, key: key.endswith(("1/c/0/0/0", "s1/0/0/0"))
    with pytest.raises(ExportError):
        strata.export(image, target, format=format, **WISHES)
    bucket.refuses = lambda method, key: False
    with pytest.raises(TargetExists, match="holds what an export has left"):
        strata.export(image, target, format=format, **WISHES)
    strata.export(image, target, format=format, restart=True, **WISHES)
    assert strata.open(target).images[0].levels[0].shape == (9, 9, 9)
    assert not [key for key in bucket.objects if key.endswith(".strata-export")]


def test_foreign_files_beside_what_an_export_left_are_not_removed(bucket, image):
    bucket.objects["it.zarr/.strata-export"] = b""
    bucket.objects["it.zarr/0/c/0/0/0"] = b"1"
    bucket.objects["it.zarr/thesis.docx"] = b"mine"
    before = dict(bucket.objects)
    with pytest.raises(TargetExists, match=r"thesis\.docx"):
        strata.export(image, "s3://lab/it.zarr", restart=True, **WISHES)
    assert bucket.objects == before


def test_what_reads_otherwise_than_planned_is_closed_again(bucket, image, monkeypatch):
    def refuse(plan, path, cancel=None):
        assert "it.zarr/zarr.json" in bucket.objects
        raise ExportError("level 0 was not written right")

    monkeypatch.setattr(verify, "verify", refuse)
    with pytest.raises(ExportError, match="not written right"):
        strata.export(image, "s3://lab/it.zarr", **WISHES)
    assert not [key for key in bucket.objects if key.endswith(".json")]


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


def test_a_worker_that_cannot_take_part_costs_nothing_that_is_there(bucket, image, monkeypatch):
    strata.export(image, "s3://lab/it.zarr", **WISHES)
    before = dict(bucket.objects)

    def refuse(crew, *seen):
        raise ExportError("the worker does not see it")

    monkeypatch.setattr(Crew, "check_sees", refuse)
    with pytest.raises(ExportError, match="does not see"):
        strata.export(image, "s3://lab/it.zarr", replace=True, **WISHES)
    assert bucket.objects == before


@pytest.mark.parametrize("target", ["deep/it.zarr", "deep"])
def test_a_source_behind_a_web_address_of_the_same_bucket(target, bucket, image):
    """What replacing removes would be read as empty afterwards, and found right."""
    strata.export(image, "s3://lab/deep/it.zarr", **WISHES)
    stored = strata.open(f"{bucket.url}/lab/deep/it.zarr").images[0]
    before = dict(bucket.objects)
    with pytest.raises(ExportError, match=r"deep/it\.zarr/0 of a web server") as caught:
        strata.export(stored, f"s3://lab/{target}", replace=True, **WISHES)
    assert "127.0.0.1" not in str(caught.value)
    assert bucket.objects == before
    strata.export(stored, "s3://lab/other.zarr", **WISHES)


def test_what_could_not_be_checked_is_closed_again(bucket, image, monkeypatch):
    def lose(plan, path, cancel=None):
        raise OSError("the network is down")

    monkeypatch.setattr(verify, "verify", lose)
    with pytest.raises(OSError, match="network"):
        strata.export(image, "s3://lab/it.zarr", **WISHES)
    assert "it.zarr/zarr.json" not in bucket.objects


def test_a_cancelled_export_says_that_it_is_to_be_started_again(bucket, image):
    stop = threading.Event()
    stop.set()
    with pytest.raises(ExportCancelled, match="is not complete; restart it"):
        strata.export(image, "s3://lab/it.zarr", cancel=stop, **WISHES)
    assert "it.zarr/zarr.json" not in bucket.objects


def test_converting_into_a_bucket_says_that_annotations_stay(bucket, tmp_path, capsys):
    layers = [Image(np.ones((4, 4, 4), np.uint8), name="em"), Points([[1.0, 2.0, 3.0]], name="p")]
    source = strata.export(layers, tmp_path / "a.ome.zarr", scheduler="threads").path
    with pytest.raises(SystemExit) as stop:
        main(["convert", str(source), "s3://lab/it.zarr", "--scheduler", "threads"])
    assert not stop.value.code
    assert "p.zarrvectors: is not written: annotations go beside datasets on this" in (
        capsys.readouterr().out
    )
    assert {key.partition("/")[0] for key in bucket.objects} == {"it.zarr"}
