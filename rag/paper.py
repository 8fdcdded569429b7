"""The paper: one work with its bibliographic facts, the unit everything else refers to."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from rag.bibliography.addresses import Address, addresses
from rag.bibliography.identifiers import normal_arxiv_id, normal_doi, normal_pmid
from rag.bibliography.names import surname

#: Fields of the library's own record only.
_PRIVATE = frozenset({"source", "arxiv_version"})
_NOT_WORD = re.compile(r"[^\w]+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Paper:
    """One work. Absent facts are ``None`` (or an empty tuple for authors).

    ``abstract`` holds normalised text with single spaces (:func:`rag.language.normalise.normalise`); every offset in
    passages and citations counts characters of this very string. ``source`` names where the text came from
    and ``arxiv_version`` which version of an arXiv paper it is, if known; neither is part of the paper's
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
        """Return a paper with normalised identifiers and, unless ``paper_id`` is given, an id derived from them.

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
        """Return the public record of the contracts; absent facts are ``None``."""
        record = self.to_record()
        return {name: value for name, value in record.items() if name not in _PRIVATE}

    def to_record(self) -> dict[str, Any]:
        """Return every field, as a library keeps them."""
        record: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        record["authors"] = list(self.authors)
        return record

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Self:
        """Return the paper of a record: the inverse of :meth:`to_dict` and :meth:`to_record`."""
        known: dict[str, Any] = {f.name: record.get(f.name) for f in fields(cls)}
        known["authors"] = tuple(record.get("authors") or ())
        return cls(**known)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where the paper can be read: safe addresses, by identifier first, each once."""
        return addresses(doi=self.doi, arxiv_id=self.arxiv_id, pmid=self.pmid, url=self.url)


def title_key(title: str) -> str:
    """Return a title reduced to what two records of the same work share: no case, accents, punctuation or blanks."""
    bare = unicodedata.normalize("NFKD", title).casefold()
    return _NOT_WORD.sub("", "".join(c for c in bare if not unicodedata.combining(c)))


def surname_key(authors: Sequence[str]) -> str:
    """Return the first author's surname, reduced as in :func:`title_key`; reads ``Given Family`` and ``Family,
    Given``."""
    return title_key(surname(authors[0])) if authors else ""


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
