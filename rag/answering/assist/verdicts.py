"""Reads a model's verdicts on numbered sentences, in whatever form it wrote them.

Asked for lines as "S1: supported", models also write JSON, lists, tables and rows, with words around all of these; they
leave sentences out, judge some that are not there, and repeat what the sources told them to say. So a verdict counts
only where it opens a line (or follows another verdict there), and where nothing in the reply contradicts it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal, TypeAlias

Verdict: TypeAlias = Literal["supported", "weak", "unsupported"]

#: No list of verdicts is longer; what comes after is an essay.
_LONGEST: Final = 8_000
#: Where JSON may begin; a reply with more brackets than that is none.
_MOST_OPENINGS: Final = 64
_DEEPEST: Final = 4
_NUMBER_KEYS = ("sentence", "number", "id", "sentence_id", "sentence_number", "index", "s", "n", "claim", "statement")
_VERDICT_KEYS = ("verdict", "support", "label", "judgement", "judgment", "status", "result", "rating", "answer")

_UNSUPPORTED = r"un-?supported|not\s+(?:at\s+all\s+)?supported|no\s+support|contradicted|refuted"
_WEAK = (
    r"(?:only\s+)?(?:weak(?:ly)?|partial(?:ly)?|partly|not\s+(?:fully|entirely|completely|directly))"
    r"(?:[\s-]support(?:ed)?)?"
)
_SUPPORTED = r"(?:(?:fully|well|strongly|directly|clearly)\s+)?supported(?!\s{0,2}[:=?]\s{0,2}(?:no|false)\b)"
# What takes back, or leaves open, the word before it: "supported only in part", "supported / weak".
_TAKEN_BACK = (
    r"(?![\w-])(?!\s{0,2}[/|]\s{0,2}(?:weak|un|sup|not)|\s{0,2},?\s{0,2}\bor\b"
    r"|\s{1,2}(?:only|in\s+part|weakly|partially|partly|by\s+(?:no|none|neither)|nor|neither)\b)"
)
_WORDS = rf"(?:(?P<unsupported>{_UNSUPPORTED})|(?P<weak>{_WEAK})|(?P<supported>{_SUPPORTED})){_TAKEN_BACK}"
_NUMBER = r"(?P<label>(?:sentence|statement|claim|number|no\.?|s)[\s_#:.-]{0,2})?[#\[(【]?(?P<number>\d{1,3})(?!\d)"
# "2 supported, 1 weak" is a count and names no sentence: without "S" a sign must stand between.
_BETWEEN = (
    r"(?(label)|(?=\s{0,2}[^\s\w]))[\s\])】>\"'`*_:.,=|–—→-]{1,8}(?:(?:is|verdict|support)\b[\s:=*_\"'`]{1,4}){0,2}"
)
_ENTRY = _NUMBER + _BETWEEN + _WORDS
_OPENS_LINE = re.compile(rf"[\s>*_|#\[(\"'`•-]{{0,8}}{_ENTRY}", re.IGNORECASE)
_FOLLOWS = re.compile(rf"[\s,;.|)\]}}*_\"'`]{{1,6}}(?:and\s)?{_ENTRY}", re.IGNORECASE)
_BARE = re.compile(rf"[\s>*_\"'`•-]{{0,6}}{_WORDS}", re.IGNORECASE)
_NUMBERED = re.compile(rf"\W{{0,3}}{_NUMBER}\W{{0,3}}", re.IGNORECASE)


def read_verdicts(text: str, count: int) -> dict[int, Verdict]:
    """The verdicts on ``count`` sentences numbered from 1 in a model's reply.

    Numbers of no sentence are passed over. A sentence has no verdict where the reply gives none that can be read, or
    two that differ; none has where the reply counts from 0, for then no number means what it says.
    """
    text = text[:_LONGEST]
    values, prose = _json_in(text)
    found = [*(pair for value in values for pair in _from_value(value)), *_from_lines(prose)]
    if any(number == 0 for number, _ in found):
        return {}
    found = [(number, verdict) for number, verdict in found if number <= count] or _by_place(values, prose, count)
    said: dict[int, set[Verdict]] = {}
    for number, verdict in found:
        said.setdefault(number, set()).add(verdict)
    return {number: next(iter(verdicts)) for number, verdicts in sorted(said.items()) if len(verdicts) == 1}


def _json_in(text: str) -> tuple[list[Any], str]:
    """The JSON objects and lists in a text, and what is left of it."""
    decoder = json.JSONDecoder()
    values: list[Any] = []
    rest: list[str] = []
    at = 0
    for opening in [match.start() for match in re.finditer(r"[\[{]", text)][:_MOST_OPENINGS]:
        if opening < at:
            continue
        try:
            value, end = decoder.raw_decode(text, opening)
        except (ValueError, RecursionError):
            continue
        # "[1] supported" is a line of prose with a number in brackets.
        if isinstance(value, dict) or any(isinstance(entry, str | dict | list) for entry in value):
            values.append(value)
            rest.append(text[at:opening])
            at = end
    return values, "".join([*rest, text[at:]])


def _from_value(value: Any, depth: int = 0) -> Iterator[tuple[int, Verdict]]:
    """Verdicts in JSON: records with a number and a verdict, numbers as keys, or lists of numbers under a verdict."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for entry in value:
            yield from _from_lines(entry) if isinstance(entry, str) else _from_value(entry, depth + 1)
        return
    if not isinstance(value, dict):
        return
    number, verdict = _number_of(value), _verdict_of(value)
    if number is not None and verdict is not None:
        yield number, verdict
        return
    for key, entry in value.items():
        named, word = _as_number(key), _as_verdict(key)
        inner = _verdict_of(entry) if isinstance(entry, dict) else _as_verdict(entry)
        if named is not None and inner is not None:
            yield named, inner
        elif word is not None and isinstance(entry, list):
            yield from ((n, word) for one in entry if (n := _as_number(one)) is not None)
        else:
            yield from _from_value(entry, depth + 1)


