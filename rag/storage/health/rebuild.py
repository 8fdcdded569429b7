"""Rebuild of both indexes from the manifest: after a change of the embedding model or the chunking, or after damage.

The new indexes are written beside the ones in use and put in use by one commit of the manifest, so that readers go on
meanwhile and a crash loses nothing. What a broken rebuild with the same model already embedded is used again.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

from rag.errors import LibraryError
from rag.models.protocols import Embedder
from rag.storage.embedded.store import index_directories, refuse_replica
from rag.storage.index.lexical import LexicalIndex
from rag.storage.index.passages import Passage
from rag.storage.index.rows import RowFile, row_file
from rag.storage.index.vectors import VectorIndex, library_facts
from rag.storage.ingest.filling import RebuildReport, fill
from rag.storage.locks import WRITER_WAIT_S, FileLock
from rag.storage.manifest import Manifest
from rag.storage.server.server import ServerAddress


def rebuild(
    directory: Path,
    embedder: Embedder,
    address: ServerAddress | None = None,
    *,
    progress: Callable[[RebuildReport], None] = lambda _: None,
    clock: Callable[[], float] = time.monotonic,
) -> RebuildReport:
    """Re-embeds the library of ``directory`` with ``embedder`` and switches to the new indexes.

    Args:
        directory: the library's directory.
        embedder: the model to embed with from now on.
        address: the library on a server that the directory follows; every replica of it follows the switch.
        progress: called after each page of papers.
        clock: seconds, monotonic.

    Raises:
        LibraryError: there is no library, or its manifest is damaged.
        LibraryBusyError: another process writes.
        ModelError: the embedder failed; the library stays as it was.
    """
    report, start = RebuildReport(), clock()

    def tell(_: RebuildReport) -> None:
        report.seconds = clock() - start
        progress(report)

    if address is None:
        _rebuild_directory(directory, embedder, report, tell)
    else:
        from rag.storage.server.shared_rebuild import rebuild_shared

        rebuild_shared(directory, address, embedder, report, tell)
    report.seconds = clock() - start
    return report


def _rebuild_directory(
    directory: Path, embedder: Embedder, report: RebuildReport, tell: Callable[[RebuildReport], None]
) -> None:
    if not (directory / "manifest.sqlite").exists():
        raise LibraryError(f"there is no library at {directory}; make one with: citewell ingest FILE")
    busy = f"another process is writing to the library {directory}; wait until it is done and try again"
    with (
        FileLock(directory / "write.lock").hold(timeout_s=WRITER_WAIT_S, busy=busy),
        closing(Manifest(directory / "manifest.sqlite")) as manifest,
    ):
        refuse_replica(manifest, directory)
        old, new = manifest.generation, manifest.generation + 1
        facts = library_facts(embedder.name, embedder.dimension)
        chroma, lexical_directory = index_directories(directory, new)
        LexicalIndex.erase(lexical_directory)
        row_file(directory, new).unlink(missing_ok=True)
        rows = RowFile(row_file(directory, new), embedder.dimension)
        vectors, lexical = _vectors_to_fill(chroma, facts), LexicalIndex(lexical_directory)
        placed: list[tuple[list[Passage], int]] = []
        for papers, passages_by_paper in fill(vectors, embedder, manifest, report):
            lexical.replace(papers)
            placed += _placed(rows, vectors, passages_by_paper)
            tell(report)
        vectors.close()
        manifest.switch(new, placed, **{k: str(v) for k, v in facts.items()}, writing="0")
        _discard(directory, old)


def _vectors_to_fill(chroma: Path, facts: dict[str, str | int]) -> VectorIndex:
    """Return the new collection: what a broken rebuild with the same model left, or an empty one."""
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


def _placed(
    rows: RowFile, index: VectorIndex, passages_by_paper: list[list[Passage]]
) -> list[tuple[list[Passage], int]]:
    """Copy the vectors of papers into the row file; return each paper's passages with their first row."""
    ids = [passage.id for own in passages_by_paper for passage in own]
    stored = index.vectors(ids)
    row = rows.append(np.stack([stored[i] for i in ids])) if ids else 0
    firsts = row + np.cumsum([0, *(len(own) for own in passages_by_paper)])
    return [(own, int(first)) for own, first in zip(passages_by_paper, firsts, strict=False)]


def _discard(directory: Path, generation: int) -> None:
    """Remove the indexes no longer in use; a reader that has them open keeps them until it looks again."""
    for path in index_directories(directory, generation):
        shutil.rmtree(path, ignore_errors=True)
    row_file(directory, generation).unlink(missing_ok=True)
