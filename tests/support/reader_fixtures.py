"""The files the readers are tested on, and the format of each."""

from __future__ import annotations

from pathlib import Path

FIXTURES = Path(__file__).parents[1] / "fixtures" / "readers"
FORMAT_OF = {
    "papers-page.txt": "hf-papers",
    "wrapped-page.txt": "hf-papers",
    "papers-page.html": "hf-papers",
    "papers-cards.html": "hf-papers",
    "arxiv-atom.xml": "arxiv-atom",
    "arxiv-abs.html": "arxiv-html",
    "arxiv-list.html": "arxiv-html",
    "arxiv-search.html": "arxiv-html",
    "arxiv-snapshot.jsonl": "arxiv-json",
    "library.bib": "bibtex",
    "library.ris": "ris",
    "loose.ris": "ris",
    "items.csl.json": "csl-json",
    "crossref.json": "csl-json",
    "pubmed.xml": "pubmed-xml",
    "medline.nbib": "nbib",
    "semantic-scholar-batch.json": "semantic-scholar",
    "semantic-scholar-search.json": "semantic-scholar",
    "openalex.json": "openalex",
    "beir.jsonl": "beir",
    "scopus.csv": "csv",
    "wos.txt": "csv",
    "wos-plain.txt": "wos",
    "papers.jsonl": "jsonl",
}
