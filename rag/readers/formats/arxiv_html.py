"""Pages of arXiv saved as HTML: an abstract page, a listing, search results; and any page with ``citation_*`` tags.

The tags are those Google Scholar asks publishers for (https://scholar.google.com/intl/en/scholar/inclusion.html), so
that a saved abstract page of many other sites reads too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.bibliography.addresses import arxiv_address
from rag.bibliography.identifiers import arxiv_version_of, normal_arxiv_id
from rag.readers.base import Options, Record, Skip, build
from rag.readers.formats.arxiv_json import year_of_id
from rag.readers.markup.latex import from_latex
from rag.readers.markup.markup import from_markup
from rag.readers.parsing.page_html import Page, parse
from rag.readers.source import Source

_ABSTRACT_LINK = re.compile(r"(?:https?://(?:www\.|export\.)?arxiv\.org)?/abs/([\w.\-]{1,30}(?:/\d{7})?)(?:[?#].*)?")
_LABEL = re.compile(r"(?:title|authors?|abstract)\s*:\s*", re.I)
_MORE = re.compile(r"\s*(?:[△▽∇]\s*(?:less|more)|\(more\))\s*$", re.I)


def read(source: Source, options: Options) -> Iterator[Record]:
    """The paper of an abstract page, or the papers of a listing."""
    del options
    page = parse(source.text())
    if _meta(page, "citation_title"):
        yield _of_meta(source.name, page)
    else:
        for number, entry in enumerate(_entries(page), 1):
            yield _of_entry(source.name, f"record {number}", entry)


def _meta(page: Page, *names: str) -> str:
    return next((text for name in names for text in page.meta.get(name, ()) if text.strip()), "")


def _of_meta(source: str, page: Page) -> Record:
    dates = ("citation_publication_date", "citation_date", "citation_year", "citation_online_date", "dc.date")
    arxiv_id = normal_arxiv_id(_meta(page, "citation_arxiv_id"))
    visible = (
        _bare(block.text) for place, block in enumerate(page.blocks) if "abstract" in page.classes.get(place, ())
    )
    named = _meta(page, "citation_abstract", "dc.description", "description", "og:description")
    return build(
        source,
        "record 1",
        title=from_latex(from_markup(_meta(page, "citation_title"))),
        abstract=from_latex(
            from_markup(_meta(page, "citation_abstract") or max(visible, key=len, default="") or named)
        ),
        authors=page.meta.get("citation_author", []),
        year=_meta(page, *dates),
        venue=_meta(page, "citation_journal_title", "citation_conference_title"),
        url=arxiv_address(arxiv_id) if arxiv_id else _meta(page, "citation_abstract_html_url", "og:url"),
        doi=_meta(page, "citation_doi", "dc.identifier"),
        arxiv_id=arxiv_id,
        pmid=_meta(page, "citation_pmid"),
        arxiv_version=arxiv_version_of(_meta(page, "citation_arxiv_id"))
        or (arxiv_version_of(_meta(page, "citation_pdf_url", "og:url")) if arxiv_id else None),
    )


@dataclass(slots=True)
class _Entry:
    arxiv_id: str | None = None
    title: str = ""
    authors: str = ""
    abstract: str = ""


def _entries(page: Page) -> Iterator[_Entry]:
    """Yield the papers of a listing: a link to the paper, then title, authors and abstract by their classes."""
    entry = _Entry()
    for place, block in enumerate(page.blocks):
        link = _ABSTRACT_LINK.fullmatch(page.links.get(place, ""))
        classes = page.classes.get(place, frozenset())
        arxiv_id = normal_arxiv_id(link.group(1)) if link else None
        if arxiv_id and arxiv_id != entry.arxiv_id:
            if entry.title:
                yield entry
            entry = _Entry(arxiv_id)
        text = _bare(block.text)
        if classes & {"list-title", "title"} and not entry.title and not text.startswith("arXiv:"):
            entry.title = text
        elif classes & {"list-authors", "authors"}:
            entry.authors = text
        elif classes & {"abstract", "abstract-short", "abstract-full", "mathjax"} and len(text) > len(entry.abstract):
            entry.abstract = text if not classes & {"list-title", "title", "list-comments"} else entry.abstract
    if entry.title:
        yield entry


def _bare(text: str) -> str:
    label = _LABEL.match(text)
    return _MORE.sub("", text[label.end() :] if label else text).strip()


def _of_entry(source: str, position: str, entry: _Entry) -> Record:
    if not entry.abstract:
        return Skip(source, position, "no abstract (a short listing has none; save the one with abstracts)")
    return build(
        source,
        position,
        title=from_latex(entry.title),
        abstract=from_latex(entry.abstract),
        authors=entry.authors,
        year=year_of_id(entry.arxiv_id),
        url=arxiv_address(entry.arxiv_id) if entry.arxiv_id else None,
        arxiv_id=entry.arxiv_id,
    )
