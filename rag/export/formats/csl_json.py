"""CSL-JSON, the format of Zotero and pandoc: https://github.com/citation-style-language/schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rag.bibliography.addresses import safe_address
from rag.bibliography.names import parts_of
from rag.export.keys import citation_keys
from rag.export.plain import unmarked
from rag.paper import Paper


def render(papers: Sequence[Paper]) -> str:
    """Write an array of items."""
    items = [_item(paper, key) for paper, key in zip(papers, citation_keys(papers), strict=True)]
    return json.dumps(items, ensure_ascii=False, indent=2) + "\n"


def _item(paper: Paper, key: str) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": key,
        "type": "article-journal" if paper.venue else "article",
        "title": unmarked(paper.title),
        "author": [_name(name) for name in paper.authors],
        "issued": {"date-parts": [[paper.year]]} if paper.year else None,
        "container-title": unmarked(paper.venue) if paper.venue else None,
        "abstract": unmarked(paper.abstract),
        "DOI": paper.doi,
        "URL": safe_address(paper.url),
        "number": f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else None,
        "PMID": paper.pmid,
    }
    return {name: value for name, value in item.items() if value}


def _name(name: str) -> dict[str, str]:
    parts = parts_of(name)
    if parts is None:
        return {"literal": name}
    return {part: value for part, value in parts._asdict().items() if value}
