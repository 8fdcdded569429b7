"""From a finished (or broken) reply to the text the reader keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rag.answering.checking.check import CheckedAnswer
from rag.answering.prompt.sentinels import leading_sentinel, without_sentinels
from rag.answering.record import wording as says
from rag.answering.record.answer import LedgerEntry, LedgerKind, Outcome, Sentence
from rag.answering.stream import LiveText
from rag.errors import ModelError
from rag.models.protocols import Backend, Message

_DETAIL = 300
_PARAGRAPH = "\n\n"
Check = Callable[[str], CheckedAnswer]


@dataclass(frozen=True, slots=True)
class Written:
    """The text of an answer. ``before`` and ``after`` are our own plain sentences around what was checked;
    ``extracted`` tells that the extractive backend wrote it in place of the model."""

    outcome: Outcome
    checked: CheckedAnswer | None = None
    before: str = ""
    after: str = ""
    ledger: tuple[LedgerEntry, ...] = ()
    extracted: bool = False

    @property
    def text(self) -> str:
        """All of it, a paragraph each."""
        return _PARAGRAPH.join(
            part for part in (self.before, self.checked.text if self.checked else "", self.after) if part
        )

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """All sentences with their places in :attr:`text`; our own claim nothing that needs a source."""
        checked = self.checked.sentences if self.checked else ()
        shift = len(self.before) + len(_PARAGRAPH) if self.before else 0
        own = [Sentence(part, (), "none", end=len(part)) for part in (self.before, self.after)]
        return (
            *own[: bool(self.before)],
            *(sentence.moved(shift) for sentence in checked),
            *(sentence.moved(len(self.text) - len(self.after)) for sentence in own[1:] if self.after),
        )


def body_of(live: LiveText, failure: ModelError | None) -> str:
    """What of a reply goes to the checker: empty where it is an outcome's sentinel, or failed before anything was
    shown."""
    if live.sentinel is not None or (failure is not None and not live.shown):
        return ""
    return without_sentinels(live.raw).strip()


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the end of one answer. ``messages`` is the request that was put to the model, ``check`` checks a text
    against its sources, ``extractive`` stands in where the model gave nothing that can be shown."""

    messages: Sequence[Message]
    check: Check
    extractive: Backend
    max_tokens: int

    def write(self, live: LiveText, failure: ModelError | None, *, cut_off: bool = False) -> Written:
        """What the reader keeps of a reply that ended, broke off with ``failure``, or was ``cut_off`` at the bound on
        its length."""
        written = self._write(live, failure)
        if cut_off and written.checked is not None and not written.extracted:
            note = _note(LedgerKind.ANSWER_CUT_OFF, "the model reached the bound on an answer's length")
            written = replace(written, after=written.after or says.CUT_OFF, ledger=(*written.ledger, note))
        if not live.leaked_words:
            return written
        note = _note(LedgerKind.PROMPT_LEAK, f"{live.leaked_words} words of the instructions were left out")
        return replace(written, ledger=(*written.ledger, note))

    def _write(self, live: LiveText, failure: ModelError | None) -> Written:
        if failure is not None and not live.shown:
            return self._extract(says.failed(str(failure)), (_note(LedgerKind.BACKEND_FAILED, str(failure)),))
        if live.sentinel is not None:
            return empty(live.sentinel)
        body = body_of(live, failure)
        if not body:
            return self._extract(says.EMPTY, (_note(LedgerKind.EMPTY_ANSWER, "the model returned no text"),))
        checked = self.check(body)
        if not checked.citations:
            kind, label = _why_uncited(body, checked)
            return self._extract(label, (*checked.ledger, _note(kind, body)))
        if failure is not None:
            note = _note(LedgerKind.BACKEND_FAILED, str(failure))
            return Written("answered", checked, after=says.cut_short(str(failure)), ledger=(*checked.ledger, note))
        return Written("answered", checked, ledger=checked.ledger)

    def _extract(self, label: str, ledger: tuple[LedgerEntry, ...]) -> Written:
        """The extractive answer to the same request, labelled as what it is."""
        text = "".join(chunk.text for chunk in self.extractive.stream(self.messages, max_tokens=self.max_tokens))
        checked = self.check(text) if text and leading_sentinel(text) is None else None
        if checked is None or not checked.citations:
            return Written("not_stated", before=f"{label} {says.EXTRACT_EMPTY}", ledger=ledger, extracted=True)
        before = f"{label} {says.EXTRACT_LABEL}"
        return Written("answered", checked, before=before, ledger=(*ledger, *checked.ledger), extracted=True)


def empty(outcome: Outcome) -> Written:
    """No answer, and the sentence that says why."""
    return Written(outcome, before=says.text_of(outcome))


def _why_uncited(body: str, checked: CheckedAnswer) -> tuple[LedgerKind, str]:
    if says.is_refusal(body):
        return LedgerKind.REFUSED, says.REFUSED
    if any(sentence.citations for sentence in checked.sentences):
        return LedgerKind.UNSUPPORTED_ANSWER, says.DROPPED
    return LedgerKind.NO_CITATIONS, says.UNCITED


def _note(kind: LedgerKind, detail: str) -> LedgerEntry:
    detail = " ".join(detail.split())
    return LedgerEntry(kind, detail if len(detail) <= _DETAIL else f"{detail[: _DETAIL - 1]}…")
