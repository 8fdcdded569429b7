"""Fills a collection with all papers of a manifest; what is there already is not embedded again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.library.ingest import BATCH_PASSAGES
from rag.library.manifest import Manifest
from rag.library.passages import Passage, embedding_text, passages
from rag.library.vectors import VectorIndex, digest
from rag.models.protocols import Embedder, Vectors
from rag.paper import Paper

#: Papers written in one go: about as many passages as an ingest writes.
_PAGE = 100


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


def fill(
    index: VectorIndex, embedder: Embedder, manifest: Manifest, report: RebuildReport, revision: int = 0
) -> Iterator[tuple[list[Paper], list[list[Passage]]]]:
    """Writes all papers of a manifest into a collection, a page after the other, and gives each page with its passages.

    Passages that the collection holds already, left by a rebuild that broke off, are not embedded again.

    Args:
        index: the collection to fill.
        embedder: the model.
        manifest: which papers.
        report: counts papers, passages and embedded texts.
        revision: the revision of the first page on a server, one more for each further one; 0 in a directory.
    """
    report.total = len(manifest)
    for page, offset in enumerate(range(0, report.total, _PAGE)):
        papers = manifest.papers(limit=_PAGE, offset=offset)
        cut = [passages(paper) for paper in papers]
        rows = [(paper, passage) for paper, own in zip(papers, cut, strict=True) for passage in own]
        there = {stored.id: stored.digest for stored in index.get([passage.id for _, passage in rows])}
        same = [passage.id for paper, passage in rows if there.get(passage.id) == digest(paper, passage)]
        # On a server everything gets its revision; in a directory what is there is there.
        if revision or len(same) < len(rows):
            index.upsert(papers, cut, _vectors(index, embedder, rows, same, report), revision + page if revision else 0)
        report.papers += len(papers)
        report.passages += len(rows)
        yield papers, cut


def _vectors(
    index: VectorIndex,
    embedder: Embedder,
    rows: Sequence[tuple[Paper, Passage]],
    same: Sequence[str],
    report: RebuildReport,
) -> Vectors:
    """A row a passage: what the collection holds, and the rest embedded."""
    vectors = np.zeros((len(rows), embedder.dimension), dtype=np.float32)
    stored = index.vectors(same)
    missing = []
    for row, (_, passage) in enumerate(rows):
        if passage.id in stored:
            vectors[row] = stored[passage.id]
        else:
            missing.append(row)
    for i in range(0, len(missing), BATCH_PASSAGES):
        part = missing[i : i + BATCH_PASSAGES]
        vectors[part] = embedder.embed_texts([embedding_text(*rows[row]) for row in part])
        report.embedded += len(part)
    return vectors
