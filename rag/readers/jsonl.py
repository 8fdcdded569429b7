"""JSON Lines: one object a line with ``title`` and ``abstract``; also the corpus file of a BEIR collection.

Fields read: ``title``, ``abstract`` (or ``text``), ``authors`` (texts, objects with ``name``, or one text), ``year``,
``venue``, ``url``, ``doi``, ``arxiv_id``, ``pmid`` and ``id``. BEIR: https://github.com/beir-cellar/beir,
``{"_id", "title", "text"}``; its ids are kept, relevance judgements refer to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rag.readers.base import Options, Record, build
from rag.readers.json_records import json_records
from rag.readers.source import Source


def read(source: Source, options: Options) -> Iterator[Record]:
    """The papers of a JSON Lines file, a JSON array, or an object that wraps one."""
    del options
    return json_records(source, _record)


def _record(source: str, position: str, record: Mapping[str, Any]) -> Record:
    if isinstance(inner := record.get("paper"), Mapping):
        # The API behind the Hugging Face Papers page wraps each paper once.
        record = {**record, **inner}
    return build(
        source,
        position,
        title=record.get("title"),
        abstract=record.get("abstract") or record.get("text") or record.get("summary"),
        authors=record.get("authors") or record.get("author"),
        year=record.get("year") or record.get("date") or record.get("published") or record.get("publishedAt"),
        venue=record.get("venue") or record.get("journal"),
        url=record.get("url"),
        doi=record.get("doi"),
        arxiv_id=record.get("arxiv_id") or record.get("arxivId"),
        pmid=record.get("pmid"),
        paper_id=record.get("id") or record.get("_id"),
    )
