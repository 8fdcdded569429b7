"""Filling a collection with all papers of a manifest; passages that it has already are not embedded again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rag.models.protocols import Embedder
from rag.paper import Paper
from rag.storage.index.passages import Passage, passages
from rag.storage.index.vectors import VectorIndex, digest
from rag.storage.ingest.ingest import embed_missing
from rag.storage.manifest import Manifest

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
        """Return the record of ``rebuild --json``."""
        return {
            "papers": self.papers,
            "passages": self.passages,
            "embedded": self.embedded,
            "seconds": round(self.seconds, 2),
        }


def fill(
    index: VectorIndex, embedder: Embedder, manifest: Manifest, report: RebuildReport, revision: int = 0
) -> Iterator[tuple[list[Paper], list[list[Passage]]]]:
    """Write all papers of a manifest into a collection, page by page, and yield each page with its passages.

    Passages that the collection holds already, left by a rebuild that broke off, are not embedded again.

    Args:
        index: the collection to fill.
        embedder: the model.
        manifest: which papers.
        report: counts papers, passages and embedded texts.
        revision: the revision of the first page on a server, one more for each further one; 0 in a directory.
    """

    def embedded(count: int) -> None:
        report.embedded += count

    report.total = len(manifest)
    for page, offset in enumerate(range(0, report.total, _PAGE)):
        papers = manifest.papers(limit=_PAGE, offset=offset)
        passages_by_paper = [passages(paper) for paper in papers]
        rows = [(paper, passage) for paper, own in zip(papers, passages_by_paper, strict=True) for passage in own]
        there = {stored.id: stored.digest for stored in index.get([passage.id for _, passage in rows])}
        same = [passage.id for paper, passage in rows if there.get(passage.id) == digest(paper, passage)]
        # On a server everything gets its revision; in a directory what is there is there.
        if revision or len(same) < len(rows):
            vectors = embed_missing(embedder, rows, index.vectors(same), embedded)
            index.upsert(papers, passages_by_paper, vectors, revision + page if revision else 0)
        report.papers += len(papers)
        report.passages += len(rows)
        yield papers, passages_by_paper
