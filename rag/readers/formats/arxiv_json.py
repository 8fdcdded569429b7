"""The arXiv metadata snapshot: JSON Lines, a few million records of LaTeX titles, versions and parsed authors.

https://www.kaggle.com/datasets/Cornell-University/arxiv
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rag.bibliography.addresses import arxiv_address
from rag.bibliography.identifiers import normal_arxiv_id
from rag.readers.base import Options, Record, build, text_of, year_of
from rag.readers.markup.latex import from_latex
from rag.readers.parsing.json_records import json_records
from rag.readers.source import Source

_AFFILIATION = re.compile(r"\s{0,5}\([^()]{0,300}\)")


def read(source: Source, options: Options) -> Iterator[Record]:
    """Yield the papers of a snapshot. The year is that of the first version; ``update_date`` is when a record was
    touched.
    """
    del options
    return json_records(source, _record)


def _record(source: str, position: str, record: Mapping[str, Any]) -> Record:
    arxiv_id = normal_arxiv_id(text_of(record.get("id")))
    return build(
        source,
        position,
        title=from_latex(text_of(record.get("title"))),
        abstract=from_latex(text_of(record.get("abstract"))),
        authors=_authors(record),
        year=_first_version(record) or year_of_id(arxiv_id),
        venue=from_latex(text_of(record.get("journal-ref"))),
        url=arxiv_address(arxiv_id) if arxiv_id else None,
        doi=record.get("doi"),
        arxiv_id=arxiv_id,
        arxiv_version=_last_version(record),
    )


def _authors(record: Mapping[str, Any]) -> list[str] | str:
    parsed = record.get("authors_parsed")
    if isinstance(parsed, list) and parsed:
        # Each is family name, given names, suffix, in this order.
        names = ([text_of(part) for part in name] for name in parsed if isinstance(name, list))
        return [from_latex(" ".join(filter(None, (*name[1:2], *name[:1], *name[2:3])))) for name in names]
    return _AFFILIATION.sub("", from_latex(text_of(record.get("authors"))))


def _first_version(record: Mapping[str, Any]) -> int | None:
    versions = record.get("versions")
    first = versions[0] if isinstance(versions, list) and versions else None
    return year_of(first.get("created")) if isinstance(first, Mapping) else None


def _last_version(record: Mapping[str, Any]) -> int | None:
    versions = record.get("versions")
    return len(versions) if isinstance(versions, list) and versions else None


def year_of_id(arxiv_id: str | None) -> int | None:
    """Return the year of an arXiv id: ``2404.07999`` and ``hep-th/9901001`` contain it."""
    digits = (arxiv_id or "").rpartition("/")[2][:2]
    if not digits.isdigit():
        return None
    return (1900 if int(digits) > 90 else 2000) + int(digits)
