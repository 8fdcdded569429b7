"""An embedder that caches: the gate's runs check the same sentences again and again.

:class:`rag.models.embedders.vector_cache.VectorCache` is no twin: it forgets, and it keys whole groups of texts.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from rag.models.protocols import Embedder, Vectors


class CachingEmbedder:
    """Another embedder's vectors: each text is embedded once and kept for the life of this object. Thread-safe.

    For an embedder whose vector of a text does not depend on the texts embedded with it, like the bundled one: then the
    figures are the same with the cache and without. Times are not.
    """

    def __init__(self, embedder: Embedder) -> None:
        self.name = embedder.name
        self.dimension = embedder.dimension
        self._embedder = embedder
        self._lock = threading.Lock()
        self._known: dict[str, Vectors] = {}

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            vectors = self._embedder.embed_texts(new)
            with self._lock:
                self._known.update(zip(new, vectors, strict=True))
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        return np.stack([self._known[text] for text in texts])

    def embed_query(self, text: str) -> Vectors:
        return self._embedder.embed_query(text)
