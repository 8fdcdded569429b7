"""What a model is asked to reply when it ranks papers or judges sentences, and how that reply is read.

The request carries the schema (:attr:`Ask.reply_schema`), and servers that know JSON mode hold the model to it. Others
leave it at the prompt's words, so the reply is validated here in any case: numbers that name nothing are passed over,
and where the JSON is missing, cut, or of another shape, a plain list in the simplest form is read or nothing at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

Verdict: TypeAlias = Literal["supported", "weak", "unsupported"]

#: Characters. No ranking and no list of verdicts is longer; what comes after is an essay.
_LONGEST: Final = 8_000
#: Places where a JSON object may begin; a reply with more braces than that holds none.
_MOST_OPENINGS: Final = 64
#: "[2] > [3] > [1]", "2, 3, 1": lines of numbers and signs only.
_SIGN = r"[\s\[\](),;>|*→]"
_NUMBERS_ONLY = re.compile(rf"^{_SIGN}{{0,8}}\d{{1,3}}(?:{_SIGN}{{1,8}}\d{{1,3}})*{_SIGN}{{0,8}}$", re.MULTILINE)
#: "S1: supported": a line with a number, a sign and a verdict, and nothing behind it.
_VERDICT_LINE = re.compile(
    r"^\W{0,8}(?:S|sentence\s)?(\d{1,3})\s?[\])*]{0,3}\s?[:.)|,=–-]\W{0,4}(supported|weak|unsupported)\W{0,8}$",
    re.IGNORECASE | re.MULTILINE,
)


class _Reply(BaseModel):
    # Strict schemas of OpenAI's servers demand that further keys are ruled out; a model that adds one all the same has
    # still replied.
    model_config = ConfigDict(extra="ignore", json_schema_extra={"additionalProperties": False})


class Ranking(_Reply):
    """Numbers of papers, best first."""

    order: list[int]


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


class SentenceVerdict(_Reply):
    """The verdict on the sentence with that number."""

    sentence: int
    verdict: Annotated[Verdict, BeforeValidator(_lower)]


class Verdicts(_Reply):
    """A verdict for each numbered sentence."""

    verdicts: list[SentenceVerdict]


def read_order(text: str, count: int) -> tuple[int, ...] | None:
    """Return the order in a reply that ranks ``count`` papers numbered from 1.

    Numbers that name no paper are passed over, and so is a number after its first time; papers that the reply leaves
    out follow in their old order.

    Returns:
        A permutation of ``range(count)``, best first, or ``None`` if the reply holds no order.
    """
    text = text[:_LONGEST]
    reply = _read(text, Ranking)
    lines = _NUMBERS_ONLY.findall(text)
    # Of several lines the last is the conclusion.
    found: Iterable[int] = reply.order if reply else map(int, re.findall(r"\d+", lines[-1]) if lines else ())
    named = dict.fromkeys(number - 1 for number in found if 1 <= number <= count)
    return (*named, *(at for at in range(count) if at not in named)) if named else None


def read_verdicts(text: str, count: int) -> dict[int, Verdict]:
    """Return the verdicts in a reply on ``count`` sentences numbered from 1.

    Numbers of no sentence are passed over. A sentence has no verdict if the reply gives it none or two that differ. If
    the reply counts from 0, no number means what it says, and there are none at all.
    """
    text = text[:_LONGEST]
    reply = _read(text, Verdicts)
    if reply is None:
        lines = [{"sentence": number, "verdict": word} for number, word in _VERDICT_LINE.findall(text)]
        reply = Verdicts.model_validate({"verdicts": lines})
    if any(entry.sentence == 0 for entry in reply.verdicts):
        return {}
    said: dict[int, set[Verdict]] = {}
    for entry in reply.verdicts:
        if 1 <= entry.sentence <= count:
            said.setdefault(entry.sentence, set()).add(entry.verdict)
    return {number: verdicts.pop() for number, verdicts in sorted(said.items()) if len(verdicts) == 1}


_Kind = TypeVar("_Kind", bound=_Reply)


def _read(text: str, schema: type[_Kind]) -> _Kind | None:
    """Return the JSON object of that schema in a text, which may hold other words too; ``None`` if there is none, or if
    there are two that differ: a reply may quote what an abstract told it to say."""
    decoder, found, end = json.JSONDecoder(), list[_Kind](), 0
    for opening in islice(re.finditer(r"\{", text), _MOST_OPENINGS):
        if opening.start() < end:
            continue
        try:
            value, end = decoder.raw_decode(text, opening.start())
            found.append(schema.model_validate(value))
        except (ValidationError, ValueError, RecursionError):
            continue
    return found[0] if found and all(reply == found[0] for reply in found) else None
