"""When two records are the same work: DOI, then arXiv id, then PMID, then title with first author and year."""

from __future__ import annotations

from rag.paper import Paper, surname_key, title_key


def keys(paper: Paper) -> list[str]:
    """The keys a paper is known by, strongest first. Two papers that share a key are one work."""
    strong = [
        f"{scheme}:{value}"
        for scheme, value in (("doi", paper.doi), ("arxiv", paper.arxiv_id), ("pmid", paper.pmid))
        if value
    ]
    return [*strong, title_author_year_key(paper)]


def title_author_year_key(paper: Paper) -> str:
    """The weakest key; absent author and year are part of it, so that it never equals that of a dated paper."""
    return f"title:{title_key(paper.title)}|{surname_key(paper.authors)}|{paper.year or ''}"
