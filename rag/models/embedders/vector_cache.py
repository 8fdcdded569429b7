"""Keeps the vectors of texts that come again and again: the sentences of the abstracts that answers cite."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from rag.models.protocols import Embedder, Vectors

#: Texts remembered at most; with 384 dimensions 6 MB of vectors.
DEFAULT_SIZE = 4_096


class VectorCache:
    """An embedder's vectors of whole groups of texts, the last used ones at hand. Safe to share between threads.

    A group is embedded by itself and remembered as a whole: a quantised model gives a text slightly other vectors in
    other company, and what comes out must not depend on what was asked before.
    """

    def __init__(self, embedder: Embedder, size: int = DEFAULT_SIZE) -> None:
        self._embedder = embedder
        self._size = size
        self._held = 0
        self._known: OrderedDict[tuple[str, ...], Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """As the embedder's; not to be written to."""
        group = tuple(texts)
        with self._lock:
            if group in self._known:
                self._known.move_to_end(group)
                return self._known[group]
        vectors = self._embedder.embed_texts(group)
        with self._lock:
            if group not in self._known:
                self._known[group] = vectors
                self._held += len(group)
            while self._held > self._size:
                forgotten, _ = self._known.popitem(last=False)
                self._held -= len(forgotten)
        return vectors
