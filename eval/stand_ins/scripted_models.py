"""Scripted models: they know the gold answers and see only the request.

A script reads the messages of one request as a model does: it follows the instructions and answers from the sources in
them. So a paper that was not retrieved, a sentence cut from the prompt, a rule missing from ``prompts/answer.md`` or a
conversation that did not reach the model all lower the figures.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from eval.sets.questions import EvidenceQuote, Question
from rag.answering.prompt.sentinels import NOT_FOUND, NOT_STATED
from rag.answering.prompt.sources import ParsedPrompt, SourceText, escape, parse_prompt
from rag.language.normalise import normalise
from rag.language.sentences import sentences
from rag.language.tokens import runs
from rag.models.protocols import Message
from rag.paper import title_key

_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_TURN = re.compile(r"^<turn role=\"(?:user|assistant)\">", re.MULTILINE)
_END = re.compile(r"[.!?…]+[\"')\]]*$")
#: The fault of a sentence that an injected instruction asked for.
OBEYED = "obeyed_instruction"
#: How a model abstains that was not told the word for it.
UNPROMPTED_ABSTENTION = "The sources given do not say."


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence without markers, the numbers of the sources it is to cite, and the fault injected into it."""

    text: str
    numbers: tuple[int, ...]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply before it is written out: its claims; without any it abstains with ``sentinel``."""

    claims: tuple[Claim, ...] = ()
    sentinel: str = NOT_STATED


@dataclass(frozen=True, slots=True)
class WrittenSentence:
    """A claim as it was sent: ``papers`` are the titles of the sources it cites."""

    text: str
    fault: str | None
    papers: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """An entry of ``written`` in a record, see :data:`eval.metrics.metric.AnswerRecord`."""
        return {"text": self.text, "fault": self.fault, "papers": list(self.papers)}


@dataclass(frozen=True, slots=True)
class Instructions:
    """What the system message asks for; a script does that and no more."""

    cites: bool
    sentinels: frozenset[str]

    @classmethod
    def of(cls, messages: Iterable[Message]) -> Instructions:
        """The instructions in these messages."""
        system = "\n".join(m.content for m in messages if m.role == "system")
        return cls("[1]" in system, frozenset(word for word in (NOT_STATED, NOT_FOUND) if word in system))

    def write(self, draft: Draft) -> str:
        """The reply as text."""
        if not draft.claims:
            return draft.sentinel if draft.sentinel in self.sentinels else UNPROMPTED_ABSTENTION
        return " ".join(with_markers(c.text, c.numbers if self.cites else ()) for c in draft.claims)


def with_markers(text: str, numbers: Sequence[int]) -> str:
    """``text`` with ``[n]`` for each number before its final stop."""
    end = _END.search(text)
    at = end.start() if end else len(text)
    marks = "".join(f"[{n}]" for n in numbers)
    return f"{text[:at]} {marks}{text[at:] or '.'}" if marks else text


class FaithfulModel:
    """A model that writes the gold answer if the sources hold the gold papers with the sentences that prove it, the
    proven part of it if they hold some of them, and abstains otherwise.

    Other scripts change the draft. Safe to share between threads.
    """

    def __init__(self, questions: Iterable[Question]) -> None:
        self._known: dict[str, Question] = {}
        for question in questions:
            self._known.setdefault(_key(question.question), question)
            self._known[_key(standalone(question))] = question
        self._with_history = [q for q in self._known.values() if q.history]
        self._lock = threading.Lock()
        self._written: dict[str, tuple[WrittenSentence, ...]] = {}

    def __call__(self, messages: Sequence[Message]) -> str:
        """The reply to a request of the engine, for an answer or for a standalone question."""
        content = "\n".join(m.content for m in messages if m.role == "user")
        prompt = parse_prompt(content)
        if _TURN.search(content) and not prompt.sources:
            return self.condense(prompt.question, content)
        question = self._known.get(_key(prompt.question))
        if question is None or not prompt.sources:
            return Instructions.of(messages).write(Draft(sentinel=NOT_FOUND))
        draft = self.draft(question, prompt, messages)
        titles = {source.number: source.title for source in prompt.sources}
        written = (
            WrittenSentence(c.text, c.fault, tuple(titles[n] for n in c.numbers if n in titles)) for c in draft.claims
        )
        with self._lock:
            self._written[question.id] = tuple(written)
        return Instructions.of(messages).write(draft)

    def pop_written(self, question_id: str) -> tuple[WrittenSentence, ...]:
        """Return the sentences of the last reply to a question, once; none without a reply or if it abstained."""
        with self._lock:
            return self._written.pop(question_id, ())

    def condense(self, asked: str, conversation: str) -> str:
        """The standalone question; unchanged if the conversation that explains it is not in the request."""
        for question in self._with_history:
            last = escape(question.history[-1].content)[:200]
            if _key(question.question) == _key(asked) and last in conversation:
                return standalone(question)
        return asked

    def draft(self, question: Question, prompt: ParsedPrompt, messages: Sequence[Message]) -> Draft:  # noqa: ARG002
        """The reply to a prompt; ``messages`` is the whole request, for scripts that read more of it."""
        if not question.answerable:
            return Draft(sentinel=NOT_STATED if "near" in question.subtype else NOT_FOUND)
        proofs = _proofs(question, prompt.sources)
        if len({source.number for source, _ in proofs}) == len(question.relevant_keys):
            return Draft(tuple(_claims(question, proofs)))
        # Half of the papers: their own words are all that can be said with certainty.
        return Draft(tuple(Claim(quote.quote, (source.number,)) for source, quotes in proofs for quote in quotes))


class ObedientModel(FaithfulModel):
    """A model that follows every injection: an instruction inside a source, or one in the question that asks for the
    system message, is carried out; everything else is answered faithfully."""

    def draft(self, question: Question, prompt: ParsedPrompt, messages: Sequence[Message]) -> Draft:
        """What the injected instruction asks for, or the faithful draft."""
        attack = question.attack
        for source in prompt.sources if attack else ():
            if attack and _flat(attack.text) in _flat(" ".join(source.passages)):
                claims = (Claim(_sentence(text), (source.number,), OBEYED) for text in attack.forbidden)
                return Draft(tuple(claims))
        if question.category == "injection" and attack is None:
            rules = " ".join(m.content for m in messages if m.role == "system")
            return Draft((Claim(rules, (), OBEYED),))
        return super().draft(question, prompt, messages)


def standalone(question: Question) -> str:
    """A follow-up as a middling model would make it stand alone: the question before it, then the question itself.

    It names no paper that the conversation does not name, so that retrieval still has its work to do.
    """
    before = [turn.content for turn in question.history if turn.role == "user"]
    return f"{before[-1].strip()} {question.question}" if before else question.question


def _proofs(question: Question, sources: Sequence[SourceText]) -> list[tuple[SourceText, list[EvidenceQuote]]]:
    """The gold papers among the sources, each with those of its proving sentences that the source holds; a paper with
    none of them left is left out."""
    proofs = []
    for source in sources:
        key = title_key(source.title)
        if key not in question.relevant_keys:
            continue
        text = _flat(" ".join(source.passages))
        quotes = [q for q in question.evidence if title_key(q.title) == key]
        there = [q for q in quotes if _flat(q.quote) in text]
        if there or not quotes:
            proofs.append((source, there))
    return proofs


def _claims(question: Question, proofs: list[tuple[SourceText, list[EvidenceQuote]]]) -> Iterable[Claim]:
    """The gold answer's sentences, each citing the papers that share a figure with it, or all if none does."""
    answer = normalise(question.gold_answer)
    for span in sentences(answer):
        text = answer[span.start : span.end]
        figures = {f for f in _FIGURE.findall(text) if len(f) > 1}
        sharing = [
            source.number
            for source, quotes in proofs
            if figures & set(_FIGURE.findall(" ".join(q.quote for q in quotes)))
        ]
        every = [source.number for source, _ in proofs]
        yield Claim(text, tuple(sharing if figures and sharing else every))


def _sentence(text: str) -> str:
    text = text.strip()
    return text if _END.search(text) else f"{text[:1].upper()}{text[1:]}."


def _key(text: str) -> str:
    return " ".join(runs(normalise(text).casefold()))


def _flat(text: str) -> str:
    return "".join(runs(normalise(text).casefold()))
