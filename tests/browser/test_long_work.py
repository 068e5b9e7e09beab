"""Long work as a person lives with it: leave it, come back to it, stop it from anywhere, share it, lose a
worker under it. The shipped application over gunicorn; only the work itself is slow (tests/app/slow_work.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from data_layer.lake import Lake
from tests.app.job_visitor import Visitor, gone, jobs_of, runner_of, said
from tests.browser.conftest import MARKS, Desk, started

pytestmark = MARKS

TAB = "/price-analysis?start=2026-02-20&end=2026-02-26"
COAL, GO, KILLED, SLEEPY = (f"{TAB}&fuels={fuel}" for fuel in ("coal", "ocgt", "solar", "other"))


class Service(NamedTuple):
    url: str
    server: psutil.Process
    folder: Path

    def workers(self) -> list[psutil.Process]:
        runner = runner_of(self.server).pid
        return [child for child in self.server.children() if child.pid != runner]

    def go(self) -> None:
        """Let the work end that waits for it."""
        (self.folder / "cache" / "go").touch()


@pytest.fixture(scope="module")
def running(demo_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("long")
    variables = {"NEMDESK_JOB_ROWS": "0", "NEMDESK_JOBS_AT_ONCE": "4"}
    with started(demo_lake, folder, "tests.app.slow_work:server", variables) as (url, process):
        yield Service(url, psutil.Process(process.pid), folder)


@pytest.fixture
def service(running: Service) -> Service:
    (running.folder / "cache" / "go").unlink(missing_ok=True)
    return running


@pytest.fixture
def desk(browser: Any, service: Service) -> Desk:
    """A visitor of his own: nobody's earlier jobs are on his list."""
    made = Desk(browser, service.url)
    made.screen()
    return made


def click(desk: Desk, text: str, within: str) -> None:
    script = (
        "const all = [...document.querySelectorAll(arguments[1] + ' button, ' + arguments[1] + ' a')];"
        "const one = all.find(each => each.textContent.startsWith(arguments[0]));"
        "if (one) { one.click(); } return Boolean(one)"
    )
    desk.until(lambda: desk.driver.execute_script(script, text, within), f"a click on {text}")


def content(desk: Desk, selector: str) -> str:
    """Text of a part of the page, shown or not; '' where there is none."""
    script = "const one = document.querySelector(arguments[0]); return one ? one.textContent : ''"
    return str(desk.driver.execute_script(script, selector))


def at_work(desk: Desk) -> None:
    """The panel's job has told its first part, and its process is there."""
    desk.until(lambda: "1 of 3 months read" in desk.text("#analysis-work"), "work in the panel")


def panel(desk: Desk) -> str:
    return str(desk.element("#analysis").get_attribute("class"))


def test_work_goes_on_while_its_tab_is_left_and_its_answer_is_there_on_return(
    desk: Desk, service: Service
) -> None:
    desk.open(GO)
    at_work(desk)
    desk.until(lambda: "1 job" in content(desk, "#job-button"), "the job in the header")
    desk.link("Today", "#tabs").click()
    desk.until(lambda: desk.query().startswith("/today"), "another tab")
    desk.element("#job-button").click()
    desk.until(lambda: "1 of 3 months read" in desk.text("#job-panel"), "its progress here as well")
    assert content(desk, "#job-button") == "1 job · 33 %"
    seconds = desk.text("#job-panel .job-words")
    desk.until(lambda: desk.text("#job-panel .job-words") != seconds, "it moves")
    assert len(jobs_of(service.server)) == 1
    click(desk, "Close", "#job-panel")
    service.go()
    desk.until(lambda: "is ready: Open" in desk.text("#job-toast"), "said here")
    click(desk, "Open", "#job-toast")
    desk.until(lambda: desk.query() == GO, "its view")
    desk.answered("analysis")
    assert "OCGT" in content(desk, "#analysis")
    assert not desk.element("#analysis-work").is_displayed(), "nothing had to be done again"
    desk.until(lambda: content(desk, "#job-button") == "Jobs: 1 ready", "one job in all")
    desk.no_errors()


def test_coming_back_too_early_finds_the_same_work_under_way(desk: Desk, service: Service) -> None:
    desk.open(f"{GO}&regions=VIC1")
    at_work(desk)
    (job,) = jobs_of(service.server)
    desk.link("Trends", "#tabs").click()
    desk.until(lambda: desk.query().startswith("/trends"), "another tab")
    desk.driver.back()
    at_work(desk)
    assert jobs_of(service.server) == {job}
    service.go()
    desk.answered("analysis")
    desk.until(lambda: content(desk, "#job-button") == "Jobs: 1 ready", "one job in all")


