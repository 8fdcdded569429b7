"""Ingests synthetic papers, to be killed at any moment: python -m tests.support.ingest_process DIR COUNT"""

from __future__ import annotations

import sys
from pathlib import Path

from rag.library import Library
from rag.paper import Paper
from rag.settings import Settings
from rag.storage.ingest import ingest as module
from tests.support.words import WordEmbedder


def synthetic(count: int) -> list[Paper]:
    """Papers of two passages each."""
    return [
        Paper.create(
            title=f"Synthetic study {n}",
            abstract=f"Study {n} looks at topic {n % 7}. It has {n} parts. Each is small. The fourth ends study {n}.",
            year=1990 + n % 30,
        )
        for n in range(count)
    ]


class _LoggingEmbedder(WordEmbedder):
    """Writes down every text it embeds, at once, so that it can be seen after a kill."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = log

    def embed_texts(self, texts: list[str]) -> object:  # type: ignore[override]
        vectors = super().embed_texts(texts)
        with self._log.open("a") as file:
            file.writelines(text + "\n" for text in texts)
        return vectors


def main() -> None:
    """Ingests into the directory named on the command line, in small batches."""
    directory, count = Path(sys.argv[1]), int(sys.argv[2])
    module.BATCH_PASSAGES = 16
    embedder = _LoggingEmbedder(directory.parent / "embedded.log")
    with Library.open(directory, Settings(), create=True, embedder=embedder) as library:
        sys.stdout.write("open\n")
        sys.stdout.flush()
        library.add(synthetic(count))
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main()
