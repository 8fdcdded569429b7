"""How sure a figure is: bootstrap and Wilson intervals, and a paired test between two runs; chance is seeded.

scipy.stats has all three. It costs 0.7 s to import, refuses a bootstrap of one score, and its permutation test takes
four times as long and is exact for fewer pairs, because it also permutes pairs that do not differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from eval.metrics.metric import Floats, Reducer, mean

RESAMPLES = 2_000
#: Up to this many differing pairs every assignment of signs is tried: 4,096 at most.
_EXACT_UP_TO = 12


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its confidence interval; ``n`` scores went into it."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Difference:
    """The figure of run B minus that of run A over the ``n`` questions that both scored, with the interval of the
    difference and ``p``, the two-sided probability that chance makes a difference as large."""

    before: float
    after: float
    value: float
    low: float
    high: float
    p: float
    n: int


def bootstrap_interval(
    values: Sequence[float],
    seed: int = 0,
    *,
    reduce: Reducer = mean,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Interval:
    """The figure of these scores with its percentile bootstrap interval (Efron and Tibshirani, 1993, chapter 13).

    Args:
        values: one score a question, at least one.
        seed: the same seed gives the same interval.
        reduce: scores to figure.
        resamples: draws with replacement.
        level: share of the resampled figures that lie within the interval.

    Raises:
        ValueError: no values.
    """
    scores = _array(values)
    draws = np.random.default_rng(seed).integers(0, len(scores), (resamples, len(scores)))
    low, high = _bounds(reduce(scores[draws]), level)
    return Interval(float(reduce(scores)), low, high, len(scores))


def paired_difference(
    before: Sequence[float],
    after: Sequence[float],
    seed: int = 0,
    *,
    reduce: Reducer = mean,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Difference:
    """Compare two runs on the same questions: bootstrap interval of the difference, and a paired randomisation test
    (Smucker, Allan and Carterette, 2007): under the null hypothesis the two scores of a question may change places.
    Exact where few pairs differ, by random exchanges beyond.

    Args:
        before, after: scores of the same questions in the same order, at least one.

    Raises:
        ValueError: no scores, or not as many on both sides.
    """
    a, b = _array(before), _array(after)
    if len(a) != len(b):
        raise ValueError(f"{len(a)} scores before and {len(b)} after are no pairs")
    random = np.random.default_rng(seed)
    draws = random.integers(0, len(a), (resamples, len(a)))
    low, high = _bounds(reduce(b[draws]) - reduce(a[draws]), level)
    value = float(reduce(b) - reduce(a))
    return Difference(float(reduce(a)), float(reduce(b)), value, low, high, _p(a, b, reduce, resamples, random), len(a))


def wilson(hits: int, n: int, z: float = 1.959964) -> Interval:
    """A share with its score interval (Wilson, 1927), which stays sensible for few and for extreme cases."""
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * ((share * (1 - share) + z * z / (4 * n)) / n) ** 0.5 / (1 + z * z / n)
    return Interval(share, max(0.0, middle - half), min(1.0, middle + half), n)


def _p(a: Floats, b: Floats, reduce: Reducer, resamples: int, random: np.random.Generator) -> float:
    differing = np.flatnonzero(a != b)
    if not len(differing):
        return 1.0
    exact = len(differing) <= _EXACT_UP_TO
    chosen = (
        np.array(list(product((False, True), repeat=len(differing))))
        if exact
        else random.random((resamples, len(differing))) < 0.5
    )
    exchanged = np.zeros((len(chosen), len(a)), dtype=bool)
    exchanged[:, differing] = chosen
    differences = np.abs(reduce(np.where(exchanged, a, b)) - reduce(np.where(exchanged, b, a)))
    # Sums in another order differ in the last digits; equal differences must count as equal.
    extreme = int((differences >= abs(float(reduce(b) - reduce(a))) - 1e-12).sum())
    # Of random exchanges the one observed counts too, so that p is never 0 (Davison and Hinkley, 1997, section 4.2).
    return extreme / len(chosen) if exact else (extreme + 1) / (len(chosen) + 1)


def _bounds(figures: Floats, level: float) -> tuple[float, float]:
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(figures, [tail, 100 - tail])
    return float(low), float(high)


def _array(values: Sequence[float]) -> Floats:
    scores = np.asarray(values, dtype=np.float64)
    if not scores.size:
        raise ValueError("there are no scores to reduce")
    return scores
