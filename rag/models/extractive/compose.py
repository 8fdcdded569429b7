"""Writes selected sentences down as an answer with source numbers."""

from __future__ import annotations

from collections.abc import Sequence

from rag.models.extractive.select import Pick


def compose(picks: Sequence[Pick], *, max_characters: int) -> list[str]:
    """The pieces of an answer that quotes ``picks``."""
    pieces: list[str] = []
    for pick in picks:
        stop = pick.sentence[-1] if pick.sentence[-1] in ".!?" else "."
        piece = f"{' ' if pieces else ''}{pick.sentence.rstrip('.!?')} [{pick.source}]{stop}"
        if pieces and sum(map(len, pieces)) + len(piece) > max_characters:
            break
        pieces.append(piece)
    return pieces
