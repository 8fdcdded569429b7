"""The Atom feed the arXiv API answers.

https://info.arxiv.org/help/api/user-manual.html. Errors come as entries too. ``updated`` is the date of the last
version; the year of a paper is that of ``published``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rag.bibliography.addresses import arxiv_address
from rag.bibliography.identifiers import arxiv_version_of, normal_arxiv_id
from rag.readers.base import Options, Record, Skip, build
from rag.readers.markup.latex import from_latex
from rag.readers.parsing.xml_records import child, children, text_in, xml_records
from rag.readers.source import Source


def read(source: Source, options: Options) -> Iterator[Record]:
    """The papers of a feed; an error of the API is a skip with its message."""
    del options
    for number, found in enumerate(xml_records(source, frozenset({"entry"})), 1):
        yield found if isinstance(found, Skip) else _paper(source.name, f"record {number}", found[1])


def _paper(source: str, position: str, entry: Any) -> Record:
    address = text_in(child(entry, "id")).strip()
    summary = text_in(child(entry, "summary"))
    if "arxiv.org/api/errors" in address:
        return Skip(source, position, f"arXiv answered: {' '.join(summary.split())[:200] or 'an error'}")
    arxiv_id = normal_arxiv_id(address.rpartition("/abs/")[2])
    return build(
        source,
        position,
        title=from_latex(text_in(child(entry, "title"))),
        abstract=from_latex(summary),
        authors=[from_latex(text_in(child(author, "name"))) for author in children(entry, "author")],
        year=text_in(child(entry, "published")),
        venue=from_latex(text_in(child(entry, "journal_ref"))),
        url=arxiv_address(arxiv_id) if arxiv_id else address,
        doi=text_in(child(entry, "doi")),
        arxiv_id=arxiv_id,
        arxiv_version=arxiv_version_of(address) if arxiv_id else None,
    )
