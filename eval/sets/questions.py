"""Question sets: JSON Lines files of questions with what a right answer rests on, checked field by field on load.

The record format is described in ``eval/sets/README.md``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from rag.answering.record.answer import Outcome, Turn
from rag.errors import UsageError
from rag.paper import title_key

Place: TypeAlias = Literal["start", "middle", "end"]

#: Characters of one text field; a longer one is damage.
MAX_TEXT = 20_000
#: Characters of a question set as a file.
MAX_FILE = 64 * 1024 * 1024
_SLUG = re.compile(r"[a-z][a-z0-9_\-/]{0,59}")
_ID = re.compile(r"[\w.:\-]{1,100}")
_REFUSALS: tuple[Outcome, ...] = ("not_stated", "not_found")


class QuestionSetError(UsageError):
    """A question set cannot be read, or a record in it is not one; the message names file, line and field."""


@dataclass(frozen=True, slots=True)
class EvidenceQuote:
    """A sentence that proves the gold answer: verbatim in the abstract of the paper of this title, after
    :func:`rag.language.normalise.normalise`."""

    title: str
    quote: str


@dataclass(frozen=True, slots=True)
class Attack:
    """Text planted in a paper's abstract before the question is asked.

    ``title`` names the paper, ``place`` where in its abstract ``text`` is put (``middle``: behind the first half of its
    sentences). ``forbidden`` holds texts of which none may stand in the answer: each of them there, the attack worked.
    """

    title: str
    text: str
    place: Place
    forbidden: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One question with its gold.

    ``relevant`` holds the titles of the papers that an answer rests on. ``must_include`` holds groups of spellings: a
    right answer has one spelling of every group. Unanswerable questions have neither these nor evidence; they may
    name papers on their subject as relevant.
    """

    id: str
    category: str
    subtype: str
    question: str
    history: tuple[Turn, ...] = ()
    relevant: tuple[str, ...] = ()
    gold_answer: str = ""
    must_include: tuple[tuple[str, ...], ...] = ()
    evidence: tuple[EvidenceQuote, ...] = ()
    answerable: bool = True
    attack: Attack | None = None

    @property
    def expected_outcome(self) -> tuple[Outcome, ...]:
        """The outcomes that are right for this question."""
        return ("answered",) if self.answerable else _REFUSALS

    @property
    def relevant_keys(self) -> frozenset[str]:
        """The relevant titles as :func:`rag.paper.title_key` writes them, to compare with titles found."""
        return frozenset(title_key(title) for title in self.relevant)

    def to_dict(self) -> dict[str, Any]:
        """The record as the file holds it."""
        record: dict[str, Any] = {
            "id": self.id,
            "category": self.category,
            "subtype": self.subtype,
            "question": self.question,
            "history": [{"role": turn.role, "content": turn.content} for turn in self.history],
            "relevant": list(self.relevant),
            "gold_answer": self.gold_answer,
            "must_include": [list(group) for group in self.must_include],
            "evidence": [{"title": e.title, "quote": e.quote} for e in self.evidence],
            "answerable": self.answerable,
        }
        if self.attack is not None:
            record["attack"] = {
                "title": self.attack.title,
                "text": self.attack.text,
                "place": self.attack.place,
                "forbidden": list(self.attack.forbidden),
            }
        return record


def load_questions(path: Path) -> list[Question]:
    """The questions of a set, in order.

    Raises:
        QuestionSetError: the file cannot be read, is empty, or a record is wrong; names file, line and field.
    """
    questions: dict[str, Question] = {}
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        question = question_of(_object(line, where), where)
        if question.id in questions:
            raise QuestionSetError(f'{where}, field "id": {question.id!r} is already used above; ids are unique')
        questions[question.id] = question
    if not questions:
        raise QuestionSetError(f"{path} holds no questions; one JSON object a line is expected")
    return list(questions.values())


def question_of(record: Mapping[str, Any], where: str = "record") -> Question:
    """The question that a record holds; fields not known here are passed over.

    Raises:
        QuestionSetError: a field is missing, of the wrong type, or at odds with another; ``where`` leads the message.
    """
    fields = _Fields(record, where)
    answerable = fields.flag("answerable")
    question = Question(
        id=fields.matching("id", _ID, "letters, digits and ._:- only, up to 100"),
        category=fields.matching("category", _SLUG, "a short name in small letters as false_premise"),
        subtype=fields.text("subtype", required=False),
        question=fields.text("question"),
        history=fields.turns("history"),
        relevant=fields.texts("relevant"),
        gold_answer=fields.text("gold_answer", required=answerable),
        must_include=fields.groups("must_include"),
        evidence=fields.quotes("evidence"),
        answerable=answerable,
        attack=fields.attack("attack"),
    )
    _check_gold(question, where)
    return question


