"""Conversation before a question, from ``--history FILE`` or a record of ``--batch``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rag.errors import UsageError

Turns = list[dict[str, str]]


def read_history(path: Path | None, batch: Path | None) -> Turns:
    """Return the turns in a history file; none without a file.

    Raises:
        UsageError: the file cannot be read, is no JSON list of ``{"role", "content"}``, or is given beside a batch.
    """
    if path is None:
        return []
    if batch is not None:
        raise UsageError('--history and --batch exclude each other; a record brings its own "history"')
    try:
        turns = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"the history file {path} cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the history file {path} is not JSON ({error})") from error
    return _turns(turns, f"the history file {path}")


def history_of(record: dict[str, Any]) -> Turns:
    """Return the turns of a batch record; none if its history is absent or ``null``.

    Raises:
        UsageError: its history is malformed.
    """
    given = record.get("history")
    return [] if given is None else _turns(given, "history")


def _turns(turns: Any, where: str) -> Turns:
    if not isinstance(turns, list):
        raise UsageError(f'{where} is not a JSON list of {{"role", "content"}}')
    for number, turn in enumerate(turns, 1):
        fits = (
            isinstance(turn, dict)
            and turn.get("role") in ("user", "assistant")
            and isinstance(turn.get("content"), str)
        )
        if not fits:
            raise UsageError(f'{where}: turn {number} is not {{"role": "user" or "assistant", "content": text}}')
    return [{"role": turn["role"], "content": turn["content"]} for turn in turns]
