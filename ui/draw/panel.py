"""The panel beside the chat: the list of all cited papers, and each paper with its deciding sentence highlighted.

It reaches the page in parts: what an answer adds is sent once, with that answer, and the page's script keeps it. So the
size of an update does not grow with the conversation.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.answering.record.answer import Support
from ui.draw.files import File
from ui.draw.fill import fill
from ui.draw.papers import Role, ShownPaper

# How well the paper supports the answer as a whole, and one sentence of it.
_ANSWER_WORDS: dict[Support, str] = {
    "supported": "Supports the answer",
    "weak": "Supports the answer weakly",
    "unsupported": "Does not support what cites it",
    "none": "",
}
_SENTENCE_WORDS: dict[Support, str] = {
    "supported": "Supports this sentence",
    "weak": "Supports this sentence weakly",
    "unsupported": "Does not support this sentence",
    "none": "",
}
_ROLE_WORDS: dict[Role, str] = {"near": "Nearest paper, not cited", "read": "Read for this answer, not cited"}


def empty_panel() -> str:
    """Return the panel without papers."""
    return fill("panel")


def delivery(turn: int, question: str, papers: Sequence[ShownPaper], files: Sequence[File] = ()) -> str:
    """Return what the answer to question number ``turn`` adds to the panel: its papers and its files, all hidden."""
    return fill(
        "delivery",
        turn=turn,
        question=question,
        papers=papers,
        cited=[paper for paper in papers if paper.number],
        files=files,
        roles=_ROLE_WORDS,
        answer_words=_ANSWER_WORDS,
        sentence_words=_SENTENCE_WORDS,
    )
