"""``citewell doctor``: is everything in order?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rag.cli import options
from rag.cli.terminal import out, out_json, wrapped
from rag.errors import CitewellError

if TYPE_CHECKING:
    from rag.settings import Settings
    from rag.storage.health.check import Check


def add_parser(commands: options.Commands) -> None:
    """Describes the command."""
    parser = options.add_command(commands, "doctor", "check settings, models and the library")
    parser.add_argument("--repair", action="store_true", help="mend what can be mended first")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Prints every check; exits with 1 when one fails."""
    chosen = options.settings(arguments)
    repairs = list(_repairs(chosen)) if arguments.repair else []
    checks = list(_checks(chosen))
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


def _repairs(chosen: Settings) -> Iterator[str]:
    from rag.models.registry import build_embedder
    from rag.storage.health.repair import repair
    from rag.storage.server.server import ServerAddress

    yield from repair(chosen.library, build_embedder(chosen), ServerAddress.of(chosen))


def _checks(chosen: Settings) -> Iterator[Check]:
    from rag.answering.assist.steps import without_model
    from rag.models.registry import build_embedder
    from rag.storage.health.check import Check, check_library, model_works, versions
    from rag.storage.server.server import ServerAddress

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
    yield from check_library(chosen.library, embedder, ServerAddress.of(chosen))
