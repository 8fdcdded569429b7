"""What several commands need: packages of the extra ``eval``, a directory for the run, and progress on stderr."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rag.cli.terminal import Progress, say
from rag.errors import UsageError

if TYPE_CHECKING:
    from eval.runs.runner import Progress as ReportProgress

_PACKAGES = {"ir_measures": "ir-measures", "vcr": "vcrpy"}
_UNSAFE = re.compile(r"[^\w.\-]+")


def require(*modules: str) -> None:
    """Make sure that modules can be imported, without importing them: missing packages are named before work begins.

    Raises:
        UsageError: one is not installed.
    """
    missing = [_PACKAGES.get(module, module) for module in modules if find_spec(module) is None]
    if missing:
        raise UsageError(f"this needs {' and '.join(missing)}, not installed here; run: pip install 'citewell[eval]'")


def default_out(*parts: str) -> Path:
    """The directory of a run without ``--out``."""
    return Path("out", "eval", *(_UNSAFE.sub("-", part) for part in parts))


@contextmanager
def show_progress(unit: str) -> Iterator[ReportProgress]:
    """Show how far a run is: a line that counts up in a terminal, a line every quarter elsewhere."""
    shown: set[int] = set()
    with Progress(unit) as line:

        def show(done: int, total: int, failed: int) -> None:
            text = f"{done} of {total} {unit}" + (f", {failed} failed" if failed else "")
            line.show(text)
            quarter = 4 * done // total if total else 0
            if not sys.stderr.isatty() and quarter and quarter not in shown:
                shown.add(quarter)
                say(text)

        yield show
