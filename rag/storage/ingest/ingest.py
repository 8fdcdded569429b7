"""Ingest of records: identify, merge, cut into passages, embed what is new, write in whole batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rag.models.protocols import Embedder, Vectors
from rag.paper import Paper
from rag.readers.base import Skip
from rag.storage.index.passages import Passage, embedding_text, passages
from rag.storage.index.vectors import digest
from rag.storage.ingest.dry_run import dry_run_manifest
from rag.storage.ingest.resolve import Change, Resolver
from rag.storage.store import Store, Writer

#: Passages of one batch: so many that commits cost little beside embedding, so few that a crash loses little.
BATCH_PASSAGES = 256
#: Texts embedded between two reports of progress.
_SLICE = 128


@dataclass(slots=True)
class IngestReport:
    """Result of an ingest. ``read`` counts papers: each was added, updated, unchanged or merged."""

    read: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
    skipped: list[Skip] = field(default_factory=list)
    papers: int = 0
    passages: int = 0
    embedded: int = 0
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the contract's record of ``ingest --json``."""
        return {
            "read": self.read,
            "added": self.added,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "merged": self.merged,
            "skipped": [s.to_dict() for s in self.skipped],
            "papers": self.papers,
            "passages": self.passages,
            "embedded": self.embedded,
            "seconds": round(self.seconds, 2),
            "papers_per_second": round(self.read / self.seconds, 1) if self.seconds else 0.0,
        }


Progress = Callable[[IngestReport], None]


def ingest(
    store: Store,
    embedder: Embedder,
    records: Iterable[Paper | Skip],
    *,
    merge: bool = True,
    progress: Progress = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> IngestReport:
    """Add papers to the library; safe to repeat and to interrupt.

    Args:
        store: an open library.
        embedder: the model the library was built with.
        records: papers and skips, read lazily, a batch at a time.
        merge: joins records of one work. Without it every id is a paper of its own, as a test collection wants it:
            its judgements speak of ids, also where two of them have the same text.
        progress: called after each batch and in between, with the report so far.

    Raises:
        LibraryBusyError: another process writes.
        ModelError: the embedder failed; batches written before stay.
    """
    report, start = IngestReport(), clock()
    resolver = Resolver(store.manifest, report)
    with store.writing() as writer:
        for batch in _batches(_papers(records, report)):
            resolved = resolver.merged(batch) if merge else resolver.by_id(batch)
            _ingest_batch(store, writer, embedder, resolved.changes, report, progress)
            if resolved.records:
                store.manifest.take_in(resolved.records, resolved.updated)
            report.seconds = clock() - start
            report.papers = len(store)
            progress(report)
    report.papers, report.passages = len(store), store.manifest.passages
    report.seconds = clock() - start
    return report


def plan(store: Store | None, records: Iterable[Paper | Skip]) -> IngestReport:
    """Return what an ingest would do (``--dry-run``), without cutting, embedding and writing."""
    report = IngestReport()
    with dry_run_manifest(store.manifest if store else None) as changes:
        resolver = Resolver(changes, report)
        for batch in _batches(_papers(records, report)):
            changes.apply(resolver.merged(batch))
    report.papers = (len(store) if store else 0) + report.added
    return report


def _papers(records: Iterable[Paper | Skip], report: IngestReport) -> Iterator[Paper]:
    for record in records:
        if isinstance(record, Skip):
            report.skipped.append(record)
        else:
            report.read += 1
            yield record


def _batches(papers: Iterable[Paper]) -> Iterator[list[Paper]]:
    batch: list[Paper] = []
    size = 0
    for paper in papers:
        batch.append(paper)
        size += len(passages(paper))
        if size >= BATCH_PASSAGES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _ingest_batch(
    store: Store,
    writer: Writer,
    embedder: Embedder,
    changes: dict[str, Change],
    report: IngestReport,
    progress: Progress,
) -> None:
    if not changes:
        return
    papers = [change.after for change in changes.values()]
    passages_by_paper = [passages(paper) for paper in papers]
    rows = [(paper, passage) for paper, own in zip(papers, passages_by_paper, strict=True) for passage in own]
    stored = _stored_vectors(store, writer, changes, rows)

    def embedded(count: int) -> None:
        report.embedded += count
        progress(report)

    writer.put(papers, passages_by_paper, embed_missing(embedder, rows, stored, embedded))


def embed_missing(
    embedder: Embedder,
    rows: Sequence[tuple[Paper, Passage]],
    stored: Mapping[str, Vectors],
    embedded: Callable[[int], None],
) -> Vectors:
    """Return the vectors of passages, a row each: those that are stored, by passage id, and the others embedded.

    ``embedded`` is told, some texts at a time, how many were.
    """
    vectors = np.zeros((len(rows), embedder.dimension), dtype=np.float32)
    missing = []
    for row, (_, passage) in enumerate(rows):
        if passage.id in stored:
            vectors[row] = stored[passage.id]
        else:
            missing.append(row)
    # Longest first: texts of like length share a run of the model.
    missing.sort(key=lambda row: -len(rows[row][1].text))
    for i in range(0, len(missing), _SLICE):
        part = missing[i : i + _SLICE]
        vectors[part] = embedder.embed_texts([embedding_text(*rows[row]) for row in part])
        embedded(len(part))
    return vectors


def _stored_vectors(
    store: Store, writer: Writer, changes: dict[str, Change], rows: Sequence[tuple[Paper, Passage]]
) -> dict[str, Vectors]:
    """Vectors the library already has for exactly these texts: of a paper whose facts changed but not its words, or of
    a run that broke off between Chroma and manifest."""
    before = {
        passage.id: digest(change.before, passage)
        for change in changes.values()
        if change.before
        for passage in passages(change.before)
    }
    if writer.interrupted:
        before |= writer.leftovers([passage.id for _, passage in rows])
    same = [passage.id for paper, passage in rows if before.get(passage.id) == digest(paper, passage)]
    return store.vectors(same) if same else {}
