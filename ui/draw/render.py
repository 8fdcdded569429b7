"""The messages of the chat as markup: questions, answers while they stream, checked answers, failures."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from rag.answering.record import wording as says
from rag.answering.record.answer import Answer, LedgerEntry, Sentence
from ui.draw import prose
from ui.draw.files import File, links
from ui.draw.html import el
from ui.draw.panel import row
from ui.draw.papers import Shown

_OUTCOME_WORDS = {
    "not_stated": "Not stated",
    "not_found": "Not found",
}
_OUTCOME_TEXT = {
    "not_stated": "There are papers on this topic, but their abstracts do not state what was asked.",
    "not_found": "No paper in this library is about this question.",
}


def question(text: str) -> str:
    """The reader's own message; its line breaks are kept."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return str(el("div", [el("p", line) for line in lines], class_="cw-question"))


def status(words: str) -> str:
    """What is being done while nothing can be read yet."""
    return str(el("div", el("p", words, class_="cw-status", role="status"), class_="cw-answer"))


def streaming(text: str) -> str:
    """The answer so far. Its citations become links once the checker has seen them."""
    body, _ = prose.render(text, _pending, ended=False)
    return str(el("div", el("div", body, class_="cw-prose"), class_="cw-answer cw-streaming"))


def stopped(text: str) -> str:
    """What was there when the reader stopped the answer."""
    return _ended(text, "Stopped. What is above was not checked." if text.strip() else "Stopped.", "cw-stopped")


def failed(text: str, message: str) -> str:
    """What was there when the answer failed, and why it failed, in one line."""
    return _ended(text, message[:1].upper() + message[1:], "cw-error")


def notice(message: str) -> str:
    """A line beside the question field, about the question itself."""
    return str(el("p", message, class_="cw-notice", role="alert")) if message else ""


def answer(checked: Answer, shown: Sequence[Shown], files: Sequence[File] = ()) -> str:
    """A checked answer: its outcome, its text with citations as links, sources or nearest papers, what was checked, and
    the files it can be kept as."""
    sources = {s.number: s for s in shown if s.number}

    def cite(number: int, sentence: Sentence | None) -> Markup:
        if number not in sources:
            return _pending(number)
        source = sources[number]
        label = f"Source {number}: {source.paper.title}"
        return el("a", f"[{number}]", href=f"#{source.key_for(sentence)}", class_="cw-open cw-cite", title=label)

    text = checked.text.strip() or _OUTCOME_TEXT.get(checked.outcome, "")
    body, lost = prose.render(text, cite, checked.sentences)
    outcome = _OUTCOME_WORDS.get(checked.outcome)
    return str(
        el(
            "div",
            el("p", outcome, class_="cw-outcome") if outcome else None,
            el("div", body, class_="cw-prose"),
            _doubts(lost),
            _list("Sources", [s for s in shown if s.role == "cited"]),
            _list("Nearest papers", [s for s in shown if s.role == "near"]),
            _checks(checked, [s for s in shown if s.role == "read"]),
            links(files),
            class_=f"cw-answer cw-{checked.outcome.replace('_', '-')}",
        )
    )


def _pending(number: int, _: Sentence | None = None) -> Markup:
    return el("span", f"[{number}]", class_="cw-cite cw-pending")


def _ended(text: str, message: str, css: str) -> str:
    body, _ = prose.render(text, _pending)
    return str(
        el(
            "div",
            el("div", body, class_="cw-prose") if text.strip() else None,
            el("p", message, class_=css, role="alert" if css == "cw-error" else None),
            class_="cw-answer",
        )
    )


def _doubts(lost: Sequence[Sentence]) -> Markup | None:
    items = [
        el("li", "“", prose.inline(sentence.text), "” ", el("span", verdict.note, class_=f"cw-flag cw-{verdict.css}"))
        for sentence in lost
        if (verdict := prose.doubt(sentence))
    ]
    return el("ul", items, class_="cw-doubts") if items else None


def _list(heading: str, papers: Sequence[Shown]) -> Markup | None:
    if not papers:
        return None
    return el(
        "section",
        el("h3", heading),
        el("ol", [el("li", row(shown)) for shown in papers], class_="cw-rows"),
        class_="cw-list",
    )


def _checks(checked: Answer, read: Sequence[Shown]) -> Markup:
    """The disclosure below an answer: what the checker found and changed, and how the answer came about."""
    entries = [_entry(entry) for entry in checked.ledger]
    standalone = checked.standalone_question.strip()
    facts = [f"Read as: “{standalone}”"] if standalone and standalone != checked.question.strip() else []
    facts.append(_origin(checked))
    return el(
        "details",
        el("summary", _verdict(checked)),
        el("ul", entries, class_="cw-ledger") if entries else None,
        [el("p", fact) for fact in facts],
        _list("Also read, not cited", read),
        class_="cw-checks",
    )


def _entry(entry: LedgerEntry) -> Markup:
    title, detail = says.note(entry)
    return el("li", el("strong", title), f": {detail}")


def _verdict(checked: Answer) -> str:
    """The checker's findings in a line."""
    summary, notes = says.check_summary(checked.sentences), len(checked.ledger)
    if not summary:
        return "How this was answered"
    return f"{summary}; {notes} {'note' if notes == 1 else 'notes'}" if notes else summary


def _origin(checked: Answer) -> str:
    backend = checked.backend if checked.backend == checked.model else f"{checked.backend}, {checked.model}"
    parts = [f"Written by {backend}", f"prompt {checked.prompt}", f"{len(checked.evidence)} papers retrieved"]
    total = checked.timings_ms.get("total")
    if total is not None:
        parts.append(f"{total / 1000:.1f} s")
    if checked.usage.model_calls:
        parts.append(f"{checked.usage.prompt_tokens} + {checked.usage.completion_tokens} tokens")
        parts.append(f"{checked.cost} at list prices" if checked.cost else "price not known")
    return " · ".join(parts)
