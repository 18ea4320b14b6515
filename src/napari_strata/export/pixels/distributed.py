"""Exporting on the workers of a Dask cluster: finding it, and whether its workers see the data.

Every block says where it is read from and written to, so it runs anywhere; a block that a lost
worker had begun is written again by another. A target on a local path must be the same folder on
every worker (a shared filesystem), and so must a source: a worker that lacks the source's files
would take them for empty chunks. Both are asked for before anything is written.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from napari_strata.export.errors import ExportCancelled, ExportError

_WITH_PORT = frozenset({"tcp", "tls", "ws", "wss"})
THREADS = "threads"
"""Says that this process is to write, whatever cluster there is."""

_SECONDS = 5.0  # to find a scheduler, and for its workers to answer
_LONGEST = 300  # characters of what a worker says
_AHEAD = 2  # blocks for each thread of the cluster, so that none waits for work


@dataclass(frozen=True)
class Crew:
    """Who writes the blocks.

    Attributes
    ----------
    executor : None for threads of this process.
    workers : how many blocks are under way at once; None leaves it to the engine.
    address : of the scheduler; None for threads of this process.
    """

    executor: Executor | None = None
    workers: int | None = None
    address: str | None = None
    client: Any = None

    def check_sees(self, folders: Sequence[str], note: str | None = None) -> None:
        """Refuse workers that do not see the same files as this process.

        Parameters
        ----------
        folders : folders or files that must be there.
        note : a file that must hold the same bytes there.

        Raises
        ------
        ExportError : a worker does not see one of them, or does not answer.
        """
        if self.client is None:
            return
        expected = {} if note is None else {note: _bytes_of(note)}
        for worker, missing in _ask(self.client, _missing, list(folders), expected).items():
            if missing is not None:
                raise ExportError(
                    f"the worker {worker} does not see {missing}; sources and target must be on a "
                    "filesystem that all workers share, under the same path, or in a bucket"
                )

    @contextmanager
    def failures_named(self) -> Iterator[None]:
        """Say what goes wrong with an executor in one line.

        Raises
        ------
        ExportError : it gave up a block, or lost its workers.
        """
        if self.executor is None:
            yield
            return
        try:
            yield
        except (ExportError, ExportCancelled, OSError):
            raise
        except CancelledError as error:
            raise ExportError(
                f"{self.address or 'the executor'} gave up a block; if its workers or scheduler "
                "were lost, start them and resume the export"
            ) from error
        except Exception as error:  # an executor raises what it likes
            reason = " ".join(str(error).split())[:_LONGEST]
            raise ExportError(f"the workers failed: {type(error).__name__}: {reason}") from error


@contextmanager
def crew(scheduler: str | None = None) -> Iterator[Crew]:
    """Find who writes: the scheduler at an address, else a cluster in use, else this process.

    Parameters
    ----------
    scheduler : address such as ``tcp://host:8786``. Without it the client this process is
        connected with (`distributed.get_client`) is used, then the address in Dask's
        configuration (``scheduler-address``), then threads of this process. ``threads`` takes
        these at once.

    Raises
    ------
    ExportError : nobody answers at the address within seconds, or there are no workers.
    """
    if scheduler == THREADS:
        yield Crew()
        return
    client, is_ours = (_connect(scheduler), True) if scheduler else _client_in_use()
    if client is None:
        yield Crew()
        return
    try:
        yield _crew_of(client)
    finally:
        if is_ours:
            client.close(timeout=_SECONDS)


def _client_in_use() -> tuple[Any, bool]:
    """Return the client to use, and whether it was made for this."""
    if "distributed" in sys.modules:  # else there can be none
        from distributed import get_client

        try:
            return get_client(), False
        except ValueError:
            pass
    from dask import config

    address = config.get("scheduler-address", None)
    return (_connect(str(address)), True) if address else (None, False)


def _connect(address: str) -> Any:
    if importlib.util.find_spec("distributed") is None:
        raise ExportError("a scheduler needs the package distributed: pip install distributed")
    from distributed import Client
    from distributed.comm.addressing import parse_address, parse_host_port

    try:
        scheme, place = parse_address(address)
        if scheme in _WITH_PORT:  # a client that cannot be made tells of itself later, at length
            parse_host_port(place)
        return Client(address, timeout=_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TypeError) as error:
        reason = "nobody answers" if isinstance(error, OSError) else str(error).splitlines()[0]
        raise ExportError(f"the scheduler {address} cannot be used: {reason}") from error


def _crew_of(client: Any) -> Crew:
    address = str(client.scheduler.address)
    threads = sum(client.nthreads().values())
    if not threads:
        raise ExportError(f"the scheduler {address} has no workers")
    # Not pure: the same block of the same export may have to be written again.
    return Crew(client.get_executor(retries=3, pure=False), _AHEAD * threads, address, client)


def _ask(client: Any, question: Any, *arguments: Any) -> Mapping[str, Any]:
    """Ask every worker; whatever goes wrong there is told in one line."""
    try:
        answers = client.run(question, *arguments, on_error="return")
    except OSError as error:
        raise ExportError(f"the workers do not answer: {error}") from error
    for worker, answer in answers.items():
        if isinstance(answer, BaseException):
            raise ExportError(
                f"the worker {worker} cannot take part: {type(answer).__name__}: {answer}; it "
                "needs napari-strata in the same version as here"
            )
    return dict(answers)


def _missing(folders: Sequence[str], notes: Mapping[str, bytes]) -> str | None:
    """Return the first path that is not the same here; None if all are. Runs on the workers."""
    for folder in folders:
        if not os.path.exists(folder):
            return folder
    for note, expected in notes.items():
        try:
            if _bytes_of(note) != expected:
                return note
        except OSError:
            return note
    return None


def _bytes_of(file: str) -> bytes:
    with open(file, "rb") as stream:
        return stream.read()
