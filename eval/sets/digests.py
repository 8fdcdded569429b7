"""Digests of a question set and of a library, by which runs on the same material are recognised."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from eval.sets.questions import Question
from rag.paper import Paper
from rag.storage.index.passages import CHUNKING_VERSION


def set_digest(questions: Iterable[Question]) -> str:
    """SHA-256 of a set's records: two sets of one digest ask the same and expect the same."""
    return _digest(question.to_dict() for question in questions)


def library_digest(papers: Iterable[Paper], embedder: str) -> str:
    """SHA-256 of what answers can rest on: the papers and how they are indexed."""
    return _digest([embedder, CHUNKING_VERSION, *sorted((p.id, p.title, p.abstract) for p in papers)])


def _digest(values: Iterable[Any]) -> str:
    digest = hashlib.sha256()
    for value in values:
        digest.update(json.dumps(value, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()
