"""Logging of a command: our own warnings go to stderr; those of other packages only with ``--debug``."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rag.cli.terminal import say

#: Packages of this project; their loggers are named after their modules.
OURS = ("rag", "ui", "eval")
_FORMAT = logging.Formatter("%(name)s: %(levelname)s: %(message)s")


@contextmanager
def logs(*, debug: bool) -> Iterator[None]:
    """Set logging up for one command and undo it at its end: nothing changes for a process that calls commands itself.

    Args:
        debug: show every logger from INFO on, our own from DEBUG on; otherwise warnings of our own loggers alone.
    """
    root = logging.getLogger()
    before = root.level, {name: logging.getLogger(name).level for name in OURS}
    # A handler at the root, even one that drops everything, keeps Python from printing libraries' warnings itself.
    handler: logging.Handler = _Stderr() if debug else logging.NullHandler()
    handlers = [(root, handler)]
    if debug:
        root.setLevel(min(root.level, logging.INFO))
    else:
        handlers += [(logging.getLogger(name), _Stderr(logging.WARNING)) for name in OURS]
    for name in OURS:
        logging.getLogger(name).setLevel(logging.DEBUG if debug else logging.WARNING)
    for logger, added in handlers:
        logger.addHandler(added)
    try:
        yield
    finally:
        for logger, added in handlers:
            logger.removeHandler(added)
        root.setLevel(before[0])
        for name, level in before[1].items():
            logging.getLogger(name).setLevel(level)


class _Stderr(logging.Handler):
    """Handler that writes to the current stderr, without control sequences."""

    def __init__(self, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self.setFormatter(_FORMAT)

    def emit(self, record: logging.LogRecord) -> None:
        """As the base's."""
        try:
            say(self.format(record))
        except Exception:  # noqa: BLE001 - a log line that cannot be written must not stop what it is about
            self.handleError(record)
