"""RIS, one record a paper, one line a field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag.bibliography.addresses import safe_address
from rag.bibliography.names import family_first
from rag.export.plain import unmarked
from rag.paper import Paper


def render(papers: Sequence[Paper]) -> str:
    """Write one record a paper: ``JOUR`` if it has a venue, else ``GEN``. RIS has no field for arXiv and PubMed ids:
    they become an accession number and a note."""
    return "\n".join("\n".join((*_lines(paper), "ER  - ", "")) for paper in papers)


def _lines(paper: Paper) -> Iterator[str]:
    yield f"TY  - {'JOUR' if paper.venue else 'GEN'}"
    yield f"TI  - {unmarked(paper.title)}"
    for name in paper.authors:
        yield f"AU  - {' '.join(family_first(name).split())}"
    fields = {
        "PY": str(paper.year or ""),
        "T2": unmarked(paper.venue or ""),
        "AB": unmarked(paper.abstract),
        "DO": paper.doi or "",
        "UR": safe_address(paper.url) or "",
        "AN": f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else "",
        "N1": f"PMID: {paper.pmid}" if paper.pmid else "",
    }
    yield from (f"{tag}  - {value}" for tag, value in fields.items() if value)
