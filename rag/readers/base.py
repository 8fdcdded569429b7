"""What every reader gives: papers, or skips that say where and why; and the one way from raw fields to a paper."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from rag.bibliography.addresses import safe_address
from rag.bibliography.identifiers import arxiv_version_of, normal_arxiv_id, normal_doi
from rag.bibliography.names import given_first, is_nobody, split_names
from rag.language.normalise import normalise
from rag.paper import Paper

#: Characters of one record (a line of JSON Lines, a BibTeX entry, a row) before it is taken for damage and skipped.
MAX_RECORD = 16 * 1024 * 1024
#: Characters of an abstract that are kept as one paper's; longer text is a whole document in the wrong field.
MAX_ABSTRACT = 100_000
MAX_TITLE = 2_000
MAX_AUTHORS = 20_000

# A year of its own, or the one that opens a date without separators (20190501).
_YEAR = re.compile(r"(?<!\d)(1[4-9]\d\d|20\d\d|2100)(?:[01]\d[0-3]\d)?(?!\d)")
_ARXIV_ADDRESS = re.compile(r"https?://(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/([\w.\-]{1,30}(?:/\d{7})?)", re.I)
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(.{1,40})", re.I)
#: What exports write where there is nothing, in small letters and without brackets and stops around it.
_PLACEHOLDERS = frozenset(
    {
        *"na n/a n.a none null nil nan tba tbd unknown abstract untitled withdrawn".split(),
        "no abstract",
        "no abstract available",
        "no abstract provided",
        "abstract not available",
        "abstract unavailable",
        "not available",
        "no title",
        "no title available",
    }
)


@dataclass(frozen=True, slots=True)
class Skip:
    """A record that gives no paper. ``position`` is its place in ``source``: ``line 12``, ``record 3``."""

    source: str
    position: str
    reason: str

    def to_dict(self) -> dict[str, str]:
        """The public record of the contracts."""
        return {"source": self.source, "position": self.position, "reason": self.reason}


Record: TypeAlias = Paper | Skip


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may say about a source beside its format.

    ``columns`` maps a paper's field to the header of the column that holds it, for tables whose headers are not
    recognised: ``{"title": "Name of work", "abstract": "Summary"}``.
    """

    columns: Mapping[str, str] = field(default_factory=dict)


def build(
    source: str,
    position: str,
    *,
    title: object,
    abstract: object,
    authors: object = (),
    year: object = None,
    venue: object = None,
    url: object = None,
    doi: object = None,
    arxiv_id: object = None,
    pmid: object = None,
    arxiv_version: int | None = None,
    paper_id: object = None,
) -> Record:
    """Return the paper that these raw fields give, or the skip that says why they give none.

    Fields come as a file holds them, of any type. A field that cannot be what it should be counts as absent; only a
    missing title or abstract costs the record. Without ``arxiv_version``, it is read off id or address.
    """
    clean_title = normalise(text_of(title))
    if is_absent(clean_title):
        return Skip(source, position, "no title")
    clean_abstract = normalise(text_of(abstract))
    if is_absent(clean_abstract):
        return Skip(source, position, "no abstract")
    if len(clean_title) > MAX_TITLE:
        return Skip(source, position, f"the title has {len(clean_title)} characters; more than {MAX_TITLE} is damage")
    if len(clean_abstract) > MAX_ABSTRACT:
        return Skip(
            source, position, f"the abstract has {len(clean_abstract)} characters; more than {MAX_ABSTRACT} is not one"
        )
    link = text_of(url).strip()
    known_doi = normal_doi(text_of(doi))
    return Paper.create(
        title=clean_title,
        abstract=clean_abstract,
        authors=names_of(authors),
        year=year_of(year),
        venue=fact(venue),
        url=safe_address(link),
        doi=known_doi,
        arxiv_id=normal_arxiv_id(text_of(arxiv_id)) or _arxiv_id_of(link, known_doi),
        pmid=text_of(pmid),
        source=source,
        arxiv_version=arxiv_version or arxiv_version_of(text_of(arxiv_id)) or _version_of_link(link),
        paper_id=fact(paper_id, limit=200),
    )


def _arxiv_id_of(link: str, doi: str | None) -> str | None:
    """The arXiv id that an address or an arXiv DOI names."""
    found = _ARXIV_ADDRESS.match(link) or _ARXIV_DOI.fullmatch(doi or "")
    return normal_arxiv_id(found.group(1).removesuffix(".pdf")) if found else None


def _version_of_link(link: str) -> int | None:
    return arxiv_version_of(link) if _ARXIV_ADDRESS.match(link) else None


def text_of(value: object) -> str:
    """A field's text: of a list its first text, of a number its digits, of anything else nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int):
        # Python refuses to write out integers of many thousand digits.
        return str(value) if value.bit_length() < 256 else ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else ""
    if isinstance(value, (list, tuple)):
        return next((item for item in value if isinstance(item, str) and item.strip()), "")
    return ""


def is_absent(text: str) -> bool:
    """Return whether a title or abstract only says that there is none: empty, ``NA``, ``[No abstract available]``."""
    return text.casefold().strip(" .[]()") in _PLACEHOLDERS or not any(c.isalnum() for c in text)


def fact(value: object, limit: int = 500) -> str | None:
    """A short field as one line, or ``None`` where it is absent or too long to be one."""
    text = " ".join(normalise(text_of(value)).split())
    return text if text and len(text) <= limit and not is_absent(text) else None


def year_of(value: object) -> int | None:
    """The first year from 1400 to 2100 in a field such as ``2019``, ``2019-05-01`` or ``May 2019``."""
    found = _YEAR.search(text_of(value)[:100])
    return int(found.group(1)) if found else None


def names_of(value: object) -> tuple[str, ...]:
    """Author names, in order, from a list of texts or of ``{"name"}`` or ``{"given", "family"}``, or from one text."""
    if isinstance(value, str):
        return _tidy(split_names(value)[:MAX_AUTHORS])
    if not isinstance(value, (list, tuple)):
        return ()
    return _tidy(_name(item) for item in value[:MAX_AUTHORS])


def _tidy(names: Iterable[object]) -> tuple[str, ...]:
    clean = (given_first(name) for name in (fact(one, limit=300) for one in names) if name)
    return tuple(name for name in clean if not is_nobody(name))


def _name(item: Any) -> object:
    if not isinstance(item, Mapping):
        return item
    whole = item.get("name") or item.get("literal") or item.get("display_name") or item.get("full_name")
    if whole:
        return whole
    parts = (item.get("given") or item.get("first"), item.get("family") or item.get("last"))
    return " ".join(text_of(part).strip() for part in parts if text_of(part).strip())
