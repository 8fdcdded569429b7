"""The parts of a metric: a function from a question and its answer to a score, and how scores become one figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import getdoc
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eval.sets.questions import Question

#: A record as ``citewell ask --json`` prints it. The runner may add what the contract does not know:
#: ``ranking`` (titles found, best first, when searched deeper than the sources of the prompt), ``written`` (the
#: model's own sentences, ``{"text", "fault", "papers"}``, where a scripted model says what it planted) and ``prices``
#: (``{"prompt", "completion"}``, money for a million tokens). A question that failed is ``{"error": text}``.
AnswerRecord: TypeAlias = Mapping[str, Any]
Score: TypeAlias = Callable[[Question, AnswerRecord], float | None]
Floats: TypeAlias = NDArray[np.float64]
#: Reduces the last axis of an array of scores, shape ``(..., n)``, to shape ``(...)``.
Reducer: TypeAlias = Callable[[Floats], Floats]
Direction: TypeAlias = Literal["higher", "lower"]
Unit: TypeAlias = Literal["share", "ms", "tokens", "calls", "money"]


def mean(scores: Floats) -> Floats:
    """Arithmetic mean over the last axis."""
    return np.asarray(scores.mean(axis=-1))


def median(scores: Floats) -> Floats:
    """Median over the last axis."""
    return np.asarray(np.median(scores, axis=-1))


def p95(scores: Floats) -> Floats:
    """95th percentile over the last axis, linearly interpolated."""
    return np.asarray(np.percentile(scores, 95, axis=-1))


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric. ``score`` gives ``None`` if the metric does not apply to a question; such questions are left out, never
    counted as zero.

    Attributes:
        name: as tables show it, ``ndcg@10``.
        family: ``retrieval``, ``outcome``, ``citation``, ``correctness``, ``faithfulness``, ``checker``, ``cost``.
        score: the function.
        direction: whether a higher or a lower figure is better.
        definition: what is measured, on which questions, after which source.
        unit: of the score and of the figure; a share lies between 0 and 1.
        reduce: how the scores of several questions become one figure.
        companions: metrics without which this one misleads; a table that shows it shows them.
    """

    name: str
    family: str
    score: Score
    direction: Direction
    definition: str
    unit: Unit = "share"
    reduce: Reducer = mean
    companions: tuple[str, ...] = ()

    @property
    def sign(self) -> int:
        """What a difference of scores is multiplied by to be a gain."""
        return 1 if self.direction == "higher" else -1


def metric(name: str, family: str, score: Score, direction: Direction = "higher", **further: Any) -> Metric:
    """A metric whose definition is the docstring of its function."""
    return Metric(name, family, score, direction, definition=" ".join((getdoc(score) or "").split()), **further)


def failed(answer: AnswerRecord) -> bool:
    """Whether there is no answer because the question broke off with an error."""
    return "error" in answer


def answered(answer: AnswerRecord) -> bool:
    """Whether the system gave an answer, rather than abstained or failed."""
    return not failed(answer) and answer.get("outcome") == "answered"


def refused(answer: AnswerRecord) -> bool:
    """Whether the system abstained."""
    return answer.get("outcome") in {"not_stated", "not_found"}
