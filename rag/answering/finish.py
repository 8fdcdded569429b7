"""From a finished (or broken) reply to the text the reader keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rag.answering.checking.check import CheckedAnswer
from rag.answering.prompt.sentinels import leading_sentinel, without_sentinels
from rag.answering.record import wording as says
from rag.answering.record.answer import LedgerEntry, Outcome, Sentence
from rag.answering.reply import Reply
from rag.answering.stream import LiveText
from rag.models.protocols import Backend, Message

_DETAIL = 300
Check = Callable[[str], CheckedAnswer]


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
        return "\n\n".join(
            part for part in (self.before, self.checked.text if self.checked else "", self.after) if part
        )

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """All sentences; our own claim nothing that needs a source."""
        own = [(Sentence(part, (), "none"),) if part else () for part in (self.before, self.after)]
        return (*own[0], *(self.checked.sentences if self.checked else ()), *own[1])


def no_answer(outcome: Outcome) -> FinalText:
    """Return the text of an outcome without an answer: the sentence that says why."""
    return FinalText(outcome, before=says.text_of(outcome))


def checkable_text(live: LiveText, reply: Reply) -> str:
    """Return what of a finished reply goes to the checker: nothing if it is an outcome's sentinel, or failed before
    anything was shown."""
    if live.sentinel is not None or (reply.failure is not None and not live.shown):
        return ""
    return without_sentinels(live.raw).strip()


@dataclass(frozen=True, slots=True)
class ReplyFinisher:
    """Turns one reply into the text the reader keeps.

    Args:
        messages: the request that was put to the model.
        check: checks a text against the sources of the request.
        extractive: stands in if the model gave nothing that can be shown.
        max_tokens: bound on the stand-in's length.
    """

    messages: Sequence[Message]
    check: Check
    extractive: Backend
    max_tokens: int

    def finish(self, live: LiveText, reply: Reply) -> FinalText:
        """Return the final text of a reply that ended, failed, or was cut off at the bound on its length."""
        final = self._finish(live, reply)
        if reply.cut_off and final.checked is not None and not final.extracted:
            note = _note("answer_cut_off", "the model reached the bound on an answer's length")
            final = replace(final, after=final.after or says.CUT_OFF, ledger=(*final.ledger, note))
        if not live.leaked_words:
            return final
        note = _note("prompt_leak", f"{live.leaked_words} words of the instructions were left out")
        return replace(final, ledger=(*final.ledger, note))

    def _finish(self, live: LiveText, reply: Reply) -> FinalText:
        why = str(reply.failure)
        if reply.failure is not None and not live.shown:
            return self._extract(says.failed(why), (_note("backend_failed", why),))
        if live.sentinel is not None:
            return no_answer(live.sentinel)
        text = checkable_text(live, reply)
        if not text:
            return self._extract(says.EMPTY, (_note("empty_answer", "the model returned no text"),))
        checked = self.check(text)
        if not checked.citations:
            kind, label = _why_uncited(text, checked)
            return self._extract(label, (*checked.ledger, _note(kind, text)))
        if reply.failure is not None:
            note = _note("backend_failed", why)
            return FinalText("answered", checked, after=says.cut_short(why), ledger=(*checked.ledger, note))
        return FinalText("answered", checked, ledger=checked.ledger)

    def _extract(self, label: str, ledger: tuple[LedgerEntry, ...]) -> FinalText:
        """Return the extractive answer to the same request, labelled as what it is."""
        text = "".join(chunk.text for chunk in self.extractive.stream(self.messages, max_tokens=self.max_tokens))
        checked = self.check(text) if text and leading_sentinel(text) is None else None
        if checked is None or not checked.citations:
            return FinalText("not_stated", before=f"{label} {says.EXTRACT_EMPTY}", ledger=ledger, extracted=True)
        before = f"{label} {says.EXTRACT_LABEL}"
        return FinalText("answered", checked, before=before, ledger=(*ledger, *checked.ledger), extracted=True)


def _why_uncited(text: str, checked: CheckedAnswer) -> tuple[str, str]:
    if says.is_refusal(text):
        return "refused", says.REFUSED
    if any(sentence.citations for sentence in checked.sentences):
        return "unsupported_answer", says.DROPPED
    return "no_citations", says.UNCITED


def _note(kind: str, detail: str) -> LedgerEntry:
    detail = " ".join(detail.split())
    return LedgerEntry(kind, detail if len(detail) <= _DETAIL else f"{detail[: _DETAIL - 1]}…")