def _number_of(record: dict[str, Any]) -> int | None:
    return next((n for key in _NUMBER_KEYS if (n := _as_number(record.get(key))) is not None), None)


def _verdict_of(record: dict[str, Any]) -> Verdict | None:
    if isinstance(stated := record.get("supported"), bool):
        return "supported" if stated else "unsupported"
    return next((v for key in _VERDICT_KEYS if (v := _as_verdict(record.get(key))) is not None), None)


def _as_number(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value >= 0 else None
    match = _NUMBERED.fullmatch(value) if isinstance(value, str) else None
    return int(match["number"]) if match else None


def _as_verdict(value: Any) -> Verdict | None:
    match = _BARE.match(value) if isinstance(value, str) else None
    return _word(match) if match else None


def _from_lines(text: str) -> Iterator[tuple[int, Verdict]]:
    for line in text.splitlines():
        match = _OPENS_LINE.match(line)
        while match:
            yield int(match["number"]), _word(match)
            match = _FOLLOWS.match(line, match.end())


def _by_place(values: Sequence[Any], prose: str, count: int) -> list[tuple[int, Verdict]]:
    """Verdicts without numbers, where there are as many as sentences."""
    inside = [entry for value in values for entry in (value.values() if isinstance(value, dict) else [value])]
    lists = [entry for entry in inside if isinstance(entry, list)]
    lines = [line for line in prose.splitlines() if line.strip()]
    rows: Sequence[Any] = lists[0] if len(lists) == 1 else values or lines
    if count == 1:
        rows = rows[:1]
    read = [_verdict_of(row) if isinstance(row, dict) else _as_verdict(row) for row in rows]
    verdicts = [verdict for verdict in read if verdict is not None]
    return list(enumerate(verdicts, 1)) if len(verdicts) == len(rows) == count else []


def _word(match: re.Match[str]) -> Verdict:
    return "unsupported" if match["unsupported"] else "weak" if match["weak"] else "supported"
