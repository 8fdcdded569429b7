"""The messages of the chat as markup: questions, answers while they stream, checked answers, failures."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from rag.answering.record import wording as says
from rag.answering.record.answer import Answer, Sentence
from rag.language.counting import counted
from ui.draw import prose
from ui.draw.files import File
from ui.draw.fill import fill
from ui.draw.papers import ShownPaper

_OUTCOME_WORDS = {
    "not_stated": "Not stated",
    "not_found": "Not found",
}
_OUTCOME_TEXT = {
    "not_stated": "There are papers on this topic, but their abstracts do not state what was asked.",
    "not_found": "No paper in this library is about this question.",
}


def question(text: str) -> str:
    """Return the reader's own message; its line breaks are kept."""
    return fill("question", lines=[line for line in text.strip().splitlines() if line.strip()])


def status(words: str) -> str:
    """Return what is being done while there is nothing to read yet."""
    return _unfinished(None, words, "cw-status", role="status")


def streaming(text: str) -> str:
    """Return the answer so far. Its citations become links once the checker has seen them."""
    return _unfinished(prose.render(text, _pending, ended=False)[0], streaming=True)


def stopped(text: str) -> str:
    """Return what there was when the reader stopped the answer."""
    words = "Stopped. What is above was not checked." if text.strip() else "Stopped."
    return _unfinished(prose.render(text, _pending)[0], words, "cw-stopped")


def failed(text: str, message: str) -> str:
    """Return what there was when the answer failed, and why it failed, in one line."""
    return _unfinished(prose.render(text, _pending)[0], message[:1].upper() + message[1:], "cw-error", role="alert")


def notice(message: str) -> str:
    """Return a line beside the question field, about the question itself."""
    return fill("notice", message=message) if message else ""


def answer(checked: Answer, shown: Sequence[ShownPaper], files: Sequence[File] = ()) -> str:
    """Return a checked answer: its outcome, its text with citations as links, sources or nearest papers, what was
    checked, and the files it can be saved as."""
    sources = {paper.number: paper for paper in shown if paper.number}

    def cite(number: int, sentence: Sentence | None) -> Markup:
        return fill("citation", number=number, sentence=sentence, source=sources.get(number))

    body, lost = prose.render(checked.text.strip() or _OUTCOME_TEXT.get(checked.outcome, ""), cite, checked.sentences)
    standalone = checked.standalone_question.strip()
    read_as = [f"Read as: “{standalone}”"] if standalone and standalone != checked.question.strip() else []
    return fill(
        "answer",
        answer=checked,
        outcome=_OUTCOME_WORDS.get(checked.outcome),
        body=body,
        doubts=[(one.text, verdict) for one in lost if (verdict := prose.doubt(one))],
        cited=[paper for paper in shown if paper.role == "cited"],
        near=[paper for paper in shown if paper.role == "near"],
        read=[paper for paper in shown if paper.role == "read"],
        verdict=_verdict(checked),
        ledger=[says.note(entry) for entry in checked.ledger],
        facts=[*read_as, _origin(checked)],
        files=files,
    )


def _pending(number: int, _: Sentence | None = None) -> Markup:
    return fill("citation", number=number, source=None)


def _unfinished(
    body: Markup | None, message: str = "", css: str = "", *, role: str | None = None, streaming: bool = False
) -> str:
    return fill("unfinished", body=body, message=message, css=css, role=role, streaming=streaming)


def _verdict(checked: Answer) -> str:
    """Return the checker's findings in a line."""
    summary, notes = says.check_summary(checked.sentences), len(checked.ledger)
    if not summary:
        return "How this was answered"
    return f"{summary}; {counted(notes, 'note')}" if notes else summary


def _origin(checked: Answer) -> str:
    backend = checked.backend if checked.backend == checked.model else f"{checked.backend}, {checked.model}"
    parts = [
        f"Written by {backend}",
        f"prompt {checked.prompt}",
        f"{counted(len(checked.evidence), 'paper')} retrieved",
    ]
    total = checked.timings_ms.get("total")
    if total is not None:
        parts.append(f"{total / 1000:.1f} s")
    if checked.usage.model_calls:
        parts.append(f"{checked.usage.prompt_tokens} + {checked.usage.completion_tokens} tokens")
        parts.append(f"{checked.cost} at list prices" if checked.cost else "price not known")
    return " · ".join(parts)
