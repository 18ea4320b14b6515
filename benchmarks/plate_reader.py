"""Open one plate with one reader, in a process of its own, and print what it took as JSON.

Usage: plate_reader.py READER PLATE WARM_UP. The warm-up is a small plate that is opened
before, by the same reader and from the same kind of storage: imports are not measured.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from slow_server import METADATA

opened: Counter[str] = Counter()


def count(event: str, arguments: tuple[Any, ...]) -> None:
    """Count each time Python asks for a metadata file on the disk."""
    if event == "open" and isinstance(arguments[0], str) and arguments[0].endswith(METADATA):
        opened[arguments[0]] += 1


def by_strata(path: str) -> list[Any]:
    from napari_strata.plugin import get_reader

    reader = get_reader(path)
    assert reader is not None
    return reader(path)


def by_napari_ome_zarr(path: str) -> list[Any]:
    """Make layers of what the reader returns, as napari does."""
    from napari.layers import Layer
    from napari.layers.utils.stack_utils import split_channels
    from napari_ome_zarr import napari_get_reader

    layers = []
    for data, arguments, kind in napari_get_reader(path)(path):
        arguments = dict(arguments)
        axis = arguments.pop("channel_axis", None)
        parts = [(data, arguments, kind)]
        if axis is not None:
            parts = split_channels(data, axis, **arguments)
        layers += [Layer.create(*part) for part in parts]
    return layers


READERS: dict[str, Callable[[str], list[Any]]] = {
    "napari-strata": by_strata,
    "napari-ome-zarr": by_napari_ome_zarr,
}


def measure(read: Callable[[str], list[Any]], path: str) -> dict[str, Any]:
    """Open a plate and read the coarsest level of all of it."""
    opened.clear()
    start = time.perf_counter()
    layers = read(path)
    made = time.perf_counter()
    coarsest = [np.asarray(layer.data[-1]) for layer in layers if layer._type_string == "image"]
    end = time.perf_counter()
    return {
        "layers": len(layers),
        "levels": len(layers[0].data),
        "open_seconds": made - start,
        "coarsest_seconds": end - made,
        "files_opened": dict(opened),
        "values": sorted({int(v) for pixels in coarsest for v in np.unique(pixels)} - {0}),
    }


def main() -> None:
    """Measure once; an error of the reader is a result too."""
    reader, path, warm_up = sys.argv[1:4]
    sys.addaudithook(count)
    # What a reader prints would stand between our lines.
    output, sys.stdout = sys.stdout, sys.stderr
    read = READERS[reader]
    measure(read, warm_up)
    try:
        result = measure(read, path)
    except Exception as error:  # noqa: BLE001 whatever it is, it is what a user would see
        result = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(result), file=output)


if __name__ == "__main__":
    main()
