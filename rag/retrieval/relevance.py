"""Turns a fused score into an estimate of relevance that means the same for every question."""

from __future__ import annotations

import numpy as np

from rag.retrieval.fusion import Scores

#: A paper below this is nearest, not relevant: nothing in the library answers the question.
RELEVANCE_CUT = 0.5
_CENTRE = 0.25
_WIDTH = 0.06


def relevance(fused: Scores) -> Scores:
    """Estimates between 0 and 1, in the order of the fused scores of :func:`rag.retrieval.fusion.fuse`."""
    with np.errstate(over="ignore"):
        estimate: Scores = 1.0 / (1.0 + np.exp((_CENTRE - fused) / _WIDTH))
    return estimate


def count_relevant(estimates: Scores) -> int:
    """How many of the first entries of a ranking, best first, pass the cut."""
    below = np.flatnonzero(estimates < RELEVANCE_CUT)
    return int(below[0]) if below.size else int(estimates.size)
