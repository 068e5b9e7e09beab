"""Signing in: strangers get nothing but the page that asks who they are."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app, passwords, sign_in
from app.cli import main
from app.settings import Settings
from data_layer.lake import Lake
from tests.app.callback_client import fill

PASSWORD = "a long enough one"
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.7"}
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture(scope="module")
def line() -> str:
    return passwords.line_for("ann", PASSWORD)


@pytest.fixture
def password_file(tmp_path: Path, line: str) -> Path:
    path = tmp_path / "passwords"
    passwords.put(path, "ann", line)
    return path


@pytest.fixture
def closed(demo_lake: Lake, settings_of: Any, password_file: Path) -> FlaskClient:
    made = create_app(settings_of(demo_lake.root, password_file=password_file)).server.test_client()
    made.environ_base.update(ELSEWHERE)
    return made


def signed_in(client: FlaskClient, name: str = "ann", password: str = PASSWORD, **more: str) -> Any:
    return client.post("/sign-in", data={"name": name, "password": password, **more})


def every_route(client: FlaskClient) -> list[str]:
    made = []
    for rule in client.application.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            made.append(re.sub(r"<[^>]*>", "x", rule.rule))
    return sorted({*made, "/data/energy.csv", "/today/data.csv", "/assets/page.js", "/assets/tables.js"})


def test_strangers_get_nothing(closed: FlaskClient) -> None:
    opened = {"/healthz", "/sign-in"}
    for path in every_route(closed):
        answer = closed.get(path)
        assert (answer.status_code == 200) == (path in opened), path
        if path not in opened:
            assert answer.status_code == 401
            assert answer.get_json()["error"] == sign_in.FIRST
            assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert closed.post("/_dash-update-component", json={"output": "x"}).status_code == 401
    assert closed.post("/_dash-update-component?cancelJob=1", json={}).status_code == 401


def test_a_browser_is_led_to_the_page_and_back(closed: FlaskClient) -> None:
    led = closed.get("/generation?region=VIC1", headers=BROWSER)
    assert led.status_code == 303
    assert led.headers["Location"] == "/sign-in?next=%2Fgeneration%3Fregion%3DVIC1"
    page = closed.get(led.headers["Location"]).get_data(as_text=True)
    assert "<script" not in page
    assert 'value="/generation?region=VIC1"' in page
    for style in re.findall(r'href="(/assets/[^"]+)"', page):
        with closed.get(style) as got:
            assert got.status_code == 200
    answer = signed_in(closed, next="/generation?region=VIC1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/generation?region=VIC1")
    assert closed.get("/today", headers=BROWSER).status_code == 200
    assert fill_listed(closed).status_code == 200


def fill_listed(client: FlaskClient) -> Any:
    return fill(client, "today-cards", "/today")


def test_the_cookie_is_closed_to_scripts_and_other_sites(closed: FlaskClient) -> None:
    cookie = signed_in(closed).headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie
    secure = closed.post(
        "/sign-in", data={"name": "ann", "password": PASSWORD}, base_url="https://desk.example.org"
    )
    assert "Secure" in secure.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ann", "wrong"),
        ("bob", PASSWORD),
        ("", ""),
        ("ann", ""),
        ("ann", PASSWORD * 500),
        ("ann\x00", PASSWORD),
    ],
)
def test_what_is_wrong_says_so_and_no_more(closed: FlaskClient, name: str, password: str) -> None:
    answer = signed_in(closed, name, password)
    assert answer.status_code == 401
    assert sign_in.WRONG in answer.get_data(as_text=True)
    assert closed.get("/_dash-layout").status_code == 401


def test_guessing_is_slowed_down(closed: FlaskClient) -> None:
    codes = [signed_in(closed, password="wrong").status_code for _ in range(12)]
    assert codes == [401] * 10 + [429] * 2
    answer = signed_in(closed)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert signed_in_from(closed, "203.0.113.8").status_code == 303


def signed_in_from(client: FlaskClient, address: str) -> Any:
    return client.post(
        "/sign-in",
        data={"name": "ann", "password": PASSWORD},
        environ_overrides={"REMOTE_ADDR": address},
    )


def test_a_session_ends_with_the_password_it_was_made_by(closed: FlaskClient, password_file: Path) -> None:
    signed_in(closed)
    assert closed.get("/_dash-layout").status_code == 200
    passwords.put(password_file, "ann", passwords.line_for("ann", "another long one"))
    assert closed.get("/_dash-layout").status_code == 401
    signed_in(closed, password="another long one")
    assert closed.get("/_dash-layout").status_code == 200
    password_file.unlink()
    assert closed.get("/_dash-layout").status_code == 401


def test_only_signing_in_and_out_set_the_cookie(closed: FlaskClient) -> None:
    """Else an answer that was under way at a sign-out brings the session back."""
    assert sign_in.COOKIE in signed_in(closed).headers["Set-Cookie"]
    for answer in (closed.get("/today", headers=BROWSER), closed.get("/_dash-layout"), fill_listed(closed)):
        assert sign_in.COOKIE not in str(answer.headers.getlist("Set-Cookie"))
    assert f"{sign_in.COOKIE}=;" in closed.post("/sign-out").headers["Set-Cookie"]


def test_signing_out_and_forged_sessions(closed: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    signed_in(closed)
    assert closed.get("/sign-in").status_code == 303
    assert closed.post("/sign-out").status_code == 303
    assert closed.get("/_dash-layout").status_code == 401
    closed.set_cookie(sign_in.COOKIE, "eyJ1c2VyIjoiYW5uIn0.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb")
    assert closed.get("/_dash-layout").status_code == 401
    signed_in(closed)
    monkeypatch.setattr(sign_in, "LONGEST_SECONDS", 0.0)
    assert closed.get("/_dash-layout").status_code == 401


@pytest.mark.parametrize(
    "asked",
    ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "/a\r\nX: y", "/\t/evil", "", None],
)
def test_the_way_back_stays_here(asked: str | None) -> None:
    assert sign_in.way_back(asked) == "/"


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://localhost"}, True),
        ({}, True),
    ],
)
def test_other_sites_cannot_post(closed: FlaskClient, headers: dict[str, str], allowed: bool) -> None:
    answer = closed.post("/sign-in", data={"name": "ann", "password": PASSWORD}, headers=headers)
    assert (answer.status_code == 303) == allowed
    assert allowed or answer.status_code == 403


def test_probes_of_this_machine_need_no_password(closed: FlaskClient) -> None:
    here = {"REMOTE_ADDR": "127.0.0.1"}
    for path in ("/readyz", "/metrics"):
        assert closed.get(path, environ_overrides=here).status_code == 200
        assert (
            closed.get(path, environ_overrides=here, headers={"X-Forwarded-For": "9.9.9.9"}).status_code
            == 401
        )
    assert closed.get("/today", environ_overrides=here).status_code == 401


HEADER = {"trusted_user_header": "X-Forwarded-User", "trusted_user_from": "10.1.0.0/16, 127.0.0.1"}


@pytest.mark.parametrize("hops", [0, 1])
def test_a_gateways_header_counts_from_the_gateway_only(demo_lake: Lake, settings_of: Any, hops: int) -> None:
    client = create_app(settings_of(demo_lake.root, trusted_proxies=hops, **HEADER)).server.test_client()

    def asked(address: str, **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.get(
            "/_dash-layout", headers=named, environ_overrides={"REMOTE_ADDR": address}
        ).status_code

    assert asked("10.1.2.3", X_Forwarded_User="ann") == 200
    assert asked("10.1.2.3", X_Forwarded_User="ann", X_Forwarded_For="203.0.113.9") == 200
    assert asked("127.0.0.1", X_Forwarded_User="ann@example.org") == 200
    assert asked("10.2.2.3", X_Forwarded_User="ann") == 401
    assert asked("10.2.2.3", X_Forwarded_User="ann", X_Forwarded_For="10.1.2.3") == 401
    assert asked("10.1.2.3") == 401
    assert asked("10.1.2.3", X_Forwarded_User="ann,bob") == 401
    assert client.get("/healthz", environ_overrides={"REMOTE_ADDR": "10.2.2.3"}).status_code == 200
    assert client.get("/sign-in", environ_overrides={"REMOTE_ADDR": "10.2.2.3"}).status_code in (401, 200)


@pytest.mark.parametrize(
    "more",
    [
        {"trusted_user_header": "X-User"},
        {"trusted_user_from": "127.0.0.1"},
        {"trusted_user_header": "X User", "trusted_user_from": "127.0.0.1"},
        {"trusted_user_header": "X-User", "trusted_user_from": "everywhere"},
        {**HEADER, "password_file": "somewhere"},
    ],
)
def test_half_settings_stop_the_start(more: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"(?i)trusted_user"):
        Settings(**more)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["ann:secret", "ann", "ann:scrypt:1:1:1$a$b", "bob:pbkdf2:sha256:1$x$y"])
def test_a_file_that_cannot_be_used_stops_the_start(
    demo_lake: Lake, settings_of: Any, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "passwords"
    path.write_text(f"# people\n{text}\n")
    path.chmod(0o600)
    with pytest.raises(ValueError, match=r"NEMDESK_PASSWORD_FILE.*line 2"):
        create_app(settings_of(demo_lake.root, password_file=path))
    path.chmod(0o604)
    with pytest.raises(ValueError, match="chmod"):
        create_app(settings_of(demo_lake.root, password_file=path))


def test_the_command_makes_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    path = tmp_path / "passwords"
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert main(["password", "ann"]) == 0
    printed = capsys.readouterr().out
    assert passwords.parsed(printed).keys() == {"ann"}
    for name in ("ann", "bob"):
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
        assert main(["password", name, "--file", str(path)]) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert passwords.PasswordFile(path).proof("bob", PASSWORD)
    assert main(["password", "ann", "--file", str(path), "--remove"]) == 0
    assert passwords.PasswordFile(path).hashes().keys() == {"bob"}
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["password", "ann"]) == 1
    assert "12 to 1000" in capsys.readouterr().err
