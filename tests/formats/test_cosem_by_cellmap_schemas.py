"""COSEM metadata as cellmap-schemas writes it, arrays as tensorstore writes them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import tensorstore as ts

import napari_strata as strata

MAKER = Path(__file__).with_name("cellmap_schemas_metadata.py")

C_ORDER = {
    "s0": {"axes": ["z", "y", "x"], "scale": [8, 4, 5], "translate": [100, -20, 3]},
    "s1": {"axes": ["z", "y", "x"], "scale": [8, 8, 10], "translate": [100, -18, 5.5]},
    "s2": {"axes": ["z", "y", "x"], "scale": [16, 16, 20], "translate": [104, -14, 10.5]},
}
F_ORDER = {
    "s0": {"axes": ["x", "y", "z"], "scale": [5, 4, 8], "translate": [3, -20, 100]},
    "s1": {"axes": ["x", "y", "z"], "scale": [10, 8, 8], "translate": [5.5, -18, 100]},
    "s2": {"axes": ["x", "y", "z"], "scale": [20, 16, 16], "translate": [10.5, -14, 104]},
}
SHAPES = {"s0": (10, 21, 33), "s1": (10, 11, 17), "s2": (5, 6, 9)}


def write(root: Path, given: dict, order: str) -> Path:
    """Write a container with one image, every array holding its flat index."""
    given = {k: {**v, "units": ["nm"] * 3, "order": order} for k, v in given.items()}
    command = [sys.executable, "-W", "ignore", str(MAKER), json.dumps(given)]
    made = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    group = root / "data.n5" / "em" / "fibsem"
    for path, shape in SHAPES.items():
        spec = {
            "driver": "n5",
            "kvstore": {"driver": "file", "path": str(group / path)},
            "metadata": {
                "dimensions": shape[::-1],
                "blockSize": [8, 8, 8],
                "dataType": "uint8",
                "compression": {"type": "gzip"},
                **made["arrays"][path],
            },
        }
        ts.open(spec, create=True).result()
    (root / "data.n5" / "attributes.json").write_text('{"n5": "2.0.0"}')
    (group / "attributes.json").write_text(json.dumps(made["group"]))
    return group


@pytest.mark.parametrize(("given", "order"), [(C_ORDER, "C"), (F_ORDER, "F")], ids=["C", "F"])
def test_the_same_place_in_both_orders(tmp_path: Path, given: dict, order: str) -> None:
    image = strata.open(write(tmp_path, given, order)).images[0]
    assert image.format == "cosem"
    assert [(a.name, a.unit) for a in image.axes] == [("z", "nm"), ("y", "nm"), ("x", "nm")]
    assert [level.path for level in image.levels] == ["s0", "s1", "s2"]
    assert [level.shape for level in image.levels] == [(10, 21, 33), (10, 11, 17), (5, 6, 9)]
    assert [level.scale.tolist() for level in image.levels] == [[8, 4, 5], [8, 8, 10], [16, 16, 20]]
    assert [level.translate.tolist() for level in image.levels] == [
        [100, -20, 3],
        [100, -18, 5.5],
        [104, -14, 10.5],
    ]
    assert image.problems == ()
