"""Tells a file's format by what stands in it, never by its name."""

from __future__ import annotations

from rag.readers.json_records import Broken, is_json_lines, parse
from rag.readers.page_text import blocks_of, looks_like_a_list
from rag.readers.source import Source


def detect(source: Source) -> str | None:
    """The name of the format of ``source``, or ``None`` where nothing in its head is known."""
    start = source.head.lstrip()
    if start.startswith(("{", "[")) and _is_json(start):
        return "jsonl"
    if start.startswith("<"):
        return "hf-papers"
    if looks_like_a_list(blocks_of(source.head.split("\n"))):
        return "hf-papers"
    return None


def _is_json(start: str) -> bool:
    return is_json_lines(start) or start[1:].lstrip().startswith(('"', "{", "]", "}")) or not _broken(start)


def _broken(text: str) -> bool:
    return isinstance(parse(text), Broken)
