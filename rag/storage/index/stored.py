"""Passages as Chroma gives them back, and the papers made again from them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rag.paper import Paper
from rag.storage.index.passages import Passage, index_of


@dataclass(frozen=True, slots=True)
class StoredPassage:
    """A passage as the collection holds it.

    ``record`` stands on a paper's first passage only: the paper's facts, and how many passages belong to it.
    ``revision`` is the change of a library on a server that wrote it, else 0.
    """

    id: str
    paper_id: str
    start: int
    end: int
    digest: str
    text: str
    record: dict[str, Any] | None = None
    revision: int = 0

    @property
    def index(self) -> int:
        """Which passage of its paper it is, from 0."""
        return index_of(self.id)


def stored_passages(found: Any) -> list[StoredPassage]:
    """Return the passages of a result of Chroma's ``get`` with documents and metadata."""
    return [
        StoredPassage(
            id=i,
            paper_id=str(m["paper_id"]),
            start=int(m["start"]),
            end=int(m["end"]),
            digest=str(m["digest"]),
            text=str(text),
            record=json.loads(m["record"]) if "record" in m else None,
            revision=int(m.get("revision") or 0),
        )
        for i, text, m in zip(found["ids"], found["documents"], found["metadatas"], strict=True)
    ]


@dataclass(frozen=True, slots=True)
class StoredPaper:
    """A paper made again from its passages, and the revision that wrote them."""

    paper: Paper
    passages: list[Passage]
    revision: int


def papers_of(stored: Iterable[StoredPassage]) -> list[StoredPaper]:
    """Return the papers whose passages are complete.

    The first passage carries the record and the number of passages. What an interrupted change left of an older and
    longer abstract has a higher index or an older revision, and is passed over.
    """
    by_paper: dict[str, dict[int, StoredPassage]] = {}
    for passage in stored:
        by_paper.setdefault(passage.paper_id, {})[passage.index] = passage
    return [paper for own in by_paper.values() if (paper := _paper_of(own)) is not None]


def _paper_of(passages: Mapping[int, StoredPassage]) -> StoredPaper | None:
    first = passages.get(0)
    if first is None or first.record is None:
        return None
    # Libraries written before the count was kept have none: there, all passages count.
    count = int(first.record.get("passages") or len(passages))
    own = [p for i in range(count) if (p := passages.get(i)) is not None and p.revision == first.revision]
    if len(own) < count:
        return None
    abstract = [" "] * max(p.end for p in own)
    for p in own:
        abstract[p.start : p.end] = p.text
    paper = Paper.from_dict({**first.record, "id": first.paper_id, "abstract": "".join(abstract)})
    return StoredPaper(paper, [Passage(paper.id, p.index, p.start, p.end, p.text) for p in own], first.revision)


def first_line(error: Exception) -> str:
    """Return the first line of another package's error, truncated for display."""
    return (str(error).partition("\n")[0] or type(error).__name__)[:200]
