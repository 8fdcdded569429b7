"""A bibliography to read: a numbered Markdown list. Text is escaped, so that nothing in it is markup or HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.export.references import addresses, authors
from rag.paper import Paper

_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~&$!])")
# A title that opens with "1." or "+ " would open a list.
_OPENS_LIST = re.compile(r"(\d{1,9})([.)])|([-+=])")


def render(papers: Sequence[Paper]) -> str:
    """Write number, authors, year, title, venue and addresses of each paper, then its abstract."""
    return "".join(_item(number, paper) for number, paper in enumerate(papers, 1))


def reference(paper: Paper) -> str:
    """Return authors, year, title, venue and addresses of a paper on one line."""
    facts = [
        f"{escaped(authors(paper))} ({paper.year or 'n.d.'}).",
        f"**{escaped(paper.title)}**{'' if paper.title.endswith(('.', '?', '!')) else '.'}",
        f"*{escaped(paper.venue)}*." if paper.venue else "",
        *(f"[{escaped(label)}](<{address}>)" for label, address in addresses(paper)),
    ]
    return " ".join(filter(None, facts))


def _item(number: int, paper: Paper) -> str:
    indent = " " * (len(str(number)) + 2)
    return f"{number}. {reference(paper)}\n\n{indent}{escaped(paper.abstract)}\n\n"


def escaped(text: str) -> str:
    """Return one line of Markdown that shows ``text``."""
    line = _SIGNS.sub(r"\\\1", " ".join(text.split()))
    opening = _OPENS_LIST.match(line)
    if opening is None:
        return line
    at = opening.start(2) if opening.group(2) else 0
    return f"{line[:at]}\\{line[at:]}"
