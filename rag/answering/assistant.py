"""Question to checked answer: condense, retrieve, decide, prompt, generate, check.

The way is the same for all four doors here; :class:`rag.answering.pipeline.Run` walks it, and this module waits for the
model in the caller's manner (blocking or not) and closes what it opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterable, Mapping, Sequence
from contextlib import aclosing, closing
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from rag.answering.assist.model_judge import MAX_VERDICT_TOKENS
from rag.answering.assist.steps import build_judge, build_steps, without_model
from rag.answering.followup.condense import MAX_CONDENSED_TOKENS, as_turns
from rag.answering.pipeline import Parts, Reply, Run
from rag.answering.prompt.budget import prompt_limit
from rag.answering.prompt.templates import load_prompt
from rag.answering.record.answer import Answer, Turn
from rag.answering.record.events import Event, Finished
from rag.errors import ModelError
from rag.extractive import Extractive
from rag.models.prices import Prices
from rag.models.protocols import Backend, Chunk, Message
from rag.models.tokens import counter_for
from rag.retrieval.evidence import Searcher
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.answering.checking.check import Similarity

History = Iterable[Turn | Mapping[str, object]]


class Assistant:
    """Answers questions from what a searcher finds. Safe to share: no question leaves anything behind.

    Args:
        searcher: the library, or a stand-in.
        settings: budgets and policies, and the backend where none is given.
        backend: what writes; built from ``settings`` on the first question where it is not given.
        similarity: scores how alike two texts are, for :func:`rag.answering.checking.check.check_answer`.
            A searcher's own ``similarity``, which a library has, where none is given.
    """

    def __init__(
        self,
        searcher: Searcher,
        settings: Settings,
        backend: Backend | None = None,
        similarity: Similarity | None = None,
    ) -> None:
        self._searcher = searcher
        self._settings = settings
        self._given = backend
        self._similarity: Similarity | None = similarity or getattr(searcher, "similarity", None)

    @property
    def backend(self) -> Backend:
        """What writes the answers; every door says which one it is.

        Raises:
            ModelError: the backend that the settings name cannot be built.
        """
        return self._parts.backend

    def ask(self, question: str, history: History = ()) -> Answer:
        """The checked answer. A model that fails costs the answer its prose, never the reader the evidence.

        Args:
            question: as the user put it.
            history: earlier turns, oldest first, as :class:`Turn` or ``{"role", "content"}``.

        Raises:
            UsageError: the question is empty or too long, or a history record is malformed.
            CitewellError: the library cannot be searched, or the backend not be built.
        """
        for event in self.stream(question, history):
            if isinstance(event, Finished):
                return event.answer
        raise AssertionError("a stream ends with Finished")

    def stream(self, question: str, history: History = ()) -> Generator[Event]:
        """As :meth:`ask`, told while it happens: ``Condensed``, ``Retrieved``, a ``TextDelta`` for every piece of text
        that may be shown, and last ``Finished`` with the answer (:mod:`rag.answering.record.events`).

        Closing it closes the request upstream.
        """
        run = Run(self._parts, question, as_turns(history))
        request, reply = run.condense_request(), Reply()
        if request:
            reply = self._whole(run, "condense", request, MAX_CONDENSED_TOKENS)
        yield run.condensed(request, reply)
        run.retrieve(self._searcher)
        while (ask := run.next_ask()) is not None:
            reply = self._whole(run, ask.name, ask.messages, ask.max_tokens, ask.reply_schema)
            run.take_reply(ask, reply, self._searcher)
        yield run.retrieved()
        request, reply = run.answer_request(), Reply()
        if request:
            with (
                run.timed("generate"),
                closing(self._generate(request, self._settings.max_answer_tokens, reply)) as chunks,
            ):
                for chunk in chunks:
                    if (delta := run.take(chunk)) is not None:
                        yield delta
        run.end(reply)
        if (verdicts := run.judge_request()) is not None:
            reply = self._whole(run, "judge", verdicts.messages, MAX_VERDICT_TOKENS, verdicts.reply_schema)
            run.take_verdicts(verdicts, reply)
        yield from run.finish()

    async def aask(self, question: str, history: History = ()) -> Answer:
        """As :meth:`ask`, asynchronously."""
        async with aclosing(self.astream(question, history)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    return event.answer
        raise AssertionError("a stream ends with Finished")

    async def astream(self, question: str, history: History = ()) -> AsyncGenerator[Event]:
        """As :meth:`stream`, asynchronously; search and check run in threads of their own."""
        run = Run(await asyncio.to_thread(lambda: self._parts), question, as_turns(history))
        request, reply = run.condense_request(), Reply()
        if request:
            reply = await self._awhole(run, "condense", request, MAX_CONDENSED_TOKENS)
        yield run.condensed(request, reply)
        await asyncio.to_thread(run.retrieve, self._searcher)
        while (ask := await asyncio.to_thread(run.next_ask)) is not None:
            reply = await self._awhole(run, ask.name, ask.messages, ask.max_tokens, ask.reply_schema)
            await asyncio.to_thread(run.take_reply, ask, reply, self._searcher)
        yield run.retrieved()
        request, reply = await asyncio.to_thread(run.answer_request), Reply()
        if request:
            with run.timed("generate"):
                async with aclosing(self._agenerate(request, self._settings.max_answer_tokens, reply)) as chunks:
                    async for chunk in chunks:
                        if (delta := run.take(chunk)) is not None:
                            yield delta
        run.end(reply)
        if (verdicts := await asyncio.to_thread(run.judge_request)) is not None:
            reply = await self._awhole(run, "judge", verdicts.messages, MAX_VERDICT_TOKENS, verdicts.reply_schema)
            run.take_verdicts(verdicts, reply)
        for event in await asyncio.to_thread(run.finish):
            yield event

    @cached_property
    def _parts(self) -> Parts:
        backend = self._given
        if backend is None:
            # Imported here: a backend may bring a client that takes seconds to load.
            from rag.models.registry import build_backend

            backend = build_backend(self._settings)
        extractive, counter = Extractive(), counter_for(backend.model)
        return Parts(
            settings=self._settings,
            backend=backend,
            extractive=extractive,
            answer_prompt=load_prompt("answer"),
            condense_prompt=load_prompt("condense"),
            counter=counter,
            similarity=self._similarity,
            prices=Prices.load(self._settings),
            steps=build_steps(self._settings, backend, counter, prompt_limit(self._settings)),
            judge=build_judge(self._settings, backend, counter),
            notes=without_model(self._settings, backend.name),
        )

    def _whole(
        self,
        run: Run,
        station: str,
        request: Sequence[Message],
        max_tokens: int,
        reply_schema: type[BaseModel] | None = None,
    ) -> Reply:
        """A reply that is of use only when it is complete; its time is that station's."""
        reply = Reply()
        with run.timed(station):
            for _ in self._generate(request, max_tokens, reply, reply_schema):
                pass
        return reply

    async def _awhole(
        self,
        run: Run,
        station: str,
        request: Sequence[Message],
        max_tokens: int,
        reply_schema: type[BaseModel] | None = None,
    ) -> Reply:
        reply = Reply()
        with run.timed(station):
            async with aclosing(self._agenerate(request, max_tokens, reply, reply_schema)) as chunks:
                async for _ in chunks:
                    pass
        return reply

    def _generate(
        self,
        request: Sequence[Message],
        max_tokens: int,
        reply: Reply,
        reply_schema: type[BaseModel] | None = None,
    ) -> Generator[Chunk]:
        """The backend's chunks, also taken down in ``reply``; a failure ends them and stands in ``reply``, as
        does, where a server heeds no bound, a text longer than ``max_tokens`` can be."""
        upstream = self._parts.backend.stream(request, max_tokens=max_tokens, **_optional(reply_schema))
        try:
            for chunk in upstream:
                yield reply.add(chunk, max_tokens)
                if reply.cut_off:
                    break
        except ModelError as error:
            reply.failure = error
        finally:
            close = getattr(upstream, "close", None)
            if close is not None:
                close()

    async def _agenerate(
        self,
        request: Sequence[Message],
        max_tokens: int,
        reply: Reply,
        reply_schema: type[BaseModel] | None = None,
    ) -> AsyncGenerator[Chunk]:
        upstream = self._parts.backend.astream(request, max_tokens=max_tokens, **_optional(reply_schema))
        try:
            async for chunk in upstream:
                yield reply.add(chunk, max_tokens)
                if reply.cut_off:
                    break
        except ModelError as error:
            reply.failure = error
        finally:
            close = getattr(upstream, "aclose", None)
            if close is not None:
                await close()


def _optional(reply_schema: type[BaseModel] | None) -> dict[str, Any]:
    # A backend of the user's own may not know the parameter, and need not unless it is asked to rank or to judge.
    return {} if reply_schema is None else {"reply_schema": reply_schema}
