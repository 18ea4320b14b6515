"""A dataset as plain JSON types: what ``inspect --json`` prints and a layer carries."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_strata.affine import Vector
from napari_strata.dataset import Dataset, Geometry, GeometryLevel, Image, Level
from napari_strata.model import Problem


def as_json(found: Dataset) -> dict[str, Any]:
    """Describe the whole dataset; order is array order everywhere."""
    return {
        "path": found.path,
        "geometries": [geometry_as_json(each) for each in found.geometries],
        "images": [image_as_json(image) for image in found.images],
        "problems": [problem_as_json(p) for p in found.problems],
    }


def image_as_json(image: Image) -> dict[str, Any]:
    """Describe one image; ``systems`` only where it has coordinate systems to choose from."""
    systems = {"system": image.system, "systems": list(image.systems)} if image.systems else {}
    return {
        "path": image.path,
        "name": image.name,
        "format": image.format,
        "kind": image.kind,
        **systems,
        "axes": axes_as_json(image),
        "levels": [level_as_json(level) for level in image.levels],
        "problems": [problem_as_json(p) for p in image.problems],
    }


def geometry_as_json(geometry: Geometry) -> dict[str, Any]:
    """Describe one geometry; columns, boxes and matrices are in the order of its axes."""
    return {
        "path": geometry.path,
        "name": geometry.name,
        "format": geometry.format,
        "kind": geometry.kind,
        "stored_kind": geometry.model.stored_kind,
        "axes": axes_as_json(geometry),
        "bounds": _numbers(geometry.bounds),
        **({} if geometry.segments is None else {"segments": len(geometry.segments)}),
        "levels": [geometry_level_as_json(level) for level in geometry.levels],
        "problems": [problem_as_json(p) for p in geometry.problems],
    }


def geometry_level_as_json(level: GeometryLevel) -> dict[str, Any]:
    """Describe one level: what is declared, and which space its vertices were found to be in."""
    return {
        "path": level.path,
        "vertex_count": level.vertex_count,
        "bounds": _numbers(level.bounds),
        "space": level.space,
        "reason": level.decision.reason,
        "declared_scale": _numbers(level.declared_scale),
        "declared_translate": _numbers(level.declared_translate),
        "affine": _numbers(level.affine),
    }


def _numbers(values: Vector | None) -> Any:
    return None if values is None else np.asarray(values).tolist()


def axes_as_json(image: Image | Geometry) -> list[dict[str, str | None]]:
    """Describe the axes of an image or a geometry, units as declared."""
    return [{"name": a.name, "type": a.type, "unit": a.unit} for a in image.axes]


def level_as_json(level: Level) -> dict[str, Any]:
    """Describe one level; scale and translate are null where the affine is more than those."""
    scale, translate = level.scale, level.translate
    return {
        "path": level.path,
        "shape": list(level.shape),
        "dtype": str(level.dtype),
        "chunks": list(level.chunks),
        "scale": None if scale is None else scale.tolist(),
        "translate": None if translate is None else translate.tolist(),
        "affine": level.affine.tolist(),
    }


def problem_as_json(problem: Problem) -> dict[str, str]:
    """Describe one problem."""
    return {
        "code": problem.code,
        "severity": problem.severity,
        "where": problem.where,
        "message": problem.message,
    }
