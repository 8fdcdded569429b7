"""``--batch``: one process, a record a line in, a JSON object a line out, in the same order."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rag.cli.terminal import out_json
from rag.errors import CitewellError, UsageError

_log = logging.getLogger(__name__)


def run_batch(path: Path, answer: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """Answer every record. One that fails gives its id and the error, and the rest go on.

    Args:
        path: JSON Lines of ``{"id", "question", "history"}``; ``-`` is stdin.
        answer: from a record with a question to the fields of its result.

    Returns:
        The exit code: 0, also when single records failed.
    """
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        record: dict[str, Any] = {}
        try:
            record = _object(line, number)
            result = answer(_with_question(record, number))
        except CitewellError as error:
            result = {"error": str(error)}
        except Exception as error:  # noqa: BLE001 - the door: a fault in one record is not the others'
            _log.debug("line %d", number, exc_info=True)
            result = {"error": f"internal error ({type(error).__name__}: {error}); see more with --debug"}
        out_json({"id": record.get("id"), **result})
    return 0


def _object(line: str, number: int) -> dict[str, Any]:
    try:
        record = json.loads(line)
        # An escape may stand for half a surrogate pair, which is no text that a model or a terminal takes; and what
        # Python reads as infinity or as no number would go out as no JSON.
        whole = json.loads(json.dumps(record, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"line {number} is not JSON ({error})") from error
    if not isinstance(whole, dict):
        raise UsageError(f"line {number} is not a JSON object")
    return whole


def _with_question(record: dict[str, Any], number: int) -> dict[str, Any]:
    question = record.get("question")
    if not isinstance(question, str) or not question.strip():
        raise UsageError(f'line {number} has no text under "question"')
    return record


def _lines(path: Path) -> Iterator[str]:
    if str(path) == "-":
        for number, line in enumerate(sys.stdin):
            # A shell that writes a byte order mark before what it pipes.
            yield line if number else line.removeprefix("\ufeff")
        return
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            yield from file
    except OSError as error:
        raise UsageError(f"the batch file {path} cannot be read ({error.strerror})") from error
