"""The interface of a step that asks a model for help before an answer: one request, and what its reply changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel

from rag.models.protocols import Message
from rag.retrieval.evidence import Searcher, SearchResult


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to the model.

    ``take`` turns the reply into the new evidence, or returns ``None`` if the reply cannot be used; it may search, and
    so takes as long as a search. ``name`` is the step's, and its station in the timings. ``reply_schema`` is what the
    reply is to be, in JSON; a reply in prose has none.
    """

    name: str
    messages: tuple[Message, ...]
    max_tokens: int
    take: Callable[[str, Searcher], SearchResult | None]
    reply_schema: type[BaseModel] | None = None


class Step(Protocol):
    """One kind of help. It keeps no state of a question."""

    @property
    def name(self) -> str:
        """``expand`` or ``rerank``."""

    @property
    def depth(self) -> int:
        """How many papers the search should return for it, however few are asked for in the end."""

    def ask(self, question: str, result: SearchResult) -> Ask | None:
        """Return what to ask the model for this question, or ``None`` if there is nothing to ask."""