def test_stop_in_the_header_stops_the_work_and_the_panel_says_so(desk: Desk, service: Service) -> None:
    desk.open(COAL)
    at_work(desk)
    jobs = jobs_of(service.server)
    assert len(jobs) == 1
    desk.until(lambda: "1 job" in content(desk, "#job-button"), "the job in the header")
    desk.element("#job-button").click()
    click(desk, "Stop", "#job-panel")
    desk.until(lambda: "Stopped after" in desk.text("#job-panel"), "said in the list")
    desk.until(lambda: desk.element("#analysis-stopped").is_displayed(), "said on the panel")
    desk.until(lambda: not desk.element("#analysis-work").is_displayed(), "no longer at work")
    assert gone(jobs), "the process has ended"
    desk.driver.execute_script("document.getElementById('analysis-again').click()")
    at_work(desk)
    assert not desk.element("#analysis-stopped").is_displayed()
    assert not desk.element("#job-panel").is_displayed(), "a click beside it closes the list"
    desk.element("#job-button").click()
    click(desk, "Stop", "#job-panel")
    desk.until(lambda: desk.element("#analysis-stopped").is_displayed(), "stopped again")
    desk.until(lambda: not jobs_of(service.server), "nothing left")
    desk.no_errors()


def test_the_panel_shows_how_far_it_is_and_stops_the_work(desk: Desk, service: Service) -> None:
    desk.open(f"{GO}&regions=NSW1")
    desk.until(lambda: "1 of 3 months read" in desk.text("#analysis-work"), "progress")
    desk.until(lambda: desk.elements(".ag-pinned-left-cols-container [role=row]"), "the tree so far")
    service.go()
    desk.until(lambda: not desk.element("#analysis-work").is_displayed(), "done")
    desk.answered("analysis")
    assert "CSV: tree" in desk.text("#analysis-bottom")
    desk.go(COAL)
    at_work(desk)
    desk.element("#analysis-cancel").click()
    desk.until(lambda: desk.element("#analysis-stopped").is_displayed(), "said to be stopped")
    desk.until(lambda: not desk.element("#analysis-work").is_displayed(), "no longer at work")
    desk.element("#analysis-again").click()
    at_work(desk)
    assert not desk.element("#analysis-stopped").is_displayed()
    # Another view stops it without being asked, and is not overwritten by it.
    left = jobs_of(service.server)
    click(desk, "30d", "#period-bar")
    desk.until(lambda: "start" not in desk.query(), "another view")
    assert gone(left), "its process has ended"
    at_work(desk)
    desk.element("#analysis-cancel").click()
    desk.until(lambda: not jobs_of(service.server), "nothing left")
    desk.no_errors()


def test_killed_workers_take_no_work_along_and_the_page_gets_its_answer(desk: Desk, service: Service) -> None:
    desk.open(f"{TAB}&fuels=ocgt&regions=SA1")
    at_work(desk)
    before = service.workers()
    for worker in before:
        worker.kill()
    desk.until(lambda: {one.pid for one in service.workers()} - {one.pid for one in before}, "new workers")
    service.go()
    desk.until(lambda: panel(desk) == "panel-ready", "the answer", seconds=60)
    desk.until(lambda: not desk.element("#analysis-work").is_displayed(), "nothing at work")
    desk.until(lambda: content(desk, "#job-button") == "Jobs: 1 ready", "known in the header", seconds=60)
    # The page as a whole works on.
    desk.link("Trends", "#tabs").click()
    desk.until(lambda: desk.query().startswith("/trends"), "another tab")
    desk.until(lambda: desk.driver.execute_script("return document.querySelector('#page .tab')"), "drawn")


def test_a_job_whose_process_is_killed_says_so_in_both_places(desk: Desk, service: Service) -> None:
    desk.open(KILLED)
    desk.until(lambda: "its process was killed" in desk.text("#analysis-top"), "said on the panel")
    desk.until(lambda: "1 failed" in content(desk, "#job-button"), "said in the header")
    assert not desk.element("#analysis-work").is_displayed()
    desk.element("#job-button").click()
    desk.until(lambda: "its process was killed" in desk.text("#job-panel"), "and why")
    click(desk, "Remove", "#job-panel")
    desk.until(lambda: not desk.element("#job-button").is_displayed(), "nothing left")
    desk.no_errors()


def test_two_visitors_with_one_question_share_one_computation(desk: Desk, service: Service) -> None:
    other = Visitor(service.url)
    desk.open(SLEEPY)
    at_work(desk)
    (job,) = jobs_of(service.server)
    span = "&range=&start=2026-02-20&end=2026-02-26"
    other.start("other", span)
    other.until_told("1 of 3 months read")
    assert jobs_of(service.server) == {job}
    desk.until(lambda: "1 job" in content(desk, "#job-button"), "the job in the header")
    desk.element("#job-button").click()
    click(desk, "Stop", "#job-panel")
    desk.until(lambda: desk.element("#analysis-stopped").is_displayed(), "stopped for the one")
    assert psutil.pid_exists(job) and other.poll() is None, "the other still waits for it"
    other.cancel()
    assert gone({job})
    other.close()


def test_what_one_visitor_has_worked_out_the_other_finds(desk: Desk, service: Service) -> None:
    other = Visitor(service.url)
    other.start("ocgt", "&range=1d")
    other.until_told("1 of 3 months read")
    service.go()
    state, _ = said(other.result())
    assert state == "panel-ready"
    other.close()
    (service.folder / "cache" / "go").unlink()
    assert gone(jobs_of(service.server)), "the work before has ended"
    desk.open("/price-analysis?range=1d&fuels=ocgt")
    desk.answered("analysis")
    assert not jobs_of(service.server)
    assert not desk.element("#job-button").is_displayed(), "no job of this visitor's"
