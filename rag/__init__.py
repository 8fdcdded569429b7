"""The engine: a library of abstracts, and answers that cite it. Way in: ``Library``, ``Assistant`` and ``Settings``.

Public names are imported on first use, so that ``import rag`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.answering.assistant import Assistant as Assistant
    from rag.answering.record.answer import Answer as Answer
    from rag.library import Library as Library
    from rag.paper import Paper as Paper
    from rag.settings import Settings as Settings

_HOMES = {
    "Answer": "rag.answering.record.answer",
    "Assistant": "rag.answering.assistant",
    "Library": "rag.library",
    "Paper": "rag.paper",
    "Settings": "rag.settings",
}
__all__ = ["Answer", "Assistant", "Library", "Paper", "Settings"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'rag' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
