"""What :class:`rag.answering.pipeline.AnswerPipeline` asks of its driver, since it does no I/O itself.

The pipeline is a generator. It yields effects, and events for the reader; the driver carries out an effect, sends back
what came of it, and passes events on. Only the drivers in :mod:`rag.answering.assistant` know whether they block or
wait.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel

from rag.answering.record.events import Event
from rag.models.protocols import Message
from rag.retrieval.evidence import Searcher, SearchResult

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Search:
    """Call ``find`` with the searcher and send back what it returns."""

    find: Callable[[Searcher], SearchResult | None]


@dataclass(frozen=True, slots=True)
class StartModel:
    """Open a request to the backend; send back nothing."""

    messages: tuple[Message, ...]
    max_tokens: int
    reply_schema: type[BaseModel] | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """The backend's keyword arguments. A backend that is never asked for JSON need not know ``reply_schema``."""
        schema = {} if self.reply_schema is None else {"reply_schema": self.reply_schema}
        return {"max_tokens": self.max_tokens, **schema}


@dataclass(frozen=True, slots=True)
class NextChunk:
    """Read on in the open request. Send back the chunk, ``None`` at the end, or the
    :class:`rag.errors.ModelError` that was raised: the pipeline takes a failure as data."""


@dataclass(frozen=True, slots=True)
class StopModel:
    """Close the open request, whether or not it has ended; send back nothing."""


Effect: TypeAlias = Search | StartModel | NextChunk | StopModel
Output: TypeAlias = Effect | Event
#: A part of the pipeline that ends with a ``T``. What may be sent to it depends on what it yielded last.
Flow: TypeAlias = Generator[Output, Any, T]


def advance(flow: Flow[None], received: object) -> Output | None:
    """Send ``received`` into ``flow`` and return its next output, or ``None`` at its end.

    The end is a value because asyncio cannot carry ``StopIteration`` out of a thread.
    """
    try:
        return flow.send(received)
    except StopIteration:
        return None
