"""What the engine asks of a model. Everything behind the two protocols can be swapped."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

Vectors: TypeAlias = NDArray[np.float32]


class Embedder(Protocol):
    """Turns text into vectors of unit length."""

    @property
    def name(self) -> str:
        """Model and version; two embedders of one name give the same vectors."""

    @property
    def dimension(self) -> int:
        """Length of every vector."""

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts to be stored; return unit vectors in the order given, shape ``(len(texts), dimension)``."""

    def embed_query(self, text: str) -> Vectors:
        """Embed a question; return a vector of unit length, shape ``(dimension,)``."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat request."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of model calls; what a backend does not report is estimated by the tokenizer."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    model_calls: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.model_calls + other.model_calls,
        )


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a streamed reply.

    With the last piece come ``usage``, if the model reports it, and ``cut_off``: the reply reached the bound on its
    length and may end in the middle of a sentence.
    """

    text: str
    usage: Usage | None = None
    cut_off: bool = False


class Backend(Protocol):
    """Writes text for a list of messages.

    A failure raises :class:`rag.errors.ModelError` with a plain sentence; pieces already given stay given. Closing the
    iterator closes the request upstream.
    """

    @property
    def name(self) -> str:
        """``extractive``, ``openai``, ..."""

    @property
    def model(self) -> str:
        """The model's own name."""

    @property
    def is_model(self) -> bool:
        """Whether a language model writes, which can take any task; if not, only answers can be asked of it."""

    def stream(
        self, messages: Sequence[Message], *, max_tokens: int, reply_schema: type[BaseModel] | None = None
    ) -> Iterator[Chunk]:
        """Yield the reply, piece by piece.

        Args:
            messages: the request.
            max_tokens: bound on the tokens of the reply.
            reply_schema: asks for one JSON object of this schema. A backend or server that cannot hold the model to
                it ignores it, so the caller validates the reply in any case. Left out if no schema is wanted.
        """

    def astream(
        self, messages: Sequence[Message], *, max_tokens: int, reply_schema: type[BaseModel] | None = None
    ) -> AsyncIterator[Chunk]:
        """As :meth:`stream`, asynchronously."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """A text for a base model to continue.

    ``grammar``, in llama.cpp's GBNF, is what the continuation may look like; it ends before the first of ``stops``.
    """

    prompt: str
    grammar: str
    stops: tuple[str, ...]


#: Turns a chat request into a text that a base model, one without a chat template, continues with the reply. Raises
#: :class:`rag.errors.ModelError` for a request that cannot be put so.
BasePrompt: TypeAlias = Callable[[Sequence[Message]], Continuation]
