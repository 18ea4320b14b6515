"""The problems of a layer, to be copied: as text for people, as JSON for programs."""

from __future__ import annotations

import json

from napari_strata.layers.inspecting.inspection import Inspection


def as_text(inspection: Inspection) -> str:
    """Give one line a problem: severity, code, place and message; the layer's file on top."""
    head = inspection.path or inspection.name
    if not inspection.problems:
        return f"{head}: no problems"
    lines = [head]
    for problem in inspection.problems:
        where = f"{problem['where']}: " if problem["where"] else ""
        lines.append(f"{problem['severity']} [{problem['code']}] {where}{problem['message']}")
    return "\n".join(_printable(line) for line in lines)


def as_json(inspection: Inspection) -> str:
    """Give an object with the layer's ``name``, ``format``, ``path`` and ``problems``."""
    value = {
        "name": inspection.name,
        "format": inspection.format,
        "path": inspection.path,
        "problems": [dict(problem) for problem in inspection.problems],
    }
    return json.dumps(value, indent=2, ensure_ascii=False)


def _printable(line: str) -> str:
    """Show what would break a line, or a terminal, as its code."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)
