"""Places on the globe, distances between them, and postal areas."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt

from oms_ledger.kernel import Record

EARTH_METRES = 6_371_009
"""The mean radius of the Earth."""

DEGREE = 1_000_000
"""Millionths of a degree in a degree: coordinates are stored as whole numbers."""

POSTAL_AREA_CHARACTERS = 3
"""Characters of a postal area: as many as the Safe Harbor method of 45 CFR 164.514 leaves of a ZIP
code, so that an area says less than an address about a person."""

SPARSE_ZIP_AREAS = frozenset(
    f"{number:03d}"
    for number in (36, 59, 63, 102, 203, 556, 692, 790, 821, 823, 830, 831, 878, 879, 884, 890, 893)
)
"""Three-digit ZIP areas with so few inhabitants that the same method forbids them."""


class GeoPoint(Record, frozen=True):
    """`latitude` and `longitude` in millionths of a degree, WGS 84."""

    latitude: int
    longitude: int


def point_of(latitude: float, longitude: float) -> GeoPoint:
    """A point from degrees."""
    return GeoPoint(round(latitude * DEGREE), round(longitude * DEGREE))


def coordinates_view(point: GeoPoint | None) -> dict[str, float | None]:
    """`latitude` and `longitude` in degrees, as the API answers them."""
    if point is None:
        return {"latitude": None, "longitude": None}
    return {"latitude": point.latitude / DEGREE, "longitude": point.longitude / DEGREE}


def metres_between(one: GeoPoint, other: GeoPoint) -> int:
    """The length of the great circle between two points, by the haversine formula."""
    first, second = radians(one.latitude / DEGREE), radians(other.latitude / DEGREE)
    across = radians((other.longitude - one.longitude) / DEGREE)
    h = sin((second - first) / 2) ** 2 + cos(first) * cos(second) * sin(across / 2) ** 2
    return round(2 * EARTH_METRES * asin(min(1.0, sqrt(h))))


def postal_area(country: str | None, postal_code: str) -> str | None:
    """The first characters of a postal code, in capitals and without blanks and hyphens: of a
    British one, of its outward code. None where nothing is left, or too few people live there."""
    code = "".join(c for c in postal_code.upper() if c.isascii() and c.isalnum())
    if country == "GB" and len(code) >= 5:
        code = code[:-3]
    area = code[:POSTAL_AREA_CHARACTERS]
    if not area or (country == "US" and area in SPARSE_ZIP_AREAS):
        return None
    return area


def shared_prefix(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    n = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        n += 1
    return n
