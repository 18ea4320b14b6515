"""What AWS's own tools are told by variables and by profiles; tensorstore reads little of it.

A profile is a section of the credentials file or the config file, as the AWS command line writes
them. Rules: the AWS SDKs and Tools Reference Guide, "shared config and credentials files".
"""

from __future__ import annotations

import configparser
import os
from typing import Any

from napari_strata.model import OpenError, Problem
from napari_strata.store.location import Location

_CREDENTIALS = ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", "")
_CONFIG = ("AWS_CONFIG_FILE", "~/.aws/config", "profile ")
_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE")


def has_credentials() -> bool:
    """Tell whether there is anything to log in by where no profile was asked for."""
    if any(os.environ.get(variable) for variable in _VARIABLES):
        return True
    return any(os.path.exists(_file(*where[:2])) for where in (_CREDENTIALS, _CONFIG))


def profiles() -> tuple[str, ...]:
    """Name the profiles there are, sorted; none where the files cannot be read."""
    return tuple(sorted(_profiles()))


def check_profile(location: Location) -> None:
    """Refuse a profile that does not exist, before anything is asked for.

    Raises
    ------
    OpenError
        With the profiles there are.
    """
    known = profiles()
    if location.scheme != "s3" or not location.profile or location.profile in known:
        return
    files = " and ".join(_file(*where[:2]) for where in (_CREDENTIALS, _CONFIG))
    listed = ", ".join(known) or "none"
    message = f'found no AWS profile "{location.profile}" in {files}, expected one of: {listed}'
    raise OpenError(Problem("unknown-profile", "error", str(location), message))


def endpoint(location: Location) -> dict[str, str]:
    """Give service and region of a bucket, as tensorstore's ``s3`` driver takes them.

    Variables win over the profile, as they do for AWS's own tools.
    """
    own = _profiles().get(location.profile, {}) if location.profile else {}
    result: dict[str, str] = {}
    service = (
        os.environ.get("AWS_ENDPOINT_URL_S3")
        or os.environ.get("AWS_ENDPOINT_URL")
        or own.get("endpoint_url")
    )
    if service:
        result["endpoint"] = service
    region = (
        location.region
        or os.environ.get("AWS_REGION")
        or os.environ.get("AWS_DEFAULT_REGION")
        or own.get("region")
    )
    if region:
        result["aws_region"] = region
    elif service:
        result["aws_region"] = "us-east-1"  # otherwise tensorstore asks the endpoint for one
    return result


def credentials(profile: str, *, anonymous: bool) -> dict[str, Any]:
    """Give tensorstore's ``aws_credentials``: a profile's own, nobody's, or the usual ones."""
    if profile:
        return {
            "type": "profile",
            "profile": profile,
            # tensorstore 0.1.86 opens nothing by a profile where it has to find them itself
            "credentials_file": _file(*_CREDENTIALS[:2]),
            "config_file": _file(*_CONFIG[:2]),
        }
    return {"type": "anonymous" if anonymous else "default"}


def _file(variable: str, default: str) -> str:
    return os.path.expanduser(os.environ.get(variable) or default)


def _profiles() -> dict[str, dict[str, str]]:
    """Read every profile's settings; those of the credentials file win, as AWS says."""
    found: dict[str, dict[str, str]] = {}
    for variable, default, prefix in (_CONFIG, _CREDENTIALS):
        sections = configparser.RawConfigParser(default_section="\0", strict=False)
        try:
            sections.read(_file(variable, default), encoding="utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue  # AWS's own tools complain of it; there is no profile in it for us
        for section in sections.sections():
            if section.startswith(prefix) or section == "default":
                name = section.removeprefix(prefix).strip()
                found.setdefault(name, {}).update(sections.items(section))
    return found
