"""Score fusion: one score a paper from the dense and the lexical half. Pure functions from arrays to arrays.

Rank fusion and per-query standardisation let lexical noise outvote the vector when a question shares no word with its
paper, because the best of many accidental matches always ranks first. Here the lexical score is divided by the highest
score the query could reach, which keeps an accidental match small, and a gate closes on the rest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]

#: What full coverage of the query's words is worth, in units of cosine. The optimum is broad: 0.5 to 1.0.
LEXICAL_WEIGHT = 0.7
#: If the best paper covers less than this share of the query's idf, its words may be there by chance ...
GATE_COVERAGE = 0.35
_COVERAGE_WIDTH = 0.05
#: ... unless there are too many of them for chance among N papers: BM25 in units of ln N.
GATE_EVIDENCE = 2.5
_EVIDENCE_WIDTH = 0.3


def idf(document_frequency: NDArray[np.int64], papers: int) -> Scores:
    """Return the inverse document frequency of BM25 as tantivy counts it: ``ln(1 + (N - n + 0.5) / (n + 0.5))``.

    Args:
        document_frequency: papers that hold each term, shape ``(terms,)``; 0 for a term unknown to the library.
        papers: papers in the library, ``N``.
    """
    n = np.minimum(document_frequency, papers).astype(np.float64)
    return np.log1p((papers - n + 0.5) / (n + 0.5))


def coverage(bm25: Scores, idf_sum: float) -> Scores:
    """Return BM25 scores as shares of the query's idf: about 1 for a paper of average length that holds each term once,
    a little more if it repeats them.

    Args:
        bm25: scores of the candidates, 0 for one that shares no term, shape ``(n,)``.
        idf_sum: sum of :func:`idf` over the query's distinct terms, including those unknown to the library.
    """
    return bm25 / idf_sum if idf_sum > 0 else np.zeros_like(bm25)


def gate(bm25: Scores, idf_sum: float, papers: int) -> float:
    """Return how far to believe the lexical half for this query, 0 to 1.

    The gate opens if the best paper covers much of the query (a short question, answered to the letter) or shares more
    words than the best of ``papers`` would by chance (a long one, answered in part).
    """
    if not bm25.size or idf_sum <= 0:
        return 0.0
    best = float(bm25.max())
    by_coverage = (best / idf_sum - GATE_COVERAGE) / _COVERAGE_WIDTH
    by_evidence = (best / np.log(max(papers, 2)) - GATE_EVIDENCE) / _EVIDENCE_WIDTH
    return float(1.0 / (1.0 + np.exp(-np.clip(max(by_coverage, by_evidence), -30.0, 30.0))))


def fuse(cosine: Scores, bm25: Scores, idf_sum: float, lexical_gate: float) -> Scores:
    """Return one score a candidate, shape ``(n,)``: cosine plus gated lexical coverage.

    A convex combination of scores that are scaled by their theoretical bounds (Bruch et al., 2023, "An Analysis of
    Fusion Functions for Hybrid Retrieval"), weighted for each query by :func:`gate`.

    Args:
        cosine: similarity of each candidate's best passage to the question, shape ``(n,)``.
        bm25: lexical score of each candidate, shape ``(n,)``.
        idf_sum: see :func:`coverage`; 0 for a query of stop words only, which is ranked by cosine alone.
        lexical_gate: :func:`gate` over all candidates.
    """
    fused: Scores = cosine + LEXICAL_WEIGHT * lexical_gate * coverage(bm25, idf_sum)
    return fused
