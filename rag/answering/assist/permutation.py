"""Reads the order in which a model put numbered papers, in whatever form it wrote it.

Asked for "[2] > [3] > [1]", models also write JSON, numbered lists, commas, arrows, and words around all of these; they
leave out numbers, repeat them, and make some up (Sun et al., 2023, "Is ChatGPT Good at Search?").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

#: No order of fifty papers is longer; what comes after is an essay.
_LONGEST = 8_000
_LABEL = r"(?:(?:sources?|papers?|passages?|documents?|docs?|no\.?)[\s_#:]{0,3})?"
_ENTRY = rf"{_LABEL}[\[(【\"'#*]{{0,3}}\s?(?<!\d)(\d{{1,3}})(?!\d)\s?[\])】\"'*]{{0,3}}"
_SIGN = r"(?:>{1,3}|[,;|/→≻=]|-{1,2}>|\b(?:and|then|next|first|is|over|before|better\s+than|followed\s+by|finally)\b)"
_RUN = re.compile(rf"(?<![\w.,:]){_ENTRY}(?:\s{{0,4}}(?:{_SIGN}\s{{0,4}}){{0,3}}{_ENTRY})*(?![\w%])", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,3}")
# "1. [3] Some title": the rank, then the number of the paper; or "- [3]: why".
_LINE = re.compile(
    rf"^\W{{0,3}}\d{{1,3}}\s?[.):\-]\s{{0,3}}{_ENTRY}(?!\w)|^[-*•\s]{{0,4}}\[(\d{{1,3}})\]\s?[:.–-]",
    re.IGNORECASE | re.MULTILINE,
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_KEYS = ("number", "source", "id", "paper", "paper_id", "index", "document", "passage")


def read_order(text: str, count: int) -> tuple[int, ...] | None:
    """The places (from 0) of ``count`` papers numbered from 1, best first; papers the reply left out follow in their
    old order.

    Numbers that name no paper are passed over, and so is a number after its first time.

    Returns:
        A permutation of ``range(count)``, or ``None`` where the reply holds no order.
    """
    text = text[:_LONGEST].strip()
    for found in (_from_json(text), _from_lines(text), _from_runs(text, count)):
        named = list(dict.fromkeys(number - 1 for number in found if 1 <= number <= count))
        if len(named) > 1 or (named and _is_all(text, found)):
            return (*named, *(at for at in range(count) if at not in named))
    return None


def _is_all(text: str, found: Sequence[int]) -> bool:
    """Whether a reply is these numbers and nothing else: a single number in a sentence is no order, but alone it tells
    which paper is best."""
    bare = re.sub(_LABEL, "", text, flags=re.IGNORECASE)
    return not _WORD.search(bare) and [int(number) for number in re.findall(r"\d+", bare)] == list(found)


def _from_json(text: str) -> list[int]:
    """The numbers of a JSON list, of the list in a JSON object, or of the objects in a JSON list."""
    for opens, closes in ("[]", "{}"):
        start, end = text.find(opens), text.rfind(closes)
        if 0 <= start < end:
            try:
                return list(_numbers(json.loads(text[start : end + 1])))
            except (ValueError, RecursionError):
                continue
    return []


def _numbers(value: Any, depth: int = 0) -> Iterator[int]:
    if isinstance(value, bool) or depth > 3:
        return
    if isinstance(value, int):
        yield value
    elif isinstance(value, str):
        if match := re.fullmatch(_ENTRY, value.strip(), re.IGNORECASE):
            yield int(match.group(1))
    elif isinstance(value, list):
        for entry in value:
            yield from _numbers(entry, depth + 1)
    elif isinstance(value, dict):
        named = next((value[key] for key in _KEYS if key in value), None)
        inside: Iterable[Any] = [named] if named is not None else [v for v in value.values() if isinstance(v, list)]
        for entry in inside:
            yield from _numbers(entry, depth + 1)


def _from_lines(text: str) -> list[int]:
    found = [int(match.group(1) or match.group(2)) for match in _LINE.finditer(text)]
    return found if len(found) > 1 else []


def _from_runs(text: str, count: int) -> list[int]:
    """The longest row of numbers with nothing but signs between them; of equals the last, which is the conclusion."""
    best: list[int] = []
    for match in _RUN.finditer(text):
        row = [int(number) for number in _NUMBER.findall(match.group())]
        if len({n for n in row if 1 <= n <= count}) >= len({n for n in best if 1 <= n <= count}):
            best = row
    return best
