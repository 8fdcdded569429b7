"""An answer as files to keep: the row of links below it, and the texts behind them, which the page's script saves."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rag.answering.record.answer import Answer
from rag.export.answer import BIBLIOGRAPHIES, export_answer
from ui.draw.html import el

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
    """A file the reader may save. ``key`` is its address on the page."""

    key: str
    label: str
    name: str
    type: str
    text: str


def files(answer: Answer, turn: int) -> tuple[File, ...]:
    """The files of an answer; bibliographies only where it cites something."""
    words = "-".join(_WORD.findall(answer.question.lower()))[:_LONGEST_NAME].strip("-")
    return tuple(
        File(f"file-{turn}-{format}", label, f"{words or 'answer'}{suffix}", media, export_answer(answer, format))
        for format, (label, suffix, media) in _FORMATS.items()
        if answer.citations or format not in BIBLIOGRAPHIES
    )


def links(offered: Sequence[File]) -> Markup | None:
    """The row below an answer: copy it, or save it as a file."""
    if not offered:
        return None
    copied = el("a", "Copy", href=f"#{offered[0].key}", class_="cw-copy", title="Copy the answer with its references")
    saved = [
        el("a", file.label, href=f"#{file.key}", class_="cw-save", title=f"Save as {file.label}") for file in offered
    ]
    return el("p", copied, el("span", "Save as:", class_="cw-quiet"), saved, class_="cw-files")


def stored(offered: Sequence[File]) -> Markup:
    """The texts, for the script: as JSON, so that no character of theirs is lost on the way."""
    return el(
        "div",
        [
            el("div", id=file.key, data_name=file.name, data_type=file.type, data_text=json.dumps(file.text))
            for file in offered
        ],
        hidden=True,
    )
