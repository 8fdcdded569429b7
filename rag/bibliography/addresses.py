"""Web addresses of papers, and which addresses may become links."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, urlsplit

from rag.language.invisible import is_invisible

_LONGEST = 2_000


class Address(NamedTuple):
    """Where a paper can be read.

    Attributes:
        site: what is behind it: ``DOI``, ``arXiv``, ``PubMed`` or ``Web page``.
        name: the identifier as it is cited (``doi:10.1000/x``), or ``link``.
        url: a safe http(s) address.
    """

    site: str
    name: str
    url: str


def doi_address(doi: str) -> str:
    """The address that resolves a DOI."""
    return f"https://doi.org/{quote(doi, safe='/:;()._-')}"


def arxiv_address(arxiv_id: str) -> str:
    """The abstract's page on arXiv."""
    return f"https://arxiv.org/abs/{quote(arxiv_id, safe='/.')}"


def pubmed_address(pmid: str) -> str:
    """The record's page on PubMed."""
    return f"https://pubmed.ncbi.nlm.nih.gov/{quote(pmid, safe='')}/"


def safe_address(url: str | None) -> str | None:
    """Return ``url`` if a reader may be sent there, else ``None``.

    It has to be an absolute http or https address of reasonable length, without credentials and without blanks,
    invisible characters or anything that could end an attribute or a Markdown link.
    """
    if not url or len(url) > _LONGEST or any(c.isspace() or c in "<>{}\"'`\\" or is_invisible(c) for c in url):
        return None
    try:
        parts = urlsplit(url)
        safe = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return None
    return url if safe else None


def addresses(
    *, doi: str | None = None, arxiv_id: str | None = None, pmid: str | None = None, url: str | None = None
) -> tuple[Address, ...]:
    """The safe addresses of a paper: by identifier first, then its own page; each address once."""
    candidates = (
        ("DOI", f"doi:{doi}", doi_address(doi) if doi else None),
        ("arXiv", f"arXiv:{arxiv_id}", arxiv_address(arxiv_id) if arxiv_id else None),
        ("PubMed", f"PMID {pmid}", pubmed_address(pmid) if pmid else None),
        ("Web page", "link", url),
    )
    found: dict[str, Address] = {}
    for site, name, candidate in candidates:
        if (safe := safe_address(candidate)) is not None:
            found.setdefault(safe, Address(site, name, safe))
    return tuple(found.values())
