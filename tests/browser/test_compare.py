"""Two periods on Generation, against gunicorn with two workers."""

from __future__ import annotations

from tests.browser.conftest import MARKS, Desk

pytestmark = MARKS

GENERATION = ("gen-mix", "gen-table")
PERIOD = "/generation?start=2026-02-25&end=2026-02-27&region=QLD1&resolution=hour"


def choose(desk: Desk, value: str) -> None:
    desk.element(f"#select-compare option[value={value}]").click()


def values(desk: Desk, name: str) -> list[float]:
    script = (
        "const gd = document.querySelector('#gen-mix .js-plotly-plot');"
        "const found = gd._fullData.find(t => t.name === arguments[0]);"
        "return found ? Array.from(found.customdata || []) : null"
    )
    return list(desk.until(lambda: desk.driver.execute_script(script, name), name))


def others(desk: Desk) -> list[str]:
    return [name for name in desk.drawn("gen-mix") if "other period" in name]


def test_the_period_before_is_laid_under_this_one(desk: Desk) -> None:
    desk.open(PERIOD)
    desk.ready(*GENERATION)
    assert others(desk) == []
    assert desk.element("#select-compare").get_attribute("value") == "none"
    assert desk.gone("#gen-table .delta")
    choose(desk, "previous")
    desk.until(lambda: "compare=previous" in desk.query(), "the address")
    desk.until(lambda: len(others(desk)) == 2, "total and price of the other period")
    desk.ready(*GENERATION)
    assert "dotted: 22 Feb to 24 Feb 2026" in desk.text("#gen-mix-top")
    assert "against 22 Feb to 24 Feb 2026" in desk.text("#gen-table-top")
    assert len(desk.elements("#gen-table .delta")) > 20
    assert desk.element("#compare-start").get_attribute("value") == "2026-02-22"
    compared = values(desk, "Price QLD1, other period")
    # The same prices as the other period shows by itself, on this period's hours.
    assert desk.layout("gen-mix", ".xaxis.range[0]").startswith("2026-02-25")
    desk.driver.refresh()
    desk.ready(*GENERATION)
    assert len(others(desk)) == 2
    desk.go("/generation?start=2026-02-22&end=2026-02-24&region=QLD1&resolution=hour")
    desk.until(lambda: desk.layout("gen-mix", ".xaxis.range[0]").startswith("2026-02-22"), "that period")
    desk.until(lambda: others(desk) == [], "and nothing else")
    desk.ready(*GENERATION)
    assert values(desk, "Price QLD1") == compared
    assert len(compared) == 72
    desk.no_errors()


def test_any_period_by_its_first_day_and_none_again(desk: Desk) -> None:
    desk.open(PERIOD)
    desk.ready(*GENERATION)
    choose(desk, "previous")
    desk.until(lambda: desk.elements("#compare-start"), "the first day of the other period")
    desk.fill("compare-start", "2026-02-19")
    desk.until(lambda: "compare=2026-02-19" in desk.query(), "the address")
    desk.until(lambda: "dotted: 19 Feb to 21 Feb 2026" in desk.text("#gen-mix-top"), "the other period")
    assert desk.element("#select-compare").get_attribute("value") == "from"
    for label in ("Proportion", "Capacity factor", "Time of day", "Stack"):
        desk.link(label, "#gen-mix-top").click()
        desk.until(lambda label=label: desk.element("#gen-mix-top [aria-current=true]").text == label, label)
        desk.ready(*GENERATION)
        assert others(desk), label
    choose(desk, "none")
    desk.until(lambda: "compare" not in desk.query(), "no comparison in the address")
    desk.until(lambda: others(desk) == [], "nothing of another period")
    desk.until(lambda: desk.gone("#gen-table .delta"), "no changes in the table")
    desk.no_errors()


def test_a_period_without_data_is_said(desk: Desk) -> None:
    desk.open(f"{PERIOD}&compare=year")
    desk.ready(*GENERATION)
    assert "Nothing to compare with" in desk.text("#gen-mix-top")
    assert others(desk) == []
    desk.go("/generation?start=2026-02-20&end=2026-02-27&compare=cheese")
    desk.until(lambda: "first day of the other period" in desk.text("#notices"), "what was dropped")
    desk.until(lambda: "20 Feb to 27 Feb 2026" in desk.text("#gen-mix-top"), "the period")
    desk.ready(*GENERATION)
    desk.no_errors()
