"""A sample as BigDataViewer writes it: an N5 container and an XML beside it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_strata.samples._files import integers, n5_array, n5_group
from napari_strata.samples._sample import Sample, described
from napari_strata.samples._specimen import Matrix, image

_SHAPE = (77, 129, 129)
_VOXEL = 1.25

# x first; BigDataViewer applies the last transform of a list first. The turn is 16.26 degrees.
_STAGE = "0.96 -0.28 0.0 25.6 0.28 0.96 0.0 -19.0 0.0 0.0 1.0 0.5"
_CALIBRATION = "1.25 0.0 0.0 0.0 0.0 1.25 0.0 0.0 0.0 0.0 1.25 0.0"

# The same, worked out: z, y, x in micrometres from z, y, x in voxels of full resolution.
_FULL = np.array(
    [
        [1.25, 0.0, 0.0, 0.5],
        [0.0, 1.2, 0.35, -19.0],
        [0.0, -0.35, 1.2, 25.6],
    ]
)

_XML = """<?xml version="1.0" encoding="UTF-8"?>
<SpimData version="0.2">
  <BasePath type="relative">.</BasePath>
  <SequenceDescription>
    <ImageLoader format="bdv.n5" version="1.0">
      <n5 type="relative">{container}</n5>
    </ImageLoader>
    <ViewSetups>
      <ViewSetup>
        <id>0</id>
        <name>specimen</name>
        <size>{size}</size>
        <voxelSize>
          <unit>micrometer</unit>
          <size>{voxel} {voxel} {voxel}</size>
        </voxelSize>
        <attributes>
          <channel>0</channel>
        </attributes>
      </ViewSetup>
      <Attributes name="channel">
        <Channel>
          <id>0</id>
          <name>0</name>
        </Channel>
      </Attributes>
    </ViewSetups>
    <Timepoints type="range">
      <first>0</first>
      <last>1</last>
    </Timepoints>
  </SequenceDescription>
  <ViewRegistrations>
{registrations}
  </ViewRegistrations>
</SpimData>
"""

_REGISTRATION = """    <ViewRegistration timepoint="{timepoint}" setup="0">
      <ViewTransform type="affine">
        <Name>stage</Name>
        <affine>{stage}</affine>
      </ViewTransform>
      <ViewTransform type="affine">
        <Name>calibration</Name>
        <affine>{calibration}</affine>
      </ViewTransform>
    </ViewRegistration>"""


def bdv_n5(folder: Path) -> Sample:
    """Odd sizes, a rotated view and two timepoints: the nuclei light up."""
    path = folder / "bdv-n5.n5"
    n5_group(path, {"n5": "2.5.1"})
    factors = [[1, 1, 1], [2, 2, 2], [4, 4, 4]]
    n5_group(path / "setup0", {"downsamplingFactors": factors, "dataType": "uint16"})
    for timepoint in (0, 1):
        group = {"multiScale": True, "resolution": [_VOXEL, _VOXEL, _VOXEL]}
        n5_group(path / "setup0" / f"timepoint{timepoint}", group)
    for level, factor in enumerate((1, 2, 4)):
        _write_level(path / "setup0", level, factor)
    _write_xml(folder / "bdv-n5.xml", path.name)
    return described(
        "bdv-n5",
        "BigDataViewer N5",
        path,
        "Odd sizes, two timepoints and a rotated view whose registration is in the XML beside it.",
        _SHAPE,
        _FULL,
    )


def _write_level(setup: Path, level: int, factor: int) -> None:
    shape = [size // factor for size in _SHAPE]
    matrix = _coarser(factor)
    cells, nuclei = image(shape, matrix, "cells"), image(shape, matrix, "nuclei")
    for timepoint in (0, 1):
        lit = np.maximum(cells, nuclei) if timepoint else cells
        n5_array(
            setup / f"timepoint{timepoint}" / f"s{level}",
            integers(lit, "uint16", 4000),
            (32, 64, 64),
            {"type": "gzip", "level": 1},
            {"downsamplingFactors": [factor, factor, factor]},
        )


def _coarser(factor: int) -> Matrix:
    """Return the matrix of a level whose voxel is the mean of ``factor`` voxels an axis."""
    linear = _FULL[:, :3]
    shift = linear @ np.full(3, (factor - 1) / 2)
    return np.column_stack([linear * factor, _FULL[:, 3] + shift])


def _write_xml(file: Path, container: str) -> None:
    registrations = "\n".join(
        _REGISTRATION.format(timepoint=timepoint, stage=_STAGE, calibration=_CALIBRATION)
        for timepoint in (0, 1)
    )
    size = " ".join(str(length) for length in reversed(_SHAPE))
    text = _XML.format(container=container, size=size, voxel=_VOXEL, registrations=registrations)
    file.write_text(text, encoding="utf-8")
