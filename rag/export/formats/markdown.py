"""A bibliography to read: a numbered Markdown list. Text is escaped, so that nothing in it is markup or HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.bibliography.names import byline
from rag.paper import Paper

_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~&$!])")
# A title that opens with "1." or "+ " would open a list.
_OPENS_LIST = re.compile(r"(\d{1,9})([.)])|([-+=])")
_MANY = 10


def render(papers: Sequence[Paper]) -> str:
    """Number, authors, year, title, venue and addresses of each paper, its abstract below."""
    return "".join(_item(number, paper) for number, paper in enumerate(papers, 1))


def reference(paper: Paper) -> str:
    """Authors, year, title, venue and addresses of a paper, on one line."""
    facts = [
        f"{_authors(paper)} ({paper.year or 'n.d.'}).",
        f"**{escaped(paper.title)}**{'' if paper.title.endswith(('.', '?', '!')) else '.'}",
        f"*{escaped(paper.venue)}*." if paper.venue else "",
        *_links(paper),
    ]
    return " ".join(filter(None, facts))


def _item(number: int, paper: Paper) -> str:
    indent = " " * (len(str(number)) + 2)
    return f"{number}. {reference(paper)}\n\n{indent}{escaped(paper.abstract)}\n\n"


def _authors(paper: Paper) -> str:
    return byline([escaped(name) for name in paper.authors], _MANY) or "Anonymous"


def _links(paper: Paper) -> list[str]:
    return [f"[{escaped(address.name)}](<{address.url}>)" for address in paper.addresses]


def escaped(text: str) -> str:
    """One line of Markdown that shows ``text``."""
    line = _SIGNS.sub(r"\\\1", " ".join(text.split()))
    opening = _OPENS_LIST.match(line)
    if opening is None:
        return line
    at = opening.start(2) if opening.group(2) else 0
    return f"{line[:at]}\\{line[at:]}"
