"""JSON Lines: one object a line with ``title`` and ``abstract``; also the corpus file of a BEIR collection.

Fields read: ``title``, ``abstract`` (or ``text``), ``authors`` (texts, objects with ``name``, or one text), ``year``,
``venue``, ``url``, ``doi``, ``arxiv_id``, ``pmid`` and ``id``. BEIR: https://github.com/beir-cellar/beir,
``{"_id", "title", "text", "metadata"}``; its ids are kept, relevance judgements refer to them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rag.readers.base import Options, Record, build, text_of
from rag.readers.parsing.json_records import json_records
from rag.readers.source import Source

_METADATA = ("authors", "year", "venue", "journal", "url", "doi", "pmid", "pubmed_id")


def read(source: Source, options: Options) -> Iterator[Record]:
    """Yield the papers of a JSON Lines file, a JSON array, or an object that wraps one."""
    del options
    return json_records(source, _record)


def _record(source: str, position: str, record: Mapping[str, Any]) -> Record:
    if isinstance(inner := record.get("paper"), Mapping):
        # The API behind the Hugging Face Papers page wraps each paper once.
        record = {**record, **inner}
    if isinstance(more := record.get("metadata"), Mapping):
        # Collections in the layout of BEIR keep what is no text there, each under its own names.
        record = {**{name: more[name] for name in _METADATA if more.get(name)}, **record}
    return build(
        source,
        position,
        title=record.get("title"),
        abstract=record.get("abstract") or record.get("text") or record.get("summary"),
        authors=record.get("authors") or record.get("author"),
        year=record.get("year") or record.get("date") or record.get("published") or record.get("publishedAt"),
        venue=record.get("venue") or record.get("journal"),
        url=text_of(record.get("url")).split(";")[0],
        doi=record.get("doi"),
        arxiv_id=record.get("arxiv_id") or record.get("arxivId"),
        pmid=record.get("pmid") or record.get("pubmed_id"),
        paper_id=record.get("id") or record.get("_id"),
    )
