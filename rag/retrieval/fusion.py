"""Joins the two halves of a search into one score a paper. Pure functions from arrays to arrays.

Rank fusion and per-query standardisation let lexical noise outvote the vector when a question shares no word with its
paper: the best of many accidental matches always gets the top standing. Here the lexical score is measured against what
the query could have scored at most, so that an accidental match stays small, and a gate closes on what remains of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]

#: What full coverage of the question's words is worth, in units of cosine. The optimum is broad: 0.5 to 1.0.
LEXICAL_WEIGHT = 0.7
#: Where the best paper covers less than this share of the question's information, its words may be there by chance ...
GATE_COVERAGE = 0.35
_COVERAGE_WIDTH = 0.05
#: ... unless they are so many that among N papers chance would not bring them together: BM25 in units of ln N.
GATE_EVIDENCE = 2.5
_EVIDENCE_WIDTH = 0.3


def idf(document_frequency: NDArray[np.int64], papers: int) -> Scores:
    """The inverse document frequency of BM25, ``ln(1 + (N - n + 0.5) / (n + 0.5))``, as the lexical index counts it.

    Args:
        document_frequency: in how many papers each term stands; 0 for a term the library does not know.
        papers: papers in the library, ``N``.
    """
    n = np.minimum(document_frequency, papers).astype(np.float64)
    return np.log1p((papers - n + 0.5) / (n + 0.5))


def coverage(bm25: Scores, mass: float) -> Scores:
    """BM25 scores as shares of the question's information: about 1 for a paper of average length that holds each of
    its terms once, a little more where they stand in it often.

    Args:
        bm25: scores of the candidates, 0 where no term is shared.
        mass: sum of :func:`idf` over the question's distinct terms, those unknown to the library included.
    """
    return bm25 / mass if mass > 0 else np.zeros_like(bm25)


def gate(bm25: Scores, mass: float, papers: int) -> float:
    """How far the lexical half is to be believed for this question, 0 to 1.

    It opens when the best paper covers much of the question (a short question, answered to the letter) or when it
    shares more words than the best of ``papers`` would by chance (a long one, answered in part).
    """
    if not bm25.size or mass <= 0:
        return 0.0
    best = float(bm25.max())
    by_coverage = (best / mass - GATE_COVERAGE) / _COVERAGE_WIDTH
    by_evidence = (best / np.log(max(papers, 2)) - GATE_EVIDENCE) / _EVIDENCE_WIDTH
    return float(1.0 / (1.0 + np.exp(-np.clip(max(by_coverage, by_evidence), -30.0, 30.0))))


def fuse(cosine: Scores, bm25: Scores, mass: float, trust: float) -> Scores:
    """One score a candidate: cosine plus gated lexical coverage. A convex combination of scores brought to a scale by
    their theoretical bounds (Bruch et al., 2023, "An Analysis of Fusion Functions for Hybrid Retrieval"), with
    :func:`gate` as the question's own weight.

    Args:
        cosine: similarity of each candidate's best passage to the question, shape ``(n,)``.
        bm25: lexical score of each candidate, shape ``(n,)``.
        mass: see :func:`coverage`; 0 for a question of stop words only, which leaves the cosine alone.
        trust: :func:`gate` over all candidates.
    """
    fused: Scores = cosine + LEXICAL_WEIGHT * trust * coverage(bm25, mass)
    return fused
