"""Who a request comes from: its address, also behind a proxy, and whether another site's page sent it."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Request, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from app.settings import Settings

logger = logging.getLogger("nemdesk.http")

FORWARDED: Final = ("X-Forwarded-For", "Forwarded", "X-Real-Ip")

FROM_ELSEWHERE: Final = "This request was sent by a page of another site: open NEMDesk itself."

SAME: Final = ("same-origin", "none")
"""Sec-Fetch-Site of what this site's own pages send, and of what a person typed."""


def install(server: Flask, settings: Settings) -> None:
    """Believe as many proxies as the settings say, and refuse what pages of other sites send."""
    hops = settings.trusted_proxies
    if hops:
        # The host is not among it: nothing here is built from it.
        server.wsgi_app = ProxyFix(server.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    signs_in = settings.signs_in

    @server.before_request
    def own_pages_only() -> tuple[Response, int] | None:
        from app.http import refusal  # http.py imports what this file needs

        if request.method in ("GET", "HEAD", "OPTIONS") or own_page(request, strict=signs_in):
            return None
        return refusal(FROM_ELSEWHERE, 403)


def own_page(asked: Request, *, strict: bool) -> bool:
    """Whether one of this site's own pages may have sent it, or a program.

    Browsers say so in Sec-Fetch-Site, which no page can set. Where that is missing (an old browser, plain
    HTTP) ``strict`` compares Origin with the host, so that a proxy must pass the host on.
    """
    site = asked.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in SAME
    origin = asked.headers.get("Origin")
    if origin is None or not strict:
        return True
    return urlsplit(origin).netloc == asked.host


def peer(asked: Request) -> str:
    """Address of the machine at the other end of the connection, whatever it says of others."""
    before = asked.environ.get("werkzeug.proxy_fix.orig") or {}
    return str(before.get("REMOTE_ADDR") or asked.environ.get("REMOTE_ADDR") or "")


def client(asked: Request) -> str:
    """The client as far as limits go: its address, of IPv6 the network (/64) that one household has."""
    text = asked.remote_addr or ""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def is_loopback(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


def within(text: str, networks: Sequence[str]) -> bool:
    """Whether an address lies in one of the networks."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(one, strict=False) for one in networks)
