"""Lifts papers whose neighbours answer the question well: papers that lie close together tend to be relevant together.

After Diaz (2005, "Regularizing Ad Hoc Retrieval Scores"), with one change: a score is only ever raised, and towards the
mean of its neighbours'. So the best paper stays the best, and a question about one paper is left alone.
"""

from __future__ import annotations

import numpy as np

from rag.models.protocols import Vectors
from rag.retrieval.fusion import Scores

#: So many of the best papers are lifted, and are neighbours to each other: further down, neighbours say little, and a
#: fixed number keeps the ranking the same however many papers are asked for. The optimum is broad: 30 to 60.
HEARD = 40
#: Neighbours that are heard. The optimum is broad: 8 to 15.
_NEIGHBOURS = 10
#: Difference in cosine at which a neighbour's say falls to 1/e of the closest one's.
_TEMPERATURE = 0.1
#: How far a paper is raised towards its neighbours' mean. The optimum is broad: 0.5 to 0.8.
_LIFT = 0.7


def lifted(scores: Scores, centres: Vectors, trust: float) -> Scores:
    """Scores, each raised towards the weighted mean of its nearest neighbours' where that is higher.

    Args:
        scores: fused scores of the candidates, shape ``(n,)``.
        centres: a direction for each, of unit length, shape ``(n, dimension)``.
        trust: 0 to 1, see :func:`rag.retrieval.fusion.gate`: a ranking that rests on meaning alone is left as it is.
    """
    heard = min(_NEIGHBOURS, len(scores) - 1)
    if heard < 1:
        return scores
    # Not a matrix product: its threads cost more than so small a one, and much more on a busy machine.
    likeness = np.einsum("id,jd->ij", centres, centres)
    np.fill_diagonal(likeness, -np.inf)
    nearest = np.argpartition(-likeness, heard - 1, axis=1)[:, :heard]
    near = np.take_along_axis(likeness, nearest, axis=1).astype(np.float64)
    say = np.exp((near - near.max(axis=1, keepdims=True)) / _TEMPERATURE)
    mean = (say * scores[nearest]).sum(axis=1) / say.sum(axis=1)
    raised: Scores = scores + _LIFT * trust * np.maximum(mean - scores, 0.0)
    return raised
