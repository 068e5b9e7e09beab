"""docs/deployment.md and docs/examples/ say what is so."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import cli
from app.settings import Settings

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "docs" / "examples"


def test_the_table_of_settings_is_the_settings() -> None:
    table = dict(re.findall(r"^\| `(NEMDESK_\w+)` \| (.+?) \|", DOC.split("## Settings")[1], re.MULTILINE))
    fields = {f"NEMDESK_{name.upper()}": field.default for name, field in Settings.model_fields.items()}
    assert sorted(table) == sorted(fields)
    for name, default in fields.items():
        said = table[name]
        if default is None:
            assert "`" not in said
        elif isinstance(default, bool):
            assert said == f"`{str(default).lower()}`", name
        elif isinstance(default, int | float):
            assert float(said.strip("`")) == default, name
        else:
            assert said == f"`{default}`", name


def test_every_variable_that_is_named_exists() -> None:
    known = {f"NEMDESK_{name.upper()}" for name in Settings.model_fields}
    for path in (ROOT / "docs" / "deployment.md", *EXAMPLES.iterdir()):
        named = set(re.findall(r"NEMDESK_[A-Z_]+[A-Z]", path.read_text(encoding="utf-8")))
        assert named <= known, path


def test_every_metric_is_documented(client: FlaskClient) -> None:
    client.get("/data/latest_interval.csv?start=2026-03-01&end=2026-03-01").close()
    served = set(re.findall(r"^# TYPE (nemdesk_\w+)", client.get("/metrics").get_data(as_text=True), re.M))
    served = {name.removesuffix("_total") for name in served if not name.endswith("_created")}
    said = DOC.split("## Metrics")[1].split("## Logs")[0]
    for name in served:
        short = "_" + name.removeprefix("nemdesk_cache_") if name.startswith("nemdesk_cache_") else name
        assert name in said or f"{short}_total" in said, name


def test_every_command_is_one() -> None:
    """The arguments of each `python -m app` line are parsed by the command line itself."""
    found = re.findall(
        r"python -m app ((?:\w|-|/| |\.)+)", DOC + (EXAMPLES / "nemdesk-update.service").read_text()
    )
    assert len(found) >= 6
    for line in found:
        arguments = line.split("  ")[0].split()
        assert cli._parser().parse_args(arguments).command


@pytest.mark.parametrize("unit", ["nemdesk.service", "nemdesk-update.service"])
def test_units_are_understood(unit: str, tmp_path: Path) -> None:
    """By systemd itself, with this machine's programs in place of those they name."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    text = (EXAMPLES / unit).read_text()
    started = re.search(r"^ExecStart=/srv/nemdesk/app/(\S+)", text, re.MULTILINE)
    assert started is not None
    stands_for = shutil.which("true")
    file = tmp_path / unit
    file.write_text(text.replace(f"/srv/nemdesk/app/{started[1]}", str(stands_for)))
    made = subprocess.run(["systemd-analyze", "verify", str(file)], capture_output=True, text=True)
    complaints = [line for line in made.stderr.splitlines() if unit in line]
    assert complaints == []


def test_the_proxy_says_to_come_by_tls_and_hides_the_figures() -> None:
    """A location with headers of its own would lose those of its server."""
    text = (EXAMPLES / "nginx.conf").read_text()
    listening = [block for block in re.split(r"^server \{", text, flags=re.MULTILINE) if "listen " in block]
    (plain,) = [block for block in listening if "listen 80;" in block]
    assert "return 301 https://" in plain and "proxy_pass" not in plain
    (served,) = [block for block in listening if "listen 443 ssl;" in block]
    (said,) = re.findall(r"add_header (\S+) \"max-age=(\d+)\" always;", served)
    assert said[0] == "Strict-Transport-Security" and int(said[1]) >= 31_536_000
    assert served.index("add_header") < served.index("location ")
    assert "location = /metrics { return 404; }" in served


def test_the_image_holds_every_room() -> None:
    copied = re.findall(r"^COPY (\S+) \1$", (EXAMPLES / "Containerfile").read_text(), re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {name.split(".")[0] for name in project["tool"]["setuptools"]["packages"]}
    assert set(copied) == packages | {"assets"}
