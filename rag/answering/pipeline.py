"""One question on its way: all state of one question lives here, so that questions share none."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from rag.answering.assist import steps
from rag.answering.assist.model_judge import JudgeRequest, ModelJudge, no_room, take_verdicts
from rag.answering.assist.step import Ask, Step
from rag.answering.checking.check import CheckedAnswer, Examined, Similarity, check_answer, examine
from rag.answering.finish import Writer, Written, body_of, empty
from rag.answering.followup.condense import condense_request, read_condensed
from rag.answering.followup.standalone import standalone
from rag.answering.prompt.budget import Request, count_messages, fit, prompt_limit
from rag.answering.prompt.sentinels import NOT_FOUND, NOT_STATED
from rag.answering.prompt.templates import Prompt
from rag.answering.record.answer import Answer, LedgerEntry, Turn
from rag.answering.record.events import Condensed, Finished, Retrieved, TextDelta
from rag.answering.stream import LiveText
from rag.errors import ModelError, UsageError
from rag.extractive.question import without_orders
from rag.models.prices import Prices
from rag.models.protocols import Backend, Chunk, Message, Usage
from rag.models.tokens import TokenCounter
from rag.paper import Paper
from rag.retrieval.evidence import Searcher, SearchResult
from rag.retrieval.relevance import ON_TOPIC
from rag.settings import Settings

#: Papers suggested where there is no answer.
SUGGESTIONS = 3
#: Characters of a token, on average over a text, at the most; four are usual.
_LONGEST_TOKEN = 16
_STATIONS = ("condense", "embed", "dense", "lexical", "rerank", "generate", "check")


@dataclass(frozen=True, slots=True)
class Parts:
    """What every question of one assistant uses; nothing in it changes."""

    settings: Settings
    backend: Backend
    extractive: Backend
    answer_prompt: Prompt
    condense_prompt: Prompt
    counter: TokenCounter
    similarity: Similarity | None
    prices: Prices
    steps: tuple[Step, ...] = ()
    judge: ModelJudge | None = None
    notes: tuple[LedgerEntry, ...] = ()


class Run:
    """The stations of one question, each called once, in order; :mod:`rag.answering.assistant` drives them."""

    def __init__(self, parts: Parts, question: str, history: Sequence[Turn]) -> None:
        if not question.strip():
            raise UsageError("the question is empty: ask one")
        self._parts = parts
        self._question = question
        self._history = history
        self._standalone = question
        self._started = time.perf_counter()
        self._timings = dict.fromkeys(_STATIONS, 0.0)
        self._usage = Usage()
        self._result = SearchResult(question, (), 0)
        self._steps = list(parts.steps)
        self._notes = list(parts.notes)
        self._request: Request | None = None
        self._live = LiveText(())
        self._failure: ModelError | None = None
        self._cut_off = False
        self._shown_before = self._rest = ""
        self._examined: Examined | None = None

    @contextmanager
    def timed(self, station: str) -> Iterator[None]:
        """Adds the time spent inside to a station's."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._spent(station, (time.perf_counter() - started) * 1000)

    def condense_request(self) -> tuple[Message, ...]:
        """The request for a standalone question; empty where no model is to be asked."""
        parts = self._parts
        if not self._history or parts.backend.name == parts.extractive.name:
            return ()
        limit = prompt_limit(parts.settings)
        return condense_request(parts.condense_prompt, self._question, self._history, parts.counter, limit)

    def condensed(self, request: Sequence[Message], reply: Reply) -> Condensed:
        """Takes the model's reply to that request, or goes by rules where there is none that can be used."""
        read = None
        if request:
            self._count(request, reply)
            instructions = "\n".join(m.content for m in request if m.role == "system")
            if reply.failure is None:
                read = read_condensed(reply.text, self._question, instructions)
        with self.timed("condense"):
            self._standalone = read or standalone(self._question, self._history)
        return Condensed(self._standalone)

    def retrieve(self, searcher: Searcher) -> None:
        """Searches for the standalone question."""
        depths = (step.depth for step in self._steps)
        self._result = searcher.search(self._standalone, k=max([self._parts.settings.k, *depths]))

    def next_ask(self) -> Ask | None:
        """What a model is to be asked about the evidence next; ``None`` where nothing is left to ask."""
        # Where nothing is relevant no model is called.
        while self._steps and self._result.relevant:
            ask = self._steps.pop(0).ask(self._standalone, self._result)
            if ask is not None:
                return ask
        return None

    def take_reply(self, ask: Ask, reply: Reply, searcher: Searcher) -> None:
        """Takes the model's reply to it; where none can be used the evidence stays, and a note is made."""
        self._count(ask.messages, reply)
        found = ask.take(reply.text, searcher) if reply.failure is None else None
        if found is None:
            self._notes.append(steps.failed(ask.name, str(reply.failure or "")))
        else:
            self._result = found

    def retrieved(self) -> Retrieved:
        """The evidence, as many papers as the settings ask for."""
        k, result = self._parts.settings.k, self._result
        self._result = replace(result, evidence=result.evidence[:k], relevant=min(k, result.relevant))
        for station, milliseconds in result.timings_ms.items():
            if station != "total":
                self._spent(station, milliseconds)
        return Retrieved(self._result)

    def answer_request(self) -> tuple[Message, ...]:
        """The request for an answer; empty where nothing is relevant, and so nothing is to be asked."""
        relevant = self._result.evidence[: self._result.relevant]
        if not relevant:
            return ()
        parts = self._parts
        constants = {"not_stated": NOT_STATED, "not_found": NOT_FOUND}
        limit = prompt_limit(parts.settings)
        self._request = fit(parts.answer_prompt, self._standalone, relevant, constants, parts.counter, limit)
        instructions = "\n".join(m.content for m in self._request.messages if m.role == "system")
        self._live = LiveText(self._request.evidence, instructions)
        return self._request.messages if self._request.evidence else ()

    def take(self, chunk: Chunk) -> TextDelta | None:
        """A piece of the model's reply; returns what may be shown of it now."""
        shown = self._live.feed(chunk.text) if chunk.text else ""
        return TextDelta(shown) if shown else None

    def end(self, reply: Reply) -> None:
        """The model's reply is complete, or broke off."""
        self._shown_before = self._live.shown
        self._rest = self._live.finish()
        self._failure, self._cut_off = reply.failure, reply.cut_off
        if self._request is not None and self._request.evidence:
            self._count(self._request.messages, reply)

    def judge_request(self) -> JudgeRequest | None:
        """What a model is to be asked about the answer; ``None`` where nothing is."""
        judge, request = self._parts.judge, self._request
        if judge is None or request is None or not (body := body_of(self._live, self._failure)):
            return None
        with self.timed("check"):
            self._examined = examine(
                body, request.evidence, similarity=self._parts.similarity, question=self._standalone
            )
        asked = judge.ask(self._examined.findings, request.evidence, self._standalone)
        if asked is None:
            return None
        if self._failure is not None:
            # Whoever just failed is not asked again while the reader waits.
            self._notes.append(steps.failed("judge", "the model failed while it wrote the answer"))
            return None
        self._notes += no_room(asked)
        return asked if asked.messages else None

    def take_verdicts(self, asked: JudgeRequest, reply: Reply) -> None:
        """Takes the model's reply to it; where none can be used the rules' verdicts stay, and a note is made."""
        self._count(asked.messages, reply)
        examined = self._examined
        taken = None
        if examined is not None and reply.failure is None:
            taken = take_verdicts(reply.text, asked, examined.findings)
        if examined is None or taken is None:
            self._notes.append(steps.failed("judge", str(reply.failure or "")))
            return
        findings, notes = taken
        self._examined = replace(examined, findings=findings)
        self._notes += notes

    def finish(self) -> tuple[TextDelta | Finished, ...]:
        """The rest of the text, and the checked answer."""
        before, rest = self._shown_before, self._rest
        written = self._write()
        answer = self._cast(written)
        if not before and (written.extracted or written.checked is None):
            rest = answer.text
        elif written.after and not written.extracted:
            rest = f"{rest}\n\n{written.after}"
        return (TextDelta(rest), Finished(answer)) if rest else (Finished(answer),)

    def _write(self) -> Written:
        if self._request is None:
            return empty("not_found")
        if not self._request.evidence:
            return empty("not_stated")
        settings = self._parts.settings
        writer = Writer(self._request.messages, self._check, self._parts.extractive, settings.max_answer_tokens)
        written = writer.write(self._live, self._failure, cut_off=self._cut_off)
        return empty("not_stated") if written.outcome == "not_found" and self._says_too_much() else written

    def _says_too_much(self) -> bool:
        """Whether "nothing is about it" is more than the backend can know: the extractive one compares words, and
        retrieval, which compares meanings, has papers on the topic of what was asked."""
        parts, evidence = self._parts, self._result.evidence
        if parts.backend.name != parts.extractive.name or not without_orders(self._standalone):
            return False
        return bool(evidence) and evidence[0].score >= ON_TOPIC

    def _check(self, text: str) -> CheckedAnswer:
        settings, evidence = self._parts.settings, self._request.evidence if self._request else ()
        examined = self._examined
        with self.timed("check"):
            # What stands in for the model's answer is checked by the rules alone.
            if examined is not None and examined.raw == text:
                return examined.checked(settings.unsupported)
            return check_answer(
                text,
                evidence,
                similarity=self._parts.similarity,
                policy=settings.unsupported,
                question=self._standalone,
            )

    def _cast(self, written: Written) -> Answer:
        by = self._parts.extractive if written.extracted else self._parts.backend
        total = (time.perf_counter() - self._started) * 1000
        return Answer(
            question=self._question,
            standalone_question=self._standalone,
            outcome=written.outcome,
            text=written.text,
            sentences=written.sentences,
            citations=written.checked.citations if written.checked else (),
            ledger=(*self._notes, *written.ledger),
            evidence=self._result.evidence,
            suggestions=self._suggestions(written),
            backend=by.name,
            model=by.model,
            prompt=self._parts.answer_prompt.label,
            usage=self._usage,
            cost=self._parts.prices.cost(self._parts.backend, self._usage),
            timings_ms={**self._timings, "total": total},
        )

    def _suggestions(self, written: Written) -> tuple[Paper, ...]:
        if written.outcome == "answered":
            return ()
        return tuple(evidence.paper for evidence in self._result.evidence[:SUGGESTIONS])

    def _spent(self, station: str, milliseconds: float) -> None:
        self._timings[station] = self._timings.get(station, 0.0) + milliseconds

    def _count(self, request: Sequence[Message], reply: Reply) -> None:
        """Adds a call's tokens, by estimate where the model did not report them."""
        if reply.failure is not None and not reply.text and reply.usage is None:
            # What was refused, or not even received, was not charged.
            self._usage += Usage(model_calls=1)
            return
        counter = self._parts.counter
        estimate = (
            Usage(count_messages(request, counter), counter.count(reply.text), 1) if reply.usage is None else None
        )
        self._usage += reply.usage or estimate or Usage()


@dataclass(slots=True)
class Reply:
    """What came back from a model, and how it ended."""

    text: str = ""
    usage: Usage | None = None
    failure: ModelError | None = None
    cut_off: bool = False

    def add(self, chunk: Chunk, max_tokens: int) -> Chunk:
        """Takes in one piece, and returns it; cut where the text becomes longer than ``max_tokens`` tokens can be."""
        room = max_tokens * _LONGEST_TOKEN - len(self.text)
        if len(chunk.text) > room:
            chunk = replace(chunk, text=chunk.text[:room], cut_off=True)
        self.text += chunk.text
        self.cut_off |= chunk.cut_off
        if chunk.usage is not None:
            self.usage = chunk.usage if self.usage is None else self.usage + chunk.usage
        return chunk
