"""Any LlamaIndex LLM as a backend."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, ChatResponse, CompletionResponse
from llama_index.core.llms import LLM

from rag.errors import ModelError
from rag.models.protocols import Chunk, Message, Usage
from rag.models.thinking import ThinkingFilter


class LlamaIndexBackend:
    """Puts a LlamaIndex LLM in the place of a backend.

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

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[Chunk]:
        """The reply, piece by piece.

        Raises:
            ModelError: the LLM failed, or gave no words.
        """
        reply = Reply()
        try:
            for response in self._llm.stream_chat(chat_messages(messages), **self._arguments(max_tokens)):
                if text := reply.take(response):
                    yield Chunk(text)
        except self._failures as error:
            raise self._failed(error) from error
        yield self._last(reply)

    async def astream(self, messages: Sequence[Message], *, max_tokens: int) -> AsyncIterator[Chunk]:
        """As :meth:`stream`, asynchronously."""
        reply = Reply()
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

    def _last(self, reply: Reply) -> Chunk:
        rest = reply.rest()
        if not reply.words:
            raise ModelError(f"model {self.model!r} gave an empty answer; ask again or take another", retryable=True)
        return Chunk(rest, reply.usage)

    def _failed(self, error: Exception) -> ModelError:
        # What a foreign library says may quote a key; its class is enough to look further.
        return ModelError(
            f"model {self.model!r} failed with {type(error).__name__}; look at it with --debug or take another backend"
        )


class Reply:
    """Reads the responses of one reply: the words of each, thinking left out, and the usage where it is reported."""

    def __init__(self) -> None:
        self._thinking = ThinkingFilter()
        self.words = False
        self.usage: Usage | None = None

    def take(self, response: ChatResponse | CompletionResponse) -> str:
        """The words to pass on for one response; may be empty."""
        self.usage = reported_usage(response.additional_kwargs) or self.usage
        return self._given(self._thinking.feed(response.delta or ""))

    def rest(self) -> str:
        """Words held back until it was certain that they belong to the answer."""
        return self._given(self._thinking.end())

    def _given(self, text: str) -> str:
        # Blanks before the first word are nothing given: a reply of blanks alone is empty, and may be asked for again.
        text = text if self.words else text.lstrip()
        self.words = self.words or bool(text)
        return text


def chat_messages(messages: Sequence[Message]) -> list[ChatMessage]:
    """The messages as LlamaIndex wants them; half a surrogate pair, which no request can carry, becomes ``?``."""
    return [
        ChatMessage(role=message.role, content=message.content.encode("utf-8", "replace").decode("utf-8"))
        for message in messages
    ]


def reported_usage(counts: Any) -> Usage | None:
    """The usage of one model call in a server's counts, or ``None`` where they are absent or no counts."""
    if not isinstance(counts, dict):
        return None
    prompt, completion = counts.get("prompt_tokens"), counts.get("completion_tokens")
    if not (isinstance(prompt, int) and isinstance(completion, int) and prompt >= 0 and completion >= 0):
        return None
    return Usage(prompt, completion, 1)
