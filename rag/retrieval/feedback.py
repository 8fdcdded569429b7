"""Pseudo-relevance feedback on the vectors: the best papers of a first round draw the question towards themselves.

After Rocchio (1971), with the first round's scores as weights: where one paper stands out it alone speaks, so that a
question about one paper is left alone; where many are close their common direction finds more of their kind.
"""

from __future__ import annotations

import numpy as np

from rag.models.protocols import Vectors
from rag.retrieval.fusion import Scores

#: Papers of the first round that are listened to.
FEEDBACK_PAPERS = 5
#: Difference in fused score at which a paper's say falls to 1/e of the best one's.
_TEMPERATURE = 0.05
#: Length of what is added to the question's unit vector. The optimum is broad: 0.4 to 0.8.
_WEIGHT = 0.5


def voices(scores: Scores) -> Scores:
    """How much each of the best papers says, summing to 1: a softmax of their fused scores, best first."""
    say: Scores = np.exp((scores - scores[0]) / _TEMPERATURE)
    say /= say.sum()
    return say


def refined(question: Vectors, centres: Vectors, scores: Scores, trust: float) -> Vectors:
    """The question's vector moved towards the first round's best papers; not of unit length.

    Its product with a passage is the passage's cosine with the question plus its weighted similarity to those papers.

    Args:
        question: shape ``(dimension,)``, unit length.
        centres: a direction for each of the best papers, of unit length, best first, shape ``(n, dimension)``; none
            leaves the question as it is.
        scores: their fused scores, in the same order.
        trust: 0 to 1, see :func:`rag.retrieval.fusion.gate`: a ranking that rests on meaning alone is too often wrong
            at the top to be fed back.
    """
    if not len(centres):
        return question
    moved: Vectors = (question + _WEIGHT * trust * (voices(scores) @ centres)).astype(np.float32)
    return moved
