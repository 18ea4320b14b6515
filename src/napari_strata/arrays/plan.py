"""From an array's metadata to the way it is decoded, without any reading."""

from __future__ import annotations

from napari_strata.arrays import n5, precomputed, zarr2, zarr3
from napari_strata.arrays.decoding import Plan
from napari_strata.arrays.errors import CodecError
from napari_strata.model import ArrayLocation, Location, stored_arrays

_PLANNERS = {
    "n5": n5.plan,
    "zarr2": zarr2.plan,
    "zarr3": zarr3.plan,
    "precomputed": precomputed.plan,
}


def plan(location: ArrayLocation) -> Plan:
    """Decide how an array is decoded.

    Raises
    ------
    CodecError : its metadata asks for something that cannot be decoded here.
    """
    return _PLANNERS[location.encoding](location)


def check_codec(location: Location) -> str | None:
    """Tell in one sentence why an array cannot be decoded, or None if all can.

    Looks at metadata alone: nothing is read and tensorstore is not imported.
    """
    sound: ArrayLocation | None = None
    for array in stored_arrays(location):
        # The thousands of fields of a plate are mostly stored alike.
        if sound and (sound.encoding, sound.metadata) == (array.encoding, array.metadata):
            continue
        try:
            plan(array)
        except CodecError as error:
            return error.reason
        sound = array
    return None
