"""Reader output: papers, or skips that say where and why; and the one way from raw fields to a paper."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from rag.language.normalise import normalise
from rag.paper import Paper, arxiv_version_of, normal_arxiv_id, normal_doi

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
_INITIALS = re.compile(r"([^\W\d_][^\d_.]{1,60}) ((?:[A-Z]\.-?){1,4}|[A-Z]{1,3})")
_NOBODY = frozenset({"others", "et al", "and others"})
_SUFFIXES = frozenset("jr sr ii iii iv v md phd inc ltd llc esq".split())
_AND = re.compile(r",? and | & ")
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
        """Return the public record of the contract."""
        return {"source": self.source, "position": self.position, "reason": self.reason}


Record: TypeAlias = Paper | Skip


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a user for one source, besides its format.

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
    """Build a paper from raw fields, or a skip that says why that is impossible.

    Fields come as a file holds them, of any type. A field that cannot be what it should be counts as absent; only a
    missing title or abstract costs the record. ``arxiv_version``, if not given, is read off id or address.
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
        url=link if is_link(link) else None,
        doi=known_doi,
        arxiv_id=normal_arxiv_id(text_of(arxiv_id)) or _arxiv_id_of(link, known_doi),
        pmid=text_of(pmid),
        source=source,
        arxiv_version=arxiv_version or arxiv_version_of(text_of(arxiv_id)) or _version_of_link(link),
        paper_id=fact(paper_id, limit=200),
    )


def _arxiv_id_of(link: str, doi: str | None) -> str | None:
    """Return the arXiv id that an address or an arXiv DOI names."""
    found = _ARXIV_ADDRESS.match(link) or _ARXIV_DOI.fullmatch(doi or "")
    return normal_arxiv_id(found.group(1).removesuffix(".pdf")) if found else None


def _version_of_link(link: str) -> int | None:
    return arxiv_version_of(link) if _ARXIV_ADDRESS.match(link) else None


def initials_first(name: str) -> str:
    """Turn ``Doe J.A.`` and ``Doe JA``, as PubMed and Scopus abbreviate, into ``J.A. Doe``."""
    found = _INITIALS.fullmatch(name.strip())
    return f"{found.group(2)} {found.group(1)}" if found else name


def text_of(value: object) -> str:
    """Return a field as text: the first text of a list, the digits of a number, empty for anything else."""
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
    """Return whether a title or abstract is a placeholder: empty, ``NA``, ``[No abstract available]``."""
    return text.casefold().strip(" .[]()") in _PLACEHOLDERS or not any(c.isalnum() for c in text)


def fact(value: object, limit: int = 500) -> str | None:
    """Return a short field as one line, or ``None`` if it is absent or too long."""
    text = " ".join(normalise(text_of(value)).split())
    return text if text and len(text) <= limit and not is_absent(text) else None


def is_link(text: str) -> bool:
    """Return whether ``text`` is a safe web address: http or https, no blanks or control characters."""
    return (
        text.startswith(("http://", "https://"))
        and len(text) <= 2_000
        and not any(c.isspace() or c in "<>{}\"'`\\" or unicodedata.category(c).startswith("C") for c in text)
    )


def year_of(value: object) -> int | None:
    """Return the first year from 1400 to 2100 in a field such as ``2019``, ``2019-05-01`` or ``May 2019``."""
    found = _YEAR.search(text_of(value)[:100])
    return int(found.group(1)) if found else None


def names_of(value: object) -> tuple[str, ...]:
    """Return author names in order, from texts, ``{"name"}`` or ``{"given", "family"}`` in a list, or from one text."""
    if isinstance(value, str):
        return split_names(value)
    if not isinstance(value, (list, tuple)):
        return ()
    return _tidy(_name(item) for item in value[:MAX_AUTHORS])


def _tidy(names: Iterable[object]) -> tuple[str, ...]:
    clean = (given_first(name) for name in (fact(one, limit=300) for one in names) if name)
    # A number is the id some data set has for an author, not a name.
    return tuple(
        name for name in clean if name.casefold().rstrip(".") not in _NOBODY and any(c.isalpha() for c in name)
    )


def given_first(name: str) -> str:
    """Turn ``Doe, Jane`` into ``Jane Doe``, and ``Doe, Jr., Jane`` or ``Doe, Jane, Jr.`` into ``Jane Doe Jr.``."""
    parts = [part.strip() for part in name.split(",")]
    if len(parts) == 2 and all(parts) and parts[1].casefold().rstrip(".") not in _SUFFIXES:
        return f"{parts[1]} {parts[0]}"
    if len(parts) == 3 and all(parts) and parts[1].casefold().rstrip(".") in _SUFFIXES:
        return f"{parts[2]} {parts[0]} {parts[1]}"
    if len(parts) == 3 and all(parts) and parts[2].casefold().rstrip(".") in _SUFFIXES:
        return f"{parts[1]} {parts[0]} {parts[2]}"
    return name.strip(" ,") or name


def _name(item: Any) -> object:
    if not isinstance(item, Mapping):
        return item
    whole = item.get("name") or item.get("literal") or item.get("display_name") or item.get("full_name")
    if whole:
        return whole
    parts = (item.get("given") or item.get("first"), item.get("family") or item.get("last"))
    return " ".join(text_of(part).strip() for part in parts if text_of(part).strip())


def split_names(text: str) -> tuple[str, ...]:
    """Split one text into names: at ``;``, else at `` and ``, else at commas if each part is a full name.

    ``Doe, Jane`` is one name; ``Jane Doe, John Roe`` are two; ``Doe, Jane; Roe, John`` are two.
    """
    text = " ".join(text.split())
    if ";" in text or "|" in text:
        parts = re.split(r"[;|]", text)
    else:
        parts = [part for half in _AND.split(text) for part in _at_commas(half)]
    return _tidy(parts[:MAX_AUTHORS])


def _at_commas(text: str) -> list[str]:
    """Split at commas if every part is a full name of two words or more."""
    parts = [part.strip() for part in text.split(",")]
    full = all(len(part.split()) >= 2 for part in parts)
    return parts if full and len(parts) > 1 else [text]
