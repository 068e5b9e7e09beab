"""Optional: only people who are known are let in, by a password of a file or by a gateway's header.

Without either setting nothing here is connected. /healthz stays open, and so does what the sign-in page
itself needs; /readyz and /metrics are answered to this machine itself (a probe has no password).
"""

from __future__ import annotations

import logging
import re
import time
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from flask import Flask, Response, g, redirect, request, session
from flask.sessions import SecureCookieSessionInterface

from app import clients, sign_in_page
from app.http import NOBODYS, refusal
from app.logs import fields
from app.passwords import LONGEST, PasswordFile
from app.rate_limits import SIGN_IN_PATH
from app.settings import Settings

logger = logging.getLogger("nemdesk.http")

SIGN_OUT_PATH: Final = "/sign-out"
COOKIE: Final = "nemdesk_session"

LONGEST_SECONDS: Final = 12 * 3600.0
"""How long a session lasts."""

ALWAYS_OPEN: Final = ("/healthz", SIGN_IN_PATH, *(f"/assets/{name}" for name in sign_in_page.STYLES))
LOCALLY_OPEN: Final = ("/readyz", "/metrics")

FIRST: Final = "Sign in first."
WRONG: Final = "The name or the password is wrong."
NO_NAME: Final = "Open NEMDesk by its gateway: this address is answered to nobody else."

_USER: Final = re.compile(r"[^\x00-\x20\x7f,;]{1,200}")
_BACK: Final = re.compile(r"/(?![/\\])[^\x00-\x20\x7f\\]{0,2000}")


class _Sessions(SecureCookieSessionInterface):
    """The cookie is marked secure wherever the page came by https."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


def install(server: Flask, settings: Settings) -> None:
    """Close the server to strangers, if the settings say so. Call when all routes are there."""
    if settings.trusted_user_header:
        _by_header(server, settings.trusted_user_header, settings.trusted_networks)
    elif settings.password_file is not None:
        known = PasswordFile(settings.password_file)
        _say_how_many(known)
        _by_password(server, known)


def _say_how_many(known: PasswordFile) -> None:
    try:
        logger.info("%d people may sign in", len(known.hashes()))
    except (OSError, ValueError) as error:
        raise ValueError(f"NEMDESK_PASSWORD_FILE: {error}") from None


def _first_of_all(server: Flask, hook: Any) -> None:
    server.before_request_funcs.setdefault(None, []).insert(0, hook)


def _is_open() -> bool:
    if request.environ.get(NOBODYS) or request.path in ALWAYS_OPEN:
        return True
    if request.path not in LOCALLY_OPEN or any(request.headers.get(name) for name in clients.FORWARDED):
        return False
    return clients.is_loopback(clients.peer(request))


def _by_header(server: Flask, header: str, networks: tuple[str, ...]) -> None:
    def let_in() -> tuple[Response, int] | None:
        if _is_open():
            return None
        # Anybody can send a header; only the gateway's address makes it true.
        name = request.headers.get(header, "") if clients.within(clients.peer(request), networks) else ""
        if not _USER.fullmatch(name):
            return refusal(NO_NAME, 401)
        g.user = name
        return None

    _first_of_all(server, let_in)


def _by_password(server: Flask, known: PasswordFile) -> None:
    server.session_interface = _Sessions()
    server.config["SESSION_COOKIE_NAME"] = COOKIE
    server.config["SESSION_COOKIE_SAMESITE"] = "Lax"  # a link in a mail opens the page, not the sign-in
    server.config["PERMANENT_SESSION_LIFETIME"] = timedelta(seconds=LONGEST_SECONDS)
    # An answer that was under way when somebody signed out would bring the cookie back (seen in a browser).
    server.config["SESSION_REFRESH_EACH_REQUEST"] = False

    def let_in() -> Response | tuple[Response, int] | None:
        name = _signed_in(known)
        if name:
            g.user = name
            return None
        if _is_open():
            return None
        if request.method in ("GET", "HEAD") and "text/html" in request.headers.get("Accept", ""):
            here = request.full_path.rstrip("?")
            return _to(f"{SIGN_IN_PATH}?{urlencode({'next': here})}" if here != "/" else SIGN_IN_PATH)
        return refusal(FIRST, 401)

    _first_of_all(server, let_in)

    @server.get(SIGN_IN_PATH)
    def sign_in_page_itself() -> Response:
        back = way_back(request.args.get("next"))
        return _to(back) if g.get("user") else _page(back)

    @server.post(SIGN_IN_PATH)
    def sign_in() -> Response:
        name, password = request.form.get("name", "").strip(), request.form.get("password", "")
        back = way_back(request.form.get("next"))
        proof = known.proof(name, password) if len(name) <= LONGEST else ""
        logger.info("sign-in", extra=fields(user=name[:64], accepted=bool(proof), client=request.remote_addr))
        if not proof:
            return _page(back, WRONG, 401)
        session.clear()
        session.permanent = True
        session.update(user=name, at=int(time.time()), proof=proof)
        return _to(back)

    @server.post(SIGN_OUT_PATH)
    def sign_out() -> Response:
        session.clear()
        return _to(SIGN_IN_PATH)


def _signed_in(known: PasswordFile) -> str:
    """The name that the session was made for; '' where there is none (any more)."""
    name, at, proof = session.get("user"), session.get("at"), session.get("proof")
    if not (isinstance(name, str) and isinstance(proof, str) and isinstance(at, int)):
        return ""
    return name if 0 <= time.time() - at < LONGEST_SECONDS and known.still(name, proof) else ""


def way_back(asked: str | None) -> str:
    """A page of this site; the first one for whatever else is asked."""
    return asked if asked is not None and _BACK.fullmatch(asked) else "/"


def _to(address: str) -> Response:
    found = redirect(address, 303)
    found.headers["Cache-Control"] = "no-store"
    return found  # type: ignore[return-value]


def _page(back: str, message: str = "", status: int = 200) -> Response:
    made = Response(sign_in_page.html(SIGN_IN_PATH, back, message), status=status, mimetype="text/html")
    made.headers["Cache-Control"] = "no-store"
    return made
