"""ZVF's published page: a store that keeps all its rules, and stores that break them.

What is expected is worked out from the page: "Multiscale metadata" with its L2 checks, and those of
"Level groups". Bins of 50 at level 0, ratios 1, 2 and 4: the translations are 25, 50 and 100.
"""

from __future__ import annotations

from typing import Any

from check.breaking import Case, error, warning
from check.stores import MISSING, Files, changed

FILE = "zarr.json"
ENTRY: tuple[str | int, ...] = ("attributes", "multiscales", 0)
DATASETS = (*ENTRY, "datasets")
LEVEL = ("attributes", "zarr_vectors_level")
BASE = 50.0
TYPE = "zarr_vectors_multiscale"


def group(**attributes: Any) -> dict[str, Any]:
    return {"zarr_format": 3, "node_type": "group", "attributes": attributes}


def dataset(level: int, ratio: int) -> dict[str, Any]:
    return {
        "path": str(level),
        "level": level,
        "bin_ratio": [ratio] * 3,
        "bin_shape": [BASE * ratio] * 3,
        "object_sparsity": 1.0 / ratio,
        "coordinateTransformations": [
            {"type": "scale", "scale": [float(ratio)] * 3},
            {"type": "translation", "translation": [BASE * ratio / 2] * 3},
        ],
    }


def level_group(level: int, ratio: int) -> dict[str, Any]:
    inside = dataset(level, ratio)
    keys = ("level", "bin_ratio", "bin_shape", "object_sparsity")
    return group(zarr_vectors_level={key: inside[key] for key in keys} | {"vertex_count": 8})


