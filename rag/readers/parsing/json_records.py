"""Objects out of JSON files of any size, one by one: JSON Lines, an array, or an object that wraps an array.

A broken object costs itself only, see :mod:`rag.readers.parsing.json_cut`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from rag.readers.base import MAX_RECORD, Record, Skip
from rag.readers.parsing.json_cut import WRAPPERS, Cutter
from rag.readers.source import Source

Mapper = Callable[[str, str, Mapping[str, Any]], Record]
"""Source name, position and object to a record."""

#: Characters of one file gone over a second time to find the neighbours of broken objects.
_RESCAN_BUDGET = 64 * 1024 * 1024
_OPENING = re.compile(r'\{\s*("[^"\n]{1,40}")')


def _integer(digits: str) -> int | float:
    """Python refuses integers of more than some thousand digits; no field of a paper has them."""
    return int(digits) if len(digits) < 100 else float(digits[:100])


# Line ends and controls inside strings are against the rules, and no reason to lose a record.
_DECODER = json.JSONDecoder(strict=False, parse_int=_integer)


class Broken:
    """Stands for a record that is no JSON."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def json_records(source: Source, mapper: Mapper) -> Iterator[Record]:
    """What ``mapper`` makes of each object of ``source``, in order; a skip for each that is broken or no object."""
    for position, value in json_values(source):
        if isinstance(value, Broken):
            yield Skip(source.name, position, value.reason)
        elif isinstance(value, Mapping):
            yield mapper(source.name, position, value)
        else:
            yield Skip(source.name, position, f"a JSON object is expected here, not {_kind(value)}")


def json_values(source: Source) -> Iterator[tuple[str, Any]]:
    """Each record with its position: ``line N`` in JSON Lines, else ``record N``."""
    if is_json_lines(source.head):
        for number, line in enumerate(source.lines(), 1):
            if text := line.strip():
                yield f"line {number}", parse(text)
    else:
        for number, value in enumerate(_cut_and_parsed(source.chunks()), 1):
            yield f"record {number}", value


def first_values(head: str, count: int = 20) -> list[Any]:
    """The first few records of a file of which only the head is at hand; what is cut off is left out."""
    if is_json_lines(head):
        values = (parse(line) for line in head.split("\n") if line.strip())
    else:
        values = (parse(text) for text in Cutter().cut([head]))
    return [value for value in islice(values, count) if not isinstance(value, Broken)]


def is_json_lines(head: str) -> bool:
    """Return whether one of the first lines is a whole object: then every line is a record of its own."""
    if head.lstrip().startswith("["):
        return False
    lines = (line.strip() for line in islice(head.split("\n"), 50))
    for line in islice((line for line in lines if line), 20):
        if line.startswith("{") and line.endswith("}"):
            value = parse(line)
            if isinstance(value, dict):
                return not is_wrapper(value)
    return False


def is_wrapper(value: Mapping[str, Any]) -> bool:
    """Return whether an object only wraps records (``{"results": [...]}``) and is none itself."""
    return "title" not in value and any(isinstance(value.get(key), (list, dict)) for key in WRAPPERS)


def parse(text: str) -> Any:
    """The value of a JSON text, or :class:`Broken`."""
    if len(text) >= MAX_RECORD:
        return Broken(f"longer than {MAX_RECORD >> 20} million characters")
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        return Broken(f"not valid JSON ({error.msg} at character {error.pos + 1})")
    except RecursionError:
        return Broken("nested too deep to be a record")


def _cut_and_parsed(chunks: Iterator[str]) -> Iterator[Any]:
    budget = _RESCAN_BUDGET
    for text in Cutter().cut(chunks):
        value = parse(text)
        yield value
        if isinstance(value, Broken):
            for neighbour, cost in _swallowed(text):
                budget -= cost
                if budget < 0:
                    break
                yield neighbour


def _swallowed(text: str) -> Iterator[tuple[Any, int]]:
    """What a record without its closing bracket took in of its neighbours, each with the characters it took to try:
    the objects that open with the same key as the record itself."""
    opening = _OPENING.match(text)
    if opening is None or (text.endswith("}") and text.count("{") <= text.count("}")):
        return
    alike = re.compile(r"\{\s*" + re.escape(opening.group(1)))
    found = alike.search(text, opening.end())
    while found is not None:
        at = found.start()
        try:
            value, end = _DECODER.raw_decode(text, at)
            yield value, end - at
        except json.JSONDecodeError as error:
            end = found.end()
            yield Broken(f"not valid JSON ({error.msg})"), error.pos - at
        except RecursionError:
            end = found.end()
            yield Broken("nested too deep to be a record"), _RESCAN_BUDGET // 100
        found = alike.search(text, end)


def _kind(value: Any) -> str:
    names = {list: "an array", str: "a text", type(None): "null", bool: "true or false"}
    return names.get(type(value), "a number")
