"""RIS, as Zotero, EndNote, Scopus, publishers and many databases export it.

https://en.wikipedia.org/wiki/RIS_(file_format). The parsers at hand lose the neighbour of a record without its ``ER``
and the second of two repeated fields, and refuse single blanks around the dash; the lines themselves are simple.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.bibliography.identifiers import normal_doi
from rag.readers.base import Options, Record, build, is_absent
from rag.readers.markup.markup import from_markup
from rag.readers.parsing.tagged import Tagged, joined, tagged_records
from rag.readers.source import Source

_STRICT = re.compile(r"[ \t]{0,4}([A-Z][A-Z0-9]) {2}-(?: (.*)|$)")
_LOOSE = re.compile(r"[ \t]{0,4}([A-Z][A-Z0-9])[ \t]{0,3}-(?:[ \t]?(.*)|$)")
_FIRST = frozenset({"TY"})


def read(source: Source, options: Options) -> Iterator[Record]:
    """The papers of a RIS file. Of repeated abstracts all are kept, of repeated DOIs the first."""
    del options
    # In a file that keeps to the format, "AI - based" inside an abstract is text and not a field.
    shape = _STRICT if any(_STRICT.match(line) for line in source.head.split("\n")) else _LOOSE
    for record in tagged_records(source, shape, _FIRST, "ER"):
        yield _paper(source.name, record)


def _paper(source: str, record: Tagged) -> Record:
    # "NA" in one field does not hide the abstract in the other.
    told = (
        [text for value in record.values.get(tag, ()) if not is_absent(text := from_markup(value))]
        for tag in ("AB", "N2")
    )
    abstracts = next(filter(None, told), [])
    links = [link for value in record.every("UR", "L2", "LK") for link in re.split(r";\s*(?=https?:)", value)]
    named = [value for tag in ("DO", "DI", "M3") for value in record.values.get(tag, ())]
    # An address of a publisher may hold something like a DOI with more after it; that of the resolver is one.
    resolved = [link for link in (*links, *record.values.get("L3", ())) if "doi.org/10." in link]
    return build(
        source,
        f"line {record.line}",
        title=from_markup(record.first("TI", "T1", "CT", "BT", "ST")),
        abstract=joined(abstracts),
        authors=[name.strip().rstrip(",") for name in record.every("AU", "A1")],
        year=record.first("PY", "Y1", "DA"),
        venue=from_markup(record.first("T2", "JO", "JF", "JA", "J2", "BT", "PB")),
        url=next((link.strip() for link in links if link.strip()), None),
        doi=next(filter(None, map(normal_doi, (*named, *resolved))), None),
        arxiv_id=next((v for v in record.every("AN", "C1", "M1") if v.casefold().startswith("arxiv:")), None),
        pmid=_pmid(record),
    )


def _pmid(record: Tagged) -> str | None:
    """PubMed ids are ``AN - 12345678`` in records of PubMed, or follow the letters PMID in notes."""
    database = record.first("DB", "DP").casefold()
    number = record.first("AN")
    if number.isdigit() and ("pubmed" in database or "medline" in database):
        return number
    for tag in ("C2", "AN", "N1", "M1", "U2"):
        for value in record.values.get(tag, ()):
            if found := re.search(r"PMID:? ?(\d{1,9})\b", value):
                return found.group(1)
    return None
