"""What LlamaIndex's requests and responses hold: messages, words without the model's thinking, and usage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, ChatResponse, CompletionResponse

from rag.models.openai.thinking import ThinkingFilter
from rag.models.protocols import Message, Usage


class ReplyReader:
    """Reads the responses of one reply: the words of each, without thinking, and the usage if it is reported."""

    def __init__(self) -> None:
        self._thinking = ThinkingFilter()
        self.words = False
        self.usage: Usage | None = None

    def take(self, response: ChatResponse | CompletionResponse) -> str:
        """Return the words to pass on for one response; may be empty."""
        self.usage = reported_usage(response.additional_kwargs) or self.usage
        return self._given(self._thinking.feed(response.delta or ""))

    def rest(self) -> str:
        """Return the words held back until it was certain that they belong to the answer."""
        return self._given(self._thinking.end())

    def _given(self, text: str) -> str:
        # Blanks before the first word are nothing given: a reply of blanks alone is empty, and may be asked for again.
        text = text if self.words else text.lstrip()
        self.words = self.words or bool(text)
        return text


def chat_messages(messages: Sequence[Message]) -> list[ChatMessage]:
    """Convert messages to LlamaIndex's; half a surrogate pair, which no request can carry, becomes ``?``."""
    return [
        ChatMessage(role=message.role, content=message.content.encode("utf-8", "replace").decode("utf-8"))
        for message in messages
    ]


def reported_usage(counts: Any) -> Usage | None:
    """Return the usage of one model call from a server's counts, or ``None`` if they are absent or not counts."""
    if not isinstance(counts, dict):
        return None
    prompt, completion = counts.get("prompt_tokens"), counts.get("completion_tokens")
    if not (isinstance(prompt, int) and isinstance(completion, int) and prompt >= 0 and completion >= 0):
        return None
    return Usage(prompt, completion, 1)
