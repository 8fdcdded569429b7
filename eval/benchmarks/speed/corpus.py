"""Synthetic papers and vectors of any number, seeded from the sample library's real text."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence

import numpy as np

from rag.language.sentences import sentences
from rag.models.protocols import Vectors
from rag.paper import Paper
from rag.sample import sample_papers

#: How far a synthetic vector lies from the real one it starts from: neighbours stay neighbours, none are equal.
_NOISE = 0.6
_DIMENSION = 384


def papers(count: int, seed: int = 7) -> Iterator[Paper]:
    """``count`` papers of one passage each: sentences of real abstracts in new combinations, with a coined name and
    figures of their own, so that the words are distributed as in real text."""
    pick = random.Random(seed)  # noqa: S311 - a repeatable corpus, no secrets
    originals = sample_papers()
    pool = [p.abstract[s.start : s.end] for p in originals for s in sentences(p.abstract) if s.end - s.start < 260]
    for n in range(count):
        name = f"{pick.choice('BCDFGLMNPRST')}{pick.choice('aeiou')}{pick.choice('lmnrst')}{n:x}"
        title = f"{name}: {pick.choice(originals).title}"
        body = [pick.choice(pool) for _ in range(2)]
        abstract = f"We present {name}, which gains {pick.randint(1, 9999) / 100:.2f} points. {body[0]} {body[1]}"
        yield Paper.create(title=title, abstract=abstract, year=1990 + n % 35, source="synthetic")


class SyntheticEmbedder:
    """The model's stand-in while an index is built: a real vector, moved by noise that the text decides.

    Args:
        bases: real passage vectors, shape ``(n, 384)``, unit length.
        name: reported as the embedding model, so that the library later opens with the real one for the questions.
    """

    dimension = _DIMENSION

    def __init__(self, bases: Vectors, name: str) -> None:
        self._bases, self.name = bases, name

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        rows = np.stack([self._one(text) for text in texts])
        unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
        return unit

    def embed_query(self, text: str) -> Vectors:
        vector: Vectors = self.embed_texts([text])[0]
        return vector

    def _one(self, text: str) -> Vectors:
        seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")
        noise = np.random.default_rng(seed)
        base = self._bases[seed % len(self._bases)]
        moved: Vectors = base + _NOISE * noise.standard_normal(_DIMENSION, dtype=np.float32) / np.sqrt(_DIMENSION)
        return moved


def questions(count: int, seed: int = 11) -> list[str]:
    """Questions as users put them: runs of words of real sentences, and some with a coined name."""
    pick = random.Random(seed)  # noqa: S311
    pool = [p.abstract[s.start : s.end] for p in sample_papers() for s in sentences(p.abstract)]
    asked = []
    for n in range(count):
        words = pick.choice(pool).split()
        start = pick.randrange(max(1, len(words) - 8))
        asked.append(("What is known about " if n % 2 else "") + " ".join(words[start : start + 8]))
    return asked
