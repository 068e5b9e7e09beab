"""Twenty pages that wait for jobs which sleep, polling as Dash's renderer does; bench_jobs ends it."""

from __future__ import annotations

import sys
import threading
import time

from tests.app.job_visitor import Visitor

PAGES = 20
POLL_SECONDS = 0.25


def main(url: str) -> None:
    """Say a line when every page waits."""

    def wait(visitor: Visitor) -> None:
        while True:
            time.sleep(POLL_SECONDS)
            visitor.poll()

    visitors = [Visitor(url) for _ in range(PAGES)]
    for place, visitor in enumerate(visitors):
        visitor.start("other", f"&match=z{place}")
    for visitor in visitors:
        visitor.until_told("1 of 3 months read", 60)
        threading.Thread(target=wait, args=(visitor,), daemon=True).start()
    sys.stdout.write("waiting\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1])
