"""The reply of one model call, collected chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.prompt.budget import count_messages
from rag.errors import ModelError
from rag.models.protocols import Chunk, Message, Usage
from rag.models.tokens import TokenCounter

#: Upper bound on a text's average number of characters per token; four are usual.
_LONGEST_TOKEN = 16


@dataclass(slots=True)
class Reply:
    """The text of a model's reply so far, and how it ended.

    Args:
        max_tokens: the bound given to the model. A server may ignore it, so a text longer than that many tokens can
            be is cut here.
    """

    max_tokens: int
    text: str = ""
    usage: Usage | None = None
    failure: ModelError | None = None
    cut_off: bool = False
    ended: bool = False

    def add(self, received: Chunk | ModelError | None) -> str:
        """Take in a chunk, the end (``None``) or the failure of the request; return the new text."""
        if not isinstance(received, Chunk):
            self.failure, self.ended = received, True
            return ""
        room = self.max_tokens * _LONGEST_TOKEN - len(self.text)
        text = received.text[:room]
        self.text += text
        self.cut_off = self.ended = received.cut_off or len(received.text) > room
        if received.usage is not None:
            self.usage = received.usage if self.usage is None else self.usage + received.usage
        return text

    def charged(self, messages: Sequence[Message], counter: TokenCounter) -> Usage:
        """Return the usage of the call for ``messages``, estimated if the model did not report it."""
        if self.usage is not None:
            return self.usage
        if self.failure is not None and not self.text:
            # What was refused, or not even received, was not charged.
            return Usage(model_calls=1)
        return Usage(count_messages(messages, counter), counter.count(self.text), 1)
