"""Who may sign in: a file of lines ``name:scrypt:...``, made by ``python -m app password``."""

from __future__ import annotations

import argparse
import getpass
import hashlib
import os
import re
import stat
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Any, Final

from werkzeug.security import check_password_hash, generate_password_hash

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_HASH: Final = re.compile(r"scrypt:\d{1,8}:\d{1,3}:\d{1,3}\$[A-Za-z0-9]{8,64}\$[0-9a-f]{128}")

SHORTEST: Final = 12
LONGEST: Final = 1_000
"""Characters of a password. A longer text is nobody's password and is not worked on."""


@cache
def _nobodys() -> str:
    """What the password of an unknown name is compared with, so that it takes as long as a known one's."""
    return generate_password_hash("nobody", method="scrypt", salt_length=16)


class PasswordFile:
    """Reads the file again when it changes. Where it is missing or cannot be used, nobody signs in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._read: tuple[tuple[int, int, int], dict[str, str]] | None = None

    def hashes(self) -> dict[str, str]:
        """Name -> hash. ValueError (or OSError) that says what is wrong with the file."""
        state = self.path.stat()
        mark = (state.st_mtime_ns, state.st_size, state.st_ino)
        with self._lock:
            if self._read is None or self._read[0] != mark:
                if state.st_mode & (stat.S_IROTH | stat.S_IWOTH):
                    raise ValueError(f"{self.path} can be read or written by everybody: chmod o-rwx it")
                self._read = mark, parsed(self.path.read_text(encoding="utf-8"))
            return self._read[1]

    def proof(self, name: str, password: str) -> str:
        """What a session keeps of a right name and password; '' where they are not right."""
        known = self._known().get(name)
        right = check_password_hash(known or _nobodys(), password[: LONGEST + 1])
        return _proof(known) if right and known is not None and len(password) <= LONGEST else ""

    def still(self, name: str, proof: str) -> bool:
        """Whether the name is still there with the password it signed in with."""
        known = self._known().get(name)
        return known is not None and _proof(known) == proof

    def _known(self) -> dict[str, str]:
        try:
            return self.hashes()
        except (OSError, ValueError):
            return {}


def _proof(known: str) -> str:
    return hashlib.sha256(known.encode()).hexdigest()[:32]


def parsed(text: str) -> dict[str, str]:
    """Name -> hash of the lines; ValueError names the line that is none. # begins a comment."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, _, known = line.partition(":")
        if not NAME.fullmatch(name) or not _HASH.fullmatch(known):
            raise ValueError(f"line {number} is not one that `python -m app password NAME` made")
        found[name] = known
    return found


def line_for(name: str, password: str) -> str:
    """A line of the file; ValueError where the name or the password cannot be used."""
    if not NAME.fullmatch(name):
        raise ValueError("a name has letters, digits and . _ @ + - (64 at most)")
    if not SHORTEST <= len(password) <= LONGEST:
        raise ValueError(f"a password has {SHORTEST} to {LONGEST} characters")
    return f"{name}:{generate_password_hash(password, method='scrypt', salt_length=16)}"


def put(path: Path, name: str, line: str | None) -> None:
    """Add, replace or (None) remove a name in the file. A new file is made with mode 0600."""
    path = path.expanduser().absolute()
    old = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = [one for one in old if one.partition(":")[0].strip() != name]
    text = "".join(f"{one}\n" for one in [*kept, *filter(None, [line])])
    with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="utf-8", delete=False) as staged:
        staged.write(text)
    if path.exists():
        state = path.stat()
        Path(staged.name).chmod(stat.S_IMODE(state.st_mode))
        if os.geteuid() == 0:
            os.chown(staged.name, state.st_uid, state.st_gid)
    os.replace(staged.name, path)


def add_command(commands: Any) -> None:
    """``python -m app password NAME [--file FILE] [--remove]``."""
    command = commands.add_parser("password", help="make a line of the file that NEMDESK_PASSWORD_FILE names")
    command.add_argument("name", help="who may sign in")
    command.add_argument("--file", type=Path, help="put the line into this file instead of printing it")
    command.add_argument("--remove", action="store_true", help="take the name out of --file")
    command.set_defaults(command=_password)


def _password(chosen: argparse.Namespace) -> int:
    if chosen.remove:
        if chosen.file is None:
            raise ValueError("--remove goes with --file")
        put(chosen.file, chosen.name, None)
        return 0
    if sys.stdin.isatty():
        password = getpass.getpass(f"Password of {chosen.name}: ")
        if getpass.getpass("Once more: ") != password:
            raise ValueError("the two are not the same")
    else:
        password = sys.stdin.readline().rstrip("\n")
    line = line_for(chosen.name, password)
    if chosen.file is None:
        sys.stdout.write(line + "\n")
    else:
        put(chosen.file, chosen.name, line)
    return 0
