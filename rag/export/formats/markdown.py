"""A bibliography to read: a numbered Markdown list. Text is escaped, so that nothing in it is markup or HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.paper import Paper
from rag.readers.base import is_link

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
    if not paper.authors:
        return "Anonymous"
    names = ", ".join(escaped(name) for name in paper.authors[:_MANY])
    return f"{names} et al." if len(paper.authors) > _MANY else names


def _links(paper: Paper) -> list[str]:
    named = {
        f"doi:{paper.doi}": f"https://doi.org/{paper.doi}" if paper.doi else None,
        f"arXiv:{paper.arxiv_id}": f"https://arxiv.org/abs/{paper.arxiv_id}" if paper.arxiv_id else None,
        f"PMID {paper.pmid}": f"https://pubmed.ncbi.nlm.nih.gov/{paper.pmid}/" if paper.pmid else None,
    }
    links = [f"[{escaped(name)}](<{address}>)" for name, address in named.items() if address and is_link(address)]
    if paper.url and is_link(paper.url) and paper.url not in named.values():
        links.append(f"[link](<{paper.url}>)")
    return links


def escaped(text: str) -> str:
    """One line of Markdown that shows ``text``."""
    line = _SIGNS.sub(r"\\\1", " ".join(text.split()))
    opening = _OPENS_LIST.match(line)
    if opening is None:
        return line
    at = opening.start(2) if opening.group(2) else 0
    return f"{line[:at]}\\{line[at:]}"
