"""What a hostile request must not cause: a statement that is not shipped, a file read elsewhere, a body that
tells of the machine. The statements' vocabulary is read from the shipped files, not from what builds them."""

from __future__ import annotations

import ast
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from data_layer.connection import DuckEngine
from data_layer.lake import Lake
from data_layer.tables import TABLES
from tests.trust.hostile_corpus import CANARY

ROOT: Final = Path(__file__).parents[2]
DATA_LAYER: Final = ROOT / "data_layer"

_TOKEN: Final = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|[A-Za-z_][A-Za-z0-9_]*|\d+(?:\.\d+)?|[^\sA-Za-z0-9_]")
_READ: Final = re.compile(r"\bread_\w+\(\$(\w+)")
_COMMENT: Final = re.compile(r"--[^\n]*")


def vocabulary() -> set[str]:
    """Every word, number, sign and text of the shipped SQL files, of the tables' columns and of the modules
    that put statements together."""
    texts = [_COMMENT.sub("", path.read_text()) for path in (DATA_LAYER / "views").rglob("*.sql")]
    for path in (DATA_LAYER / "sql.py", *(DATA_LAYER / "planner").glob("*.py")):
        tree = ast.parse(path.read_text())
        said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
                texts.append(node.value)
    texts += [name for spec in TABLES.values() for name in (spec.name, *spec.schema.names)]
    return {token.lower() for text in texts for token in _TOKEN.findall(text)}


class Statements:
    """Records what an engine is asked, and what of it is not from the shipped catalogue."""

    def __init__(self, lake: Lake, rows: int) -> None:
        self.lake = lake.root.resolve()
        self.known = vocabulary() | {str(rows + 1), "0", "'"}
        self.count = 0
        self.foreign: list[str] = []
        self._seen: set[str] = set()

    def note(self, statement: str, parameters: Mapping[str, Any] | None) -> None:
        self.count += 1
        # Only what is read is a file: a unit may be asked for by the name of one, as a bound value.
        for name in _READ.findall(statement):
            value = (parameters or {}).get(name)
            for item in value if isinstance(value, list) else [value]:
                if not Path(str(item)).resolve().is_relative_to(self.lake):
                    self.foreign.append(f"file {item!r}")
        if statement in self._seen:
            return
        self._seen.add(statement)
        self.foreign += [f"{word!r} in {statement[:200]!r}" for word in self.strangers(statement)]

    def strangers(self, statement: str) -> list[str]:
        """Tokens that no shipped file has. Numbers at the end of a name count relations."""
        found = [CANARY] if CANARY in statement.lower() else []
        for token in _TOKEN.findall(statement):
            plain = token.lower().strip('"')
            bare = re.sub(r"(_?\d+)+$", "", plain)
            if plain not in self.known and bare not in self.known and not self._compound(plain):
                found.append(token)
        return found

    def _compound(self, name: str) -> bool:
        """files_<relation>, start_<relation>_<n>, period_end_<relation>_<n>: parts that are all known."""
        match = re.fullmatch(r"(?:files|start|end|period_start|period_end)_(.+)", name)
        if match is None:
            return False
        rest = match[1]
        after_table = [rest[len(table) + 1 :] for table in TABLES if rest.startswith(f"{table}_")]
        return any(
            one in self.known or re.sub(r"_\d+$", "", one) in self.known for one in (rest, *after_table)
        )


class _Cursor:
    def __init__(self, real: Any, statements: Statements) -> None:
        self._real, self._statements = real, statements

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def execute(self, statement: str, parameters: Any = None) -> Any:
        self._statements.note(statement, parameters)
        return self._real.execute(statement, parameters or {})

    def sql(self, statement: str, params: Any = None) -> Any:
        self._statements.note(statement, params)
        return self._real.sql(statement, params=params or {})


class _Connection:
    def __init__(self, real: Any, statements: Statements) -> None:
        self._real, self._statements = real, statements

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def cursor(self) -> _Cursor:
        return _Cursor(self._real.cursor(), self._statements)


