"""Formats by name, and their readers; a reader's module is imported when it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import cast

from rag.errors import UsageError
from rag.readers.base import Options, Record
from rag.readers.source import Source

Reader = Callable[[Source, Options], Iterator[Record]]

_MODULES = {
    "hf-papers": "hf_papers",
    "arxiv-atom": "arxiv_atom",
    "arxiv-html": "arxiv_html",
    "arxiv-json": "arxiv_json",
    "bibtex": "bibtex",
    "ris": "ris",
    "csl-json": "csl_json",
    "pubmed-xml": "pubmed_xml",
    "nbib": "nbib",
    "semantic-scholar": "semantic_scholar",
    "openalex": "openalex",
    "wos": "wos",
    "beir": "jsonl",
    "csv": "table",
    "tsv": "table",
    "jsonl": "jsonl",
}
FORMATS: tuple[str, ...] = tuple(_MODULES)
"""Names a user may give; ``auto`` beside them decides by content."""


def reader_of(name: str) -> Reader:
    """Return the reader of a format.

    Raises:
        UsageError: there is no format of that name.
    """
    check_format(name)
    return cast(Reader, import_module(f"rag.readers.formats.{_MODULES[name]}").read)


def check_format(name: str) -> None:
    """Raise ``UsageError`` unless ``name`` is a format or ``auto``."""
    if name != "auto" and name not in _MODULES:
        raise UsageError(f"unknown format {name!r}; the formats are auto, {', '.join(FORMATS)}")
