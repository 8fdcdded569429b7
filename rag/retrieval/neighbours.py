"""Neighbour boost: raise papers whose nearest neighbours score well.

Papers that lie close together tend to be relevant together (the cluster hypothesis). After Diaz (2005, "Regularizing Ad
Hoc Retrieval Scores"), but scores are only raised, towards the mean of the neighbours. The best paper stays the best,
and a question about one paper stays as it is.
"""

from __future__ import annotations

import numpy as np

from rag.models.protocols import Vectors
from rag.retrieval.fusion import Scores

#: Best papers that take part, as boosted papers and as neighbours. Lower ones carry little information, and a fixed
#: number keeps the ranking the same for every ``k``. The optimum is broad: 30 to 60.
BOOSTED_PAPERS = 40
#: Neighbours a paper. The optimum is broad: 8 to 15.
_NEIGHBOURS = 10
#: Difference in cosine at which a neighbour's weight falls to 1/e of the closest one's.
_TEMPERATURE = 0.1
#: Share of the way to the neighbours' mean. The optimum is broad: 0.5 to 0.8.
_BOOST = 0.7


def neighbour_boost(scores: Scores, centroids: Vectors, lexical_gate: float) -> Scores:
    """Return the scores, each raised towards the weighted mean of its nearest neighbours if that is higher.

    Args:
        scores: fused scores of the candidates, shape ``(n,)``.
        centroids: unit vectors of the same candidates, shape ``(n, dimension)``.
        lexical_gate: 0 to 1 (:func:`rag.retrieval.fusion.gate`); at 0 nothing changes.
    """
    count = min(_NEIGHBOURS, len(scores) - 1)
    if count < 1:
        return scores
    # No matrix product: at this size its threads cost more than they save, and much more on a busy machine.
    cosines = np.einsum("id,jd->ij", centroids, centroids)
    np.fill_diagonal(cosines, -np.inf)
    nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    near = np.take_along_axis(cosines, nearest, axis=1).astype(np.float64)
    weights = np.exp((near - near.max(axis=1, keepdims=True)) / _TEMPERATURE)
    mean = (weights * scores[nearest]).sum(axis=1) / weights.sum(axis=1)
    raised: Scores = scores + _BOOST * lexical_gate * np.maximum(mean - scores, 0.0)
    return raised
