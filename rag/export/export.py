"""Papers as a bibliography in one of the formats."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from rag.errors import UsageError
from rag.paper import Paper

_MODULES = {"bibtex": "bibtex", "ris": "ris", "csl-json": "csl_json", "markdown": "markdown"}
FORMATS: tuple[str, ...] = tuple(_MODULES)
"""Names of the formats."""


def export(papers: Sequence[Paper], format: str) -> str:
    """Return the papers, in the order given, as a file of ``format`` (one of ``FORMATS``) that ends with a line end.

    BibTeX, RIS and CSL-JSON written here give the same papers when :mod:`rag.readers` reads them.

    Raises:
        UsageError: there is no such format.
    """
    if format not in _MODULES:
        raise UsageError(f"unknown format {format!r}; papers are exported as {', '.join(FORMATS)}")
    return str(import_module(f"rag.export.formats.{_MODULES[format]}").render(papers))
