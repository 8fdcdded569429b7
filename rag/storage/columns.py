"""Columns of the manifest: papers, passages and filters as SQLite holds and compares them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rag.paper import Paper
from rag.storage.filters import Filters
from rag.storage.index.passages import Passage


def fold(text: str) -> str:
    """Return a text as filters compare it: case folded, without undecodable bytes, which SQLite refuses."""
    return text.encode("utf-8", "replace").decode("utf-8").casefold()


def where(filters: Filters | None) -> tuple[str, list[object]]:
    """Return an SQL condition for filters, and its values."""
    conditions, values = ["1"], list[object]()
    if filters:
        if filters.year_from is not None:
            conditions.append("year >= ?")
            values.append(filters.year_from)
        if filters.year_to is not None:
            conditions.append("year <= ?")
            values.append(filters.year_to)
        for column, names in (("authors", filters.authors), ("venue", filters.venues)):
            if names:
                conditions.append("(" + " or ".join([f"instr({column}, ?) > 0"] * len(names)) + ")")
                values.extend(fold(name) for name in names)
        if filters.paper_ids:
            conditions.append("id in (select value from json_each(?))")
            values.append(json.dumps(sorted(filters.paper_ids)))
    return " and ".join(conditions), values


def spans_of(own: Sequence[Passage]) -> str:
    """Return the places of a paper's passages as text."""
    return " ".join(f"{passage.start} {passage.end}" for passage in own)


def passages_of(paper: Paper, spans: str) -> list[Passage]:
    """Return a paper's passages from their places."""
    ends = [int(end) for end in spans.split()]
    pairs = enumerate(zip(ends[::2], ends[1::2], strict=True))
    return [Passage(paper.id, n, start, end, paper.abstract[start:end]) for n, (start, end) in pairs]


def record_of(paper: Paper) -> str:
    """Return a paper as text."""
    return json.dumps(paper.to_record(), ensure_ascii=False, separators=(",", ":"))


def paper_of(record: object) -> Paper:
    """Return the paper of a text."""
    return Paper.from_dict(json.loads(str(record)))
