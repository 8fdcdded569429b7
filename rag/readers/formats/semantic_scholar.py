"""Semantic Scholar: responses of the graph API (search, batch, recommendations, citations) and the dataset files.

https://api.semanticscholar.org/api-docs/graph. A batch answers ``null`` for an id it does not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rag.readers.base import Options, Record, build
from rag.readers.markup.markup import from_markup
from rag.readers.parsing.json_records import json_records
from rag.readers.source import Source


def read(source: Source, options: Options) -> Iterator[Record]:
    """Yield the papers of a response or a dataset file."""
    del options
    return json_records(source, _record)


def _record(source: str, position: str, record: Mapping[str, Any]) -> Record:
    inner = record.get("citedPaper") or record.get("citingPaper")
    if isinstance(inner, Mapping):
        record = inner
    # The API writes DOI, ArXiv, PubMed; the dataset files write them small in other places.
    raw = record.get("externalIds") or record.get("externalids")
    ids = {str(key).casefold(): value for key, value in raw.items()} if isinstance(raw, Mapping) else {}
    return build(
        source,
        position,
        title=_plain(record.get("title")),
        abstract=_plain(record.get("abstract")),
        authors=record.get("authors"),
        year=record.get("year") or record.get("publicationDate") or record.get("publicationdate"),
        venue=record.get("venue") or _name(record.get("publicationVenue")) or _name(record.get("journal")),
        url=record.get("url"),
        doi=ids.get("doi") or record.get("doi"),
        arxiv_id=ids.get("arxiv") or record.get("arxivId"),
        pmid=ids.get("pubmed"),
    )


def _plain(value: object) -> object:
    return from_markup(value) if isinstance(value, str) else value


def _name(value: object) -> object:
    return value.get("name") if isinstance(value, Mapping) else None
