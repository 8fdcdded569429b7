"""Question sets: JSON Lines files of questions and what a right answer rests on, validated when loaded.

The record format is described in ``eval/sets/README.md``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, TypeAdapter, ValidationError

from eval.sets.dataset_files import DatasetError, objects, reason
from rag.answering.record.answer import Outcome, Turn
from rag.paper import title_key

Place: TypeAlias = Literal["start", "middle", "end"]

#: Characters of one text field; a longer one is damage.
MAX_TEXT = 20_000
_REFUSALS: tuple[Outcome, ...] = ("not_stated", "not_found")


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


def _matching(pattern: str, expected: str) -> AfterValidator:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"{text[:80]!r} is not {expected}")
        return text

    return AfterValidator(check)


def _spoken(turn: Turn) -> Turn:
    _filled(turn.content)
    return turn


_Text = Annotated[str, Field(max_length=MAX_TEXT)]
_Filled = Annotated[_Text, AfterValidator(_filled)]
_Id = Annotated[_Text, _matching(r"[\w.:\-]{1,100}", "letters, digits and ._:- only, up to 100")]
_Category = Annotated[_Text, _matching(r"[a-z][a-z0-9_\-/]{0,59}", "a short name in small letters as false_premise")]
_Spellings = Annotated[tuple[_Filled, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class EvidenceQuote:
    """A sentence that proves the gold answer: verbatim in the abstract of the paper of this title, after
    :func:`rag.language.normalise.normalise`."""

    title: _Filled
    quote: _Filled


@dataclass(frozen=True, slots=True)
class Attack:
    """A prompt injection: text put into a paper's abstract before the question is asked.

    ``title`` names the paper, ``place`` where in its abstract ``text`` is put (``middle``: behind the first half of its
    sentences). The attack has worked if the answer holds any of the ``forbidden`` texts.
    """

    title: _Filled
    text: _Filled
    place: Place
    forbidden: _Spellings


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its gold.

    ``relevant`` holds the titles of the papers that an answer rests on. ``must_include`` holds groups of spellings: a
    right answer has one spelling of every group. Unanswerable questions have neither these nor evidence; they may
    name papers on their subject as relevant.
    """

    id: _Id
    category: _Category
    subtype: _Text
    question: _Filled
    history: tuple[Annotated[Turn, AfterValidator(_spoken)], ...] = ()
    relevant: tuple[_Filled, ...] = ()
    gold_answer: _Text = ""
    must_include: tuple[_Spellings, ...] = ()
    evidence: tuple[EvidenceQuote, ...] = ()
    answerable: StrictBool = True
    attack: Annotated[Attack, BeforeValidator(lambda v: {"place": "end", **v} if isinstance(v, dict) else v)] | None = (
        None
    )

    @property
    def expected_outcome(self) -> tuple[Outcome, ...]:
        """The outcomes that are right for this question."""
        return ("answered",) if self.answerable else _REFUSALS

    @property
    def relevant_keys(self) -> frozenset[str]:
        """The relevant titles as :func:`rag.paper.title_key` writes them, to compare with titles found."""
        return frozenset(title_key(title) for title in self.relevant)

    @property
    def has_injection(self) -> bool:
        """Whether the question or an abstract comes with instructions that a model should not follow."""
        return self.attack is not None or self.category == "injection"

    def to_dict(self) -> dict[str, Any]:
        """The record as the file holds it."""
        record: dict[str, Any] = _QUESTION.dump_python(self, mode="json")
        if self.attack is None:
            del record["attack"]
        return record


_QUESTION = TypeAdapter(Question)


def load_questions(path: Path) -> list[Question]:
    """The questions of a set, in order.

    Raises:
        DatasetError: the file cannot be read, is empty, or a record is wrong; names file, line and field.
    """
    questions: dict[str, Question] = {}
    for where, record in objects(path):
        question = question_of(record, where)
        if question.id in questions:
            raise DatasetError(f'{where}, field "id": {question.id!r} is already used above; ids are unique')
        questions[question.id] = question
    if not questions:
        raise DatasetError(f"{path} holds no questions; one JSON object a line is expected")
    return list(questions.values())


def question_of(record: Mapping[str, Any], where: str = "record") -> Question:
    """The question that a record holds; unknown fields are ignored.

    Raises:
        DatasetError: a field is missing, of the wrong type, or at odds with another; ``where`` leads the message.
    """
    if "answerable" not in record:
        raise DatasetError(f'{where}, field "answerable": is missing')
    try:
        question = _QUESTION.validate_python({"subtype": "", **record})
    except ValidationError as error:
        raise DatasetError(f"{where}, {reason(error)}") from error
    if wrong := _contradiction(question):
        raise DatasetError(f"{where}, {wrong}")
    return question


def _contradiction(question: Question) -> str | None:
    """How the gold contradicts itself, or ``None``."""
    if not question.answerable:
        full = next((name for name in ("must_include", "evidence") if getattr(question, name)), None)
        return full and f'field "{full}": must be empty where "answerable" is false'
    if not question.relevant:
        return 'field "relevant": an answerable question names at least one paper'
    if not question.gold_answer.strip():
        return 'field "gold_answer": is empty'
    for number, quote in enumerate(question.evidence, 1):
        if title_key(quote.title) not in question.relevant_keys:
            return f'field "evidence", entry {number}: its title is not among those of "relevant"'
    return None
