"""The words a backend answers with when there is nothing to answer; prompt, parser and tests share them."""

from __future__ import annotations

import re
from typing import Literal

#: The sources are about the question, but do not say what is asked.
NOT_STATED = "NOT_STATED"
#: No source is about the question.
NOT_FOUND = "NOT_FOUND"

Sentinel = Literal["not_stated", "not_found"]
_OUTCOMES: dict[str, Sentinel] = {NOT_STATED: "not_stated", NOT_FOUND: "not_found"}
# What models wrap a lone word in: quotes, emphasis, code marks, brackets, a final stop.
_WRAPPING = " \t\r\n\"'`*_[](){}<>.,:;!-#"
_INSIDE = re.compile(rf"\b(?:{'|'.join(_OUTCOMES)})\b")
_LONGEST = max(map(len, _OUTCOMES))


def leading_sentinel(text: str) -> Sentinel | None:
    """Return the outcome that ``text`` opens with, or ``None`` if it opens with anything else.

    A model may wrap the word (``**NOT_STATED**``) and explain itself behind it; both are tolerated.
    """
    bare = text.lstrip(_WRAPPING)
    for word, outcome in _OUTCOMES.items():
        if bare.startswith(word) and not bare[len(word) : len(word) + 1].isalnum():
            return outcome
    return None


def may_become_sentinel(text: str) -> bool:
    """Return whether ``text``, with more of it, could still open with a sentinel: hold it back until not."""
    bare = text.lstrip(_WRAPPING)
    return len(bare) <= _LONGEST and any(word.startswith(bare) for word in _OUTCOMES)


def without_sentinels(text: str) -> str:
    """Remove sentinels inside ``text``: a model that answers and then adds one has answered."""
    return _INSIDE.sub("", text)
