"""The verdict on a run: compared with its baseline and its bounds, with the questions behind each failure.

``baseline.json`` holds the scores of the runs that were accepted last, question by question; ``thresholds.toml``
holds the metrics that are compared, and the bounds that no run may break whatever the baseline.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from eval.metrics.summary import Scores, summarise
from eval.metrics.table import METRICS
from eval.runs.compare import DIGITS, Comparison, MetricChange, compare
from eval.runs.run import EvaluationRun, write_whole
from eval.sets.dataset_files import reason
from rag.errors import CitewellError

HERE = Path(__file__).parent
BASELINE = HERE / "baseline.json"
THRESHOLDS = HERE / "thresholds.toml"
UPDATE = "citewell eval baseline"


class GateError(CitewellError):
    """The gate's own files cannot be used."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """``alpha`` of the tests; the metrics compared with the baseline and the bounds, both by run. A bound is a floor if
    higher is better, else a ceiling."""

    alpha: float
    compared: Mapping[str, Sequence[str]]
    bounds: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Accepted:
    """What the baseline holds of one run: the digest of its question set, and the scores by question id and metric."""

    set_digest: str
    scores: Scores


_THRESHOLDS = TypeAdapter(Thresholds)
_BASELINE = TypeAdapter(dict[Literal["runs"], dict[str, Accepted]])


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's verdict on one run: ``reasons`` to fail, each with the questions behind it, and ``before``, the
    baseline's figures as :func:`eval.metrics.summary.summarise` gives them."""

    name: str
    run: EvaluationRun
    before: Mapping[str, Any] | None
    comparison: Comparison | None
    reasons: list[tuple[str, tuple[str, ...]]]

    @property
    def fell(self) -> tuple[MetricChange, ...]:
        """The metrics significantly below the baseline."""
        return self.comparison.worse if self.comparison else ()

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.reasons

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "run": self.name,
            "passed": self.passed,
            "reasons": [{"text": text, "questions": list(questions)} for text, questions in self.reasons],
            "figures": self.run.figures["overall"],
            "faults": {name: list(counts) for name, counts in self.run.faults.items()},
            "comparison": self.comparison.to_dict() if self.comparison else None,
        }


def load_thresholds(path: Path = THRESHOLDS) -> Thresholds:
    """The thresholds in a file.

    Raises:
        GateError: it cannot be read, or names an unknown metric.
    """
    try:
        thresholds = _THRESHOLDS.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise GateError(f"the thresholds {path} cannot be read ({error.strerror}); restore the file") from error
    except ValueError as error:
        raise GateError(
            f"the thresholds {path} are malformed ({reason(error)}); compare with the file of the release"
        ) from error
    named = {name for names in (*thresholds.compared.values(), *thresholds.bounds.values()) for name in names}
    if unknown := sorted(named - set(METRICS)):
        raise GateError(f"the thresholds {path} name {unknown[0]!r}, which is no metric; see eval/metrics")
    return thresholds


def load_baseline(path: Path = BASELINE) -> Mapping[str, Accepted]:
    """The accepted scores by run.

    Raises:
        GateError: the file cannot be read or is no baseline.
    """
    try:
        return _BASELINE.validate_json(path.read_bytes())["runs"]
    except OSError as error:
        raise GateError(f"there is no baseline at {path} ({error.strerror}); accept one with: {UPDATE}") from error
    except (ValueError, LookupError) as error:
        raise GateError(f"the baseline {path} is damaged ({reason(error)}); accept a new one with: {UPDATE}") from error


def save_baseline(runs: Mapping[str, EvaluationRun], thresholds: Thresholds, path: Path = BASELINE) -> Path:
    """Save these runs as the baseline; only compared scores are kept, a question on each line, so that a change shows
    in review."""
    lines = []
    for name, run in runs.items():
        kept = {
            question_id: {
                metric: round(value, DIGITS)
                for metric in thresholds.compared.get(name, ())
                if (value := own.get(metric)) is not None
            }
            for question_id, own in run.scores.items()
        }
        rows = ",\n".join(f"   {json.dumps(key)}: {json.dumps(scores)}" for key, scores in kept.items())
        digest = json.dumps(run.identity.set_digest)
        lines.append(f'  {json.dumps(name)}: {{"set_digest": {digest}, "scores": {{\n{rows}\n  }}}}')
    return write_whole(path, '{"runs": {\n' + ",\n".join(lines) + "\n}}\n")


def gate_run(
    name: str, run: EvaluationRun, baseline: Mapping[str, Accepted], thresholds: Thresholds, *, seed: int = 0
) -> Verdict:
    """Judge one run.

    Args:
        name: of the run, as thresholds and baseline name it.
        run: what was measured.
        baseline: see :func:`load_baseline`.
        thresholds: see :func:`load_thresholds`.
        seed: for the tests.
    """
    reasons: list[tuple[str, tuple[str, ...]]] = []
    if run.failed:
        first = run.answers[run.failed[0]]["error"]
        reasons.append((f"{len(run.failed)} questions failed, {run.failed[0]} first: {first}", ()))
    accepted, comparison, before = baseline.get(name), None, None
    if accepted is None:
        reasons.append((f"the baseline knows no run {name!r}; accept it with: {UPDATE}", ()))
    elif accepted.set_digest != run.identity.set_digest:
        reasons.append((f"the question set changed since the baseline was accepted; accept it with: {UPDATE}", ()))
    for metric, bound in thresholds.bounds.get(name, {}).items():
        if broken := _broken(metric, run.figures["overall"].get(metric, {}).get("value"), bound):
            reasons.append((broken, _worst(run, metric)))
    if accepted is not None:
        before = summarise(run.questions, accepted.scores, seed=seed)
        names = thresholds.compared.get(name, ())
        after = {
            key: {n: None if v is None else round(v, DIGITS) for n, v in own.items()} for key, own in run.scores.items()
        }
        comparison = compare(accepted.scores, after, seed=seed, alpha=thresholds.alpha, names=names, falls_only=True)
        for change in comparison.worse:
            d = change.difference
            text = f"{change.metric} went from {d.before:.3f} to {d.after:.3f} (p = {change.p:.4f}, {d.n} questions)"
            reasons.append((text, change.down))
    return Verdict(name, run, before, comparison, reasons)


def _broken(metric: str, value: float | None, bound: float) -> str | None:
    """How a figure is beyond its bound, in one line."""
    if value is None:
        return f"{metric} has no score, and its bound is {bound:.3f}"
    if METRICS[metric].sign * (value - bound) >= 0:
        return None
    side = "below its floor" if METRICS[metric].sign > 0 else "above its ceiling"
    return f"{metric} {value:.3f} is {side} of {bound:.3f}"


def _worst(run: EvaluationRun, metric: str, most: int = 10) -> tuple[str, ...]:
    """The questions whose score is not the best possible one, worst first."""
    sign = METRICS[metric].sign
    best = 1.0 if sign > 0 else 0.0
    scored = {key: sign * v for key, own in run.scores.items() if (v := own.get(metric)) is not None and v != best}
    return tuple(sorted(scored, key=lambda key: (scored[key], key))[:most])
