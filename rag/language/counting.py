"""Counts in words: ``1 paper``, ``2 papers``."""

from __future__ import annotations


def counted(count: int, one: str, many: str | None = None, *, spec: str = "") -> str:
    """Return ``count`` with the words that agree with it.

    ``many`` is ``one`` with an ``s`` unless given; ``spec`` formats the number (``","`` sets thousands apart).
    """
    return f"{count:{spec}} {one if count == 1 else many or f'{one}s'}"
