"""Question to checked answer, for callers that block and callers that wait.

:class:`rag.answering.pipeline.AnswerPipeline` decides what happens; the two drivers here carry it out, each in its
caller's manner, and close what they opened.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, aclosing
from typing import TYPE_CHECKING

from rag.answering.components import Components
from rag.answering.effects import NextChunk, Output, Search, StartModel, StopModel, advance
from rag.answering.followup.condense import as_turns
from rag.answering.pipeline import AnswerPipeline
from rag.answering.record.answer import Answer, Turn
from rag.answering.record.events import Event, Finished, TextDelta
from rag.errors import ModelError
from rag.models.protocols import Backend, Chunk
from rag.retrieval.evidence import Searcher
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.answering.checking.check import Similarity

History = Iterable[Turn | Mapping[str, object]]


class Assistant:
    """Answers questions from what a searcher finds. Thread-safe: questions share no state.

    Args:
        searcher: the library, or a stand-in.
        settings: budgets and policies, and which backend to build if none is given.
        backend: what writes the answers; by default built from ``settings`` on the first question.
        similarity: scores how alike two texts are, for :func:`rag.answering.checking.check.check_answer`; by default
            the searcher's own ``similarity``, which a library has.
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
        self._built: Components | None = None
        self._building = threading.Lock()

    @property
    def backend(self) -> Backend:
        """What writes the answers; every door names it.

        Raises:
            ModelError: the backend that the settings name cannot be built.
        """
        return self._components().backend

    def ask(self, question: str, history: History = ()) -> Answer:
        """Return the checked answer. If the model fails, the answer quotes the evidence instead.

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
        """As :meth:`ask`, with an event for each station: ``Condensed``, ``Retrieved``, a ``TextDelta`` for every piece
        of text that may be shown, and last ``Finished`` with the answer (:mod:`rag.answering.record.events`).

        Closing it closes the request upstream.
        """
        components = self._components()
        flow = AnswerPipeline(components, question, as_turns(history)).run()
        upstream: Iterator[Chunk]
        received: object = None
        with ExitStack() as opened:
            while (output := advance(flow, received)) is not None:
                received = None
                match output:
                    case Search(find):
                        received = find(self._searcher)
                    case StartModel(messages):
                        upstream = components.backend.stream(messages, **output.arguments)
                        if hasattr(upstream, "close"):
                            opened.callback(upstream.close)
                    case NextChunk():
                        try:
                            received = next(upstream, None)
                        except ModelError as error:
                            received = error
                    case StopModel():
                        opened.close()
                    case _:
                        yield output

    async def aask(self, question: str, history: History = ()) -> Answer:
        """As :meth:`ask`, asynchronously."""
        async with aclosing(self.astream(question, history)) as events:
            async for event in events:
                if isinstance(event, Finished):
                    return event.answer
        raise AssertionError("a stream ends with Finished")

    async def astream(self, question: str, history: History = ()) -> AsyncGenerator[Event]:
        """As :meth:`stream`, asynchronously; search and check run in threads of their own."""
        components = await asyncio.to_thread(self._components)
        flow = AnswerPipeline(components, question, as_turns(history)).run()
        upstream: AsyncIterator[Chunk]
        output: Output | None = None
        received: object = None
        async with AsyncExitStack() as opened:
            while True:
                # Taking in a chunk is quick, and must not queue behind the searches and checks of other questions.
                if isinstance(received, Chunk) or isinstance(output, TextDelta):
                    output = advance(flow, received)
                else:
                    output = await asyncio.to_thread(advance, flow, received)
                received = None
                match output:
                    case None:
                        return
                    case Search(find):
                        received = await asyncio.to_thread(find, self._searcher)
                    case StartModel(messages):
                        upstream = components.backend.astream(messages, **output.arguments)
                        if hasattr(upstream, "aclose"):
                            opened.push_async_callback(upstream.aclose)
                    case NextChunk():
                        try:
                            received = await anext(upstream, None)
                        except ModelError as error:
                            received = error
                    case StopModel():
                        await opened.aclose()
                    case _:
                        yield output

    def _components(self) -> Components:
        # Under a lock: first questions that come together must not each build a backend, which may load a model.
        with self._building:
            if self._built is None:
                self._built = Components.build(self._settings, self._given, self._similarity)
            return self._built
