"""What ``Assistant.stream`` yields while a question is answered; every door draws from these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from rag.answering.record.answer import Answer
from rag.retrieval.evidence import SearchResult


@dataclass(frozen=True, slots=True)
class Condensed:
    """The standalone question (the question itself if there is no history)."""

    standalone_question: str


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The evidence was retrieved; generation starts next unless nothing is relevant."""

    result: SearchResult


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer, citations already in normal form and renumbered by first use."""

    text: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The checked answer; its text differs from the sum of the deltas if the checker changed it."""

    answer: Answer


Event: TypeAlias = Condensed | Retrieved | TextDelta | Finished
