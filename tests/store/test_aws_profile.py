"""Reading S3 by an AWS profile: metadata, listings and pixels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import napari_strata as strata
from napari_strata.cli import app
from napari_strata.dataset import Choices
from napari_strata.store import aws
from napari_strata.store.backend import Listing
from napari_strata.store.container import open_container
from napari_strata.store.location import Location, parse_location

from .conftest import S3

CREDENTIALS = """
[lab]
aws_access_key_id = AKIDOFTHELAB
aws_secret_access_key = secret

[other]
aws_access_key_id = AKIDOFANOTHER
aws_secret_access_key = secret
"""
CONFIG = """
[default]
region = eu-north-1

[profile lab]
region = eu-central-1
endpoint_url = https://minio.example.org

[profile no-keys]
region = eu-west-1
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Credentials and config of a user; the variables that would win are not set."""
    (tmp_path / "credentials").write_text(CREDENTIALS)
    (tmp_path / "config").write_text(CONFIG)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def at(url: str, profile: str) -> dict[str, str]:
    return aws.endpoint(open_location(url, profile))


def open_location(url: str, profile: str) -> Location:
    return replace(parse_location(url), profile=profile)


@pytest.fixture
def private(s3: S3, files: Path) -> S3:
    """A bucket with one array that only signed requests see."""
    metadata = (
        b'{"zarr_format": 2, "shape": [2, 3], "chunks": [2, 3], "dtype": "|u1", "order": "C",'
        b' "compressor": null, "filters": null, "fill_value": 0}'
    )
    s3.objects = {"a.zarr/em/.zarray": metadata, "a.zarr/em/0.0": bytes(range(6))}
    s3.allowed = lambda signed: signed
    s3.page_size = 1000
    return s3


def keys_used(server: S3) -> set[str]:
    signed = [h["authorization"] for h in server.headers if "authorization" in h]
    return {text.partition("Credential=")[2].partition("/")[0] for text in signed}


def test_metadata_and_pixels_are_read_by_it_and_nobody_is_asked_first(private: S3):
    dataset = strata.open("s3://lab/a.zarr/em", profile="lab")
    assert np.asarray(dataset.images[0].levels[0].data).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert keys_used(private) == {"AKIDOFTHELAB"}
    assert all("authorization" in headers for headers in private.headers)
    assert dataset.choices == Choices(profile="lab")


def test_another_profile_is_another_user(private: S3):
    strata.open("s3://lab/a.zarr/em", profile="other")
    assert keys_used(private) == {"AKIDOFANOTHER"}


def test_a_profile_wins_over_the_keys_in_the_environment(
    private: S3, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOFTHEENVIRONMENT")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    image = strata.open("s3://lab/a.zarr/em", profile="lab").images[0]
    np.asarray(image.levels[0].data)
    assert keys_used(private) == {"AKIDOFTHELAB"}


def test_a_folder_is_listed_by_it(private: S3):
    node = open_container("s3://lab/a.zarr", "lab")
    assert node.listing() == Listing(("em",), ())
    assert keys_used(private) == {"AKIDOFTHELAB"}


def test_without_one_everything_is_as_before(private: S3):
    private.allowed = lambda signed: True
    strata.open("s3://lab/a.zarr/em")
    assert keys_used(private) == set()


def test_a_profile_there_is_not_is_refused_before_anything_is_asked(private: S3):
    with pytest.raises(strata.OpenError, match=r'"labb".*lab, no-keys, other'):
        strata.open("s3://lab/a.zarr/em", profile="labb")
    assert private.log == []


def test_a_profile_without_keys_is_one_line(private: S3):
    with pytest.raises(strata.OpenError, match=r"^em/zarr\.json: no AWS keys .* the profile"):
        strata.open("s3://lab/a.zarr/em", profile="no-keys")
    assert private.log == []


def test_it_is_of_no_use_on_this_computer(tmp_path: Path, files: Path):
    with pytest.raises(strata.OpenError, match="does not exist"):
        strata.open(tmp_path / "x.zarr", profile="labb")


def test_the_profiles_there_are(files: Path):
    assert aws.profiles() == ("default", "lab", "no-keys", "other")


def test_files_that_are_damaged_have_no_profiles(files: Path):
    (files / "credentials").write_bytes(b"\xff\xfe no section")
    (files / "config").write_text("[profile lab")
    assert aws.profiles() == ()


@pytest.mark.parametrize(
    ("url", "profile", "expected"),
    [
        pytest.param("s3://b/x", "", {}, id="none"),
        pytest.param(
            "s3://b/x",
            "lab",
            {"endpoint": "https://minio.example.org", "aws_region": "eu-central-1"},
            id="its own service and region",
        ),
        pytest.param("s3://b/x", "no-keys", {"aws_region": "eu-west-1"}, id="its own region"),
        pytest.param(
            "https://b.s3.us-west-2.amazonaws.com/x",
            "no-keys",
            {"aws_region": "us-west-2"},
            id="the address wins",
        ),
    ],
)
def test_service_and_region_are_the_profiles(
    url: str, profile: str, expected: dict[str, str], files: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert at(url, profile) == expected


def test_variables_win_over_the_profile(files: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:9000")
    monkeypatch.setenv("AWS_REGION", "af-south-1")
    expected = {"endpoint": "http://localhost:9000", "aws_region": "af-south-1"}
    assert at("s3://b/x", "lab") == expected


@pytest.mark.parametrize("command", ["inspect", "check"])
def test_commands_take_it(command: str, private: S3):
    answer = CliRunner().invoke(app, [command, "s3://lab/a.zarr/em", "--profile", "lab"])
    assert answer.exit_code == 0, answer.output
    assert keys_used(private) == {"AKIDOFTHELAB"}


def test_convert_takes_it(private: S3, tmp_path: Path):
    target = tmp_path / "out.zarr"
    command = ["convert", "s3://lab/a.zarr/em", str(target), "--profile", "lab"]
    answer = CliRunner().invoke(app, command)
    assert answer.exit_code == 0, answer.output
    image = strata.open(target).images[0]
    assert np.asarray(image.levels[0].data).ravel().tolist() == [0, 1, 2, 3, 4, 5]


def test_a_command_names_the_profile_there_is_not(private: S3):
    answer = CliRunner().invoke(app, ["check", "s3://lab/a.zarr/em", "--profile", "labb"])
    assert answer.exit_code == 2
    assert 'no AWS profile "labb"' in answer.output


@pytest.mark.parametrize("profile", ["", 3], ids=["empty", "a number"])
def test_what_is_no_name_is_refused(profile: object):
    with pytest.raises(ValueError, match="profile is"):
        Choices(profile=profile)  # type: ignore[arg-type]


def test_its_name_is_kept_among_the_choices():
    assert Choices(profile="lab").to_json() == {"profile": "lab"}
    assert Choices.from_json({"profile": "lab"}) == Choices(profile="lab")
    assert Choices().to_json() == {}


@pytest.mark.parametrize(
    "text",
    [
        "https://user:pass%40word@host:81/a%20b/x%3F.zarr?token=a%2Fb",
        "https://lab.s3.us-west-2.amazonaws.com/a%25b/x.zarr",
        "s3://lab/a%23/x.zarr",
        "gs://lab/x.zarr",
        "/data/a%20b/x.zarr",
    ],
)
def test_an_address_can_be_taken_apart_again(text: str):
    location = parse_location(text)
    assert location.address == text
    assert parse_location(location.address) == location
