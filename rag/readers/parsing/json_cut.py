"""Cuts a JSON document of any size into the texts of its records, before anything is parsed.

Only brackets, quotes, commas and colons are looked at, so that a broken record is found as a text of its own and the
ones around it are read. A parser that reads on from mark to mark would stop at the first fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rag.readers.base import MAX_RECORD

#: Keys of an object under which an export or an API response keeps its records.
WRAPPERS = frozenset({"results", "data", "items", "papers", "works", "documents", "message", "recommendedPapers"})

_OUTSIDE = re.compile(r'["{}\[\],:]|[^\s"{}\[\],:]+')
_INSIDE = re.compile(r'["\\\n]')
_KEY_LENGTH = 40


class Cutter:
    """One pass over a document. Records are the elements of the outermost array, or of the array under a wrapping key
    (``{"results": [...]}``), or the outermost objects themselves.

    A line end inside a string, which JSON does not allow, ends the string: a missing quote is made good there.
    """

    def __init__(self) -> None:
        # What surrounds the place: "records" (an array of them), "wrapper" (an object), "other" (neither).
        self._around: list[str] = []
        self._depth = 0  # open brackets of the record at hand; 0 between records
        self._certain = True  # whether the object at hand is a record, and not perhaps a wrapper
        self._pieces: list[str] = []
        self._size = 0
        self._in_string = False
        self._escaped = False
        self._string = ""
        self._key = ""
        self._loose = ""

    def cut(self, chunks: Iterable[str]) -> Iterator[str]:
        """The texts of the records; what is broken off at the end is given as it is."""
        for chunk in chunks:
            yield from self._one(chunk)
        if self._depth and self._pieces:
            yield "".join(self._pieces)

    def _one(self, chunk: str) -> Iterator[str]:
        at, start = 0, 0
        while at < len(chunk):
            if self._in_string:
                at = self._string_end(chunk, at)
                if not self._in_string and not self._depth and self._top() == "records":
                    self._loose = self._loose or '""'
                continue
            found = _OUTSIDE.search(chunk, at)
            if found is None:
                break
            mark, at = found.group(), found.end()
            if mark == '"':
                self._in_string, self._string = True, ""
            elif mark == ":":
                self._key = self._string if self._depth <= 1 else self._key
                self._certain = self._certain or (self._depth == 1 and self._key == "title")
            elif mark in ("{", "["):
                if self._opens_record(mark):
                    start = found.start()
            elif mark in ("}", "]"):
                if self._loose:
                    yield self._take_loose()
                if self._depth == 1:
                    self._keep(chunk[start:at])
                    yield "".join(self._pieces)
                    self._pieces, self._size = [], 0
                self._close()
            elif not self._depth and self._top() == "records":
                if mark != ",":
                    self._loose = (self._loose + mark)[:_KEY_LENGTH]
                elif self._loose:
                    yield self._take_loose()
        if self._depth:
            self._keep(chunk[start:])
            if self._size > MAX_RECORD:
                yield "".join(self._pieces)
                self._pieces, self._size, self._depth = [], 0, 0
                self._around = ["records"]

    def _string_end(self, chunk: str, at: int) -> int:
        """Return the place after the string that is open at ``at``, or the end of the chunk if it goes on."""
        if self._escaped:
            self._escaped = False
            return at + 1
        found = _INSIDE.search(chunk, at)
        end = found.start() if found else len(chunk)
        if len(self._string) < _KEY_LENGTH:
            self._string += chunk[at : min(end, at + _KEY_LENGTH)]
        if found is None:
            return end
        if found.group() == "\\":
            self._escaped = True
        else:
            self._in_string = False
        return found.end()

    def _top(self) -> str:
        return self._around[-1] if self._around else ""

    def _opens_record(self, mark: str) -> bool:
        """Takes in an opening bracket; whether a record (or what may be one) begins with it."""
        if self._depth == 1 and not self._certain and self._key in WRAPPERS:
            # The object at hand is no record: its value under a wrapping key holds the records, or is the record.
            self._pieces, self._size = [], 0
            self._around.append("wrapper")
            self._depth = 0
        elif self._depth:
            self._depth += 1
            return False
        top = self._top()
        if top == "wrapper" and self._key not in WRAPPERS:
            self._around.append("other")
        elif mark == "[" and top != "records":
            self._around.append("other" if top == "other" else "records")
        elif top == "other":
            self._around.append("other")
        else:
            self._depth, self._certain = 1, top == "records"
        self._key = ""
        return self._depth == 1

    def _close(self) -> None:
        if self._depth:
            self._depth -= 1
        elif self._around:
            self._around.pop()

    def _keep(self, piece: str) -> None:
        self._pieces.append(piece)
        self._size += len(piece)

    def _take_loose(self) -> str:
        loose, self._loose = self._loose, ""
        return loose
