"""Output of the command line: results to stdout, the rest to stderr, no control sequences from outside."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rag.language.invisible import visible

if TYPE_CHECKING:
    from rag.library import IngestReport


def printable(text: str) -> str:
    """Remove control characters: titles and model output may hold escape sequences for the terminal."""
    return visible(text, instead="�")


def out(text: str = "") -> None:
    """Print a line of the result."""
    _write(printable(text))


def out_json(value: Any) -> None:
    """Print the result as one line of JSON; characters beyond ASCII stay if the output can encode them."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode(_encoding())
    except UnicodeEncodeError:
        text = json.dumps(value)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _write(line: str) -> None:
    """Write a line, replacing characters that stdout cannot encode."""
    encoding = _encoding()
    sys.stdout.write((line + "\n").encode(encoding, "replace").decode(encoding))


def _encoding() -> str:
    """Return the encoding of stdout, which an old locale or ``PYTHONIOENCODING`` may limit."""
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def say(text: str) -> None:
    """Print a line to stderr."""
    sys.stderr.write(printable(text) + "\n")
    sys.stderr.flush()


def fail(message: str) -> None:
    """Print an error as one line to stderr."""
    say("citewell: " + " ".join(message.split()))


def wrapped(text: str, indent: str = "") -> str:
    """Fill a text to the terminal's width, at most 100 columns; line breaks and list items stay."""
    width = min(shutil.get_terminal_size((100, 24)).columns, 100)
    lines = text.splitlines() or [""]
    return "\n".join(
        textwrap.fill(
            line, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        for line in lines
    )


def bold(text: str) -> str:
    """Make a text bold if the terminal can and wants it (``NO_COLOR``, https://no-color.org)."""
    plain = printable(text)
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return plain
    return f"\x1b[1m{plain}\x1b[0m"


def out_bold(text: str) -> None:
    """Print a line of the result in bold."""
    _write(bold(text))


#: Where progress goes to a file or a log, a line comes after so many seconds: work that takes less needs none.
_LOGGED_EVERY_S = 30.0


class Progress:
    """Progress on stderr: one line that counts up in a terminal, elsewhere a new line every half minute.

    Args:
        unit: what is counted, as a plural.
        clock: seconds, monotonic.
    """

    def __init__(self, unit: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._unit = unit
        self._clock = clock
        self._start = self._said = clock()
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            sys.stderr.write("\n")

    def ingest(self, report: IngestReport) -> None:
        """Show how far an ingest is."""
        seconds = max(self._clock() - self._start, 0.001)
        self.show(
            f"{report.read} {self._unit} read, {report.embedded} passages embedded, {report.embedded / seconds:.0f}/s"
        )

    def following(self, done: int) -> None:
        """Show how much was read of a library on a server."""
        rate = done / max(time.monotonic() - self._start, 0.001)
        self.show(f"{done} {self._unit} read from the server, {rate:.0f}/s")

    def counted(self, done: int, total: int) -> None:
        """Show how much of a known amount is done, how fast it goes and how long the rest will take."""
        rate = done / max(self._clock() - self._start, 0.001)
        left = (total - done) / rate if rate else 0.0
        self.show(f"{done} of {total} {self._unit}, {rate:.0f}/s, {left:.0f} s left")

    def show(self, text: str) -> None:
        """Show a state in place of the last one; outside a terminal, now and then."""
        if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
            if self._clock() - self._said >= _LOGGED_EVERY_S:
                self._said = self._clock()
                say(text)
        else:
            self._shown = True
            sys.stderr.write("\r\x1b[K" + printable(text))
            sys.stderr.flush()
