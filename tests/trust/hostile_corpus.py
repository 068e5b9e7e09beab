"""Texts that have broken other programs, for every place where text comes in. Each carries CANARY, so that it
can be recognised wherever it turns up."""

from __future__ import annotations

from itertools import product
from typing import Final

CANARY: Final = "zq7canary"

_STATEMENTS: Final = (
    f"SELECT '{CANARY}'",
    f"SELECT {CANARY} FROM read_csv('/etc/passwd')",
    f"SELECT content AS {CANARY} FROM read_text('/etc/passwd')",
    f"DROP TABLE {CANARY}",
    f"COPY (SELECT 1) TO '/tmp/{CANARY}'",
    f"ATTACH '/tmp/{CANARY}.db'",
    f"INSTALL httpfs; LOAD httpfs; SELECT '{CANARY}'",
    f"SET memory_limit='1TB'; SELECT '{CANARY}'",
    f"PRAGMA database_list; SELECT '{CANARY}'",
    f"UNION ALL SELECT '{CANARY}', null, null FROM units",
    f"CREATE MACRO {CANARY}(x) AS x",
    f"CALL pragma_version(); SELECT '{CANARY}'",
)
_OPENINGS: Final = ("", "'", '"', "')", "'))", "1'", "`", "]", "';", '";', "1;", "%27", "\\'", "’", "'||'")
_CLOSINGS: Final = ("", " --", "\x00")

_SINGLE: Final = (
    "' OR '1'='1",
    "' OR 1=1 --",
    "1 OR 1=1",
    "$1",
    "$start",
    "?",
    "{0}",
    "{start}",
    "%s%s%s%n",
    "%(name)s",
    "${jndi:ldap://localhost/x}",
    "{{7*7}}",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "[x](javascript:alert(1))",
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "....//....//etc/passwd",
    "/etc/passwd",
    "/proc/self/environ",
    "file:///etc/passwd",
    "s3://bucket/x.parquet",
    "https://127.0.0.1:9/x.parquet",
    "//127.0.0.1/x",
    "C:\\windows\\win.ini",
    "$(id)",
    "`id`",
    "; id",
    "| id",
    "& id",
    "\r\nSet-Cookie: a=b",
    "%0d%0aSet-Cookie:%20a=b",
    "\u202eright to left",
    "\ud83d\udca9",
    "\ufeff",
    "a" * 3_000,
    "-1",
    "1e308",
    "NaN",
    "inf",
    "0x10",
    "٣",
    "null",
    "undefined",
    "True",
    "__proto__",
    "constructor",
    "__class__",
    "{{config}}",
    "(|(uid=*))",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "gASVIAAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAVlY2hvIJSFlFKULg==",
)

TEXTS: Final[tuple[str, ...]] = tuple(
    dict.fromkeys(
        [
            f"{opening}{statement}{closing}"
            for opening, statement, closing in product(_OPENINGS, _STATEMENTS, _CLOSINGS)
        ]
        + [f"{text}{CANARY}" for text in _SINGLE]
        + [f"{CANARY}{text}" for text in _SINGLE]
    )
)
"""More than five hundred."""

DATES: Final = (
    "0001-01-01",
    "0000-00-00",
    "9999-12-31",
    "9999-12-31T23:59",
    "10000-01-01",
    "-0001-01-01",
    "2026-02-30",
    "2026-13-01",
    "2026-03-01T24:00",
    "2026-03-01T12:01",
    "2026-03-01T12:00Z",
    "2026-03-01T12:00+10:00",
    "2026-03-01T12:00:00.000001",
    "20260301",
    "2026-W09-7",
    "1772323200",
    "now",
    "٢٠٢٦-٠٣-٠١",
    "2026-03-01\x00",
    "",
)

PATHS: Final = (
    "/assets/../app/settings.py",
    "/assets/..%2fapp/settings.py",
    "/assets/%2e%2e/app/settings.py",
    "/assets/%252e%252e/app/settings.py",
    "/assets/..\\app\\settings.py",
    "/assets//etc/passwd",
    "/assets/%00",
    "/assets/",
    "/static/../app/settings.py",
    "/static/x",
    "/_dash-component-suites/dash/../../etc/passwd",
    "/_dash-component-suites/dash/%2e%2e/%2e%2e/etc/passwd",
    "/_dash-component-suites/dash//etc/passwd",
    "/_dash-component-suites/..%2f..%2fapp/settings.py",
    "/_dash-component-suites/os/x",
    "/_dash-component-suites/app/settings.py",
    "/_dash-component-suites/%00/x",
    "/exports/../cache/secret_key",
    "/exports/..%2f..%2fsecret_key/x",
    "/exports/00000000000000000000000000000000/..%2f..%2fsecret_key",
    "/exports/00000000000000000000000000000000/secret_key",
    "/exports/x/y",
    "/data/..%2f..%2fetc%2fpasswd",
    "/data/../lake/CURRENT",
    "/data/energy.parquet%00.csv",
    "/data/__class__.csv",
    "/..%2f..%2fetc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "//evil.example/",
    "//evil.example/%2f..",
    "/\\evil.example/",
    "/https://evil.example/",
    "/today//evil.example",
    "/.git/config",
    "/.env",
    "/var/cache/secret_key",
    "/_reload-hash",
    "/_favicon.ico",
    "/_dash-nothing",
    "/%ff%fe",
    "/" + "a" * 3_000,
)

TARGETS: Final = (
    "///evil.example/",
    "//evil.example/today",
    "//evil.example/sign-in",
    "//evil.example/assets/page.css",
    "/\\/evil.example/",
    "\\\\evil.example",
    "http://evil.example/",
    "http://evil.example/today",
    "https://evil.example//",
    "evil.example",
    "*",
    "/today;@evil.example",
    "/%2f%2fevil.example/",
    "/%5cevil.example/",
    "/..//evil.example/",
    "/.//evil.example",
    "/data//evil.example/%2e%2e",
    "/today?next=//evil.example",
    "/sign-in?next=//evil.example",
    "/sign-in?next=/%5cevil.example",
    "/sign-in?next=https:evil.example",
)
"""More that only a bare socket sends as it stands: another site's name in the request's own line."""
