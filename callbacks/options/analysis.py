"""Parameters of the Price Analysis tab."""

from __future__ import annotations

from typing import Final

from callbacks.options.kinds import Option

OPTIONS: Final[tuple[Option, ...]] = ()
