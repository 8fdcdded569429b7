"""Cache for the vectors of texts that come again and again: the sentences of the abstracts that answers cite."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from rag.models.protocols import Embedder, Vectors

#: Texts remembered at most; with 384 dimensions 6 MB of vectors.
DEFAULT_SIZE = 4_096


class VectorCache:
    """Least-recently-used cache of an embedder's vectors, by group of texts. Thread-safe.

    A group is embedded by itself and cached as a whole: a quantised model gives a text slightly different vectors
    beside different texts, and the result must not depend on what was asked before.

    Args:
        embedder: whose vectors are kept.
        size: texts kept at most.
    """

    def __init__(self, embedder: Embedder, size: int = DEFAULT_SIZE) -> None:
        self._embedder = embedder
        self._size = size
        self._held = 0
        self._known: OrderedDict[tuple[str, ...], Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Return the embedder's vectors for ``texts``; do not write to them."""
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
