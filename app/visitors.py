"""A random name for each browser: whose jobs are shown, and which engine a gradual roll-out gives it.

It says nothing about the person, is read by no script and is sent to no other site.
"""

from __future__ import annotations

import re
import secrets
from typing import Final

from flask import Flask, Response, g, request

COOKIE: Final = "nemdesk_visitor"
KEPT_SECONDS: Final = 180 * 24 * 3600

_NAME: Final = re.compile(r"[0-9a-f]{32}")


def install(server: Flask) -> None:
    """Give every request ``g.visitor``. Only pages hand out a new name: probes get none to keep."""

    def recognise() -> None:
        named = request.cookies.get(COOKIE, "")
        g.visitor = named if _NAME.fullmatch(named) else secrets.token_hex(16)
        g.visitor_is_new = g.visitor != named

    server.before_request_funcs.setdefault(None, []).insert(0, recognise)

    @server.after_request
    def name(response: Response) -> Response:
        if g.get("visitor_is_new") and response.mimetype == "text/html" and response.status_code == 200:
            response.set_cookie(
                COOKIE,
                g.visitor,
                max_age=KEPT_SECONDS,
                httponly=True,
                samesite="Strict",
                secure=request.is_secure,
            )
        return response
