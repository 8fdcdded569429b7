"""Decisions yes, no and maybe: read from an answer, and scored against gold labels."""

from __future__ import annotations

import re
from collections.abc import Sequence

from eval.metrics.metric import AnswerRecord, answered, refused

_OPENING = re.compile(r"\W{0,5}(yes|no|maybe)\b", re.IGNORECASE)
UNDECIDED = "undecided"


def decision_of(answer: AnswerRecord) -> str:
    """What an answer decides: the word it opens with; ``maybe`` for an abstention, which says that the evidence leaves
    the question open; ``undecided`` for an answer that opens with anything else, or none."""
    if refused(answer):
        return "maybe"
    found = _OPENING.match(str(answer.get("answer", ""))) if answered(answer) else None
    return found.group(1).lower() if found else UNDECIDED


def accuracy(gold: Sequence[str], decided: Sequence[str]) -> float:
    """Share of the decisions that are the gold label.

    Raises:
        ValueError: no labels, or not as many on both sides.
    """
    return sum(a == b for a, b in zip(gold, decided, strict=True)) / _count(gold)


def macro_f1(gold: Sequence[str], decided: Sequence[str]) -> float:
    """Unweighted mean over the labels that occur of each label's F1, the harmonic mean of its precision and recall; 0
    for a label never decided rightly. ``undecided`` is no label: it costs recall only.

    Raises:
        ValueError: no labels, or not as many on both sides.
    """
    _count(gold)
    labels = (set(gold) | set(decided)) - {UNDECIDED}
    pairs = list(zip(gold, decided, strict=True))
    scores = []
    for label in labels:
        right = sum(a == b == label for a, b in pairs)
        total = sum(a == label for a, _ in pairs) + sum(b == label for _, b in pairs)
        scores.append(2 * right / total)
    return sum(scores) / len(scores)


def _count(gold: Sequence[str]) -> int:
    if not gold:
        raise ValueError("there are no labels to score")
    return len(gold)
