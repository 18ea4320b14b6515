"""What reading a damaged store may raise, and how it is told."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from napari_strata.model import OpenError, Problem
from napari_strata.store import warned

UNREADABLE = "geometry-unreadable"
"""Code of what makes a level, or part of it, unreadable."""
LEFT_OUT = "geometry-part-left-out"
"""Code of a chunk, a link or an object that is left out, the rest being there."""
ATTRIBUTE_LEFT_OUT = "geometry-attribute-left-out"
"""Code of an attribute that is left out, or filled in."""
OUTSIDE = "geometry-vertex-outside-chunk"
"""Code of vertices that are not where the store keeps them."""
COUNT = "geometry-vertex-count"
"""Code of a number of vertices that is not the one declared."""

_LONGEST = 300


def damage() -> tuple[type[Exception], ...]:
    """List what zarr, its codecs and zarr-vectors raise for damaged bytes and metadata."""
    from zarr_vectors.exceptions import ZVError

    return (
        ZVError,
        ArithmeticError,
        AssertionError,
        AttributeError,
        EOFError,
        LookupError,
        MemoryError,
        OSError,
        RuntimeError,
        TypeError,
        ValueError,
    )


def reason(error: Exception) -> str:
    """Tell an error in one short line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def refusal(where: str, message: str) -> OpenError:
    """Build the error of a level of which nothing honest is left."""
    return OpenError(Problem(UNREADABLE, "error", where, message))


@contextmanager
def refusing(where: str, what: str) -> Iterator[None]:
    """Turn what damage raises into an `OpenError` that names the file."""
    try:
        yield
    except OpenError:
        raise
    except damage() as error:
        raise refusal(where, f"{what}: {reason(error)}") from error


@contextmanager
def heard(where: str, problems: list[Problem]) -> Iterator[None]:
    """Turn the warnings of the libraries into problems."""
    with warned.heard() as said:
        yield
    for text in dict.fromkeys(reason_of(w) for w in said):
        message = f"zarr-vectors says while it reads: {text}"
        problems.append(Problem("geometry-warning", "info", where, message))


def reason_of(warning: warnings.WarningMessage) -> str:
    """Tell a warning in one short line."""
    message = warning.message
    return reason(message if isinstance(message, Exception) else ValueError(str(message)))
