"""One answer being written: its events as they come, and a way to stop it at any time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from rag.answering.record.answer import Turn
from rag.answering.record.events import Event
from rag.errors import CitewellError

#: Models write a word at a time, faster than anyone reads: what comes within this time is drawn at once.
_GATHER_S = 0.03
_log = logging.getLogger(__name__)


class Answering(Protocol):
    """What the page needs of an assistant."""

    def astream(self, question: str, history: Sequence[Turn]) -> AsyncGenerator[Event]:
        """Yield the events of one answer; closing or cancelling it closes the request to the model."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The answer failed; ``message`` is one line for the reader."""

    message: str


@dataclass(frozen=True, slots=True)
class Ended:
    """There are no more events."""


class AnswerStream:
    """A task that writes one answer. Create, read and stop it on the event loop."""

    def __init__(self, assistant: Answering, question: str, history: Sequence[Turn]) -> None:
        self._queue: asyncio.Queue[Event | Failed | Ended] = asyncio.Queue()
        self._task = asyncio.create_task(self._work(assistant, question, history))
        self._task.add_done_callback(self._done)

    def stop(self) -> None:
        """End the answer, also while the model is silent: the request to it is closed at once."""
        self._task.cancel()

    @property
    def stopped(self) -> bool:
        """Whether :meth:`stop` was called before the end."""
        return self._task.cancelling() > 0

    async def next(self, patience_s: float) -> list[Event | Failed | Ended]:
        """Return all events since the last call: at least one, unless ``patience_s`` seconds pass without any."""
        try:
            batch = [await asyncio.wait_for(self._queue.get(), patience_s)]
        except TimeoutError:
            return []
        await asyncio.sleep(_GATHER_S)
        while not self._queue.empty():
            batch.append(self._queue.get_nowait())
        return batch

    async def _work(self, assistant: Answering, question: str, history: Sequence[Turn]) -> None:
        try:
            async with aclosing(assistant.astream(question, history)) as events:
                async for event in events:
                    self._queue.put_nowait(event)
        except CitewellError as error:
            self._queue.put_nowait(Failed(str(error)))

    def _done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (fault := task.exception()) is not None:
            _log.error("an answer broke off", exc_info=fault)
        self._queue.put_nowait(Ended())
