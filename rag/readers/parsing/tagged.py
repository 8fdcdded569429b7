"""Records of tagged lines, what RIS and MEDLINE have in common: a tag, a dash, a value, perhaps more lines of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from rag.readers.base import MAX_RECORD
from rag.readers.source import Source

#: What some databases write over each record; where the one before has no end, it is not part of that either.
_NUMBER = re.compile(r"(?:record )?#?\d{1,7}[.:)]?", re.I)


@dataclass(slots=True)
class Tagged:
    """One record: the number of its first line, and the values of each tag in order."""

    line: int
    values: dict[str, list[str]] = field(default_factory=dict)
    size: int = 0

    def go_on(self, tag: str, more: list[str]) -> None:
        """Appends lines to the last value of ``tag``."""
        if tag and more:
            self.values[tag][-1] = " ".join((self.values[tag][-1], *more)).strip()

    def first(self, *tags: str) -> str:
        """The first value that is not empty, tags in order of preference."""
        return next((value for tag in tags for value in self.values.get(tag, ()) if value.strip()), "")

    def every(self, *tags: str) -> list[str]:
        """All values of the first of ``tags`` that has any."""
        return next((self.values[tag] for tag in tags if self.values.get(tag)), [])


def tagged_records(
    source: Source,
    line_shape: re.Pattern[str],
    first_tags: frozenset[str],
    end: str,
    *,
    listed: frozenset[str] = frozenset(),
) -> Iterator[Tagged]:
    """The records of ``source``.

    ``line_shape`` gives tag and value of a line; a line it does not match goes on with the value before it, or is one
    more value, where the tag is ``listed``. A record
    begins at a tag of ``first_tags``, or at any tag after the one that ends a record, so that neither a missing end
    nor a missing beginning costs a neighbour. What is before and between records (numbers, headings) is left out.
    """
    record: Tagged | None = None
    tag = ""
    more: list[str] = []  # lines that go on with the value of ``tag``
    for number, line in enumerate(source.lines(), 1):
        match = line_shape.match(line)
        if match is None:
            if record is not None and tag and record.size < MAX_RECORD and (text := line.strip()):
                (record.values[tag] if tag in listed else more).append(text)
                record.size += len(text) + 8
            continue
        following, value = match.group(1).upper(), (match.group(2) or "").strip()
        if more and following in first_tags and _NUMBER.fullmatch(more[-1]):
            more.pop()
        if record is not None and more:
            record.go_on(tag, more)
        more, tag = [], following
        if record is not None and (tag == end or (tag in first_tags and record.values)):
            yield record
            record = None
        if tag == end:
            tag = ""
            continue
        record = record or Tagged(number)
        if record.size < MAX_RECORD:
            record.values.setdefault(tag, []).append(value)
            record.size += len(value) + 8
        else:
            tag = ""
    if record is not None:
        record.go_on(tag, more)
        yield record


def joined(values: list[str]) -> str:
    """Repeated values of one field as one text: each once, those that another one holds left out."""
    kept: list[str] = []
    for value in values[:200]:
        if value.strip() and not any(value in other for other in kept):
            kept = [other for other in kept if other not in value] + [value]
    return " ".join(kept)
