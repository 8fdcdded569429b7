"""From answers to scores, and from scores to figures with intervals, over all questions and by category."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from eval.metrics.metric import AnswerRecord, Metric
from eval.metrics.statistics import Difference, bootstrap_interval, paired_difference
from eval.metrics.table import METRICS
from eval.sets.questions import Question

#: Scores by metric, by question id; ``None`` where the metric does not apply.
Scores: TypeAlias = Mapping[str, Mapping[str, float | None]]


def score_answers(
    questions: Sequence[Question],
    answers: Mapping[str, AnswerRecord],
    metrics: Mapping[str, Metric] = METRICS,
) -> dict[str, dict[str, float | None]]:
    """Every metric of every question that has an answer (or an error) under its id."""
    return {
        question.id: {name: metric.score(question, answers[question.id]) for name, metric in metrics.items()}
        for question in questions
        if question.id in answers
    }


def summarise(
    questions: Sequence[Question],
    scores: Scores,
    *,
    seed: int = 0,
    metrics: Mapping[str, Metric] = METRICS,
) -> dict[str, Any]:
    """The figures of a run, ready for JSON.

    Returns:
        ``{"questions": n, "overall": FIGURES, "categories": {category: {"questions": n, "figures": FIGURES}}}`` with
        FIGURES ``{metric: {"value", "low", "high", "n"}}``; a metric that applies to no question is not there.
    """
    asked = [question for question in questions if question.id in scores]
    groups: dict[str, list[str]] = {}
    for question in asked:
        groups.setdefault(question.category, []).append(question.id)
    return {
        "questions": len(asked),
        "overall": _figures([q.id for q in asked], scores, seed, metrics),
        "categories": {
            category: {"questions": len(ids), "figures": _figures(ids, scores, seed, metrics)}
            for category, ids in groups.items()
        },
    }


def compare_scores(
    before: Scores, after: Scores, *, seed: int = 0, metrics: Mapping[str, Metric] = METRICS
) -> dict[str, Difference]:
    """Each metric of two runs, over the questions that both scored; metrics without such a question are left out."""
    differences = {}
    for name, metric in metrics.items():
        pairs = [
            (a, b)
            for question_id, own in before.items()
            if (a := own.get(name)) is not None and (b := after.get(question_id, {}).get(name)) is not None
        ]
        if pairs:
            first, second = zip(*pairs, strict=True)
            differences[name] = paired_difference(first, second, seed, reduce=metric.reduce)
    return differences


def _figures(
    ids: Sequence[str], scores: Scores, seed: int, metrics: Mapping[str, Metric]
) -> dict[str, dict[str, float | int]]:
    figures: dict[str, dict[str, float | int]] = {}
    for name, metric in metrics.items():
        values = [value for question_id in ids if (value := scores[question_id].get(name)) is not None]
        if values:
            found = bootstrap_interval(values, seed, reduce=metric.reduce)
            figures[name] = {"value": found.value, "low": found.low, "high": found.high, "n": found.n}
    return figures
