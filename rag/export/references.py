"""The parts of a reference that every readable format has: who wrote a paper, and where it is."""

from __future__ import annotations

from rag.bibliography.names import byline
from rag.paper import Paper

_MANY = 10


def authors(paper: Paper) -> str:
    """Return the authors on one line: the first ten and "et al." if there are more."""
    return byline(paper.authors, _MANY) or "Anonymous"


def addresses(paper: Paper) -> list[tuple[str, str]]:
    """Return labels and http(s) addresses of a paper, each address once."""
    return [(address.name, address.url) for address in paper.addresses]
