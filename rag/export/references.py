"""The parts of a reference that every readable format has: who wrote a paper, and where it is."""

from __future__ import annotations

from rag.paper import Paper
from rag.readers.base import is_link

_MANY = 10


def authors(paper: Paper) -> str:
    """Return the authors on one line: the first ten and "et al." if there are more."""
    names = ", ".join(paper.authors[:_MANY]) or "Anonymous"
    return f"{names} et al." if len(paper.authors) > _MANY else names


def addresses(paper: Paper) -> list[tuple[str, str]]:
    """Return labels and http(s) addresses of a paper, each address once."""
    found = {
        f"https://doi.org/{paper.doi}" if paper.doi else "": f"doi:{paper.doi}",
        f"https://arxiv.org/abs/{paper.arxiv_id}" if paper.arxiv_id else "": f"arXiv:{paper.arxiv_id}",
        f"https://pubmed.ncbi.nlm.nih.gov/{paper.pmid}/" if paper.pmid else "": f"PMID {paper.pmid}",
    }
    found.setdefault(paper.url or "", "link")
    return [(label, address) for address, label in found.items() if is_link(address)]
