"""The extractive answerer behind the same protocol as every model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from rag.answering.prompt.sentinels import NOT_FOUND, NOT_STATED
from rag.answering.prompt.sources import parse_prompt
from rag.extractive.compose import compose
from rag.extractive.question import analyse
from rag.extractive.select import select
from rag.models.protocols import Chunk, Message, Usage


class Extractive:
    """Reads the sources and the question back from the last user message, selects the sentences that answer, and
    quotes them with the sources' numbers; where none answers, it says so with the sentinels every model uses."""

    @property
    def name(self) -> str:
        """``extractive``."""
        return "extractive"

    @property
    def model(self) -> str:
        """``extractive``: there is no model behind it."""
        return "extractive"

    def stream(self, messages: Sequence[Message], *, max_tokens: int, **_: object) -> Iterator[Chunk]:
        """The answer, a sentence a piece. ``max_tokens`` is kept by quoting fewer sentences (four characters a token).

        No model is called, so the usage is nil.
        """
        for piece in answer(messages, max_characters=4 * max_tokens):
            yield Chunk(piece)
        yield Chunk("", Usage())

    async def astream(self, messages: Sequence[Message], *, max_tokens: int, **_: object) -> AsyncIterator[Chunk]:
        """As :meth:`stream`."""
        for chunk in self.stream(messages, max_tokens=max_tokens):
            yield chunk


def answer(messages: Sequence[Message], *, max_characters: int) -> list[str]:
    """The pieces of the extractive answer to a prompt; joined they are the whole text."""
    prompt = next((parse_prompt(m.content) for m in reversed(messages) if m.role == "user"), None)
    if prompt is None or not prompt.sources or not prompt.question:
        return [NOT_FOUND]
    question = analyse(prompt.question)
    selection = select(question, prompt.sources)
    if selection.picks:
        return compose(selection.picks, max_characters=max_characters)
    return [NOT_STATED if selection.on_topic else NOT_FOUND]