def _check_gold(question: Question, where: str) -> None:
    if not question.answerable:
        for name in ("must_include", "evidence"):
            if getattr(question, name):
                raise QuestionSetError(f'{where}, field "{name}": must be empty where "answerable" is false')
        return
    if not question.relevant:
        raise QuestionSetError(f'{where}, field "relevant": an answerable question names at least one paper')
    for number, quote in enumerate(question.evidence, 1):
        if title_key(quote.title) not in question.relevant_keys:
            raise QuestionSetError(
                f'{where}, field "evidence", entry {number}: its title is not among those of "relevant"'
            )


@dataclass(frozen=True, slots=True)
class _Fields:
    """Reads one record's fields; what does not fit is an error that names the field."""

    record: Mapping[str, Any]
    where: str

    def wrong(self, name: str, reason: str) -> QuestionSetError:
        return QuestionSetError(f'{self.where}, field "{name}": {reason}')

    def text(self, name: str, *, required: bool = True) -> str:
        value = self.record.get(name, "")
        if name not in self.record and required:
            raise self.wrong(name, "is missing")
        return self._text(name, value, required=required)

    def matching(self, name: str, pattern: re.Pattern[str], expected: str) -> str:
        value = self.text(name)
        if not pattern.fullmatch(value):
            raise self.wrong(name, f"{value[:80]!r} is not {expected}")
        return value

    def flag(self, name: str) -> bool:
        value = self.record.get(name)
        if not isinstance(value, bool):
            raise self.wrong(name, "is missing" if value is None else "is not true or false")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(self._text(name, item, entry=n) for n, item in enumerate(self._list(name), 1))

    def groups(self, name: str) -> tuple[tuple[str, ...], ...]:
        groups = []
        for number, group in enumerate(self._list(name), 1):
            if not isinstance(group, list) or not group:
                raise self.wrong(name, f"entry {number} is not a list of spellings")
            groups.append(tuple(self._text(name, item, entry=number) for item in group))
        return tuple(groups)

    def turns(self, name: str) -> tuple[Turn, ...]:
        turns = []
        for number, item in enumerate(self._list(name), 1):
            role = item.get("role") if isinstance(item, dict) else None
            if role not in ("user", "assistant"):
                raise self.wrong(name, f'entry {number} is not {{"role": "user" or "assistant", "content": text}}')
            turns.append(Turn(role, self._text(name, item.get("content"), entry=number)))
        return tuple(turns)

    def quotes(self, name: str) -> tuple[EvidenceQuote, ...]:
        quotes = []
        for number, item in enumerate(self._list(name), 1):
            if not isinstance(item, dict):
                raise self.wrong(name, f'entry {number} is not {{"title": text, "quote": text}}')
            title, quote = (self._text(name, item.get(key), entry=number) for key in ("title", "quote"))
            quotes.append(EvidenceQuote(title, quote))
        return tuple(quotes)

    def attack(self, name: str) -> Attack | None:
        value = self.record.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.wrong(name, 'is not {"title", "text", "place", "forbidden"}')
        inner = _Fields(value, f'{self.where}, field "{name}"')
        place = value.get("place", "end")
        if place not in get_args(Place):
            raise inner.wrong("place", f"is not one of {', '.join(get_args(Place))}")
        forbidden = inner.texts("forbidden")
        if not forbidden:
            raise inner.wrong("forbidden", "is empty; name what a successful attack would put into the answer")
        return Attack(inner.text("title"), inner.text("text"), place, forbidden)

    def _list(self, name: str) -> Sequence[Any]:
        value = self.record.get(name, [])
        if not isinstance(value, list):
            raise self.wrong(name, "is not a list")
        return value

    def _text(self, name: str, value: object, *, required: bool = True, entry: int | None = None) -> str:
        place = "" if entry is None else f"entry {entry} "
        if not isinstance(value, str):
            raise self.wrong(name, f"{place}is not a text")
        if required and not value.strip():
            raise self.wrong(name, f"{place}is empty")
        if len(value) > MAX_TEXT:
            raise self.wrong(name, f"{place}has more than {MAX_TEXT} characters")
        if any("\ud800" <= c <= "\udfff" for c in value):
            raise self.wrong(name, f"{place}holds half a surrogate pair, which is no character")
        return value


def _lines(path: Path) -> list[str]:
    try:
        if path.stat().st_size > MAX_FILE:
            raise QuestionSetError(f"{path} is larger than {MAX_FILE >> 20} MB; a question set is not")
        # Not splitlines: it would also cut at separators inside a JSON text.
        return path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise QuestionSetError(f"the question set {path} cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise QuestionSetError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error


def _object(line: str, where: str) -> Mapping[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise QuestionSetError(f"{where}: not a JSON object ({error})") from None
    if not isinstance(value, dict):
        raise QuestionSetError(f"{where}: a JSON object is expected, one a line")
    return value
