"""Compare two runs on the same questions: which figures differ, how surely, and which questions make the difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from eval.metrics.statistics import Difference
from eval.metrics.summary import Scores, compare_scores
from eval.metrics.table import METRICS

#: A difference with a smaller p counts as one that chance does not explain.
ALPHA = 0.05
#: Scores are stored rounded to so many digits; a smaller change does not count.
DIGITS = 6


@dataclass(frozen=True, slots=True)
class MetricChange:
    """One metric of two runs. ``p`` is corrected for the number of metrics compared; ``verdict`` is ``better``,
    ``worse`` (both significant) or ``same``. ``down`` and ``up`` hold the ids of the questions whose own score got
    worse or better, most changed first."""

    metric: str
    difference: Difference
    p: float
    verdict: str
    down: tuple[str, ...]
    up: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the fields of the difference beside the others."""
        record = asdict(self)
        figures = record.pop("difference")
        return {"difference": figures.pop("value"), **figures, **record}


@dataclass(frozen=True, slots=True)
class Comparison:
    """All metrics of two runs, and the questions that only one of them has."""

    changes: tuple[MetricChange, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    alpha: float

    @property
    def worse(self) -> tuple[MetricChange, ...]:
        """The metrics that fell significantly."""
        return tuple(change for change in self.changes if change.verdict == "worse")

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        record = asdict(self)
        del record["changes"]
        return {**record, "metrics": [change.to_dict() for change in self.changes]}


def compare(
    before: Scores,
    after: Scores,
    *,
    seed: int = 0,
    alpha: float = ALPHA,
    names: Sequence[str] | None = None,
    falls_only: bool = False,
) -> Comparison:
    """Compare scores by metric over the questions that both runs scored.

    Each metric is tested by :func:`eval.metrics.statistics.paired_difference`; since many are tested at once, p-values
    are corrected after Holm (1979), so that the chance of any false verdict stays below ``alpha``.

    Args:
        before, after: scores by metric, by question id.
        seed: for the tests and the intervals.
        alpha: see above.
        names: the metrics to compare; by default all but those of time and money.
        falls_only: test one-sided, for a fall alone: half the p (the randomisation test is symmetric), nothing for a
            rise.
    """
    chosen = {n: METRICS[n] for n in (names if names is not None else comparable()) if n in METRICS}
    differences = compare_scores(before, after, seed=seed, metrics=chosen)
    gains = {name: METRICS[name].sign * difference.value for name, difference in differences.items()}
    corrected = holm({n: (d.p / 2 if gains[n] < 0 else 1.0) if falls_only else d.p for n, d in differences.items()})
    changes = []
    for name, difference in differences.items():
        verdict = ("worse" if gains[name] < 0 else "better") if corrected[name] < alpha and gains[name] else "same"
        down, up = _changed(before, after, name)
        changes.append(MetricChange(name, difference, corrected[name], verdict, down, up))
    first, second = set(before), set(after)
    return Comparison(tuple(changes), tuple(sorted(first - second)), tuple(sorted(second - first)), alpha)


def comparable() -> list[str]:
    """The metrics whose figures do not depend on the machine: all but times and money."""
    return [name for name, metric in METRICS.items() if metric.unit not in ("ms", "money")]


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """p-values corrected for their number (Holm, 1979, A simple sequentially rejective multiple test procedure)."""
    corrected: dict[str, float] = {}
    highest = 0.0
    for rank, (name, value) in enumerate(sorted(p.items(), key=lambda item: item[1])):
        highest = max(highest, min(1.0, value * (len(p) - rank)))
        corrected[name] = highest
    return corrected


def _changed(before: Scores, after: Scores, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    gains: dict[str, float] = {}
    for question_id, own in before.items():
        first, second = own.get(name), after.get(question_id, {}).get(name)
        if first is not None and second is not None and round(second - first, DIGITS):
            gains[question_id] = METRICS[name].sign * (second - first)
    ordered = sorted(gains, key=lambda key: (gains[key], key))
    up = [key for key in reversed(ordered) if gains[key] > 0]
    return tuple(key for key in ordered if gains[key] < 0), tuple(up)
