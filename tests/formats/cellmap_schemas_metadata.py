"""Print COSEM metadata made by cellmap-schemas for transforms given as JSON.

Run by itself: cellmap-schemas 0.8 imports zarr 2's storage classes for walking stores, which zarr 3
does not have. Its metadata models need none of that, so a stand-in takes their place here.
"""

import json
import sys
import types

from pydantic_zarr.v2 import ArraySpec, GroupSpec

stand_in = types.ModuleType("cellmap_schemas.n5_wrap")
stand_in.N5ArraySpec = ArraySpec
stand_in.N5GroupSpec = GroupSpec
sys.modules["cellmap_schemas.n5_wrap"] = stand_in

from cellmap_schemas.multiscale.cosem import (  # noqa: E402
    ArrayMetadata,
    GroupMetadata,
    STTransform,
)

given = json.loads(sys.argv[1])
transforms = {path: STTransform(**value) for path, value in given.items()}
group = GroupMetadata.from_transforms(transforms, name="made by cellmap-schemas")
arrays = {path: ArrayMetadata.from_transform(t) for path, t in transforms.items()}
print(
    json.dumps(
        {
            "group": group.model_dump(mode="json"),
            "arrays": {path: a.model_dump(mode="json") for path, a in arrays.items()},
        }
    )
)
