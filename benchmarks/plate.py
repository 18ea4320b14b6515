"""Open a plate by napari-strata and by napari-ome-zarr, side by side: see README.md."""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from plate_store import Plate, write
from slow_server import SlowServer

READERS = ("napari-strata", "napari-ome-zarr")
LATENCY = 0.020
REGULAR = Plate("regular")
WARM_UP = Plate("warm-up", rows=1, columns=1, fields=1)
ODD = (
    Plate("missing wells", rows=4, columns=6, missing=("A/2", "B/3", "C/6", "D/1")),
    Plate("fields of two sizes", rows=4, columns=6, small=("B/2", "C/5")),
)


def run(reader: str, path: str, warm_up: str) -> dict[str, Any]:
    """Open a plate in a fresh process."""
    script = Path(__file__).with_name("plate_reader.py")
    command = [sys.executable, str(script), reader, path, warm_up]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{reader} could not be measured:\n{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {"reader": reader, **result}


def shown(result: dict[str, Any], plate: Plate) -> dict[str, Any]:
    """Tell by the pixels' values which fields were drawn."""
    seen = set(result.pop("values", ()))
    fields = [path for path, value in plate.values().items() if value in seen]
    return {**result, "fields": len(fields), "wells": len({f.rpartition("/")[0] for f in fields})}


def on_disk(reader: str, folder: Path, plate: Plate) -> dict[str, Any]:
    """Measure on the local disk; metadata files are counted as Python opens them."""
    result = run(reader, str(write(folder, plate)), str(write(folder, WARM_UP)))
    files = result.pop("files_opened", {})
    counts = {"metadata_reads": sum(files.values()), "metadata_files": len(files)}
    return {"setting": "disk", **shown(result, plate), **counts}


def over_http(reader: str, folder: Path, plate: Plate, server: SlowServer) -> dict[str, Any]:
    """Measure over HTTP; the server counts, and leaves the warm-up out."""
    urls = [f"{server.url}/{write(folder, p).name}" for p in (plate, WARM_UP)]
    server.reset()
    result = run(reader, *urls)
    result.pop("files_opened", None)
    name = urlsplit(urls[0]).path.strip("/")
    found, missing, other = (
        {k: n for k, n in counter.items() if k.startswith(name)}
        for counter in (server.found, server.missing, server.other)
    )
    counts = {
        "metadata_reads": sum(found.values()) + sum(missing.values()),
        "metadata_files": len(found),
        "not_there": sum(missing.values()),
        "chunk_reads": sum(other.values()),
    }
    return {"setting": f"http, {server.seconds * 1000:.0f} ms", **shown(result, plate), **counts}


def measure(folder: Path, repetitions: int) -> list[dict[str, Any]]:
    """Take turns, so that whatever else the machine does meets both readers."""
    server = SlowServer(folder, LATENCY)
    runs = []
    for repetition in range(repetitions):
        for reader in READERS if repetition % 2 == 0 else READERS[::-1]:
            runs.append(on_disk(reader, folder, REGULAR))
            runs.append(over_http(reader, folder, REGULAR, server))
            print(f"{repetition + 1}/{repetitions} {reader}", file=sys.stderr)
    server.close()
    return runs


TIMES = ("open_seconds", "coarsest_seconds", "total_seconds")
COUNTS = ("wells", "fields", "levels", "metadata_reads", "chunk_reads")


def summary(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Take the median of each reader's times in each setting."""
    rows = []
    for setting in dict.fromkeys(r["setting"] for r in runs):
        for reader in READERS:
            own = [r for r in runs if (r["reader"], r["setting"]) == (reader, setting)]
            failed = [r["error"] for r in own if "error" in r]
            if failed:
                raise SystemExit(f"{reader}, {setting}: {failed[0]}")
            row = {key: own[0].get(key) for key in ("setting", "reader", *COUNTS)}
            for key in TIMES:
                times = [_seconds(r, key) for r in own]
                row[key] = statistics.median(times)
                row[f"{key}_range"] = [min(times), max(times)]
            rows.append(row)
    return rows


def _seconds(one: dict[str, Any], key: str) -> float:
    parts = TIMES[:2] if key == "total_seconds" else (key,)
    return sum(float(one[part]) for part in parts)


def table(rows: list[dict[str, Any]]) -> str:
    """Lay the summary out, with the ratios of peer to strata below each pair."""
    lines = [
        "| setting | reader | wells | fields | levels | metadata reads | chunk reads "
        "| open, s | coarsest level again, s | both, s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for ours, peer in zip(rows[::2], rows[1::2], strict=True):
        lines += [_line(ours), _line(peer)]
        compared = ("metadata_reads", "chunk_reads", *TIMES)
        whole = [_ratio(peer, ours, key) for key in compared]
        share = ours["fields"] / peer["fields"]
        each = [_ratio(peer, ours, key, share) for key in compared]
        lines.append(f"| | peer / strata | | | | {' | '.join(whole)} |")
        lines.append(f"| | the same, for each field shown | | | | {' | '.join(each)} |")
    return "\n".join(lines)


def _ratio(peer: dict[str, Any], ours: dict[str, Any], key: str, share: float = 1.0) -> str:
    # How much longer reading again takes than a look into the cache says nothing.
    if key == "coarsest_seconds" or not ours[key]:
        return ""
    ratio = peer[key] / ours[key] * share
    return f"{ratio:.1f} ×" if ratio >= 1 else f"{ratio:.2f} ×"


def _line(row: dict[str, Any]) -> str:
    cells = ["" if row[key] is None else str(row[key]) for key in ("setting", "reader", *COUNTS)]
    for key in TIMES:
        low, high = row[f"{key}_range"]
        cells.append(f"{row[key]:.2f} ({low:.2f}–{high:.2f})")
    return f"| {' | '.join(cells)} |"


def odd_plates(folder: Path) -> list[dict[str, Any]]:
    """Open what is not like its first field: what comes, not how fast."""
    rows = []
    for plate in ODD:
        for reader in READERS:
            result = on_disk(reader, folder, plate)
            written = plate.values()
            rows.append(
                {
                    "plate": plate.name,
                    "reader": reader,
                    "fields": result["fields"],
                    "of": len(written),
                    "error": result.get("error"),
                }
            )
    return rows


def odd_table(rows: list[dict[str, Any]]) -> str:
    """Lay out what came of the odd plates."""
    lines = ["| plate | reader | fields shown | |", "|---|---|---|---|"]
    for row in rows:
        text = (row["error"] or "").replace("|", "/").splitlines()
        count = f"{row['fields']} of {row['of']}"
        lines.append(f"| {row['plate']} | {row['reader']} | {count} | {''.join(text[:1])[:120]} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print the tables, and write all runs as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where plates are kept between runs")
    parser.add_argument("--json", type=Path, help="where to write every single run")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.gettempdir()) / "napari-strata-plates"
    folder.mkdir(parents=True, exist_ok=True)
    runs = measure(folder, options.repetitions)
    rows, odd = summary(runs), odd_plates(folder)
    print(f"{table(rows)}\n\n{odd_table(odd)}")
    if options.json:
        packages = (*READERS, "napari", "zarr", "tensorstore", "dask")
        about = {"python": platform.python_version(), **{p: version(p) for p in packages}}
        result = {"versions": about, "summary": rows, "odd_plates": odd, "runs": runs}
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
