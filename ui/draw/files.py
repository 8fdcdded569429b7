"""The files an answer can be saved as. They reach the page with the answer; the page's script saves them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.answering.record.answer import Answer
from rag.export.answer import BIBLIOGRAPHIES, export_answer

_FORMATS = {
    "markdown": ("Markdown", ".md", "text/markdown"),
    "html": ("HTML", ".html", "text/html"),
    "bibtex": ("BibTeX", ".bib", "application/x-bibtex"),
    "ris": ("RIS", ".ris", "application/x-research-info-systems"),
    "csl-json": ("CSL-JSON", ".json", "application/json"),
}
_WORD = re.compile(r"[a-z0-9]+")
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class File:
    """A file the reader may save. ``key`` is its id on the page."""

    key: str
    label: str
    name: str
    type: str
    text: str


def files(answer: Answer, turn: int) -> tuple[File, ...]:
    """Return the files of an answer; bibliographies only if it cites something."""
    words = "-".join(_WORD.findall(answer.question.lower()))[:_LONGEST_NAME].strip("-")
    return tuple(
        File(f"file-{turn}-{format}", label, f"{words or 'answer'}{suffix}", media, export_answer(answer, format))
        for format, (label, suffix, media) in _FORMATS.items()
        if answer.citations or format not in BIBLIOGRAPHIES
    )
