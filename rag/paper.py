"""The paper: one work with its bibliographic facts, the unit everything else refers to."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self
from urllib.parse import unquote

_ARXIV = re.compile(r"(?:arxiv[:./\s]*|abs/|pdf/)?(\d{4}\.\d{4,5}|[a-z\-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?", re.I)
_ARXIV_VERSION = re.compile(r"\dv(\d{1,3})(?:\.pdf)?$", re.I)
_DOI = re.compile(r"10\.\d{4,9}/\S{1,2000}")
_CLOSING = {")": "(", "]": "[", "}": "{", ">": "<"}
#: Fields of the library's own record only.
_PRIVATE = frozenset({"source", "arxiv_version"})
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
_NOT_WORD = re.compile(r"[^\w]+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Paper:
    """One work. Absent facts are ``None`` (or an empty tuple for authors).

    ``abstract`` holds normalised text with single spaces (:func:`rag.language.normalise.normalise`); every offset in
    passages and citations counts characters of this very string. ``source`` names where the text came from
    and ``arxiv_version`` which version of an arXiv paper it is, where that was told; neither is part of the paper's
    identity or of its public record.
    """

    id: str
    title: str
    abstract: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    venue: str | None = None
    url: str | None = None
    doi: str | None = None
    arxiv_id: str | None = None
    pmid: str | None = None
    source: str | None = None
    arxiv_version: int | None = None

    @classmethod
    def create(
        cls,
        *,
        title: str,
        abstract: str,
        authors: Sequence[str] = (),
        year: int | None = None,
        venue: str | None = None,
        url: str | None = None,
        doi: str | None = None,
        arxiv_id: str | None = None,
        pmid: str | None = None,
        source: str | None = None,
        arxiv_version: int | None = None,
        paper_id: str | None = None,
    ) -> Self:
        """A paper with normalised identifiers and, unless ``paper_id`` is given, an id derived from them.

        The caller hands in normalised title and abstract. The id prefers what names the work everywhere: DOI,
        then arXiv id, then PMID, else a digest of normalised title, first author and year.
        """
        doi, arxiv_id, pmid = normal_doi(doi), normal_arxiv_id(arxiv_id), normal_pmid(pmid)
        if paper_id is None:
            paper_id = _derived_id(title, authors, year, doi, arxiv_id, pmid)
        return cls(
            id=paper_id,
            title=title,
            abstract=abstract,
            authors=tuple(authors),
            year=year,
            venue=venue or None,
            url=url or None,
            doi=doi,
            arxiv_id=arxiv_id,
            pmid=pmid,
            source=source or None,
            arxiv_version=arxiv_version,
        )

    def to_dict(self) -> dict[str, Any]:
        """The public record of the contracts: what anyone may know of the paper; absent facts are ``None``."""
        record = self.to_record()
        return {name: value for name, value in record.items() if name not in _PRIVATE}

    def to_record(self) -> dict[str, Any]:
        """Every field, as a library keeps them."""
        record: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        record["authors"] = list(self.authors)
        return record

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_dict` and :meth:`to_record`."""
        known: dict[str, Any] = {f.name: record.get(f.name) for f in fields(cls)}
        known["authors"] = tuple(record.get("authors") or ())
        return cls(**known)

    def with_source(self, source: str) -> Self:
        """The same paper, recorded as read from ``source``."""
        return replace(self, source=source)


def title_key(title: str) -> str:
    """A title reduced to what two records of the same work share: no case, accents, punctuation or blanks."""
    bare = unicodedata.normalize("NFKD", title).casefold()
    return _NOT_WORD.sub("", "".join(c for c in bare if not unicodedata.combining(c)))


def surname_key(authors: Sequence[str]) -> str:
    """The first author's surname, reduced as in :func:`title_key`; reads ``Given Family`` and ``Family, Given``."""
    if not authors:
        return ""
    name = authors[0]
    words = name.split()
    while len(words) > 2 and words[-1].casefold().rstrip(".") in _SUFFIXES:
        words.pop()
    surname = name.split(",", 1)[0] if "," in name else words[-1] if words else ""
    return title_key(surname)


def normal_doi(text: str | None) -> str | None:
    """A DOI without resolver and case (DOIs are case-insensitive), or ``None`` where the text holds none.

    What an address escapes is resolved; invisible characters go, and brackets that the DOI itself opened stay.
    """
    text = text or ""
    if "%" in text and text.lstrip().startswith(("http://", "https://")):
        text = unquote(text)
    if not text.isprintable():
        text = "".join(_printable(c) for c in text)
    found = _DOI.search(text)
    return _without_closing(found.group()).lower() if found else None


def _printable(c: str) -> str:
    category = unicodedata.category(c)
    return "" if category == "Cf" else " " if category.startswith("C") else c


def _without_closing(doi: str) -> str:
    """A DOI without the punctuation of the sentence or field around it; ``10.1061/(asce)1084(2000)5(115)`` is whole."""
    while doi:
        opening = _CLOSING.get(doi[-1])
        if doi[-1] not in ".,;:\"'" and (opening is None or doi.count(opening) >= doi.count(doi[-1])):
            break
        doi = doi[:-1]
    return doi


def normal_arxiv_id(text: str | None) -> str | None:
    """An arXiv id without version, or ``None`` where the text is not one."""
    found = _ARXIV.fullmatch((text or "").strip().removeprefix("https://arxiv.org/").removeprefix("http://arxiv.org/"))
    return found.group(1) if found else None


def arxiv_version_of(text: str | None) -> int | None:
    """The version that an arXiv id or address ends with (``2004.12832v2``), or ``None``."""
    found = _ARXIV_VERSION.search((text or "").strip())
    return int(found.group(1)) if found else None


def normal_pmid(text: str | int | None) -> str | None:
    """A PubMed id as digits, or ``None``."""
    found = re.search(r"\d{1,9}", str(text or ""))
    return found.group() if found else None


def _derived_id(
    title: str,
    authors: Sequence[str],
    year: int | None,
    doi: str | None,
    arxiv_id: str | None,
    pmid: str | None,
) -> str:
    if doi:
        return f"doi:{doi}"
    if arxiv_id:
        return f"arxiv:{arxiv_id}"
    if pmid:
        return f"pmid:{pmid}"
    key = "\x1f".join((title_key(title), surname_key(authors), str(year or "")))
    return "t:" + hashlib.sha256(key.encode()).hexdigest()[:16]
