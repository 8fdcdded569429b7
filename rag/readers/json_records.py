"""Objects out of JSON files of any size, one by one: JSON Lines, an array, or an object that wraps an array.

A broken object costs itself only: the file is cut into objects before any is parsed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from rag.readers.base import MAX_RECORD, Record, Skip
from rag.readers.source import Source

Mapper = Callable[[str, str, Mapping[str, Any]], Record]
"""Source name, position and object to a record."""

#: Keys of an object under which an export or an API response keeps its records.
WRAPPERS = frozenset({"results", "data", "items", "papers", "works", "documents", "message", "references"})


def json_records(source: Source, mapper: Mapper) -> Iterator[Record]:
    """What ``mapper`` makes of each object of ``source``, in order; a skip for each that is broken or no object."""
    for position, value in json_values(source):
        if isinstance(value, Broken):
            yield Skip(source.name, position, value.reason)
        elif isinstance(value, Mapping):
            yield mapper(source.name, position, value)
        else:
            yield Skip(source.name, position, f"a JSON object is expected here, not {_kind(value)}")


class Broken:
    """Stands for an object that is no JSON."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


def json_values(source: Source) -> Iterator[tuple[str, Any]]:
    """Each record with its position: ``line N`` in JSON Lines, else ``record N``."""
    if is_json_lines(source.head):
        for number, line in enumerate(source.lines(), 1):
            if text := line.strip().rstrip(","):
                yield f"line {number}", parse(text)
        return
    value = parse(source.text())
    for number, item in enumerate(_unwrapped(value), 1):
        yield f"record {number}", item


def is_json_lines(head: str) -> bool:
    """Whether one of the first lines is a whole object: then every line is a record of its own."""
    if head.lstrip().startswith("["):
        return False
    lines = (line.strip() for line in islice(head.split("\n"), 50))
    for line in islice((line for line in lines if line), 20):
        if line.startswith("{") and line.endswith("}"):
            value = parse(line)
            return isinstance(value, dict) and not is_wrapper(value)
    return head.count("\n") == 0 and head.startswith("{") and not _WRAPPED.match(head)


_WRAPPED = re.compile(r'\s*\{\s*"(?:meta|total|offset|status|results|data|items|papers|works|documents|message)"\s*:')


def is_wrapper(value: Mapping[str, Any]) -> bool:
    """Whether an object only wraps records (``{"results": [...]}``) and is none itself."""
    return "title" not in value and any(isinstance(value.get(key), (list, dict)) for key in WRAPPERS)


def parse(text: str) -> Any:
    """The value of a JSON text, or :class:`Broken`."""
    if len(text) >= MAX_RECORD:
        return Broken(f"longer than {MAX_RECORD >> 20} million characters")
    try:
        return json.loads(text, strict=False, parse_int=_integer)
    except json.JSONDecodeError as error:
        return Broken(f"not valid JSON ({error.msg} at character {error.pos + 1})")
    except RecursionError:
        return Broken("nested too deep to be a record")


def _integer(digits: str) -> int | float:
    """Python refuses integers of more than some thousand digits; no field of a paper has them."""
    return int(digits) if len(digits) < 100 else float(digits[:100])


def _kind(value: Any) -> str:
    names = {list: "an array", str: "a text", type(None): "null", bool: "true or false"}
    return names.get(type(value), "a number")


def _unwrapped(value: Any) -> Iterator[Any]:
    while isinstance(value, Mapping) and is_wrapper(value):
        value = next(value[key] for key in value if key in WRAPPERS and isinstance(value[key], (list, dict)))
    yield from value if isinstance(value, list) else (value,)