@contextmanager
def recorded(statements: Statements) -> Iterator[Statements]:
    """While this lasts, every statement of every engine is noted."""
    real = DuckEngine._connection

    def watched(engine: DuckEngine) -> Any:
        return _Connection(real(engine), statements)

    DuckEngine._connection = watched  # type: ignore[method-assign]
    try:
        yield statements
    finally:
        DuckEngine._connection = real  # type: ignore[method-assign]


class Files:
    """Files that Python opened while ``watching`` and that are not the service's own affair."""

    _hooked = False
    _now: Files | None = None

    def __init__(self, *allowed: Path) -> None:
        libraries = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.prefix).resolve(), ROOT / ".venv"}
        system = [
            Path(one)
            for one in ("/proc/self", "/dev", "/sys/fs/cgroup", "/usr/share/zoneinfo", "/etc/mime.types")
        ]
        # hypothesis looks for values worth trying in the source of whatever of the project is imported.
        source = ("app", "callbacks", "layouts", "data_layer", "tests", "benchmarks")
        own = [ROOT / one for one in (*source, "assets", ".hypothesis", "pyproject.toml")]
        self._allowed = tuple(str(path) for path in (*allowed, *libraries, *system, *own))
        self.foreign: set[str] = set()
        self.count = 0
        self._thread = threading.get_ident()

    def _note(self, path: Any) -> None:
        if threading.get_ident() != self._thread or not isinstance(path, str | bytes):
            return
        text = path.decode(errors="replace") if isinstance(path, bytes) else path
        self.count += 1
        if text.startswith("/proc/"):
            text = "/proc/self"  # of this process's children
        if text.startswith("<"):
            return  # source that a traceback or a profiler names
        if not text.startswith(self._allowed):
            self.foreign.add(text)

    @contextmanager
    def watching(self) -> Iterator[Files]:
        if not Files._hooked:
            Files._hooked = True
            sys.addaudithook(lambda event, values: Files._event(event, values))
        Files._now = self
        try:
            yield self
        finally:
            Files._now = None

    @staticmethod
    def _event(event: str, values: Any) -> None:
        if event == "open" and Files._now is not None:
            Files._now._note(values[0])


class Bodies:
    """What no body may have."""

    def __init__(self, *secrets: str) -> None:
        self.forbidden = [
            b"Traceback (most recent",
            b"site-packages",
            b"Something went wrong",
            b"root:x:0",
            str(ROOT).encode(),
            *(one.encode() for one in secrets),
        ]

    def found(self, body: bytes) -> list[str]:
        return [one.decode() for one in self.forbidden if one in body]


LOCKS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}
_POLICY: Final = {
    "default-src": ("'self'", "'none'"),
    "base-uri": ("'none'",),
    "form-action": ("'self'", "'none'"),
    "frame-ancestors": ("'none'",),
}
_SCRIPTS: Final = re.compile(r"'self'|'sha(256|384|512)-[A-Za-z0-9+/=]+'")


def unlocked(headers: Mapping[str, str]) -> list[str]:
    """What the headers of an answer lack that lock it down: they belong on every answer."""
    found = [
        f"{name} is {headers.get(name)!r}" for name, value in LOCKS.items() if headers.get(name) != value
    ]
    policy = dict(
        part.strip().partition(" ")[::2] for part in headers.get("Content-Security-Policy", "").split(";")
    )
    found += [
        f"policy's {name} is {policy.get(name)!r}"
        for name, values in _POLICY.items()
        if policy.get(name) not in values
    ]
    scripts, objects = (
        policy.get(name, policy.get("default-src", "")) for name in ("script-src", "object-src")
    )
    if not scripts or not all(source == "'none'" or _SCRIPTS.fullmatch(source) for source in scripts.split()):
        found.append(f"scripts from {scripts!r}")
    if objects != "'none'":
        found.append(f"objects from {objects!r}")
    return found


def leads_away(target: str) -> bool:
    """Whether a browser that is sent to ``target`` leaves this site: it takes a backslash for a slash."""
    plain = target.strip().replace("\\", "/")
    return plain.startswith("//") or bool(urlsplit(plain).scheme or urlsplit(plain).netloc)
