"""Checking and scaling of vectors that an outside model returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rag.models.protocols import Vectors


def unit_vectors(rows: Sequence[Any]) -> Vectors:
    """Scale at least one row of numbers to vectors of unit length, shape ``(len(rows), dimension)``.

    Raises:
        ValueError, TypeError: the rows are not finite, not of one length, or one of them is zero.
    """
    # In double precision until they have unit length, so that no length overflows on the way.
    vectors = np.asarray(rows, dtype=np.float64)
    if vectors.ndim != 2 or not vectors.shape[1] or not np.isfinite(vectors).all():
        raise ValueError("no vectors")
    # Scaled by the largest entry first: squares of huge entries overflow even in double precision.
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    if not (largest > 0).all():
        raise ValueError("a vector without direction")
    vectors = vectors / largest
    unit: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit
