"""Parameters of the Regions tab."""

from __future__ import annotations

from typing import Final

from callbacks.options.kinds import Option

OPTIONS: Final[tuple[Option, ...]] = ()
