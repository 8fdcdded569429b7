"""An answer as a document, or the papers it cites as a bibliography."""

from __future__ import annotations

from importlib import import_module

from rag.answering.record.answer import Answer
from rag.errors import UsageError
from rag.export.export import export

_WHOLE = {"markdown": "answer_markdown", "html": "answer_html"}
#: Formats that have only the cited papers.
BIBLIOGRAPHIES: tuple[str, ...] = ("bibtex", "ris", "csl-json")
ANSWER_FORMATS: tuple[str, ...] = (*_WHOLE, *BIBLIOGRAPHIES)
"""Names of the formats."""


def export_answer(answer: Answer, format: str) -> str:
    """Return the answer as a file of ``format`` (one of ``ANSWER_FORMATS``) that ends with a line end.

    ``markdown`` and ``html`` have the text, references, quotes and what the check found; the others have the cited
    papers in the order of their numbers, with the keys that :func:`rag.export.export` gives them.

    Raises:
        UsageError: there is no such format.
    """
    if format in _WHOLE:
        return str(import_module(f"rag.export.formats.{_WHOLE[format]}").render(answer))
    if format in BIBLIOGRAPHIES:
        return export([citation.paper for citation in answer.citations], format)
    raise UsageError(f"unknown format {format!r}; answers are exported as {', '.join(ANSWER_FORMATS)}")
