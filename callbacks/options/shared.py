"""Options that several tabs share, so that a link from one tab to another carries them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from callbacks.options.kinds import Option, many_of
from data_layer.errors import RequestError
from data_layer.market import FUELS, REGIONS
from data_layer.requests.base import split

IMPORTS: Final = "Imports"
HIDEABLE: Final = (IMPORTS, *FUELS)
"""What a legend of fuels can switch off."""


def slug(fuel: str) -> str:
    """A fuel's name as addresses write it."""
    return fuel.lower().replace(" ", "-")


def _fuels(name: str, allowed: Sequence[str]) -> Option:
    """Several fuels, kept in the list's order."""
    by_slug = {slug(fuel): fuel for fuel in allowed}

    def read(text: str) -> tuple[str, ...]:
        if any(one not in by_slug for one in split(text)):
            raise RequestError(f"It takes any of {', '.join(by_slug)}.", name)
        return known(text)

    def known(text: str) -> tuple[str, ...]:
        chosen = {by_slug.get(one) for one in split(text)}
        return tuple(fuel for fuel in allowed if fuel in chosen)

    return Option(name, (), read, _write, known, examples=tuple(by_slug))


def _write(fuels: Any) -> str:
    return ",".join(slug(fuel) for fuel in fuels)


HIDDEN: Final = _fuels("hidden", HIDEABLE)
"""Fuels that the legend has switched off."""

FUELS_CHOSEN: Final = _fuels("fuels", FUELS)
"""Fuels a tab is limited to; none named means all. Imports are a legend's entry and no unit's fuel."""

REGIONS_CHOSEN: Final = many_of("regions", REGIONS)
"""Regions a tab is limited to; none named means all."""
