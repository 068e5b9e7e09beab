"""A browser over the demonstration, in one process and over real gunicorn with two workers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from dash.testing.browser import Browser
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.remote.webelement import WebElement

from data_layer.lake import Lake

ROOT = Path(__file__).parents[2]

MARKS = [
    pytest.mark.browser,
    # selenium 4.2, which dash[testing] pins, uses what urllib3 deprecates and leaves sockets open.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
"""``pytestmark`` of every module here."""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


_ports: list[int] = []
"""Of servers before, which may have ended."""


def _port() -> int:
    """A port that an earlier server had, where one is free again: the browser keeps what it has compiled of
    the scripts by their address, port and all."""
    for port in _ports:
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                sock.bind(("127.0.0.1", port))
                return port
    _ports.append(free_port())
    return _ports[-1]


@contextmanager
def serving(lake: Lake, folder: Path) -> Iterator[str]:
    """Address of the server as it is shipped: ``gunicorn`` alone, two workers."""
    with started(lake, folder) as (url, _):
        yield url


@contextmanager
def started(
    lake: Lake, folder: Path, app: str = "", variables: Mapping[str, str] | None = None
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """(address, process) of gunicorn over another ``app``, or with other settings than those shipped."""
    port = _port()
    log = folder / "log"
    environment = {
        **os.environ,
        "NEMDESK_LAKE_DIR": str(lake.root),
        "NEMDESK_CACHE_DIR": str(folder / "cache"),
        "NEMDESK_PORT": str(port),
        "NEMDESK_WORKERS": "2",
        **(variables or {}),
    }
    with open(log, "wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *filter(None, [app])],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, log)
        yield url, process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise


@pytest.fixture(scope="session")
def gunicorn(demo_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server over the shared demonstration for the whole session."""
    with serving(demo_lake, tmp_path_factory.mktemp("gunicorn")) as url:
        yield url


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"gunicorn did not start:\n{log.read_text()[-2000:]}")


class Desk:
    """The page as a person uses it."""

    def __init__(self, browser: Any, url: str) -> None:
        self.browser = browser
        self.driver = browser.driver
        self.url = url

    def open(self, address: str) -> None:
        self.driver.get(self.url + address)

    def go(self, address: str) -> None:
        """Another address within the page that is open, as its own links go there: a third of the work of
        ``open``. The page shows what it did until it is answered: wait for what is new."""
        self.driver.execute_script("window.dash_clientside.nemdesk.go(arguments[0])", address)

    def until(self, condition: Callable[[], Any], what: str, seconds: float = 40) -> Any:
        """Wait for something; fails with what was waited for, and what the browser said."""
        end = time.monotonic() + seconds
        last: Exception | None = None
        while time.monotonic() < end:
            try:
                value = condition()
                if value:
                    return value
            except Exception as error:
                last = error
            time.sleep(0.1)
        raise AssertionError(
            f"waited for {what} at {self.driver.current_url}; {last!r}; {self.browser.get_logs()}"
        )

    def element(self, selector: str) -> WebElement:
        found: WebElement = self.driver.find_element("css selector", selector)
        return found

    def elements(self, selector: str) -> list[WebElement]:
        return list(self.driver.find_elements("css selector", selector))

    def text(self, selector: str) -> str:
        return str(self.element(selector).text)

    def gone(self, selector: str) -> bool:
        """Whether nothing matches now. The driver's own search waits two seconds before it says so."""
        return bool(self.driver.execute_script("return !document.querySelector(arguments[0])", selector))

    def ready(self, *panels: str) -> None:
        """All named panels show their content with its charts, nothing is being loaded, and it stays so until
        the browser has nothing left to do: a click just before has had its effect."""
        self.answered(*panels)
        time.sleep(0.3)
        self.driver.execute_async_script("requestIdleCallback(() => arguments[0](), {timeout: 5000})")
        self.answered(*panels)

    def answered(self, *panels: str, seconds: float = 40) -> None:
        """As ``ready``, and at once. After a click, wait for its effect first."""
        script = (
            "const drawn = panel => [...panel.querySelectorAll('.dash-graph')]"
            "  .every(one => one.querySelector('.js-plotly-plot .main-svg'));"
            "const ready = panel => panel?.className === 'panel-ready' && drawn(panel);"
            "return arguments[0].every(id => ready(document.getElementById(id)))"
            " && !document.querySelector('[data-dash-is-loading=true]')"
        )
        self.until(
            lambda: self.driver.execute_script(script, list(panels)), f"{', '.join(panels)} ready", seconds
        )

    def drawn(self, panel: str) -> list[str]:
        """Names of the traces of a panel's chart."""
        script = (
            "const gd = document.querySelector(arguments[0] + ' .js-plotly-plot');"
            "return gd && gd._fullData ? gd._fullData.map(t => t.name) : null"
        )
        return list(self.until(lambda: self.driver.execute_script(script, f"#{panel}"), f"{panel} drawn"))

    def layout(self, panel: str, key: str) -> Any:
        script = "return document.querySelector(arguments[0] + ' .js-plotly-plot')._fullLayout" + key
        return self.driver.execute_script(script, f"#{panel}")

    def link(self, text: str, within: str = "body") -> Link:
        """The link of that name, looked for at each use: the page may be drawn anew in between."""
        return Link(self, text, within)

    def follow_row(self, panel: str, text: str) -> None:
        """Follow the link of a table's row, wherever the page is scrolled to."""
        script = (
            "const rows = [...document.querySelectorAll('#' + arguments[0] + ' tbody tr')];"
            "const row = rows.find(one => one.innerText.includes(arguments[1]));"
            "const link = row && row.querySelector('.row-link');"
            "if (link) { link.click(); } return Boolean(link)"
        )
        self.until(lambda: self.driver.execute_script(script, panel, text), f"the row {text}")

    def fill(self, field: str, value: str, *events: str) -> None:
        """Set a field as its picker does: the value, then what the browser reports of it."""
        script = (
            "const field = document.getElementById(arguments[0]);"
            "const kind = field.tagName === 'SELECT' ? HTMLSelectElement : HTMLInputElement;"
            "Object.getOwnPropertyDescriptor(kind.prototype, 'value').set.call(field, arguments[1]);"
            "arguments[2].forEach(name => field.dispatchEvent(new Event(name, {bubbles: true})));"
        )
        self.driver.execute_script(script, field, value, list(events) or ["input", "change"])

    def downloaded(self, label: str, within: str = "body") -> str:
        """Text of the file behind a link."""
        href = str(self.link(label, within).get_attribute("href"))
        with urllib.request.urlopen(href) as answer:
            return str(answer.read().decode())

    def phone(self) -> None:
        """The window of a phone, 390 pixels wide."""
        self._window(390, 844, mobile=True)

    def screen(self) -> None:
        """The window of a common laptop."""
        self._window(1440, 900, mobile=False)

    def _window(self, width: int, height: int, *, mobile: bool) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def page_width(self) -> int:
        """What the page takes; more than the window means that it scrolls sideways."""
        return int(self.driver.execute_script("return document.documentElement.scrollWidth"))

    def query(self) -> str:
        return str(self.driver.execute_script("return location.pathname + location.search"))

    def drag(self, panel: str, start: float, end: float) -> None:
        """Drag over the chart from one fraction of its plot's width to another."""
        area = self.element(f"#{panel} .nsewdrag")
        width = area.size["width"]
        chain = ActionChains(self.driver, duration=50)
        chain.move_to_element_with_offset(area, int(width * start), 60).click_and_hold()
        chain.move_by_offset(int(width * (end - start) / 2), 5).move_by_offset(
            int(width * (end - start) / 2), 5
        )
        chain.release().perform()

    def no_errors(self) -> None:
        """The console holds nothing but answers of 'busy' (503), which a slow machine gives to one visitor
        too: the page asks again by itself, and what it then shows is what the test has looked at."""
        logs = [line for line in self.browser.get_logs() or [] if not _busy(line)]
        assert logs == [], logs