def store() -> Files:
    """The metadata of a store as the page has it: three levels, no vertices."""
    entry = {
        "version": "0.5",
        "name": "scan",
        "type": TYPE,
        "axes": [{"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"],
        "datasets": [dataset(level, 1 << level) for level in range(3)],
    }
    block = {
        "zv_version": "0.9.2",
        "chunk_shape": [200.0] * 3,
        "bounds": [[0.0] * 3, [400.0] * 3],
        "geometry_types": ["point_cloud"],
        "base_bin_shape": [BASE] * 3,
    }
    files: Files = {FILE: group(zarr_vectors=block, multiscales=[entry])}
    return files | {f"{n}/{FILE}": level_group(n, 1 << n) for n in range(3)}


def at(*keys: str | int, to: Any) -> Files:
    """The store with one value of its multiscale changed."""
    return changed(store(), FILE, ((*ENTRY, *keys), to))


def both(*changes: tuple[tuple[str | int, ...], Any]) -> Files:
    """The store with several values of its multiscale changed."""
    return changed(store(), FILE, *(((*ENTRY, *keys), to) for keys, to in changes))


def in_group(level: int, key: str, to: Any) -> Files:
    """The store with one value of a level group changed."""
    return changed(store(), f"{level}/{FILE}", ((*LEVEL, key), to))


def without_bins() -> Files:
    """The store as zarr-vectors writes it: the bins are at the root and in transforms alone."""
    keys = ("level", "bin_ratio", "bin_shape", "object_sparsity")
    files = both(*((("datasets", n, key), MISSING) for n in range(3) for key in keys))
    for n in range(3):
        changes = [((*LEVEL, key), MISSING) for key in ("bin_ratio", "bin_shape")]
        files = changed(files, f"{n}/{FILE}", *changes)
    return files


NO_BINS = {warning("zvf-missing-key", FILE, *DATASETS, n) for n in range(3)}


def no_bins(*keys: str | int, to: Any) -> Files:
    return changed(without_bins(), FILE, ((*DATASETS, *keys), to))


def transforms(level: int, *listed: Any) -> Files:
    return at("datasets", level, "coordinateTransformations", to=list(listed))


def scale(*numbers: Any) -> dict[str, Any]:
    return {"type": "scale", "scale": list(numbers)}


def translation(*numbers: Any) -> dict[str, Any]:
    return {"type": "translation", "translation": list(numbers)}


def dropped(name: str) -> Files:
    return {file: content for file, content in store().items() if file != name}


def reordered(*order: int) -> Files:
    return at("datasets", to=[dataset(n, 1 << n) for n in order])


SECOND = (*DATASETS, 1)
TRANSFORMS = (*SECOND, "coordinateTransformations")
GROUP = f"1/{FILE}"

MULTISCALES: dict[str, Case] = {
    "no multiscales": (
        changed(store(), FILE, (("attributes", "multiscales"), MISSING)),
        {error("zvf-multiscales", FILE, "attributes", "multiscales")},
    ),
    "multiscales empty": (
        changed(store(), FILE, (("attributes", "multiscales"), [])),
        {error("zvf-multiscales", FILE, "attributes", "multiscales")},
    ),
    "multiscales an object": (
        changed(store(), FILE, (("attributes", "multiscales"), {})),
        {error("zvf-multiscales", FILE, "attributes", "multiscales")},
    ),
    "an entry that is a text": (
        changed(store(), FILE, (("attributes", "multiscales"), ["scan"])),
        {error("zvf-multiscales", FILE, *ENTRY)},
    ),
    "no type": (at("type", to=MISSING), {warning("zvf-missing-key", FILE, *ENTRY, "type")}),
    "another type": (at("type", to="mean"), {error("zvf-type", FILE, *ENTRY, "type")}),
    "type null": (at("type", to=None), {error("zvf-type", FILE, *ENTRY, "type")}),
    "no datasets": (at("datasets", to=MISSING), {error("zvf-datasets", FILE, *DATASETS)}),
    "datasets empty": (at("datasets", to=[]), {error("zvf-datasets", FILE, *DATASETS)}),
    "a dataset that is a text": (
        at("datasets", to=[dataset(0, 1), "1"]),
        {error("zvf-datasets", FILE, *SECOND)},
    ),
    "no level 0": (reordered(1, 2), {error("zvf-level-zero", FILE, *DATASETS)}),
    "level 0 twice": (reordered(0, 0, 1), {error("zvf-level-zero", FILE, *DATASETS)}),
    "level 0 of ratio 2": (
        changed(
            at("datasets", 0, to=dataset(0, 2)),
            f"0/{FILE}",
            ((*LEVEL, "bin_ratio"), [2] * 3),
            ((*LEVEL, "bin_shape"), [2 * BASE] * 3),
        ),
        {error("zvf-level-zero", FILE, *DATASETS, 0, "bin_ratio")},
    ),
    "levels not ascending": (
        at("datasets", to=[dataset(0, 1), dataset(2, 2), dataset(1, 2)]),
        {
            error("zvf-level-order", FILE, *DATASETS, 2, "level"),
            error("zvf-bins-contradict", f"2/{FILE}", *LEVEL, "bin_ratio"),
            error("zvf-bins-contradict", f"2/{FILE}", *LEVEL, "bin_shape"),
        },
    ),
    "a level twice": (
        reordered(0, 1, 1),
        {error("zvf-level-order", FILE, *DATASETS, 2, "level")},
    ),
    "levels not ascending by path alone": (
        changed(
            without_bins(),
            FILE,
            ((*DATASETS, 1), without_bins()[FILE]["attributes"]["multiscales"][0]["datasets"][2]),
            ((*DATASETS, 2), without_bins()[FILE]["attributes"]["multiscales"][0]["datasets"][1]),
        ),
        {*NO_BINS, error("zvf-level-order", FILE, *DATASETS, 2, "path")},
    ),
    "bin_ratio falls": (
        changed(
            at("datasets", 2, to=dataset(2, 1)),
            f"2/{FILE}",
            ((*LEVEL, "bin_ratio"), [1] * 3),
            ((*LEVEL, "bin_shape"), [BASE] * 3),
        ),
        {error("zvf-bin-ratio", FILE, *DATASETS, 2, "bin_ratio")},
    ),
}

LEVELS: dict[str, Case] = {
    "no path": (
        at("datasets", 1, "path", to=MISSING),
        {error("zvf-missing-key", FILE, *SECOND, "path")},
    ),
    "no level": (
        at("datasets", 1, "level", to=MISSING),
        {warning("zvf-missing-key", FILE, *SECOND)},
    ),
    "no bin_ratio": (
        at("datasets", 1, "bin_ratio", to=MISSING),
        {warning("zvf-missing-key", FILE, *SECOND)},
    ),
    "no bin_shape": (
        at("datasets", 1, "bin_shape", to=MISSING),
        {warning("zvf-missing-key", FILE, *SECOND)},
    ),
    "none of them, as zarr-vectors writes it": (without_bins(), NO_BINS),
    "a path to nothing": (
        dropped(GROUP),
        {error("zvf-level-path", FILE, *SECOND, "path")},
    ),
    "a path to an array": (
        changed(store(), GROUP, (("node_type",), "array")),
        {error("zvf-level-path", FILE, *SECOND, "path")},
    ),
    "a path to a damaged group": (
        {**store(), GROUP: "{"},
        {error("zvf-level-path", FILE, *SECOND, "path")},
    ),
    "a path out of the store": (
        at("datasets", 1, "path", to="../other/1"),
        {error("zvf-level-path", FILE, *SECOND, "path")},
    ),
    "a path that is a number": (
        at("datasets", 1, "path", to=1),
        {error("zvf-level-path", FILE, *SECOND, "path")},
    ),
    "level is not that of the path": (
        at("datasets", 2, "level", to=3),
        {error("zvf-level-number", FILE, *DATASETS, 2, "level")},
    ),
    "level is a text": (
        at("datasets", 1, "level", to="1"),
        {error("zvf-level-number", FILE, *SECOND, "level")},
    ),
    "level is true": (
        at("datasets", 1, "level", to=True),
        {error("zvf-level-number", FILE, *SECOND, "level")},
    ),
    "a path without a number": (
        {**at("datasets", 1, "path", to="half"), f"half/{FILE}": group()},
        {error("zvf-level-number", FILE, *SECOND, "path")},
    ),
    "a group of another level": (
        in_group(1, "level", 2),
        {error("zvf-level-number", GROUP, *LEVEL, "level")},
    ),
    "bin_ratio of two axes": (
        changed(at("datasets", 1, "bin_ratio", to=[2, 2]), GROUP, ((*LEVEL, "bin_ratio"), MISSING)),
        {error("zvf-bin-ratio", FILE, *SECOND, "bin_ratio")},
    ),
    "bin_ratio with fractions": (
        changed(
            at("datasets", 1, "bin_ratio", to=[1.5] * 3), GROUP, ((*LEVEL, "bin_ratio"), MISSING)
        ),
        {error("zvf-bin-ratio", FILE, *SECOND, "bin_ratio")},
    ),
    "bin_ratio of zeros at level 0": (
        changed(
            at("datasets", 0, "bin_ratio", to=[0] * 3),
            f"0/{FILE}",
            ((*LEVEL, "bin_ratio"), MISSING),
        ),
        {
            error("zvf-bin-ratio", FILE, *DATASETS, 0, "bin_ratio"),
            error("zvf-level-zero", FILE, *DATASETS, 0, "bin_ratio"),
        },
    ),
    "bin_ratio a number": (
        at("datasets", 1, "bin_ratio", to=2),
        {error("zvf-bin-ratio", FILE, *SECOND, "bin_ratio")},
    ),
    "bin_shape null": (
        at("datasets", 1, "bin_shape", to=None),
        {error("zvf-bin-shape", FILE, *SECOND, "bin_shape")},
    ),
    "bin_shape below 0": (
        changed(
            at("datasets", 1, "bin_shape", to=[100, 100, -100]),
            GROUP,
            ((*LEVEL, "bin_shape"), MISSING),
        ),
        {error("zvf-bin-shape", FILE, *SECOND, "bin_shape")},
    ),
    "bin_shape is not base_bin_shape times bin_ratio": (
        changed(
            both(
                (("datasets", 1, "bin_shape"), [100, 100, 120]),
                (("datasets", 1, "coordinateTransformations", 1), translation(50, 50, 60)),
            ),
            GROUP,
            ((*LEVEL, "bin_shape"), [100, 100, 120]),
        ),
        {error("zvf-bin-shape", FILE, *SECOND, "bin_shape")},
    ),
    "object_sparsity 0": (
        at("datasets", 1, "object_sparsity", to=0),
        {error("zvf-object-sparsity", FILE, *SECOND, "object_sparsity")},
    ),
    "object_sparsity above 1": (
        at("datasets", 1, "object_sparsity", to=1.01),
        {error("zvf-object-sparsity", FILE, *SECOND, "object_sparsity")},
    ),
    "object_sparsity a text": (
        at("datasets", 1, "object_sparsity", to="1"),
        {error("zvf-object-sparsity", FILE, *SECOND, "object_sparsity")},
    ),
    "object_sparsity not said": (at("datasets", 1, "object_sparsity", to=MISSING), set()),
    "object_sparsity of a group below 0": (
        in_group(1, "object_sparsity", -0.5),
        {error("zvf-object-sparsity", GROUP, *LEVEL, "object_sparsity")},
    ),
    "another bin_ratio in the group": (
        in_group(1, "bin_ratio", [3, 3, 3]),
        {error("zvf-bins-contradict", GROUP, *LEVEL, "bin_ratio")},
    ),
    "another bin_shape in the group": (
        in_group(1, "bin_shape", [100, 100]),
        {error("zvf-bins-contradict", GROUP, *LEVEL, "bin_shape")},
    ),
}

PAIRS: dict[str, Case] = {
    "no transforms": (
        at("datasets", 1, "coordinateTransformations", to=MISSING),
        {error("zvf-missing-key", FILE, *TRANSFORMS)},
    ),
    "transforms empty": (transforms(1), {error("zvf-transforms", FILE, *TRANSFORMS)}),
    "transforms an object": (
        at("datasets", 1, "coordinateTransformations", to=scale(2, 2, 2)),
        {error("zvf-transforms", FILE, *TRANSFORMS)},
    ),
    "a translation first": (
        transforms(1, translation(50, 50, 50), scale(2, 2, 2)),
        {error("zvf-transforms", FILE, *TRANSFORMS)},
    ),
    "two scales": (
        transforms(1, scale(2, 2, 2), scale(1, 1, 1), translation(50, 50, 50)),
        {error("zvf-transforms", FILE, *TRANSFORMS)},
    ),
    "two translations": (
        transforms(1, scale(2, 2, 2), translation(50, 50, 50), translation(0, 0, 0)),
        {error("zvf-transforms", FILE, *TRANSFORMS)},
    ),
    "an affine": (
        transforms(1, {"type": "affine"}),
        {error("zvf-transforms", FILE, *TRANSFORMS)},
    ),
    "a scale alone": (
        transforms(1, scale(2, 2, 2)),
        {warning("zvf-transforms", FILE, *TRANSFORMS)},
    ),
    "a translation alone": (
        transforms(1, translation(50, 50, 50)),
        {error("zvf-transforms", FILE, *TRANSFORMS)},
    ),
    "a scale of two axes": (
        transforms(1, scale(2, 2), translation(50, 50, 50)),
        {error("zvf-transforms", FILE, *TRANSFORMS, 0, "scale")},
    ),
    "a translation of texts": (
        transforms(1, scale(2, 2, 2), translation("50", "50", "50")),
        {error("zvf-transforms", FILE, *TRANSFORMS, 1, "translation")},
    ),
    "scale is not bin_ratio": (
        transforms(1, scale(2, 2, 4), translation(50, 50, 50)),
        {error("zvf-scale", FILE, *TRANSFORMS, 0, "scale")},
    ),
    "scale 0": (
        transforms(1, scale(0, 2, 2), translation(50, 50, 50)),
        {error("zvf-scale", FILE, *TRANSFORMS, 0, "scale")},
    ),
    "scale is not the group's bin_ratio": (
        changed(
            transforms(1, scale(3, 3, 3), translation(50, 50, 50)),
            FILE,
            ((*SECOND, "bin_ratio"), MISSING),
        ),
        {
            warning("zvf-missing-key", FILE, *SECOND),
            error("zvf-scale", FILE, *TRANSFORMS, 0, "scale"),
        },
    ),
    "scale of level 0 is not 1, without bins": (
        no_bins(0, "coordinateTransformations", 0, to=scale(1, 1, 2)),
        {*NO_BINS, error("zvf-scale", FILE, *DATASETS, 0, "coordinateTransformations", 0, "scale")},
    ),
    "translation is not half of bin_shape": (
        transforms(1, scale(2, 2, 2), translation(50, 50, 100)),
        {error("zvf-translation", FILE, *TRANSFORMS, 1, "translation")},
    ),
    "translation reversed": (
        transforms(1, scale(2, 2, 2), translation(-50, -50, -50)),
        {error("zvf-translation", FILE, *TRANSFORMS, 1, "translation")},
    ),
    "translation within the tolerance": (
        transforms(1, scale(2, 2, 2), translation(50, 50, 50.00001)),
        set(),
    ),
    "translation out of the tolerance": (
        transforms(1, scale(2, 2, 2), translation(50, 50, 50.001)),
        {error("zvf-translation", FILE, *TRANSFORMS, 1, "translation")},
    ),
    "translation is not half of base_bin_shape times scale, without bins": (
        no_bins(2, "coordinateTransformations", 1, to=translation(100, 100, 25)),
        {
            *NO_BINS,
            error(
                "zvf-translation", FILE, *DATASETS, 2, "coordinateTransformations", 1, "translation"
            ),
        },
    ),
}

CASES: dict[str, Case] = {
    f"{subject}: {name}": case
    for subject, cases in {
        "multiscales": MULTISCALES,
        "levels": LEVELS,
        "transforms": PAIRS,
    }.items()
    for name, case in cases.items()
}
