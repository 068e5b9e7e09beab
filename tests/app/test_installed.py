"""The command that is installed, started as it is and under variables that turn a developer's tools on."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app import create_app
from app.settings import Settings
from tests.browser.conftest import free_port
from tests.data_layer.lakes import make_lake, prices, stamps

ROOT = Path(__file__).parents[2]

DEVELOPERS = {
    "FLASK_DEBUG": "1",
    "FLASK_ENV": "development",
    "DASH_DEBUG": "1",
    "DASH_UI": "1",
    "DASH_HOT_RELOAD": "1",
    "DASH_PROPS_CHECK": "1",
    "DASH_SERVE_DEV_BUNDLES": "1",
    "DASH_MCP_ENABLED": "1",
    "WERKZEUG_DEBUG_PIN": "off",
    "PYTHONDEVMODE": "0",
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """(address, cache folder) of `python -m app run`, over a lake that is no demonstration."""
    folder = tmp_path_factory.mktemp("installed")
    make_lake(folder / "lake", dispatch_price=prices("SA1", stamps(datetime(2025, 1, 1, 0, 5), 12), 70.0))
    port = free_port()
    environment = {
        **os.environ,
        **DEVELOPERS,
        "NEMDESK_LAKE_DIR": str(folder / "lake"),
        "NEMDESK_CACHE_DIR": str(folder / "cache"),
        "NEMDESK_PORT": str(port),
        "NEMDESK_WORKERS": "1",
    }
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "run"], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        for _ in range(600):
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", port)) == 0 or process.poll() is not None:
                    break
            time.sleep(0.1)
        assert process.poll() is None, (folder / "log").read_text()[-2000:]
        yield f"http://127.0.0.1:{port}", folder / "cache"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def asked(
    url: str, path: str, method: str = "GET", body: bytes | None = None
) -> tuple[int, http.client.HTTPMessage, str]:
    """(status, headers, text) of one request, whose path is sent as it is."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read().decode("utf-8", "replace")
    connection.close()
    return answer.status, answer.headers, text


TRACES = re.compile(r"Traceback|File \"|werkzeug|debugger|\.py\b|line \d+", re.IGNORECASE)

ODD = [
    ("GET", "/_dash-component-suites/dash/../../etc/passwd", None),
    ("GET", "/_dash-component-suites/dash/no-such-file.js", None),
    ("POST", "/_dash-update-component", b"{"),
    ("POST", "/_dash-update-component", b'{"output": "page.children", "inputs": 7}'),
    ("POST", "/_dash-update-component", b"[" * 200_000),
    ("GET", "/data/no_such_view.csv", None),
    ("GET", "/data/latest_interval.csv?start=x", None),
    ("GET", "/exports/x/y.csv", None),
    ("GET", "/?__debugger__=yes&cmd=resource&f=debugger.js", None),
    ("GET", "/console", None),
    ("GET", "/static/", None),
    ("GET", "/static/x", None),
    ("PUT", "/", b""),
]


def test_no_answer_shows_a_traceback_or_a_debugger(installed: tuple[str, Path]) -> None:
    url, _ = installed
    for method, path, body in ODD:
        status, headers, text = asked(url, path, method, body)
        assert not TRACES.search(text), (path, TRACES.search(text))
        assert 200 <= status < 500, path
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert "camera=()" in headers["Permissions-Policy"], path


def test_no_developers_tools_are_served(installed: tuple[str, Path]) -> None:
    url, _ = installed
    _, _, page = asked(url, "/")
    config = json.loads(re.findall(r'id="_dash-config"[^>]*>(\{.*?\})</script>', page)[0])
    assert not config.get("ui") and not config.get("hot_reload") and not config.get("props_check")
    scripts = re.findall(r'<script src="([^"]+)"', page)
    assert len(scripts) > 5
    assert [src for src in scripts if ".dev." in src or re.search(r"react-dom@[\d.]+\.js", src)] == []
    for path in ("/_mcp", "/_dash-mcp"):
        assert "_dash-config" in asked(url, path)[2]  # the page itself, as at any unknown address
        assert asked(url, path, "POST", b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}')[0] == 405


