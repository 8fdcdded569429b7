"""Pseudo-relevance feedback: move the query vector towards the best papers of a first round.

After Rocchio (1971), weighted by the first round's scores. If one paper leads clearly, it alone counts, and a question
about one paper stays as it is; if many are close, their common direction finds more of their kind.
"""

from __future__ import annotations

import numpy as np

from rag.models.protocols import Vectors
from rag.retrieval.fusion import Scores

#: Papers of the first round that take part.
FEEDBACK_PAPERS = 5
#: Difference in fused score at which a paper's weight falls to 1/e of the best one's.
_TEMPERATURE = 0.05
#: Length of the vector added to the query's unit vector. The optimum is broad: 0.4 to 0.8.
_WEIGHT = 0.5


def feedback_weights(scores: Scores) -> Scores:
    """Return the weights of the best papers: a softmax of their fused scores (best first), shape ``(n,)``, sum 1."""
    weights: Scores = np.exp((scores - scores[0]) / _TEMPERATURE)
    weights /= weights.sum()
    return weights


def refine_query(query: Vectors, centroids: Vectors, scores: Scores, lexical_gate: float) -> Vectors:
    """Return the query vector moved towards the first round's best papers; not of unit length.

    Its product with a passage is the passage's cosine with the query plus its weighted similarity to those papers.

    Args:
        query: shape ``(dimension,)``, unit length.
        centroids: unit vectors of the best papers, best first, shape ``(n, dimension)``; none of them: no move.
        scores: their fused scores in the same order, shape ``(n,)``.
        lexical_gate: 0 to 1 (:func:`rag.retrieval.fusion.gate`). A ranking by vectors alone is too often wrong at the
            top to be fed back.
    """
    if not len(centroids):
        return query
    moved: Vectors = (query + _WEIGHT * lexical_gate * (feedback_weights(scores) @ centroids)).astype(np.float32)
    return moved
