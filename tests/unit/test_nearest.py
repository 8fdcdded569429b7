"""What Chroma finds nearest, by whoever opens the library."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rag.library.passages import Passage
from rag.library.vectors import VectorIndex
from rag.models.protocols import Vectors
from rag.paper import Paper

_DIMENSION, _PAPERS, _NEAREST = 64, 800, 60


def _unit(vectors: Vectors) -> Vectors:
    unit: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def test_the_same_passages_are_nearest_however_often_a_library_is_opened(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    vectors = _unit(random.standard_normal((_PAPERS, _DIMENSION)).astype(np.float32))
    queries = _unit(random.standard_normal((40, _DIMENSION)).astype(np.float32))
    papers = [Paper.create(title=f"On {n}", abstract="So.", paper_id=f"{n}") for n in range(_PAPERS)]
    index = VectorIndex(tmp_path / "chroma", {"dimension": _DIMENSION})
    for start in range(0, _PAPERS, 100):
        batch = papers[start : start + 100]
        index.upsert(batch, [[Passage(p.id, 0, 0, 3, "So.")] for p in batch], vectors[start : start + 100])
    found = []
    for _ in range(3):
        found.append([[passage_id for passage_id, _ in index.query(query, _NEAREST)] for query in queries])
        index.close()
    assert found[1] == found[0]
    assert found[2] == found[0]
