"""Whether the system answers what the library answers, and abstains from the rest."""

from __future__ import annotations

from eval.metrics.metric import AnswerRecord, metric, refused
from eval.sets.questions import Question

FAMILY = "outcome"


def outcome_accuracy(question: Question, answer: AnswerRecord) -> float:
    """Whether the outcome is right: answered for an answerable question, not_stated or not_found for any other. A
    question that failed with an error is wrong."""
    return float(answer.get("outcome") in question.expected_outcome)


def refusal_precision(question: Question, answer: AnswerRecord) -> float | None:
    """Of the questions abstained from, the share that cannot be answered from the library (unanswerable questions as
    the positive class, after Rajpurkar et al., 2018)."""
    return float(not question.answerable) if refused(answer) else None


def refusal_recall(question: Question, answer: AnswerRecord) -> float | None:
    """Of the questions that cannot be answered from the library, the share abstained from."""
    return None if question.answerable else float(refused(answer))


OUTCOME = (
    metric("outcome_accuracy", FAMILY, outcome_accuracy),
    metric("refusal_precision", FAMILY, refusal_precision, companions=("refusal_recall",)),
    metric("refusal_recall", FAMILY, refusal_recall, companions=("refusal_precision",)),
)
