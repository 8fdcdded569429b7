"""CSL-JSON, as Zotero and pandoc write it and the DOI resolvers answer it; also Crossref's own works.

https://github.com/citation-style-language/schema. Crossref's differ in that titles are lists and abstracts are JATS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rag.readers.base import Options, Record, build, text_of
from rag.readers.markup.markup import from_markup
from rag.readers.parsing.json_records import json_records
from rag.readers.source import Source

_DATES = ("issued", "published", "published-print", "published-online", "original-date", "created")


def read(source: Source, options: Options) -> Iterator[Record]:
    """Yield the papers of an array, of an object that wraps one, or of a single work."""
    del options
    return json_records(source, record_of)


def record_of(source: str, position: str, record: Mapping[str, Any]) -> Record:
    """Convert one work. Its ``id`` is a citation key and is not used."""
    return build(
        source,
        position,
        title=from_markup(text_of(record.get("title"))),
        abstract=from_markup(text_of(record.get("abstract"))),
        authors=[_name(one) for one in _items(record.get("author"))],
        year=_year(record),
        venue=from_markup(text_of(record.get("container-title") or record.get("event-title") or record.get("event"))),
        url=record.get("URL"),
        doi=record.get("DOI"),
        arxiv_id=_arxiv_id(record),
        pmid=record.get("PMID"),
    )


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _name(author: object) -> str:
    if not isinstance(author, Mapping):
        return text_of(author)
    if whole := text_of(author.get("literal")) or text_of(author.get("name")):
        return whole
    parts = ("given", "dropping-particle", "non-dropping-particle", "family", "suffix")
    return " ".join(part for key in parts if (part := text_of(author.get(key)).strip()))


def _year(record: Mapping[str, Any]) -> object:
    """Return the year of the first date that has one: ``date-parts``, ``raw``, ``literal`` or a plain text."""
    for key in _DATES:
        date = record.get(key)
        if isinstance(date, Mapping):
            parts = date.get("date-parts")
            first = parts[0] if isinstance(parts, list) and parts else None
            year = first[0] if isinstance(first, list) and first else date.get("raw") or date.get("literal")
        else:
            year = date
        if text_of(year):
            return year
    return record.get("year")


def _arxiv_id(record: Mapping[str, Any]) -> object:
    """Return the arXiv id from ``number`` or ``archive_location`` (``arXiv:2404.07999``), as Zotero and others write
    it.
    """
    for key in ("arxiv", "number", "archive_location", "archive-location"):
        value = text_of(record.get(key))
        if value.casefold().startswith("arxiv") or (key == "arxiv" and value):
            return value.split(" ", 1)[0]
    return None
