"""Detect a file's format from its content, never from its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rag.readers.parsing.json_records import first_values
from rag.readers.parsing.page_text import blocks_of, looks_like_a_list
from rag.readers.source import Source

_MARKUP_HEAD = 64 * 1024
_RIS = re.compile(r"^[ \t]{0,4}TY[ \t]{0,3}-[ \t]{0,4}[A-Z]", re.M)
_WOS = re.compile(r"^(?:FN (?:Clarivate|Thomson|ISI) |PT [A-Z]$)", re.M)
_NBIB = re.compile(r"^PMID ?- ?\d", re.M)
# Any word will not do: "@dataclass(" and "@media (" begin lines of programs and style sheets.
_BIBTEX = re.compile(
    r"^[ \t]{0,20}@[ \t]{0,5}(?:string|preamble|comment|article|periodical|book|mvbook|inbook|bookinbook|suppbook"
    r"|booklet|collection|mvcollection|incollection|proceedings|mvproceedings|inproceedings|conference|manual|patent|misc|online"
    r"|electronic|www|report|techreport|thesis|mastersthesis|phdthesis|unpublished|dataset|software|reference"
    r"|inreference|set|preprint)[ \t]{0,5}[{(]",
    re.M | re.I,
)
_META = re.compile(r"citation_title[\"'\s]", re.I)
_XML = {
    "PubmedArticleSet": "pubmed-xml",
    "PubmedArticle": "pubmed-xml",
    "PubmedBookArticleSet": "pubmed-xml",
    "MedlineCitationSet": "pubmed-xml",
    "feed": "arxiv-atom",
}
_ROOT = re.compile(r"<(?:\w{1,20}:)?(\w{1,40})[\s/>]")


def detect(source: Source, columns: Mapping[str, str] | None = None) -> str | None:
    """The name of the format of ``source``, or ``None`` where nothing in its head is known. ``columns`` are those of a
    table that a user named, see :class:`rag.readers.base.Options`."""
    head = source.head
    start = head.lstrip()
    if start.startswith("<"):
        return _of_markup(start)
    if start.startswith(("{", "[")) and (name := _of_json(head)):
        return name
    tagged = {"nbib": _NBIB, "ris": _RIS, "bibtex": _BIBTEX, "wos": _WOS}
    first = min(
        ((found.start(), name) for name, shape in tagged.items() if (found := shape.search(head))), default=None
    )
    if first is not None:
        return first[1]
    from rag.readers.formats.table import layout_of

    if layout_of(head, columns) is not None:
        return "csv"
    return "hf-papers" if looks_like_a_list(blocks_of(head.split("\n"))) else None


def _of_markup(start: str) -> str | None:
    """XML by the name of its root, HTML by who made it."""
    root = next((found.group(1) for found in _ROOT.finditer(start[:_MARKUP_HEAD])), "")
    if root in _XML:
        return _XML[root]
    if start.startswith("<?xml") and root.casefold() != "html":
        return None
    if _META.search(start) or ("/abs/" in start and ("list-title" in start or "arxiv-result" in start)):
        return "arxiv-html"
    return "hf-papers"


def _of_json(head: str) -> str | None:
    records = [record for record in first_values(head) if isinstance(record, Mapping)]
    if not records:
        # Either no record is whole in the head, or none is an object; the formats' own words decide.
        words = {
            "abstract_inverted_index": "openalex",
            "externalIds": "semantic-scholar",
            "authors_parsed": "arxiv-json",
        }
        return next(
            (name for word, name in words.items() if f'"{word}"' in head), "jsonl" if '"title"' in head else None
        )
    names = [name for record in records if (name := _of_record(record))]
    return max(names, key=names.count, default=None)


def _of_record(record: Mapping[str, Any]) -> str | None:
    keys = record.keys()
    if "abstract_inverted_index" in keys or str(record.get("id", "")).startswith("https://openalex.org/"):
        return "openalex"
    if keys & {"paperId", "corpusid", "corpusId", "externalIds", "externalids", "citedPaper", "citingPaper"}:
        return "semantic-scholar"
    if keys & {"authors_parsed", "journal-ref", "update_date", "versions"}:
        return "arxiv-json"
    if keys & {"container-title", "issued", "citation-key", "DOI", "URL", "PMID"} or _is_csl(record):
        return "csl-json"
    if "_id" in keys and "text" in keys:
        return "beir"
    return "jsonl" if keys & {"title", "abstract"} else None


def _is_csl(record: Mapping[str, Any]) -> bool:
    """By its type, or by authors in parts: an item may have neither date nor identifier."""
    if record.get("type") in ("article-journal", "article", "paper-conference", "chapter", "report", "thesis"):
        return "authors" not in record
    author = record.get("author")
    return isinstance(author, list) and any(isinstance(one, Mapping) and "family" in one for one in author[:5])
