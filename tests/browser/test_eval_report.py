"""The evaluation's report in a browser: it opens from a file, draws its plots, and needs nothing from anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from eval.report.render import write_reports
from eval.runs.compare import compare
from tests.support.runs import abstention, answer, question, run_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def report(chromium: Browser, tmp_path: Path) -> Iterator[Page]:
    """The report of a run with a few bad answers, opened; fails on any request but the file itself."""
    questions = [question(n, category="single" if n % 2 else "multi") for n in range(12)]
    good = run_of(questions, {q.id: answer(n) for n, q in enumerate(questions)})
    faulty = [{"text": "It says 43.", "fault": "wrong_figure", "papers": []}]
    answers = {q.id: abstention(n) if n < 3 else answer(n, written=faulty) for n, q in enumerate(questions)}
    run = run_of(questions, answers, mode="unfaithful")
    html, _ = write_reports(run, tmp_path, compare(good.scores, run.scores), good.figures)
    page = chromium.new_page(viewport={"width": 1100, "height": 900})
    page.on("request", lambda request: pytest.fail(request.url) if request.url != html.as_uri() else None)
    page.on("console", lambda message: pytest.fail(message.text))
    page.goto(html.as_uri())
    yield page
    page.close()


@pytest.mark.parametrize(("width", "least"), [(1100, 400), (390, 340)])
def test_every_plot_is_drawn_with_its_points_and_words_inside_it(report: Page, width: int, least: int) -> None:
    report.set_viewport_size({"width": width, "height": 800})
    plots = report.locator("svg[role=img]:visible")
    assert plots.count() >= 10
    drawn = plots.evaluate_all(
        """(plots, least) => plots.map(svg => {
            const frame = svg.getBoundingClientRect();
            const inside = [...svg.querySelectorAll('circle, rect, path, text')].map(m => m.getBoundingClientRect());
            const fits = frame.width > least && frame.right <= innerWidth;
            return svg.querySelector('circle, rect') && fits && inside.every(
                m => m.left >= frame.left && m.right <= frame.right && m.top >= frame.top && m.bottom <= frame.bottom);
        })""",
        least,
    )
    assert all(drawn)


def test_words_of_a_plot_can_be_read_on_a_phone_and_do_not_run_into_each_other(report: Page) -> None:
    report.set_viewport_size({"width": 390, "height": 800})
    words = report.locator("svg:visible text").evaluate_all(
        """texts => texts.map(text => {
            const { left, right, top, bottom } = text.getBoundingClientRect();
            return [text.parentElement.getAttribute('aria-label'), left, right, top, bottom];
        })"""
    )
    assert min(bottom - top for _, _, _, top, bottom in words) >= 10
    for (plot, *a), (other, *b) in combinations(words, 2):
        apart = a[1] <= b[0] or b[1] <= a[0] or a[3] <= b[2] or b[3] <= a[2]
        assert apart or plot != other


def test_intervals_and_the_baseline_are_there_to_see(report: Page) -> None:
    correct = report.locator("#metrics figure").filter(has_text="Correctness").locator("svg:visible")
    assert correct.locator("line.whisker").count() == correct.locator("circle.point").count() == 3
    assert correct.locator("path.before").count() == 3
    assert report.locator("#checker svg:visible").get_attribute(
        "aria-label"
    ) == "Planted faults caught: wrong_figure 9 of 9" or (
        "wrong_figure" in str(report.locator("#checker svg:visible").get_attribute("aria-label"))
    )


def test_the_worst_questions_stand_open_with_evidence_and_ledger(report: Page) -> None:
    worst = report.locator("#worst > details")
    assert worst.first.get_attribute("open") is not None
    assert worst.first.locator("summary").first.inner_text().startswith("multi-00")
    assert worst.first.get_by_text("Evidence", exact=True).is_visible()
    assert worst.first.get_by_text("Sentences and ledger").is_visible()


@pytest.mark.parametrize("width", [1100, 390])
def test_the_page_fits_its_window(report: Page, width: int) -> None:
    report.set_viewport_size({"width": width, "height": 800})
    assert report.evaluate("document.documentElement.scrollWidth") <= width
