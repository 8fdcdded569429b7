"""The way of one question, as a generator without I/O: condense, retrieve, decide, prompt, generate, check."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from pydantic import BaseModel

from rag.answering.assist import steps
from rag.answering.assist.model_judge import MAX_VERDICT_TOKENS, no_room, take_verdicts
from rag.answering.assist.step import Ask
from rag.answering.checking.check import CheckedAnswer, Examined, check_answer, examine
from rag.answering.components import Components
from rag.answering.effects import Flow, NextChunk, Search, StartModel, StopModel
from rag.answering.finish import FinalText, checkable_text, final_text, no_answer
from rag.answering.followup.condense import MAX_CONDENSED_TOKENS, condense_request, read_condensed
from rag.answering.followup.standalone import standalone
from rag.answering.prompt.budget import Request, fit, prompt_limit
from rag.answering.prompt.sentinels import NOT_FOUND, NOT_STATED
from rag.answering.record.answer import Answer, Turn
from rag.answering.record.events import Condensed, Finished, Retrieved, TextDelta
from rag.answering.stream import LiveText, Reply
from rag.errors import UsageError
from rag.models.protocols import Message, Usage
from rag.retrieval.evidence import Evidence, SearchResult
from rag.retrieval.relevance import ON_TOPIC

#: Papers suggested if there is no answer.
SUGGESTIONS = 3
_STATIONS = ("condense", "embed", "dense", "lexical", "rerank", "generate", "check")


class AnswerPipeline:
    """One question on its way to a checked answer. All state of the question is in here, so questions share none.

    Args:
        components: the parts shared by all questions.
        question: as the user put it.
        history: earlier turns, oldest first.

    Raises:
        UsageError: the question is empty.
    """

    def __init__(self, components: Components, question: str, history: Sequence[Turn]) -> None:
        if not question.strip():
            raise UsageError("the question is empty: ask one")
        self._components = components
        self._settings = components.settings
        self._question = question
        self._history = history
        self._standalone = question
        self._result = SearchResult(question, (), 0)
        self._started = time.perf_counter()
        self._timings = dict.fromkeys(_STATIONS, 0.0)
        self._usage = Usage()
        self._notes = list(components.notes)

    def run(self) -> Flow[None]:
        """Yield effects for the driver and events for the reader, last of all ``Finished``.

        Between two steps it may compute for as long as a check takes. It holds nothing that must be closed: the
        driver owns the open request.

        Raises:
            UsageError: the question is too long for the prompt.
        """
        self._standalone = yield from self._condense()
        yield Condensed(self._standalone)
        self._result = yield from self._retrieve()
        yield Retrieved(self._result)
        relevant = self._result.evidence[: self._result.relevant]
        # If nothing is relevant, no model is asked.
        request = self._fit(relevant) if relevant else None
        if request is not None and request.evidence:
            yield from self._write(request)
        else:
            yield from self._finish(no_answer("not_found" if request is None else "not_stated"))

    def _condense(self) -> Flow[str]:
        """Return the question as it stands on its own, by the model or else by rules."""
        components, read = self._components, None
        if self._history and components.backend.is_model:
            limit = prompt_limit(self._settings)
            messages = condense_request(
                components.condense_prompt, self._question, self._history, components.counter, limit
            )
            if messages:
                reply = yield from self._call("condense", messages, MAX_CONDENSED_TOKENS)
                if reply.failure is None:
                    read = read_condensed(reply.text, self._question, _instructions(messages))
        with self._timed("condense"):
            return read or standalone(self._question, self._history)

    def _retrieve(self) -> Flow[SearchResult]:
        """Return the evidence, as many papers as the settings ask for, after every step that a model helps with."""
        query, k = self._standalone, self._settings.k
        depth = max([k, *(step.depth for step in self._components.steps)])
        result: SearchResult = yield Search(lambda searcher: searcher.search(query, k=depth))
        for step in self._components.steps:
            ask = step.ask(query, result) if result.relevant else None
            if ask is not None:
                result = yield from self._assist(ask, result)
        for station, milliseconds in result.timings_ms.items():
            if station != "total":
                self._spend(station, milliseconds)
        return replace(result, evidence=result.evidence[:k], relevant=min(k, result.relevant))

    def _assist(self, ask: Ask, result: SearchResult) -> Flow[SearchResult]:
        """Return what a model makes of ``result``; if its reply is of no use, ``result`` itself, and note it."""
        reply = yield from self._call(ask.name, ask.messages, ask.max_tokens, reply_schema=ask.reply_schema)
        found: SearchResult | None = None
        if reply.failure is None:
            found = yield Search(partial(ask.take, reply.text))
        if found is None:
            self._notes.append(steps.failed(ask.name, str(reply.failure or "")))
            return result
        return found

    def _fit(self, relevant: Sequence[Evidence]) -> Request:
        constants = {"not_stated": NOT_STATED, "not_found": NOT_FOUND}
        prompt, counter = self._components.answer_prompt, self._components.counter
        return fit(prompt, self._standalone, relevant, constants, counter, prompt_limit(self._settings))

    def _write(self, request: Request) -> Flow[None]:
        """Stream the model's answer, check it, and finish."""
        messages, max_tokens = request.messages, self._settings.max_answer_tokens
        live = LiveText(request.evidence, _instructions(messages))
        reply = yield from self._call("generate", messages, max_tokens, live.feed)
        shown, rest = live.shown, live.finish()
        examined = yield from self._judge(request, checkable_text(live, reply), reply)
        check = partial(self._check, request.evidence, examined)
        extract = partial(self._components.extractive.pieces, messages, max_tokens)
        final = final_text(live, reply, check, extract)
        if final.outcome == "not_found" and self._may_overlook():
            final = no_answer("not_stated")
        yield from self._finish(final, shown, rest)

    def _judge(self, request: Request, text: str, reply: Reply) -> Flow[Examined | None]:
        """Return what the rules find about ``text``, with the verdicts of a model; ``None`` if no model judges."""
        judge = self._components.judge
        if judge is None or not text:
            return None
        with self._timed("check"):
            examined = examine(
                text, request.evidence, similarity=self._components.similarity, question=self._standalone
            )
        asked = judge.ask(examined.findings, request.evidence, self._standalone)
        if asked is None:
            return examined
        if reply.failure is not None:
            # A model that just failed is not asked again while the reader waits.
            self._notes.append(steps.failed("judge", "the model failed while it wrote the answer"))
            return examined
        self._notes += no_room(asked)
        if not asked.messages:
            return examined
        verdicts = yield from self._call("judge", asked.messages, MAX_VERDICT_TOKENS, reply_schema=asked.reply_schema)
        taken = take_verdicts(verdicts.text, asked, examined.findings) if verdicts.failure is None else None
        if taken is None:
            self._notes.append(steps.failed("judge", str(verdicts.failure or "")))
            return examined
        findings, notes = taken
        self._notes += notes
        return replace(examined, findings=findings)

    def _check(self, evidence: Sequence[Evidence], examined: Examined | None, text: str) -> CheckedAnswer:
        policy = self._settings.unsupported
        with self._timed("check"):
            # The stand-in for the model's answer is checked by the rules alone.
            if examined is not None and examined.raw == text:
                return examined.checked(policy)
            return check_answer(
                text,
                evidence,
                similarity=self._components.similarity,
                policy=policy,
                question=self._standalone,
            )

    def _may_overlook(self) -> bool:
        """Return whether "no paper is about it" is more than the extractive backend can know: it compares words, and
        retrieval, which compares meanings, has a paper on the topic."""
        components, evidence = self._components, self._result.evidence
        if components.backend.is_model or not components.extractive.may_overlook(self._standalone):
            return False
        return bool(evidence) and evidence[0].score >= ON_TOPIC

    def _finish(self, final: FinalText, shown: str = "", rest: str = "") -> Flow[None]:
        """Yield what the reader has not been shown yet, and the answer. ``shown`` was shown while the model wrote;
        ``rest`` is the end of the same text."""
        answer = self._build_answer(final)
        if not shown and (final.extracted or final.checked is None):
            rest = answer.text
        elif final.after and not final.extracted:
            rest = f"{rest}\n\n{final.after}"
        if rest:
            yield TextDelta(rest)
        yield Finished(answer)

    def _build_answer(self, final: FinalText) -> Answer:
        components, evidence = self._components, self._result.evidence
        writer = components.extractive if final.extracted else components.backend
        total = (time.perf_counter() - self._started) * 1000
        return Answer(
            question=self._question,
            standalone_question=self._standalone,
            outcome=final.outcome,
            text=final.text,
            sentences=final.sentences,
            citations=final.checked.citations if final.checked else (),
            ledger=(*self._notes, *final.ledger),
            evidence=evidence,
            suggestions=() if final.outcome == "answered" else tuple(e.paper for e in evidence[:SUGGESTIONS]),
            backend=writer.name,
            model=writer.model,
            prompt=components.answer_prompt.label,
            usage=self._usage,
            cost=components.prices.cost(components.backend, self._usage),
            timings_ms={**self._timings, "total": total},
        )

    def _call(
        self,
        station: str,
        messages: tuple[Message, ...],
        max_tokens: int,
        on_chunk: Callable[[str], str] | None = None,
        reply_schema: type[BaseModel] | None = None,
    ) -> Flow[Reply]:
        """Return the model's reply; its time is the station's. ``on_chunk`` maps new text to what may be shown now."""
        reply = Reply(max_tokens)
        with self._timed(station):
            yield StartModel(messages, max_tokens, reply_schema)
            while not reply.ended:
                text = reply.add((yield NextChunk()))
                if on_chunk is not None and text and (shown := on_chunk(text)):
                    yield TextDelta(shown)
            yield StopModel()
        self._usage += reply.charged(messages, self._components.counter)
        return reply

    @contextmanager
    def _timed(self, station: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self._spend(station, (time.perf_counter() - started) * 1000)

    def _spend(self, station: str, milliseconds: float) -> None:
        self._timings[station] = self._timings.get(station, 0.0) + milliseconds


def _instructions(messages: Sequence[Message]) -> str:
    return "\n".join(message.content for message in messages if message.role == "system")