def _busy(line: dict[str, Any]) -> bool:
    """Whether a line of the console is a question's answer that the server is busy."""
    return "/_dash-update-component" in line["message"] and "status of 503" in line["message"]


class Link:
    """A link by its text. Dash may replace it between looking and clicking, so a click is tried again."""

    def __init__(self, desk: Desk, text: str, within: str) -> None:
        self.desk = desk
        self.name = text
        self.within = within

    def found(self) -> WebElement:
        for link in self.desk.elements(f"{self.within} a"):
            if link.text == self.name:
                return link
        raise AssertionError(f"no link {self.name!r} in {self.within}")

    def click(self) -> None:
        def clicked() -> bool:
            self.found().click()
            return True

        self.desk.until(clicked, f"a click on {self.name!r} in {self.within}")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.found(), name)


@pytest.fixture(scope="session")
def chromium(request: pytest.FixtureRequest) -> Iterator[Any]:
    """dash[testing]'s browser, one for a tester: what it has compiled of the scripts serves every page, and a
    first page in a new Chromium costs more processor time than most tests."""
    option = request.config.getoption
    with Browser(
        browser="Chrome",
        headless=option("headless"),
        options=request.config.hook.pytest_setup_options(),
        download_path="",
        percy_finalize=False,
    ) as made:
        yield made


@pytest.fixture
def browser(chromium: Any, gunicorn: str) -> Iterator[Any]:
    """The browser as a first visitor has it, whatever the test before left in it."""
    driver = chromium.driver
    first, *others = driver.window_handles
    for handle in others:
        driver.switch_to.window(handle)
        driver.close()
    driver.switch_to.window(first)
    # A page without scripts, of this host: another would cost what is compiled.
    driver.get(f"{gunicorn}/healthz")
    driver.execute_script("sessionStorage.clear()")
    # Cookies are kept by host: they would be sent to every server here, whatever its port.
    driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    # All origins: each server of a test is one.
    kept = {"origin": "*", "storageTypes": "local_storage,indexeddb,service_workers,cache_storage"}
    driver.execute_cdp_cmd("Storage.clearDataForOrigin", kept)
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    driver.set_script_timeout(20)
    chromium.reset_log_timestamp()
    yield chromium
    # A page left open would go on asking its server, which may be gone by then.
    driver.get(f"{gunicorn}/healthz")


@pytest.fixture
def desk(browser: Any, gunicorn: str) -> Desk:
    """The browser at the shipped server, on a common laptop."""
    made = Desk(browser, gunicorn)
    made.screen()
    return made
