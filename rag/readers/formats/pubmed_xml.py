"""PubMed XML, as PubMed saves it and E-utilities answer it.

https://dtd.nlm.nih.gov/ncbi/pubmed/doc/out/250101/. The DTD its first lines point to is not fetched. An article
lists the works it refers to with DOIs of their own: identifiers are taken from the article's own places only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rag.bibliography.addresses import pubmed_address
from rag.readers.base import Options, Record, Skip, build
from rag.readers.parsing.xml_records import child, children, text_in, xml_records
from rag.readers.source import Source

_ARTICLES = frozenset({"PubmedArticle", "PubmedBookArticle"})
_CITATIONS = frozenset({"MedlineCitation"})


def read(source: Source, options: Options) -> Iterator[Record]:
    """The papers of a PubMed or MEDLINE XML file."""
    del options
    # The older MEDLINE files have no article around a citation.
    names = _ARTICLES if any(f"<{name}" in source.head for name in _ARTICLES) else _CITATIONS
    for found in xml_records(source, names):
        yield found if isinstance(found, Skip) else _paper(source.name, f"line {found[0]}", found[1])


def _paper(source: str, position: str, element: Any) -> Record:
    citation = child(element, "MedlineCitation")
    citation = element if citation is None else citation
    book = child(element, "BookDocument")
    article = child(citation, "Article") if book is None else book
    if article is None:
        return Skip(source, position, "a record without an article")
    pmid = text_in(child(citation if book is None else book, "PMID")).strip()
    return build(
        source,
        position,
        title=_title(article),
        abstract=_abstract(article, citation),
        authors=[_name(author) for author in children(article, "AuthorList", "Author")],
        year=_year(article),
        venue=text_in(child(article, "Journal", "Title"))
        or text_in(child(article, "Journal", "ISOAbbreviation"))
        or text_in(child(article, "Book", "BookTitle")),
        url=pubmed_address(pmid) if pmid.isdigit() else None,
        doi=_doi(element, article),
        pmid=pmid,
    )


def _title(article: Any) -> str:
    for path in (("ArticleTitle",), ("VernacularTitle",), ("Book", "BookTitle")):
        if title := text_in(child(article, *path)).strip():
            return title
    return ""


def _abstract(article: Any, citation: Any) -> str:
    """The abstract with its labels (``METHODS: ...``); if there is none, one of another kind or language."""
    own = child(article, "Abstract")
    for abstract in (own, *children(citation, "OtherAbstract")):
        if abstract is None:
            continue
        parts: list[str] = []
        for part in children(abstract, "AbstractText"):
            text, label = text_in(part).strip(), (part.get("Label") or "").strip(" :")
            if text:
                parts.append(f"{label}: {text}" if label and label != "UNLABELLED" else text)
        if parts:
            return " ".join(parts)
    return ""


def _name(author: Any) -> str:
    if (collective := text_in(child(author, "CollectiveName")).strip()) or author.get("ValidYN") == "N":
        return collective
    given = text_in(child(author, "ForeName")) or text_in(child(author, "Initials"))
    parts = (given, text_in(child(author, "LastName")), text_in(child(author, "Suffix")))
    return " ".join(part.strip() for part in parts if part.strip())


def _year(article: Any) -> str:
    """The year of the issue, else of the electronic publication; dates of revision are not the year."""
    dates = (
        child(article, "Journal", "JournalIssue", "PubDate"),
        child(article, "ArticleDate"),
        child(article, "Book", "PubDate"),
        child(article, "ContributionDate"),
    )
    for date in dates:
        if date is not None:
            text = text_in(child(date, "Year")) or text_in(child(date, "MedlineDate"))
            if text.strip():
                return text
    return ""


def _doi(element: Any, article: Any) -> str:
    for place in children(article, "ELocationID"):
        if place.get("EIdType") == "doi" and place.get("ValidYN") != "N":
            return text_in(place)
    for data in ("PubmedData", "PubmedBookData"):
        for number in children(element, data, "ArticleIdList", "ArticleId"):
            if number.get("IdType") == "doi":
                return text_in(number)
    for number in children(article, "ArticleIdList", "ArticleId"):
        if number.get("IdType") == "doi":
            return text_in(number)
    return ""
