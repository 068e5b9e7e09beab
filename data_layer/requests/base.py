"""What every question has in common: a period, validation, and text for the URL both ways.

Answer columns (all requests): ``time`` is the interval-ending stamp at 5min/30min/hour and the first
calendar day of the bucket at day/month. Units are in the column names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Final, get_type_hints

from data_layer.errors import RequestError
from data_layer.market import NEM, REGIONS, Resolution
from data_layer.period import Period, resolve_resolution


def check_region(region: object, *, allow_nem: bool = True) -> str:
    """A region's id from untrusted input, or RequestError that lists the allowed ones."""
    allowed = (NEM, *REGIONS) if allow_nem else REGIONS
    if isinstance(region, str) and region in allowed:
        return region
    raise RequestError(f"Unknown region: choose one of {', '.join(allowed)}.", "region")


def sorted_choice(values: Iterable[str], allowed: Iterable[str], what: str) -> tuple[str, ...]:
    """A choice of several, from untrusted input, in the order of ``allowed`` and each once."""
    allowed = tuple(allowed)
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise RequestError(f"The {what} must be a list.", what)
    chosen = tuple(values)
    for value in chosen:
        if not isinstance(value, str) or value not in allowed:
            raise RequestError(f"Unknown {what}: choose from {', '.join(allowed)}.", what)
    return tuple(value for value in allowed if value in chosen)


@dataclass(frozen=True)
class Request:
    """Base: one question with a period. Subclasses add fields and check them in __post_init__."""

    period: Period

    name: ClassVar[str] = ""
    parts: ClassVar[str] = "months"
    """What long work cuts the question into, in the plural."""

    def __post_init__(self) -> None:
        if not isinstance(self.period, Period):
            raise RequestError("A request needs a period with a start and an end.", "start")

    def divided(self) -> tuple[Request, ...]:
        """The questions whose rows, one after the other, are this one's; itself where there are none."""
        return (self,)

    def to_query(self) -> dict[str, str]:
        """The request as URL parameters; ``from_query`` of the same class is the inverse."""
        start, end = self.period.to_strings()
        query = {"start": start, "end": end}
        for field in fields(self):
            if field.name == "period":
                continue
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                query[field.name] = join(value)
            elif value is not None:
                query[field.name] = str(value)
        return query

    @classmethod
    def from_query(cls, query: Mapping[str, Any]) -> Request:
        """Build from URL parameters (untrusted); unknown parameters are ignored."""
        if not isinstance(query, Mapping):
            raise RequestError("A request comes as named parameters.")
        period = Period.parse(query.get("start"), query.get("end"))
        values: dict[str, Any] = {}
        for name, kind in _field_kinds(cls).items():
            if name not in query:
                continue
            text = query[name]
            if not isinstance(text, str):
                raise RequestError(f"The {name} must be text.", name)
            values[name] = cls._resolution(text, period) if kind is Resolution else _read(text, kind, name)
        return cls(period, **values)

    @classmethod
    def _resolution(cls, text: str, period: Period) -> Resolution:
        return resolve_resolution(text, period)

    def key(self) -> str:
        """Equal requests have equal keys, unequal ones different keys (cache, single flight)."""
        body = "&".join(f"{k}={v}" for k, v in sorted(self.to_query().items()))
        return f"{self.name}?{body}"


_LARGEST: Final = 1e9
"""No number of a question is larger: dollars, megawatts, counts."""


def join(values: Iterable[Any]) -> str:
    """Several values as one text; ``split`` is the inverse, whatever the texts hold."""
    return ",".join(str(value).replace("%", "%25").replace(",", "%2C") for value in values)


def split(text: str) -> tuple[str, ...]:
    return tuple(item.replace("%2C", ",").replace("%25", "%") for item in text.split(",") if item)


def number(text: str, field: str) -> float:
    """A finite number from untrusted text, or RequestError."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not -_LARGEST <= value <= _LARGEST:
        raise RequestError(f"The {field} must be a number.", field)
    return value


def _field_kinds(cls: type[Request]) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls) if field.name != "period"}


def _read(text: str, kind: Any, field: str) -> Any:
    """``text`` as the field's type; the class itself checks what is allowed."""
    if kind is float:
        return number(text, field)
    if kind is int:
        return int(number(text, field))
    if kind == tuple[float, ...]:
        return tuple(number(item, field) for item in split(text))
    if kind == tuple[str, ...]:
        return split(text)
    return text
