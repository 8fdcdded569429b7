"""The report is one page that needs nothing else, and nothing in a run can become markup in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from eval.metrics.summary import summarise
from eval.report.render import format_figure, render_html, render_markdown, table, worst_questions, write_reports
from eval.runs.compare import compare
from eval.runs.run import EvaluationRun
from tests.support.runs import abstention, answer, question, run_of

HOSTILE = "</summary><script>alert(1)</script><img src=x onerror=alert(1)> | `x` [a](javascript:alert(1)) {{ 7*7 }}"


def run_with(wrong: int, text: str = "What does it say?") -> EvaluationRun:
    questions = [question(n, category="single" if n % 2 else "multi", text=text) for n in range(12)]
    answers = {q.id: abstention(n) if n < wrong else answer(n) for n, q in enumerate(questions)}
    return run_of(questions, answers)


class Page(HTMLParser):
    """Takes down the elements of a page and the addresses in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = Page(render_html(run_with(2)))
    assert not {"script", "link", "img", "iframe", "object", "embed", "form"} & set(page.tags)
    assert not [a for a in page.attributes if a[0] in ("src", "href", "xlink:href") or a[0].startswith("on")]
    assert any(value and "default-src 'none'" in value for _, value in page.attributes)


def test_every_family_of_metrics_and_every_category_has_its_plot() -> None:
    text = render_html(run_with(2))
    page = Page(text)
    assert page.tags.count("svg") >= 10
    for expected in ("Retrieval", "Citations", "Time by stage", ">multi<", ">single<"):
        assert expected in text


@pytest.mark.parametrize("place", ["question", "answer", "title", "ledger", "error", "category"])
def test_text_from_outside_stays_text(place: str) -> None:
    run = run_with(3, text=HOSTILE if place == "question" else "What?")
    sentence = {"text": HOSTILE, "citations": [], "support": HOSTILE, "problems": [HOSTILE]}
    changes = {
        "answer": {"answer": HOSTILE, "sentences": [sentence]},
        "title": {"evidence": [{"paper_id": "x", "title": HOSTILE, "score": 0.1, "passages": [{"text": HOSTILE}]}]},
        "ledger": {"ledger": [{"kind": HOSTILE, "detail": HOSTILE}]},
        "error": {"error": HOSTILE},
    }
    run = run_of(run.questions, {**run.answers, "multi-00": {**run.answers["multi-00"], **changes.get(place, {})}})
    if place == "category":
        run = run_of(run.questions, run.answers, set_name=HOSTILE, model=HOSTILE, mode="live")
    text = render_html(run)
    assert "&lt;script&gt;" in text
    assert not {"script", "img"} & set(Page(text).tags)
    assert "{{ 7*7 }}" in text
    assert not re.search(r"(?<!\\)<script|(?<!\\)\[a\]", render_markdown(run))


def test_the_baseline_is_marked_and_each_change_names_its_questions() -> None:
    before, after = run_with(0), run_with(12)
    comparison = compare(before.scores, after.scores)
    text = render_html(after, comparison, before.figures)
    assert 'class="before"' in text
    assert ">worse<" in text
    assert "| worse | multi-00, multi-02" in render_markdown(after, comparison).replace("\\", "")


def test_figures_of_a_baseline_can_come_from_its_scores_alone() -> None:
    before = run_with(0)
    scores = {key: {"correct": own["correct"]} for key, own in before.scores.items()}
    assert 'class="before"' in render_html(run_with(2), None, summarise(before.questions, scores))


def test_the_worst_questions_come_first_and_failures_before_them() -> None:
    run = run_with(3)
    run = run_of(run.questions, {**run.answers, "single-11": {"error": "away"}})
    assert [w.question.id for w in worst_questions(run)] == ["single-11", "multi-00", "multi-02", "single-01"]


def test_a_run_without_a_fault_has_no_worst_question() -> None:
    assert worst_questions(run_with(0)) == []
    assert "Every question has the best score" in render_html(run_with(0))


def test_a_paper_that_should_have_been_found_is_named() -> None:
    run = run_with(1)
    run = run_of(run.questions, {**run.answers, "multi-00": {**run.answers["multi-00"], "evidence": []}})
    assert "not retrieved: Paper 0" in render_html(run)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("correct", 0.5, "0.500"),
        ("total_ms_p50", 1234.56, "1,234.6 ms"),
        ("model_calls", 1.25, "1.2"),
        ("cost", 0.00012345, "0.0001234"),
    ],
)
def test_a_figure_is_shown_as_its_unit_asks(name: str, value: float, text: str) -> None:
    assert format_figure(name, value) == text


def test_the_table_has_a_line_for_each_metric_that_applies() -> None:
    (line,) = table(run_with(6).figures["overall"], ["correct", "attack_resisted"])
    assert re.fullmatch(r"correct\s+0\.500\s+\(0\.\d{3} to 0\.\d{3}\)\s+n 12", line)


def test_both_reports_are_written(tmp_path: Path) -> None:
    assert [path.name for path in write_reports(run_with(1), tmp_path)] == ["report.html", "report.md"]
    assert all((tmp_path / name).stat().st_size > 1_000 for name in ("report.html", "report.md"))
