"""Any LlamaIndex LLM as a backend of ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from typing import Any

from llama_index.core.llms import LLM
from pydantic import BaseModel

from rag.errors import ModelError
from rag.models.openai.responses import ReplyReader, chat_messages
from rag.models.protocols import Chunk, Message


class LlamaIndexBackend:
    """A LlamaIndex LLM behind the protocol of a backend.

    Closing the iterator closes the LLM's own generator; whether that ends the request upstream at once is up to the
    LLM.

    Args:
        llm: any LlamaIndex LLM; how it retries and how long it waits is its own affair.
        name: what the answer's record gives as backend.
        max_tokens_argument: keyword under which ``llm`` takes the bound of a reply (``max_tokens``, ``num_predict``);
            without one the bound set on ``llm`` itself holds.
        failures: exceptions of the LLM's own library that mean a failed request; ``OSError``, ``ValueError`` and
            ``RuntimeError`` always do.
    """

    is_model = True

    def __init__(
        self,
        llm: LLM,
        *,
        name: str = "llamaindex",
        max_tokens_argument: str | None = None,
        failures: tuple[type[Exception], ...] = (),
    ) -> None:
        self._llm = llm
        self._argument = max_tokens_argument
        self._failures: tuple[type[Exception], ...] = (OSError, ValueError, RuntimeError, *failures)
        self.name = name
        self.model: str = llm.metadata.model_name

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        reply_schema: type[BaseModel] | None = None,  # noqa: ARG002 - LLMs have no common way to ask for it
    ) -> Iterator[Chunk]:
        """Yield the reply, piece by piece.

        Raises:
            ModelError: the LLM failed, or gave no words.
        """
        reply = ReplyReader()
        try:
            for response in self._llm.stream_chat(chat_messages(messages), **self._arguments(max_tokens)):
                if text := reply.take(response):
                    yield Chunk(text)
        except self._failures as error:
            raise self._failed(error) from error
        yield self._last(reply)

    async def astream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        reply_schema: type[BaseModel] | None = None,  # noqa: ARG002 - LLMs have no common way to ask for it
    ) -> AsyncIterator[Chunk]:
        """As :meth:`stream`, asynchronously."""
        reply = ReplyReader()
        try:
            responses: Any = await self._llm.astream_chat(chat_messages(messages), **self._arguments(max_tokens))
            async with aclosing(responses):
                async for response in responses:
                    if text := reply.take(response):
                        yield Chunk(text)
        except self._failures as error:
            raise self._failed(error) from error
        yield self._last(reply)

    def _arguments(self, max_tokens: int) -> dict[str, Any]:
        return {self._argument: max_tokens} if self._argument else {}

    def _last(self, reply: ReplyReader) -> Chunk:
        rest = reply.rest()
        if not reply.words:
            raise ModelError(f"model {self.model!r} gave an empty answer; ask again or take another", retryable=True)
        return Chunk(rest, reply.usage)

    def _failed(self, error: Exception) -> ModelError:
        # What a foreign library says may quote a key; its class is enough to look further.
        return ModelError(
            f"model {self.model!r} failed with {type(error).__name__}; look at it with --debug or take another backend"
        )