def test_the_server_does_not_say_what_it_is_made_of(installed: tuple[str, Path]) -> None:
    url, _ = installed
    for path in ("/", "/healthz", "/no/such", "/_dash-layout"):
        _, headers, _ = asked(url, path)
        assert headers["Server"] == "gunicorn"
        assert not {"X-Powered-By", "X-Python-Version", "Via"} & set(headers)
    host, port = urlsplit(url).hostname, urlsplit(url).port
    for raw in (b"GET / HTTP/9.9\r\n\r\n", b"\0\1\2\r\n\r\n", b"GET /" + b"a" * 5_000 + b" HTTP/1.1\r\n\r\n"):
        with socket.create_connection((host, port), timeout=20) as sock:
            sock.sendall(raw)
            answer = sock.makefile("rb").read().decode("latin-1")
        assert re.match(r"HTTP/1\.[01] 4\d\d ", answer), answer[:200]
        assert not TRACES.search(answer) and not re.search(r"Python|gunicorn/\d", answer), answer[:500]


def test_no_folder_is_listed(installed: tuple[str, Path]) -> None:
    url, _ = installed
    page = asked(url, "/")[2]
    names = {path.name for path in (ROOT / "assets").rglob("*") if path.is_file()}
    unnamed = {name for name in names if name not in page}
    assert unnamed, "every file of assets stands on the page: a listing could not be told"
    for path in ("/assets", "/assets/", "/assets/.", "/assets/topojson/", "/exports/", "/data/", "/static/"):
        text = asked(url, path)[2]
        assert not [name for name in unnamed if name in text] and "Index of" not in text, path


def test_two_installs_have_two_secrets_that_only_their_user_reads(
    installed: tuple[str, Path], tmp_path: Path
) -> None:
    _, cache = installed
    first = cache / "secret_key"
    other = Settings(cache_dir=tmp_path / "other").secret()
    assert len(first.read_text()) == len(other) == 64 and first.read_text() != other
    for path in (first, tmp_path / "other" / "secret_key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_debugging_cannot_be_turned_on_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in DEVELOPERS.items():
        monkeypatch.setenv(name, value)
    app = create_app(Settings(lake_dir=tmp_path / "lake", cache_dir=tmp_path / "cache"))
    assert app.server.debug is False
    assert app._dev_tools.ui is False and app._dev_tools.hot_reload is False
    assert "/_mcp" not in {str(rule) for rule in app.server.url_map.iter_rules()}


def test_what_the_server_is_told_about_time_and_size(tmp_path: Path) -> None:
    """gunicorn.conf.py's numbers; its own reasons stand beside them."""
    environment = {**os.environ, "NEMDESK_CACHE_DIR": str(tmp_path), "NEMDESK_QUERY_TIMEOUT_SECONDS": "200"}
    names = [
        "timeout",
        "graceful_timeout",
        "keepalive",
        "max_requests",
        "max_requests_jitter",
        "limit_request_line",
        "limit_request_fields",
        "limit_request_field_size",
        "control_socket_disable",
        "accesslog",
        "bind",
    ]
    program = (
        "import json, runpy; found = runpy.run_path('gunicorn.conf.py');"
        f"print(json.dumps([found[name] for name in {names!r}]))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    found = dict(zip(names, json.loads(shown.stdout), strict=True))
    assert found == {
        "timeout": 230,  # above the query's own limit
        "graceful_timeout": 30,
        "keepalive": 5,
        "max_requests": 50_000,
        "max_requests_jitter": 5_000,
        "limit_request_line": 4_094,
        "limit_request_fields": 60,
        "limit_request_field_size": 8_190,
        "control_socket_disable": True,
        "accesslog": None,
        "bind": "127.0.0.1:8050",
    }
