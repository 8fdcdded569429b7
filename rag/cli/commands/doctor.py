"""``citewell doctor``: is everything in order?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rag.cli import options
from rag.cli.terminal import out, out_json, wrapped
from rag.errors import CitewellError

if TYPE_CHECKING:
    from rag.library import Check, ChromaProbe
    from rag.settings import Settings


def add_parser(commands: options.Commands) -> None:
    """Describe the command."""
    parser = options.add_command(commands, "doctor", "check settings, models and the library")
    parser.add_argument("--repair", action="store_true", help="mend what can be mended first")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print every check; exit with 1 if one fails."""
    from rag.library import ChromaProbe, Library

    chosen = options.settings(arguments)
    with ChromaProbe() as probe:
        repairs = list(Library.repair(chosen.library, chosen, probe=probe)) if arguments.repair else []
        checks = list(_checks(chosen, probe))
    ok = all(check.ok for check in checks)
    if arguments.json:
        out_json({"ok": ok, "checks": [check.to_dict() for check in checks], "repairs": repairs})
    else:
        for done in repairs or (["Nothing needed mending."] if arguments.repair else []):
            out(wrapped(done))
        for check in checks:
            out(wrapped(f"{'ok  ' if check.ok else 'FAIL'} {check.name}: {check.detail}"))
        out("Everything is in order." if ok else "Something is wrong: see the lines marked FAIL.")
    return 0 if ok else 1


def _checks(chosen: Settings, probe: ChromaProbe) -> Iterator[Check]:
    from rag.answering.assist.steps import without_model
    from rag.library import Check, Library, model_works, versions
    from rag.models.registry import build_embedder

    yield versions()
    model = f" ({chosen.answering_model})" if chosen.answering_model != chosen.backend else ""
    yield Check("backend", True, f"answers come from {chosen.backend}{model}")
    for note in without_model(chosen, is_model=chosen.uses_model):
        yield Check("model steps", False, note.detail)
    try:
        embedder = build_embedder(chosen)
    except CitewellError as error:
        yield Check("embedding model", False, str(error))
        return
    yield model_works(embedder)
    yield from Library.check(chosen.library, chosen, embedder, probe=probe)
