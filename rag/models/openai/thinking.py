"""Filter for the thinking that some models write before their answer, while it streams."""

from __future__ import annotations

_OPEN, _CLOSE = "<think>", "</think>"


class ThinkingFilter:
    """Removes one ``<think>...</think>`` block at the start of a reply; text anywhere else passes unchanged.

    Servers that know the model send its thinking in a separate field; the others leave it in the text, where it would
    be read, and checked, as part of the answer.
    """

    def __init__(self) -> None:
        self._held = ""
        self._inside = False
        self._passed = False

    def feed(self, text: str) -> str:
        """Take ``text``, more of the reply, and return what is now certain to belong to the answer."""
        if self._passed:
            return text
        self._held += text
        if not self._inside:
            start = self._held.lstrip()
            if start.startswith(_OPEN):
                self._inside = True
                self._held = start[len(_OPEN) :]
            elif _OPEN.startswith(start):
                return ""
            else:
                return self._release(self._held)
        _, close, answer = self._held.partition(_CLOSE)
        if close:
            # The blanks between the block and the answer may come with later pieces: hold them until a word does.
            self._held = self._held[self._held.index(_CLOSE) :]
            return self._release(answer.lstrip()) if answer.strip() else ""
        # Only what may be the start of the end mark is needed further.
        self._held = self._held[-len(_CLOSE) :]
        return ""

    def end(self) -> str:
        """Return what was held back and turned out to be text, once the reply is over."""
        return "" if self._passed or self._inside else self._release(self._held)

    def _release(self, text: str) -> str:
        self._passed = True
        self._held = ""
        return text
