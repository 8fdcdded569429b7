"""BibTeX in UTF-8. Text is escaped so that no brace, macro or formula in it means anything to LaTeX."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.bibliography.addresses import safe_address
from rag.bibliography.names import parts_of
from rag.export.keys import citation_keys
from rag.paper import Paper

_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{sign: f"\\{sign}" for sign in "$&%#_"},
    }
)
# Two hyphens would become a dash.
_BETWEEN_HYPHENS = re.compile(r"(?<=-)(?=-)")


def render(papers: Sequence[Paper]) -> str:
    """Write one entry a paper: ``article`` if it has a venue, else ``misc``."""
    return "\n".join(_entry(paper, key) for paper, key in zip(papers, citation_keys(papers), strict=True))


def _entry(paper: Paper, key: str) -> str:
    fields = {
        # The second pair of braces keeps styles from changing capitals.
        "title": f"{{{escaped(paper.title)}}}",
        "author": " and ".join(_name(name) for name in paper.authors),
        "year": str(paper.year or ""),
        "journal": escaped(paper.venue or ""),
        "abstract": escaped(paper.abstract),
        "doi": escaped(paper.doi or ""),
        "url": safe_address(paper.url) or "",
        "eprint": paper.arxiv_id or "",
        "archiveprefix": "arXiv" if paper.arxiv_id else "",
        "pmid": paper.pmid or "",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    kind = "article" if paper.venue else "misc"
    return "\n".join((f"@{kind}{{{key},", *lines, "}", ""))


def escaped(text: str) -> str:
    """Return one line of LaTeX source that shows ``text``."""
    return _BETWEEN_HYPHENS.sub("{}", " ".join(text.split()).translate(_ESCAPES))


def _name(name: str) -> str:
    """Return a person's name, in braces if BibTeX would split it wrongly."""
    text = escaped(name)
    return text if parts_of(name) and "and" not in name.casefold().split() else f"{{{text}}}"
