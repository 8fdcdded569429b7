"""The backend that writes the answers: the model that the settings name, or the extractive answerer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from rag.answering.prompt.base_model import base_prompt
from rag.answering.prompt.sentinels import NOT_FOUND, NOT_STATED
from rag.answering.prompt.sources import parse_prompt
from rag.extractive import compose, has_topic, select
from rag.models.protocols import Backend, Chunk, Message, Usage
from rag.settings import Settings


def build_backend(settings: Settings) -> Backend:
    """Return the backend ``settings.backend`` names, with ``auto`` resolved; never another one in its place.

    Raises:
        SettingsError: the settings of this backend do not fit together, or it is not installed.
        ModelError: the model's file is not a model.
    """
    if not settings.uses_model:
        return ExtractiveBackend()
    from rag.models.registry import build_model

    return build_model(settings, base_prompt)


class ExtractiveBackend:
    """The extractive answerer behind the protocol of a model, so that all else treats them alike.

    It reads the sources and the question back from the last user message, quotes the sentences that answer with the
    sources' numbers, and says with the sentinels that every model uses that no sentence does.
    """

    name = "extractive"
    model = "extractive"
    is_model = False

    def stream(self, messages: Sequence[Message], *, max_tokens: int, **_: object) -> Iterator[Chunk]:
        """Yield the answer, a sentence a chunk, then the usage, which is nil."""
        for piece in self.pieces(messages, max_tokens):
            yield Chunk(piece)
        yield Chunk("", Usage())

    async def astream(self, messages: Sequence[Message], *, max_tokens: int, **_: object) -> AsyncIterator[Chunk]:
        """As :meth:`stream`."""
        for chunk in self.stream(messages, max_tokens=max_tokens):
            yield chunk

    def pieces(self, messages: Sequence[Message], max_tokens: int) -> list[str]:
        """Return the answer, a sentence a piece. ``max_tokens`` is kept by quoting fewer sentences, at four characters
        a token."""
        prompt = next((parse_prompt(m.content) for m in reversed(messages) if m.role == "user"), None)
        if prompt is None or not prompt.sources or not prompt.question:
            return [NOT_FOUND]
        selection = select(prompt.question, prompt.sources)
        if selection.picks:
            return compose(selection.picks, max_characters=4 * max_tokens)
        return [NOT_STATED if selection.on_topic else NOT_FOUND]

    def may_overlook(self, question: str) -> bool:
        """Return whether papers on the topic of ``question`` can escape this backend, which compares words and not
        meanings. A question that only gives orders has no topic."""
        return has_topic(question)
