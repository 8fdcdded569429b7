"""Entries out of BibTeX files of any size, one by one; the fields of each are found by bibtexparser.

The file is cut at the lines that begin entries before anything is parsed, and what exports get wrong in an entry's
head (no key, no comma behind it) is mended, so that a broken entry costs only itself.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rag.readers.base import MAX_RECORD
from rag.readers.source import Source

_BEGINS = re.compile(r"\s{0,20}@\s{0,5}([A-Za-z]{2,40})\s{0,5}[{(]")
_GLUED = re.compile(r"(?<=\})\s{0,9}(?=@[A-Za-z]{3,20}\s{0,3}\{[^{}=\"]{0,200},)")
_HEAD = re.compile(r"\s*@\s*([A-Za-z]+)\s*([{(])\s*")
_FIELD_NAME = re.compile(r"[A-Za-z][\w\-+. ]{0,60}\s*$")
_COMMON = frozenset("title author abstract year date journal journaltitle booktitle doi url editor volume".split())
#: Macros of one file, and characters of one macro: nested macros double with every step.
_MAX_MACROS, _MAX_MACRO = 20_000, 20_000


@dataclass(slots=True)
class Entry:
    """One entry: its type and key, and raw values by field name (small letters and digits only)."""

    line: int
    kind: str
    key: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class BrokenEntry:
    """What begins as an entry and cannot be read as one."""

    line: int
    reason: str


def entries(source: Source) -> Iterator[Entry | BrokenEntry]:
    """The entries of ``source`` in order, with string macros put in; comments and preambles are left out."""
    macros: dict[str, str] = {}
    for line, text in _blocks(source):
        kind = _HEAD.match(text)
        name = kind.group(1).casefold() if kind else ""
        if name in ("comment", "preamble"):
            continue
        if len(text) >= MAX_RECORD:
            yield BrokenEntry(line, f"longer than {MAX_RECORD >> 20} million characters")
        elif name == "string":
            _remember(text, macros)
        else:
            yield _entry(line, name, text, macros)


def _blocks(source: Source) -> Iterator[tuple[int, str]]:
    """Number of the first line, and text, of all that begins like an entry, up to the next such line."""
    held: list[str] = []
    begun = size = 0
    for number, whole in enumerate(source.lines(), 1):
        for line in _GLUED.split(whole) if "}@" in whole or "} @" in whole else (whole,):
            if _BEGINS.match(line):
                if held:
                    yield begun, "\n".join(held)
                held, begun, size = [], number, 0
            if begun and size < MAX_RECORD:
                held.append(line)
                size += len(line) + 1
    if held:
        yield begun, "\n".join(held)


def _remember(text: str, macros: dict[str, str]) -> None:
    for block in _split(text).strings:
        if len(macros) < _MAX_MACROS:
            macros[block.key.casefold()] = value_of(block.value, macros)[:_MAX_MACRO]


def _entry(line: int, kind: str, text: str, macros: Mapping[str, str]) -> Entry | BrokenEntry:
    library = _split(_with_key(text))
    found = library.entries[0] if library.entries else None
    if found is None:
        # A field given twice: the parser reports it and gives the entry all the same.
        twice = (getattr(block, "ignore_error_block", None) for block in library.failed_blocks)
        found = next((block for block in twice if block is not None), None)
    if found is None:
        return BrokenEntry(line, "a broken entry (a brace, quote, comma or equals sign is missing)")
    entry = Entry(line, kind, found.key.strip())
    for one in found.fields:
        name = re.sub(r"[\W_]", "", one.key).casefold()
        if not entry.fields.get(name):
            entry.fields[name] = value_of(str(one.value), macros)
    return entry


def _split(text: str) -> Any:
    from bibtexparser.splitter import Splitter

    with _quiet("bibtexparser.splitter"):
        return Splitter(text).split()


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Keeps a library's log of broken entries off the user's screen: the skips report them."""
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _with_key(text: str) -> str:
    """Return the entry with a key and a comma after it, if its head has none."""
    head = _HEAD.match(text)
    if head is None:
        return text
    start = head.end()
    comma, equals = text.find(",", start), text.find("=", start)
    if equals < 0 or 0 <= comma < equals:
        # "@article{,": an empty key is fine by the parser.
        return text
    words = text[start:equals].split()
    if len(words) >= 2 and not _FIELD_NAME.fullmatch(" ".join(words)):
        return text
    glue = text[start : start + len(words[0])] if words else ""
    if len(words) >= 2 and words[-1].casefold() in _COMMON:
        return f"{text[:start]}{glue},{text[start + len(glue) :]}"
    if len(words) >= 2 and ("\n" in text[start:equals].strip() or any(c.isdigit() or c in ":_/" for c in glue)):
        return f"{text[:start]}{glue},{text[start + len(glue) :]}"
    return f"{text[:start]}nokey,{text[start:]}"


def value_of(raw: str, macros: Mapping[str, str]) -> str:
    """A raw value without what encloses it: ``{..}``, ``"..."``, numbers and macros, joined by ``#``."""
    parts: list[str] = []
    at = 0
    while at < len(raw) and len(parts) < 200:
        while at < len(raw) and (raw[at].isspace() or raw[at] == "#"):
            at += 1
        if at >= len(raw):
            break
        if raw[at] in '{"':
            end = _closing(raw, at)
            parts.append(raw[at + 1 : end])
        else:
            end = raw.find("#", at)
            end = len(raw) if end < 0 else end
            word = raw[at:end].strip()
            parts.append(macros.get(word.casefold(), word))
        at = end + 1
        rest = raw[at : at + 50].lstrip()
        if rest and rest[0] != "#" and raw[end : end + 1] in ("}", '"'):
            break  # a comma is missing, and the next field follows
    return "".join(parts)


def _closing(raw: str, at: int) -> int:
    """Return the place of the brace or quote that closes the one at ``at``; the end if none does."""
    depth = 0
    quoted = raw[at] == '"'
    for place in range(at, len(raw)):
        c = raw[place]
        if c in '{}"' and place > 0 and raw[place - 1] == "\\" and c != '"':
            continue
        if c == "{":
            depth += 1
        elif c == "}":
            depth -= 1
            if depth == 0 and not quoted:
                return place
        elif c == '"' and quoted and depth == 0 and place > at and raw[place - 1] != "\\":
            return place
    return len(raw)
