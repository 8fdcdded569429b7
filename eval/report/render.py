"""A run as one self-contained HTML file, as Markdown, and as a table for the terminal.

Everything in a run comes from outside (questions, abstracts, a model's words): the template escapes all of it, and the
page's own policy forbids scripts and requests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.metrics.metric import AnswerRecord, failed
from eval.metrics.table import METRICS
from eval.report import plots
from eval.runs.compare import Comparison
from eval.runs.run import EvaluationRun, write_whole
from eval.sets.questions import Question
from rag.paper import title_key

#: What a reader looks at first; a metric that misleads alone has its companions here.
HEADLINE = (
    "outcome_accuracy", "correct", "citation_f1", "citation_precision", "citation_recall", "faithfulness",
    "checker_detection", "checker_false_alarms", "attack_resisted", "ndcg@10", "total_ms_p50", "total_ms_p95",
    "prompt_tokens", "completion_tokens", "cost",
)  # fmt: skip
BY_CATEGORY = ("outcome_accuracy", "correct", "citation_f1", "faithfulness", "recall@10")
_FAMILIES = {
    "retrieval": "Retrieval", "outcome": "Answering and abstaining", "citation": "Citations",
    "correctness": "Correctness", "faithfulness": "Faithfulness", "checker": "The checker",
}  # fmt: skip
WORST = 10
_MARKDOWN = str.maketrans({c: f"\\{c}" for c in "\\`*_[]<>|#~$"} | {"\n": " ", "\r": " "})


@dataclass(frozen=True, slots=True)
class PoorlyAnswered:
    """A question that was answered badly: ``losses`` are its scores below the best possible, ``gold`` the relevant
    titles among the evidence, ``missing`` the relevant titles that are not."""

    question: Question
    answer: AnswerRecord
    losses: tuple[tuple[str, float], ...]
    gold: frozenset[str]
    missing: tuple[str, ...]


def render_html(
    run: EvaluationRun, comparison: Comparison | None = None, before: Mapping[str, Any] | None = None
) -> str:
    """The report as one page.

    Args:
        run: what to report.
        comparison: of the run with its baseline.
        before: the baseline's figures, as :func:`eval.metrics.summary.summarise` gives them, for marks in the plots.
    """
    from jinja2 import Environment

    template = (Path(__file__).parent / "assets" / "report.html.jinja").read_text(encoding="utf-8")
    figures, categories = run.figures["overall"], run.figures["categories"]
    overall_before, categories_before = (before["overall"], before["categories"]) if before else (None, None)
    category_plots = [plots.category_plot(name, categories, categories_before) for name in BY_CATEGORY]
    page = (
        Environment(autoescape=True)
        .from_string(template)
        .render(
            run=run,
            comparison=comparison,
            failed=run.failed,
            tiles=[_tile(name, figures[name]) for name in HEADLINE if name in figures],
            metric_plots=_metric_plots(figures, overall_before),
            category_plots=[p for p in category_plots if p.marks],
            fault_plot=plots.fault_plot(run.faults) if run.faults else None,
            stage_plot=plots.stage_plot(figures),
            worst=worst_questions(run),
            metrics=[m for name, m in METRICS.items() if name in figures],
            width=plots.WIDTH,
            label_width=plots.LABEL_WIDTH,
            plot_width=plots.PLOT_WIDTH,
            narrow_row=plots.NARROW_ROW_HEIGHT,
        )
    )
    return page + "\n"


def render_markdown(run: EvaluationRun, comparison: Comparison | None = None) -> str:
    """The report as Markdown: figures, categories, what changed, what went worst."""
    i = run.identity
    lines = [
        f"# {_md(run.label)}",
        "",
        f"{len(run.questions)} questions; answers by {_md(i.backend)} ({_md(i.model)}), mode {_md(i.mode)}, seed "
        f"{i.seed}. Intervals are 95 % bootstrap intervals over questions.",
        "",
        "| metric | value | 95 % | n |",
        "|---|---|---|---|",
    ]
    for name, figure in run.figures["overall"].items():
        lines.append(f"| {name} | {format_figure(name, figure['value'])} | {_interval(name, figure)} | {figure['n']} |")
    names = [name for name in BY_CATEGORY if name in run.figures["overall"]]
    lines += ["", "## By category", "", f"| category | n | {' | '.join(names)} |", "|---" * (len(names) + 2) + "|"]
    for category, own in run.figures["categories"].items():
        cells = [format_figure(n, own["figures"][n]["value"]) if n in own["figures"] else "" for n in names]
        lines.append(f"| {_md(category)} | {own['questions']} | {' | '.join(cells)} |")
    if run.faults:
        lines += ["", "## Planted faults caught", "", "| fault | caught | planted |", "|---|---|---|"]
        lines += [f"| {_md(name)} | {caught} | {planted} |" for name, (caught, planted) in run.faults.items()]
    if comparison:
        lines += ["", "## Against the baseline", "", *_changes(comparison)]
    lines += ["", "## The questions that went worst", ""]
    for w in worst_questions(run):
        lost = ", ".join(f"{name} {value:.2f}" for name, value in w.losses)
        lines.append(f"- {_md(w.question.id)} ({_md(w.question.category)}): {_md(w.question.question)}  \n  {lost}")
    return "\n".join(lines) + "\n"


def table(figures: Mapping[str, Mapping[str, float]], names: Sequence[str] | None = None) -> list[str]:
    """Figures with their intervals as lines for the terminal."""
    lines = []
    for name in names if names is not None else figures:
        if figure := figures.get(name):
            interval = f"({_interval(name, figure)})"
            lines.append(f"{name:<28}{format_figure(name, figure['value']):>9}  {interval:<22} n {figure['n']}")
    return lines


def write_reports(
    run: EvaluationRun, out: Path, comparison: Comparison | None = None, before: Mapping[str, Any] | None = None
) -> list[Path]:
    """Write ``report.html`` and ``report.md``; see :func:`render_html`.

    Raises:
        RunError: a file cannot be written.
    """
    return [
        write_whole(out / "report.html", render_html(run, comparison, before)),
        write_whole(out / "report.md", render_markdown(run, comparison)),
    ]


def worst_questions(run: EvaluationRun, most: int = WORST) -> list[PoorlyAnswered]:
    """The questions that lost most against the best score, summed over the shares that apply; failures first."""
    found: list[tuple[float, PoorlyAnswered]] = []
    for question in run.questions:
        answer, losses, loss = run.answers[question.id], [], 0.0
        for name, value in run.scores[question.id].items():
            m = METRICS.get(name)
            if m and m.unit == "share" and value is not None and (lost := value if m.sign < 0 else 1.0 - value) > 0:
                losses.append((name, value))
                loss += lost
        if failed(answer):
            loss += len(METRICS)
        if loss:
            titles = [e["title"] for e in answer.get("evidence", ())]
            there = {title_key(title) for title in titles}
            gold = frozenset(title for title in titles if title_key(title) in question.relevant_keys)
            missing = tuple(title for title in question.relevant if title_key(title) not in there)
            found.append((loss, PoorlyAnswered(question, answer, tuple(losses), gold, missing)))
    found.sort(key=lambda pair: (-pair[0], pair[1].question.id))
    return [w for _, w in found[:most]]


def format_figure(name: str, value: float) -> str:
    """A figure in the format of its unit."""
    unit = METRICS[name].unit if name in METRICS else "share"
    if unit == "ms":
        return f"{value:,.1f} ms"
    if unit in ("tokens", "calls"):
        return f"{value:,.1f}"
    return f"{value:.4g}" if unit == "money" else f"{value:.3f}"


def _tile(name: str, figure: Mapping[str, float]) -> dict[str, str]:
    note = f"{_interval(name, figure)}, n {figure['n']:.0f}"
    return {"name": name, "figure": format_figure(name, figure["value"]), "note": note}


def _interval(name: str, figure: Mapping[str, float]) -> str:
    return f"{format_figure(name, figure['low'])} to {format_figure(name, figure['high'])}"


def _metric_plots(figures: plots.Figures, before: plots.Figures | None) -> list[plots.Plot]:
    made = []
    for family, title in _FAMILIES.items():
        names = [n for n, m in METRICS.items() if m.family == family and m.unit == "share" and n in figures]
        if names:
            note = "Points with 95 % intervals" + ("; diamonds are the baseline." if before else ".")
            made.append(plots.metric_plot(title, note, names, figures, before))
    return made


def _changes(comparison: Comparison) -> list[str]:
    lines = [
        "| metric | baseline | now | difference | p | verdict | worse | better |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for c in comparison.changes:
        d = c.difference
        worse, better = (_md(", ".join(ids)) for ids in (c.down, c.up))
        figures = " | ".join(format_figure(c.metric, value) for value in (d.before, d.after))
        lines.append(f"| {c.metric} | {figures} | {d.value:+.3f} | {c.p:.3f} | {c.verdict} | {worse} | {better} |")
    return lines


def _md(text: str) -> str:
    return text.translate(_MARKDOWN)
