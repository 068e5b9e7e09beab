"""gunicorn's configuration: `gunicorn` alone starts the server. Settings come from NEMDESK_* variables."""

import os

# Before Arrow is imported: its own allocator has a heap for each thread and kept up to 78 MB in a worker for
# 1 MB in use (measured with 50 analysts); the C library's gives it back.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")

from app import logs, server_hooks
from app.settings import Settings

_settings = Settings()

wsgi_app = "app.wsgi:server"

# Loopback unless told otherwise: large bodies of slow clients are buffered by a proxy, not here.
bind = f"{_settings.host}:{_settings.port}"

# Two processes: one can compute while the other answers. Each has its own DuckDB, so more of them than
# cores only multiplies memory.
workers = _settings.workers

# Threads, because requests wait for DuckDB (which releases the interpreter). For the rest of a request, no
# thread waits: gthread with that difference.
worker_class = "app.whole_requests.WholeRequestWorker"
threads = _settings.worker_threads

# Load the application once, before the fork: workers share its memory. It opens no database and starts no
# thread until it is asked something, since a child would hang on its parent's (tests/app/test_preload.py).
preload_app = True

# A worker whose main loop is silent this long is killed. A stuck query is not seen by it: the database's
# own time limit is the real one, and it is shorter.
timeout = max(60, int(_settings.query_timeout_seconds) + 30)

# SIGTERM lets requests in flight end; no query may run longer than the limit above.
graceful_timeout = 30

# A browser asks several things in a row; five seconds keeps its connection without holding a thread long.
keepalive = 5

# Workers are replaced now and then, not all at once, so that a leak in any library stays small.
max_requests = 50_000
max_requests_jitter = 5_000

# The longest address this app makes is under 1,000 characters.
limit_request_line = 4_094
limit_request_fields = 60
limit_request_field_size = 8_190

# Heartbeat files on memory, so that a busy disk is not taken for a dead worker.
worker_tmp_dir = "/dev/shm"  # noqa: S108

# gunicorn 27 opens a control socket in the home directory by default; nothing here uses it.
control_socket_disable = True

# Requests are logged by app/http.py with their id; gunicorn's own messages come in the same form.
accesslog = None
errorlog = "-"
loglevel = _settings.log_level.lower()
logconfig_dict = logs.configuration(_settings)

# Before the application is imported: where its processes keep their counts is settled at that moment.
server_hooks.begin(_settings)
when_ready = server_hooks.when_ready
post_worker_init = server_hooks.post_worker_init
child_exit = server_hooks.child_exit
