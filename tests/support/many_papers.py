"""Ingests many synthetic papers and prints what it took: python -m tests.support.many_papers DIR COUNT

Vectors are as long as the bundled model's and cost next to nothing, so that what is measured is the library.
"""

from __future__ import annotations

import json
import random
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from eval.benchmarks.speed.memory import peak_bytes
from rag.library import Library
from rag.models.protocols import Vectors
from rag.paper import Paper
from rag.settings import Settings


class FastEmbedder:
    """Unit vectors drawn from a text's checksum."""

    name, dimension = "checksums@1", 384

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """As the protocol."""
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> Vectors:
        """As the protocol."""
        drawn = np.random.default_rng(zlib.crc32(text.encode())).standard_normal(self.dimension, dtype=np.float32)
        unit: Vectors = drawn / np.linalg.norm(drawn)
        return unit


def abstracts(count: int) -> Iterator[Paper]:
    """Papers of the usual length: eight sentences of twenty words, three passages."""
    draw = random.Random(7)  # noqa: S311 - words, not secrets
    words = [f"{a}{b}{c}" for a in ("pro", "con", "sub", "meta") for b in ("tor", "lin", "mes") for c in "aeiourstn"]
    for n in range(count):
        lines = [" ".join(draw.choices(words, k=20)).capitalize() + "." for _ in range(8)]
        yield Paper.create(
            title=f"On {' '.join(draw.choices(words, k=6))} {n}",
            abstract=" ".join(lines),
            authors=[f"Author {n % 977}", "Second Author"],
            year=1980 + n % 45,
        )


def main() -> None:
    """Ingests and prints one JSON record."""
    directory, count = Path(sys.argv[1]), int(sys.argv[2])
    start = time.monotonic()
    with Library.open(directory, Settings.load(), create=True, embedder=FastEmbedder()) as library:
        report = library.add(abstracts(count))
        assert len(library) == count
    seconds = time.monotonic() - start
    sys.stdout.write(
        json.dumps({"passages": report.passages, "peak_bytes": peak_bytes(), "seconds": round(seconds, 1)}) + "\n"
    )


if __name__ == "__main__":
    main()
