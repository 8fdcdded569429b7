"""Measure retrieval on a BEIR folder: index it into a temporary library and search it with its own queries."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.benchmarks.beir import BeirFolder, open_beir
from eval.metrics.retrieval import ranking_scores
from eval.sets.dataset_files import DatasetError
from rag.paper import title_key

if TYPE_CHECKING:
    from rag.library import Library
    from rag.models.protocols import Embedder
    from rag.settings import Settings

#: Papers asked for: as many as Recall@100 looks at.
DEPTH = 100
_log = logging.getLogger(__name__)
_MEASURES = {"ndcg@10": "nDCG@10", "recall@100": "R@100", "mrr@10": "RR@10", "hit@1": "Success@1"}


@dataclass(frozen=True, slots=True)
class Searched:
    """Document ids found, best first, by query id, and the milliseconds of each search."""

    rankings: dict[str, list[str]]
    milliseconds: list[float]


def evaluate_retrieval(
    directory: Path,
    settings: Settings | None = None,
    *,
    judgements: str = "test",
    embedder: Embedder | None = None,
    progress: Callable[[str], None] = lambda _: None,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Any]:
    """The figures of ``citewell eval retrieval DIR``, ready for JSON.

    Every document is a paper of its own, also where two have the same text; one without title and text cannot be found
    (logged) and is not among ``papers``, but counts as missed where it is relevant.
    Of two documents under one id the later stands (logged). A document that is the query itself (same id and same
    text) is left out of that query's ranking, as BEIR does, unless it is judged relevant.
    Latencies are those of a search call for 100 papers, after one call that is not counted; papers a second are those
    of the whole ingest.

    Args:
        directory: a folder in BEIR's layout.
        settings: name the embedding model; by default from the environment.
        judgements: which file of ``qrels/`` to go by.
        embedder: an embedding model in place of the one the settings name.
        progress: called with a few words on how far it is.
        clock: seconds.

    Returns:
        ``{"dataset", "papers", "queries", "ndcg@10", "recall@100", "mrr@10", "hit@1", "p50_ms", "p95_ms",
        "papers_per_second"}``.

    Raises:
        DatasetError: the folder is not in that layout, or none of its documents can be found.
        ModelError: the embedding model cannot be loaded.
    """
    from rag.library import Library
    from rag.settings import Settings

    chosen = (settings or Settings.load()).local()
    folder = open_beir(directory, judgements)
    # The library goes with the directory, whatever happens.
    with (
        tempfile.TemporaryDirectory(prefix="citewell-eval-", ignore_cleanup_errors=True) as place,
        Library.open(Path(place) / "library", chosen, create=True, embedder=embedder) as library,
    ):
        start = clock()
        report = library.add(
            folder.papers(), merge=False, progress=lambda r: progress(f"{r.read} documents read, {r.embedded} passages")
        )
        seconds = clock() - start
        if skipped := report.skipped:
            first = f"{skipped[0].position}: {skipped[0].reason}"
            _log.warning("documents that cannot be found: %d, %s first", len(skipped), first)
        if repeated := report.read - report.papers:
            _log.warning("documents under an id that came before: %d; the last of each stands", repeated)
        if not report.papers:
            raise DatasetError(f"{folder.corpus} holds no document with a title or a text; there is nothing to search")
        searched = search_all(library, folder, progress=progress, clock=clock)
    scores = ranking_scores(folder.judgements, searched.rankings, list(_MEASURES.values()))
    p50, p95 = np.percentile(searched.milliseconds, [50, 95])
    return {
        "dataset": folder.name,
        "papers": report.papers,
        "queries": len(folder.queries),
        **{
            name: round(float(np.mean([own[measure] for own in scores.values()])), 4)
            for name, measure in _MEASURES.items()
        },
        "p50_ms": round(float(p50), 2),
        "p95_ms": round(float(p95), 2),
        "papers_per_second": round(report.papers / seconds, 1) if seconds else 0.0,
    }


def search_all(
    library: Library,
    folder: BeirFolder,
    *,
    progress: Callable[[str], None] = lambda _: None,
    clock: Callable[[], float] = time.perf_counter,
) -> Searched:
    """Search a library that holds the folder's documents with every query, in order; the first search is made twice and
    timed once."""
    library.search(next(iter(folder.queries.values())), k=DEPTH)
    rankings: dict[str, list[str]] = {}
    milliseconds: list[float] = []
    for number, (query_id, query) in enumerate(folder.queries.items(), 1):
        itself = _itself(library, folder, query_id, query)
        start = clock()
        result = library.search(query, k=DEPTH + (itself is not None))
        milliseconds.append((clock() - start) * 1_000)
        rankings[query_id] = [found.paper.id for found in result.evidence if found.paper.id != itself]
        progress(f"{number} of {len(folder.queries)} queries")
    return Searched(rankings, milliseconds)


def _itself(library: Library, folder: BeirFolder, query_id: str, query: str) -> str | None:
    """The id of the document that is the query, if there is one. Many sets number queries and documents alike, so the
    id alone does not say so; and a document that is judged relevant has to be found."""
    if folder.judgements[query_id].get(query_id, 0) > 0:
        return None
    paper = library.paper(query_id)
    if paper is None:
        return None
    asked = title_key(query)
    same = asked in (title_key(paper.title), title_key(paper.abstract), title_key(paper.title + paper.abstract))
    return query_id if asked and same else None
