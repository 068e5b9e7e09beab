"""Parameters of the Today tab."""

from __future__ import annotations

from typing import Final

from callbacks.options.kinds import Option
from callbacks.options.shared import HIDDEN

OPTIONS: Final[tuple[Option, ...]] = (HIDDEN,)
