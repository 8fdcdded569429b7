"""A model's reply while it is being written: what came of it, and what of that the reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.checking.check import known_links
from rag.answering.citations.stream import CitationStream
from rag.answering.prompt.budget import count_messages
from rag.answering.prompt.leak import LeakGuard
from rag.answering.prompt.sentinels import Sentinel, leading_sentinel, may_become_sentinel, without_sentinels
from rag.errors import ModelError
from rag.models.protocols import Chunk, Message, Usage
from rag.models.tokens import TokenCounter
from rag.retrieval.evidence import Evidence

#: Characters held back before the first citation: an uncited opening may turn out to be a refusal or a digression.
HELD_BACK = 600
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


class LiveText:
    """Takes in a reply in pieces and gives out what may be shown, with citations in their normal form.

    Runs of words from the instructions are taken out. A beginning that may become a sentinel is held back, and so is
    any text before the first citation, up to ``HELD_BACK`` characters, so that an answer that never cites is not shown.

    Args:
        sources: what the prompt held, in that order.
        instructions: the system messages of the request.
    """

    def __init__(self, sources: Sequence[Evidence], instructions: str = "") -> None:
        self._guard = LeakGuard(instructions)
        self._citations = CitationStream(len(sources), links=known_links(sources))
        self._raw: list[str] = []
        self._held = ""
        self._opened = False
        self.shown = ""

    @property
    def raw(self) -> str:
        """The reply so far, with source numbers as the model wrote them, without words of its instructions."""
        return "".join(self._raw)

    @property
    def leaked_words(self) -> int:
        """The number of words of the instructions that were taken out."""
        return self._guard.removed

    @property
    def sentinel(self) -> Sentinel | None:
        """The outcome that the reply opens with, if it opens with a sentinel."""
        return None if self.shown else leading_sentinel(self.raw)

    def feed(self, text: str) -> str:
        """Take in more of the reply and return what may be shown now."""
        return self._read(self._guard.feed(text))

    def _read(self, text: str) -> str:
        self._raw.append(text)
        if not self._opened:
            if may_become_sentinel(self.raw) or leading_sentinel(self.raw):
                return ""
            self._opened, text = True, self.raw
        return self._release(self._citations.feed(text))

    def finish(self) -> str:
        """Return the rest of a reply that has ended; nothing if it opens with a sentinel or cites nothing."""
        early = self._read(self._guard.finish())
        if self.sentinel:
            return ""
        rest = "" if self._opened else self.raw
        text = self._citations.feed(rest) if rest else ""
        self._held += text + self._citations.finish()
        if not self.shown and not self._citations.order:
            return ""
        return early + self._show()

    def _release(self, text: str) -> str:
        self._held += text
        if self.shown or self._citations.order or len(self._held) > HELD_BACK:
            return self._show()
        return ""

    def _show(self) -> str:
        text, self._held = without_sentinels(self._held), ""
        self.shown += text
        return text
