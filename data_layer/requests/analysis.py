"""Questions of the Price Analysis tab."""

from __future__ import annotations

from typing import Final

from data_layer.requests.base import Request

REQUESTS: Final[tuple[type[Request], ...]] = ()
