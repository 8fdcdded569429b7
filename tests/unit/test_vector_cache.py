"""Vectors are kept by the group they were embedded in, and only so many."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.models.embedders.vector_cache import VectorCache
from rag.models.protocols import Vectors


class Counting:
    """An embedder that gives a text another vector in other company, as quantised models do."""

    name, dimension = "counting", 2

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        self.asked.append(tuple(texts))
        return np.array([[len(text), len(texts)] for text in texts], dtype=np.float32)

    def embed_query(self, text: str) -> Vectors:
        raise NotImplementedError


def test_a_group_is_embedded_once() -> None:
    embedder = Counting()
    cache = VectorCache(embedder)
    first, second = cache.embed_texts(["a", "bb"]), cache.embed_texts(["a", "bb"])
    assert first.tolist() == second.tolist() == [[1, 2], [2, 2]]
    assert embedder.asked == [("a", "bb")]


def test_what_comes_out_does_not_depend_on_what_was_asked_before() -> None:
    fresh, used = VectorCache(Counting()), VectorCache(Counting())
    used.embed_texts(["a", "bb", "ccc"])
    assert used.embed_texts(["a"]).tolist() == fresh.embed_texts(["a"]).tolist()


def test_the_least_used_groups_are_forgotten_first() -> None:
    embedder = Counting()
    cache = VectorCache(embedder, size=4)
    for group in (["a", "b"], ["c", "d"], ["a", "b"], ["e"], ["a", "b"], ["c", "d"]):
        cache.embed_texts(group)
    assert embedder.asked == [("a", "b"), ("c", "d"), ("e",), ("c", "d")]


def test_a_group_beyond_the_size_is_embedded_and_not_kept() -> None:
    embedder = Counting()
    cache = VectorCache(embedder, size=1)
    assert [len(cache.embed_texts(["a", "b"])) for _ in range(2)] == [2, 2]
    assert len(embedder.asked) == 2
