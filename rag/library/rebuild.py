"""Makes both indexes anew from the manifest: after a change of the embedding model or of the chunking, or a damage.

The new indexes are written beside the ones in use and put in use by one commit of the manifest, so that readers go on
meanwhile and a crash loses nothing. What a broken rebuild with the same model already embedded is used again.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import LibraryError
from rag.library.embedded import index_directories
from rag.library.ingest import BATCH_PASSAGES
from rag.library.lexical import LexicalIndex
from rag.library.locks import FileLock
from rag.library.manifest import Manifest
from rag.library.passages import Passage, embedding_text, passages
from rag.library.vectors import VectorIndex, digest, library_facts
from rag.models.protocols import Embedder
from rag.paper import Paper

_PAGE = 200


@dataclass(slots=True)
class RebuildReport:
    """What a rebuild did, or has done so far."""

    papers: int = 0
    total: int = 0
    passages: int = 0
    embedded: int = 0
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The record of ``rebuild --json``."""
        return {
            "papers": self.papers,
            "passages": self.passages,
            "embedded": self.embedded,
            "seconds": round(self.seconds, 2),
        }


def rebuild(
    directory: Path,
    embedder: Embedder,
    *,
    progress: Callable[[RebuildReport], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> RebuildReport:
    """Re-embeds the library in ``directory`` with ``embedder`` and switches to the new indexes.

    Raises:
        LibraryError: there is no library, or its manifest is damaged.
        LibraryBusyError: another process writes.
        ModelError: the embedder failed; the library stays as it was.
    """
    if not (directory / "manifest.sqlite").exists():
        raise LibraryError(f"there is no library at {directory}; make one with: citewell ingest FILE")
    start = clock()
    busy = f"another process is writing to the library {directory}; wait until it is done and try again"
    with FileLock(directory / "write.lock").hold(timeout_s=1.5, busy=busy):
        manifest = Manifest(directory / "manifest.sqlite")
        old, new = manifest.generation, manifest.generation + 1
        report = RebuildReport(total=len(manifest))
        facts = library_facts(embedder.name, embedder.dimension)
        chroma, lexical_directory = index_directories(directory, new)
        LexicalIndex.erase(lexical_directory)
        vectors, lexical = _vectors_to_fill(chroma, facts), LexicalIndex(lexical_directory)
        counts: list[tuple[str, int]] = []
        for offset in range(0, report.total, _PAGE):
            papers = manifest.papers(limit=_PAGE, offset=offset)
            cut = [passages(paper) for paper in papers]
            _embed(vectors, embedder, papers, cut, report)
            lexical.replace(papers)
            counts += [(paper.id, len(own)) for paper, own in zip(papers, cut, strict=True)]
            report.papers += len(papers)
            report.passages += sum(map(len, cut))
            report.seconds = clock() - start
            progress(report)
        vectors.close()
        manifest.switch(new, counts, **{k: str(v) for k, v in facts.items()}, writing="0")
        manifest.close()
        _discard(directory, old)
    report.seconds = clock() - start
    return report


def _vectors_to_fill(chroma: Path, facts: dict[str, str | int]) -> VectorIndex:
    """The new collection: what a broken rebuild with the same model left, or an empty one."""
    if chroma.exists():
        index = VectorIndex(chroma, facts)
        try:
            if {k: index.facts.get(k) for k in facts} == facts:
                return index
        except LibraryError:
            pass
        index.close()
        shutil.rmtree(chroma)
    return VectorIndex(chroma, facts)


def _embed(
    index: VectorIndex,
    embedder: Embedder,
    papers: Sequence[Paper],
    cut: Sequence[Sequence[Passage]],
    report: RebuildReport,
) -> None:
    rows = [(paper, passage) for paper, own in zip(papers, cut, strict=True) for passage in own]
    there = {stored.id: stored.digest for stored in index.get([passage.id for _, passage in rows])}
    missing = [(paper, passage) for paper, passage in rows if there.get(passage.id) != digest(paper, passage)]
    for i in range(0, len(missing), BATCH_PASSAGES):
        part = missing[i : i + BATCH_PASSAGES]
        vectors = embedder.embed_texts([embedding_text(*row) for row in part])
        index.upsert([paper for paper, _ in part], [[passage] for _, passage in part], np.asarray(vectors))
        report.embedded += len(part)


def _discard(directory: Path, generation: int) -> None:
    """Removes the indexes no longer in use; a reader that has them open keeps them until it looks again."""
    for path in index_directories(directory, generation):
        shutil.rmtree(path, ignore_errors=True)
