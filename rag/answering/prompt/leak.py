"""A filter that keeps the instructions to a model out of what the reader sees, while the reply streams."""

from __future__ import annotations

import re
from collections import defaultdict, deque

#: So many words in a row from the instructions are no accident.
RUN = 8
_PIECE = re.compile(r"\w+|\W+")


class LeakGuard:
    """Removes every run of ``RUN`` or more words that the instructions hold in the same order, in whatever case and
    with whatever punctuation. While streaming, only last words that may begin such a run are held back.

    Args:
        instructions: the text of the system message.
    """

    def __init__(self, instructions: str) -> None:
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        for at, word in enumerate(_words(instructions)):
            self._places[word].append(at)
        # Of every place in the instructions where the reply may just be, how many words have led there.
        self._runs: dict[int, int] = {}
        self._held: deque[_Piece] = deque()
        self._tail = ""
        #: Words taken out so far.
        self.removed = 0

    def feed(self, text: str) -> str:
        """Take more of the reply; return what is now certain to be no part of the instructions."""
        text = self._tail + text
        pieces = _PIECE.findall(text)
        # A word may go on in the next piece of the reply.
        self._tail = pieces.pop() if pieces and (pieces[-1][-1].isalnum() or pieces[-1][-1] == "_") else ""
        return "".join(self._take(piece) for piece in pieces)

    def finish(self) -> str:
        """Return the rest of the reply."""
        rest = self._take(self._tail) if self._tail else ""
        self._tail = ""
        return rest + self._release(0)

    def _take(self, text: str) -> str:
        word = text.lower()
        if not (text[0].isalnum() or text[0] == "_"):
            # What stands between two words goes with the word before it.
            if not self._held:
                return text
            self._held[-1].text += text
            return ""
        self._runs = {at: self._runs.get(at - 1, 0) + 1 for at in self._places.get(word, ())}
        self._held.append(_Piece(text))
        longest = max(self._runs.values(), default=0)
        if longest >= RUN:
            for at in range(max(0, len(self._held) - longest), len(self._held)):
                self._held[at].leaks = True
        return self._release(min(longest, RUN))

    def _release(self, keep: int) -> str:
        """Return all held words but the last ``keep``; drop those that leak."""
        out: list[str] = []
        while len(self._held) > keep:
            piece = self._held.popleft()
            if piece.leaks:
                self.removed += 1
            else:
                out.append(piece.text)
        return "".join(out)


class _Piece:
    """A word of the reply with what follows it."""

    __slots__ = ("leaks", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.leaks = False


def _words(text: str) -> list[str]:
    return [piece.lower() for piece in _PIECE.findall(text) if piece[0].isalnum() or piece[0] == "_"]
