"""The one typed answer that page, command line, API and evaluation all render."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from typing import Any, Literal, Self, TypeAlias

from pydantic import TypeAdapter, ValidationError

from rag.errors import RecordError
from rag.models.prices import Cost
from rag.models.protocols import Usage
from rag.paper import Paper
from rag.retrieval.evidence import Evidence

Outcome: TypeAlias = Literal["answered", "not_stated", "not_found"]
Support: TypeAlias = Literal["supported", "weak", "unsupported", "none"]
JudgedBy: TypeAlias = Literal["verbatim", "words", "model"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier turn of the conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Quote:
    """The deciding sentence of a cited abstract for one sentence of the answer: ``abstract[start:end]`` of citation
    ``number``."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer, or a table row or cell.

    Attributes:
        text: what it says, without markers and emphasis.
        citations: the citation numbers behind it.
        support: how well they back it; ``none`` if it claims nothing that needs a source.
        problems: what is wrong with it, in plain words.
        quotes: the deciding sentence of each cited abstract, as far as one was found. (A :class:`Citation` holds the
            best of all sentences.)
        start, end: its place: ``answer.text[start:end]`` is the sentence with its markers and inline Markdown.
        judged_by: ``verbatim`` if a cited abstract has the sentence word for word, ``words`` if the rules and the
            scorer decided, ``model`` if a model's verdict took the place of theirs.
    """

    text: str
    citations: tuple[int, ...]
    support: Support
    problems: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()
    start: int = 0
    end: int = 0
    judged_by: JudgedBy = "words"

    def moved(self, by: int) -> Sentence:
        """Return the sentence at a place ``by`` characters further on."""
        return replace(self, start=self.start + by, end=self.end + by)

    def to_dict(self) -> dict[str, Any]:
        """Return the record of ``ask --json``."""
        return {
            "text": self.text,
            "citations": list(self.citations),
            "start": self.start,
            "end": self.end,
            "support": self.support,
            "judged_by": self.judged_by,
            "problems": list(self.problems),
        }


@dataclass(frozen=True, slots=True)
class Citation:
    """A cited paper. ``number`` is the order of first use; ``paper.abstract[start:end] == quote`` is the deciding
    sentence; ``support`` (0 to 1) is the best support it gives to a sentence that cites it."""

    number: int
    paper: Paper
    quote: str
    start: int
    end: int
    support: float

    def to_dict(self) -> dict[str, Any]:
        """Return the record of ``ask --json``."""
        return {
            "number": self.number,
            "paper": self.paper.to_dict(),
            "quote": self.quote,
            "start": self.start,
            "end": self.end,
            "support": round(self.support, 3),
        }


class LedgerKind(StrEnum):
    """What a ledger entry is about, with the ``label`` that readers see."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        """Return the kind that is ``value`` in JSON."""
        kind = str.__new__(cls, value)
        kind._value_, kind.label = value, label
        return kind

    UNKNOWN_CITATION = "unknown_citation", "Citation removed"
    REMOVED_MARKUP = "removed_markup", "Markup removed"
    UNSUPPORTED_FIGURE = "unsupported_figure", "Figure not found"
    MISPLACED_FIGURE = "misplaced_figure", "Figure of something else"
    TURNED_FIGURE = "turned_figure", "Bound turned around"
    UNSUPPORTED_NAME = "unsupported_name", "Name not found"
    ORDERED_SENTENCE = "ordered_sentence", "An order, not a finding"
    CONTRADICTED_SENTENCE = "contradicted_sentence", "Sentence contradicted"
    UNCITED_SENTENCE = "uncited_sentence", "Sentence without citation"
    UNSUPPORTED_SENTENCE = "unsupported_sentence", "Sentence without support"
    DROPPED_SENTENCE = "dropped_sentence", "Sentence left out"
    REATTRIBUTED = "reattributed", "Citation corrected"
    JUDGED = "judged", "Judged by the model"
    JUDGE_LEFT_OUT = "judge_left_out", "Not judged by the model"
    JUDGE_FAILED = "judge_failed", "Judging failed"
    JUDGE_OFF = "judge_off", "Judging is off"
    EXPAND_FAILED = "expand_failed", "Question expansion failed"
    EXPAND_OFF = "expand_off", "Question expansion is off"
    RERANK_FAILED = "rerank_failed", "Reranking failed"
    RERANK_OFF = "rerank_off", "Reranking is off"
    BACKEND_FAILED = "backend_failed", "The model failed"
    EMPTY_ANSWER = "empty_answer", "The model returned nothing"
    REFUSED = "refused", "The model declined"
    NO_CITATIONS = "no_citations", "Answer left out, without citations"
    UNSUPPORTED_ANSWER = "unsupported_answer", "Answer left out, unsupported"
    ANSWER_CUT_OFF = "answer_cut_off", "Answer cut off"
    PROMPT_LEAK = "prompt_leak", "Instructions left out"


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """Something the checker found or changed, or a step of the answer that failed."""

    kind: LedgerKind
    detail: str

    def to_dict(self) -> dict[str, str]:
        """Return the record of ``ask --json``."""
        return {"kind": self.kind.value, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Answer:
    """A checked answer. ``text`` carries [n] markers; every n is the number of one entry of ``citations``.
    ``cost`` is that of ``usage``, ``None`` if the model's price is not known."""

    question: str
    standalone_question: str
    outcome: Outcome
    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    ledger: tuple[LedgerEntry, ...]
    evidence: tuple[Evidence, ...]
    suggestions: tuple[Paper, ...]
    backend: str
    model: str
    prompt: str
    usage: Usage = field(default_factory=Usage)
    cost: Cost | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the record of ``ask --json``."""
        return {
            "question": self.question,
            "standalone_question": self.standalone_question,
            "outcome": self.outcome,
            "answer": self.text,
            "sentences": [s.to_dict() for s in self.sentences],
            "citations": [c.to_dict() for c in self.citations],
            "ledger": [entry.to_dict() for entry in self.ledger],
            "evidence": [e.to_dict() for e in self.evidence],
            "suggestions": [{"paper_id": p.id, "title": p.title} for p in self.suggestions],
            "backend": self.backend,
            "model": self.model,
            "prompt": self.prompt,
            "usage": {
                "prompt_tokens": self.usage.prompt_tokens,
                "completion_tokens": self.usage.completion_tokens,
                "model_calls": self.usage.model_calls,
                "cost": self.cost.to_dict() if self.cost else None,
            },
            "timings_ms": {k: round(v, 2) for k, v in self.timings_ms.items()},
        }

    def to_record(self) -> dict[str, Any]:
        """Return everything an answer has, for JSON; :meth:`from_record` is the exact inverse."""
        record: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Return the answer that :meth:`to_record` made ``record`` of.

        Raises:
            RecordError: ``record`` is malformed.
        """
        try:
            # JSON is read strictly ("1" is no number), and has lists for tuples.
            answer: Self = _adapter().validate_json(json.dumps(record), strict=True)
        except ValidationError as error:
            first, count = error.errors(include_url=False)[0], error.error_count()
            place = ".".join(map(str, first["loc"])) or "the record"
            more = f" (and {count - 1} more)" if count > 1 else ""
            raise RecordError(f"the record of an answer is malformed: {place}: {first['msg']}{more}") from error
        except (TypeError, ValueError, RecursionError) as error:
            raise RecordError(f"the record of an answer is not JSON ({error})") from error
        return answer


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(Answer)
