"""A toy embedder for tests of everything that is not about the real one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache

import numpy as np

from rag.models.protocols import Vectors


class WordEmbedder:
    """Every word adds its own fixed direction: texts that share words lie close. Counts the texts it embeds."""

    name = "words@1"
    dimension = 64

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """As the protocol."""
        self.embedded.extend(texts)
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> Vectors:
        """As the protocol."""
        total = np.full(self.dimension, 1e-3)
        for word in text.lower().split():
            total += _direction(word.strip(".,?"), self.dimension)
        unit: Vectors = (total / np.linalg.norm(total)).astype(np.float32)
        return unit


@cache
def _direction(word: str, dimension: int) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
    direction: Vectors = np.random.default_rng(seed).standard_normal(dimension)
    return direction
