"""Where a view has no registration, its voxel size is the N5's, else the XML's."""

import json
from pathlib import Path

import pytest
import tensorstore as ts

import napari_strata as strata

XML = """<SpimData version="0.2"><SequenceDescription><ViewSetups><ViewSetup>
<id>0</id><name>GFP</name>
<voxelSize><unit>{unit}</unit><size>{size}</size></voxelSize>
</ViewSetup></ViewSetups></SequenceDescription></SpimData>"""


def write(root: Path, size: str, resolution: list[float] | None) -> Path:
    container = root / "d.n5"
    for level, shape in enumerate(((8, 16, 16), (8, 8, 8))):
        spec = {
            "driver": "n5",
            "kvstore": f"file://{container}/setup0/timepoint0/s{level}/",
            "metadata": {
                "dimensions": shape[::-1],
                "blockSize": [8, 8, 8],
                "dataType": "uint16",
                "compression": {"type": "gzip"},
            },
        }
        ts.open(spec, create=True).result()
    setup = {"downsamplingFactors": [[1, 1, 1], [2, 2, 1]]}
    if resolution is not None:
        setup["resolution"] = resolution
    (container / "setup0" / "attributes.json").write_text(json.dumps(setup))
    (container / "attributes.json").write_text("{}")
    (root / "d.xml").write_text(XML.format(unit="um", size=size))
    return container / "setup0" / "timepoint0"


@pytest.mark.parametrize(
    ("resolution", "scales"),
    [
        pytest.param(None, [[2, 0.4, 0.25], [2, 0.8, 0.5]], id="xml"),
        pytest.param([0.5, 0.6, 3], [[3, 0.6, 0.5], [3, 1.2, 1]], id="n5-first"),
    ],
)
def test_voxel_size(tmp_path: Path, resolution: list[float] | None, scales: list) -> None:
    image = strata.open(write(tmp_path, "0.25 0.4 2.0", resolution)).images[0]
    assert image.name == "GFP"
    assert [a.unit for a in image.axes] == ["um", "um", "um"]
    assert [level.scale.tolist() for level in image.levels] == scales
    assert "missing-registration" in [p.code for p in image.problems]


@pytest.mark.parametrize("size", ["0.25 0.4", "a b c", "0 1 1"])
def test_a_damaged_voxel_size_is_named(tmp_path: Path, size: str) -> None:
    image = strata.open(write(tmp_path, size, None)).images[0]
    (problem,) = [p for p in image.problems if p.severity == "error"]
    assert problem.where.startswith("d.xml: ViewSetup[0]/voxelSize/size")
