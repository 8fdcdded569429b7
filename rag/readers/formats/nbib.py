"""MEDLINE, the tagged format of PubMed (``.nbib``, "PubMed" in its save dialogue).

https://www.nlm.nih.gov/bsd/mms/medlineelements.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.bibliography.addresses import pubmed_address
from rag.bibliography.identifiers import normal_doi
from rag.bibliography.names import initials_first
from rag.readers.base import Options, Record, build
from rag.readers.parsing.tagged import Tagged, joined, tagged_records
from rag.readers.source import Source

_LINE = re.compile(r"([A-Z][A-Z0-9]{1,3}) {0,2}-(?: (.*)|$)")
_FIRST = frozenset({"PMID"})


def read(source: Source, options: Options) -> Iterator[Record]:
    """Yield the papers of a MEDLINE file; a record begins at its ``PMID``."""
    del options
    for record in tagged_records(source, _LINE, _FIRST, "ER"):
        yield _paper(source.name, record)


def _paper(source: str, record: Tagged) -> Record:
    pmid = record.first("PMID")
    return build(
        source,
        f"line {record.line}",
        title=record.first("TI", "BTI", "TT"),
        abstract=joined(record.every("AB", "OAB")),
        authors=[initials_first(name) for name in record.every("FAU", "AU")] + record.values.get("CN", []),
        year=record.first("DP", "DEP", "EDAT"),
        venue=record.first("JT", "TA", "BTI"),
        url=pubmed_address(pmid) if pmid.isdigit() else None,
        doi=_doi(record),
        pmid=pmid,
    )


def _doi(record: Tagged) -> str | None:
    """Return the DOI: ``LID`` and ``AID`` identify the article in several systems, and the DOI is marked."""
    for tag in ("LID", "AID"):
        for value in record.values.get(tag, ()):
            if value.endswith("[doi]") and (doi := normal_doi(value.removesuffix("[doi]").strip())):
                return doi
    return None
