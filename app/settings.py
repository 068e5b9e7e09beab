"""Every knob, in one place: read from NEMDESK_* variables (or a .env file), validated at start."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from data_layer.planner.plan import HEAVY_ROWS


class Settings(BaseSettings):
    """``NEMDESK_LAKE_DIR=/data/lake NEMDESK_PORT=8060 python -m app run``. Unknown values stop the start
    with a message that names the variable."""

    model_config = SettingsConfigDict(env_prefix="NEMDESK_", env_file=".env", extra="ignore")

    lake_dir: Path = Field(Path("var/lake"), description="The Parquet lake. The server only reads it.")
    cache_dir: Path = Field(
        Path("var/cache"),
        description="What the server itself writes: its secret, jobs, exports. Made with mode 0700.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on. Loopback, unless behind_proxy is set.")
    port: int = Field(8050, ge=1, le=65535, description="Port to listen on.")
    behind_proxy: bool = Field(
        False,
        description="Allow a host other than loopback: a proxy in front ends TLS and buffers large bodies "
        "of slow clients, which workers do not.",
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=9,
        description="Proxies in front, each of which adds to X-Forwarded-For. 0: what it says is ignored.",
    )
    rate_per_minute: int = Field(
        3_000,
        ge=0,
        le=1_000_000,
        description="Questions (callbacks, data, exports) that one client may ask each worker in a minute; "
        "0: no limit.",
    )
    password_file: Path | None = Field(
        None,
        description="Who may sign in: lines of `python -m app password NAME`. Without it anybody may look.",
    )
    trusted_user_header: str = Field(
        "",
        pattern=r"^([A-Za-z][A-Za-z0-9-]{0,60})?$",
        description="Header in which a gateway names its user.",
    )
    trusted_user_from: str = Field(
        "", description="Addresses or networks, with commas between, whose trusted_user_header is believed."
    )
    workers: int = Field(2, ge=1, le=64, description="Server processes; one per core is enough.")
    worker_threads: int = Field(
        64, ge=2, le=256, description="Threads of each process: requests that wait or are served at once."
    )
    panels_at_once: int = Field(
        3,
        ge=1,
        le=64,
        description="Questions that one process computes at once; others wait in line, then hear 'busy'.",
    )
    backend: Literal["duckdb", "pandas"] = Field(
        "duckdb", description="Engine. pandas holds the whole history in memory: the way back."
    )
    hybrid_share: float = Field(
        1.0,
        ge=0,
        le=1,
        description="Share of visitors that DuckDB answers; pandas answers the others. Without effect where "
        "backend is pandas.",
    )
    pandas_memory_mb: int = Field(
        0,
        ge=0,
        description="What the pandas engine may hold in each process, in MiB; 0: what the machine has free.",
    )
    memory_limit_mb: int = Field(256, ge=64, description="DuckDB's memory in each process, in MiB.")
    threads: int = Field(2, ge=1, le=256, description="DuckDB's threads in each process.")
    query_timeout_seconds: float = Field(
        30.0, gt=0, le=3600, description="A query that runs longer is stopped."
    )
    heavy_queries_at_once: int = Field(
        1,
        ge=1,
        le=64,
        description="Heavy queries that one process runs at once; others wait, then hear 'busy'.",
    )
    job_rows: int = Field(
        HEAVY_ROWS,
        ge=0,
        description="A question that reads more rows runs as a job with progress and a way to stop it.",
    )
    jobs_at_once: int = Field(
        2, ge=1, le=64, description="Jobs that the service works on at once; the others wait in line."
    )
    jobs_waiting: int = Field(
        50, ge=1, le=1_000, description="Jobs that may wait in line; one more is told 'busy'."
    )
    job_timeout_seconds: float = Field(
        3_600.0, gt=0, le=86_400, description="A job that takes longer is stopped."
    )
    job_memory_mb: int = Field(
        512, ge=128, description="Memory of one job, in MiB; DuckDB may use half of it."
    )
    max_rows: int = Field(1_000_000, ge=1000, description="Rows one answer may have (memory guard).")
    cache_mb: int = Field(
        16,
        ge=1,
        description=(
            "Answers kept in memory by each process, in MiB; a quarter of it for panels as they were sent."
        ),
    )
    cache_ttl_seconds: float = Field(300.0, gt=0, description="How long an answer is kept in memory.")
    exports_mb: int = Field(
        4_000, ge=10, description="Room for exported files, in MiB: the oldest go when it is used up."
    )
    exports_hours: float = Field(24.0, gt=0, le=8_760, description="How long an exported file is kept.")
    worker_memory_mb: int = Field(
        600,
        ge=128,
        description="Memory of one server process, in MiB. Above 80 % of it the process gives memory back; "
        "one that stays above it is replaced, without losing a request.",
    )
    metrics_public: bool = Field(
        False, description="Serve /metrics to other machines too, not to this one alone."
    )
    slow_query_seconds: float = Field(1.0, ge=0, description="A query that takes longer is logged.")
    system_tab: bool = Field(
        True,
        description="Show the System tab: data quality, questions asked, processes and their memory. "
        "False leaves it out, as a public site may want.",
    )
    secret_key: SecretStr | None = Field(
        None, description="Signs background jobs. By default made once and kept in cache_dir (mode 0600)."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="What is logged.")
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="Form of the log. auto: text on a terminal, JSON lines elsewhere."
    )

    @field_validator("lake_dir", "cache_dir", "password_file")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path.expanduser().absolute() if path is not None else None

    @field_validator("password_file", mode="before")
    @classmethod
    def _none_where_empty(cls, path: Any) -> Any:
        return path or None

    @field_validator("trusted_user_from")
    @classmethod
    def _networks(cls, text: str) -> str:
        for one in filter(None, (part.strip() for part in text.split(","))):
            ipaddress.ip_network(one, strict=False)
        return text

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < 16:
            raise ValueError("must have at least 16 characters")
        return key

    @model_validator(mode="after")
    def _loopback_unless_proxied(self) -> Settings:
        try:
            loopback = ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            loopback = self.host == "localhost"
        if not loopback and not self.behind_proxy:
            raise ValueError(
                f"NEMDESK_HOST={self.host} would serve other machines directly: put a proxy in front and set "
                "NEMDESK_BEHIND_PROXY=1, or keep 127.0.0.1"
            )
        return self

    @model_validator(mode="after")
    def _apart(self) -> Settings:
        lake, cache = self.lake_dir.resolve(), self.cache_dir.resolve()
        if lake.is_relative_to(cache) or cache.is_relative_to(lake):
            raise ValueError(
                f"NEMDESK_CACHE_DIR={self.cache_dir} and NEMDESK_LAKE_DIR={self.lake_dir} lie in one "
                "another: the server writes the one and only reads the other, so give each its own folder"
            )
        return self

    @model_validator(mode="after")
    def _one_way_in(self) -> Settings:
        if bool(self.trusted_user_header) != bool(self.trusted_networks):
            raise ValueError("NEMDESK_TRUSTED_USER_HEADER and NEMDESK_TRUSTED_USER_FROM go together")
        if self.trusted_user_header and self.password_file is not None:
            raise ValueError("set NEMDESK_PASSWORD_FILE or NEMDESK_TRUSTED_USER_HEADER, not both")
        return self

    @property
    def panel_cache_bytes(self) -> int:
        """Of cache_mb, for panels as they were sent."""
        return self.cache_mb * 2**20 // 4

    @property
    def answer_cache_bytes(self) -> int:
        """Of cache_mb, for answers."""
        return self.cache_mb * 2**20 - self.panel_cache_bytes

    @property
    def trusted_networks(self) -> tuple[str, ...]:
        """trusted_user_from, taken apart."""
        return tuple(filter(None, (part.strip() for part in self.trusted_user_from.split(","))))

    @property
    def signs_in(self) -> bool:
        """Whether only people who are known are let in."""
        return self.password_file is not None or bool(self.trusted_user_header)

    def prepared_cache_dir(self) -> Path:
        """cache_dir, made and closed to other users: what lies in it is unpickled."""
        self.cache_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.cache_dir.chmod(0o700)
        return self.cache_dir

    def secret(self) -> str:
        """The signing key, the same in every worker: given, or made once and kept in cache_dir."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        path = self.prepared_cache_dir() / "secret_key"
        if not path.exists():
            # Whoever links first wins; the others read the winner's key, never half a file.
            with tempfile.NamedTemporaryFile("w", dir=self.cache_dir, encoding="ascii") as staged:
                staged.write(secrets.token_hex(32))
                staged.flush()
                with contextlib.suppress(FileExistsError):
                    os.link(staged.name, path)
        return path.read_text(encoding="ascii")

    def environment(self) -> dict[str, str]:
        """These settings as variables, for a process started with them."""
        values = self.model_dump(exclude={"secret_key"}, mode="json")
        found = {
            f"NEMDESK_{name.upper()}": str("" if value is None else value) for name, value in values.items()
        }
        if self.secret_key is not None:
            found["NEMDESK_SECRET_KEY"] = self.secret_key.get_secret_value()
        return found
