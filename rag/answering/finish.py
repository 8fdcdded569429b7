"""From a finished (or broken) reply to the text the reader keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from rag.answering.checking.check import CheckedAnswer
from rag.answering.prompt.sentinels import leading_sentinel, without_sentinels
from rag.answering.record import wording as says
from rag.answering.record.answer import LedgerEntry, LedgerKind, Outcome, Sentence
from rag.answering.stream import LiveText, Reply

_DETAIL = 300
_PARAGRAPH = "\n\n"
#: Checks a text against the sources of the request.
Check = Callable[[str], CheckedAnswer]
#: Gives the extractive answer to the same request, in pieces.
Extract = Callable[[], Iterable[str]]


@dataclass(frozen=True, slots=True)
class FinalText:
    """The text of an answer. ``before`` and ``after`` are our own plain sentences around what was checked;
    ``extracted`` is true if the extractive backend wrote it in place of the model."""

    outcome: Outcome
    checked: CheckedAnswer | None = None
    before: str = ""
    after: str = ""
    ledger: tuple[LedgerEntry, ...] = ()
    extracted: bool = False

    @property
    def text(self) -> str:
        """All of it, a paragraph each."""
        return _PARAGRAPH.join(text for text, _ in self._paragraphs())

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """All sentences with their places in :attr:`text`; our own claim nothing that needs a source."""
        found: list[Sentence] = []
        start = 0
        for text, sentences in self._paragraphs():
            found += (sentence.moved(start) for sentence in sentences)
            start += len(text) + len(_PARAGRAPH)
        return tuple(found)

    def _paragraphs(self) -> list[tuple[str, tuple[Sentence, ...]]]:
        before, after = ((text, (Sentence(text, (), "none", end=len(text)),)) for text in (self.before, self.after))
        checked = (self.checked.text, self.checked.sentences) if self.checked else ("", ())
        return [paragraph for paragraph in (before, checked, after) if paragraph[0]]


def no_answer(outcome: Outcome) -> FinalText:
    """Return the text of an outcome without an answer: the sentence that says why."""
    return FinalText(outcome, before=says.text_of(outcome))


def checkable_text(live: LiveText, reply: Reply) -> str:
    """Return what of a finished reply goes to the checker: nothing if it is an outcome's sentinel, or failed before
    anything was shown."""
    if live.sentinel is not None or (reply.failure is not None and not live.shown):
        return ""
    return without_sentinels(live.raw).strip()


def final_text(live: LiveText, reply: Reply, check: Check, extract: Extract) -> FinalText:
    """Return the text of a reply that ended, failed, or was cut off at the bound on its length. If the model gave
    nothing that can be shown, the extractive answer stands in."""
    final = _final_text(live, reply, check, extract)
    if reply.cut_off and final.checked is not None and not final.extracted:
        note = _note(LedgerKind.ANSWER_CUT_OFF, "the model reached the bound on an answer's length")
        final = replace(final, after=final.after or says.CUT_OFF, ledger=(*final.ledger, note))
    if not live.leaked_words:
        return final
    note = _note(LedgerKind.PROMPT_LEAK, f"{live.leaked_words} words of the instructions were left out")
    return replace(final, ledger=(*final.ledger, note))


def _final_text(live: LiveText, reply: Reply, check: Check, extract: Extract) -> FinalText:
    def stand_in(label: str, *ledger: LedgerEntry) -> FinalText:
        text = "".join(extract())
        checked = check(text) if text and leading_sentinel(text) is None else None
        if checked is None or not checked.citations:
            return FinalText("not_stated", before=f"{label} {says.EXTRACT_EMPTY}", ledger=ledger, extracted=True)
        before = f"{label} {says.EXTRACT_LABEL}"
        return FinalText("answered", checked, before=before, ledger=(*ledger, *checked.ledger), extracted=True)

    why = str(reply.failure)
    if reply.failure is not None and not live.shown:
        return stand_in(says.failed(why), _note(LedgerKind.BACKEND_FAILED, why))
    if live.sentinel is not None:
        return no_answer(live.sentinel)
    text = checkable_text(live, reply)
    if not text:
        return stand_in(says.EMPTY, _note(LedgerKind.EMPTY_ANSWER, "the model returned no text"))
    checked = check(text)
    if not checked.citations:
        kind, label = _why_uncited(text, checked)
        return stand_in(label, *checked.ledger, _note(kind, text))
    if reply.failure is not None:
        note = _note(LedgerKind.BACKEND_FAILED, why)
        return FinalText("answered", checked, after=says.cut_short(why), ledger=(*checked.ledger, note))
    return FinalText("answered", checked, ledger=checked.ledger)


def _why_uncited(text: str, checked: CheckedAnswer) -> tuple[LedgerKind, str]:
    if says.is_refusal(text):
        return LedgerKind.REFUSED, says.REFUSED
    if any(sentence.citations for sentence in checked.sentences):
        return LedgerKind.UNSUPPORTED_ANSWER, says.DROPPED
    return LedgerKind.NO_CITATIONS, says.UNCITED


def _note(kind: LedgerKind, detail: str) -> LedgerEntry:
    detail = " ".join(detail.split())
    return LedgerEntry(kind, detail if len(detail) <= _DETAIL else f"{detail[: _DETAIL - 1]}…")
